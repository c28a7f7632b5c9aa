"""How members buy, as expressions over the warehouse: what counts as a sale, months, gaps, order values, funnels.

They run on any engine ibis speaks to: no literal tables, no engine's own functions.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from regulars.insight.reports.types import Period

if TYPE_CHECKING:
    import ibis.expr.types as ir


def sales(orders: ir.Table) -> ir.Table:
    """Orders that were not given back whole, with `net` what is left of them."""
    return orders.filter((orders.amount > 0) & (orders.refunded < orders.amount)).mutate(
        net=orders.amount - orders.refunded
    )


def within(table: ir.Table, period: Period, column: str = "local_day") -> ir.Table:
    import ibis

    return table.filter(
        (table[column] >= ibis.date(period.first)) & (table[column] <= ibis.date(period.last))
    )


def month_number(day: Any) -> Any:
    """Months since year 0, of a date column."""
    return day.year().cast("int64") * 12 + day.month().cast("int64") - 1


def month_of(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def number_of(day: date) -> int:
    return day.year * 12 + day.month - 1


def cohorts(orders: ir.Table) -> ir.Table:
    """(cohort, age, members, net): who first bought in month `cohort` and again `age` months later, for how much."""
    bought = sales(orders)
    monthly = bought.mutate(month=month_number(bought.local_day)).group_by(["member_id", "month"])
    active = monthly.aggregate(net=lambda t: t.net.sum())
    first = active.group_by("member_id").aggregate(cohort=lambda t: t.month.min())
    both = active.join(first, "member_id")
    return (
        both.group_by(["cohort", (both.month - both.cohort).name("age")])
        .aggregate(members=lambda t: t.member_id.count(), net=lambda t: t.net.sum())
        .order_by(["cohort", "age"])
    )


def gaps(orders: ir.Table, period: Period) -> ir.Table:
    """(gap, purchases): days between one purchase day and the member's next, for purchases within the period."""
    import ibis

    days = sales(orders).select("member_id", "local_day").distinct()
    mine = ibis.window(group_by="member_id", order_by="local_day")
    before = days.mutate(before=days.local_day.lag().over(mine))
    counted = within(before.filter(before.before.notnull()), period)
    return (
        counted.mutate(gap=counted.local_day.delta(counted.before, unit="day").cast("int64"))
        .group_by("gap")
        .aggregate(purchases=lambda t: t.gap.count())
        .order_by("gap")
    )


def baskets(orders: ir.Table, period: Period) -> ir.Table:
    """(month, buyers, orders, net, lines, again): by month; `again` are buyers who had bought in the
    twelve months before."""
    import ibis

    bought = sales(orders)
    bought = bought.mutate(month=month_number(bought.local_day))
    mine = ibis.window(group_by="member_id", order_by="month")
    by_member = bought.group_by(["member_id", "month"]).aggregate(
        orders=bought.count(), net=bought.net.sum(), lines=bought.line_count.sum()
    )
    by_member = by_member.mutate(before=by_member.month.lag().over(mine))
    again = (by_member.before.notnull() & (by_member.month - by_member.before <= 12)).cast("int64")
    low, high = number_of(period.first), number_of(period.last)
    counted = by_member.mutate(again=again).filter((by_member.month >= low) & (by_member.month <= high))
    return (
        counted.group_by("month")
        .aggregate(
            buyers=counted.count(),
            orders=counted.orders.sum(),
            net=counted.net.sum(),
            lines=counted.lines.sum(),
            again=counted.again.sum(),
        )
        .order_by("month")
    )


def categories(lines: ir.Table, orders: ir.Table, period: Period) -> ir.Table:
    """(month, category, amount): sales by month and category (department where lines name none)."""
    import ibis

    kept = within(lines, period).semi_join(sales(orders), ["member_id", "order_id"])
    name = ibis.coalesce(kept.category.nullif(""), kept.department.nullif(""), ibis.literal(""))
    named = kept.mutate(group=name, month=month_number(kept.local_day))
    return named.group_by(["month", "group"]).aggregate(amount=named.amount.sum()).rename(category="group")


def steps(orders: ir.Table, members: ir.Table, period: Period, marks: tuple[int, ...]) -> ir.Table:
    """(nth, members, days): of those who joined in the period, how many ever made their nth purchase day, and the
    median days it took from the mark before. The first counts from joining (0 where she had bought before)."""
    import ibis

    joined = within(members, period, "joined_day").select("member_id", "joined_day")
    days = sales(orders).semi_join(joined, "member_id").select("member_id", "local_day").distinct()
    mine = ibis.window(group_by="member_id", order_by="local_day")
    numbered = days.mutate(nth=ibis.row_number().over(mine) + 1)
    marked = numbered.filter(numbered.nth.isin(marks)).join(joined, "member_id")
    marked = marked.mutate(before=marked.local_day.lag().over(mine))
    took = marked.local_day.delta(marked.before.coalesce(marked.joined_day), unit="day").cast("int64")
    took = ibis.greatest(took, 0)
    return (
        marked.mutate(took=took)
        .group_by("nth")
        .aggregate(members=lambda t: t.member_id.count(), days=lambda t: t.took.cast("float64").quantile(0.5))
        .order_by("nth")
    )
