"""Reports on what members like, how far they come, and what sets the best apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from regulars.insight.reports import buying, traits
from regulars.insight.reports.customers import (
    CATEGORY_CODE,
    MEMBERS,
    MONTH,
    SHARE,
    percent,
    too_few,
    whole_months,
)
from regulars.insight.reports.types import LEAST_GROUP, Ask, Column, Period, Report, Table
from regulars.kit.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir

_NOTHING = Text("", "")
_STEPS = (1, 2, 3, 5, 10)
_MOST_CATEGORIES = 8


def drift(ask: Ask, lines: ir.Table, orders: ir.Table, *, period: Period) -> Report:
    """How the shares of categories move: the eight largest by month, and what changed most between two halves."""
    months = whole_months(period)
    sold: dict[tuple[int, str], int] = {}
    for r in ask(buying.categories(lines, orders, months)):
        sold[int(r["month"]), str(r["category"])] = int(r["amount"])
    by_category: dict[str, int] = {}
    by_month: dict[int, int] = {}
    for (month, category), amount in sold.items():
        by_category[category] = by_category.get(category, 0) + amount
        by_month[month] = by_month.get(month, 0) + amount
    by_category.pop("", None)
    if len(by_month) < 2 or not by_category:
        return Report(
            "drift",
            months,
            lack=Text(
                "数据不足：至少需要两个完整月份、且订单行带品类",
                "Not enough data: two whole months of orders whose lines name a category are needed",
            ),
        )
    largest = sorted(by_category, key=lambda c: (-by_category[c], c))[:_MOST_CATEGORIES]
    numbers = sorted(by_month)
    shares = tuple(
        (
            buying.month_of(m),
            *(sold.get((m, c), 0) / by_month[m] for c in largest),
            1 - sum(sold.get((m, c), 0) for c in largest) / by_month[m],
        )
        for m in numbers
    )
    half = len(numbers) // 2
    early, late = numbers[:half], numbers[-half:]
    moves = []
    for category in by_category:
        before = sum(sold.get((m, category), 0) for m in early) / sum(by_month[m] for m in early)
        after = sum(sold.get((m, category), 0) for m in late) / sum(by_month[m] for m in late)
        moves.append((category, before, after, after - before))
    moves.sort(key=lambda row: (-abs(row[3]), row[0]))
    top = moves[0]
    word = Text("上升" if top[3] > 0 else "下降", "gained" if top[3] > 0 else "lost")
    return Report(
        "drift",
        months,
        rows=len(sold),
        tables=(
            Table(
                "shares",
                Text("品类占销售额的比例", "Categories' share of sales"),
                (
                    MONTH,
                    *(Column(f"c{n}", Text(c, c), "share", c) for n, c in enumerate(largest)),
                    Column("other", Text("其他", "Others"), "share"),
                ),
                shares,
                Text("{{category}}的占比{w}最多：{p} 个百分点", "{{category}} {w} most: {p} points").format(
                    w=word, p=f"{abs(top[3]) * 100:.1f}"
                ),
                told=top[0],
            ),
            Table(
                "moves",
                Text("占比变化最大的品类", "Categories that moved most"),
                (
                    Column("category", Text("品类", "Category"), "text"),
                    Column("before", Text("前半段占比", "First half"), "share"),
                    Column("after", Text("后半段占比", "Second half"), "share"),
                    Column("change", Text("变化", "Change"), "share"),
                    CATEGORY_CODE,
                ),
                tuple((*row, row[0]) for row in moves[:15]),
                note=Text(
                    "期间的月份分成前后两半比较", "The months of the period, first half against second half"
                ),
            ),
        ),
    )


def funnel(ask: Ask, orders: ir.Table, members: ir.Table, *, period: Period) -> Report:
    """From joining to the tenth purchase, of those who joined in the period."""
    joined = int(
        ask(buying.within(members, period, "joined_day").aggregate(n=lambda t: t.member_id.count()))[0]["n"]
    )
    if joined < LEAST_GROUP:
        return Report(
            "funnel",
            period,
            lack=Text(
                "数据不足：期间入会 {n} 人，至少需要 {m} 人",
                "Not enough data: {n} joined in the period, {m} are needed",
            ).format(n=joined, m=LEAST_GROUP),
        )
    found = {int(r["nth"]): r for r in ask(buying.steps(orders, members, period, _STEPS))}
    rows: list[tuple[Any, ...]] = [(Text("入会", "Joined"), joined, 1.0, None, None)]
    before = joined
    for nth in _STEPS:
        count = int(found[nth]["members"]) if nth in found else 0
        days = float(found[nth]["days"]) if nth in found else None
        name = (
            Text("首次购买", "First purchase")
            if nth == 1
            else Text(f"第 {nth} 次购买", f"{_ordinal(nth)} purchase")
        )
        rows.append((name, count, count / joined, count / before if before else None, days))
        before = count
    return Report(
        "funnel",
        period,
        rows=joined,
        figures={"activated": rows[1][2], "second": rows[2][3]},
        tables=(
            Table(
                "steps",
                Text("从入会到多次购买", "From joining to many purchases"),
                (
                    Column("step", Text("阶段", "Step"), "text"),
                    MEMBERS,
                    Column("share", Text("占入会", "Of those who joined"), "share"),
                    Column("previous", Text("上一步转化", "Of the step before"), "share"),
                    Column("days", Text("中位用时（天）", "Median days"), "days"),
                ),
                tuple(rows),
                percent(
                    Text("首购会员中 {p} 买了第二次", "{p} of first-time buyers bought a second time"),
                    rows[2][3],
                ),
                Text(
                    "期间入会的会员，至今的购买；越晚入会的会员时间越短",
                    "Those who joined in the period and what they bought up to now; who joined late had less "
                    "time",
                ),
            ),
        ),
    )


def high_value(
    ask: Ask,
    orders: ir.Table,
    lines: ir.Table,
    members: ir.Table,
    *,
    until: date,
    names: traits.Names = traits.NO_NAMES,
) -> Report:
    """What the tenth who spent most in the last year have that other buyers do not."""
    period = year_before(until)
    rows = ask(
        traits.counts(
            traits.trait_rows(orders, lines, members, until), traits.top_decile(orders, members, until)
        )
    )
    compared = traits.compare(rows)
    buyers = sum(int(r["members"]) for r in rows if r["trait"] == "frequency")
    inside = sum(int(r["inside"]) for r in rows if r["trait"] == "frequency")
    if inside < LEAST_GROUP:
        return Report("traits", period, lack=too_few(buyers, LEAST_GROUP * 10))
    telling = [c for c in compared if c.is_sure and c.trait not in ("frequency", "recency", "basket")]
    best = max(telling, key=lambda c: c.lift, default=None)
    message = _NOTHING
    if best is not None:
        message = Text(
            "高价值会员中「{t}：{v}」的比例是其他会员的 {x} 倍",
            "“{t}: {v}” is {x} times as common among high-value members",
        ).format(t=traits.TRAITS[best.trait], v=_said(best, names), x=f"{best.lift:.1f}")
    return Report(
        "traits",
        period,
        rows=buyers,
        figures={"top": inside, "buyers": buyers},
        tables=(traits_table(compared, message, names, best),),
    )


def traits_table(
    compared: list[traits.Compared],
    message: Text = _NOTHING,
    names: traits.Names = traits.NO_NAMES,
    told: traits.Compared | None = None,
) -> Table:
    """`told`: the one that the message tells of."""
    return Table(
        "traits",
        Text("与其他会员相比", "Compared with other members"),
        (
            Column("trait", Text("特征", "Trait"), "text"),
            Column("value", Text("取值", "Value"), "text"),
            MEMBERS,
            SHARE,
            Column("rest", Text("其他会员占比", "Share of others"), "share"),
            Column("lift", Text("倍数", "Lift"), "ratio"),
            Column("low", Text("下限", "Low"), "ratio"),
            Column("high", Text("上限", "High"), "ratio"),
            CATEGORY_CODE,
            Column("code", Text("代码", "Code"), "text"),
        ),
        tuple(
            (
                traits.TRAITS[c.trait],
                traits.name_of(c.trait, c.value, names),
                c.members,
                c.share,
                c.rest_share,
                c.lift,
                c.low,
                c.high,
                c.value if c.trait == "category" else None,
                f"{c.trait}:{c.value}",
            )
            for c in compared
        ),
        message,
        Text(
            "过去 365 天有购买、且未关闭画像的会员；少于 10 人的取值不显示；上下限为 95% 置信区间",
            "Members who bought in the last 365 days and may be profiled; values of fewer than 10 "
            "members are not shown; low and high are the 95 % interval",
        ),
        told.value if told is not None and told.trait == "category" else "",
    )


def _said(one: traits.Compared, names: traits.Names) -> Text:
    """A trait's value in a message: a category is named when the report is read."""
    return (
        Text("{category}", "{category}")
        if one.trait == "category"
        else traits.name_of(one.trait, one.value, names)
    )


