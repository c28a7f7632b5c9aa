"""Reading members: one card, a page of a filtered list, what decisions may ask of the person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.facts.members.policy.identities import BadIdentity
from regulars.facts.members.store.personal import key_of_typed, name_query, tail_token
from regulars.facts.members.types import MemberFilter
from regulars.kit.sql import plain_array

_TAIL = re.compile(r"\d{4}")
_MEMBERSHIP = """m.member_id, m.code, m.status, m.language, m.joined_at, m.channel, m.touchpoint, m.store_id,
       m.recruiter, m.tags, m.attributes::text, m.tier, m.orders, m.spend, m.refunds, m.visits, m.first_order_at,
       m.last_order_at, m.last_at"""


@dataclass(frozen=True, slots=True)
class MembershipRecord:
    """The columns of one membership that people read."""

    member_id: UUID
    code: str
    status: str
    language: str
    joined_at: datetime
    channel: str
    touchpoint: str
    store_id: UUID | None
    recruiter: str
    tags: list[str]
    attributes: dict[str, Any]
    tier: str
    orders: int
    spend: int
    refunds: int
    visits: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProfileRecord:
    """A profile as stored: sealed fields in the order of `PROFILE_FIELDS`."""

    sealed: tuple[memoryview | None, ...]
    birthday_set_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class IdentityRecord:
    id: UUID
    type: str
    value: memoryview
    masked: str
    verified_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Search:
    """What `q` can mean: keys of the directory it may be, and tokens that all must be there. Neither: no filter."""

    keys: tuple[UUID, ...] = ()
    tokens: tuple[int, ...] = ()
    by_name: bool = False

    @property
    def nothing(self) -> bool:
        return not self.keys and not self.tokens


def read_member(
    cursor: Any, *, brand_id: UUID, member_id: UUID
) -> tuple[MembershipRecord, ProfileRecord, list[UUID]] | None:
    """Membership, profile and all brands of one member; None if she has no membership in this brand."""
    cursor.execute(
        f"""SELECT {_MEMBERSHIP}, p.name, p.gender, p.birthday, p.address, p.birthday_set_at, p.updated_at,
                   ARRAY(SELECT b.brand_id FROM membership b WHERE b.member_id = m.member_id ORDER BY b.joined_at)
              FROM membership m LEFT JOIN profile p ON p.member_id = m.member_id
             WHERE m.member_id = %s AND m.brand_id = %s""",
        [member_id, brand_id],
    )
    row = cursor.fetchone()
    if row is None:
        return None
    return _membership(row), ProfileRecord(tuple(row[19:23]), row[23], row[24]), row[25]


def identities_of(cursor: Any, *, member_id: UUID) -> list[IdentityRecord]:
    cursor.execute(
        """SELECT key_hash, type, value, masked, verified_at, created_at FROM identity
            WHERE member_id = %s ORDER BY created_at, type, key_hash""",
        [member_id],
    )
    return [IdentityRecord(*row) for row in cursor.fetchall()]


def search_of(organisation_id: UUID, q: str) -> Search:
    """How to look for what somebody typed into the one search box."""
    text = q.strip()
    if _TAIL.fullmatch(text):
        return Search(_keys(organisation_id, text), (tail_token(organisation_id, text),))
    keys = _keys(organisation_id, text)
    tokens = () if any(c.isdigit() for c in text) or "@" in text else tuple(name_query(organisation_id, text))
    return Search(keys, tokens, by_name=bool(tokens))


def _keys(organisation_id: UUID, text: str) -> tuple[UUID, ...]:
    keys = []
    for type_ in ("phone", "code", "card", "email"):
        try:
            keys.append(key_of_typed(organisation_id, type_, text))
        except BadIdentity:
            continue
    return tuple(keys)


def list_memberships(
    cursor: Any,
    *,
    organisation_id: UUID,
    brand_id: UUID,
    given: MemberFilter,
    search: Search | None,
    store_ids: Iterable[UUID] | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[tuple[MembershipRecord, memoryview | None, memoryview | None, str | None]]:
    """A page, newest first, with sealed name, sealed phone and masked phone of each.

    Members of other stores than `store_ids` are found by an exact identifier only.
    """
    where, values = filter_conditions(given)
    if search is not None:
        where.append(
            """m.member_id IN (SELECT k.member_id FROM identity_key k
                                WHERE k.key_hash = ANY(%s::uuid[]) AND k.organisation_id = %s
                               UNION ALL
                               SELECT s.member_id FROM search_token s
                                WHERE s.organisation_id = %s AND s.tokens @> %s::bigint[] AND %s)"""
        )
        tokens = search.tokens
        values += [
            plain_array(search.keys),
            organisation_id,
            organisation_id,
            plain_array(tokens),
            bool(tokens),
        ]
    if store_ids is not None:
        where.append(
            """(m.store_id = ANY(%s::uuid[]) OR m.member_id IN (SELECT k.member_id FROM identity_key k
                 WHERE k.key_hash = ANY(%s::uuid[]) AND k.organisation_id = %s))"""
        )
        values += [plain_array(store_ids), plain_array(search.keys if search else ()), organisation_id]
    if after is not None:
        # the first part is a place in the index; the second alone would walk it from its beginning
        where.append("m.joined_at <= %s AND (m.joined_at < %s OR m.member_id > %s)")
        values += [after[0], after[0], after[1]]
    cursor.execute(
        f"""WITH page AS MATERIALIZED (
                SELECT {_MEMBERSHIP} FROM membership m
                 WHERE m.brand_id = %s{"".join(f" AND {part}" for part in where)}
                 ORDER BY m.joined_at DESC, m.member_id LIMIT %s)
            SELECT m.*, p.name, i.value, i.masked
              FROM page m
              LEFT JOIN profile p ON p.member_id = m.member_id
              LEFT JOIN LATERAL (SELECT value, masked FROM identity
                                  WHERE member_id = m.member_id AND type = 'phone'
                                  ORDER BY created_at, key_hash LIMIT 1) i ON true
             ORDER BY m.joined_at DESC, m.member_id""",
        [brand_id, *values, limit],
    )
    return [(_membership(row), row[19], row[20], row[21]) for row in cursor.fetchall()]


def filter_conditions(given: MemberFilter) -> tuple[list[str], list[Any]]:
    """The filter, its search aside, as SQL over `membership m` and the values in it."""
    where: list[str] = []
    values: list[Any] = []
    for column, value in (
        ("tier", given.tier),
        ("store_id", given.store_id),
        ("channel", given.channel),
        ("status", given.status),
    ):
        if value is not None:
            where.append(f"m.{column} = %s")
            values.append(value)
    if given.tag is not None:
        where.append("m.tags @> ARRAY[%s]::text[]")
        values.append(given.tag)
    if given.segment_id is not None:
        # who is in a segment is kept two floors up; the id alone comes down
        where.append(
            "EXISTS (SELECT FROM segment_member g WHERE g.member_id = m.member_id AND g.segment_id = %s)"
        )
        values.append(given.segment_id)
    for column, operator, instant in (
        ("joined_at", ">=", given.joined_from),
        ("joined_at", "<", given.joined_before),
        ("last_order_at", ">=", given.last_order_from),
        ("last_order_at", "<", given.last_order_before),
    ):
        if instant is not None:
            where.append(f"m.{column} {operator} %s")
            values.append(instant)
    return where, values


def personal_facts(
    cursor: Any, *, member_ids: Sequence[UUID]
) -> list[tuple[UUID, memoryview | None, memoryview | None]]:
    """Member, sealed gender, sealed birthday."""
    cursor.execute(
        "SELECT member_id, gender, birthday FROM profile WHERE member_id = ANY(%s::uuid[])",
        [plain_array(member_ids)],
    )
    return list(cursor.fetchall())


def _membership(row: Sequence[Any]) -> MembershipRecord:
    attributes = {} if row[10] == "{}" else json.loads(row[10])
    columns: list[Any] = [*row[:10], attributes, *row[11:19]]
    return MembershipRecord(*columns)


def briefs(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID], active: bool
) -> list[tuple[UUID, str, str, str, datetime, int]]:
    """(member, code, language, tier, joined at, orders) of those who have a membership (an `active` one)."""
    cursor.execute(
        f"""SELECT member_id, code, language, tier, joined_at, orders FROM membership
             WHERE brand_id = %s AND member_id = ANY(%s::uuid[]) {"AND status = 'active'" if active else ""}""",
        [brand_id, plain_array(member_ids)],
    )
    return list(cursor.fetchall())


def codes_and_names(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]
) -> list[tuple[UUID, str, memoryview | None]]:
    cursor.execute(
        """SELECT m.member_id, m.code, p.name FROM membership m LEFT JOIN profile p ON p.member_id = m.member_id
            WHERE m.member_id = ANY(%s::uuid[]) AND m.brand_id = %s""",
        [plain_array(member_ids), brand_id],
    )
    return list(cursor.fetchall())


def codes(cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]) -> list[tuple[UUID, str]]:
    cursor.execute(
        "SELECT member_id, code FROM membership WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s",
        [plain_array(member_ids), brand_id],
    )
    return list(cursor.fetchall())
