"""Insight: how fresh everything is and running it; RFM with its settings and segments; tiers over time; as of a day."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router
from pydantic import AwareDatetime

from regulars.flows.insight import api as insight
from regulars.flows.insight import rfm as rfm_flow
from regulars.insight.rfm.types import RfmSettings
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.surfaces import warehouse_views as views
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, brand_of, member_id_of, needs
from regulars.surfaces.console.shapes.shared import PageOut, Shape, TextIO

router = Router(tags=["Insight"])
ScoreQuery = Annotated[int | None, Query(ge=1, le=5)]
Cuts = Annotated[list[int], Field(min_length=4, max_length=4)]


class RunIn(Shape):
    """Steps to run; none: all."""

    steps: list[Code] = Field([], max_length=20)


class RfmSettingsIO(Shape):
    """See the page. Cuts are four ascending numbers: days, purchases, minor units."""

    months: int = 12
    method: str = "quantiles"
    recency_cuts: Cuts
    frequency_cuts: Cuts
    money_cuts: Cuts
    high_from: int = 4
    compare_months: int = 3


class RfmSegmentIn(Shape):
    """A segment of those with these scores."""

    code: Code
    name: TextIO
    r: views.Score = None
    f: views.Score = None
    m: views.Score = None
    group: views.Group | None = None


class RfmSegmentOut(Shape):
    code: str


@router.get("/insight/freshness", response=views.FreshnessOut, **needs("insight.read"))
def get_freshness(request: HttpRequest) -> Any:
    """How fresh everything is that is learned by night."""
    return views.freshness_of(brand_of(scope_of(request)), language(request))


@router.post("/insight/runs", response=views.FreshnessOut, **needs("insight.run"))
def run_insight(request: HttpRequest, given: RunIn) -> Any:
    """Have a worker run the steps now."""
    insight.ask(scope=scope_of(request), steps=given.steps, now=clock.now())
    return get_freshness(request)


@router.get("/insight/rfm", response=views.RfmOut, **needs("insight.read"))
def get_rfm(request: HttpRequest) -> Any:
    """RFM of the last run."""
    return views.rfm_of(brand_of(scope_of(request)), language(request))


@router.get("/insight/rfm/settings", response=RfmSettingsIO, **needs("insight.read"))
def get_rfm_settings(request: HttpRequest) -> Any:
    """How the next run scores."""
    return _settings(rfm_flow.settings_of(brand_of(scope_of(request))))


@router.put("/insight/rfm/settings", response=RfmSettingsIO, **needs("insight.run"))
def set_rfm_settings(request: HttpRequest, given: RfmSettingsIO) -> Any:
    """Set how the next run scores."""
    return _settings(rfm_flow.set_settings(scope=scope_of(request), value=given.dict(), now=clock.now()))


@router.get("/insight/rfm/members", response=PageOut[views.RfmMemberOut], **needs("insight.read"))
def list_rfm_members(
    request: HttpRequest,
    r: ScoreQuery = None,
    f: ScoreQuery = None,
    m: ScoreQuery = None,
    group: views.Group | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Who has these scores."""
    scope = scope_of(request)
    scope.require_store(None)
    page = views.rfm_members(scope, language(request), r=r, f=f, m=m, group=group, cursor=cursor, limit=limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.post("/insight/rfm/segments", response=RfmSegmentOut, **needs("segments.write"))
def save_rfm_segment(request: HttpRequest, given: RfmSegmentIn) -> Any:
    """Keep those with these scores as a segment, refreshed every day."""
    picked: dict[str, Any] = {
        key: getattr(given, key) for key in ("r", "f", "m", "group") if getattr(given, key) is not None
    }
    name: Text = given.name.to_text()
    made = rfm_flow.save_segment(
        scope=scope_of(request), name=name, code=given.code, picked=picked, now=clock.now()
    )
    return RfmSegmentOut(code=made.code)


@router.get("/insight/tiers", response=views.TierHistoryOut, **needs("insight.read"))
def get_tier_history(
    request: HttpRequest,
    scheme: Annotated[Code | None, Query()] = None,
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
) -> Any:
    """Members per tier at the end of every business day."""
    return views.tiers_of(
        scope_of(request), language(request), scheme=scheme, first=first, last=last, now=clock.now()
    )


@router.get("/members/{code}/as-of", response=views.MemberThenOut, **needs("ledger.read"))
def get_member_as_of(
    request: HttpRequest,
    code: Code,
    at: Annotated[AwareDatetime, Query()],
    known_at: Annotated[AwareDatetime | None, Query()] = None,
) -> Any:
    """Balances and tiers of a member at a past instant."""
    scope = scope_of(request)
    member_id = member_id_of(scope, code)
    return views.then_of(
        scope, language(request), member_id=member_id, at=at, known_at=known_at, now=clock.now()
    )


def _settings(settings: RfmSettings) -> RfmSettingsIO:
    return RfmSettingsIO(**settings.to_json())
