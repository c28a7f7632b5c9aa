"""Reading the ledger: entries, lots, balances now and as of any instant, what expires when, totals of a programme."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array, text_array
from regulars.value.ledger.types import Account, EntryRow, ExpiryDay, HoldRow, LotRow

_ENTRY = """id, unit, kind, account, contra, amount, balance_after, lot_id, activity_id, rule, version, occurred_at,
            recorded_at"""
_LOT = """id, unit, state, amount, remaining, held, expired, clawed, activity_id, rule, earned_at, active_at,
          expires_at"""
_HOLD = "id, member_id, unit, amount, state, parts, subject, created_at, expires_at, ended_at"


def entries(
    cursor: Any, *, brand_id: UUID, member_id: UUID, unit: str | None, after: UUID | None, limit: int
) -> list[EntryRow]:
    """A member's entries, newest recorded first."""
    cursor.execute(
        f"""SELECT {_ENTRY} FROM entry
             WHERE member_id = %(member)s AND brand_id = %(brand)s AND (%(unit)s::text IS NULL OR unit = %(unit)s)
               AND (%(after)s::uuid IS NULL OR id < %(after)s)
             ORDER BY id DESC LIMIT %(limit)s""",
        {"member": member_id, "brand": brand_id, "unit": unit, "after": after, "limit": limit},
    )
    return [EntryRow(*row) for row in cursor.fetchall()]


def entries_of_activity(cursor: Any, *, member_id: UUID, activity_id: UUID) -> list[EntryRow]:
    """What one activity moved, in order."""
    cursor.execute(
        f"SELECT {_ENTRY} FROM entry WHERE member_id = %s AND activity_id = %s ORDER BY id",
        [member_id, activity_id],
    )
    return [EntryRow(*row) for row in cursor.fetchall()]


def lots(
    cursor: Any, *, brand_id: UUID, member_id: UUID, unit: str | None, open_only: bool, limit: int
) -> list[LotRow]:
    """A member's lots, soonest-expiring first."""
    cursor.execute(
        f"""SELECT {_LOT} FROM lot
             WHERE member_id = %s AND brand_id = %s AND (%s::text IS NULL OR unit = %s)
                   {"AND state IN ('active', 'pending')" if open_only else ""}
             ORDER BY expires_at NULLS LAST, earned_at, id LIMIT %s""",
        [member_id, brand_id, unit, unit, limit],
    )
    return [LotRow(*row) for row in cursor.fetchall()]


def lots_by_id(cursor: Any, *, brand_id: UUID, member_id: UUID, ids: Sequence[UUID]) -> list[LotRow]:
    cursor.execute(
        f"SELECT {_LOT} FROM lot WHERE member_id = %s AND brand_id = %s AND id = ANY(%s::uuid[])",
        [member_id, brand_id, plain_array(ids)],
    )
    return [LotRow(*row) for row in cursor.fetchall()]


def balances(cursor: Any, *, brand_id: UUID, member_ids: Sequence[UUID]) -> Mapping[UUID, dict[str, Account]]:
    cursor.execute(
        """SELECT member_id, unit, available, pending, held, debt, next_expiry_at, next_active_at FROM balance
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s ORDER BY unit""",
        [plain_array(member_ids), brand_id],
    )
    found: dict[UUID, dict[str, Account]] = {member_id: {} for member_id in member_ids}
    for member_id, unit, *values in cursor.fetchall():
        found[member_id][unit] = Account(*values)
    return found


