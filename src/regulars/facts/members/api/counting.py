"""How many members there are: in all, by tier, by the day they joined."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import connection


def count_members(*, brand_id: UUID) -> int:
    """Members who have not left."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM membership WHERE brand_id = %s AND status <> 'left'", [brand_id])
        return int(cursor.fetchone()[0])


def count_by_tier(*, brand_id: UUID) -> dict[str, int]:
    """Members who have not left, by their tier in the first scheme."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tier, count(*) FROM membership WHERE brand_id = %s AND status <> 'left' GROUP BY tier",
            [brand_id],
        )
        return dict(cursor.fetchall())


def count_by_tag(*, brand_id: UUID) -> dict[str, int]:
    """Members who have not left, by tag."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT tag, count(*) FROM membership, unnest(tags) AS tag
                WHERE brand_id = %s AND status <> 'left' AND tags <> '{}' GROUP BY tag""",
            [brand_id],
        )
        return dict(cursor.fetchall())


def count_joined_by_day(
    *, brand_id: UUID, since: datetime, until: datetime, timezone: str
) -> dict[date, int]:
    """Members by the business day on which they joined, in [since, until)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT (joined_at AT TIME ZONE %s)::date AS day, count(*) FROM membership
                WHERE brand_id = %s AND joined_at >= %s AND joined_at < %s GROUP BY day ORDER BY day""",
            [timezone, brand_id, since, until],
        )
        return dict(cursor.fetchall())


def numbers_of(*, brand_id: UUID, key: str) -> list[tuple[UUID, int]]:
    """(member, number) of a custom field of whole numbers, for those who have one and may be profiled."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT m.member_id, floor((m.attributes ->> %s)::numeric)::bigint FROM membership m
                WHERE m.brand_id = %s AND m.status <> 'left' AND jsonb_typeof(m.attributes -> %s) = 'number'
                  AND NOT EXISTS (SELECT FROM profiling_opt_out p
                                   WHERE p.member_id = m.member_id AND p.brand_id = m.brand_id)""",
            [key, brand_id, key],
        )
        return [(row[0], int(row[1])) for row in cursor.fetchall()]
