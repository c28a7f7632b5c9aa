"""The rebuild's place and lease, the dirty list, and the scales that only all members together give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.audience.member_facts.types import Freshness, Rebuild
from regulars.kit.sql import plain_array


def price_cuts(cursor: Any, *, brand_id: UUID) -> list[int]:
    cursor.execute("SELECT price_cuts FROM member_fact_run WHERE brand_id = %s", [brand_id])
    row = cursor.fetchone()
    return list(row[0]) if row else []


def mark_dirty(cursor: Any, *, pairs: Iterable[tuple[UUID, UUID]], now: datetime) -> int:
    """(brand, member) pairs; those marked already keep their older mark."""
    listed = sorted(set(pairs), key=lambda pair: (pair[1], pair[0]))
    cursor.execute(
        """INSERT INTO member_fact_dirty (member_id, brand_id, since)
           SELECT v.member_id, v.brand_id, %s FROM unnest(%s::uuid[], %s::uuid[]) AS v(brand_id, member_id)
           ON CONFLICT DO NOTHING""",
        [now, plain_array(b for b, _ in listed), plain_array(m for _, m in listed)],
    )
    return int(cursor.rowcount)


def mark_all(cursor: Any, *, brand_id: UUID, now: datetime) -> None:
    cursor.execute(
        """INSERT INTO member_fact_dirty (member_id, brand_id, since)
           SELECT member_id, brand_id, %s FROM membership WHERE brand_id = %s AND status <> 'left'
           ON CONFLICT DO NOTHING""",
        [now, brand_id],
    )


def take_dirty(cursor: Any, *, brand_id: UUID, limit: int, before: datetime | None = None) -> list[UUID]:
    """Take the members that wait longest (since `before`) off the list; what another worker holds is passed over."""
    cursor.execute(
        """DELETE FROM member_fact_dirty d USING (
               SELECT member_id, brand_id FROM member_fact_dirty
                WHERE brand_id = %s AND since <= coalesce(%s, 'infinity'::timestamptz)
                ORDER BY since, member_id LIMIT %s FOR UPDATE SKIP LOCKED) t
            WHERE d.member_id = t.member_id AND d.brand_id = t.brand_id RETURNING d.member_id""",
        [brand_id, before, limit],
    )
    return sorted(row[0] for row in cursor.fetchall())


def count_dirty(cursor: Any, *, brand_id: UUID, most: int) -> int:
    cursor.execute(
        "SELECT count(*) FROM (SELECT FROM member_fact_dirty WHERE brand_id = %s LIMIT %s) AS waiting",
        [brand_id, most],
    )
    return int(cursor.fetchone()[0])


def untouched(cursor: Any, *, brand_id: UUID, member_ids: Sequence[UUID], day: date) -> list[UUID]:
    """Those of the members whose facts are missing, of an older day, or marked as changed."""
    cursor.execute(
        """SELECT m.member_id FROM unnest(%s::uuid[]) AS m(member_id)
             LEFT JOIN member_fact f ON f.member_id = m.member_id AND f.brand_id = %s
            WHERE f.day IS DISTINCT FROM %s
               OR EXISTS (SELECT FROM member_fact_dirty d WHERE d.member_id = m.member_id AND d.brand_id = %s)
            ORDER BY 1""",
        [plain_array(member_ids), brand_id, day, brand_id],
    )
    return [row[0] for row in cursor.fetchall()]


def begin(cursor: Any, *, brand_id: UUID, day: date, now: datetime, until: datetime) -> Rebuild | None:
    """Take the rebuild's lease: go on where one of the same day stopped, else begin. None while another has it."""
    cursor.execute("INSERT INTO member_fact_run (brand_id) VALUES (%s) ON CONFLICT DO NOTHING", [brand_id])
    cursor.execute(
        "SELECT state, leased_until, day FROM member_fact_run WHERE brand_id = %s FOR UPDATE", [brand_id]
    )
    state, leased_until, of_day = cursor.fetchone()
    if state == "running" and leased_until is not None and leased_until > now:
        return None
    goes_on = state in ("running", "failed", "cancelled") and of_day == day
    cursor.execute(
        """UPDATE member_fact_run SET state = 'running', day = %s, leased_until = %s, problem = '',
                  after = CASE WHEN %s THEN after END, done = CASE WHEN %s THEN done ELSE 0 END,
                  started_at = CASE WHEN %s THEN started_at ELSE %s END, finished_at = NULL,
                  total = (SELECT count(*) FROM membership WHERE brand_id = %s AND status <> 'left')
            WHERE brand_id = %s""",
        [day, until, goes_on, goes_on, goes_on, now, brand_id, brand_id],
    )
    return read(cursor, brand_id=brand_id)