def balances_as_of(
    cursor: Any, *, brand_id: UUID, member_id: UUID, at: datetime, known_at: datetime | None
) -> dict[str, Account]:
    """Balances at an instant: from what occurred by then, as known at `known_at` (None: as known now)."""
    cursor.execute(
        """SELECT unit, acc, sum(amount) FROM (
               SELECT unit, account AS acc, amount FROM entry
                WHERE member_id = %(member)s AND brand_id = %(brand)s AND occurred_at <= %(at)s
                  AND (%(known)s::timestamptz IS NULL OR recorded_at <= %(known)s)
               UNION ALL
               SELECT unit, contra, -amount FROM entry
                WHERE member_id = %(member)s AND brand_id = %(brand)s AND occurred_at <= %(at)s
                  AND contra IN ('available', 'pending', 'held', 'debt')
                  AND (%(known)s::timestamptz IS NULL OR recorded_at <= %(known)s)
           ) AS e GROUP BY unit, acc""",
        {"member": member_id, "brand": brand_id, "at": at, "known": known_at},
    )
    found: dict[str, Account] = {}
    for unit, account, amount in cursor.fetchall():
        total = int(amount)
        setattr(found.setdefault(unit, Account()), account, -total if account == "debt" else total)
    return found


def expiry_schedule(
    cursor: Any, *, brand_id: UUID, member_id: UUID, timezone: str, unit: str | None, limit: int
) -> list[ExpiryDay]:
    """What is left of active lots by the business day on which it is first gone."""
    cursor.execute(
        """SELECT unit, (expires_at AT TIME ZONE %s)::date AS day, sum(remaining) FROM lot
            WHERE member_id = %s AND brand_id = %s AND state = 'active' AND remaining > 0
              AND expires_at IS NOT NULL AND (%s::text IS NULL OR unit = %s)
            GROUP BY unit, day ORDER BY day, unit LIMIT %s""",
        [timezone, member_id, brand_id, unit, unit, limit],
    )
    return [ExpiryDay(unit_, day, int(amount)) for unit_, day, amount in cursor.fetchall()]


def next_expiries(
    cursor: Any, *, brand_id: UUID, unit: str, member_ids: Sequence[UUID]
) -> dict[UUID, tuple[datetime, int]]:
    """What is left of the active lots that end first, by member."""
    cursor.execute(
        """SELECT DISTINCT ON (member_id) member_id, expires_at, sum(remaining) FROM lot
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND unit = %s AND state = 'active'
              AND remaining > 0 AND expires_at IS NOT NULL
            GROUP BY member_id, expires_at ORDER BY member_id, expires_at""",
        [plain_array(member_ids), brand_id, unit],
    )
    return {member: (at, int(amount)) for member, at, amount in cursor.fetchall()}


def expired(cursor: Any, *, brand_id: UUID, member_id: UUID) -> list[tuple[datetime, str, int]]:
    """(instant, unit, amount) of what a member lost by expiry, newest first; what a repair undid is taken off."""
    cursor.execute(
        """SELECT occurred_at, unit, -sum(amount) AS lost FROM entry
            WHERE member_id = %s AND brand_id = %s AND contra = 'expired'
            GROUP BY occurred_at, unit HAVING sum(amount) <> 0 ORDER BY occurred_at DESC, unit""",
        [member_id, brand_id],
    )
    return [(at, unit, int(amount)) for at, unit, amount in cursor.fetchall()]


def holds(cursor: Any, *, ids: Sequence[tuple[UUID, UUID]]) -> list[HoldRow]:
    if not ids:
        return []
    cursor.execute(
        f"""SELECT {", ".join("h." + c.strip() for c in _HOLD.split(","))} FROM hold h
              JOIN unnest(%s::uuid[], %s::uuid[]) AS v(member_id, id) ON h.member_id = v.member_id AND h.id = v.id""",
        [plain_array(m for m, _ in ids), plain_array(i for _, i in ids)],
    )
    return [hold_row(row) for row in cursor.fetchall()]


def holds_of(cursor: Any, *, brand_id: UUID, member_id: UUID, limit: int) -> list[HoldRow]:
    """A member's holds, newest first."""
    cursor.execute(
        f"SELECT {_HOLD} FROM hold WHERE member_id = %s AND brand_id = %s ORDER BY id DESC LIMIT %s",
        [member_id, brand_id, limit],
    )
    return [hold_row(row) for row in cursor.fetchall()]


