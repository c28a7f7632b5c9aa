"""What sets a group of members apart from everybody else: bands of behaviour, their shares, lift and interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from regulars.insight.reports.buying import sales, within
from regulars.insight.reports.types import LEAST_GROUP, Period
from regulars.kit.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir

TRAITS: dict[str, Text] = {
    "frequency": Text("购买频次", "How often"),
    "basket": Text("客单价", "Order value"),
    "recency": Text("最近购买", "Last purchase"),
    "tenure": Text("会龄", "Member for"),
    "category": Text("最爱品类", "Favourite category"),
    "breadth": Text("品类宽度", "Breadth of categories"),
    "daypart": Text("常购时段", "Time of day"),
    "weekend": Text("周末购买", "Weekends"),
    "channel": Text("常用渠道", "Channel"),
    "store": Text("常去门店", "Store"),
    "coupon": Text("用券习惯", "Coupons"),
    "tier": Text("等级", "Tier"),
    "joined_by": Text("入会渠道", "Joined by"),
}
# Values that are codes of ours; others (categories, stores, tiers) are the brand's own words.
VALUES: dict[str, Text] = {
    "frequency:1": Text("1 次", "Once"),
    "frequency:2": Text("2–5 次", "2–5 times"),
    "frequency:3": Text("6–11 次", "6–11 times"),
    "frequency:4": Text("12–51 次", "12–51 times"),
    "frequency:5": Text("52 次及以上", "52 times or more"),
    "basket:1": Text("最低四分之一", "Lowest quarter"),
    "basket:2": Text("中下四分之一", "Second quarter"),
    "basket:3": Text("中上四分之一", "Third quarter"),
    "basket:4": Text("最高四分之一", "Highest quarter"),
    "recency:1": Text("30 天内", "Within 30 days"),
    "recency:2": Text("31–90 天", "31–90 days"),
    "recency:3": Text("91–180 天", "91–180 days"),
    "recency:4": Text("超过 180 天", "More than 180 days"),
    "tenure:1": Text("不足 3 个月", "Under 3 months"),
    "tenure:2": Text("3–12 个月", "3–12 months"),
    "tenure:3": Text("1–3 年", "1–3 years"),
    "tenure:4": Text("3 年以上", "Over 3 years"),
    "breadth:1": Text("1–2 个品类", "1–2 categories"),
    "breadth:2": Text("3–5 个品类", "3–5 categories"),
    "breadth:3": Text("6–10 个品类", "6–10 categories"),
    "breadth:4": Text("10 个品类以上", "More than 10 categories"),
    "daypart:morning": Text("早晨（5–11 点）", "Morning (5–11)"),
    "daypart:noon": Text("中午（11–14 点）", "Noon (11–14)"),
    "daypart:afternoon": Text("下午（14–18 点）", "Afternoon (14–18)"),
    "daypart:evening": Text("晚上（18–22 点）", "Evening (18–22)"),
    "daypart:night": Text("夜间（22–5 点）", "Night (22–5)"),
    "weekend:yes": Text("多在周末", "Mostly weekends"),
    "weekend:no": Text("多在工作日", "Mostly weekdays"),
    "coupon:none": Text("从不用券", "Never uses coupons"),
    "coupon:some": Text("偶尔用券", "Sometimes uses coupons"),
    "coupon:most": Text("多数订单用券", "Uses coupons mostly"),
}
WINDOW_DAYS = 365
Names = Mapping[str, Mapping[str, Text]]
NO_NAMES: Names = {}


@dataclass(frozen=True, slots=True)
class Compared:
    """A trait's value: shares in the group and in the rest, the lift (share over share) and its 95 % interval."""

    trait: str
    value: str
    members: int
    share: float
    rest_share: float
    lift: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves out "no difference"."""
        return self.low > 1 or self.high < 1


def trait_rows(orders: ir.Table, lines: ir.Table, members: ir.Table, until: date) -> ir.Table:
    """(member_id, trait, value) of everybody in `members` who bought in the year up to `until`, long and plain."""
    import ibis

    period = Period(until - timedelta(days=WINDOW_DAYS - 1), until)
    bought = within(sales(orders), period).semi_join(members, "member_id")
    about = bought.group_by("member_id").aggregate(
        days=bought.local_day.nunique(),
        value=bought.net.sum() / bought.count(),
        last=bought.local_day.max(),
        weekend=(bought.local_day.day_of_week.index() >= 5).cast("float64").mean(),
        coupons=bought.coupon_used.cast("float64").mean(),
    )
    about = about.mutate(quarter=ibis.ntile(4).over(order_by=about.value) + 1)
    silent = ibis.date(until).delta(about["last"], unit="day")
    person = members.join(about.select("member_id"), "member_id")
    age = ibis.date(until).delta(person.joined_day, unit="day")
    kept = within(lines, period).semi_join(bought, ["member_id", "order_id"])
    kept = kept.filter(kept.category.notnull() & (kept.category != ""))
    breadth = kept.group_by("member_id").aggregate(n=kept.category.nunique())
    hour = bought.local_hour
    part = ibis.cases(
        (hour < 5, "night"), (hour < 11, "morning"), (hour < 14, "noon"), (hour < 18, "afternoon"),
        (hour < 22, "evening"), else_="night",
    )  # fmt: skip
    return ibis.union(
        _banded(about, "frequency", about.days, (2, 6, 12, 52)),
        _valued(about, "basket", about.quarter.cast("string")),
        _banded(about, "recency", silent, (31, 91, 181)),
        _valued(about, "weekend", ibis.ifelse(about.weekend > 0.5, "yes", "no")),
        _valued(
            about,
            "coupon",
            ibis.cases((about.coupons == 0, "none"), (about.coupons <= 0.5, "some"), else_="most"),
        ),
        _banded(person, "tenure", age, (91, 366, 1096)),
        _valued(person, "tier", person.tier),
        _valued(person, "joined_by", person.channel),
        _banded(breadth, "breadth", breadth.n, (3, 6, 11)),
        _most(kept, "category", kept.category, kept.amount),
        _most(bought, "daypart", part, ibis.literal(1)),
        _most(bought, "channel", bought.channel, ibis.literal(1)),
        _most(bought, "store", bought.store, ibis.literal(1)),
    )


def top_decile(orders: ir.Table, members: ir.Table, until: date) -> ir.Table:
    """(member_id) of the tenth of last year's buyers who spent most."""
    import ibis

    period = Period(until - timedelta(days=WINDOW_DAYS - 1), until)
    bought = within(sales(orders), period).semi_join(members, "member_id")
    spent = bought.group_by("member_id").aggregate(net=bought.net.sum())
    ranked = spent.mutate(tenth=ibis.ntile(10).over(order_by=[ibis.desc("net"), "member_id"]))
    return ranked.filter(ranked.tenth == 0).select("member_id")


