"""Spending, holds, and what staff do by hand: value burnt and given back, kept aside, adjusted; pending lots; tiers.

What is recorded happened, so a replay is never refused. Pure.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from regulars.facts.activity.records import Stored
from regulars.flows.intake import moves
from regulars.flows.intake.orders import take_parts, unknown_order
from regulars.flows.intake.refusals import no_such_burn, not_pending, not_spendable
from regulars.flows.intake.types import BurnRecord, Event, HoldRecord
from regulars.kit.errors import Refusal
from regulars.kit.ids import derive
from regulars.kit.text import Text
from regulars.programme.rules.types import Programme, TierScheme
from regulars.value.ledger.types import Cause
from regulars.value.tiers import policy as tiers

if TYPE_CHECKING:
    from regulars.flows.intake.fold import Fold


def burn(fold: Fold, programme: Programme, event: Event, stored: Stored) -> bool:
    asked = event.given.burn
    assert asked is not None
    unit = programme.units.get(asked.unit)
    if unit is None or not unit.can_burn:
        raise not_spendable(asked.unit)
    if unit.kind == "sessions" and asked.lots is None and event.recorded is None:
        raise not_spendable(asked.unit)  # sessions are used of a package, by its terms
    cause = Cause(event.id, programme.version, event.occurred_at)
    for_good = moves.spent_for_good(asked.contra)
    parts = fold.wallet.burn(
        unit=asked.unit,
        amount=asked.amount,
        cause=cause,
        contra=asked.contra,
        kind=moves.BURNS[asked.contra],
        forced=_borrowed(event, asked.unit),
        lots=asked.lots,
        for_good=for_good,
    )
    stored.parts = parts
    if not for_good:
        order = fold.order_of(event)
        order.burns.append(BurnRecord(event.id, asked.unit, asked.amount, parts, contra=asked.contra))
        order.changed = event.order_key != event.id
    fold.count(event)
    return False


def burn_return(fold: Fold, programme: Programme, event: Event, stored: Stored) -> bool:
    data = event.given.data or {}
    order = fold.order_of(event)
    spent = next((b for b in order.burns if str(b.activity_id) == data["burn"]), None)
    if spent is None:
        raise no_such_burn()
    left = spent.amount - spent.returned
    amount = data.get("amount") or left
    if event.recorded is not None:  # it happened: a late refund may have given part of it back before
        amount = min(amount, left)
    elif amount <= 0 or amount > left:
        raise Refusal(
            "return_exceeds_burn",
            Text("最多还能退回 {left}", "At most {left} can be returned").format(left=left),
            data={"left": left},
        )
    cause = Cause(event.id, programme.version, event.occurred_at)
    fold.wallet.give_back(unit=spent.unit, parts=take_parts(spent, amount), cause=cause, contra=spent.contra)
    spent.returned += amount
    stored.notes.append({"code": "given_back", "unit": spent.unit, "amount": amount})
    order.changed = True
    fold.count(event)
    return False


def adjust(fold: Fold, programme: Programme, event: Event, stored: Stored) -> bool:
    data = event.given.data or {}
    unit, amount = data["unit"], data["amount"]
    cause = Cause(event.id, programme.version, event.occurred_at)
    if amount > 0:
        expires = data.get("expires_at")
        fold.wallet.earn(
            lot_id=derive(event.id, unit, "adjust", "0"),
            unit=unit,
            amount=amount,
            rule="adjust",
            cause=cause,
            expires_at=datetime.fromisoformat(expires) if expires else None,
            contra="adjusted",
            kind="adjust",
        )
    else:
        stored.parts = fold.wallet.burn(
            unit=unit,
            amount=-amount,
            cause=cause,
            contra="adjusted",
            kind="adjust",
            forced=_borrowed(event, unit),
        )
    fold.count(event)
    return False


def hold(fold: Fold, programme: Programme, event: Event, stored: Stored) -> bool:
    data = event.given.data or {}
    unit = programme.units.get(data["unit"])
    if unit is None or not unit.can_burn or (unit.kind == "sessions" and event.recorded is None):
        raise not_spendable(data["unit"])
    cause = Cause(event.id, programme.version, event.occurred_at)
    stored.parts = fold.wallet.hold(
        unit=data["unit"], amount=data["amount"], cause=cause, forced=_borrowed(event, data["unit"])
    )
    fold.holds[event.id] = HoldRecord(event.id, data["unit"], tuple(stored.parts))
    fold.count(event)
    return False


def end_hold(fold: Fold, programme: Programme, event: Event, stored: Stored) -> bool:
    data = event.given.data or {}
    hold = fold.holds.pop(UUID(data["hold"]))
    held = sum(part for _, part in hold.parts)
    captured = min(held, data.get("amount") or held) if event.type == "capture" else 0
    cause = Cause(event.id, programme.version, event.occurred_at)
    stored.parts = fold.wallet.end_hold(unit=hold.unit, parts=hold.parts, captured=captured, cause=cause)
    if captured:
        record = unknown_order(event.id, "", event.occurred_at)
        record.burns.append(BurnRecord(event.id, hold.unit, captured, stored.parts))
        fold.orders[event.id] = record
    fold.count(event)
    return False


def end_pending(fold: Fold, programme: Programme, event: Event, stored: Stored) -> bool:
    """Staff activate a pending lot early, or cancel it."""
    wanted = UUID((event.given.data or {})["lot"])
    lot = next((lot for lot in fold.wallet.lots or () if lot.id == wanted), None)
    if lot is None or lot.state != "pending":
        if event.recorded is None:
            raise not_pending(lot is not None)
        return False  # a late activity has changed the lot since
    cause = Cause(event.id, programme.version, event.occurred_at)
    amount = lot.remaining
    if event.type == "lot_activate":
        fold.wallet.activate(lot, cause)
        stored.notes.append({"code": "activated", "unit": lot.unit, "amount": amount})
    else:
        fold.wallet.claw_back(lot_id=lot.id, amount=amount, mode="pending", cause=cause)
        note = {"code": "clawed_back", "unit": lot.unit, "rule": lot.rule, "amount": amount}
        stored.notes.append(note | {"taken": amount, "debt": 0})
    fold.count(event)
    return False


def place(fold: Fold, programme: Programme, event: Event, stored: Stored) -> bool:
    data = event.given.data or {}
    scheme = scheme_of(programme, data["scheme"])
    standing = fold.standing_of(scheme)
    comment, actor = str(data.get("comment", "")), str(data.get("actor", ""))
    at, tz, joined_at = event.occurred_at, programme.timezone, fold.state.joined_at
    if event.type == "tier_unlock":
        for move in tiers.unlock(
            scheme, standing, at=at, tz=tz, joined_at=joined_at, comment=comment, actor=actor
        ):
            fold.moved(move, event.id)
    else:
        until = data.get("until")
        placed = tiers.place(
            scheme,
            standing,
            tier=data["tier"],
            reason=data.get("reason", "manual"),
            locked=bool(data.get("locked")),
            until=datetime.fromisoformat(until) if until else None,
            at=at,
            tz=tz,
            joined_at=joined_at,
            comment=comment,
            actor=actor,
        )
        fold.moved(placed, event.id)
    fold.count(event)
    return False


def _borrowed(event: Event, unit: str) -> UUID | None:
    """For what happened already: the lot that stands for what its lots lack now."""
    return None if event.recorded is None else derive(event.id, unit, "borrowed")


def scheme_of(programme: Programme, key: str) -> TierScheme:
    for scheme in programme.schemes:
        if scheme.key == key:
            return scheme
    raise Refusal(
        "not_found", Text("找不到等级体系 {key}", "No tier scheme {key}").format(key=key), status=404
    )
