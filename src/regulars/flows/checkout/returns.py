"""What comes back of a checkout: goods in any number of pieces, or the whole, cancelled or reopened.

Member locked → checkout locked → the plan of what this piece gives back → the order refunded through the intake, so
that what it earned is taken back → points, stored value, coupons, quotas and budgets given back. One transaction.
A refund of the order that comes as an activity gives back the same: see `refunds`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction

from regulars.facts.activity import api as activities
from regulars.facts.activity.types import ActivityIn, MemberRef, Receipt, RefundIn, RefundLineIn
from regulars.facts.members import states
from regulars.flows.checkout.events import announce
from regulars.flows.checkout.moves import Moves, budget_subject, own_key
from regulars.flows.checkout.types import Returned, ReturnLineIn
from regulars.flows.intake import api as intake
from regulars.kit.errors import ErrorList, Refusal, conflict, not_found
from regulars.kit.ids import derive
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.programme.pricing import api as pricing
from regulars.programme.pricing.types import SHIPPING, Priced, ReturnPlan
from regulars.programme.versions import api as versions
from regulars.value.benefits import api as benefits
from regulars.value.budgets import api as budgets
from regulars.value.checkouts import api as checkouts
from regulars.value.checkouts.types import CHECKOUT, STATES, CheckoutRow, CheckoutState, ReturnRow
from regulars.value.coupons import api as coupons
from regulars.value.plans import api as plans
from regulars.value.plans.types import NewSaving

UNDO_WINDOW = timedelta(minutes=30)


def take_back(
    *,
    scope: Scope,
    checkout_id: UUID,
    number: str,
    lines: Sequence[ReturnLineIn] | None,
    reason: str,
    key: str,
    now: datetime,
) -> Returned:
    """Goods come back: these lines, or all that is left.

    Raises `not_found`, `invalid_input` naming the line, `return_exceeds_order`, `checkout_closed` (409).
    """
    body = [number, msgspec.json.encode(lines).decode(), reason]
    with transaction.atomic():
        row = lock(scope, checkout_id)
        scope.require_store(row.store_id)
        back_id = derive(row.id, "return", key)
        came = checkouts.find_return(member_id=row.member_id, checkout_id=row.id, number=number)
        if came is not None and came.id == refund_id(row, number):
            if is_same(came, _asked(lines)):  # it came as an activity
                return _repeated(row, came.id)
            raise number_taken(number)
        first = _claim(scope, row, "return", key, body, back_id)
        if first is not None:
            return _repeated(row, first)
        _require_open(row, ("committed", "partly_returned"))
        priced = msgspec.json.decode(row.priced, type=Priced)
        before = gone_of(row)
        plan = pricing.plan_return(priced, before, _wanted(priced, before, lines))
        return give_back(scope, row, priced, plan, "return", back_id, number, reason, now)


def refund_id(row: CheckoutRow, number: str) -> UUID:
    """The id of a return that came as an activity, a refund of this number."""
    return derive(row.id, "refund", number)


Asked = Mapping[str, Decimal | None]  # line → quantity (None: all that is left of it)


def _asked(lines: Sequence[ReturnLineIn] | None) -> Asked | None:
    return None if lines is None else {str(line.line): line.quantity for line in lines}


def is_same(back: ReturnRow, asked: Asked | None) -> bool:
    """Whether a return is what is asked for once more; all that was left, if nothing is named."""
    plan = msgspec.json.decode(back.plan, type=_Kept).plan
    came = {line.line: line.quantity for line in plan.lines if line.line != SHIPPING}
    if asked is None:
        return plan.whole
    return came.keys() == asked.keys() and all(
        quantity is None or quantity == came[line] for line, quantity in asked.items()
    )


def undo(*, scope: Scope, checkout_id: UUID, reopen: bool, reason: str, key: str, now: datetime) -> Returned:
    """Cancel a checkout, or reopen it so that its number can be committed again. Everything it used comes back.

    Within `UNDO_WINDOW` of the commit for who may return; later it needs `checkout.undo_late`. Raises `not_found`,
    `checkout_closed` and `undo_too_late` (409).
    """
    kind = "reopen" if reopen else "cancel"
    with transaction.atomic():
        row = lock(scope, checkout_id)
        scope.require_store(row.store_id)
        back_id = derive(row.id, kind, key)
        first = _claim(scope, row, kind, key, [reason], back_id)
        if first is not None:
            return _repeated(row, first)
        _require_open(row, ("committed",))
        if now > row.committed_at + UNDO_WINDOW and not scope.allows("checkout.undo_late"):
            raise conflict(
                "undo_too_late",
                "撤销时限已过，请按退货处理，或由主管撤销",
                "The time to undo is over; take it as a return, or ask a manager",
            )
        priced = msgspec.json.decode(row.priced, type=Priced)
        whole = {line.line: line.quantity for line in priced.lines} | {SHIPPING: Decimal(1)}
        plan = pricing.plan_return(priced, {}, whole)
        number = f"{row.number}~{row.revision}~{kind}"
        return give_back(scope, row, priced, plan, kind, back_id, number, reason, now)


def lock(scope: Scope, checkout_id: UUID) -> CheckoutRow:
    """The checkout, its member locked before it."""
    member_id = activities.member_of_key(key=checkout_id)
    if member_id is None:
        raise not_found(CHECKOUT)
    with connection.cursor() as cursor:
        states.lock(cursor, brand_id=scope.brand_id, member_ids=[member_id])
    return checkouts.get_checkout(
        brand_id=scope.brand_id, member_id=member_id, checkout_id=checkout_id, lock=True
    )


def _claim(
    scope: Scope, row: CheckoutRow, kind: str, key: str, body: Sequence[str], back_id: UUID
) -> UUID | None:
    return activities.claim(
        brand_id=scope.brand_id,
        kind=f"checkout_{kind}",
        key=key,
        member_id=row.member_id,
        subject_id=back_id,
        body=[row.id.hex, *body],
    )


def _repeated(row: CheckoutRow, back_id: UUID) -> Returned:
    back = checkouts.get_return(member_id=row.member_id, return_id=back_id)
    kept = msgspec.json.decode(back.plan, type=_Kept)
    return Returned(row, back.id, back.kind, kept.plan, kept.earned, repeated=True)


def _require_open(row: CheckoutRow, states_: tuple[CheckoutState, ...]) -> None:
    if row.state not in states_:
        raise conflict(
            "checkout_closed",
            f"结算单状态为“{STATES[row.state].zh}”，不能这样处理",
            f"The checkout is {row.state.replace('_', ' ')}",
            state=row.state,
        )


def gone_of(row: CheckoutRow) -> dict[str, Decimal]:
    return {line: Decimal(text) for line, text in msgspec.json.decode(row.returned).items()}


def _wanted(
    priced: Priced, gone: Mapping[str, Decimal], lines: Sequence[ReturnLineIn] | None
) -> dict[str, Decimal] | None:
    """The quantity of each line that comes back now; None: all that is left."""
    if lines is None:
        return None
    ordered = {line.line: line.quantity for line in priced.lines}
    wanted: dict[str, Decimal] = {}
    errors = ErrorList()
    for place, asked in enumerate(lines):
        line, path = str(asked.line), f"lines[{place}]"
        if line not in ordered:
            errors.add(
                f"{path}.line",
                "unknown_line",
                f"订单只有 {len(ordered)} 行",
                f"the order has {len(ordered)} lines",
            )
            continue
        if line in wanted:
            errors.add(f"{path}.line", "repeated", "同一行只能出现一次", "name each line once")
            continue
        left = ordered[line] - gone.get(line, Decimal(0))
        quantity = left if asked.quantity is None else asked.quantity
        if not quantity.is_finite() or quantity <= 0:
            errors.add(
                f"{path}.quantity", "not_positive", "该行没有可退的数量", "nothing of this line to return"
            )
        elif quantity > left:
            shown = str(left.normalize())
            errors.add(
                f"{path}.quantity",
                "return_exceeds_order",
                f"最多还能退 {shown}",
                f"at most {shown} can come back",
            )
        else:
            wanted[line] = quantity
    errors.refuse()
    return wanted


class _Kept(msgspec.Struct):
    plan: ReturnPlan
    earned: dict[str, int]


def give_back(
    scope: Scope,
    row: CheckoutRow,
    priced: Priced,
    plan: ReturnPlan,
    kind: str,
    back_id: UUID,
    number: str,
    reason: str,
    now: datetime,
    refund: Receipt | None = None,
) -> Returned:
    """Do what the plan says and keep it. `refund` is the receipt of the order's refund where that was posted."""
    moves = msgspec.json.decode(row.moves, type=Moves)
    earned = _post(scope, row, moves, plan, number, back_id, reason, now, refund)
    undone = kind != "return"
    back = [a.coupon for a in priced.applied if a.coupon] if undone else list(plan.coupons)
    if back:
        coupons.give_back(
            brand_id=scope.brand_id,
            member_id=row.member_id,
            coupon_ids=back,
            order=moves.number,
            now=now,
            undo=undone,
        )
    _undo_uses(scope, row, moves, None if undone else plan.quotas, now)
    budgets.give_back(
        brand_id=scope.brand_id,
        subject=budget_subject(row.id, row.revision),
        amounts=None if undone else _budgets_back(scope, plan, now),
        now=now,
    )
    _unsave(scope, row, priced, plan, moves, back_id, now)
    gone = gone_of(row)
    for line in plan.lines:
        gone[line.line] = gone.get(line.line, Decimal(0)) + line.quantity
    states_by_kind: dict[str, CheckoutState] = {"cancel": "cancelled", "reopen": "reopened"}
    state: CheckoutState = states_by_kind.get(kind, "returned" if plan.whole else "partly_returned")
    kept = ReturnRow(
        id=back_id,
        member_id=row.member_id,
        brand_id=row.brand_id,
        checkout_id=row.id,
        number=number,
        kind=kind,
        amount=plan.payable,
        reason=reason,
        actor=scope.actor.label,
        plan=msgspec.json.encode(_Kept(plan, earned)).decode(),
        returned_at=now,
    )
    returned = msgspec.json.encode({line: str(quantity) for line, quantity in gone.items()}).decode()
    checkouts.note_return(row=row, back=kept, state=state, returned=returned)
    topic = f"checkout.{'returned' if kind == 'return' else state}"
    announce(scope, [(row, {"payable": plan.payable})], topic, now)
    row = checkouts.get_checkout(brand_id=row.brand_id, member_id=row.member_id, checkout_id=row.id)
    return Returned(row, back_id, kind, plan, earned)


