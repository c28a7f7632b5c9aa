"""Bookings and the waiting list: kept, found, listed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from regulars.kit import paging
from regulars.kit.errors import not_found
from regulars.kit.paging import Page
from regulars.platform.organisations.types import Scope
from regulars.value.bookings.store import rows
from regulars.value.bookings.types import BOOKING, Booking, Waiting

MOST_OF_A_DAY = 2000


def add_booking(*, booking: Booking) -> None:
    with connection.cursor() as cursor:
        rows.insert(cursor, booking)


def save_booking(*, booking: Booking) -> None:
    """Write what may change; its row is locked by the caller."""
    with connection.cursor() as cursor:
        rows.save(cursor, booking)


def get_booking(*, scope: Scope, member_id: UUID, booking_id: UUID, lock: bool = False) -> Booking:
    """One booking of a member of the scope's brand. Raises `not_found`."""
    with connection.cursor() as cursor:
        found = rows.get(
            cursor, brand_id=scope.brand_id, member_id=member_id, booking_id=booking_id, lock=lock
        )
    if found is None:
        raise not_found(BOOKING)
    return found


def find_booking(*, scope: Scope, member_id: UUID, key: str) -> Booking | None:
    """The booking that was made under an idempotency key."""
    with connection.cursor() as cursor:
        return rows.by_key(cursor, brand_id=scope.brand_id, member_id=member_id, key=key)


def list_of_member(
    *, scope: Scope, member_id: UUID, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[Booking]:
    """A member's bookings, latest first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    after = paging.decode_at(cursor)
    with connection.cursor() as db:
        found = rows.of_member(
            db,
            brand_id=scope.brand_id,
            member_id=member_id,
            after=after,
            limit=limit + 1,
        )
    return paging.cut(found, limit, lambda row: [row.starts_at.isoformat(), row.id])


def list_bookings(
    *,
    scope: Scope,
    since: datetime,
    until: datetime,
    store_id: UUID | None = None,
    states: Sequence[str] | None = None,
) -> list[Booking]:
    """Bookings that begin in [since, until), in order (2 000 at most)."""
    with connection.cursor() as cursor:
        return rows.within(
            cursor,
            brand_id=scope.brand_id,
            store_id=store_id,
            since=since,
            until=until,
            states=states,
            limit=MOST_OF_A_DAY,
        )


def list_standing(
    *, scope: Scope, member_id: UUID, now: datetime, but: UUID | None = None
) -> list[tuple[datetime, datetime]]:
    """(start, end) of what she has booked or been offered and is not over."""
    with connection.cursor() as cursor:
        return rows.of_member_standing(cursor, brand_id=scope.brand_id, member_id=member_id, now=now, but=but)


def count_no_shows(*, scope: Scope, member_id: UUID, since: datetime) -> int:
    """No-shows since an instant that have led to no block yet."""
    with connection.cursor() as cursor:
        return rows.count_no_shows(cursor, brand_id=scope.brand_id, member_id=member_id, since=since)


def block(*, scope: Scope, member_id: UUID, since: datetime, until: datetime) -> None:
    """She may not book until then; no-shows up to `since` count no more."""
    with connection.cursor() as cursor:
        rows.block(cursor, brand_id=scope.brand_id, member_id=member_id, since=since, until=until)


def unblock(*, scope: Scope, member_id: UUID, now: datetime) -> bool:
    """End a block; False when there is none."""
    with connection.cursor() as cursor:
        return rows.unblock(cursor, brand_id=scope.brand_id, member_id=member_id, now=now)


def blocked_until(*, scope: Scope, member_id: UUID) -> datetime | None:
    """Until when her last block lasts or lasted."""
    with connection.cursor() as cursor:
        return rows.blocked_until(cursor, brand_id=scope.brand_id, member_id=member_id)


def list_due(*, now: datetime, limit: int) -> list[tuple[UUID, UUID, UUID]]:
    """(brand, member, booking) of bookings that time itself changes by now."""
    with connection.cursor() as cursor:
        return rows.due(cursor, now=now, limit=limit)


def take_reminders(*, now: datetime, limit: int) -> list[Booking]:
    """Bookings whose reminder is due, locked until the transaction ends."""
    with connection.cursor() as cursor:
        return rows.to_remind(cursor, now=now, limit=limit)


def wait(*, entry: Waiting) -> bool:
    """Put her on the waiting list; False when she waits for this slot already."""
    with connection.cursor() as cursor:
        return rows.wait(cursor, entry)


def end_waiting(
    *, scope: Scope, member_id: UUID, waiting_id: UUID, state: str, booking_id: UUID | None = None
) -> bool:
    """She waits no more: `offered`, `left` or `over`. False when she did not."""
    with connection.cursor() as cursor:
        return rows.end_waiting(
            cursor,
            member_id=member_id,
            waiting_id=waiting_id,
            brand_id=scope.brand_id,
            state=state,
            booking_id=booking_id,
        )


def end_overdue_waiting(*, now: datetime) -> int:
    """Due work: nobody waits for what has begun."""
    with connection.cursor() as cursor:
        return rows.over(cursor, now=now)


def next_waiting(*, resource_id: UUID, starts_at: datetime, limit: int = 20) -> list[Waiting]:
    """Who waits for a slot, highest tier first, then who came first; locked."""
    with connection.cursor() as cursor:
        return rows.next_waiting(cursor, resource_id=resource_id, starts_at=starts_at, limit=limit)


def list_waiting(
    *, scope: Scope, since: datetime, until: datetime | None = None, member_id: UUID | None = None
) -> list[Waiting]:
    """Who waits for slots from an instant on, in the order in which they are served (500 at most)."""
    with connection.cursor() as cursor:
        return rows.list_waiting(
            cursor, brand_id=scope.brand_id, member_id=member_id, since=since, until=until, limit=500
        )
