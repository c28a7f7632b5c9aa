"""What members bought that plans remind them of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.engage.care.types import Bought, Item, Plan
from regulars.kit.sql import plain_array, text_array

_ITEM = "i.member_id, p.key, i.thing, i.label, i.bought_on, i.times, i.interval_days, i.next_on, i.ended_why"


def bought(cursor: Any, plan: Plan, *, member_ids: Iterable[UUID], zone: str) -> list[Bought]:
    """What of the plan's goods these members bought, and what of it they brought back.

    A service plan looks at each line of each order; a refill plan at all days on which a thing was bought.
    """
    settings = plan.definition.settings
    each = plan.definition.kind == "service"
    thing = (
        "o.id::text || ':' || o.ord::text"
        if each
        else ("o.sku" if settings["by"] == "sku" else "coalesce(nullif(o.category, ''), o.sku)")
    )
    label = "o.name" if each or settings["by"] == "sku" else "o.category"
    cursor.execute(
        f"""WITH ordered AS MATERIALIZED (
                SELECT a.member_id, a.id, a.subject, a.source, (a.occurred_at AT TIME ZONE %(zone)s)::date AS day,
                       e.ord, e.line ->> 'sku' AS sku, coalesce(e.line ->> 'category', '') AS category,
                       coalesce(nullif(e.line ->> 'name', ''), e.line ->> 'sku') AS name,
                       coalesce((e.line ->> 'quantity')::numeric, 1) AS quantity
                  FROM activity a,
                       jsonb_array_elements(a.body #> '{{order,lines}}') WITH ORDINALITY AS e(line, ord)
                 WHERE a.member_id = ANY(%(members)s::uuid[]) AND a.brand_id = %(brand)s AND a.type = 'order'
                   AND a.status = 'applied'
                   AND (e.line ->> 'sku' = ANY(%(skus)s::text[])
                        OR e.line ->> 'category' = ANY(%(categories)s::text[])
                        OR e.line ->> 'department' = ANY(%(departments)s::text[]))
            ), returned AS MATERIALIZED (
                SELECT r.member_id, r.subject, r.source, (e.line ->> 'line')::bigint AS ord,
                       sum((e.line ->> 'quantity')::numeric) AS quantity,
                       bool_or(e.line IS NOT NULL AND e.line ->> 'quantity' IS NULL) AS all_of_it
                  FROM activity r
                  LEFT JOIN LATERAL jsonb_array_elements(r.body #> '{{refund,lines}}') AS e(line) ON TRUE
                 WHERE r.member_id = ANY(%(members)s::uuid[]) AND r.brand_id = %(brand)s AND r.type = 'refund'
                 GROUP BY 1, 2, 3, 4
            ), kept AS (
                SELECT o.member_id, {thing} AS thing, {label} AS label, o.category, o.day,
                       EXISTS (SELECT FROM returned b
                                WHERE b.member_id = o.member_id AND b.subject = o.subject AND b.source = o.source
                                  AND (b.ord IS NULL
                                       OR (b.ord = o.ord AND (b.all_of_it OR b.quantity >= o.quantity)))) AS gone
                  FROM ordered o)
            SELECT member_id, thing, max(label), max(category),
                   coalesce(array_agg(DISTINCT day) FILTER (WHERE NOT gone), '{{}}'),
                   bool_and(gone)
              FROM kept GROUP BY member_id, thing ORDER BY member_id, thing""",
        {
            "zone": zone,
            "brand": plan.brand_id,
            "members": plain_array(member_ids),
            "skus": text_array(settings["skus"]),
            "categories": text_array(settings["categories"]),
            "departments": text_array(settings["departments"]),
        },
    )
    return [
        Bought(row[0], row[1], row[2] or row[1], row[3], tuple(row[4]), row[5]) for row in cursor.fetchall()
    ]


def by_habit(cursor: Any, *, plan_id: UUID, member_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these members who have things whose day was reckoned from their own rhythm."""
    cursor.execute(
        """SELECT DISTINCT member_id FROM care_item
            WHERE member_id = ANY(%s::uuid[]) AND plan_id = %s AND interval_days IS NOT NULL""",
        [plain_array(member_ids), plan_id],
    )
    return {row[0] for row in cursor.fetchall()}


def known(
    cursor: Any, *, plan_id: UUID, member_ids: Iterable[UUID]
) -> dict[tuple[UUID, str], tuple[int, str]]:
    """(member, thing) → how many reminders were done, why it ended (empty: it has not)."""
    cursor.execute(
        """SELECT member_id, thing, done, ended_why FROM care_item
            WHERE member_id = ANY(%s::uuid[]) AND plan_id = %s""",
        [plain_array(member_ids), plan_id],
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()}


def put(
    cursor: Any,
    *,
    brand_id: UUID,
    plan_id: UUID,
    rows: Sequence[tuple[UUID, str, str, date, int, int | None, int, date | None, str]],
    now: datetime,
) -> None:
    """Rows of (member, thing, label, bought on, times, interval, done, next on, why ended)."""
    ordered = sorted(rows, key=lambda one: (one[0], one[1]))
    cursor.execute(
        """INSERT INTO care_item (member_id, plan_id, thing, brand_id, label, bought_on, times, interval_days, done,
                                  next_on, ended_why, updated_at)
           SELECT v.member_id, %s, v.thing, %s, v.label, v.bought_on, v.times, v.interval_days, v.done, v.next_on,
                  v.ended_why, %s
             FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::date[], %s::int[], %s::int[], %s::int[],
                         %s::date[], %s::text[])
                  AS v(member_id, thing, label, bought_on, times, interval_days, done, next_on, ended_why)
           ON CONFLICT (member_id, plan_id, thing) DO UPDATE
              SET label = excluded.label, bought_on = excluded.bought_on, times = excluded.times,
                  interval_days = excluded.interval_days, done = excluded.done, next_on = excluded.next_on,
                  ended_why = excluded.ended_why, updated_at = excluded.updated_at
            WHERE care_item.ended_why <> 'resold'""",
        [
            plan_id,
            brand_id,
            now,
            plain_array(one[0] for one in ordered),
            text_array(one[1] for one in ordered),
            text_array(one[2][:200] for one in ordered),
            plain_array(one[3] for one in ordered),
            plain_array(one[4] for one in ordered),
            plain_array(one[5] for one in ordered),
            plain_array(one[6] for one in ordered),
            plain_array(one[7] for one in ordered),
            text_array(one[8] for one in ordered),
        ],
    )


def typical(cursor: Any, *, plan_id: UUID, fewest: int = 5) -> Mapping[str, int]:
    """The median interval of each thing, over those who have one of their own; `*` is that of all things."""
    cursor.execute(
        """SELECT coalesce(thing, '*'), round(percentile_cont(0.5) WITHIN GROUP (ORDER BY interval_days))::int
             FROM care_item WHERE plan_id = %s AND interval_days IS NOT NULL
            GROUP BY GROUPING SETS ((thing), ()) HAVING count(*) >= %s""",
        [plan_id, fewest],
    )
    return dict(cursor.fetchall())


def due(
    cursor: Any, plan: Plan, *, last: date, after: UUID | None, limit: int
) -> tuple[list[tuple[UUID, str, str, date, int, date, UUID | None, str]], UUID | None]:
    """Things whose day has come, (member, thing, label, bought on, done, day, store, recruiter), whole members."""
    cursor.execute(
        """SELECT i.member_id, i.thing, i.label, i.bought_on, i.done, i.next_on, m.store_id, m.recruiter
             FROM care_item i JOIN membership m ON m.member_id = i.member_id AND m.brand_id = i.brand_id
            WHERE i.plan_id = %s AND i.next_on <= %s AND (%s::uuid IS NULL OR i.member_id > %s::uuid)
              AND m.status = 'active'
            ORDER BY i.member_id, i.next_on, i.thing LIMIT %s""",
        [plan.id, last, after, after, limit],
    )
    rows = cursor.fetchall()
    if len(rows) < limit:
        return rows, None
    whole = [row for row in rows if row[0] != rows[-1][0]]
    return (whole, whole[-1][0]) if whole else (rows, rows[-1][0])


def members_after(cursor: Any, *, brand_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
    cursor.execute(
        """SELECT member_id FROM membership
            WHERE brand_id = %s AND status = 'active' AND orders > 0
              AND (%s::uuid IS NULL OR member_id > %s::uuid)
            ORDER BY member_id LIMIT %s""",
        [brand_id, after, after, limit],
    )
    return [row[0] for row in cursor.fetchall()]


def of_member(cursor: Any, *, brand_id: UUID, member_id: UUID) -> list[Item]:
    cursor.execute(
        f"""SELECT {_ITEM} FROM care_item i JOIN care_plan p ON p.id = i.plan_id
             WHERE i.member_id = %s AND i.brand_id = %s ORDER BY i.next_on NULLS LAST, i.bought_on DESC LIMIT 100""",
        [member_id, brand_id],
    )
    return [Item(*row) for row in cursor.fetchall()]


def end(cursor: Any, *, plan_id: UUID, member_id: UUID, thing: str, why: str, now: datetime) -> bool:
    cursor.execute(
        """UPDATE care_item SET next_on = NULL, ended_why = %s, updated_at = %s
            WHERE member_id = %s AND plan_id = %s AND thing = %s""",
        [why, now, member_id, plan_id, thing],
    )
    return bool(cursor.rowcount)


def advance(
    cursor: Any,
    *,
    plan_id: UUID,
    rows: Sequence[tuple[UUID, str, int, date | None, str]],
    now: datetime,
) -> None:
    """(member, thing, done, next on, why ended) of things that were reminded of."""
    cursor.execute(
        """UPDATE care_item i SET done = v.done, next_on = v.next_on, ended_why = v.ended_why, updated_at = %s
             FROM unnest(%s::uuid[], %s::text[], %s::int[], %s::date[], %s::text[])
                  AS v(member_id, thing, done, next_on, ended_why)
            WHERE i.member_id = v.member_id AND i.plan_id = %s AND i.thing = v.thing""",
        [
            now,
            plain_array(one[0] for one in rows),
            text_array(one[1] for one in rows),
            plain_array(one[2] for one in rows),
            plain_array(one[3] for one in rows),
            text_array(one[4] for one in rows),
            plan_id,
        ],
    )
