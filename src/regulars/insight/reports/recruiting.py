"""Who came by which channel, store or member of staff, how many of them began to buy, and what they are worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from regulars.insight.reports import buying
from regulars.insight.reports.types import LEAST_GROUP, Ask, Column, Figure, Period, Report, Table
from regulars.kit.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir

BY: dict[str, Text] = {
    "channel": Text("渠道", "Channel"),
    "store": Text("门店", "Store"),
    "recruiter": Text("推荐人／员工", "Recruiter"),
}


def recruited(
    orders: ir.Table, members: ir.Table, *, by: str, period: Period, until: date, activation_days: int
) -> ir.Table:
    """(month, name, enrolled, ripe, activated, active_ripe, buyers, net) of those who joined in the period.

    `activated`: first purchase within `activation_days` of joining (a purchase of the day she joined counts; what
    she bought before does not). `ripe`: so many days have passed since she joined.
    """
    import ibis

    joined = buying.within(members, period, "joined_day").select("member_id", "joined_day", name=members[by])
    bought = buying.sales(orders).semi_join(joined, "member_id").select("member_id", "local_day", "net")
    since = bought.join(joined, "member_id")
    since = since.filter(since.local_day >= since.joined_day)
    each = since.group_by("member_id").aggregate(first=since.local_day.min(), net=since.net.sum())
    rows = joined.left_join(each, "member_id").drop("member_id_right")
    took = rows["first"].delta(rows.joined_day, unit="day")
    ripe = (ibis.date(until).delta(rows.joined_day, unit="day") >= activation_days).cast("int64")
    active = (took <= activation_days).cast("int64").coalesce(0)
    rows = rows.mutate(
        name=rows.name.coalesce(""), month=buying.month_number(rows.joined_day), ripe=ripe, active=active
    )
    return rows.group_by(["month", "name"]).aggregate(
        enrolled=rows.count(),
        ripe=rows.ripe.sum(),
        activated=rows.active.sum(),
        active_ripe=(rows.active * rows.ripe).sum(),
        buyers=rows["first"].count(),
        net=rows.net.coalesce(0).sum(),
    )


def recruitment(
    ask: Ask,
    orders: ir.Table,
    members: ir.Table,
    *,
    period: Period,
    until: date,
    activation_days: int,
    figures: Sequence[Figure],
    names: Mapping[str, Mapping[str, Text]],
) -> Report:
    """The report by channel (with entered cost), by store, by recruiter and by month."""
    tables, total = [], 0
    for by, title in BY.items():
        found = ask(
            recruited(orders, members, by=by, period=period, until=until, activation_days=activation_days)
        )
        summed = _sum(found, "name")
        total = max(total, sum(row["enrolled"] for row in summed.values()))
        costs = _costs(figures, period) if by == "channel" else {}
        rows = [
            _row(_name(names.get(by, {}), key), summed.get(key, {}), costs.get(key), key)
            for key in sorted({*summed, *costs}, key=lambda k: (-summed.get(k, {}).get("enrolled", 0), k))
        ]
        tables.append(
            Table(
                by,
                Text("按{t}", "By {t}").format(t=Text(title.zh, title.en.lower())),
                _columns(title, by),
                tuple(rows),
                note=_NOTE.format(n=activation_days),
            )
        )
        if by == "channel":
            months = _sum(found, "month")
            spent = _costs_by_month(figures, period)
            tables.append(
                Table(
                    "month",
                    Text("按月", "By month"),
                    _columns(Text("月份", "Month"), "month"),
                    tuple(
                        _row(buying.month_of(int(m)), months[m], spent.get(int(m)), str(m))
                        for m in sorted(months)
                    ),
                )
            )
    if total < LEAST_GROUP:
        return Report(
            "recruitment",
            period,
            lack=Text(
                "数据不足：期间入会 {n} 人，至少需要 {m} 人",
                "Not enough data: {n} joined in the period, {m} are needed",
            ).format(n=total, m=LEAST_GROUP),
        )
    return Report("recruitment", period, tuple(tables), rows=total, figures={"enrolled": total})


_NOTE = Text(
    "激活＝入会 {n} 天内首购；激活率只计入会已满 {n} 天的会员；价值为入会至今的净销售额；费用按渠道、按月录入",
    "Activated: bought within {n} days of joining; the rate counts those who joined at least "
    "{n} days ago; value: net sales since they joined; cost is entered by channel and month",
)


def _columns(title: Text, by: str) -> tuple[Column, ...]:
    return (
        Column(by, title, "month" if by == "month" else "text"),
        Column("enrolled", Text("入会", "Enrolled")),
        Column("activated", Text("激活", "Activated")),
        Column("rate", Text("激活率", "Activation rate"), "share"),
        Column("buyers", Text("至今购买过", "Bought so far")),
        Column("value", Text("至今价值", "Value so far"), "money"),
        Column("each", Text("人均价值", "Value per member"), "money"),
        Column("cost", Text("费用", "Cost"), "money"),
        Column("cost_each", Text("每个激活费用", "Cost per activated"), "money"),
        Column("return", Text("每元价值", "Value per cost"), "ratio"),
        Column("code", Text("代码", "Code"), "text"),
    )


def _row(name: Any, found: Mapping[str, int], cost: int | None, code: str) -> tuple[Any, ...]:
    enrolled, value = found.get("enrolled", 0), found.get("net", 0)
    ripe, activated = found.get("ripe", 0), found.get("activated", 0)
    return (
        name,
        enrolled,
        activated,
        found["active_ripe"] / ripe if ripe else None,
        found.get("buyers", 0),
        value,
        round(value / enrolled) if enrolled else None,
        cost,
        round(cost / activated) if cost is not None and activated else None,
        value / cost if cost else None,
        code,
    )


def _sum(found: list[dict[str, Any]], key: str) -> dict[Any, dict[str, int]]:
    summed: dict[Any, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in found:
        for name in ("enrolled", "ripe", "activated", "active_ripe", "buyers", "net"):
            summed[row[key]][name] += int(row[name] or 0)
    return summed


def _name(names: Mapping[str, Text], key: str) -> Text:
    return names.get(key, Text(key, key)) if key else Text("（未记录）", "(not recorded)")


def _costs(figures: Sequence[Figure], period: Period) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for one in _of(figures, period):
        found[one.channel] += one.amount
    return dict(found)


def _costs_by_month(figures: Sequence[Figure], period: Period) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for one in _of(figures, period):
        found[buying.number_of(one.month)] += one.amount
    return dict(found)


def _of(figures: Sequence[Figure], period: Period) -> list[Figure]:
    return [
        one
        for one in figures
        if one.kind == "recruitment" and period.first.replace(day=1) <= one.month <= period.last
    ]
