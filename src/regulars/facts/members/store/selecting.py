"""Reads of many members at once: ids in order, counts, the hashes of their phones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from regulars.facts.members.store.reading import filter_conditions
from regulars.facts.members.types import MemberFilter
from regulars.kit.sql import plain_array


def count(cursor: Any, *, brand_id: UUID, given: MemberFilter, store_ids: Iterable[UUID] | None) -> int:
    where, values = _where(given, store_ids)
    cursor.execute(
        f"SELECT count(*) FROM membership m WHERE m.brand_id = %s AND {where}", [brand_id, *values]
    )
    return int(cursor.fetchone()[0])


def ids(
    cursor: Any,
    *,
    brand_id: UUID,
    given: MemberFilter,
    store_ids: Iterable[UUID] | None,
    after: UUID | None,
    limit: int,
    among: Iterable[UUID] | None,
) -> list[UUID]:
    where, values = _where(given, store_ids)
    if among is not None:
        where += " AND m.member_id = ANY(%s::uuid[])"
        values.append(plain_array(among))
    cursor.execute(
        f"""SELECT m.member_id FROM membership m
             WHERE m.brand_id = %s AND {where} AND (%s::uuid IS NULL OR m.member_id > %s)
             ORDER BY m.member_id LIMIT %s""",
        [brand_id, *values, after, after, limit],
    )
    return [row[0] for row in cursor.fetchall()]


def phones(cursor: Any, *, member_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Hashes of phone numbers by member; members without one are left out."""
    cursor.execute(
        "SELECT member_id, key_hash FROM identity WHERE member_id = ANY(%s::uuid[]) AND type = 'phone'",
        [plain_array(member_ids)],
    )
    found: dict[UUID, list[UUID]] = {}
    for member_id, key_hash in cursor.fetchall():
        found.setdefault(member_id, []).append(key_hash)
    return found


def _where(given: MemberFilter, store_ids: Iterable[UUID] | None) -> tuple[str, list[Any]]:
    where, values = filter_conditions(given)
    where.append("m.status = 'active'")
    if store_ids is not None:
        where.append("m.store_id = ANY(%s::uuid[])")
        values.append(plain_array(store_ids))
    return " AND ".join(where), values
