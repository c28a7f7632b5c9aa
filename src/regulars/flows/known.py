"""What is known of members beside their membership: facts, scores and segments, where a condition asks for them.

A brand whose rules ask for none of it pays a look into a cache. Where they do, members' facts are made anew in the
transaction that changes what they stand on: the next activity decides by all that came before it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments import api as segments
from regulars.conditions.api import SEGMENTS, is_behaviour
from regulars.kit.periods import zone
from regulars.platform.organisations.types import Brand

_WORD = re.compile(r"[a-z][a-z0-9_.]*")
_NOTHING: Mapping[UUID, dict[str, Any]] = {}


@lru_cache(maxsize=512)
def asked(fields: frozenset[str]) -> frozenset[str]:
    """Those of the fields that audience's rooms keep."""
    return frozenset(key for key in fields if is_behaviour(key))


def named_in(condition: Mapping[str, Any]) -> frozenset[str]:
    """The same of a condition that is still JSON."""
    return asked(frozenset(_WORD.findall(msgspec.json.encode(condition).decode())))


def of_members(
    *,
    brand: Brand,
    member_ids: Collection[UUID],
    fields: frozenset[str],
    now: datetime,
    fresh: bool = False,
) -> Mapping[UUID, dict[str, Any]]:
    """Values by field key of those of `fields` that are facts, scores or segments, for each member.

    With `fresh` facts that are of an earlier day or marked as changed are made anew first: that writes.
    """
    wanted = asked(fields)
    if not wanted or not member_ids:
        return _NOTHING
    ids = list(member_ids)
    if fresh and any(key.startswith("fact.") for key in wanted):
        member_facts.refresh_stale(brand_id=brand.id, member_ids=ids, now=now)
    today = now.astimezone(zone(brand.timezone)).date()
    known = member_facts.read_many(brand_id=brand.id, member_ids=ids)
    found = {
        id_: member_facts.facts_for_conditions(her.facts, her.scores, fields=wanted, today=today)
        for id_, her in known.items()
    }
    if SEGMENTS in wanted:
        for id_, codes in segments.codes_of(brand_id=brand.id, member_ids=ids).items():
            found.setdefault(id_, {})[SEGMENTS] = codes
    return found


def of_member(*, brand: Brand, member_id: UUID, fields: frozenset[str], now: datetime) -> dict[str, Any]:
    """The same of one member, as it stands; nothing is written."""
    return of_members(brand=brand, member_ids=[member_id], fields=fields, now=now).get(member_id, {})


def follow(*, brand_id: UUID, member_ids: Sequence[UUID], fields: frozenset[str], now: datetime) -> None:
    """Something was written of these members in this transaction: live segments follow, and facts that rules ask."""
    if not member_ids:
        return
    if segments.has_live(brand_id=brand_id):
        segments.follow(brand_id=brand_id, member_ids=member_ids, now=now)
    if any(key.startswith("fact.") for key in asked(fields)):
        member_facts.refresh(brand_id=brand_id, member_ids=member_ids, now=now)
