"""Referrals: the programme, reviews, tree, shares, promoters and their statements."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Query, Router
from pydantic import AwareDatetime

from regulars.engage.referrals.types import REASONS, SHARE_KINDS, STATES
from regulars.kit import clock
from regulars.kit.money import to_major
from regulars.kit.text import Text
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console import sheets
from regulars.surfaces.console.asking import PAGE, Cursor, Limit, brand_of, member_id_of, needs
from regulars.surfaces.console.shapes.shared import ChoiceOut, PageOut, Shape
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
    ShareRowOut,
    StatementDetailOut,
    StatementDraftIn,
    StatementOut,
    StatementPaidIn,
)
from regulars.surfaces.referral_views import ReferralViewer

router = Router(tags=["Referrals"])
READ, WRITE = needs("referrals.read"), needs("referrals.write")
Month = Annotated[str, Path(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]
Code = Annotated[str, Path(min_length=1, max_length=64)]
Moment = Annotated[AwareDatetime | None, Query()]
MaybeMonth = Annotated[str, Query(pattern=r"^(20\d{2}-(0[1-9]|1[0-2]))?$")]


class ReferralChoicesOut(Shape):
    """Words for states, reasons and kinds of links."""

    states: list[ChoiceOut]
    reasons: list[ChoiceOut]
    kinds: list[ChoiceOut]


_HEADER = (
    Text("会员编号", "Member"),
    Text("姓名", "Name"),
    Text("月份", "Month"),
    Text("状态", "State"),
    Text("上期结转", "Opening"),
    Text("本期佣金", "Earned"),
    Text("退款扣回", "Clawed back"),
    Text("调整", "Adjusted"),
    Text("应付", "Payout"),
    Text("结转下期", "Carried over"),
    Text("税务信息", "Tax information"),
    Text("付款凭证", "Payment"),
)


def viewer(request: HttpRequest) -> ReferralViewer:
    return ReferralViewer(scope_of(request), language(request), clock.now())


def _member(seen: ReferralViewer, code: str) -> UUID:
    return member_id_of(seen.scope, code)


@router.get("/referrals/settings", response=ReferralSettingsOut, **READ)
def get_settings(request: HttpRequest) -> Any:
    """The programme in force."""
    return viewer(request).settings()


@router.put("/referrals/settings", response=ReferralSettingsOut, **WRITE)
def put_settings(request: HttpRequest, given: ReferralSettingsIn) -> Any:
    """Change the programme; friends who joined before keep to their terms."""
    return viewer(request).change_settings(given.definition)


@router.get("/referrals/choices", response=ReferralChoicesOut, **READ)
def get_choices(request: HttpRequest) -> Any:
    """Words for filters."""
    said = language(request)
    return ReferralChoicesOut(
        states=[ChoiceOut(value=key, label=name.in_language(said)) for key, name in STATES.items()],
        reasons=[ChoiceOut(value=key, label=name.in_language(said)) for key, name in REASONS.items()],
        kinds=[ChoiceOut(value=key, label=name.in_language(said)) for key, name in SHARE_KINDS.items()],
    )


@router.get("/referrals", response=PageOut[ReferralOut], **READ)
def list_referrals(
    request: HttpRequest,
    recruiter: Annotated[str, Query(max_length=64)] = "",
    state: Annotated[ReferralState | None, Query()] = None,
    reason: Annotated[str, Query(max_length=40, pattern=r"^[a-z_]*$")] = "",
    unreviewed: bool = False,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Friends and recruiters, newest first."""
    seen = viewer(request)
    page = seen.referrals(
        recruiter_id=_member(seen, recruiter) if recruiter else None,
        state=state or "",
        reason=reason,
        unreviewed=unreviewed,
        cursor=cursor,
        limit=limit,
    )
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/referrals/attempts", response=PageOut[ReferralAttemptOut], **READ)
def list_attempts(request: HttpRequest, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """Codes tried that cannot count."""
    page = viewer(request).attempts(cursor=cursor, limit=limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/referrals/funnel", response=ReferralFunnelOut, **READ)
def get_funnel(request: HttpRequest, since: Moment = None, until: Moment = None) -> Any:
    """From links to qualified friends."""
    return viewer(request).funnel(since, until)


@router.get("/referrals/roots", response=PageOut[ReferralBranchOut], **READ)
def list_roots(request: HttpRequest, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """The tops of trees."""
    page = viewer(request).roots(cursor=cursor, limit=limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/referrals/tree/{code}", response=list[ReferralBranchOut], **READ)
def get_tree(request: HttpRequest, code: Code, depth: Annotated[int, Query(ge=1, le=6)] = 1) -> Any:
    """The members below one, herself first."""
    seen = viewer(request)
    return seen.tree(_member(seen, code), depth=depth)


@router.post("/referrals/review/{code}", response=ReferralOut, **WRITE)
def review(request: HttpRequest, code: Code, given: ReferralReviewIn) -> Any:
    """Decide on a refused friend."""
    seen = viewer(request)
    return seen.review(_member(seen, code), given)


@router.get("/referrals/shares", response=list[ShareRowOut], **READ)
def list_shares(
    request: HttpRequest,
    by: Annotated[Literal["member", "content"], Query()] = "member",
    since: Moment = None,
    until: Moment = None,
) -> Any:
    """What links brought."""
    return viewer(request).shares(by=by, member_id=None, since=since, until=until)


@router.get("/referrals/members/{code}", response=ReferralOfMemberOut, **READ)
def get_of_member(request: HttpRequest, code: Code) -> Any:
    """A member's invitation, who brought her, whom she brought."""
    seen = viewer(request)
    return seen.of_member(_member(seen, code))


@router.get("/promoters", response=PageOut[PromoterOut], **READ)
def list_promoters(request: HttpRequest, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """Members who earn commission."""
    page = viewer(request).promoters(cursor=cursor, limit=limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.put("/promoters/{code}", response=PromoterOut, **WRITE)
def put_promoter(request: HttpRequest, code: Code, given: PromoterIn) -> Any:
    """Make a member a promoter, or change her level, state, tax note."""
    seen = viewer(request)
    return seen.put_promoter(_member(seen, code), given)


@router.get("/promoters/{code}/commissions", response=PageOut[CommissionOut], **READ)
def list_commissions(request: HttpRequest, code: Code, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """Orders she earned by."""
    seen = viewer(request)
    page = seen.commissions(_member(seen, code), cursor=cursor, limit=limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/promoters/{code}/entries", response=list[CommissionEntryOut], **READ)
def list_entries(request: HttpRequest, code: Code) -> Any:
    """Her newest movements."""
    seen = viewer(request)
    return seen.entries(_member(seen, code))


@router.post("/promoters/{code}/adjustments", response=PromoterOut, **WRITE)
def adjust(request: HttpRequest, code: Code, given: CommissionAdjustIn) -> Any:
    """More or less of what can be settled, with a reason."""
    seen = viewer(request)
    return seen.adjust(_member(seen, code), given.amount, given.note)


@router.get("/commission-statements", response=PageOut[StatementOut], **READ)
def list_statements(
    request: HttpRequest, month: MaybeMonth = "", cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Statements of a month, or all."""
    page = viewer(request).statements(month=month, cursor=cursor, limit=limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.post("/commission-statements", response=PageOut[StatementOut], **WRITE)
def draft_statements(request: HttpRequest, given: StatementDraftIn) -> Any:
    """Draw up (again) a past month's statements; gives the first page of them."""
    page = viewer(request).draft(given.month)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/commission-statements/export", **READ)
def export_statements(
    request: HttpRequest, month: MaybeMonth = "", format: Annotated[sheets.Format, Query()] = "xlsx"
) -> Any:
    """Statements as a spreadsheet, amounts in the currency's main unit."""
    seen = viewer(request)
    brand = brand_of(seen.scope)

    def money(minor: int) -> Decimal:
        return to_major(minor, brand.currency)

    return sheets.sheet(
        name=f"commission-{month or 'all'}",
        header=[name.in_language(seen.language) for name in _HEADER],
        rows=(
            [
                one.member.code, one.member.name, one.month, one.state_text, money(one.opening), money(one.earned),
                money(one.clawed), money(one.adjusted), money(one.payout), money(one.carried), one.tax_note,
                one.reference,
            ]
            for one in seen.each_statement(month=month)
        ),
        format_=format,
        timezone=brand.timezone,
    )  # fmt: skip


@router.get("/commission-statements/{month}/{code}", response=StatementDetailOut, **READ)
def get_statement(request: HttpRequest, month: Month, code: Code) -> Any:
    """One statement with its movements."""
    seen = viewer(request)
    return seen.statement(_member(seen, code), month)


@router.post("/commission-statements/{month}/{code}/confirmation", response=StatementOut, **WRITE)
def confirm_statement(request: HttpRequest, month: Month, code: Code) -> Any:
    """Confirm a draft that somebody else drew up."""
    seen = viewer(request)
    return seen.confirm(_member(seen, code), month)


@router.post("/commission-statements/{month}/{code}/payment", response=StatementOut, **WRITE)
def pay_statement(request: HttpRequest, month: Month, code: Code, given: StatementPaidIn) -> Any:
    """Note that it was paid."""
    seen = viewer(request)
    return seen.paid(_member(seen, code), month, given.reference)
