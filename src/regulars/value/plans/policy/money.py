"""What changes and leaving are worth, exact to the smallest unit. Pure.

A period's worth is split over its days by largest remainder: the used share and the unused share add up to it. A change
carries the unused share over, so what was paid in all equals what was used in all plus the worth of what is left.
"""

from __future__ import annotations

from datetime import date

from regulars.kit.errors import Refusal, conflict
from regulars.kit.money import allocate
from regulars.kit.text import Text
from regulars.value.plans.policy.calendar import days_of, end_of, unused_days
from regulars.value.plans.types import MONTHS, ChangePlan, RefundPlan, RefundTerms, Subscription, Terms


def unused_share(worth: int, starts_on: date, ends_on: date, today: date, *, today_counts: bool) -> int:
    """The share of a period's worth that stands for its unused days."""
    whole = days_of(starts_on, ends_on)
    left = min(whole, unused_days(starts_on, ends_on, today, today_counts=today_counts))
    return allocate(worth, [left, whole - left])[0] if whole > 0 else 0


def plan_change(held: Subscription, then: Terms, period: str, today: date) -> ChangePlan:
    """Going over to `then` by `period` today.

    The same length keeps the end of the period, and the difference of the two prices is paid for the days left, today
    among them. Another length begins today, and the unused share is taken off the price. What would cost nothing or
    less is no upgrade: it waits for the next renewal. A trial goes over at the full price.
    """
    price = then.prices[period]
    if held.ends_on is None:
        raise conflict("lifetime", "终身会员无需变更", "A lifetime subscription has nothing to change")
    if held.state == "trial":
        return _from_today(price, 0, period, today)
    credit = unused_share(held.worth, held.starts_on, held.ends_on, today, today_counts=True)
    if period == held.period:
        start, end = held.starts_on, held.ends_on
        share = unused_share(price, start, end, today, today_counts=True)
        if share > credit:
            return ChangePlan(True, share - credit, credit, share, max(today, start), end, held.anchor_day)
    elif price > credit and (period == "lifetime" or MONTHS[period] >= MONTHS[held.period]):
        return _from_today(price, credit, period, today)
    return ChangePlan(False, 0, 0, price, held.ends_on, None, held.anchor_day)


def _from_today(price: int, credit: int, period: str, today: date) -> ChangePlan:
    ends = end_of(today, period, today.day)
    return ChangePlan(True, price - credit, credit, price, today, ends, today.day)


def plan_refund(
    terms: RefundTerms, held: Subscription, *, paid: int, savings: int, today: date
) -> RefundPlan:
    """What leaving today gives back of the current period, at most what was really paid (`paid`)."""
    if held.state == "trial" or held.worth == 0:
        return RefundPlan(0, 0, 0, 0, 0, False)
    whole = days_of(held.starts_on, held.ends_on) if held.ends_on else 0
    left = unused_days(held.starts_on, held.ends_on, today, today_counts=False) if held.ends_on else 0
    full = (today - held.starts_on).days < terms.full_within_days
    if full:
        share = held.worth
    elif terms.rule == "unused_days" and held.ends_on is not None:
        share = unused_share(held.worth, held.starts_on, held.ends_on, today, today_counts=False)
    else:
        share = 0
    off = min(share, max(0, savings)) if terms.minus_savings else 0
    return RefundPlan(min(share - off, paid), share, off, left, whole, full)


def split_refund(amount: int, left: list[int]) -> list[int]:
    """Take `amount` from payments that have so much left each, the newest (last) first."""
    parts = [0] * len(left)
    for n in reversed(range(len(left))):
        parts[n] = min(amount, left[n])
        amount -= parts[n]
    return parts


def check_period(terms: Terms, period: str) -> None:
    """Raises `period_not_sold` for a period the plan has no price for."""
    if period not in terms.prices:
        known = ", ".join(terms.prices)
        raise Refusal(
            "period_not_sold",
            Text(f"该计划只按以下周期出售：{known}", f"This plan is sold by: {known}"),
            status=422,
            data={"periods": list(terms.prices)},
        )
