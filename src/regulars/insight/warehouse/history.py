"""Everybody's past, as expressions over the warehouse: who was in which tier at the end of any day, who held what."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def tier_steps(tiers: Any) -> Any:
    """By scheme, tier and business day: how many more (or fewer) members are in it at the end of that day.

    Each change opens a span that ends where the member's next one begins; a span adds one where it begins and takes
    it away where it ends. The running sum over the days is the number of members.
    """
    import ibis

    order = ibis.window(group_by=[tiers.scheme, tiers.member_id], order_by=[tiers.at, tiers.change_id])
    spans = tiers.mutate(until=tiers.local_day.lead().over(order))
    begun = spans.select("scheme", "tier", day=spans.local_day, n=ibis.literal(1, "int64"))
    ended = spans.filter(spans.until.notnull())
    ended = ended.select("scheme", "tier", day=ended.until, n=ibis.literal(-1, "int64"))
    steps = ibis.union(begun, ended)
    summed = steps.group_by("scheme", "tier", "day").aggregate(n=steps.n.sum().cast("int64"))
    return summed.filter(summed.n != 0).order_by("scheme", "day", "tier")


def balances_at(entries: Any, at: datetime, known_at: datetime | None = None) -> Any:
    """By member, unit and account (available, pending, held, debt as a negative number): what it came to at `at`.

    With `known_at`, of what was recorded later nothing counts.
    """
    import ibis

    then = entries.filter(entries.occurred_at <= at)
    if known_at is not None:
        then = then.filter(then.recorded_at <= known_at)
    mine = then.contra.isin(["available", "pending", "held", "debt"])
    given = then.filter(mine).select("member_id", "unit", account=then.contra, amount=-then.amount)
    sides = ibis.union(then.select("member_id", "unit", "account", "amount"), given)
    summed = sides.group_by("member_id", "unit", "account").aggregate(amount=sides.amount.sum().cast("int64"))
    return summed.filter(summed.amount != 0)
