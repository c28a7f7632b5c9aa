"""Marks: what plans did for whom, each occasion once, and what members bought afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.engage.care.types import Due, Mark
from regulars.kit.ids import first_id_at
from regulars.kit.sql import plain_array, text_array

_MARK = "k.member_id, p.key, k.occasion, k.on_day, k.arm, k.at, k.bought_at, k.orders, k.spend"


def already(cursor: Any, *, plan_id: UUID, dues: Sequence[Due]) -> set[tuple[UUID, str]]:
    """Those of the occasions that were had."""
    cursor.execute(
        """SELECT k.member_id, k.occasion FROM unnest(%s::uuid[], %s::text[]) AS v(member_id, occasion)
             JOIN care_mark k ON k.member_id = v.member_id AND k.plan_id = %s AND k.occasion = v.occasion""",
        [
            plain_array(one.member_id for one in dues),
            text_array(one.occasion for one in dues),
            plan_id,
        ],
    )
    return set(cursor.fetchall())


def lately(cursor: Any, *, plan_id: UUID, member_ids: Iterable[UUID], after: date) -> set[UUID]:
    """Those who had any occasion of the plan later than this day."""
    cursor.execute(
        """SELECT DISTINCT member_id FROM care_mark
            WHERE member_id = ANY(%s::uuid[]) AND plan_id = %s AND on_day > %s""",
        [plain_array(member_ids), plan_id, after],
    )
    return {row[0] for row in cursor.fetchall()}


def occasions_of(cursor: Any, *, plan_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, set[str]]:
    cursor.execute(
        "SELECT member_id, occasion FROM care_mark WHERE member_id = ANY(%s::uuid[]) AND plan_id = %s",
        [plain_array(member_ids), plan_id],
    )
    found: dict[UUID, set[str]] = {}
    for member_id, occasion in cursor.fetchall():
        found.setdefault(member_id, set()).add(occasion)
    return found


def add(
    cursor: Any,
    *,
    brand_id: UUID,
    plan_id: UUID,
    dues: Sequence[tuple[Due, str]],
    at: datetime,
    until: datetime,
    measure_at: datetime | None,
) -> set[tuple[UUID, str]]:
    """Mark (due, arm), in member order; gives those that are new: they are the caller's to act on."""
    ordered = sorted(dues, key=lambda one: (one[0].member_id, one[0].occasion))
    cursor.execute(
        """INSERT INTO care_mark (member_id, plan_id, occasion, brand_id, on_day, arm, at, until, measure_at)
           SELECT v.member_id, %s, v.occasion, %s, v.on_day, v.arm, %s, %s,
                  CASE WHEN v.arm = 'before' THEN NULL ELSE %s::timestamptz END
             FROM unnest(%s::uuid[], %s::text[], %s::date[], %s::text[]) AS v(member_id, occasion, on_day, arm)
           ON CONFLICT (member_id, plan_id, occasion) DO NOTHING
           RETURNING member_id, occasion""",
        [
            plan_id,
            brand_id,
            at,
            until,
            measure_at,
            plain_array(one.member_id for one, _ in ordered),
            text_array(one.occasion for one, _ in ordered),
            plain_array(one.on for one, _ in ordered),
            text_array(arm for _, arm in ordered),
        ],
    )
    return set(cursor.fetchall())


def note_costs(cursor: Any, *, plan_id: UUID, costs: Sequence[tuple[UUID, str, int]]) -> None:
    cursor.execute(
        """UPDATE care_mark k SET cost = v.cost
             FROM unnest(%s::uuid[], %s::text[], %s::bigint[]) AS v(member_id, occasion, cost)
            WHERE k.member_id = v.member_id AND k.plan_id = %s AND k.occasion = v.occasion""",
        [
            plain_array(one[0] for one in costs),
            text_array(one[1] for one in costs),
            plain_array(one[2] for one in costs),
            plan_id,
        ],
    )


