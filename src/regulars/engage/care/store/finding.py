"""Whose turn may it be: one statement for each kind of plan, in the order of members' ids, a portion at a time.

What a statement finds is a candidate. Whether she was had already, belongs to the audience or is held out is asked of
a portion at once by who calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.engage.care import policy
from regulars.engage.care.types import Due, Plan
from regulars.kit.sql import plain_array, text_array

_HERS = "m.member_id, m.store_id, m.recruiter"
_ACTIVE = "m.brand_id = %(brand)s AND m.status = 'active'"
_AFTER = "(%(after)s::uuid IS NULL OR m.member_id > %(after)s::uuid)"
_NOT_OFF = (
    "NOT EXISTS (SELECT FROM profiling_opt_out o WHERE o.member_id = m.member_id AND o.brand_id = m.brand_id)"
)
_SCORES = frozenset({"churn_30", "churn_60", "churn_90"})

Found = tuple[list[Due], UUID | None]


def joined(
    cursor: Any, plan: Plan, *, since: datetime, until: datetime, zone: str, after: UUID | None, limit: int
) -> Found:
    """Who joined lately, by one of the channels and touchpoints."""
    settings = plan.definition.settings
    cursor.execute(
        f"""SELECT {_HERS}, (m.joined_at AT TIME ZONE %(zone)s)::date, m.channel, m.touchpoint FROM membership m
             WHERE {_ACTIVE} AND {_AFTER} AND m.joined_at >= %(since)s AND m.joined_at <= %(until)s
               AND (%(channels)s::text[] = '{{}}' OR m.channel = ANY(%(channels)s::text[]))
               AND (%(touchpoints)s::text[] = '{{}}' OR m.touchpoint = ANY(%(touchpoints)s::text[]))
             ORDER BY m.member_id LIMIT %(limit)s""",
        {
            "brand": plan.brand_id,
            "after": after,
            "zone": zone,
            "since": since,
            "until": until,
            "channels": text_array(settings["channels"]),
            "touchpoints": text_array(settings["touchpoints"]),
            "limit": limit,
        },
    )
    rows = cursor.fetchall()
    return [
        Due(row[0], "joined", row[3], {"channel": row[4], "touchpoint": row[5]}, row[1], row[2])
        for row in rows
    ], _next(rows, limit)


def with_birthday(
    cursor: Any, plan: Plan, *, after: UUID | None, limit: int
) -> tuple[list[tuple[UUID, UUID | None, str, str, str]], UUID | None]:
    """Members who told their birthday: (member, store, recruiter, calendar of her choice, her 29 February)."""
    cursor.execute(
        f"""SELECT {_HERS}, coalesce(m.attributes ->> 'birthday_calendar', ''),
                   coalesce(m.attributes ->> 'birthday_leap_day', '')
              FROM membership m JOIN profile p ON p.member_id = m.member_id
             WHERE {_ACTIVE} AND {_AFTER} AND p.birthday IS NOT NULL
             ORDER BY m.member_id LIMIT %(limit)s""",
        {"brand": plan.brand_id, "after": after, "limit": limit},
    )
    rows = cursor.fetchall()
    return rows, _next(rows, limit)


def with_anniversary(
    cursor: Any, plan: Plan, *, first: date, last: date, zone: str, after: UUID | None, limit: int
) -> Found:
    """Members whose joining comes round between two days."""
    settings = plan.definition.settings
    ahead = timedelta(days=settings["days_before"])
    first, last = first + ahead, last + ahead
    cursor.execute(
        f"""SELECT {_HERS}, j.day FROM membership m,
                   LATERAL (SELECT (m.joined_at AT TIME ZONE %(zone)s)::date AS day) j
             WHERE {_ACTIVE} AND {_AFTER}
               AND (extract(month FROM j.day) * 100 + extract(day FROM j.day))::int = ANY(%(days)s::int[])
               AND j.day < %(first)s::date
             ORDER BY m.member_id LIMIT %(limit)s""",
        {
            "brand": plan.brand_id,
            "after": after,
            "zone": zone,
            "days": plain_array(policy.anniversary_days(first, last)),
            "first": first,
            "limit": limit,
        },
    )
    rows = cursor.fetchall()
    dues = []
    for member_id, store_id, recruiter, day in rows:
        for years in range(first.year - day.year, last.year - day.year + 1):
            on = policy.anniversary_of(day, day.year + years)
            if years < 1 or not first <= on <= last:
                continue
            if settings["years"] and years not in settings["years"]:
                continue
            dues.append(Due(member_id, str(years), on, {"years": years}, store_id, recruiter))
    return dues, _next(rows, limit)


def everybody(
    cursor: Any, plan: Plan, *, occasions: Sequence[tuple[str, date, Mapping[str, Any]]], after: UUID | None,
    limit: int,
) -> Found:  # fmt: skip
    """All active members, once for each occasion (a festival)."""
    cursor.execute(
        f"SELECT {_HERS} FROM membership m WHERE {_ACTIVE} AND {_AFTER} ORDER BY m.member_id LIMIT %(limit)s",
        {"brand": plan.brand_id, "after": after, "limit": limit},
    )
    rows = cursor.fetchall()
    return [
        Due(row[0], occasion, on, values, row[1], row[2])
        for row in rows
        for occasion, on, values in occasions
    ], _next(rows, limit)


def at_milestone(
    cursor: Any, plan: Plan, *, since: datetime | None, day: date, after: UUID | None, limit: int
) -> Found:
    """Members who bought since then and have reached the highest number of orders or sum there is for them.

    Without `since` whoever has reached any: for what was before the plan.
    """
    settings = plan.definition.settings
    orders, spend = settings["orders"], settings["spend"]
    cursor.execute(
        f"""SELECT {_HERS}, m.orders, m.spend FROM membership m
             WHERE {_ACTIVE} AND {_AFTER} AND (m.orders >= %(orders)s OR m.spend >= %(spend)s)
               AND (%(since)s::timestamptz IS NULL OR m.last_order_at >= %(since)s::timestamptz)
             ORDER BY m.member_id LIMIT %(limit)s""",
        {
            "brand": plan.brand_id,
            "after": after,
            "orders": min(orders, default=2**31 - 1),
            "spend": min(spend, default=2**62),
            "since": since,
            "limit": limit,
        },
    )
    rows = cursor.fetchall()
    dues = []
    for member_id, store_id, recruiter, count, amount in rows:
        for metric, steps, reached in (("orders", orders, count), ("spend", spend, amount)):
            step = max((one for one in steps if one <= reached), default=None)
            if step is not None:
                values = {"metric": metric, "count": step, "orders": count}
                dues.append(Due(member_id, f"{metric}:{step}", day, values, store_id, recruiter))
    return dues, _next(rows, limit)


def near_milestone(cursor: Any, plan: Plan, *, day: date, after: UUID | None, limit: int) -> Found:
    """Members one order, or a tenth of the sum, away."""
    settings = plan.definition.settings
    cursor.execute(
        f"""SELECT {_HERS}, m.orders, m.spend, o.step, s.step FROM membership m
              LEFT JOIN LATERAL (SELECT min(step) AS step FROM unnest(%(orders)s::int[]) AS v(step)
                                  WHERE m.orders = step - 1) o ON TRUE
              LEFT JOIN LATERAL (SELECT min(step) AS step FROM unnest(%(spend)s::bigint[]) AS v(step)
                                  WHERE m.spend < step AND m.spend >= step - step / 10) s ON TRUE
             WHERE {_ACTIVE} AND {_AFTER} AND (o.step IS NOT NULL OR s.step IS NOT NULL)
             ORDER BY m.member_id LIMIT %(limit)s""",
        {
            "brand": plan.brand_id,
            "after": after,
            "orders": plain_array(settings["orders"]),
            "spend": plain_array(settings["spend"]),
            "limit": limit,
        },
    )
    rows = cursor.fetchall()
    return [
        Due(
            row[0],
            f"orders:{row[5]}" if row[5] else f"spend:{row[6]}",
            day,
            {"orders": row[3]},
            row[1],
            row[2],
        )
        for row in rows
    ], _next(rows, limit)


def homes(cursor: Any, *, brand_id: UUID, member_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    cursor.execute(
        "SELECT member_id, store_id FROM membership WHERE brand_id = %s AND member_id = ANY(%s::uuid[])",
        [brand_id, plain_array(member_ids)],
    )
    return dict(cursor.fetchall())


def gone_quiet(
    cursor: Any, plan: Plan, *, first: date, last: date, zone: str, after: UUID | None, limit: int
) -> Found:
    """Members who bought last just so many days before a day in the window."""
    steps = plan.definition.settings["days"]
    cursor.execute(
        f"""SELECT {_HERS}, l.day FROM membership m,
                   LATERAL (SELECT (m.last_order_at AT TIME ZONE %(zone)s)::date AS day) l
             WHERE {_ACTIVE} AND {_AFTER} AND m.last_order_at IS NOT NULL
               AND EXISTS (SELECT FROM unnest(%(steps)s::int[]) AS s(days)
                            WHERE l.day + s.days BETWEEN %(first)s AND %(last)s)
             ORDER BY m.member_id LIMIT %(limit)s""",
        {
            "brand": plan.brand_id,
            "after": after,
            "zone": zone,
            "steps": plain_array(steps),
            "first": first,
            "last": last,
            "limit": limit,
        },
    )
    rows = cursor.fetchall()
    dues = []
    for member_id, store_id, recruiter, day in rows:
        for step in steps:
            on = day + timedelta(days=step)
            if first <= on <= last:
                values = {"days": step, "last_order_on": day.isoformat()}
                dues.append(Due(member_id, f"{step}:{day.isoformat()}", on, values, store_id, recruiter))
    return dues, _next(rows, limit)


def did_not_buy(
    cursor: Any, plan: Plan, *, since: datetime, until: datetime, zone: str, after: UUID | None, limit: int
) -> Found:
    """Members of whom such an activity came between two instants and who have not bought since it happened."""
    settings = plan.definition.settings
    cursor.execute(
        f"""SELECT {_HERS}, max((a.occurred_at AT TIME ZONE %(zone)s)::date), max(a.occurred_at)
              FROM activity a JOIN membership m ON m.member_id = a.member_id AND m.brand_id = a.brand_id
             WHERE {_ACTIVE} AND {_AFTER} AND a.brand_id = %(brand)s AND a.type = %(type)s
               AND a.recorded_at > %(since)s AND a.recorded_at <= %(until)s
               AND a.occurred_at > %(since)s::timestamptz - interval '2 days'
             GROUP BY m.member_id, m.store_id, m.recruiter, m.last_order_at
            HAVING m.last_order_at IS NULL OR m.last_order_at < max(a.occurred_at)
             ORDER BY m.member_id LIMIT %(limit)s""",
        {
            "brand": plan.brand_id,
            "after": after,
            "type": settings["activity"],
            "zone": zone,
            "since": since,
            "until": until,
            "limit": limit,
        },
    )
    rows = cursor.fetchall()
    return [
        Due(row[0], row[3].isoformat(), row[3], {"hours": settings["hours"]}, row[1], row[2]) for row in rows
    ], _next(rows, limit)


def likely_to_leave(
    cursor: Any, plan: Plan, *, day: date, zone: str, after: UUID | None, limit: int
) -> Found:
    """Members whose score of leaving lies in the plan's range. Who switched profiling off has no score."""
    settings = plan.definition.settings
    score = settings["score"]
    assert score in _SCORES
    cursor.execute(
        f"""SELECT {_HERS}, (m.last_order_at AT TIME ZONE %(zone)s)::date, m.orders
              FROM membership m JOIN member_score s ON s.member_id = m.member_id AND s.brand_id = m.brand_id
             WHERE {_ACTIVE} AND {_AFTER} AND {_NOT_OFF} AND s.{score} * 100 >= %(low)s
               AND s.{score} * 100 < %(high)s
             ORDER BY m.member_id LIMIT %(limit)s""",
        {
            "brand": plan.brand_id,
            "after": after,
            "zone": zone,
            "low": settings["from_percent"],
            "high": settings["to_percent"] if settings["to_percent"] < 100 else 101,
            "limit": limit,
        },
    )
    rows = cursor.fetchall()
    return [
        Due(
            row[0],
            day.isoformat(),
            day,
            {"last_order_on": row[3].isoformat() if row[3] else "", "orders": row[4]},
            row[1],
            row[2],
        )
        for row in rows
    ], _next(rows, limit)


