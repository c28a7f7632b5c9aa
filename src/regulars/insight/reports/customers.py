"""Reports on how members come back, how often and for how much they buy, and what sets the best apart."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from regulars.insight.reports import buying
from regulars.insight.reports.types import LEAST_GROUP, Ask, Column, Period, Report, Table
from regulars.kit.periods import add_months, end_of_month
from regulars.kit.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir

MONTH = Column("month", Text("月份", "Month"), "month")
MEMBERS = Column("members", Text("会员数", "Members"))
SHARE = Column("share", Text("占比", "Share"), "share")
CATEGORY_CODE = Column("category_code", Text("品类编码", "Category code"), "text")
_GAPS = ((1, 3), (4, 7), (8, 14), (15, 30), (31, 45), (46, 60), (61, 90), (91, 180), (181, 365), (366, None))
_LEAST_BUYERS = 30


def whole_months(period: Period) -> Period:
    """The months that lie wholly within the period; the period itself where none does."""
    first = period.first if period.first.day == 1 else end_of_month(period.first)
    last = (
        period.last
        if end_of_month(period.last) == period.last + timedelta(days=1)
        else (period.last.replace(day=1) - timedelta(days=1))
    )
    return Period(first, last) if first < last else period


def too_few(have: int, need: int) -> Text:
    return Text(
        "数据不足：目前 {have} 位购买会员，至少需要 {need} 位",
        "Not enough data: {have} buyers, {need} are needed",
    ).format(have=have, need=need)


def retention(ask: Ask, orders: ir.Table, *, period: Period) -> Report:
    """Cohorts of first purchase: who bought again so many months later; cells of unfinished months stay empty."""
    months = whole_months(period)
    low, high = buying.number_of(months.first), buying.number_of(months.last)
    found = {
        (int(r["cohort"]), int(r["age"])): r
        for r in ask(buying.cohorts(buying.within(orders, Period(date(1970, 1, 1), months.last))))
    }
    sizes = {cohort: int(r["members"]) for (cohort, age), r in found.items() if age == 0 and cohort >= low}
    if sum(sizes.values()) < _LEAST_BUYERS:
        return Report("retention", period, lack=too_few(sum(sizes.values()), _LEAST_BUYERS))
    ages = range(high - low + 1)
    kept, money = [], []
    for cohort in sorted(sizes):
        size, present = sizes[cohort], [found.get((cohort, age)) for age in ages]
        told = [cohort + age <= high and size >= LEAST_GROUP for age in ages]
        shares = [
            (int(r["members"]) if r else 0) / size if ok else None
            for r, ok in zip(present, told, strict=True)
        ]
        spent = [
            round((int(r["net"]) if r else 0) / size) if ok else None
            for r, ok in zip(present, told, strict=True)
        ]
        kept.append((buying.month_of(cohort), size, *shares))
        money.append((buying.month_of(cohort), size, *spent))
    followed = [(sizes[cohort], found.get((cohort, 1))) for cohort in sorted(sizes) if cohort < high]
    members = sum(size for size, _ in followed)
    came = sum(int(row["members"]) for _, row in followed if row)
    next_month = came / members if members else None
    columns = (Column("cohort", Text("首购月份", "First bought in"), "month"), MEMBERS)
    return Report(
        "retention",
        months,
        rows=sum(sizes.values()),
        figures={"next_month": next_month},
        tables=(
            Table(
                "cohorts",
                Text(
                    "首购后各月仍在购买的会员占比", "Share of members still buying, by month after the first"
                ),
                (*columns, *(Column(f"m{n}", Text(f"第 {n} 月", f"Month {n}"), "share") for n in ages)),
                tuple(kept),
                percent(
                    Text("首购次月有 {p} 的会员再次购买", "{p} buy again in the month after their first"),
                    next_month,
                ),
                Text(
                    "同期群为首次购买的自然月；不足 10 人的群不显示比例；未结束的月份不计",
                    "A cohort is the calendar month of the first purchase; cohorts under 10 show no shares; "
                    "unfinished months are left out",
                ),
            ),
            Table(
                "spend",
                Text("首购后各月人均消费", "Spend per member of the cohort, by month"),
                (*columns, *(Column(f"m{n}", Text(f"第 {n} 月", f"Month {n}"), "money") for n in ages)),
                tuple(money),
            ),
        ),
    )


def intervals(ask: Ask, orders: ir.Table, *, period: Period) -> Report:
    """How many days lie between purchases, with the percentiles that thresholds of stages can be set by."""
    found = [(int(r["gap"]), int(r["purchases"])) for r in ask(buying.gaps(orders, period))]
    total = sum(n for _, n in found)
    if total < _LEAST_BUYERS:
        return Report(
            "intervals",
            period,
            lack=Text(
                "数据不足：目前 {n} 次复购，至少需要 {m} 次",
                "Not enough data: {n} repurchases, {m} are needed",
            ).format(n=total, m=_LEAST_BUYERS),
        )
    rows, seen = [], 0
    for low, high in _GAPS:
        count = sum(n for gap, n in found if gap >= low and (high is None or gap <= high))
        seen += count
        name = (
            Text(f"{low} 天以上", f"{low}+ days")
            if high is None
            else Text(f"{low}–{high} 天", f"{low}–{high} days")
        )
        rows.append((name, count, count / total, seen / total))
    middle, p80, p90 = (percentile(found, total, p) for p in (0.5, 0.8, 0.9))
    return Report(
        "intervals",
        period,
        rows=total,
        figures={"median": middle, "p80": p80, "p90": p90},
        tables=(
            Table(
                "gaps",
                Text("两次购买之间的天数", "Days between purchases"),
                (
                    Column("gap", Text("间隔", "Gap"), "text"),
                    Column("purchases", Text("复购次数", "Repurchases")),
                    SHARE,
                    Column("cumulative", Text("累计占比", "Cumulative"), "share"),
                ),
                tuple(rows),
                Text(
                    "一半的复购发生在 {a} 天内，九成在 {b} 天内",
                    "Half of all repurchases come within {a} days, nine of ten within {b}",
                ).format(a=middle, b=p90),
                Text(
                    "同一天的多笔订单算一次购买；整单退回的订单不计",
                    "Orders of one day are one purchase; orders given back whole are left out",
                ),
            ),
        ),
    )


def percentile(found: list[tuple[int, int]], total: int, share: float) -> int:
    """The least gap within which `share` of all repurchases came."""
    seen = 0
    for gap, count in sorted(found):
        seen += count
        if seen >= share * total:
            return gap
    return 0


def baskets(ask: Ask, orders: ir.Table, *, period: Period) -> Report:
    """Order value, frequency and repurchase by month."""
    rows: list[tuple[Any, ...]] = []
    for r in ask(buying.baskets(orders, period)):
        buyers, count, net = int(r["buyers"]), int(r["orders"]), int(r["net"])
        rows.append(
            (
                buying.month_of(int(r["month"])),
                buyers,
                count,
                net,
                round(net / count),
                count / buyers,
                int(r["lines"]) / count,
                int(r["again"]) / buyers,
            )
        )
    if sum(row[2] for row in rows) < _LEAST_BUYERS:
        return Report("baskets", period, lack=too_few(sum(row[1] for row in rows), _LEAST_BUYERS))
    buyers, count, net = (sum(row[n] for row in rows) for n in (1, 2, 3))
    return Report(
        "baskets",
        period,
        rows=count,
        figures={"order_value": round(net / count), "frequency": count / buyers},
        tables=(
            Table(
                "months",
                Text("客单价与购买频次", "Order value and frequency"),
                (
                    MONTH,
                    Column("buyers", Text("购买会员", "Buyers")),
                    Column("orders", Text("订单", "Orders")),
                    Column("sales", Text("销售额", "Sales"), "money"),
                    Column("order_value", Text("客单价", "Order value"), "money"),
                    Column("frequency", Text("人均订单", "Orders per buyer"), "number"),
                    Column("lines", Text("每单品项", "Lines per order"), "number"),
                    Column("again", Text("复购率", "Repurchase rate"), "share"),
                ),
                tuple(rows),
                Text("购买会员平均每月下单 {f} 次", "Members who buy place {f} orders a month").format(
                    f=f"{count / buyers:.1f}"
                ),
                Text(
                    "销售额已扣除退款；复购率＝当月购买会员中此前 12 个月内买过的占比；首尾两月可能不是整月",
                    "Sales without what was refunded; repurchase rate: the share of the month's buyers who had "
                    "bought in the twelve months before; the first and last month may not be whole",
                ),
            ),
        ),
    )


def recent_year(until: date) -> Period:
    """The twelve months that end with the month of `until`, up to that day."""
    return Period(add_months(until.replace(day=1), -11), until)


def percent(text: Text, share: float | None) -> Text:
    return Text("", "") if share is None else text.format(p=f"{share * 100:.0f}%")
