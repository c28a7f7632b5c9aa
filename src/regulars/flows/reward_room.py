"""What rewards may name in a brand, and what giving them needs to know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from regulars.engage.missions.api import draws, missions, play
from regulars.facts.members import api as members
from regulars.kit.errors import Refusal
from regulars.kit.ids import made_at, new_id
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.platform.organisations.types import SYSTEM, Brand, Scope
from regulars.programme.rules.api import expires_at
from regulars.programme.rules.types import MONEY_KINDS, Programme
from regulars.programme.versions import api as versions
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import Definition
from regulars.value.gifts.types import Gift, GiftRow, Reward


@dataclass(frozen=True, slots=True)
class Item:
    """One reward of a gift, `place` counting from 0, and the row in which is noted what became of it."""

    gift: Gift
    place: int
    reward: Reward
    row: GiftRow

    def refuse(self, code: str) -> None:
        if not any(place == self.place for place, _ in self.row.refused):
            self.row.refused.append([self.place, code])


class Known:
    """What rewards may name in a brand, each looked up once."""

    def __init__(
        self, brand_id: UUID, now: datetime | None = None, also: frozenset[tuple[str, str]] = frozenset()
    ) -> None:
        self.brand_id = brand_id
        self._also = also
        self._now = now or made_at(new_id())

    @cached_property
    def programme(self) -> Programme | None:
        try:
            return versions.in_force(brand_id=self.brand_id, now=self._now).live
        except Refusal:  # a brand that has published nothing yet
            return None

    @cached_property
    def definitions(self) -> Mapping[str, Definition]:
        return {one.key: one for one in coupons.list_definitions(brand_id=self.brand_id)}

    @cached_property
    def tags(self) -> Mapping[str, Text]:
        return {tag.code: tag.name for tag in members.list_tags(brand_id=self.brand_id)}

    @cached_property
    def badges(self) -> Mapping[str, Text]:
        return {badge.key: badge.name for badge in play.list_badges(brand_id=self.brand_id)}

    @cached_property
    def draws(self) -> Mapping[str, Text]:
        found = draws.list_draws(brand_id=self.brand_id)
        return {one.key: one.definition.name for one in found if one.state != "ended"}

    @cached_property
    def missions(self) -> Mapping[str, Text]:
        found = missions.list_missions(brand_id=self.brand_id)
        return {one.key: one.definition.name for one in found if one.state != "ended"}

    def what_is_wrong(self, kind: str, code: str) -> Text | None:
        """Why a reward may not name this; None where it may."""
        if (kind, code) in self._also:
            return None
        programme = self.programme
        if kind == "points":
            unit = programme.units.get(code) if programme else None
            if unit is None:
                return Text(f"没有单位 {code}", f"There is no unit {code}")
            if unit.kind in MONEY_KINDS or unit.kind in ("sessions", "gift"):
                return Text("储值与次卡不能作为奖励", "Stored value and packages cannot be rewards")
        elif kind == "tier_step":
            if not any(scheme.key == code for scheme in (programme.schemes if programme else ())):
                return Text(f"没有等级体系 {code}", f"There is no tier scheme {code}")
        elif kind == "extend_expiry":
            unit = programme.units.get(code) if programme else None
            if unit is None:
                return Text(f"没有单位 {code}", f"There is no unit {code}")
            if unit.expiry.kind in ("never", "inactivity_months"):
                return Text(f"{unit.name.zh}没有到期日", f"{unit.name.en} have no day on which they expire")
        elif kind == "coupon":
            made = self.definitions.get(code)
            if made is None:
                return Text(f"没有券定义 {code}", f"There is no coupon definition {code}")
        elif kind == "benefit":
            found = next((b for b in programme.benefits if b.key == code), None) if programme else None
            if found is None:
                return Text(f"没有权益 {code}", f"There is no benefit {code}")
            if found.quota is None:
                return Text("该权益没有次数限制", "The benefit has no quota to add to")
        elif kind == "tag" and code not in self.tags:
            return Text(f"没有标签 {code}", f"There is no tag {code}")
        elif kind == "badge" and code not in self.badges:
            return Text(f"没有徽章 {code}", f"There is no badge {code}")
        elif kind == "draw_chance" and code not in self.draws:
            return Text(f"没有未结束的抽奖 {code}", f"There is no draw {code} that has not ended")
        elif kind == "mission" and code not in self.missions:
            return Text(f"没有任务 {code}", f"There is no mission {code}")
        return None

    def name(self, kind: str, code: str) -> Text | None:
        """What people call it; None if it is not there."""
        if kind in ("points", "extend_expiry"):
            unit = self.programme.units.get(code) if self.programme else None
            return unit.name if unit else None
        if kind == "tier_step":
            schemes = self.programme.schemes if self.programme else ()
            return next((scheme.name for scheme in schemes if scheme.key == code), None)
        if kind == "coupon":
            return self.definitions[code].name if code in self.definitions else None
        if kind == "benefit":
            found = self.programme.benefits if self.programme else ()
            return next((b.name for b in found if b.key == code), None)
        if kind == "tag":
            return self.tags.get(code)
        if kind == "badge":
            return self.badges.get(code)
        if kind == "draw_chance":
            return self.draws.get(code)
        if kind == "mission":
            return self.missions.get(code)
        return None


class Room:
    """What giving needs to know of the brand, looked up once."""

    def __init__(self, brand: Brand, now: datetime) -> None:
        self.brand = brand
        self.now = now
        self.known = Known(brand.id, now)

    @property
    def scope(self) -> Scope:
        return Scope(self.brand.organisation_id, self.brand.id, SYSTEM, frozenset())

    def ends_of(self, unit: str) -> datetime | None:
        """When value of the unit that is given now ends."""
        programme = self.known.programme
        if programme is None or unit not in programme.units:
            return None
        day = self.now.astimezone(zone(programme.timezone)).date()
        return expires_at(programme.units[unit].expiry, day, programme.timezone)

    def cost_of(self, rewards: Sequence[Reward]) -> int:
        """Minor units: coupons by their worth, points by what the till takes them for (one minor unit each where it
        takes none), everything else nothing.
        """
        total = 0
        programme = self.known.programme
        tender = programme.checkout.points if programme else None
        for reward in rewards:
            if reward.kind == "coupon" and reward.code in self.known.definitions:
                total += self.known.definitions[reward.code].worth * reward.amount
            elif reward.kind == "points" and programme is not None and reward.code in programme.units:
                if programme.units[reward.code].kind not in ("points", "coins"):
                    continue
                if tender is not None and tender.unit == reward.code:
                    total += -(-reward.amount * tender.minor // tender.points)
                else:
                    total += reward.amount
        return total
