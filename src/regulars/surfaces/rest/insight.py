"""Freshness, RFM, tiers over time and members as of a past instant, for integrations."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.surfaces import warehouse_views as views
from regulars.surfaces.access import language
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, Instant, Limit, PageOut, Word

router = Router(tags=["Insight"])
ScoreQuery = Annotated[int | None, Query(ge=1, le=5)]


@router.get("/insight/freshness", response=views.FreshnessOut, **needs("insight.read"))
def get_freshness(request: HttpRequest) -> Any:
    """How fresh everything is that is learned by night."""
    scope = scope_of(request)
    return views.freshness_of(organisations.get_brand(brand_id=scope.brand_id), language(request))


@router.get("/insight/rfm", response=views.RfmOut, **needs("insight.read"))
def get_rfm(request: HttpRequest) -> Any:
    """RFM of the last run: heat map, groups, what each score stood for, migration since the period before."""
    scope = scope_of(request)
    return views.rfm_of(organisations.get_brand(brand_id=scope.brand_id), language(request))


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
    """Members with these scores."""
    page = views.rfm_members(
        scope_of(request), language(request), r=r, f=f, m=m, group=group, cursor=cursor, limit=limit
    )
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/insight/tiers", response=views.TierHistoryOut, **needs("insight.read"))
def get_tier_history(
    request: HttpRequest,
    scheme: Annotated[Word | None, Query()] = None,
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
) -> Any:
    """Members per tier at the end of every business day."""
    return views.tiers_of(
        scope_of(request), language(request), scheme=scheme, first=first, last=last, now=clock.now()
    )


@router.get("/members/{member}/as-of", response=views.MemberThenOut, **needs("ledger.read"))
def get_member_as_of(
    request: HttpRequest,
    member: finding.MemberPath,
    at: Annotated[Instant, Query()],
    known_at: Annotated[Instant | None, Query(description="by what was known then; otherwise now")] = None,
) -> Any:
    """Balances and tiers of a member at a past instant."""
    scope = scope_of(request)
    member_id = finding.member_id(scope, member)
    return views.then_of(
        scope, language(request), member_id=member_id, at=at, known_at=known_at, now=clock.now()
    )