def owed_a_visit(cursor: Any, plan: Plan, *, day: date, zone: str, limit: int) -> list[Due]:
    """Mature members whose turn it is, the longest owed and most valuable first.

    Stage and value are those of scores; members who switched profiling off have the plan's own rhythm.
    """
    settings = plan.definition.settings
    cursor.execute(
        f"""SELECT {_HERS}, s.stage, m.tier, s.value_12, k.on_day, m.spend, m.orders,
                   (m.last_order_at AT TIME ZONE %(zone)s)::date
              FROM membership m
              LEFT JOIN member_score s ON s.member_id = m.member_id AND s.brand_id = m.brand_id AND {_NOT_OFF}
              LEFT JOIN LATERAL (SELECT max(on_day) AS on_day FROM care_mark
                                  WHERE member_id = m.member_id AND plan_id = %(plan)s) k ON TRUE
             WHERE {_ACTIVE} AND m.orders >= %(orders)s AND (k.on_day IS NULL OR k.on_day <= %(day)s::date - 7)
             ORDER BY s.value_12 DESC NULLS LAST, m.spend DESC, m.member_id""",
        {
            "brand": plan.brand_id,
            "plan": plan.id,
            "orders": settings["least_orders"],
            "day": day,
            "zone": zone,
        },
    )
    dues: list[Due] = []
    for row in cursor:
        weeks = policy.cadence_of(settings, stage=row[3], tier=row[4], value=row[5])
        if weeks is None or (row[6] is not None and row[6] + timedelta(weeks=weeks) > day):
            continue
        values = {
            "orders": row[8],
            "last_order_on": row[9].isoformat() if row[9] else "",
            "tier": row[4],
        }
        dues.append(Due(row[0], day.isoformat(), day, values, row[1], row[2], weeks))
        if len(dues) >= limit:
            break
    return dues


def _next(rows: Sequence[Any], limit: int) -> UUID | None:
    """Where the next portion begins; None when this was the last."""
    return rows[-1][0] if len(rows) >= limit else None
