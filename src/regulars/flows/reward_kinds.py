"""What each kind of reward is: who gives it, what it costs, and how it goes back.

A kind gives many gifts' rewards in a few statements and notes in each gift's row what it takes to take them back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
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
from regulars.flows.reward_room import Item, Room
from regulars.kit.errors import Refusal
from regulars.kit.ids import derive, digest
from regulars.kit.periods import start_of_day, zone
from regulars.value.benefits import api as benefits
from regulars.value.benefits.types import NewGrant
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import IssueRow
from regulars.value.gifts.types import GiftRow


class Kind(Protocol):
    names: frozenset[str]

    def give(self, room: Room, items: Sequence[Item]) -> None: ...

    def take_back(self, room: Room, rows: Sequence[GiftRow], reason: str) -> None: ...


_UNKNOWN = {
    "points": "unit_unknown",
    "tag": "tag_unknown",
    "tier_step": "scheme_unknown",
    "extend_expiry": "unit_unknown",
}
# What a reward's notes say where it came to nothing, and of which kind of reward.
_WITHOUT = {"tier_kept": "tier_step", "nothing_to_extend": "extend_expiry"}


class _Value:
    """Points, tags, tier steps and longer expiries: one activity `reward` a gift."""

    names = frozenset({"points", "tag", "tier_step", "extend_expiry"})

    def give(self, room: Room, items: Sequence[Item]) -> None:
        by_gift: dict[int, list[Item]] = {}
        for item in items:
            wrong = room.known.what_is_wrong(item.reward.kind, item.reward.code)
            if wrong is not None:
                item.refuse(_UNKNOWN[item.reward.kind])
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
            without = {(note["code"], note["name"]) for note in result.notes if note["code"] in _WITHOUT}
            for item in group:
                for code in _WITHOUT:
                    if (code, item.reward.code) in without and _WITHOUT[code] == item.reward.kind:
                        item.refuse(code)

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
        for item in group:
            if item.reward.kind == "tier_step":
                step = {"scheme": item.reward.code, "steps": item.reward.amount}
                data["tier_steps"] = [*data.get("tier_steps", ()), step]
            elif item.reward.kind == "extend_expiry":
                longer = {"unit": item.reward.code, "months": item.reward.amount}
                data["extensions"] = [*data.get("extensions", ()), longer]
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
