"""Sums over activities of a window of time, for dashboards. BRIN indexes on the instants keep them to the window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array

_WINDOW = "brand_id = %(brand)s AND occurred_at >= %(since)s AND occurred_at < %(until)s"


@dataclass(frozen=True, slots=True)
class DayTotals:
    """One business day: orders and their amount net of the day's refunds (minor units), members who did anything."""

    day: date
    orders: int
    amount: int
    active: int


@dataclass(frozen=True, slots=True)
class StoreTotals:
    """One store's orders, their amount in minor units, and the members who bought."""

    store_id: UUID | None
    orders: int
    amount: int
    members: int


def by_day(
    cursor: Any, *, brand_id: UUID, since: datetime, until: datetime, timezone: str
) -> list[DayTotals]:
    cursor.execute(
        f"""SELECT (occurred_at AT TIME ZONE %(tz)s)::date AS day, count(*) FILTER (WHERE type = 'order'),
                   COALESCE(sum(amount) FILTER (WHERE type IN ('order', 'refund')), 0), count(DISTINCT member_id)
              FROM activity WHERE {_WINDOW} GROUP BY day ORDER BY day""",
        {"brand": brand_id, "since": since, "until": until, "tz": timezone},
    )
    return [DayTotals(day, orders, int(amount), active) for day, orders, amount, active in cursor.fetchall()]


def by_store(
    cursor: Any, *, brand_id: UUID, since: datetime, until: datetime, limit: int
) -> list[StoreTotals]:
    cursor.execute(
        f"""SELECT store_id, count(*) FILTER (WHERE type = 'order') AS orders, sum(amount) AS sold,
                   count(DISTINCT member_id)
              FROM activity WHERE {_WINDOW} AND type IN ('order', 'refund')
             GROUP BY store_id ORDER BY sold DESC, store_id LIMIT %(limit)s""",
        {"brand": brand_id, "since": since, "until": until, "limit": limit},
    )
    return [StoreTotals(store, orders, int(sold), count) for store, orders, sold, count in cursor.fetchall()]


def active(cursor: Any, *, brand_id: UUID, since: datetime, until: datetime) -> int:
    """Members who did anything in the window."""
    cursor.execute(
        f"SELECT count(DISTINCT member_id) FROM activity WHERE {_WINDOW}",
        {"brand": brand_id, "since": since, "until": until},
    )
    return int(cursor.fetchone()[0])


def spend_by_member(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID], since: datetime
) -> dict[UUID, int]:
    """What members spent since an instant, net of refunds, in minor units; those who spent nothing are left out."""
    cursor.execute(
        """SELECT member_id, sum(amount)::bigint FROM activity
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND occurred_at >= %s
              AND type IN ('order', 'refund') GROUP BY member_id""",
        [plain_array(member_ids), brand_id, since],
    )
    return dict(cursor.fetchall())
