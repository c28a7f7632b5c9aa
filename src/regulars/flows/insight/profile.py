"""会员画像: a member in plain words with the numbers they rest on, and a segment beside everybody.

Privacy: only behaviour inside the programme, no name, phone, birthday or address; who switched profiling off is shown
none of it, and is counted in no segment's profile; values fewer than ten members have are not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments import api as segments
from regulars.conditions.api import behaviour_fields, retail_fields
from regulars.facts.categories import api as categories
from regulars.facts.members import api as members
from regulars.flows.insight.reports import names_of
from regulars.insight.lifecycle import api as lifecycle
from regulars.insight.lifecycle.types import STAGES, KocStanding
from regulars.insight.reports import api as reports
from regulars.insight.reports.types import Report
from regulars.insight.warehouse.api import open_warehouse
from regulars.kit.money import show
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand

SECTIONS: dict[str, Text] = {
    "stage": Text("阶段与价值", "Stage and value"),
    "rhythm": Text("购买节奏", "Rhythm"),
    "tastes": Text("偏好", "Tastes"),
    "price": Text("价格", "Price"),
    "places": Text("渠道与门店", "Channels and stores"),
    "daypart": Text("时段", "When"),
    "risk": Text("流失风险", "Risk"),
    "voice": Text("口碑与诉求", "Voice and needs"),
}
_LEAST_ORDERS = 2


@dataclass(frozen=True, slots=True)
class Section:
    """Sentences of one kind; empty where nothing is known yet."""

    key: str
    title: Text
    sentences: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """A member as her behaviour shows her; `allowed` is false where she switched profiling off (then nothing else is
    said). `facts_at` and `scores_at` say how fresh it is."""

    allowed: bool
    sections: tuple[Section, ...] = ()
    facts_at: datetime | None = None
    scores_at: datetime | None = None
    koc: KocStanding | None = None
    stages: tuple[tuple[str, str, date], ...] = field(default_factory=tuple)


def get_profile(*, brand: Brand, member_id: UUID, now: datetime) -> Profile:
    """One member's profile: three look-ups by her id, nothing reckoned."""
    if not members.profiling_is_on(brand_id=brand.id, member_id=member_id):
        return Profile(allowed=False)
    known = member_facts.read(brand_id=brand.id, member_id=member_id)
    facts: Mapping[str, Any] = (known.facts if known else None) or {}
    scores: Mapping[str, Any] = (known.scores if known else None) or {}
    koc = lifecycle.get_koc(brand_id=brand.id, member_id=member_id)
    today = now.astimezone(zone(brand.timezone)).date()
    teller = _Teller(brand, facts, scores, today)
    moves = lifecycle.list_changes(brand_id=brand.id, member_id=member_id, limit=50).items
    return Profile(
        allowed=True,
        sections=tuple(Section(key, title, tuple(teller.tell(key, koc))) for key, title in SECTIONS.items()),
        facts_at=known.facts_at if known else None,
        scores_at=known.scores_at if known else None,
        koc=koc,
        stages=tuple((one.from_stage, one.to_stage, one.on) for one in moves),
    )


def compare_segment(*, brand: Brand, code: str, now: datetime) -> tuple[Report, datetime]:
    """A segment beside everybody who may be profiled, and as of when. Raises `not_found`."""
    import pyarrow

    segment = segments.get_segment(brand_id=brand.id, code=code)
    ids = [str(one) for portion in segments.walk(segment=segment) for one in portion]
    today = now.astimezone(zone(brand.timezone)).date()
    with open_warehouse(brand_id=brand.id) as warehouse:
        put = warehouse.put(
            "profiled_group", pyarrow.table({"member_id": pyarrow.array(ids, pyarrow.string())})
        )
        group = put.mutate(member_id=put.member_id.cast("uuid"))
        report = reports.compare_group(
            warehouse, group, until=today, name=segment.name, names=names_of(brand, now)
        )
        return report, warehouse.complete_at or now


