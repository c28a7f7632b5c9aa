"""Value: balances, lots, the ledger; spending, holding and adjusting it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router, Status

from regulars.facts.activity.types import MemberRef
from regulars.flows import value
from regulars.flows.value import Held
from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.programme.rules.types import QUIET_KINDS
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.activities import RECEIPTS, answer
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.ledger_shapes import (
    AdjustmentGiven,
    AdjustmentOut,
    BalanceOut,
    BurnGiven,
    CaptureGiven,
    EntryOut,
    ExpiryOut,
    HoldGiven,
    HoldOut,
    LotEnding,
    LotOut,
    ReturnGiven,
)
from regulars.surfaces.rest.shapes import PAGE, Cursor, Instant, Limit, ListOut, PageOut, Word
from regulars.surfaces.rest.standing import live
from regulars.value.ledger import api as ledger
from regulars.value.ledger import records as ledger_records

router = Router(tags=["Value"])

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        pattern=r"^[\x20-\x7e]+$",
        description="The same key with the same body answers the first result, with another body 409.",
    ),
]
Unit = Annotated[Word | None, Query(description="only this unit")]


@router.get("/members/{member}/balances", response=ListOut[BalanceOut], **needs("ledger.read"))
def get_balances(
    request: HttpRequest,
    member: finding.MemberPath,
    as_of: Annotated[Instant | None, Query(description="as it stood then")] = None,
    known_at: Annotated[
        Instant | None, Query(description="with `as_of`: by what was known then; otherwise now")
    ] = None,
) -> Any:
    """Accounts by unit; those of the live programme come first, also when empty (but not
    units of what she never bought)."""
    scope = scope_of(request)
    member_id = finding.member_id(scope, member)
    if as_of is None:
        accounts = dict(
            ledger.get_balances(brand_id=scope.brand_id, member_ids=[member_id]).get(member_id, {})
        )
    else:
        accounts = ledger.get_balances_as_of(
            brand_id=scope.brand_id, member_id=member_id, at=as_of, known_at=known_at
        )
    programme = live(scope, clock.now())
    units = programme.units if programme else {}
    items = []
    for code in [*units, *sorted(accounts.keys() - units.keys())]:
        account = accounts.get(code)
        if account is None and units[code].kind in QUIET_KINDS:
            continue
        figures = account.to_json() if account else {"available": 0, "pending": 0, "held": 0, "debt": 0}
        items.append({"unit": code, "name": units[code].name if code in units else None, **figures})
    return {"items": items}


@router.get("/members/{member}/expiries", response=ListOut[ExpiryOut], **needs("ledger.read"))
def get_expiries(request: HttpRequest, member: finding.MemberPath, unit: Unit = None) -> Any:
    """What expires on which day, soonest first."""
    scope = scope_of(request)
    days = ledger.expiry_schedule(
        brand_id=scope.brand_id,
        member_id=finding.member_id(scope, member),
        timezone=organisations.get_brand(brand_id=scope.brand_id).timezone,
        unit=unit,
    )
    return {
        "items": [{"unit": d.unit, "last_day": d.on - timedelta(days=1), "amount": d.amount} for d in days]
    }


@router.get("/members/{member}/lots", response=ListOut[LotOut], **needs("ledger.read"))
def list_lots(
    request: HttpRequest, member: finding.MemberPath, unit: Unit = None, closed: bool = False
) -> Any:
    """Lots, soonest-expiring first (200 at most); `closed` adds those that are used up."""
    scope = scope_of(request)
    lots = ledger.list_lots(
        brand_id=scope.brand_id, member_id=finding.member_id(scope, member), unit=unit, open_only=not closed
    )
    return {"items": [finding.plain(lot) for lot in lots]}


@router.post("/members/{member}/lots/{lot_id}/activate", **needs("ledger.adjust", {"responses": RECEIPTS}))
def activate_lot(
    request: HttpRequest, member: finding.MemberPath, lot_id: UUID, given: LotEnding, idempotency_key: Key
) -> Any:
    """Make a pending lot spendable before its time. 409 `lot_not_pending`."""
    return _end_pending(request, member, lot_id, given, idempotency_key, cancel=False)


@router.post("/members/{member}/lots/{lot_id}/cancel", **needs("ledger.adjust", {"responses": RECEIPTS}))
def cancel_lot(
    request: HttpRequest, member: finding.MemberPath, lot_id: UUID, given: LotEnding, idempotency_key: Key
) -> Any:
    """Take back a pending lot. 409 `lot_not_pending`."""
    return _end_pending(request, member, lot_id, given, idempotency_key, cancel=True)


def _end_pending(
    request: HttpRequest, member: str, lot_id: UUID, given: LotEnding, key: str, *, cancel: bool
) -> Any:
    scope = scope_of(request)
    receipt = value.end_pending(
        scope=scope,
        member_id=finding.member_id(scope, member),
        lot_id=lot_id,
        cancel=cancel,
        comment=given.comment,
        key=key,
        now=clock.now(),
    )
    return answer(receipt)


@router.get("/members/{member}/entries", response=PageOut[EntryOut], **needs("ledger.read"))
def list_entries(
    request: HttpRequest,
    member: finding.MemberPath,
    unit: Unit = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """The ledger of a member, newest recorded first."""
    scope = scope_of(request)
    page = ledger.list_entries(
        brand_id=scope.brand_id,
        member_id=finding.member_id(scope, member),
        unit=unit,
        cursor=cursor,
        limit=limit,
    )
    return page.map(finding.plain)


@router.post("/members/{member}/burns", **needs("ledger.burn", {"responses": RECEIPTS}))
def burn(
    request: HttpRequest, member: finding.MemberPath, given: BurnGiven, idempotency_key: Key
) -> HttpResponse:
    """Spend value, soonest-expiring first. 409 `insufficient_balance` when there is too little."""
    scope = scope_of(request)
    receipt = value.burn(
        scope=scope,
        member=MemberRef(id=finding.member_id(scope, member)),
        unit=given.unit,
        amount=given.amount,
        order=given.order,
        source=given.source,
        store=given.store,
        reason=given.reason,
        key=idempotency_key,
        now=clock.now(),
    )
    return answer(receipt)


@router.post("/members/{member}/burns/{activity_id}/returns", **needs("ledger.burn", {"responses": RECEIPTS}))
def return_burn(
    request: HttpRequest,
    member: finding.MemberPath,
    activity_id: UUID,
    given: ReturnGiven,
    idempotency_key: Key,
) -> HttpResponse:
    """Give a burn back, whole or in part, to the lots it came from, with their expiry."""
    scope = scope_of(request)
    receipt = value.return_burn(
        scope=scope,
        member_id=finding.member_id(scope, member),
        burn_id=activity_id,
        amount=given.amount,
        reason=given.reason,
        key=idempotency_key,
        now=clock.now(),
    )
    return answer(receipt)


@router.get("/members/{member}/holds", response=ListOut[HoldOut], **needs("ledger.read"))
def list_holds(request: HttpRequest, member: finding.MemberPath) -> Any:
    """A member's holds, newest first (100 at most)."""
    scope = scope_of(request)
    holds = ledger.list_holds(brand_id=scope.brand_id, member_id=finding.member_id(scope, member))
    return {"items": [finding.plain(hold) for hold in holds]}


