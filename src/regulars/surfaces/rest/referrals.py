"""Referrals: the programme, who came by whom, links and what they brought, promoters' commission and statements."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Query, Router

from regulars.kit import clock
from regulars.surfaces.access import language
from regulars.surfaces.referral_shapes import (
    CommissionAdjustIn,
    CommissionEntryOut,
    CommissionOut,
    PromoterIn,
    PromoterOut,
    ReferralAttemptOut,
    ReferralBranchOut,
    ReferralFunnelOut,
    ReferralOfMemberOut,
    ReferralOut,
    ReferralReviewIn,
    ReferralSettingsIn,
    ReferralSettingsOut,
    ReferralState,
    ShareLinkIn,
    ShareLinkOut,
    ShareRowOut,
    StatementDetailOut,
    StatementDraftIn,
    StatementOut,
    StatementPaidIn,
)
from regulars.surfaces.referral_views import ReferralViewer
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, Instant, Limit, ListOut, PageOut

router = Router(tags=["Referrals"])
READ, WRITE = needs("referrals.read"), needs("referrals.write")
Month = Annotated[str, Path(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]
Reason = Annotated[str, Query(max_length=40, pattern=r"^[a-z_]*$")]
Since = Annotated[Instant | None, Query()]


def viewer(request: HttpRequest) -> ReferralViewer:
    return ReferralViewer(scope_of(request), language(request), clock.now())


@router.get("/referrals/settings", response=ReferralSettingsOut, **READ)
def get_settings(request: HttpRequest) -> Any:
    """The programme: rewards of both sides, what qualifies, caps, shares, commission."""
    return viewer(request).settings()


@router.put("/referrals/settings", response=ReferralSettingsOut, **WRITE)
def put_settings(request: HttpRequest, given: ReferralSettingsIn) -> Any:
    """Change it. Friends who joined before keep to the terms they joined under."""
    return viewer(request).change_settings(given.definition)


@router.get("/referrals", response=PageOut[ReferralOut], **READ)
def list_referrals(
    request: HttpRequest,
    recruiter: UUID | None = None,
    state: Annotated[ReferralState | None, Query()] = None,
    reason: Reason = "",
    unreviewed: bool = False,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Friends who came by members, newest first; `unreviewed`: refused ones that nobody has looked at."""
    page = viewer(request).referrals(
        recruiter_id=recruiter,
        state=state or "",
        reason=reason,
        unreviewed=unreviewed,
        cursor=cursor,
        limit=limit,
    )
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/referrals/attempts", response=PageOut[ReferralAttemptOut], **READ)
def list_attempts(request: HttpRequest, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """Codes tried that cannot count: by members, by their owner, forged ones; newest first."""
    page = viewer(request).attempts(cursor=cursor, limit=limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/referrals/funnel", response=ReferralFunnelOut, **READ)
def get_funnel(request: HttpRequest, since: Since = None, until: Since = None) -> Any:
    """Shared, visited, joined, ordered, qualified; cost for each. The last 90 days where no span is given."""
    return viewer(request).funnel(since, until)


@router.get("/referrals/roots", response=PageOut[ReferralBranchOut], **READ)
def list_roots(request: HttpRequest, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """Recruiters whom nobody recruited, those with most friends first."""
    page = viewer(request).roots(cursor=cursor, limit=limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/referrals/shares", response=ListOut[ShareRowOut], **READ)
def list_shares(
    request: HttpRequest,
    by: Annotated[Literal["member", "content"], Query()] = "member",
    member: UUID | None = None,
    since: Since = None,
    until: Since = None,
) -> Any:
    """What links brought: visits, sign-ups, orders (last link within the window), the best 200 first."""
    return {"items": viewer(request).shares(by=by, member_id=member, since=since, until=until)}


@router.get("/members/{member}/referral", response=ReferralOfMemberOut, **READ)
def get_referral(request: HttpRequest, member: finding.MemberPath) -> Any:
    """A member's invitation, who brought her, whom she brought."""
    seen = viewer(request)
    return seen.of_member(finding.member_id(seen.scope, member))


@router.get("/members/{member}/referral/tree", response=ListOut[ReferralBranchOut], **READ)
def get_tree(
    request: HttpRequest, member: finding.MemberPath, depth: Annotated[int, Query(ge=1, le=6)] = 3
) -> Any:
    """Who came by whom below her, level by level, herself first; at most 500."""
    seen = viewer(request)
    return {"items": seen.tree(finding.member_id(seen.scope, member), depth=depth)}


@router.post("/members/{member}/referral/review", response=ReferralOut, **WRITE)
def review(request: HttpRequest, member: finding.MemberPath, given: ReferralReviewIn) -> Any:
    """Decide on a refused friend. 409 `not_refused` for another."""
    seen = viewer(request)
    return seen.review(finding.member_id(seen.scope, member), given)


@router.post("/members/{member}/shares", response=ShareLinkOut, **WRITE)
def share(request: HttpRequest, member: finding.MemberPath, given: ShareLinkIn) -> Any:
    """Her link for a content; the same each time."""
    seen = viewer(request)
    return seen.share(finding.member_id(seen.scope, member), given)


@router.get("/promoters", response=PageOut[PromoterOut], **READ)
def list_promoters(request: HttpRequest, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """Members who earn commission, newest first."""
    page = viewer(request).promoters(cursor=cursor, limit=limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.put("/promoters/{member}", response=PromoterOut, **WRITE)
def put_promoter(request: HttpRequest, member: finding.MemberPath, given: PromoterIn) -> Any:
    """Make a member a promoter, or change her level and state. Earlier orders keep their rates."""
    seen = viewer(request)
    return seen.put_promoter(finding.member_id(seen.scope, member), given)


@router.get("/promoters/{member}/commissions", response=PageOut[CommissionOut], **READ)
def list_commissions(
    request: HttpRequest, member: finding.MemberPath, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Orders she earned by, newest first."""
    seen = viewer(request)
    page = seen.commissions(finding.member_id(seen.scope, member), cursor=cursor, limit=limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/promoters/{member}/entries", response=ListOut[CommissionEntryOut], **READ)
def list_entries(request: HttpRequest, member: finding.MemberPath) -> Any:
    """Her newest 100 movements."""
    seen = viewer(request)
    return {"items": seen.entries(finding.member_id(seen.scope, member))}


@router.post("/promoters/{member}/adjustments", response=PromoterOut, **WRITE)
def adjust(request: HttpRequest, member: finding.MemberPath, given: CommissionAdjustIn) -> Any:
    """More or less of what can be settled, with a reason."""
    seen = viewer(request)
    return seen.adjust(finding.member_id(seen.scope, member), given.amount, given.note)


@router.get("/commission-statements", response=PageOut[StatementOut], **READ)
def list_statements(
    request: HttpRequest,
    month: Annotated[str, Query(pattern=r"^(20\d{2}-(0[1-9]|1[0-2]))?$")] = "",
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Statements, of one month or all; the newest month and in it the largest payout first."""
    page = viewer(request).statements(month=month, cursor=cursor, limit=limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.post("/commission-statements", response=PageOut[StatementOut], **WRITE)
def draft(request: HttpRequest, given: StatementDraftIn) -> Any:
    """Draw up (again) a past month's statements; confirmed ones stay. The answer is the first page of the month's."""
    page = viewer(request).draft(given.month)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/commission-statements/{month}/{member}", response=StatementDetailOut, **READ)
def get_statement(request: HttpRequest, month: Month, member: finding.MemberPath) -> Any:
    """One statement with its movements."""
    seen = viewer(request)
    return seen.statement(finding.member_id(seen.scope, member), month)


@router.post("/commission-statements/{month}/{member}/confirmation", response=StatementOut, **WRITE)
def confirm(request: HttpRequest, month: Month, member: finding.MemberPath) -> Any:
    """Confirm a draft that somebody else drew up. 409 `own_draft`, `statement_outdated`."""
    seen = viewer(request)
    return seen.confirm(finding.member_id(seen.scope, member), month)


@router.post("/commission-statements/{month}/{member}/payment", response=StatementOut, **WRITE)
def pay(request: HttpRequest, month: Month, member: finding.MemberPath, given: StatementPaidIn) -> Any:
    """Note that a confirmed statement was paid."""
    seen = viewer(request)
    return seen.paid(finding.member_id(seen.scope, member), month, given.reference)