def next_chunk(cursor: Any, *, brand_id: UUID, limit: int) -> list[UUID] | None:
    """The next members by id, behind the last one done; None when somebody cancelled."""
    cursor.execute("SELECT state, after FROM member_fact_run WHERE brand_id = %s FOR UPDATE", [brand_id])
    state, after = cursor.fetchone()
    if state != "running":
        return None
    cursor.execute(
        """SELECT member_id FROM membership
            WHERE brand_id = %s AND status <> 'left' AND (%s::uuid IS NULL OR member_id > %s::uuid)
            ORDER BY member_id LIMIT %s""",
        [brand_id, after, after, limit],
    )
    return [row[0] for row in cursor.fetchall()]


def advance(cursor: Any, *, brand_id: UUID, after: UUID, count: int, until: datetime) -> None:
    cursor.execute(
        "UPDATE member_fact_run SET after = %s, done = done + %s, leased_until = %s WHERE brand_id = %s",
        [after, count, until, brand_id],
    )


def finish(cursor: Any, *, brand_id: UUID, now: datetime) -> None:
    """All are made: forget those who left, find the price levels' cuts and set every level by them."""
    cursor.execute(
        """DELETE FROM member_fact f USING membership m
            WHERE f.brand_id = %s AND m.member_id = f.member_id AND m.brand_id = f.brand_id AND m.status = 'left'""",
        [brand_id],
    )
    cursor.execute(
        """SELECT percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY unit_price_365)
             FROM member_fact WHERE brand_id = %s AND unit_price_365 IS NOT NULL HAVING count(*) >= 5""",
        [brand_id],
    )
    row = cursor.fetchone()
    # a level begins above its cut: of few prices the lowest fifth is level 1
    cuts = [cut + 1 for cut in row[0]] if row else []
    cursor.execute(
        """UPDATE member_fact_run SET state = 'idle', finished_at = %s, leased_until = NULL, after = NULL,
                  price_cuts = %s
            WHERE brand_id = %s""",
        [now, cuts, brand_id],
    )
    level = (
        "CASE WHEN cardinality(%(cuts)s::bigint[]) = 4"
        " THEN width_bucket(unit_price_365, %(cuts)s::bigint[]) + 1 END"
    )
    cursor.execute(
        f"""UPDATE member_fact SET price_level = {level}
             WHERE brand_id = %(brand)s AND price_level IS DISTINCT FROM {level}""",
        {"cuts": cuts, "brand": brand_id},
    )


def stop(cursor: Any, *, brand_id: UUID, state: str, problem: str = "") -> bool:
    cursor.execute(
        """UPDATE member_fact_run SET state = %s, problem = %s, leased_until = NULL
            WHERE brand_id = %s AND state = 'running'""",
        [state, problem[:2000], brand_id],
    )
    return bool(cursor.rowcount)


def read(cursor: Any, *, brand_id: UUID) -> Rebuild | None:
    cursor.execute(
        """SELECT state, started_at, finished_at, day, done, total, problem FROM member_fact_run WHERE brand_id = %s""",
        [brand_id],
    )
    row = cursor.fetchone()
    return Rebuild(*row) if row else None


def freshness(cursor: Any, *, brand_id: UUID) -> Freshness:
    cursor.execute(
        """SELECT (SELECT count(*) FROM membership WHERE brand_id = %(b)s AND status <> 'left'),
                  f.rows, f.oldest, f.newest, d.rows, d.since, s.rows, s.at
             FROM (SELECT count(*) AS rows, min(day) AS oldest, max(as_of) AS newest
                     FROM member_fact WHERE brand_id = %(b)s) f,
                  (SELECT count(*) AS rows, min(since) AS since FROM member_fact_dirty WHERE brand_id = %(b)s) d,
                  (SELECT count(*) AS rows, max(as_of) AS at FROM member_score WHERE brand_id = %(b)s) s""",
        {"b": brand_id},
    )
    return Freshness(*cursor.fetchone())
