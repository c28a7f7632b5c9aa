"""What a refund takes back, reckoned cumulatively, so that any number of partial refunds adds up to the whole. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from regulars.facts.activity.types import RefundIn
from regulars.flows.intake.types import BurnRecord, OrderRecord
from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.text import Text


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """Cumulative figures after the refund, and what it moves: per earn, per burn, in money."""

    amount: int
    refunded: Mapping[int, tuple[Decimal, int]]
    claws: tuple[tuple[int, int], ...]  # (index of earn, amount)
    returns: tuple[tuple[BurnRecord, int], ...]


def plan_refund(order: OrderRecord, refund: RefundIn) -> RefundPlan:
    """Raises the refusal that names the line and what is left of it.

    A line's money and points go back in proportion to the quantity, rounded down, until its last piece takes the
    rest. Earns that no line earned, and burns that paid for the order, follow the order's money the same way.
    """
    refunded = dict(order.refunded)
    for line, quantity in _wanted(order, refund):
        ordered = order.quantities[line]
        gone, money = refunded.get(line, (Decimal(0), 0))
        if gone + quantity > ordered:
            raise Refusal(
                "refund_exceeds_order",
                Text(
                    "第 {line} 行最多还能退 {left}，本次要退 {quantity}",
                    "Line {line} has {left} left to refund, not {quantity}",
                ).format(line=line + 1, left=str((ordered - gone).normalize()), quantity=str(quantity)),
                data={"field": f"refund.lines[{line + 1}].quantity", "left": str(ordered - gone)},
            )
        gone += quantity
        money = order.amounts[line] if gone == ordered else int(order.amounts[line] * gone / ordered)
        refunded[line] = (gone, money)
    before = sum(money for _, money in order.refunded.values())
    total = sum(money for _, money in refunded.values())
    whole = _all_back(order, refunded)
    claws = []
    for index, earn in enumerate(order.earns):
        target = _claim(earn.amount, earn.shares, order, refunded, total, whole)
        taken = order.clawed.get(index, 0)
        if target > taken:
            claws.append((index, target - taken))
    returns = []
    for burn in order.burns:
        target = burn.amount if whole else _part(burn.amount, total, order.amount)
        if target > burn.returned:
            returns.append((burn, target - burn.returned))
    return RefundPlan(total - before, refunded, tuple(claws), tuple(returns))


def is_whole(order: OrderRecord) -> bool:
    """Whether all of the order has gone back."""
    return _all_back(order, order.refunded)


def _all_back(order: OrderRecord, refunded: Mapping[int, tuple[Decimal, int]]) -> bool:
    return len(refunded) == len(order.amounts) and all(
        refunded[i][0] == order.quantities[i] for i in range(len(order.amounts))
    )


def _wanted(order: OrderRecord, refund: RefundIn) -> list[tuple[int, Decimal]]:
    if refund.lines is None:
        left = [
            (i, quantity - order.refunded.get(i, (Decimal(0), 0))[0])
            for i, quantity in enumerate(order.quantities)
        ]
        wanted = [(i, quantity) for i, quantity in left if quantity]
        if not wanted:
            raise Refusal(
                "refund_exceeds_order", Text("该订单已全部退款", "The order is refunded in full already")
            )
        return wanted
    wanted = []
    for place, part in enumerate(refund.lines):
        line = part.line - 1
        if line >= len(order.amounts):
            raise invalid_field(
                f"refund.lines[{place}].line",
                "unknown_line",
                f"订单只有 {len(order.amounts)} 行",
                f"the order has {len(order.amounts)} lines",
            )
        left_of = order.quantities[line] - order.refunded.get(line, (Decimal(0), 0))[0]
        wanted.append((line, left_of if part.quantity is None else part.quantity))
    return wanted


def _claim(
    amount: int,
    shares: tuple[int, ...],
    order: OrderRecord,
    refunded: Mapping[int, tuple[Decimal, int]],
    total: int,
    whole: bool,
) -> int:
    if whole:
        return amount
    if not shares:
        return _part(amount, total, order.amount)
    claimed = 0
    for line, (gone, _) in refunded.items():
        ordered = order.quantities[line]
        claimed += shares[line] if gone == ordered else int(shares[line] * gone / ordered)
    return claimed


def _part(amount: int, part: int, whole: int) -> int:
    return amount * part // whole if whole else 0


def take_parts(burn: BurnRecord, amount: int) -> list[tuple[UUID, int]]:
    """The next `amount` of a burn to come back: the lots last taken from come back first."""
    skip = burn.returned
    parts = []
    for lot_id, part in reversed(burn.parts):
        already = min(skip, part)
        skip -= already
        give = min(part - already, amount)
        amount -= give
        if give:
            parts.append((lot_id, give))
    return parts


def to_json(order: OrderRecord) -> dict[str, Any]:
    """What has happened to the order, as its state row keeps it."""
    state: dict[str, Any] = {}
    if order.refunded:
        state["refunded"] = {str(i): [str(q), m] for i, (q, m) in order.refunded.items()}
    if order.clawed:
        state["clawed"] = {str(i): n for i, n in order.clawed.items()}
    if order.burns:
        state["burns"] = [
            {"activity": str(b.activity_id), "unit": b.unit, "amount": b.amount, "returned": b.returned}
            | {"parts": [[str(lot), n] for lot, n in b.parts]}
            | ({"contra": b.contra} if b.contra != "redeemed" else {})
            for b in order.burns
        ]
    if order.waiting:
        state["waiting"] = [str(id_) for id_ in order.waiting]
    if order.delivered_at:
        state["delivered_at"] = order.delivered_at.isoformat()
    return state


def load_json(order: OrderRecord, state: Mapping[str, Any]) -> None:
    order.refunded = {int(i): (Decimal(q), m) for i, (q, m) in state.get("refunded", {}).items()}
    order.clawed = {int(i): n for i, n in state.get("clawed", {}).items()}
    order.burns = [
        BurnRecord(
            UUID(b["activity"]),
            b["unit"],
            b["amount"],
            [(UUID(lot), n) for lot, n in b["parts"]],
            b["returned"],
            b.get("contra", "redeemed"),
        )
        for b in state.get("burns", ())
    ]
    order.waiting = [UUID(id_) for id_ in state.get("waiting", ())]
    at = state.get("delivered_at")
    order.delivered_at = datetime.fromisoformat(at) if at else None


def unknown_order(key: UUID, number: str, at: datetime) -> OrderRecord:
    """The place of an order that has not come yet."""
    return OrderRecord(key, key, number, at, (), (), (), known=False)
