"""Bookings and the waiting list: rows, found and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array
from regulars.kit.text import Text
from regulars.value.bookings.types import Booking, Waiting

_PLAIN = (
    "id", "member_id", "brand_id", "service_id", "resource_id", "store_id", "state", "starts_at", "ends_at",
    "blocked_until", "places", "key", "body_hash", "source", "note", "reason", "late", "actor", "activity_id",
    "session_id", "moved_from", "created_at", "offer_until", "checked_in_at", "ended_at", "due_at", "remind_at",
)  # fmt: skip
_SAVED = (
    "state", "reason", "late", "activity_id", "session_id", "offer_until", "checked_in_at", "ended_at", "due_at",
    "remind_at",
)  # fmt: skip
_COLUMNS = f"{', '.join(_PLAIN)}, name_zh, name_en, resource_name_zh, resource_name_en"
_WAITING = tuple(f.name for f in fields(Waiting))
assert {f.name for f in fields(Booking)} == {*_PLAIN, "name", "resource_name"}


def _row(found: Sequence[Any]) -> Booking:
    zh, en, of_zh, of_en = found[len(_PLAIN) :]
    plain = dict(zip(_PLAIN, found, strict=False))
    return Booking(**plain, name=Text(zh, en), resource_name=Text(of_zh, of_en))


def insert(cursor: Any, booking: Booking) -> None:
    values = [getattr(booking, name) for name in _PLAIN]
    values += [booking.name.zh, booking.name.en, booking.resource_name.zh, booking.resource_name.en]
    places = ", ".join(["%s"] * len(values))
    cursor.execute(f"INSERT INTO booking ({_COLUMNS}) VALUES ({places})", values)


def save(cursor: Any, booking: Booking) -> None:
    sets = ", ".join(f"{name} = %s" for name in _SAVED)
    cursor.execute(
        f"UPDATE booking SET {sets} WHERE member_id = %s AND id = %s AND brand_id = %s",
        [*(getattr(booking, name) for name in _SAVED), booking.member_id, booking.id, booking.brand_id],
    )


def get(cursor: Any, *, brand_id: UUID, member_id: UUID, booking_id: UUID, lock: bool) -> Booking | None:
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM booking WHERE member_id = %s AND id = %s AND brand_id = %s
             {"FOR NO KEY UPDATE" if lock else ""}""",
        [member_id, booking_id, brand_id],
    )
    row = cursor.fetchone()
    return _row(row) if row else None


def by_key(cursor: Any, *, brand_id: UUID, member_id: UUID, key: str) -> Booking | None:
    cursor.execute(
        f"SELECT {_COLUMNS} FROM booking WHERE member_id = %s AND brand_id = %s AND key = %s",
        [member_id, brand_id, key],
    )
    row = cursor.fetchone()
    return _row(row) if row else None


def of_member(
    cursor: Any, *, brand_id: UUID, member_id: UUID, after: tuple[str, str] | None, limit: int
) -> list[Booking]:
    """Latest first, from below the sort key (start, id) of the last row seen."""
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM booking WHERE member_id = %s AND brand_id = %s
             {"AND (starts_at, id) < (%s::timestamptz, %s::uuid)" if after else ""}
             ORDER BY starts_at DESC, id DESC LIMIT %s""",
        [member_id, brand_id, *(after or ()), limit],
    )
    return [_row(row) for row in cursor.fetchall()]


def within(
    cursor: Any,
    *,
    brand_id: UUID,
    store_id: UUID | None,
    since: datetime,
    until: datetime,
    states: Sequence[str] | None,
    limit: int,
) -> list[Booking]:
    """Bookings that begin in [since, until), in order."""
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM booking
             WHERE brand_id = %(brand)s AND starts_at >= %(since)s AND starts_at < %(until)s
               AND (%(store)s::uuid IS NULL OR store_id = %(store)s)
               AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s::text[]))
             ORDER BY starts_at, id LIMIT %(limit)s""",
        {
            "brand": brand_id, "store": store_id, "since": since, "until": until, "limit": limit,
            "states": None if states is None else plain_array(states),
        },
    )  # fmt: skip
    return [_row(row) for row in cursor.fetchall()]


def of_member_standing(
    cursor: Any, *, brand_id: UUID, member_id: UUID, now: datetime, but: UUID | None
) -> list[tuple[datetime, datetime]]:
    """(start, end) of what she has booked or been offered and is not over, without the booking `but`."""
    cursor.execute(
        """SELECT starts_at, ends_at FROM booking
            WHERE member_id = %s AND brand_id = %s AND state IN ('booked', 'offered') AND ends_at > %s
              AND (%s::uuid IS NULL OR id <> %s)""",
        [member_id, brand_id, now, but, but],
    )
    return list(cursor.fetchall())


def count_no_shows(cursor: Any, *, brand_id: UUID, member_id: UUID, since: datetime) -> int:
    """No-shows of a member since an instant, those before her last block left out."""
    cursor.execute(
        """SELECT count(*)::int FROM booking AS b
            WHERE b.member_id = %(member)s AND b.brand_id = %(brand)s AND b.state = 'no_show'
              AND b.starts_at >= %(since)s
              AND NOT EXISTS (SELECT 1 FROM booking_block AS k
                               WHERE k.member_id = b.member_id AND k.brand_id = b.brand_id
                                 AND k.since >= b.starts_at)""",
        {"member": member_id, "brand": brand_id, "since": since},
    )
    return int(cursor.fetchone()[0])


