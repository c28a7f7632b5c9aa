"""RFM as ibis expressions: the same ones run on DuckDB and on Spark, over any table of orders.

Scores by quantiles after Hughes, "Strategic Database Marketing" (1994): members in the order of the measure, cut into
fifths. Equal measures are put in the order of `member_id`, so that a run can be repeated and every engine agrees.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from regulars.insight.rfm.types import GROUPS, NONE, SCORES, RfmSettings, Window


def measures(orders: Any, window: Window) -> Any:
    """One row a buyer: `last_day`, `frequency`, `money` (minor units, net of what went back) within the window.

    `orders` has member_id, local_day, amount, refunded. An order that went back whole is no purchase.
    """
    within = orders.filter(
        orders.local_day >= window.first, orders.local_day <= window.last, orders.refunded < orders.amount
    )
    return within.group_by("member_id").aggregate(
        last_day=within.local_day.max(),
        frequency=within.count(),
        money=(within.amount - within.refunded).sum().cast("int64"),
    )


def scores(measured: Any, settings: RfmSettings, window: Window) -> Any:
    """`measures` with `r`, `f` and `m` from 1 to 5 and the `group`."""
    if settings.method == "quantiles":
        r, f, m = (_fifth(measured, name) for name in ("last_day", "frequency", "money"))
    else:
        days = [window.last - timedelta(days=cut) for cut in reversed(settings.recency_cuts)]
        r = _reached(measured.last_day, days)
        f = _reached(measured.frequency, settings.frequency_cuts)
        m = _reached(measured.money, settings.money_cuts)
    scored = measured.mutate(r=r, f=f, m=m)
    return scored.mutate(group=_group(scored, settings.high_from))


def heat(scored: Any) -> Any:
    """Members and money by recency and frequency score, and the mean money score of the cell."""
    return scored.group_by("r", "f").aggregate(
        members=scored.count(), money=scored.money.sum().cast("int64"), m=scored.m.mean()
    )


def groups(scored: Any) -> Any:
    """Members, money, orders and mean scores by named group."""
    return scored.group_by("group").aggregate(
        members=scored.count(),
        money=scored.money.sum().cast("int64"),
        orders=scored.frequency.sum().cast("int64"),
        r=scored.r.mean(),
        f=scored.f.mean(),
        m=scored.m.mean(),
    )


def bounds(scored: Any, measure: str, score: str) -> Any:
    """What a score stood for: members and the least and greatest value of the measure."""
    return scored.group_by(scored[score].name("score")).aggregate(
        members=scored.count(), least=scored[measure].min(), greatest=scored[measure].max()
    )


def flows(before: Any, now: Any) -> Any:
    """Members by group then and now; those without a purchase in one of the periods are in group `none` there."""
    joined = before.select("member_id", was="group").outer_join(
        now.select(now_id="member_id", becomes="group"), [("member_id", "now_id")]
    )
    named = joined.select(was=joined.was.fill_null(NONE), becomes=joined.becomes.fill_null(NONE))
    return named.group_by("was", "becomes").aggregate(members=named.count())


def _fifth(measured: Any, name: str) -> Any:
    import ibis

    order = ibis.window(order_by=[measured[name], measured.member_id])
    return (ibis.ntile(SCORES).over(order) + 1).cast("int8")


def _reached(value: Any, cuts: Any) -> Any:
    """1 plus how many of the ascending bounds are reached."""
    import ibis

    score = ibis.literal(1, "int8")
    for cut in cuts:
        score = score + (value >= cut).cast("int8")
    return score.cast("int8")


def _group(scored: Any, high_from: int) -> Any:
    import ibis

    high = scored.r >= high_from, scored.f >= high_from, scored.m >= high_from
    branches = []
    for name, (wanted, _) in GROUPS.items():
        parts = [part if yes else ~part for part, yes in zip(high, wanted, strict=True)]
        branches.append((parts[0] & parts[1] & parts[2], ibis.literal(name)))
    return ibis.cases(*branches, else_=ibis.literal(NONE))
