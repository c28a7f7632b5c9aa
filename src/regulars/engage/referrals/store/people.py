"""Who came by whom: marks, referrals, attempts, the tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.engage.referrals.types import AttemptRow, Branch, ReferralRow

_ROW = """member_id, recruiter_id, share_id, setting, state, reason, cleared, reviewed_by, note, joined_at, order_id,
          order_amount, cost, ordered_at, window_ends_at, qualified_at, ended_at"""
DEEPEST = 50


def add_marks(cursor: Any, *, brand_id: UUID, marks: Iterable[tuple[UUID, UUID, str]], now: datetime) -> None:
    """(hash, member, kind)."""
    ordered = sorted(set(marks))
    if ordered:
        cursor.execute(
            """INSERT INTO referral_mark (mark_hash, member_id, brand_id, kind, at)
               SELECT v.mark_hash, v.member_id, %s, v.kind, %s
                 FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS v(mark_hash, member_id, kind)
               ON CONFLICT DO NOTHING""",
            [brand_id, now, *([row[n] for row in ordered] for n in range(3))],
        )


def shared_marks(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]
) -> list[tuple[UUID, str, UUID, UUID, bool]]:
    """(member, kind, hash, another member seen with it, whether that one was seen first)."""
    cursor.execute(
        """SELECT a.member_id, a.kind, a.mark_hash, b.member_id, (b.at, b.member_id) < (a.at, a.member_id)
             FROM referral_mark a JOIN referral_mark b ON b.mark_hash = a.mark_hash AND b.member_id <> a.member_id
            WHERE a.member_id = ANY(%s) AND a.brand_id = %s""",
        [list(member_ids), brand_id],
    )
    return list(cursor.fetchall())


def chains(cursor: Any, *, brand_id: UUID, pairs: Sequence[tuple[UUID, UUID]]) -> dict[UUID, set[UUID]]:
    """By friend: everybody above her recruiter, and everybody below herself, of (friend, recruiter) pairs."""
    cursor.execute(
        """WITH RECURSIVE start AS (SELECT * FROM unnest(%(friends)s::uuid[], %(recruiters)s::uuid[])
                                     AS v(friend, recruiter)),
             up AS (SELECT friend, recruiter AS member, 0 AS depth FROM start
                     UNION
                    SELECT up.friend, r.recruiter_id, up.depth + 1 FROM up
                      JOIN referral r ON r.member_id = up.member AND r.brand_id = %(brand)s
                     WHERE up.depth < %(deepest)s),
             down AS (SELECT friend, friend AS member, 0 AS depth FROM start
                       UNION
                      SELECT down.friend, r.member_id, down.depth + 1 FROM down
                        JOIN referral r ON r.recruiter_id = down.member AND r.brand_id = %(brand)s
                       WHERE down.depth < %(deepest)s)
           SELECT friend, member FROM up WHERE depth > 0 UNION SELECT friend, member FROM down WHERE depth > 0""",
        {
            "friends": [friend for friend, _ in pairs],
            "recruiters": [recruiter for _, recruiter in pairs],
            "brand": brand_id,
            "deepest": DEEPEST,
        },
    )
    found: dict[UUID, set[UUID]] = {friend: set() for friend, _ in pairs}
    for friend, member in cursor.fetchall():
        found[friend].add(member)
    return found


def insert(cursor: Any, *, brand_id: UUID, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Rows of new referrals; gives the friends who had none."""
    if not rows:
        return set()
    ordered = sorted(rows, key=lambda row: row["member_id"])
    names = (
        "member_id", "recruiter_id", "share_id", "setting", "state", "reason", "joined_at", "next_run_at", "ended_at",
    )  # fmt: skip
    kinds = ("uuid", "uuid", "uuid", "int", "text", "text", "timestamptz", "timestamptz", "timestamptz")
    cursor.execute(
        f"""INSERT INTO referral (brand_id, {", ".join(names)})
            SELECT %s, v.* FROM unnest({", ".join(f"%s::{kind}[]" for kind in kinds)}) AS v
            ON CONFLICT DO NOTHING RETURNING member_id""",
        [brand_id, *([row[name] for row in ordered] for name in names)],
    )
    return {row[0] for row in cursor.fetchall()}


def add_attempts(
    cursor: Any,
    *,
    brand_id: UUID,
    rows: Sequence[tuple[UUID, UUID, UUID | None, str, str]],
    now: datetime,
) -> None:
    """(member, id, recruiter, code, reason)."""
    if rows:
        cursor.execute(
            """INSERT INTO referral_attempt (member_id, id, brand_id, recruiter_id, code, reason, at)
               SELECT v.member_id, v.id, %s, v.recruiter_id, v.code, v.reason, %s
                 FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[])
                      AS v(member_id, id, recruiter_id, code, reason)""",
            [brand_id, now, *([row[n] for row in rows] for n in range(5))],
        )