def block(cursor: Any, *, brand_id: UUID, member_id: UUID, since: datetime, until: datetime) -> None:
    cursor.execute(
        """INSERT INTO booking_block (member_id, brand_id, since, until) VALUES (%s, %s, %s, %s)
           ON CONFLICT (member_id, brand_id) DO UPDATE SET since = excluded.since, until = excluded.until""",
        [member_id, brand_id, since, until],
    )


def unblock(cursor: Any, *, brand_id: UUID, member_id: UUID, now: datetime) -> bool:
    cursor.execute(
        "UPDATE booking_block SET until = %s WHERE member_id = %s AND brand_id = %s AND until > %s",
        [now, member_id, brand_id, now],
    )
    return bool(cursor.rowcount)


def blocked_until(cursor: Any, *, brand_id: UUID, member_id: UUID) -> datetime | None:
    cursor.execute(
        "SELECT until FROM booking_block WHERE member_id = %s AND brand_id = %s", [member_id, brand_id]
    )
    row = cursor.fetchone()
    return row[0] if row else None


def due(cursor: Any, *, now: datetime, limit: int) -> list[tuple[UUID, UUID, UUID]]:
    """(brand, member, booking) of bookings that time changes by now. Nothing is locked."""
    cursor.execute(
        "SELECT brand_id, member_id, id FROM booking WHERE due_at <= %s ORDER BY due_at, id LIMIT %s",
        [now, limit],
    )
    return list(cursor.fetchall())


def to_remind(cursor: Any, *, now: datetime, limit: int) -> list[Booking]:
    """Bookings whose reminder is due, locked; those that another worker has are passed over."""
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM booking WHERE remind_at <= %s
             ORDER BY remind_at, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
        [now, limit],
    )
    return [_row(row) for row in cursor.fetchall()]


def wait(cursor: Any, entry: Waiting) -> bool:
    """Put her on the list; False when she waits for this slot already."""
    places = ", ".join(["%s"] * len(_WAITING))
    cursor.execute(
        f"INSERT INTO waiting ({', '.join(_WAITING)}) VALUES ({places}) ON CONFLICT DO NOTHING",
        [getattr(entry, name) for name in _WAITING],
    )
    return bool(cursor.rowcount)


def end_waiting(
    cursor: Any, *, member_id: UUID, waiting_id: UUID, brand_id: UUID, state: str, booking_id: UUID | None
) -> bool:
    cursor.execute(
        """UPDATE waiting SET state = %s, booking_id = %s
            WHERE member_id = %s AND id = %s AND brand_id = %s AND state = 'waiting'""",
        [state, booking_id, member_id, waiting_id, brand_id],
    )
    return bool(cursor.rowcount)


def over(cursor: Any, *, now: datetime) -> int:
    """Nobody waits for what has begun."""
    cursor.execute("UPDATE waiting SET state = 'over' WHERE state = 'waiting' AND starts_at <= %s", [now])
    return int(cursor.rowcount)


def next_waiting(cursor: Any, *, resource_id: UUID, starts_at: datetime, limit: int) -> list[Waiting]:
    """Who waits for a slot, highest tier first, then who came first; locked, others' passed over."""
    cursor.execute(
        f"""SELECT {", ".join(_WAITING)} FROM waiting
             WHERE resource_id = %s AND starts_at = %s AND state = 'waiting'
             ORDER BY rank DESC, created_at, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
        [resource_id, starts_at, limit],
    )
    return [Waiting(*row) for row in cursor.fetchall()]


def count_waiting(
    cursor: Any, *, resource_ids: Sequence[UUID], since: datetime, until: datetime
) -> dict[tuple[UUID, datetime], int]:
    """(resource, start) → how many wait."""
    cursor.execute(
        """SELECT resource_id, starts_at, count(*)::int FROM waiting
            WHERE resource_id = ANY(%s::uuid[]) AND starts_at >= %s AND starts_at < %s AND state = 'waiting'
            GROUP BY 1, 2""",
        [plain_array(resource_ids), since, until],
    )
    return {(row[0], row[1]): row[2] for row in cursor.fetchall()}


def list_waiting(
    cursor: Any,
    *,
    brand_id: UUID,
    member_id: UUID | None,
    since: datetime,
    until: datetime | None,
    limit: int,
) -> list[Waiting]:
    """Open entries for slots from `since` on, in the order in which they are served."""
    cursor.execute(
        f"""SELECT {", ".join(_WAITING)} FROM waiting
             WHERE brand_id = %(brand)s AND state = 'waiting' AND starts_at >= %(since)s
               AND (%(member)s::uuid IS NULL OR member_id = %(member)s)
               AND (%(until)s::timestamptz IS NULL OR starts_at < %(until)s)
             ORDER BY starts_at, resource_id, rank DESC, created_at, id LIMIT %(limit)s""",
        {"brand": brand_id, "member": member_id, "since": since, "until": until, "limit": limit},
    )
    return [Waiting(*row) for row in cursor.fetchall()]
