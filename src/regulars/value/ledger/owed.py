"""What is outstanding, by when it came and when it ends: one pass over the lots, set-based.

Plan: the report reads every lot of a brand once (a parallel sequential scan with a hash aggregate); an index
would be read whole and would cost every posting. Figures of the flow come from the entries the same way.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

Owed = tuple[str, date, int, int, int, int]


def cohorts(cursor: Any, *, brand_id: UUID, timezone: str) -> list[Owed]:
    """(unit, business month in which it came, open lots, what came, what is left of it, what of it expired), of the
    months of which something is left. What was taken back or given to another member did not come: there it came anew.
    """
    cursor.execute(
        """WITH passed_on AS (
               SELECT member_id, lot_id, -sum(amount) AS amount FROM entry
                WHERE brand_id = %(brand)s AND contra = 'transferred' AND amount < 0 AND lot_id IS NOT NULL
                GROUP BY member_id, lot_id)
           SELECT l.unit, date_trunc('month', l.earned_at AT TIME ZONE %(timezone)s)::date AS month,
                  count(*) FILTER (WHERE l.state <> 'closed'), sum(l.amount - l.clawed - COALESCE(p.amount, 0)),
                  sum(l.remaining + l.held), sum(l.expired)
             FROM lot AS l LEFT JOIN passed_on AS p ON p.member_id = l.member_id AND p.lot_id = l.id
            WHERE l.brand_id = %(brand)s
            GROUP BY l.unit, month HAVING count(*) FILTER (WHERE l.state <> 'closed') > 0
            ORDER BY l.unit, month""",
        {"brand": brand_id, "timezone": timezone},
    )
    return [
        (unit, month, int(lots), int(came), int(left), int(expired))
        for unit, month, lots, came, left, expired in cursor.fetchall()
    ]


def by_end(cursor: Any, *, brand_id: UUID, timezone: str) -> list[tuple[str, date | None, int]]:
    """(unit, business month in which it ends or None, outstanding); an end at midnight counts to the day before."""
    cursor.execute(
        """SELECT unit,
                  date_trunc('month', (expires_at AT TIME ZONE %s) - interval '1 microsecond')::date AS month,
                  sum(remaining + held)
             FROM lot WHERE brand_id = %s AND state <> 'closed' GROUP BY unit, month
            ORDER BY unit, month NULLS LAST""",
        [timezone, brand_id],
    )
    return [(unit, month, int(left)) for unit, month, left in cursor.fetchall()]


def movements(cursor: Any, *, brand_id: UUID, since: datetime, until: datetime) -> list[tuple[str, str, int]]:
    """(unit, programme account, Σ) of what came from and went to the programme in [since, until)."""
    cursor.execute(
        """SELECT unit, contra, sum(amount) FROM entry
            WHERE brand_id = %s AND occurred_at >= %s AND occurred_at < %s
              AND contra NOT IN ('available', 'pending', 'held', 'debt')
            GROUP BY unit, contra ORDER BY unit, contra""",
        [brand_id, since, until],
    )
    return [(unit, contra, int(amount)) for unit, contra, amount in cursor.fetchall()]


def opening(cursor: Any, *, brand_id: UUID, at: datetime) -> dict[str, int]:
    """By unit, what members held before an instant (available + pending + held − debt)."""
    cursor.execute(
        """SELECT unit, sum(amount) FROM entry WHERE brand_id = %s AND occurred_at < %s
              AND contra NOT IN ('available', 'pending', 'held', 'debt') GROUP BY unit""",
        [brand_id, at],
    )
    return {unit: int(amount) for unit, amount in cursor.fetchall()}


def contra_total(cursor: Any, *, brand_id: UUID, unit: str, contra: str) -> int:
    """Σ of what came to members from one account of the programme."""
    cursor.execute(
        "SELECT COALESCE(sum(amount), 0) FROM entry WHERE brand_id = %s AND unit = %s AND contra = %s",
        [brand_id, unit, contra],
    )
    return int(cursor.fetchone()[0])