def _budgets_back(scope: Scope, plan: ReturnPlan, now: datetime) -> dict[str, int]:
    """What goes back into budgets with a piece: money as it comes; a use only with the last piece."""
    found = budgets.left(brand_id=scope.brand_id, keys=plan.budgets, now=now)
    return {
        key: amount
        for key, amount in plan.budgets.items()
        if plan.whole or (key in found and found[key].budget.kind == "amount")
    }


def _unsave(
    scope: Scope,
    row: CheckoutRow,
    priced: Priced,
    plan: ReturnPlan,
    moves: Moves,
    back_id: UUID,
    now: datetime,
) -> None:
    """What a plan had saved on goods that came back was not saved."""
    sums: dict[str, int] = {}
    for line in plan.lines:
        for ref, amount in line.discounts:
            if ref in moves.savings and amount:
                sums[ref] = sums.get(ref, 0) + amount
    if not sums:
        return
    savings = [
        NewSaving(
            member_id=row.member_id,
            benefit=moves.savings[ref],
            amount=-amount,
            currency=priced.currency,
            source=own_key(row.id, row.revision, f"{back_id.hex}:{ref}"),
            at=now,
        )
        for ref, amount in sums.items()
    ]
    with connection.cursor() as cursor:
        plans.record_saving(cursor, brand_id=scope.brand_id, savings=savings)