def tried_since(cursor: Any, *, brand_id: UUID, member_id: UUID, code: str, since: datetime) -> bool:
    cursor.execute(
        """SELECT 1 FROM referral_attempt
            WHERE member_id = %s AND brand_id = %s AND code = %s AND at >= %s LIMIT 1""",
        [member_id, brand_id, code, since],
    )
    return cursor.fetchone() is not None


def read(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID], lock: bool = False
) -> dict[UUID, ReferralRow]:
    cursor.execute(
        f"""SELECT {_ROW} FROM referral WHERE member_id = ANY(%s) AND brand_id = %s
             ORDER BY member_id {"FOR NO KEY UPDATE" if lock else ""}""",
        [list(member_ids), brand_id],
    )
    return {row[0]: ReferralRow(*row) for row in cursor.fetchall()}


def update(cursor: Any, *, brand_id: UUID, member_id: UUID, values: Mapping[str, Any]) -> None:
    """Write some columns of one referral; the names are this room's own."""
    names = ", ".join(f"{name} = %s" for name in values)
    cursor.execute(
        f"UPDATE referral SET {names} WHERE member_id = %s AND brand_id = %s",
        [*values.values(), member_id, brand_id],
    )


def hold_recruiters(cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]) -> None:
    """Make sure of their rows and hold them, in order, until the transaction ends."""
    ordered = sorted(set(member_ids))
    cursor.execute(
        """INSERT INTO referral_recruiter (member_id, brand_id, qualified)
           SELECT m, %s, 0 FROM unnest(%s::uuid[]) AS m ON CONFLICT DO NOTHING""",
        [brand_id, ordered],
    )
    cursor.execute(
        """SELECT member_id FROM referral_recruiter WHERE member_id = ANY(%s) AND brand_id = %s
            ORDER BY member_id FOR NO KEY UPDATE""",
        [ordered, brand_id],
    )


def qualified_counts(
    cursor: Any, *, brand_id: UUID, recruiters: Iterable[UUID], day: datetime, month: datetime
) -> dict[UUID, list[int]]:
    """By recruiter: qualified since `day`, since `month`, ever."""
    wanted = sorted(set(recruiters))
    cursor.execute(
        """SELECT recruiter_id, count(*) FILTER (WHERE qualified_at >= %s),
                  count(*) FILTER (WHERE qualified_at >= %s), count(*)
             FROM referral WHERE brand_id = %s AND recruiter_id = ANY(%s) AND state = 'qualified'
            GROUP BY recruiter_id""",
        [day, month, brand_id, wanted],
    )
    found = {one: [0, 0, 0] for one in wanted}
    found.update({row[0]: list(row[1:]) for row in cursor.fetchall()})
    return found


def add_qualified(cursor: Any, *, brand_id: UUID, recruiter_id: UUID, number: int) -> None:
    cursor.execute(
        """UPDATE referral_recruiter SET qualified = greatest(0, qualified + %s)
            WHERE member_id = %s AND brand_id = %s""",
        [number, recruiter_id, brand_id],
    )


def page(
    cursor: Any,
    *,
    brand_id: UUID,
    recruiter_id: UUID | None,
    state: str,
    reason: str,
    unreviewed: bool,
    before: Sequence[Any] | None,
    limit: int,
) -> list[ReferralRow]:
    """Newest first."""
    cursor.execute(
        f"""SELECT {_ROW} FROM referral
             WHERE brand_id = %(brand)s
               AND (%(recruiter)s::uuid IS NULL OR recruiter_id = %(recruiter)s::uuid)
               AND (%(state)s = '' OR state = %(state)s) AND (%(reason)s = '' OR reason = %(reason)s)
               AND (NOT %(open)s OR (state = 'refused' AND reviewed_by = ''))
               AND (%(at)s::timestamptz IS NULL OR (joined_at, member_id) < (%(at)s::timestamptz, %(id)s::uuid))
             ORDER BY joined_at DESC, member_id DESC LIMIT %(limit)s""",
        {
            "brand": brand_id, "recruiter": recruiter_id, "state": state, "reason": reason, "open": unreviewed,
            "at": before[0] if before else None, "id": before[1] if before else None, "limit": limit,
        },
    )  # fmt: skip
    return [ReferralRow(*row) for row in cursor.fetchall()]


def attempts(cursor: Any, *, brand_id: UUID, before: Sequence[Any] | None, limit: int) -> list[AttemptRow]:
    cursor.execute(
        """SELECT id, member_id, recruiter_id, code, reason, at FROM referral_attempt
            WHERE brand_id = %(brand)s
              AND (%(at)s::timestamptz IS NULL OR (at, id) < (%(at)s::timestamptz, %(id)s::uuid))
            ORDER BY at DESC, id DESC LIMIT %(limit)s""",
        {
            "brand": brand_id,
            "at": before[0] if before else None,
            "id": before[1] if before else None,
            "limit": limit,
        },
    )
    return [AttemptRow(*row) for row in cursor.fetchall()]


