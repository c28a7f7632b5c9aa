"""A member's lots: what she has, since when, until when; pending ones made usable early or cancelled."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from regulars.flows import value
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, member_id_of, needs, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.lots import EndPendingIn, LotOut
from regulars.value.ledger import api as ledger

router = Router(tags=["Lots"])
_LOT = Text("积分批次", "Lot")
_MOST = 200


@router.get("/members/{code}/lots", response=list[LotOut], **needs("ledger.read"))
def list_lots(
    request: HttpRequest,
    code: Code,
    unit: Annotated[str | None, Query(max_length=64)] = None,
    closed: bool = False,
) -> Any:
    """Open lots, soonest-expiring first (200 at most); `closed` adds those that are used up."""
    scope = scope_of(request)
    naming = Naming(scope, language(request), clock.now())
    lots = ledger.list_lots(
        brand_id=scope.brand_id,
        member_id=member_id_of(scope, code),
        unit=unit,
        open_only=not closed,
        limit=_MOST,
    )
    return [
        LotOut(
            id=str(lot.id),
            unit=lot.unit,
            unit_name=naming.unit(lot.unit),
            money=naming.is_money(lot.unit),
            state=lot.state,
            amount=lot.amount,
            remaining=lot.remaining,
            held=lot.held,
            rule_name=naming.rule(lot.rule, naming.programme)[0] if lot.rule else "",
            activity_id=str(lot.activity_id) if lot.activity_id else None,
            earned_at=lot.earned_at,
            active_at=lot.active_at,
            expires_at=lot.expires_at,
        )
        for lot in lots
    ]


@router.post("/members/{code}/lots/{lot_id}/activate", response=list[LotOut], **needs("ledger.adjust"))
def activate_lot(request: HttpRequest, code: Code, lot_id: Code, given: EndPendingIn) -> Any:
    """Make a pending lot usable before its time. 409 `lot_not_pending`."""
    return _end(request, code, lot_id, given, cancel=False)


@router.post("/members/{code}/lots/{lot_id}/cancel", response=list[LotOut], **needs("ledger.adjust"))
def cancel_lot(request: HttpRequest, code: Code, lot_id: Code, given: EndPendingIn) -> Any:
    """Take a pending lot back. 409 `lot_not_pending`."""
    return _end(request, code, lot_id, given, cancel=True)


def _end(request: HttpRequest, code: str, lot_id: str, given: EndPendingIn, *, cancel: bool) -> Any:
    scope = scope_of(request)
    value.end_pending(
        scope=scope,
        member_id=member_id_of(scope, code),
        lot_id=uuid_of(lot_id, _LOT),
        cancel=cancel,
        comment=given.comment,
        key=given.key,
        now=clock.now(),
    )
    return list_lots(request, code) if scope.allows("ledger.read") else []