def _post(
    scope: Scope,
    row: CheckoutRow,
    moves: Moves,
    plan: ReturnPlan,
    number: str,
    back_id: UUID,
    reason: str,
    now: datetime,
    refund: Receipt | None,
) -> dict[str, int]:
    """Refund the order (unless that was posted) and return the burns, all or nothing. Returns what was earned and is
    taken back.
    """
    common: dict[str, Any] = {"member": MemberRef(id=row.member_id), "occurred_at": now}
    store = next(
        (
            code
            for code, store in organisations.stores_of(brand_id=row.brand_id).items()
            if store.id == row.store_id
        ),
        None,
    )
    given: list[ActivityIn] = []
    goods = [line for line in plan.lines if line.line != SHIPPING]
    if goods and refund is None:
        lines = tuple(RefundLineIn(line=int(line.line), quantity=line.quantity) for line in goods)
        asked = RefundIn(number=number, order=moves.number, lines=lines, reason=reason)
        given.append(ActivityIn(type="refund", source=row.source, store=store, refund=asked, **common))
    back = {plan.points_unit: plan.points} | dict(plan.stored)
    for unit, amount in back.items():
        if not amount:
            continue
        burn_id, _ = moves.burns[unit]
        data = {"burn": str(burn_id), "burn_key": str(burn_id), "reason": "checkout", "amount": amount}
        key = own_key(row.id, row.revision, f"{back_id.hex}:{unit}")
        given.append(
            ActivityIn(
                type="burn_return", source="regulars", key=f"burn_return:{key}"[:128], data=data, **common
            )
        )
    receipts: list[Receipt] = []
    for result in intake.post(scope=scope, activities=given, now=now, internal=True):
        if isinstance(result, Refusal):
            raise number_taken(number) if result.code == "idempotency_conflict" else result
        if result.duplicate:
            raise number_taken(number)
        receipts.append(result)
    if refund is not None:
        return dict(refund.earned)
    return dict(receipts[0].earned) if goods else {}


def number_taken(number: str) -> Refusal:
    return conflict(
        "number_taken",
        f"退货单号 {number} 已经用过",
        f"The return number {number} is taken already",
        number=number,
    )


def _undo_uses(
    scope: Scope, row: CheckoutRow, moves: Moves, quotas: Mapping[str, int] | None, now: datetime
) -> None:
    """Uses of benefits count no more: all, or so many by benefit."""
    programme = versions.in_force(brand_id=scope.brand_id, now=now).live
    for benefit, ids in moves.uses.items():
        back = len(ids) if quotas is None else quotas.get(benefit, 0)
        for use_id in ids:
            if back <= 0:
                break
            receipt = benefits.undo(
                scope=scope, programme=programme, member_id=row.member_id, use_id=use_id, now=now
            )
            back -= not receipt.repeated  # what came back with an earlier piece comes back no more