def tree(cursor: Any, *, brand_id: UUID, root: UUID, depth: int, limit: int) -> list[Branch]:
    """The members below `root`, level by level, the root first."""
    cursor.execute(
        """WITH RECURSIVE below AS (
               SELECT %(root)s::uuid AS member_id, NULL::uuid AS recruiter_id, 0 AS depth, ''::text AS state,
                      'infinity'::timestamptz AS joined_at
                UNION ALL
               SELECT r.member_id, r.recruiter_id, b.depth + 1, r.state, r.joined_at
                 FROM below b JOIN referral r ON r.recruiter_id = b.member_id AND r.brand_id = %(brand)s
                WHERE b.depth < %(depth)s),
             near AS (SELECT * FROM below ORDER BY depth, joined_at DESC, member_id LIMIT %(limit)s)
           SELECT s.member_id, s.recruiter_id, s.depth, s.state, count(r.member_id),
                  count(r.member_id) FILTER (WHERE r.state = 'qualified')
             FROM near s LEFT JOIN referral r ON r.recruiter_id = s.member_id AND r.brand_id = %(brand)s
            GROUP BY s.member_id, s.recruiter_id, s.depth, s.state, s.joined_at
            ORDER BY s.depth, s.joined_at DESC, s.member_id""",
        {"root": root, "brand": brand_id, "depth": depth, "limit": limit},
    )
    return [Branch(*row) for row in cursor.fetchall()]


def roots(cursor: Any, *, brand_id: UUID, before: Sequence[Any] | None, limit: int) -> list[Branch]:
    """Recruiters whom nobody recruited, those with most friends first."""
    cursor.execute(
        """SELECT * FROM (
               SELECT r.recruiter_id AS member_id, NULL::uuid, 0, ''::text, count(*) AS friends,
                      count(*) FILTER (WHERE r.state = 'qualified')
                 FROM referral r
                WHERE r.brand_id = %(brand)s
                  AND NOT EXISTS (SELECT 1 FROM referral o
                                   WHERE o.member_id = r.recruiter_id AND o.brand_id = %(brand)s)
                GROUP BY r.recruiter_id) AS one
            WHERE %(friends)s::bigint IS NULL OR (friends, member_id) < (%(friends)s::bigint, %(id)s::uuid)
            ORDER BY friends DESC, member_id DESC LIMIT %(limit)s""",
        {
            "brand": brand_id,
            "friends": before[0] if before else None,
            "id": before[1] if before else None,
            "limit": limit,
        },
    )
    return [Branch(*row) for row in cursor.fetchall()]


def funnel(
    cursor: Any, *, brand_id: UUID, since: datetime, until: datetime
) -> tuple[int, int, int, int, int, dict[str, int]]:
    """Of who joined in the span: all, ordered, qualified, returned; what rewards cost; refused by reason."""
    cursor.execute(
        """SELECT state, reason, count(*), count(order_id), coalesce(sum(cost), 0)::bigint FROM referral
            WHERE brand_id = %s AND joined_at >= %s AND joined_at < %s GROUP BY 1, 2""",
        [brand_id, since, until],
    )
    joined = ordered = qualified = returned = cost = 0
    refused: dict[str, int] = {}
    for state, reason, number, orders, spent in cursor.fetchall():
        joined += number
        ordered += orders
        cost += spent
        if state == "qualified":
            qualified += number
        elif state == "returned":
            returned += number
        elif state == "refused":
            refused[reason] = refused.get(reason, 0) + number
    return joined, ordered, qualified, returned, cost, refused


def known(cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]) -> set[UUID]:
    """Those who came by another or touched a link."""
    wanted = list(member_ids)
    cursor.execute(
        """SELECT member_id FROM referral WHERE member_id = ANY(%s) AND brand_id = %s
            UNION SELECT member_id FROM share_touch WHERE member_id = ANY(%s) AND brand_id = %s""",
        [wanted, brand_id, wanted, brand_id],
    )
    return {row[0] for row in cursor.fetchall()}


def qualified_between(
    cursor: Any, *, brand_id: UUID, since: datetime, until: datetime
) -> list[tuple[UUID, UUID, datetime]]:
    cursor.execute(
        """SELECT recruiter_id, member_id, qualified_at FROM referral
            WHERE brand_id = %s AND state = 'qualified' AND qualified_at >= %s AND qualified_at < %s
            ORDER BY qualified_at, member_id""",
        [brand_id, since, until],
    )
    return list(cursor.fetchall())


def friend_counts(cursor: Any, *, brand_id: UUID, recruiter_id: UUID) -> dict[str, int]:
    cursor.execute(
        "SELECT state, count(*) FROM referral WHERE brand_id = %s AND recruiter_id = %s GROUP BY state",
        [brand_id, recruiter_id],
    )
    return dict(cursor.fetchall())
