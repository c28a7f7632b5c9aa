"""Issuing to very many members: coupons of one portion written by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import md5
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array


def prefix(brand_id: UUID, definition: str, key: str) -> str:
    """What the ids of a source's coupons begin from."""
    return f"coupon\x1f{brand_id}\x1f{definition}\x1f{key}\x1f"


def coupon_id(prefix_: str, member_id: UUID) -> UUID:
    """The id of a member's coupon, as `insert` makes it in SQL. MD5 because both sides have it; it keeps no secret."""
    return UUID(hex=md5(f"{prefix_}{member_id}".encode(), usedforsecurity=False).hexdigest())


def insert(
    cursor: Any,
    *,
    brand_id: UUID,
    definition: str,
    key: str,
    members: Sequence[UUID],
    source: str,
    per_member: int | None,
    claimed_at: datetime,
    starts_at: datetime,
    expires_at: datetime | None,
) -> tuple[int, int, int]:
    """Coupons for those of (different) members who have none of this key and room below their limit.

    Returns how many had none, how many of those had room, and how many were written.
    """
    tally = """
        INSERT INTO coupon_tally AS t (member_id, brand_id, definition, taken)
        SELECT member_id, %(brand)s, %(definition)s, 1 FROM fresh ORDER BY member_id
        ON CONFLICT (member_id, brand_id, definition) DO UPDATE SET taken = t.taken + 1 WHERE t.taken < %(most)s
        RETURNING member_id"""
    cursor.execute(
        f"""WITH wanted AS MATERIALIZED (
                SELECT m AS member_id, md5(%(prefix)s || m::text)::uuid AS id FROM unnest(%(members)s::uuid[]) AS m),
            fresh AS MATERIALIZED (
                SELECT w.member_id, w.id FROM wanted w
                 WHERE NOT EXISTS (SELECT 1 FROM coupon c WHERE c.member_id = w.member_id AND c.id = w.id)),
            room AS ({"SELECT member_id FROM fresh" if per_member is None else tally}),
            made AS (
                INSERT INTO coupon (member_id, id, brand_id, definition, state, claimed_at, starts_at, expires_at,
                                    source)
                SELECT f.member_id, f.id, %(brand)s, %(definition)s, 'claimed', %(claimed)s, %(starts)s, %(expires)s,
                       %(source)s
                  FROM fresh f JOIN room USING (member_id)
                ON CONFLICT DO NOTHING RETURNING 1)
            SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM room), (SELECT count(*) FROM made)""",
        {
            "prefix": prefix(brand_id, definition, key),
            "members": plain_array(members),
            "brand": brand_id,
            "definition": definition,
            "most": per_member,
            "claimed": claimed_at,
            "starts": starts_at,
            "expires": expires_at,
            "source": source,
        },
    )
    fresh, room, made = cursor.fetchone()
    return int(fresh), int(room), int(made)
