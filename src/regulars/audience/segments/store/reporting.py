"""Reading: who is in, who came and went, counts over time, overlaps, parts of a split."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.audience.segments.types import InSegment, SegmentCount, SegmentMove
from regulars.kit.sql import plain_array, text_array
from regulars.kit.text import Text

# The part of a member in a split; `policy.splitting.part_of` says the same in Python.
SPLIT = "(('x' || left(md5(%(salt)s || ':' || member_id::text), 7))::bit(28)::int %% %(parts)s)"


def members_page(
    cursor: Any, *, segment_id: UUID, after: UUID | None, limit: int, store_ids: Sequence[UUID] | None = None
) -> list[tuple[UUID, datetime]]:
    stores = "" if store_ids is None else "AND m.store_id = ANY(%(stores)s::uuid[])"
    cursor.execute(
        f"""SELECT s.member_id, s.since FROM segment_member s
             {"" if store_ids is None else "JOIN membership m ON m.member_id = s.member_id"}
             WHERE s.segment_id = %(segment)s AND s.member_id > %(after)s::uuid {stores}
             ORDER BY s.member_id LIMIT %(limit)s""",
        {
            "segment": segment_id,
            # always a place in the index, also in a plan that is made once for all pages
            "after": after or UUID(int=0),
            "limit": limit,
            "stores": plain_array(store_ids or ()),
        },
    )
    return list(cursor.fetchall())


def among(cursor: Any, *, segment_id: UUID, member_ids: Sequence[UUID]) -> set[UUID]:
    cursor.execute(
        "SELECT member_id FROM segment_member WHERE segment_id = %s AND member_id = ANY(%s::uuid[])",
        [segment_id, plain_array(member_ids)],
    )
    return {row[0] for row in cursor.fetchall()}


def moves_page(
    cursor: Any, *, segment_id: UUID, before: UUID | None, limit: int
) -> list[tuple[UUID, SegmentMove]]:
    cursor.execute(
        """SELECT id, member_id, entered, version, at FROM segment_move
            WHERE segment_id = %s AND (%s::uuid IS NULL OR id < %s::uuid) ORDER BY id DESC LIMIT %s""",
        [segment_id, before, before, limit],
    )
    return [(row[0], SegmentMove(*row[1:])) for row in cursor.fetchall()]


def counts(cursor: Any, *, segment_ids: Sequence[UUID], limit: int) -> dict[UUID, list[SegmentCount]]:
    """Each segment's last days with a count (UTC), the oldest first: members at its end, who came and went on it."""
    cursor.execute(
        """SELECT s.id, c.at, c.version, c.members, c.entered, c.gone FROM unnest(%s::uuid[]) AS s(id)
             CROSS JOIN LATERAL (
                 SELECT max(at) AS at, (array_agg(version ORDER BY id DESC))[1] AS version,
                        (array_agg(members ORDER BY id DESC))[1] AS members, sum(entered)::int AS entered,
                        sum(gone)::int AS gone
                   FROM segment_count WHERE segment_id = s.id
                  GROUP BY (at AT TIME ZONE 'UTC')::date ORDER BY 1 DESC LIMIT %s) c
            ORDER BY s.id, c.at""",
        [plain_array(segment_ids), limit],
    )
    found: dict[UUID, list[SegmentCount]] = {id_: [] for id_ in segment_ids}
    for row in cursor.fetchall():
        found[row[0]].append(SegmentCount(*row[1:]))
    return found


