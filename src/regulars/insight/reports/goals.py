"""The metrics that goals name, reckoned over any period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.insight.reports import buying
from regulars.insight.reports.types import Ask, Period

if TYPE_CHECKING:
    import ibis.expr.types as ir


def measure(ask: Ask, orders: ir.Table, members: ir.Table, *, metric: str, period: Period) -> int | None:
    """One metric over a period: a count, money in minor units, a share in permille; None where nobody bought.

    The repurchase rate is the share of the period's buyers who bought on two days of it or more.
    """
    if metric == "joined":
        found = buying.within(members, period, "joined_day")
        return int(ask(found.aggregate(n=found.member_id.count()))[0]["n"])
    bought = buying.within(buying.sales(orders), period)
    if metric in ("sales", "orders", "order_value"):
        row = ask(bought.aggregate(n=bought.order_id.count(), net=bought.net.sum()))[0]
        count, net = int(row["n"]), int(row["net"] or 0)
        if metric == "order_value":
            return round(net / count) if count else None
        return net if metric == "sales" else count
    each = bought.group_by("member_id").aggregate(days=bought.local_day.nunique())
    row = ask(each.aggregate(n=each.member_id.count(), again=(each.days > 1).cast("int64").sum()))[0]
    if metric == "buyers":
        return int(row["n"])
    return round(1000 * int(row["again"]) / int(row["n"])) if row["n"] else None
