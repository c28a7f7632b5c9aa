"""The monthly report: the month beside the one before and the same one a year before, then what stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from regulars.insight.reports import buying
from regulars.insight.reports.types import Column, Kind, Period, Report, Table
from regulars.kit.periods import add_months, end_of_month
from regulars.kit.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir

# Reports over the thirteen months up to the month, and over the month alone.
OVER_YEAR = ("baskets", "programme", "retention", "drift")
OF_MONTH = ("recruitment",)
_BEHIND = (
    ("baskets", "months"), ("programme", "months"), ("retention", "cohorts"), ("drift", "moves"),
    ("recruitment", "channel"), ("recruitment", "store"),
)  # fmt: skip
_MOST_ROWS = 15
# (key, words, kind, report, column)
_FIGURES: tuple[tuple[str, Text, Kind, str, str], ...] = (
    ("sales", Text("会员销售额", "Sales to members"), "money", "baskets", "sales"),
    ("orders", Text("订单", "Orders"), "count", "baskets", "orders"),
    ("buyers", Text("购买会员", "Members who bought"), "count", "baskets", "buyers"),
    ("order_value", Text("客单价", "Order value"), "money", "baskets", "order_value"),
    ("frequency", Text("人均订单", "Orders per buyer"), "number", "baskets", "frequency"),
    ("again", Text("复购率", "Repurchase rate"), "share", "baskets", "again"),
    ("member_share", Text("会员销售占比", "Members' share of sales"), "share", "programme", "member_share"),
    ("wake_up", Text("唤醒率", "Wake-up rate"), "share", "programme", "wake_up"),
    ("cost", Text("已知成本", "Known cost"), "money", "programme", "cost"),
    ("extra_margin", Text("增量毛利（按假设）", "Extra margin (as assumed)"), "money", "programme", "extra_margin"),
)  # fmt: skip


def month_of(month: Any) -> Period:
    """The calendar month that a day lies in."""
    return Period(month.replace(day=1), end_of_month(month) - timedelta(days=1))


def by_whole_months(period: Period, today: date) -> Period:
    """The months that a period touches, up to today: for what is told by month and held against what was entered."""
    return Period(period.first.replace(day=1), min(month_of(period.last).last, today))


def year_to(month: Period) -> Period:
    """The month with the twelve before it."""
    return Period(add_months(month.first, -12), month.last)


def joined_by_month(members: ir.Table, period: Period) -> ir.Table:
    """(month, members) who joined."""
    joined = buying.within(members, period, "joined_day")
    numbered = joined.mutate(month=buying.month_number(joined.joined_day))
    return numbered.group_by("month").aggregate(members=numbered.count())


def compose(
    month: Period,
    parts: Mapping[str, Report],
    joined: Mapping[int, int],
    extra: tuple[tuple[str, Table], ...],
) -> Report:
    """The month's figures, then the tables behind them, keyed `report.table`."""
    this = buying.number_of(month.first)
    numbers = (this, this - 1, this - 12)
    if parts["baskets"].lack is not None:
        return Report("monthly", month, lack=parts["baskets"].lack)
    known = _by_month(parts["baskets"], "sales")  # nobody joined in a month that is known: that is a nought
    came = (("count", joined.get(n, 0 if n in known else None)) for n in numbers)
    rows: list[tuple[Any, ...]] = [(Text("新入会", "New members"), *came, "joined")]
    for key, words, kind, report, column in _FIGURES:
        by_month = _by_month(parts[report], column)
        rows.append((words, *((kind, by_month.get(n)) for n in numbers), key))
    figures = Table(
        "figures",
        Text("本月与上月、去年同月", "This month, the month before, a year before"),
        (
            Column("figure", Text("指标", "Figure"), "text"),
            Column("month", Text("本月", "This month"), "mixed"),
            Column("before", Text("上月", "Month before"), "mixed"),
            Column("year_before", Text("去年同月", "A year before"), "mixed"),
            Column("code", Text("代码", "Code"), "text"),
        ),
        tuple(rows),
        _headline(parts["baskets"], this),
    )
    behind = [
        _short(f"{name}.{key}", parts[name].table(key)) for name, key in _BEHIND if parts[name].lack is None
    ]
    return Report(
        "monthly",
        month,
        (figures, *behind, *(_short(key, table) for key, table in extra)),
        rows=parts["baskets"].rows,
    )


def _by_month(report: Report, column: str) -> dict[int, Any]:
    if report.lack is not None:
        return {}
    table = report.table("months")
    days = table.column("month")
    return {buying.number_of(d): v for d, v in zip(days, table.column(column), strict=True)}


def _headline(baskets: Report, this: int) -> Text:
    sales = _by_month(baskets, "sales")
    now, before = sales.get(this), sales.get(this - 1)
    if not now or not before:
        return Text("", "")
    change = (now - before) / before
    word = Text("增长" if change >= 0 else "下降", "rose" if change >= 0 else "fell")
    return Text("会员销售额比上月{w} {p}", "Sales to members {w} by {p} against the month before").format(
        w=word, p=f"{abs(change) * 100:.1f}%"
    )


def _short(key: str, table: Table) -> Table:
    rows = table.rows if table.columns[0].kind == "month" else table.rows[:_MOST_ROWS]
    return Table(key, table.title, table.columns, rows, table.message, table.note)
