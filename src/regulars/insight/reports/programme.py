"""What the programme brings and costs, month by month: shares, rates, costs known and stated, return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from regulars.insight.reports import buying
from regulars.insight.reports.customers import too_few
from regulars.insight.reports.types import Ask, Assumptions, Column, Figure, Period, Report, Table
from regulars.kit.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir


def woken(orders: ir.Table, period: Period, dormant_days: int) -> ir.Table:
    """(month, dormant, woken): who had bought, but not for more than `dormant_days` when the month began, and how
    many of them bought within it."""
    import ibis

    days = buying.sales(orders).select("member_id", "local_day").distinct()
    months = ibis.range(
        ibis.literal(buying.number_of(period.first)), ibis.literal(buying.number_of(period.last) + 1), 1
    )
    starts = months.unnest().name("month").as_table()
    start = ibis.date(
        (starts.month // 12).cast("int32"), (starts.month % 12 + 1).cast("int32"), ibis.literal(1, "int32")
    )
    starts = starts.mutate(start=start)
    before = (
        days.join(starts, days.local_day < starts.start)
        .group_by(["member_id", "month", "start"])
        .aggregate(last=lambda t: t.local_day.max())
    )
    asleep = before.filter(before.start.delta(before["last"], unit="day") > dormant_days)
    active = days.mutate(month=buying.month_number(days.local_day)).select("member_id", "month").distinct()
    active = active.mutate(came=1)
    return (
        asleep.left_join(active, ["member_id", "month"])
        .group_by("month")
        .aggregate(dormant=lambda t: t.member_id.count(), woken=lambda t: t.came.coalesce(0).sum())
        .order_by("month")
    )


def spent_points(entries: ir.Table, units: Sequence[str], period: Period) -> ir.Table:
    """(month, points) spent, what was given back taken off."""
    spent = buying.within(
        entries.filter((entries.contra == "redeemed") & entries.unit.isin(list(units))), period
    )
    return (
        spent.mutate(month=buying.month_number(spent.local_day))
        .group_by("month")
        .aggregate(points=lambda t: -t.amount.sum())
    )


def coupon_discounts(orders: ir.Table, period: Period) -> ir.Table:
    """(month, discount) of orders that used a coupon."""
    used = buying.within(buying.sales(orders), period)
    used = used.filter(used.coupon_used)
    return (
        used.mutate(month=buying.month_number(used.local_day))
        .group_by("month")
        .aggregate(discount=lambda t: t.discount.sum())
    )


def programme(
    ask: Ask,
    orders: ir.Table,
    entries: ir.Table,
    *,
    period: Period,
    units: Sequence[str],
    figures: Sequence[Figure],
    assumptions: Assumptions,
    dormant_days: int,
) -> Report:
    """Members' share of sales, repurchase, order value, wake-up rate, cost and margin by month. What was not entered
    or assumed stays empty; nothing is made up for it."""
    bought = {int(r["month"]): r for r in ask(buying.baskets(orders, period))}
    count = sum(int(r["orders"]) for r in bought.values())
    if not count:
        return Report("programme", period, lack=too_few(0, 1))
    asleep = {int(r["month"]): r for r in ask(woken(orders, period, dormant_days))}
    points = _by_month(ask(spent_points(entries, units, period)), "points") if units else {}
    coupons = _by_month(ask(coupon_discounts(orders, period)), "discount")
    rows = [
        _month(
            month,
            bought.get(month),
            asleep.get(month),
            points.get(month, 0),
            coupons.get(month, 0),
            figures,
            assumptions,
        )
        for month in range(buying.number_of(period.first), buying.number_of(period.last) + 1)
    ]
    total = _totals(rows)
    return Report(
        "programme",
        period,
        rows=count,
        figures=total | assumptions.to_json(),
        tables=(_table(rows, total),),
    )


_COLUMNS = (
    Column("month", Text("月份", "Month"), "month"),
    Column("sales", Text("会员销售额", "Sales to members"), "money"),
    Column("member_share", Text("会员销售占比", "Members' share of sales"), "share"),
    Column("repurchase", Text("复购率", "Repurchase rate"), "share"),
    Column("order_value", Text("客单价", "Order value"), "money"),
    Column("dormant", Text("月初沉睡会员", "Dormant at the start")),
    Column("wake_up", Text("唤醒率", "Wake-up rate"), "share"),
    Column("points_cost", Text("积分成本", "Cost of points"), "money"),
    Column("coupon_cost", Text("优惠券成本", "Cost of coupons"), "money"),
    Column("benefit_cost", Text("权益成本", "Cost of benefits"), "money"),
    Column("other_cost", Text("其他成本", "Other cost"), "money"),
    Column("cost", Text("已知成本合计", "Known cost"), "money"),
    Column("extra_margin", Text("增量毛利", "Incremental margin"), "money"),
    Column("result", Text("净回报", "Return"), "money"),
)
_KEYS = [column.key for column in _COLUMNS]


def _month(
    month: int,
    bought: Mapping[str, Any] | None,
    asleep: Mapping[str, Any] | None,
    points: int,
    coupons: int,
    figures: Sequence[Figure],
    assumed: Assumptions,
) -> tuple[Any, ...]:
    day = buying.month_of(month)

    def entered(kind: str) -> int | None:
        given = [one.amount for one in figures if one.kind == kind and one.month == day]
        return sum(given) if given else None

    sales = int(bought["net"]) if bought else 0
    everybody = entered("total_sales")
    buyers, dormant = int(bought["buyers"]) if bought else 0, int(asleep["dormant"]) if asleep else 0
    points_cost = None if assumed.point_cost is None else round_half_up(points * assumed.point_cost, 100)
    benefits, other = entered("benefit_cost"), entered("other_cost")
    known = sum(one or 0 for one in (points_cost, coupons, benefits, other))
    cost = known if bought or known else None  # a month before there was anything costs nothing that is known
    margin = None
    if bought and assumed.margin_permille is not None and assumed.extra_permille is not None:
        margin = round_half_up(sales * assumed.margin_permille * assumed.extra_permille, 1_000_000)
    result = None if margin is None or points_cost is None or cost is None else margin - cost
    return (
        day,
        sales,
        sales / everybody if everybody else None,
        int(bought["again"]) / buyers if bought and buyers else None,
        round_half_up(sales, int(bought["orders"])) if bought else None,
        dormant,
        int(asleep["woken"]) / dormant if asleep and dormant else None,
        points_cost,
        coupons,
        benefits,
        other,
        cost,
        margin,
        result,
    )


def round_half_up(over: int, under: int) -> int:
    """Money of a rate: halves go up (away from zero for what is owed to nobody)."""
    return (2 * over + under) // (2 * under)


def _totals(rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in (
        "sales",
        "points_cost",
        "coupon_cost",
        "benefit_cost",
        "other_cost",
        "cost",
        "extra_margin",
        "result",
    ):
        given = [row[_KEYS.index(key)] for row in rows if row[_KEYS.index(key)] is not None]
        found[key] = sum(given) if given else None
    told = [(row[1], row[1] / row[2]) for row in rows if row[2]]
    found["member_share"] = sum(s for s, _ in told) / sum(t for _, t in told) if told else None
    return found


def _table(rows: list[tuple[Any, ...]], total: Mapping[str, Any]) -> Table:
    message = Text("", "")
    if total["result"] is not None and total["cost"]:
        message = Text(
            "每 1 元会员成本带来 {x} 元增量毛利（按所填假设）",
            "Each 1 spent on the programme brings {x} of extra margin (as assumed)",
        ).format(x=f"{total['extra_margin'] / total['cost']:.2f}")
    return Table(
        "months",
        Text("会员体系的收益与成本", "What the programme brings and costs"),
        _COLUMNS,
        tuple(rows),
        message,
        Text(
            "会员销售占比需要录入全部销售额；积分成本按所填每 100 分成本；增量毛利＝会员销售额×假设的增量占比×毛利率；"
            "唤醒率＝月初沉睡会员中当月购买的占比；空格表示未录入",
            "Members' share needs the sales of everybody to be entered; points cost what 100 of them "
            "are stated to cost; incremental margin = sales to members × assumed extra part × gross "
            "margin; wake-up rate: the share of members dormant when the month began who bought within "
            "it; empty: not entered",
        ),
    )


def _by_month(rows: Sequence[Mapping[str, Any]], key: str) -> dict[int, int]:
    return {int(row["month"]): int(row[key] or 0) for row in rows}
