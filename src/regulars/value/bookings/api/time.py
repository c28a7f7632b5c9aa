"""Free slots, and the time that bookings take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from regulars.value.bookings.policy import acts, slots
from regulars.value.bookings.store import rows, time
from regulars.value.bookings.types import FreeSlot, Resource, Service, Slot


def slot_of(*, service: Service, resource: Resource, starts_at: datetime, timezone: str) -> Slot | None:
    """The slot of a service that begins at an instant at one of its resources; None for any other."""
    if resource.state != "active" or resource.terms.key not in service.terms.resources:
        return None
    return slots.slot_at(service.terms, resource.terms, starts_at, timezone)


def free_slots(
    *,
    service: Service,
    resources: Sequence[Resource],
    first: date,
    days: int,
    timezone: str,
    after: datetime,
) -> list[FreeSlot]:
    """Every slot of so many local days that begins after an instant, in order, full ones too (`left` 0)."""
    usable = [r for r in resources if r.state == "active" and r.terms.key in service.terms.resources]
    since, until = slots.day_bounds(first, timezone, days + 1)
    with connection.cursor() as cursor:
        ids = [r.id for r in usable]
        taken = time.taken(cursor, resource_ids=ids, since=since, until=until)
        waiting = rows.count_waiting(cursor, resource_ids=ids, since=since, until=until)
    found = [
        FreeSlot(
            slot=slot,
            resource=resource,
            left=slots.left_of(slot, resource.terms.capacity, taken.get(resource.id, {})),
            capacity=resource.terms.capacity,
            waiting=waiting.get((resource.id, slot.starts_at), 0),
        )
        for resource in usable
        for n in range(days)
        for slot in slots.slots_on(
            service.terms, resource.terms, date.fromordinal(first.toordinal() + n), timezone
        )
        if slot.starts_at > after
    ]
    return sorted(found, key=lambda f: (f.slot.starts_at, f.resource.terms.sort, f.resource.terms.key))


def left_at(*, resource: Resource, slot: Slot) -> tuple[int, int]:
    """(places left, how many wait) of a slot now."""
    with connection.cursor() as cursor:
        taken = time.taken(
            cursor, resource_ids=[resource.id], since=slot.starts_at, until=slot.blocked_until
        ).get(resource.id, {})
        waiting = rows.count_waiting(
            cursor, resource_ids=[resource.id], since=slot.starts_at, until=slot.ends_at
        )
    return slots.left_of(slot, resource.terms.capacity, taken), waiting.get((resource.id, slot.starts_at), 0)


def take_time(*, resource: Resource, slot: Slot, places: int) -> None:
    """Take places of a slot, in the caller's transaction. Raises `slot_full` (409): then it is to be rolled back."""
    with connection.cursor() as cursor:
        if not time.take(
            cursor,
            resource_id=resource.id,
            times=slots.grains(slot.starts_at, slot.blocked_until),
            places=places,
            capacity=resource.terms.capacity,
        ):
            raise acts.full()


def give_back_time(*, resource_id: UUID, starts_at: datetime, blocked_until: datetime, places: int) -> None:
    """The time of a booking is free again."""
    with connection.cursor() as cursor:
        time.give_back(
            cursor, resource_id=resource_id, times=slots.grains(starts_at, blocked_until), places=places
        )


def lock_time(*, wanted: Sequence[tuple[UUID, datetime, datetime]]) -> None:
    """Lock what is taken already of several (resource, start, end), in key order, before any of it is changed."""
    with connection.cursor() as cursor:
        for resource_id, start, end in sorted(wanted):
            time.lock(cursor, resource_id=resource_id, times=slots.grains(start, end))
