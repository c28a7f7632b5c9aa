"""Badges that a condition gives: always a difference between who has it and who should."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.engage.missions.types.play import Following, Granted
from regulars.kit.ids import new_id
from regulars.kit.sql import plain_array

CONDITION = "condition"

# Of those asked it should be `holding` who have it. Nobody who is frozen loses any. `brand_id::text` and `badge || ''`
# keep off the index that starts with the badge: while nobody knows yet how many grants a new one has, it seems as good
# as that of members, and all of the brand's would be read for each of them.
_SETTLE = """
    WITH holding AS (SELECT unnest(%(holding)s::uuid[]) AS member_id),
    had AS MATERIALIZED (
        SELECT g.member_id FROM unnest(%(asked)s::uuid[]) AS a (member_id)
         CROSS JOIN LATERAL (SELECT g.member_id FROM badge_grant g
                              WHERE g.member_id = a.member_id AND g.brand_id::text = %(brand)s::text
                                AND g.badge || '' = %(badge)s AND g.source = 'condition'
                                AND g.revoked_at IS NULL OFFSET 0) g
    ), gone AS (
        UPDATE badge_grant g SET revoked_at = %(now)s
         WHERE g.member_id = ANY(ARRAY(
                   SELECT m.member_id FROM membership m
                    WHERE %(takes)s AND m.member_id = ANY(ARRAY(
                              SELECT h.member_id FROM had h
                               WHERE NOT EXISTS (SELECT FROM holding w WHERE w.member_id = h.member_id)))
                      AND m.brand_id = %(brand)s AND m.status = 'active'))
           AND g.brand_id::text = %(brand)s::text AND g.badge || '' = %(badge)s AND g.source = 'condition'
           AND g.revoked_at IS NULL
        RETURNING g.member_id
    ), came AS (
        INSERT INTO badge_grant (member_id, brand_id, badge, key, source, granted_at)
        SELECT w.member_id, %(brand)s, %(badge)s, %(key)s, 'condition', %(now)s FROM holding w
         WHERE NOT EXISTS (SELECT FROM had h WHERE h.member_id = w.member_id)
        ON CONFLICT DO NOTHING
        RETURNING member_id
    )
    SELECT true, member_id FROM came UNION ALL SELECT false, member_id FROM gone ORDER BY 2
"""
_DIFFERING = """
    SELECT w.member_id FROM wanted w
     WHERE NOT EXISTS (SELECT FROM badge_grant g
                        WHERE g.member_id = w.member_id AND g.brand_id = %(brand)s AND g.badge = %(badge)s
                          AND g.source = 'condition' AND g.revoked_at IS NULL)
    UNION ALL
    SELECT g.member_id FROM badge_grant g
     WHERE %(takes)s AND g.brand_id = %(brand)s AND g.badge = %(badge)s AND g.source = 'condition'
       AND g.revoked_at IS NULL AND NOT EXISTS (SELECT FROM wanted w WHERE w.member_id = g.member_id)
     ORDER BY 1
"""


def hold(cursor: Any, *, brand_id: UUID, keys: Sequence[str], alone: bool) -> set[str]:
    """Hold badges until the transaction ends: whoever asks everybody alone, who asks a few beside others like her."""
    cursor.execute(
        f"""SELECT key FROM badge WHERE brand_id = %s AND key = ANY(%s::text[]) AND state = 'active'
             ORDER BY key FOR {"NO KEY UPDATE" if alone else "SHARE"}""",
        [brand_id, list(keys)],
    )
    return {row[0] for row in cursor.fetchall()}


def differing(cursor: Any, *, brand_id: UUID, badge: str, takes: bool) -> list[UUID]:
    """Who is in the temporary table `wanted` and has no badge, and where it `takes` who has one and is not in it."""
    # what a badge has thousands of is guessed far too low, and as many looks into an index would follow
    cursor.execute("SET LOCAL enable_nestloop = off")
    cursor.execute(_DIFFERING, {"brand": brand_id, "badge": badge, "takes": takes})
    found = [row[0] for row in cursor.fetchall()]
    cursor.execute("SET LOCAL enable_nestloop = on")
    return found


def settle(
    cursor: Any,
    *,
    brand_id: UUID,
    badge: str,
    takes: bool,
    asked: Sequence[UUID],
    holding: Sequence[UUID],
    now: datetime,
) -> tuple[list[UUID], list[UUID]]:
    """Bring some members to what the condition says: of those asked, it holds for `holding`."""
    cursor.execute(
        _SETTLE,
        {
            "brand": brand_id, "badge": badge, "key": _key(), "takes": takes, "now": now,
            "holding": plain_array(holding), "asked": plain_array(asked),
        },
    )  # fmt: skip
    return _parted(cursor.fetchall())


def _key() -> str:
    """Of what one following gives; again given is another grant, so that the history stays."""
    return f"{CONDITION}:{new_id()}"


def _parted(rows: Sequence[tuple[bool, UUID]]) -> tuple[list[UUID], list[UUID]]:
    return [one for came, one in rows if came], [one for came, one in rows if not came]


def ask_now(cursor: Any, *, brand_id: UUID, badge: str, now: datetime | None, anew: bool) -> None:
    """When everybody is asked next; `anew`: as if nobody ever was."""
    cursor.execute(
        """UPDATE badge SET next_run_at = %s, problem = '', followed_at = CASE WHEN %s THEN NULL ELSE followed_at END
            WHERE brand_id = %s AND key = %s""",
        [now, anew, brand_id, badge],
    )


def note_followed(cursor: Any, *, brand_id: UUID, badge: str, now: datetime, again: timedelta) -> None:
    cursor.execute(
        """UPDATE badge SET followed_at = %s, next_run_at = %s, problem = '' WHERE brand_id = %s AND key = %s""",
        [now, now + again, brand_id, badge],
    )


def note_problem(cursor: Any, *, brand_id: UUID, badge: str, problem: str, again_at: datetime) -> None:
    cursor.execute(
        "UPDATE badge SET problem = %s, next_run_at = %s WHERE brand_id = %s AND key = %s",
        [problem[:500], again_at, brand_id, badge],
    )


def following(cursor: Any, *, brand_id: UUID) -> dict[str, Following]:
    cursor.execute("SELECT key, followed_at, problem FROM badge WHERE brand_id = %s", [brand_id])
    return {row[0]: Following(row[1], row[2]) for row in cursor.fetchall()}


def history(cursor: Any, *, brand_id: UUID, member_id: UUID, limit: int) -> list[Granted]:
    """A member's badges as they came and went, newest first."""
    cursor.execute(
        """SELECT badge, source, granted_at, revoked_at FROM badge_grant WHERE member_id = %s AND brand_id = %s
            ORDER BY greatest(granted_at, revoked_at) DESC, badge LIMIT %s""",
        [member_id, brand_id, limit],
    )
    return [Granted(*row) for row in cursor.fetchall()]