@router.post("/members/{member}/holds", response={201: HoldOut, 200: HoldOut}, **needs("ledger.burn"))
def hold(request: HttpRequest, member: finding.MemberPath, given: HoldGiven, idempotency_key: Key) -> Any:
    """Set value aside until it is captured or released; it is released by itself in the end."""
    scope = scope_of(request)
    held = value.hold(
        scope=scope,
        member=MemberRef(id=finding.member_id(scope, member)),
        unit=given.unit,
        amount=given.amount,
        expires_in_seconds=given.expires_in_seconds,
        subject=given.subject,
        key=idempotency_key,
        now=clock.now(),
    )
    return _held(held)


@router.post(
    "/members/{member}/holds/{hold_id}/capture", response={201: HoldOut, 200: HoldOut}, **needs("ledger.burn")
)
def capture_hold(
    request: HttpRequest, member: finding.MemberPath, hold_id: UUID, given: CaptureGiven, idempotency_key: Key
) -> Any:
    """Spend what is held."""
    scope = scope_of(request)
    held = value.end_hold(
        scope=scope,
        member_id=finding.member_id(scope, member),
        hold_id=hold_id,
        capture=True,
        amount=given.amount,
        key=idempotency_key,
        now=clock.now(),
    )
    return _held(held)


@router.post(
    "/members/{member}/holds/{hold_id}/release", response={201: HoldOut, 200: HoldOut}, **needs("ledger.burn")
)
def release_hold(
    request: HttpRequest, member: finding.MemberPath, hold_id: UUID, idempotency_key: Key
) -> Any:
    """Let what is held go back to where it came from."""
    scope = scope_of(request)
    held = value.end_hold(
        scope=scope,
        member_id=finding.member_id(scope, member),
        hold_id=hold_id,
        capture=False,
        key=idempotency_key,
        now=clock.now(),
    )
    return _held(held)


@router.get("/members/{member}/adjustments", response=PageOut[AdjustmentOut], **needs("ledger.read"))
def list_adjustments(
    request: HttpRequest, member: finding.MemberPath, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Adjustments by hand, newest first."""
    scope = scope_of(request)
    page = ledger_records.list_adjustments(
        brand_id=scope.brand_id, member_id=finding.member_id(scope, member), cursor=cursor, limit=limit
    )
    return page.map(finding.plain)


@router.post(
    "/members/{member}/adjustments",
    response={201: AdjustmentOut, 200: AdjustmentOut},
    **needs("ledger.adjust"),
)
def adjust(
    request: HttpRequest, member: finding.MemberPath, given: AdjustmentGiven, idempotency_key: Key
) -> Any:
    """Adjust by hand: posted at once up to 10 000, more waits for a second person in the console."""
    scope, now = scope_of(request), clock.now()
    row = value.adjust(
        scope=scope,
        member_id=finding.member_id(scope, member),
        unit=given.unit,
        amount=given.amount,
        reason=given.reason,
        comment=given.comment,
        key=idempotency_key,
        now=now,
    )
    return Status(201 if row.created_at == now else 200, finding.plain(row))


def _held(held: Held) -> Any:
    shown = {**finding.plain(held.hold), "activity_id": held.receipt.activity_id}
    return Status(200 if held.receipt.duplicate else 201, shown)