def measure(
    cursor: Any,
    *,
    keys: Sequence[tuple[UUID, UUID, str]],
    since: datetime,
    now: datetime,
    again_at: datetime,
) -> None:
    """Look at what these members bought from their mark to the end of its window, so far."""
    cursor.execute(
        """WITH asked AS (
               SELECT k.member_id, k.plan_id, k.occasion, k.brand_id, k.at, k.until
                 FROM unnest(%(members)s::uuid[], %(plans)s::uuid[], %(occasions)s::text[])
                      AS v(member_id, plan_id, occasion)
                 JOIN care_mark k ON k.member_id = v.member_id AND k.plan_id = v.plan_id
                                 AND k.occasion = v.occasion
           ), found AS (
               SELECT q.member_id, q.plan_id, q.occasion, count(a.id) FILTER (WHERE a.type = 'order') AS orders,
                      coalesce(sum(a.amount), 0) AS spend,
                      min(a.occurred_at) FILTER (WHERE a.type = 'order') AS bought_at
                 FROM asked q
                 LEFT JOIN activity a ON a.member_id = q.member_id AND a.brand_id = q.brand_id
                      AND a.id >= %(oldest)s::uuid AND a.type IN ('order', 'refund')
                      AND a.status = 'applied' AND a.occurred_at > q.at AND a.occurred_at <= q.until
                GROUP BY q.member_id, q.plan_id, q.occasion)
           UPDATE care_mark k SET orders = f.orders, spend = f.spend, bought_at = f.bought_at,
                                  measure_at = CASE WHEN k.until < %(now)s THEN NULL ELSE %(again)s END
             FROM found f
            WHERE k.member_id = f.member_id AND k.plan_id = f.plan_id AND k.occasion = f.occasion""",
        {
            "members": plain_array(key[0] for key in keys),
            "plans": plain_array(key[1] for key in keys),
            "occasions": text_array(key[2] for key in keys),
            "oldest": first_id_at(since),
            "now": now,
            "again": again_at,
        },
    )


def oldest_at(cursor: Any, *, keys: Sequence[tuple[UUID, UUID, str]]) -> datetime | None:
    cursor.execute(
        """SELECT min(k.at) FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS v(member_id, plan_id, occasion)
             JOIN care_mark k ON k.member_id = v.member_id AND k.plan_id = v.plan_id AND k.occasion = v.occasion""",
        [
            plain_array(key[0] for key in keys),
            plain_array(key[1] for key in keys),
            text_array(key[2] for key in keys),
        ],
    )
    row = cursor.fetchone()
    return row[0] if row else None


def figures(cursor: Any, *, plan_id: UUID) -> list[tuple[str, int, int, int, int, int, int, int]]:
    """By arm: (arm, marks, settled, bought, settled and bought, spend, cost, members)."""
    cursor.execute(
        """SELECT arm, count(*), count(*) FILTER (WHERE measure_at IS NULL),
                  count(*) FILTER (WHERE bought_at IS NOT NULL),
                  count(*) FILTER (WHERE bought_at IS NOT NULL AND measure_at IS NULL),
                  coalesce(sum(spend), 0)::bigint, coalesce(sum(cost), 0)::bigint, count(DISTINCT member_id)
             FROM care_mark WHERE plan_id = %s AND arm <> 'before' GROUP BY arm""",
        [plan_id],
    )
    return list(cursor.fetchall())


def months(cursor: Any, *, plan_id: UUID, timezone: str) -> list[tuple[str, int, int]]:
    """(month, marks acted on, of them bought) of the last year."""
    cursor.execute(
        """SELECT to_char(at AT TIME ZONE %s, 'YYYY-MM') AS month, count(*),
                  count(*) FILTER (WHERE bought_at IS NOT NULL)
             FROM care_mark WHERE plan_id = %s AND arm = 'treated' GROUP BY month ORDER BY month DESC LIMIT 12""",
        [timezone, plan_id],
    )
    return list(reversed(cursor.fetchall()))


def of_member(cursor: Any, *, brand_id: UUID, member_id: UUID, limit: int) -> list[Mark]:
    cursor.execute(
        f"""SELECT {_MARK} FROM care_mark k JOIN care_plan p ON p.id = k.plan_id
             WHERE k.member_id = %s AND k.brand_id = %s AND k.arm = 'treated' ORDER BY k.at DESC LIMIT %s""",
        [member_id, brand_id, limit],
    )
    return [Mark(*row) for row in cursor.fetchall()]


def page(
    cursor: Any, *, plan_id: UUID, before: tuple[str, str] | None, limit: int
) -> list[tuple[UUID, str, date, str, datetime, datetime | None, int, int]]:
    """Whom a plan reached, newest first."""
    cursor.execute(
        """SELECT member_id, occasion, on_day, arm, at, bought_at, orders, spend FROM care_mark
            WHERE plan_id = %(plan)s AND arm <> 'before'
              AND (%(at)s::timestamptz IS NULL OR (at, member_id) < (%(at)s::timestamptz, %(member)s::uuid))
            ORDER BY at DESC, member_id DESC LIMIT %(limit)s""",
        {
            "plan": plan_id,
            "at": before[0] if before else None,
            "member": before[1] if before else None,
            "limit": limit,
        },
    )
    return list(cursor.fetchall())
