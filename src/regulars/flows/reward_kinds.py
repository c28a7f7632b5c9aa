"""What each kind of reward is: who gives it, what it costs, and how it goes back.

A kind gives many gifts' rewards in a few statements and notes in each gift's row what it takes to take them back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from django.db import connection

from regulars.engage.missions.api import draws, missions, play
from regulars.engage.missions.types.draws import ChanceGrant
from regulars.engage.missions.types.missions import Start
from regulars.engage.missions.types.play import BadgeGrant
from regulars.facts.activity.types import ActivityIn, MemberRef
from regulars.facts.members import api as members
from regulars.facts.members import states
from regulars.flows.intake import api as intake
from regulars.flows.intake.moves import reward_lot
from regulars.kit.errors import Refusal
from regulars.kit.ids import derive, digest, made_at, new_id
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.platform.organisations.types import SYSTEM, Brand, Scope
from regulars.programme.rules.api import expires_at
from regulars.programme.rules.types import MONEY_KINDS, Programme
from regulars.programme.versions import api as versions
from regulars.value.benefits import api as benefits
from regulars.value.benefits.types import NewGrant
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import Definition, IssueRow
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
        if kind == "points":
            unit = self.programme.units.get(code) if self.programme else None
            return unit.name if unit else None
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


class Kind(Protocol):
    names: frozenset[str]

    def give(self, room: Room, items: Sequence[Item]) -> None: ...

    def take_back(self, room: Room, rows: Sequence[GiftRow], reason: str) -> None: ...


class _Value:
    """Points and tags: one activity `reward` a gift."""

    names = frozenset({"points", "tag"})

    def give(self, room: Room, items: Sequence[Item]) -> None:
        by_gift: dict[int, list[Item]] = {}
        for item in items:
            wrong = room.known.what_is_wrong(item.reward.kind, item.reward.code)
            if wrong is not None:
                item.refuse("unit_unknown" if item.reward.kind == "points" else "tag_unknown")
                continue
            by_gift.setdefault(id(item.row), []).append(item)
        groups = list(by_gift.values())
        acts = [self._act(room, group) for group in groups]
        results = intake.post(scope=room.scope, activities=acts, now=room.now, internal=True)
        for group, result in zip(groups, results, strict=True):
            if isinstance(result, Refusal):
                for item in group:
                    item.refuse(result.code)
                continue
            row = group[0].row
            row.given["activity"] = str(result.activity_id)
            points = [item for item in group if item.reward.kind == "points"]
            row.given["parts"] = [
                {
                    "unit": item.reward.code,
                    "amount": item.reward.amount,
                    "lot": str(reward_lot(result.activity_id, item.reward.code, place)),
                }
                for place, item in enumerate(points)
            ]
            row.given["tags"] = [note["tag"] for note in result.notes if note["code"] == "tagged"]

    def _act(self, room: Room, group: Sequence[Item]) -> ActivityIn:
        gift = group[0].gift
        parts = []
        for item in group:
            if item.reward.kind == "points":
                ends = room.ends_of(item.reward.code)
                parts.append(
                    {
                        "unit": item.reward.code,
                        "amount": item.reward.amount,
                        "expires_at": ends.isoformat() if ends else None,
                    }
                )
        data: dict[str, Any] = {"source": gift.source, "gift": gift.key, "title": gift.title.to_json()}
        data |= {"parts": parts, "tags": [item.reward.code for item in group if item.reward.kind == "tag"]}
        return _activity("reward", gift.member_id, gift.key, data, room.now)

    def take_back(self, room: Room, rows: Sequence[GiftRow], reason: str) -> None:
        acts = []
        for row in rows:
            if "activity" not in row.given:
                continue
            data: dict[str, Any] = {
                "source": row.source,
                "gift": row.key,
                "reason": reason,
                "reward": row.given["activity"],
                "given_at": row.given_at.isoformat(),
                "parts": row.given.get("parts", []),
                "tags": row.given.get("tags", []),
            }
            acts.append(_activity("reward_back", row.member_id, row.key, data, room.now))
        for result in intake.post(scope=room.scope, activities=acts, now=room.now, internal=True):
            if isinstance(result, Refusal):
                raise result


def _activity(type_: str, member_id: UUID, key: str, data: dict[str, Any], now: datetime) -> ActivityIn:
    named = str(digest(type_, member_id.hex, key))
    return ActivityIn(
        type=type_,
        member=MemberRef(id=member_id),
        occurred_at=now,
        source="regulars",
        key=f"{type_}:{named}",
        data=data,
    )


class _Coupons:
    """Coupons have ids that follow from member, key and place: the same gift is the same coupons."""

    names = frozenset({"coupon"})

    def give(self, room: Room, items: Sequence[Item]) -> None:
        rows: list[IssueRow] = []
        of: dict[UUID, Item] = {}
        for item in items:
            base = digest("gift", room.brand.id.hex, item.gift.member_id.hex, item.gift.key)
            for turn in range(item.reward.amount):
                id_ = derive(base, "coupon", str(item.place), str(turn))
                of[id_] = item
                rows.append(IssueRow(item.gift.member_id, item.reward.code, id_, item.gift.source))
        if not rows:
            return
        limited = any(
            made.limits.per_person is not None
            for key in {row.definition for row in rows}
            if (made := room.known.definitions.get(key)) is not None
        )
        persons = members.person_keys(member_ids={row.member_id for row in rows}) if limited else {}
        for outcome in coupons.issue_rows(brand_id=room.brand.id, rows=rows, now=room.now, persons=persons):
            item = of[outcome.coupon_id]
            if outcome.result in ("issued", "repeated"):
                item.row.given.setdefault("coupons", []).append(str(outcome.coupon_id))
            else:
                item.refuse(outcome.result)

    def take_back(self, room: Room, rows: Sequence[GiftRow], reason: str) -> None:
        for row in sorted(rows, key=lambda row: row.member_id):
            ids = sorted(UUID(id_) for id_ in row.given.get("coupons", ()))
            if ids:
                coupons.void(
                    brand_id=room.brand.id,
                    member_id=row.member_id,
                    coupon_ids=ids,
                    now=room.now,
                    strict=False,
                )


class _Benefits:
    names = frozenset({"benefit"})

    def give(self, room: Room, items: Sequence[Item]) -> None:
        grants = []
        today = room.now.astimezone(zone(room.brand.timezone)).date()
        for item in items:
            if room.known.what_is_wrong("benefit", item.reward.code) is not None:
                item.refuse("benefit_unknown")
                continue
            base = digest("gift", room.brand.id.hex, item.gift.member_id.hex, item.gift.key)
            id_ = derive(base, "benefit", str(item.place))
            until = start_of_day(today + timedelta(days=item.reward.days), room.brand.timezone)
            grants.append(
                NewGrant(
                    item.gift.member_id, id_, item.reward.code, item.reward.amount, item.gift.source, until
                )
            )
            item.row.given.setdefault("grants", []).append(str(id_))
        benefits.grant_rows(brand_id=room.brand.id, grants=grants, now=room.now)

    def take_back(self, room: Room, rows: Sequence[GiftRow], reason: str) -> None:
        ids = sorted((row.member_id, UUID(id_)) for row in rows for id_ in row.given.get("grants", ()))
        benefits.end_grants(brand_id=room.brand.id, ids=ids, now=room.now)


class _Badges:
    names = frozenset({"badge"})

    def give(self, room: Room, items: Sequence[Item]) -> None:
        known = (
            play.find_badges(brand_id=room.brand.id, keys={item.reward.code for item in items})
            if items
            else {}
        )
        grants = []
        for item in items:
            if item.reward.code not in known:
                item.refuse("badge_unknown")
                continue
            key = f"{item.gift.key}:{item.place}"
            grants.append(BadgeGrant(item.gift.member_id, item.reward.code, key, item.gift.source))
            item.row.given.setdefault("badges", []).append(key)
        play.grant_badges(brand_id=room.brand.id, grants=grants, now=room.now)

    def take_back(self, room: Room, rows: Sequence[GiftRow], reason: str) -> None:
        gone = [(row.member_id, str(key)) for row in rows for key in row.given.get("badges", ())]
        play.revoke_badges(brand_id=room.brand.id, grants=gone, now=room.now)


class _Chances:
    names = frozenset({"draw_chance"})

    def give(self, room: Room, items: Sequence[Item]) -> None:
        known = (
            draws.find_draws(brand_id=room.brand.id, keys={item.reward.code for item in items})
            if items
            else {}
        )
        grants = []
        for item in items:
            if item.reward.code not in known:
                item.refuse("draw_over")
                continue
            key = f"{item.gift.key}:{item.place}"
            grants.append(
                ChanceGrant(item.gift.member_id, item.reward.code, key, item.reward.amount, item.gift.source)
            )
            item.row.given.setdefault("chances", []).append(key)
        draws.grant_chances(brand_id=room.brand.id, grants=grants, now=room.now)

    def take_back(self, room: Room, rows: Sequence[GiftRow], reason: str) -> None:
        gone = [(row.member_id, str(key)) for row in rows for key in row.given.get("chances", ())]
        draws.end_chances(brand_id=room.brand.id, grants=gone)


class _Missions:
    names = frozenset({"mission"})

    def give(self, room: Room, items: Sequence[Item]) -> None:
        if not items:
            return
        with connection.cursor() as cursor:
            rows = states.lock(
                cursor, brand_id=room.brand.id, member_ids={item.gift.member_id for item in items}
            )
        keys = {f"{item.gift.key}:{item.place}": item for item in items}
        starts = [Start(item.gift.member_id, item.reward.code, key) for key, item in keys.items()]
        said = missions.start_missions(
            brand_id=room.brand.id,
            starts=starts,
            joined={id_: row.joined_at for id_, row in rows.items()},
            timezone=room.brand.timezone,
            now=room.now,
        )
        for start in starts:
            item, wrong = keys[start.key], said[start.member_id, start.key]
            if wrong:
                item.refuse(wrong)
            else:
                item.row.given.setdefault("missions", []).append(start.key)

    def take_back(self, room: Room, rows: Sequence[GiftRow], reason: str) -> None:
        gone = [(row.member_id, str(key)) for row in rows for key in row.given.get("missions", ())]
        missions.withdraw(brand_id=room.brand.id, starts=gone)


# In the order in which rooms are locked.
KINDS_IN_ORDER: tuple[Kind, ...] = (
    _Value(),
    _Coupons(),
    _Benefits(),
    _Badges(),
    _Chances(),
    _Missions(),
)

__all__ = ["KINDS_IN_ORDER", "Item", "Kind", "Known", "Room"]