def in_stores(cursor: Any, *, segment_ids: Sequence[UUID], store_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many members of these stores each segment has; one that has none is left out."""
    cursor.execute(
        """SELECT s.segment_id, count(*) FROM segment_member s JOIN membership m ON m.member_id = s.member_id
            WHERE s.segment_id = ANY(%s::uuid[]) AND m.store_id = ANY(%s::uuid[]) GROUP BY 1""",
        [plain_array(segment_ids), plain_array(store_ids)],
    )
    return dict(cursor.fetchall())


def overlaps(
    cursor: Any, *, segment_ids: Sequence[UUID], store_ids: Collection[UUID] | None = None
) -> dict[tuple[UUID, UUID], int]:
    """How many members (of these stores) two segments share, for every pair, each with itself included."""
    stores = "" if store_ids is None else "AND m.store_id = ANY(%(stores)s::uuid[])"
    cursor.execute(
        f"""SELECT a.segment_id, b.segment_id, count(*) FROM segment_member a
             JOIN segment_member b ON b.member_id = a.member_id AND b.segment_id = ANY(%(segments)s::uuid[])
             {"" if store_ids is None else "JOIN membership m ON m.member_id = a.member_id"}
            WHERE a.segment_id = ANY(%(segments)s::uuid[]) {stores} GROUP BY 1, 2""",
        {"segments": plain_array(segment_ids), "stores": plain_array(store_ids or ())},
    )
    return {(one, other): count for one, other, count in cursor.fetchall()}


def parts(cursor: Any, *, segment_id: UUID, salt: str, parts: int) -> dict[int, int]:
    cursor.execute(
        f"SELECT {SPLIT} AS part, count(*) FROM segment_member WHERE segment_id = %(segment)s GROUP BY 1",
        {"salt": salt, "parts": parts, "segment": segment_id},
    )
    return dict(cursor.fetchall())


def copy_part(
    cursor: Any, *, segment_id: UUID, into: UUID, salt: str, parts: int, part: int, now: datetime
) -> int:
    cursor.execute(
        f"""INSERT INTO segment_member (member_id, segment_id, since)
            SELECT member_id, %(into)s, %(now)s FROM segment_member
             WHERE segment_id = %(segment)s AND {SPLIT} = %(part)s""",
        {"salt": salt, "parts": parts, "segment": segment_id, "into": into, "part": part, "now": now},
    )
    return int(cursor.rowcount)


def of_member(cursor: Any, *, brand_id: UUID, member_id: UUID) -> list[InSegment]:
    cursor.execute(
        """SELECT s.code, s.name_zh, s.name_en, m.since, s.tag FROM segment_member m
             JOIN segment s ON s.id = m.segment_id
            WHERE m.member_id = %s AND s.brand_id = %s ORDER BY m.since DESC, s.code""",
        [member_id, brand_id],
    )
    return [InSegment(code, Text(zh, en), since, tag) for code, zh, en, since, tag in cursor.fetchall()]


def codes_of(cursor: Any, *, brand_id: UUID, member_ids: Sequence[UUID]) -> dict[UUID, set[str]]:
    cursor.execute(
        """SELECT m.member_id, s.code FROM segment_member m JOIN segment s ON s.id = m.segment_id
            WHERE m.member_id = ANY(%s::uuid[]) AND s.brand_id = %s""",
        [plain_array(member_ids), brand_id],
    )
    found: dict[UUID, set[str]] = {one: set() for one in member_ids}
    for member_id, code in cursor.fetchall():
        found[member_id].add(code)
    return found


def figures(cursor: Any, *, brand_id: UUID) -> tuple[Any, ...]:
    """Quantiles for the ready-made segments, over members who bought in the last year."""
    cursor.execute(
        """SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY orders_90),
                  percentile_disc(0.9) WITHIN GROUP (ORDER BY spend_365),
                  percentile_disc(0.75) WITHIN GROUP (ORDER BY discount_share)
             FROM member_fact WHERE brand_id = %s AND orders_365 > 0""",
        [brand_id],
    )
    return tuple(cursor.fetchone())


def top_categories(cursor: Any, *, brand_id: UUID, limit: int, without: Collection[str] = ()) -> list[str]:
    """The categories with most fans, `without` those that are no goods to be fond of."""
    cursor.execute(
        """SELECT top_category FROM member_fact WHERE brand_id = %s AND top_category IS NOT NULL
              AND top_category_share >= 0.15 AND orders_365 >= 3
              AND NOT top_category = ANY(%s::text[])
            GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT %s""",
        [brand_id, text_array(without), limit],
    )
    return [row[0] for row in cursor.fetchall()]
