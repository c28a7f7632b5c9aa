"""Stages of everybody as expressions over the warehouse: each member's whole line of stages, by days.

A stage can only change on a day she buys or on a day one of the thresholds falls due before she buys again. So these
days alone are looked at; `policy.stage_on` says the same for one member on one day.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from regulars.insight.lifecycle.types import StageRules

if TYPE_CHECKING:
    import ibis.expr.types as ir

EPOCH = date(1970, 1, 1)


def line_of_stages(orders: ir.Table, members: ir.Table, rules: StageRules, until: date) -> ir.Table:
    """(member_id, stage, since, till): every stage of everybody who is profiled, up to the end of `until`.

    `orders`: member_id, local_day, of purchases that count. `members`: member_id, joined_day. Days are numbers of days
    since 1970-01-01; `till` is the first day of the next stage, or null.
    """
    import ibis

    candidates = _candidates(_purchases(orders, members, until), rules)
    bought = candidates.select("member_id", "at", stage=_stage(candidates, rules))
    joined = members.select("member_id", at=_number(members.joined_day), stage=ibis.literal("prospect"))
    first = bought.group_by("member_id").aggregate(first=bought["at"].min())
    joined = (
        joined.left_join(first, "member_id")
        .filter(lambda t: (t["at"] <= day_number(until)) & (t.first.isnull() | (t["at"] < t.first)))
        .select("member_id", "at", "stage")
    )
    every = ibis.union(bought, joined)
    mine = ibis.window(group_by="member_id", order_by="at")
    changes = every.mutate(before=every.stage.lag().over(mine)).filter(
        lambda t: t.before.isnull() | (t.before != t.stage)
    )
    return changes.select(
        "member_id", "stage", since=changes["at"], till=changes["at"].lead().over(mine), before=changes.before
    )


def stages_at(line: ir.Table, days: list[date]) -> ir.Table:
    """(member_id, day, stage) on each of these days."""
    import ibis

    asked = ibis.memtable({"day": [(one - EPOCH).days for one in days]}, schema={"day": "int64"})
    return (
        line.join(asked, (line.since <= asked.day) & (line.till.isnull() | (line.till > asked.day)))
        .select("member_id", "day", "stage")
    )  # fmt: skip


def moves_between(at: ir.Table, days: list[date]) -> ir.Table:
    """(day, from_stage, to_stage, members): how many moved (or stayed) from each day to the next of `days`.

    `at` is what `stages_at` says for these days. Who was not there yet on the first day has no row.
    """
    import ibis

    numbers = [(one - EPOCH).days for one in days]
    steps = ibis.memtable(
        {"day": numbers[:-1], "next": numbers[1:]}, schema={"day": "int64", "next": "int64"}
    )
    start = at.join(steps, "day").select("member_id", "next", from_stage="stage")
    end = at.select("member_id", next="day", to_stage="stage")
    both = start.join(end, ["member_id", "next"])
    return (
        both.group_by(["next", "from_stage", "to_stage"]).aggregate(members=both.count()).rename(day="next")
    )


def day_number(day: date) -> int:
    return (day - EPOCH).days


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


def _number(column: Any) -> Any:
    """Days since 1970-01-01 of a date."""
    import ibis

    return column.delta(ibis.date(1970, 1, 1), unit="day").cast("int64")


def _purchases(orders: ir.Table, members: ir.Table, until: date) -> ir.Table:
    """One row a member and day she bought, with her first day, number, the day before and the day after."""
    import ibis

    days = (
        orders.semi_join(members, "member_id")
        .mutate(bought=lambda t: _number(t.local_day))
        .filter(lambda t: t.bought <= day_number(until))
        .select("member_id", "bought")
        .distinct()
    )
    mine = ibis.window(group_by="member_id", order_by="bought")
    return days.mutate(
        nth=ibis.row_number().over(mine) + 1,
        previous=days.bought.lag().over(mine),
        following=days.bought.lead().over(mine),
        first=days.bought.min().over(ibis.window(group_by="member_id")),
    ).mutate(until=ibis.literal(day_number(until)))


def _candidates(purchases: ir.Table, rules: StageRules) -> ir.Table:
    """Every day on which her stage may change, each beside the last purchase before it; some of them twice."""
    import ibis

    returned = ibis.ifelse(
        purchases.bought - purchases.previous > rules.dormant_days, purchases.bought, ibis.null("int64")
    )
    here = ibis.cumulative_window(group_by="member_id", order_by="bought")
    rows = purchases.mutate(returned=returned)
    rows = rows.mutate(returned=rows.returned.max().over(here), slips=_slips_after(rows, rules))
    days = [
        rows.bought,
        rows.bought + rows.slips + 1,
        rows.bought + rules.dormant_days + 1,
        rows.bought + rules.lost_days + 1,
        rows.returned + rules.won_back_days + 1,
        rows.first + rules.mature_days,
    ]
    # days of her next purchase and later are that purchase's: left out before they become rows
    mine = ibis.array([one.cast("int64") for one in days]).filter(
        lambda at: (
            (at >= rows.bought) & (at <= rows.until) & (rows.following.isnull() | (at < rows.following))
        )
    )
    return rows.mutate(at=mine).unnest("at")


def _slips_after(rows: ir.Table, rules: StageRules) -> Any:
    import ibis

    if not rules.slipping_factor:
        return ibis.literal(rules.slipping_days)
    own = (rules.slipping_factor * (rows.bought - rows.first) / (rows.nth - 1).nullif(0)).ceil().cast("int64")
    bounded = ibis.least(
        ibis.literal(rules.slipping_days), ibis.greatest(ibis.literal(rules.slipping_least_days), own)
    )
    return ibis.ifelse(rows.nth >= rules.rhythm_purchases, bounded, ibis.literal(rules.slipping_days))


def _stage(rows: ir.Table, rules: StageRules) -> Any:
    import ibis

    silent = rows["at"] - rows.bought
    return ibis.cases(
        (silent > rules.lost_days, "lost"),
        (silent > rules.dormant_days, "dormant"),
        (silent > rows.slips, "slipping"),
        (rows.returned.notnull() & (rows["at"] - rows.returned <= rules.won_back_days), "won_back"),
        ((rows.nth >= rules.mature_purchases) & (rows["at"] - rows.first >= rules.mature_days), "mature"),
        (rows.nth >= rules.growing_purchases, "growing"),
        else_="new",
    )