def hold_row(row: Sequence[Any]) -> HoldRow:
    parts = [(UUID(lot), int(amount)) for lot, amount in _json(row[5])]
    id_, member_id, unit, amount, state, _, subject, created_at, expires_at, ended_at = row
    return HoldRow(id_, member_id, unit, amount, state, parts, subject, created_at, expires_at, ended_at)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def daily_totals(
    cursor: Any, *, brand_id: UUID, unit: str, since: date, until: date, timezone: str
) -> list[tuple[date, str, int]]:
    """(business day, kind, sum of amounts) of a programme's entries that occurred in [since, until)."""
    cursor.execute(
        """SELECT (occurred_at AT TIME ZONE %(tz)s)::date AS day, kind, sum(amount) FROM entry
            WHERE brand_id = %(brand)s AND unit = %(unit)s AND kind IN ('earn', 'burn', 'expire', 'claw_back', 'adjust')
              AND occurred_at >= %(since)s::date::timestamp AT TIME ZONE %(tz)s
              AND occurred_at < %(until)s::date::timestamp AT TIME ZONE %(tz)s
            GROUP BY day, kind ORDER BY day, kind""",
        {"brand": brand_id, "unit": unit, "since": since, "until": until, "tz": timezone},
    )
    return [(day, kind, int(amount)) for day, kind, amount in cursor.fetchall()]


def outstanding(cursor: Any, *, brand_id: UUID) -> dict[str, dict[str, int]]:
    """Sums of all members' balances by unit."""
    cursor.execute(
        """SELECT unit, sum(available), sum(pending), sum(held), sum(debt), count(*) FROM balance
            WHERE brand_id = %s GROUP BY unit ORDER BY unit""",
        [brand_id],
    )
    return {
        unit: {
            "available": int(a), "pending": int(p), "held": int(h), "debt": int(d), "members": int(n),
        }
        for unit, a, p, h, d, n in cursor.fetchall()
    }  # fmt: skip


def expiring(cursor: Any, *, brand_id: UUID, unit: str, until: datetime) -> int:
    """What of all members' active lots expires before `until`."""
    cursor.execute(
        """SELECT COALESCE(sum(l.remaining), 0) FROM lot l
            WHERE l.brand_id = %s AND l.unit = %s AND l.state = 'active' AND l.remaining > 0 AND l.expires_at < %s""",
        [brand_id, unit, until],
    )
    return int(cursor.fetchone()[0])


def expiring_by_month(
    cursor: Any, *, brand_id: UUID, unit: str, until: datetime, timezone: str
) -> dict[date, int]:
    """What of all members' active lots ends in which month, by its first day; an end at midnight counts to the day
    before.
    """
    cursor.execute(
        """SELECT date_trunc('month', (expires_at AT TIME ZONE %s) - interval '1 microsecond')::date AS month,
                  sum(remaining)
             FROM lot WHERE brand_id = %s AND unit = %s AND state = 'active' AND remaining > 0 AND expires_at < %s
            GROUP BY month ORDER BY month""",
        [timezone, brand_id, unit, until],
    )
    return {month: int(amount) for month, amount in cursor.fetchall()}


def expiring_members(
    cursor: Any,
    *,
    brand_id: UUID,
    units: Sequence[str],
    since: datetime,
    until: datetime,
    after: tuple[str, str] | None,
    limit: int,
) -> list[tuple[UUID, str, int]]:
    """(member, unit, what is left of active lots that end in (since, until]), by member and unit."""
    cursor.execute(
        f"""SELECT member_id, unit, sum(remaining) FROM lot
             WHERE brand_id = %s AND unit = ANY(%s::text[]) AND state = 'active' AND remaining > 0
               AND expires_at > %s AND expires_at <= %s
               {"AND (member_id, unit) > (%s::uuid, %s)" if after else ""}
             GROUP BY member_id, unit ORDER BY member_id, unit LIMIT %s""",
        [brand_id, text_array(units), since, until, *(after or ()), limit],
    )
    return [(member_id, unit, int(amount)) for member_id, unit, amount in cursor.fetchall()]
