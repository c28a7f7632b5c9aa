"""Where members stand and how they moved, KOC scores, a member in plain words, reports and goals, to be read."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router

from regulars.flows.insight import profile as profiles
from regulars.flows.insight import reports as report_flow
from regulars.insight.lifecycle import api as lifecycle
from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.surfaces.access import language
from regulars.surfaces.insight_views import (
    GoalOut,
    InsightReportOut,
    KocOut,
    LifecycleOut,
    MemberProfileOut,
    ReportStateOut,
    StageChangeOut,
    StageMemberOut,
    Viewer,
)
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import Cursor, Limit, ListOut, PageOut

router = Router(tags=["Insight"])
StageName = Literal["prospect", "new", "growing", "mature", "slipping", "dormant", "lost", "won_back"]
ReportName = Literal[
    "retention",
    "intervals",
    "baskets",
    "drift",
    "funnel",
    "traits",
    "reasons",
    "programme",
    "recruitment",
    "monthly",
]
Day = Annotated[date | None, Query()]
Code = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


def _viewer(request: HttpRequest) -> Viewer:
    scope = scope_of(request)
    return Viewer(scope, organisations.get_brand(brand_id=scope.brand_id), language(request), clock.now())


@router.get("/insight/lifecycle", response=LifecycleOut, **needs("insight.read"))
def get_lifecycle(request: HttpRequest) -> Any:
    """How many members stand in each stage, and how they moved from month to month."""
    return _viewer(request).lifecycle()


@router.get("/insight/lifecycle/members", response=PageOut[StageMemberOut], **needs("insight.read"))
def list_stage_members(
    request: HttpRequest, stage: StageName, cursor: Cursor = None, limit: Limit = 50
) -> Any:
    """Who is in a stage, and since when."""
    seen = _viewer(request)
    found = lifecycle.list_standings(brand_id=seen.brand.id, stage=stage, cursor=cursor, limit=limit)
    page = seen.standings(found)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/insight/lifecycle/changes", response=PageOut[StageChangeOut], **needs("insight.read"))
def list_stage_changes(
    request: HttpRequest,
    from_stage: StageName | None = None,
    to_stage: StageName | None = None,
    since: Day = None,
    until: Day = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Any:
    """Moves between stages on business days from `since` to before `until`, the newest first."""
    seen = _viewer(request)
    found = lifecycle.list_changes(
        brand_id=seen.brand.id, from_stage=from_stage, to_stage=to_stage, since=since, until=until, cursor=cursor,
        limit=limit,
    )  # fmt: skip
    page = seen.changes(found)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/insight/koc", response=PageOut[KocOut], **needs("insight.read"))
def list_koc(
    request: HttpRequest,
    least: Annotated[int, Query(ge=0, le=100)] = 0,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Any:
    """Members with a KOC score from `least`, the best first, each with its parts."""
    seen = _viewer(request)
    page = seen.kocs(lifecycle.list_koc(brand_id=seen.brand.id, least=least, cursor=cursor, limit=limit))
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/members/{member}/insight-profile", response=MemberProfileOut, **needs("insight.read"))
def get_insight_profile(request: HttpRequest, member: finding.MemberPath) -> Any:
    """A member in plain words: rhythm, tastes, price, channels, stage, value, risk, needs. Empty while profiling is
    off."""
    seen = _viewer(request)
    return seen.profile(finding.member_id(seen.scope, member))


@router.get("/segments/{segment}/profile", response=InsightReportOut, **needs("insight.read"))
def get_segment_profile(request: HttpRequest, segment: Code) -> Any:
    """A segment beside everybody: shares with lift; values of fewer than ten members are not shown."""
    seen = _viewer(request)
    report, as_of = profiles.compare_segment(brand=seen.brand, code=segment, now=seen.now)
    return seen.report(report_flow.Made(report, as_of, seen.now))


@router.get("/insight/reports", response=ListOut[ReportStateOut], **needs("insight.read"))
def list_reports(request: HttpRequest) -> Any:
    """Every report, how fresh it is and what it says in a sentence."""
    return ListOut(items=_viewer(request).reports())


@router.get("/insight/reports/{name}", response=InsightReportOut, **needs("insight.read"))
def get_insight_report(request: HttpRequest, name: ReportName, first: Day = None, last: Day = None) -> Any:
    """A report over the last twelve months (monthly: the last whole month), or over the days given (monthly: the
    month that `first` lies in)."""
    seen = _viewer(request)
    period = report_flow.period_of(brand=seen.brand, name=name, first=first, last=last, now=seen.now)
    return seen.report(report_flow.get_report(brand=seen.brand, name=name, period=period, now=seen.now))


@router.get("/insight/goals", response=ListOut[GoalOut], **needs("insight.read"))
def list_goals(request: HttpRequest, closed: bool = False) -> Any:
    """Goals with baseline, current value and forecast, those that end first on top."""
    seen = _viewer(request)
    standings = report_flow.get_goals(brand=seen.brand, now=seen.now, with_closed=closed)
    return ListOut(items=[seen.goal(one) for one in standings])