def counts(rows: ir.Table, group: ir.Table) -> ir.Table:
    """(trait, value, members, inside): how many have each value, and how many of them are in the group."""
    marked = rows.left_join(group.select("member_id").distinct().mutate(inside=1), "member_id")
    return marked.group_by(["trait", "value"]).aggregate(
        members=marked.count(), inside=marked.inside.coalesce(0).sum()
    )


def compare(
    found: Sequence[Mapping[str, Any]], *, everybody: bool = False, least: int = LEAST_GROUP
) -> list[Compared]:
    """Shares side by side, per trait the values in the order of their lift.

    Groups are compared with the rest, or with `everybody` themselves included. Values that fewer than `least`
    members have in the group, or in what it is compared with, are left out, as is a trait no group of `least` has.
    The interval is Katz's for a ratio of two shares (Biometrics 34, 1978).
    """
    totals: dict[str, list[int]] = {}
    for row in found:
        total = totals.setdefault(str(row["trait"]), [0, 0])
        total[0] += int(row["members"])
        total[1] += int(row["inside"])
    said = []
    for row in found:
        trait, members, inside = str(row["trait"]), int(row["members"]), int(row["inside"])
        every, group = totals[trait]
        rest, other = (every, members) if everybody else (every - group, members - inside)
        if inside < least or other < least or rest < least:
            continue
        share, rest_share = inside / group, other / rest
        lift = share / rest_share
        error = math.sqrt(max(0.0, 1 / inside - 1 / group + 1 / other - 1 / rest))
        said.append(
            Compared(
                trait, str(row["value"]), inside, share, rest_share, lift,
                lift * math.exp(-1.959964 * error), lift * math.exp(1.959964 * error),
            )
        )  # fmt: skip
    order = list(TRAITS)
    return sorted(said, key=lambda c: (order.index(c.trait) if c.trait in order else 99, -c.lift, c.value))


def name_of(trait: str, value: str, names: Names = NO_NAMES) -> Text:
    """The words of a trait's value: ours, the brand's (`names`, by trait), or the value as it is."""
    return VALUES.get(f"{trait}:{value}") or names.get(trait, {}).get(value) or Text(value, value)


def _banded(rows: ir.Table, trait: str, column: ir.Value, starts: tuple[int, ...]) -> ir.Table:
    import ibis

    band = ibis.literal(1)
    for start in starts:
        band = band + (column >= start).cast("int64")
    return _valued(rows, trait, band.cast("string"))


def _valued(rows: ir.Table, trait: str, value: ir.Value) -> ir.Table:
    import ibis

    named = rows.select("member_id", trait=ibis.literal(trait), value=value)
    return named.filter(named.value.notnull() & (named.value != ""))


def _most(rows: ir.Table, trait: str, value: ir.Value, weight: ir.Value) -> ir.Table:
    """Of each member the value with the greatest weight; the first by name where two are equal."""
    import ibis

    named = rows.select("member_id", value=value, weight=weight)
    named = named.filter(named.value.notnull() & (named.value != ""))
    summed = named.group_by(["member_id", "value"]).aggregate(weight=named.weight.sum())
    mine = ibis.window(group_by="member_id", order_by=[ibis.desc("weight"), "value"])
    ranked = summed.mutate(place=ibis.row_number().over(mine))
    return _valued(ranked.filter(ranked.place == 0), trait, ranked.filter(ranked.place == 0).value)
