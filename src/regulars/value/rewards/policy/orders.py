"""What may happen to a redemption order, and when time itself changes it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from regulars.kit.errors import Refusal, conflict
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.value.rewards.types import REDEMPTION_STATES, Redemption, RedemptionState

PAY_WITHIN = timedelta(minutes=15)
# The hold outlives the time to pay: a payment under way at its end is still taken or given back by us.
HOLD_BEYOND = timedelta(hours=1)
ARRIVES_WITHIN = timedelta(days=14)
OPEN: tuple[RedemptionState, ...] = ("awaiting_payment", "placed", "paid")
WAITING: tuple[RedemptionState, ...] = ("placed", "paid")


def placed_state(*, cash: int) -> RedemptionState:
    return "awaiting_payment" if cash else "placed"


def claim_end(now: datetime, days: int, timezone: str) -> datetime:
    """The end of the business day that lies `days` ahead: till then it waits to be picked up."""
    today = now.astimezone(zone(timezone)).date()
    return start_of_day(today + timedelta(days=days + 1), timezone)


def due_of(order: Redemption) -> datetime | None:
    """When time changes the order next: payment lapses, nobody came for it, it has arrived, no more undoing."""
    if order.state == "awaiting_payment":
        return order.pay_by
    if order.state in WAITING:
        return order.claim_by if order.fulfilment == "store" else None
    if order.state == "shipped" and order.shipped_at:
        return order.shipped_at + ARRIVES_WITHIN
    if order.state == "verified" and order.verified_at:
        return order.verified_at + timedelta(minutes=order.undo_minutes)
    return None


def check_payable(order: Redemption, now: datetime) -> None:
    """Raises `redemption_state` for an order that awaits no payment, or whose time to pay is over."""
    _must(order, ("awaiting_payment",), "pay")
    if order.pay_by is not None and now >= order.pay_by:
        raise conflict(
            "payment_too_late", "支付时间已过，请重新兑换", "The time to pay is over; redeem it again"
        )


def pay(order: Redemption, now: datetime) -> Redemption:
    """The cash part came. Raises `redemption_state` for an order that waits for none."""
    _must(order, ("awaiting_payment",), "pay")
    return _moved(order, "paid", paid_at=now)


def give(order: Redemption, now: datetime) -> Redemption:
    """What is given at once was given: the order is done."""
    _must(order, WAITING, "give")
    return _moved(order, "completed", ended_at=now)


def show(order: Redemption, now: datetime) -> Redemption:
    """She saw her virtual code: done, and no way back."""
    if order.state == "completed":
        return order
    _must(order, WAITING, "show")
    return _moved(order, "completed", shown_at=now, ended_at=now)


def ship(order: Redemption, carrier: str, tracking: str, now: datetime) -> Redemption:
    """Sent off. Shipping again corrects carrier and number."""
    if order.fulfilment != "ship":
        raise conflict("not_shipped", "该订单不需要邮寄", "This order is not one to be shipped")
    _must(order, (*WAITING, "shipped"), "ship")
    return _moved(order, "shipped", shipped_at=order.shipped_at or now, carrier=carrier, tracking=tracking)


def verify(order: Redemption, now: datetime, by: str) -> Redemption:
    """Handed out at a store."""
    if order.fulfilment != "store":
        raise conflict("not_at_store", "该订单不是到店自提", "This order is not picked up at a store")
    if order.state in ("verified", "completed"):
        raise conflict("already_verified", "该订单已核销", "This order was picked up already")
    _must(order, WAITING, "verify")
    return _moved(order, "verified", verified_at=now, verified_by=by)


def undo(order: Redemption, now: datetime) -> Redemption:
    """Take a verification back while its window lasts. Raises `undo_too_late`."""
    _must(order, ("verified", "completed"), "undo")
    end = order.verified_at and order.verified_at + timedelta(minutes=order.undo_minutes)
    if order.fulfilment != "store" or end is None or now >= end:
        raise conflict("undo_too_late", "已超过撤销时限", "It is too late to undo this")
    return _moved(
        order,
        "paid" if order.cash else "placed",
        verified_at=None,
        verified_by="",
        store_id=None,
        ended_at=None,
    )


def complete(order: Redemption, now: datetime) -> Redemption:
    """It has arrived, or can be undone no more."""
    _must(order, ("shipped", "verified"), "complete")
    return _moved(order, "completed", ended_at=now)


def cancel(order: Redemption, now: datetime, reason: str) -> Redemption:
    """Raises `redemption_state` for what was sent, handed out or shown already."""
    if order.kind == "virtual_code" and order.state == "completed":
        raise conflict("code_shown", "卡密已查看，不能取消", "The code was shown; it cannot be cancelled")
    _must(order, OPEN, "cancel")
    return _moved(order, "cancelled", ended_at=now, reason=reason)


def expire(order: Redemption, now: datetime) -> Redemption:
    """Nobody paid, or nobody came, in time."""
    _must(order, OPEN, "expire")
    return _moved(order, "expired", ended_at=now)


def gives_back(order: Redemption) -> bool:
    """Whether value and stock come back when the order ends now: always, but for what was left lying on its terms."""
    return order.state == "awaiting_payment" or order.unclaimed == "return"


def _must(order: Redemption, states: tuple[str, ...], act: str) -> None:
    if order.state not in states:
        name = REDEMPTION_STATES[order.state]
        raise Refusal(
            "redemption_state",
            Text("订单{name}，不能这样操作", "The order is {name}; this cannot be done").format(
                name=Text(name.zh, name.en.lower())
            ),
            status=409,
            data={"state": order.state, "act": act},
        )


def _moved(order: Redemption, state: RedemptionState, **changes: object) -> Redemption:
    after = replace(order, state=state, **changes)  # type: ignore[arg-type]
    return replace(after, due_at=due_of(after))