class _Teller:
    def __init__(
        self, brand: Brand, facts: Mapping[str, Any], scores: Mapping[str, Any], today: date
    ) -> None:
        self.brand, self.facts, self.scores, self.today = brand, facts, scores, today
        self._said: dict[str, Callable[[KocStanding | None], list[Text]]] = {
            "stage": self._stage, "rhythm": self._rhythm, "tastes": self._tastes, "price": self._price,
            "places": self._places, "daypart": self._daypart, "risk": self._risk, "voice": self._voice,
        }  # fmt: skip

    def tell(self, key: str, koc: KocStanding | None) -> list[Text]:
        return self._said[key](koc)

    def _stage(self, koc: KocStanding | None) -> list[Text]:
        score, found = self.scores, []
        if score.get("stage"):
            found.append(
                Text("处于「{s}」阶段，自 {d} 起", "{s} since {d}").format(
                    s=STAGES[score["stage"]], d=score.get("stage_since") or "?"
                )
            )
        if score.get("rfm_r") is not None:
            group = _choice("score.rfm_group", score.get("rfm_group"))
            found.append(
                Text(
                    "RFM：最近 {r}、频次 {f}、金额 {m}（满分 5）{g}",
                    "RFM: recency {r}, frequency {f}, money {m} of 5{g}",
                ).format(
                    r=score["rfm_r"], f=score["rfm_f"], m=score["rfm_m"],
                    g=Text("，属「{g}」", ", {g}").format(g=group) if group else "",
                )
            )  # fmt: skip
        if score.get("value_12") is not None:
            found.append(
                Text(
                    "未来 12 个月预计消费 {v}（{a} 至 {b}）",
                    "Expected to spend {v} in the next 12 months ({a} to {b})",
                ).format(
                    v=self._money(score["value_12"]), a=self._money(score.get("value_12_low")),
                    b=self._money(score.get("value_12_high")),
                )
            )  # fmt: skip
        return found

    def _rhythm(self, koc: KocStanding | None) -> list[Text]:
        fact, found = self.facts, []
        if fact.get("orders_365"):
            found.append(
                Text("近一年下单 {n} 次，消费 {m}", "{n} orders in the last year, {m} spent").format(
                    n=fact["orders_365"], m=self._money(fact.get("spend_365"))
                )
            )
        if fact.get("last_order_on"):
            silent = (self.today - fact["last_order_on"]).days
            found.append(Text("上次购买在 {n} 天前", "Last bought {n} days ago").format(n=silent))
            gap = fact.get("order_gap_median")
            if gap is not None and fact.get("orders_365", 0) >= _LEAST_ORDERS:
                late = silent > 2 * gap
                found.append(
                    Text("通常每 {g} 天买一次{late}", "Usually buys every {g} days{late}").format(
                        g=_plain(gap),
                        late=Text("，已超过平常两倍", ", now more than twice as long") if late else "",
                    )
                )
        elif not found:
            found.append(Text("还没有购买", "Has not bought yet"))
        if self.scores.get("intent_30") is not None:
            found.append(
                Text("30 天内再次购买的概率 {p}", "{p} likely to buy within 30 days").format(
                    p=_percent(self.scores["intent_30"])
                )
            )
        return found

    def _tastes(self, koc: KocStanding | None) -> list[Text]:
        fact, found = self.facts, []
        if fact.get("top_category"):
            found.append(
                Text("最常买「{c}」，占消费 {p}", "Buys {c} most: {p} of her spending").format(
                    c=self._category(fact["top_category"]), p=_percent(fact.get("top_category_share"))
                )
            )
        if fact.get("categories_365"):
            found.append(
                Text("近一年买过 {n} 个品类", "{n} categories in the last year").format(
                    n=fact["categories_365"]
                )
            )
        if self.scores.get("next_category") and self.scores.get("next_due_on"):
            found.append(
                Text("「{c}」预计 {d} 左右补货", "{c} is due around {d}").format(
                    c=self._category(self.scores["next_category"]), d=self.scores["next_due_on"]
                )
            )
        return found

    def _category(self, code: str) -> Text:
        return categories.name_of(brand_id=self.brand.id, code=code)

    def _price(self, koc: KocStanding | None) -> list[Text]:
        fact, found = self.facts, []
        if fact.get("order_value_365"):
            found.append(Text("平均每单 {m}", "{m} an order").format(m=self._money(fact["order_value_365"])))
        if fact.get("price_level"):
            found.append(Text("价格带 {n}（5 为最高）", "Price level {n} of 5").format(n=fact["price_level"]))
        if fact.get("discount_share") is not None:
            found.append(
                Text(
                    "折扣占原价 {p}，{c} 的订单用券", "{p} of prices came off; coupons in {c} of orders"
                ).format(p=_percent(fact["discount_share"]), c=_percent(fact.get("coupon_share")))
            )
        if self.scores.get("price_sensitivity"):
            found.append(
                Text("价格敏感度 {n}（5 为最高）", "Price sensitivity {n} of 5").format(
                    n=self.scores["price_sensitivity"]
                )
            )
        return found

    def _places(self, koc: KocStanding | None) -> list[Text]:
        fact, found = self.facts, []
        if fact.get("favourite_channel"):
            channel = _choice("membership.channel", fact["favourite_channel"])
            found.append(
                Text("多通过「{c}」购买", "Buys mostly by {c}").format(c=channel or fact["favourite_channel"])
            )
        if fact.get("favourite_store"):
            stores = organisations.stores_of(brand_id=self.brand.id, codes=[fact["favourite_store"]])
            store = stores.get(fact["favourite_store"])
            found.append(
                Text("常去「{s}」，占到店 {p}", "Mostly at {s}: {p} of orders").format(
                    s=store.name if store else fact["favourite_store"], p=_percent(fact.get("favourite_store_share"))
                )
            )  # fmt: skip
        return found

    def _daypart(self, koc: KocStanding | None) -> list[Text]:
        fact, found = self.facts, []
        part = _choice("fact.daypart", fact.get("daypart"))
        if part:
            found.append(
                Text("多在{d}购买（{p}）", "Buys mostly in the {d} ({p})").format(
                    d=part, p=_percent(fact.get("daypart_share"))
                )
            )
        if fact.get("weekend_share") is not None:
            found.append(
                Text("{p} 的订单在周末", "{p} of orders at weekends").format(
                    p=_percent(fact["weekend_share"])
                )
            )
        return found

    def _risk(self, koc: KocStanding | None) -> list[Text]:
        from regulars.insight.churn import api as churn  # brings the model's libraries with it

        score, found = self.scores, []
        if score.get("churn_60") is not None:
            found.append(
                Text("未来 60 天不再购买的概率 {p}", "{p} likely not to buy in the next 60 days").format(
                    p=_percent(score["churn_60"])
                )
            )
        for reason in (score.get("churn_reasons") or [])[:3]:
            code = str(reason.get("code"))
            name = churn.reason_texts().get(code, Text(code, code))
            found.append(Text("原因：{r}", "Because: {r}").format(r=name))
        return found

    def _voice(self, koc: KocStanding | None) -> list[Text]:
        score, found = self.scores, []
        if score.get("mood") is not None:
            found.append(
                Text("评价情绪 {m}（0 到 1，越高越满意）", "Mood of what she writes: {m} (0 to 1)").format(
                    m=f"{float(score['mood']):.2f}"
                )
            )
        if score.get("needs"):
            needs = "、".join(score["needs"][:6])
            found.append(Text("提到的诉求：{n}", "Needs she mentioned: {n}").format(n=needs))
        if koc is not None:
            found.append(Text("KOC 分 {n}（满分 100）", "KOC score {n} of 100").format(n=koc.score))
        return found

    def _money(self, minor: int | None) -> str:
        return "—" if minor is None else show(int(minor), self.brand.currency)


def _choice(field_: str, value: str | None) -> Text | None:
    """The words of a choice's value; the value itself where it is none."""
    if not value:
        return None
    fields = {one.key: one for one in behaviour_fields()}
    found = fields.get(field_) or retail_fields().get(field_)
    choices = found.choices if found else ()
    return next((one.label for one in choices if one.value == value), Text(value, value))


def _percent(share: Decimal | float | None) -> str:
    return "—" if share is None else f"{float(share) * 100:.0f}%"


def _plain(number: Decimal | float) -> str:
    return f"{float(number):.1f}".rstrip("0").rstrip(".")
