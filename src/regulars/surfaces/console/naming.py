"""The words for codes in the caller's language: tiers, units, stores, types, rules, channels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from uuid import UUID

from regulars.conditions.api import retail_fields
from regulars.facts.activity import api as activities
from regulars.flows.intake.api import SYSTEM_TYPES
from regulars.kit.errors import Refusal
from regulars.kit.text import Language, Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope, Store
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import MONEY_KINDS, Benefit, Programme, Rule, Tier, TierScheme
from regulars.programme.versions import api as versions
from regulars.programme.versions.types import ProgrammeHistory
from regulars.surfaces.console.shapes.shared import ChoiceOut, StoreRefOut, TierOut

TYPES: dict[str, Text] = {
    "order": Text("订单", "Order"),
    "order_delivered": Text("订单签收", "Order delivered"),
    "refund": Text("退款", "Refund"),
    "checkin": Text("签到", "Check-in"),
    "enrol": Text("入会", "Joined"),
    "burn": Text("使用积分", "Spent"),
    "burn_return": Text("使用退回", "Spending returned"),
    "adjust": Text("人工调整", "Adjusted by hand"),
    "hold": Text("冻结", "Put on hold"),
    "capture": Text("冻结扣除", "Hold captured"),
    "release": Text("解除冻结", "Hold released"),
    "lot_activate": Text("提前生效", "Activated by hand"),
    "lot_cancel": Text("取消待生效", "Pending cancelled"),
    "credit": Text("入账", "Credited"),
    "lot_expiry": Text("改有效期", "Expiry changed"),
    "reward": Text("奖励", "Reward"),
    "reward_back": Text("收回奖励", "Reward taken back"),
    "tier_place": Text("人工调整等级", "Tier changed by hand"),
    "tier_unlock": Text("等级解锁", "Tier unlocked"),
}


class Naming:
    """One brand's words in one language, each read once per request."""

    def __init__(self, scope: Scope, language: Language, now: datetime) -> None:
        self.scope = scope
        self.language: Language = language
        self.now = now

    def say(self, text: Text) -> str:
        return text.in_language(self.language)

    def label(self, text: Text) -> str:
        """For a text that stands alone: its first letter large."""
        said = self.say(text)
        return said[:1].upper() + said[1:]

    @cached_property
    def brand(self) -> Brand:
        return organisations.get_brand(brand_id=self.scope.brand_id)

    @cached_property
    def history(self) -> ProgrammeHistory | None:
        """The published versions; None for a brand that has published nothing yet."""
        try:
            return versions.in_force(brand_id=self.scope.brand_id, now=self.now)
        except Refusal as refusal:
            if refusal.code == "no_programme":
                return None
            raise

    @property
    def programme(self) -> Programme | None:
        return self.history.live if self.history else None

    def version(self, number: int) -> Programme | None:
        """The version that decided something; what is live where it is not known."""
        for programme in self.history.programmes if self.history else ():
            if programme.version == number:
                return programme
        return self.programme

    @cached_property
    def scheme(self) -> TierScheme | None:
        """The first scheme: its tiers are those of lists and badges."""
        schemes = self.programme.schemes if self.programme else ()
        return next((scheme for scheme in schemes if scheme.tiers), None)

    def tier_badge(self, tier: Tier) -> TierOut:
        return TierOut(code=tier.code, name=self.say(tier.name), rank=tier.rank, colour=tier.colour)

    def tier(self, code: str, scheme: str | None = None) -> TierOut | None:
        """A tier by its code; by its bare code where the live version no longer has it."""
        if not code:
            return None
        for one in self.programme.schemes if self.programme else ():
            if scheme is None or one.key == scheme:
                for tier in one.tiers:
                    if tier.code == code:
                        return self.tier_badge(tier)
        return TierOut(code=code, name=code, rank=0)

    def unit(self, code: str) -> str:
        unit = self.programme.units.get(code) if self.programme else None
        return self.say(unit.name) if unit else code

    def is_money(self, code: str) -> bool:
        """Whether amounts of the unit are minor units of the currency."""
        unit = self.programme.units.get(code) if self.programme else None
        return unit is not None and unit.kind in MONEY_KINDS

    @cached_property
    def stores(self) -> Mapping[UUID, Store]:
        return {store.id: store for store in organisations.stores_of(brand_id=self.scope.brand_id).values()}

    def store(self, store_id: UUID | None) -> StoreRefOut | None:
        store = self.stores.get(store_id) if store_id else None
        return StoreRefOut(code=store.code, name=self.say(store.name)) if store else None

    @cached_property
    def _declared(self) -> Mapping[str, Text]:
        declared = activities.declared_types(brand_id=self.scope.brand_id)
        return {code: one.name for code, one in declared.items()}

    def type(self, code: str) -> str:
        name = TYPES.get(code) or self._declared.get(code)
        return self.say(name) if name else code

    def types(self) -> list[ChoiceOut]:
        """Every type an activity of this brand may have, the declared ones last."""
        known = [code for code in TYPES if code in SYSTEM_TYPES]
        return [ChoiceOut(value=code, label=self.type(code)) for code in (*known, *self._declared)]

    @cached_property
    def channels(self) -> list[ChoiceOut]:
        field = retail_fields().get("membership.channel")
        choices = field.choices if field else ()
        return [ChoiceOut(value=one.value, label=self.label(one.label)) for one in choices]

    def metric_names(self) -> dict[str, Text]:
        """Words for the metrics that units and declared types bring."""
        names = {
            f"unit:{code}": unit.name
            for code, unit in (self.programme.units if self.programme else {}).items()
        }
        return names | {f"activity:{code}": name for code, name in {**TYPES, **self._declared}.items()}

    def metric(self, metric: str) -> str:
        plain = {
            "spend": Text("消费金额", "Spend"),
            "orders": Text("订单数", "Orders"),
            "visits": Text("到访次数", "Visits"),
        }
        if metric in plain:
            return self.label(plain[metric])
        name = self.metric_names().get(metric, Text(metric, metric))
        pattern = (
            Text("获得{n}", "{n} earned") if metric.startswith("unit:") else Text("{n}次数", "{n}: times")
        )
        return self.label(pattern.format(n=name))

    def rule(self, key: str, programme: Programme | None) -> tuple[str, str]:
        """Name and sentence of a rule or benefit; its key where the version no longer has it."""
        thing: Rule | Benefit | None = None
        if programme is not None:
            if key.startswith("benefit:"):
                thing = next((b for b in programme.benefits if b.key == key.removeprefix("benefit:")), None)
            else:
                thing = next((r for r in programme.rules if r.key == key), None)
        if programme is None or thing is None:
            return key, ""
        return self.say(thing.name), rules.describe(thing, programme, self.language)