def year_before(until: date) -> Period:
    """The days that traits look at."""
    return Period(until - timedelta(days=traits.WINDOW_DAYS - 1), until)


def group_too_small(have: int) -> Text:
    return Text(
        "人数太少：为保护隐私，至少 {m} 位近一年有购买、且未关闭画像的会员才显示（现有 {n} 位）",
        "Too few: a profile needs {m} members who bought in the last year and may be profiled ({n} now)",
    ).format(m=LEAST_GROUP, n=have)


def told_apart(compared: list[traits.Compared], name: Text, names: traits.Names = traits.NO_NAMES) -> Text:
    """The trait that sets a group apart most, where any surely does."""
    best = max((c for c in compared if c.is_sure), key=lambda c: c.lift, default=None)
    if best is None:
        return _NOTHING
    return Text(
        "「{g}」中「{t}：{v}」的比例是全体会员的 {x} 倍",
        "“{t}: {v}” is {x} times as common in {g} as among everybody",
    ).format(
        g=name,
        t=traits.TRAITS[best.trait],
        v=traits.name_of(best.trait, best.value, names),
        x=f"{best.lift:.1f}",
    )


def reasons(
    rows: Sequence[tuple[str, int, float]],
    *,
    names: Mapping[str, Text],
    scored: int,
    at_risk: int,
    period: Period,
) -> Report:
    """Why members are likely to stay away: (reason, members, mean weight) of those at risk, the most frequent first."""
    told = sorted((row for row in rows if row[1] >= LEAST_GROUP), key=lambda r: (-r[1], r[0]))
    if not told:
        return Report(
            "reasons",
            period,
            lack=Text(
                "还没有流失原因：流失模型运行后显示，且每个原因至少 {m} 位会员",
                "No churn reasons yet: they show after the churn model has run, for {m} members or more each",
            ).format(m=LEAST_GROUP),
        )
    first = told[0]
    name = names.get(first[0], Text(first[0], first[0]))
    return Report(
        "reasons",
        period,
        rows=scored,
        figures={"scored": scored, "at_risk": at_risk},
        tables=(
            Table(
                "reasons",
                Text("高流失风险会员的主要原因", "Why members at risk may stay away"),
                (
                    Column("reason", Text("原因", "Reason"), "text"),
                    MEMBERS,
                    SHARE,
                    Column("weight", Text("平均影响", "Mean weight"), "number"),
                    Column("code", Text("代码", "Code"), "text"),
                ),
                tuple(
                    (names.get(c, Text(c, c)), n, n / at_risk if at_risk else None, w, c) for c, n, w in told
                ),
                Text("最常见的原因是「{r}」，涉及 {n} 位会员", "Most common: {r}, of {n} members").format(
                    r=name, n=first[1]
                ),
                Text(
                    "高风险＝流失模型给出的 60 天不购买概率不低于 50%；一位会员可有多个原因；少于 10 人的原因不显示",
                    "At risk: the churn model says 50 % or more for no purchase in 60 days; a member may have several "
                    "reasons; reasons of fewer than 10 members are not shown",
                ),
            ),
        ),
    )


def _ordinal(n: int) -> str:
    return {2: "Second", 3: "Third", 5: "Fifth", 10: "Tenth"}[n]
