"""Top-ups: which rung an amount reaches, and what a refund gives back and takes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from regulars.kit.errors import Refusal, conflict, invalid_field
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.value.prepaid.types import Ladder, Rung


def choose_rung(ladder: Ladder, pay: int) -> Rung:
    """The rung for what is paid. Raises `invalid_input` naming the amounts that can be paid."""
    exact = next((rung for rung in ladder.rungs if rung.pay == pay), None)
    if exact is not None:
        return exact
    reached = [rung for rung in ladder.rungs if rung.pay <= pay]
    if ladder.open and reached:
        return reached[-1]
    known = ", ".join(str(rung.pay) for rung in ladder.rungs)
    raise invalid_field(
        "amount", "no_such_rung", f"充值金额只能是：{known}（分）", f"can be: {known} (minor units)"
    )


def check_open(ladder: Ladder, *, store: str | None, today: date, times: int, balance: int, pay: int) -> None:
    """Refuses a ladder that is not for sale here and now, or not to her: `not_for_sale`, `limit_reached`."""
    if ladder.state != "active":
        raise not_for_sale("state")
    if (ladder.starts_on and today < ladder.starts_on) or (ladder.ends_on and today > ladder.ends_on):
        raise not_for_sale("day")
    if ladder.stores and store not in ladder.stores:
        raise not_for_sale("store")
    if ladder.per_member is not None and times >= ladder.per_member:
        raise limit_reached("per_member", ladder.per_member)
    if ladder.most_balance is not None and balance + pay > ladder.most_balance:
        raise limit_reached("balance", ladder.most_balance)


def ends_after(days: int | None, now: datetime, timezone: str) -> datetime | None:
    """The first instant after the `days`-th business day from today on (today is day 0)."""
    if days is None:
        return None
    today = now.astimezone(zone(timezone)).date()
    return start_of_day(today + timedelta(days=days + 1), timezone)


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """What one refund gives back in money, and takes of the bonus."""

    principal: int
    bonus: int


def bonus_due(principal: int, bonus: int, refunded: int) -> int:
    """What of the bonus is to be taken once `refunded` of the principal went back: its share, rounded down; all of
    it with the last of the principal. So any number of refunds takes exactly what one would.
    """
    return bonus if refunded == principal else bonus * refunded // principal


def most_refundable(
    *, principal: int, bonus: int, refunded: int, bonus_taken: int, principal_left: int, bonus_left: int
) -> int:
    """The most that can still go back: unspent principal whose share of the bonus is unspent too."""
    room = min(principal - refunded, principal_left)
    if room <= 0:
        return 0
    allowed = bonus_taken + bonus_left
    if bonus_due(principal, bonus, refunded + room) <= allowed:
        return room
    # the greatest r with bonus × r // principal ≤ allowed, i.e. bonus × r < (allowed + 1) × principal
    most = ((allowed + 1) * principal - 1) // bonus
    return max(0, min(room, most - refunded, principal - refunded - 1))


def plan_refund(
    *,
    wanted: int | None,
    principal: int,
    bonus: int,
    refunded: int,
    bonus_taken: int,
    principal_left: int,
    bonus_left: int,
) -> RefundPlan:
    """`wanted` of the principal goes back (None: all that can). Raises `top_up_spent` (409) with what still can."""
    most = most_refundable(
        principal=principal,
        bonus=bonus,
        refunded=refunded,
        bonus_taken=bonus_taken,
        principal_left=principal_left,
        bonus_left=bonus_left,
    )
    amount = most if wanted is None else wanted
    if amount <= 0 or amount > most:
        raise conflict(
            "top_up_spent",
            f"本次充值最多还能退 {most}（分），其余已使用或已退",
            f"At most {most} (minor units) of this top-up can still be refunded; the rest is used or refunded",
            most=most,
        )
    return RefundPlan(amount, bonus_due(principal, bonus, refunded + amount) - bonus_taken)


def not_for_sale(why: str) -> Refusal:
    return Refusal(
        "not_for_sale",
        Text("当前不可购买", "It cannot be bought here and now"),
        status=409,
        data={"why": why},
    )


def limit_reached(which: str, limit: int) -> Refusal:
    return Refusal(
        "limit_reached",
        Text("已达上限 {limit}", "The limit of {limit} is reached").format(limit=limit),
        status=409,
        data={"which": which, "limit": limit},
    )
