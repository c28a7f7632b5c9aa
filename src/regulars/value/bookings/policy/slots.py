"""When a service can begin at a resource, and how much of its time is taken. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from regulars.kit.periods import start_of_day, zone
from regulars.value.bookings.policy.terms import GRAIN
from regulars.value.bookings.types import Hours, ResourceTerms, ServiceTerms, Slot

_GRAIN = timedelta(minutes=GRAIN)


def hours_on(resource: ResourceTerms, day: date) -> Sequence[Hours]:
    """The resource's hours of a local day: those of an exception before those of the weekday."""
    if day in resource.exceptions:
        return resource.exceptions[day]
    return resource.weekly.get(day.isoweekday(), ())


def slots_on(service: ServiceTerms, resource: ResourceTerms, day: date, timezone: str) -> list[Slot]:
    """Every slot of a local day, in UTC: each `step` from an opening on, as long as service and buffer fit.

    Instants that a clock change skips or doubles follow the clock on the wall.
    """
    length = timedelta(minutes=service.minutes)
    blocked = length + timedelta(minutes=service.buffer_minutes)
    step = timedelta(minutes=service.step_minutes or service.minutes + service.buffer_minutes)
    found = []
    for hours in hours_on(resource, day):
        start = _instant(day, hours.start, timezone)
        end = _instant(day + timedelta(days=hours.end == time()), hours.end, timezone)
        while start + length <= end:
            found.append(Slot(start, start + length, min(start + blocked, max(end, start + length))))
            start += step
    return found


def slot_at(
    service: ServiceTerms, resource: ResourceTerms, starts_at: datetime, timezone: str
) -> Slot | None:
    """The slot that begins at an instant, if there is one."""
    day = starts_at.astimezone(zone(timezone)).date()
    wanted = starts_at.astimezone(UTC)
    return next((s for s in slots_on(service, resource, day, timezone) if s.starts_at == wanted), None)


def grains(starts_at: datetime, blocked_until: datetime) -> list[datetime]:
    """The steps of time that a booking takes, in order."""
    found, at = [], starts_at
    while at < blocked_until:
        found.append(at)
        at += _GRAIN
    return found


def left_of(slot: Slot, capacity: int, taken: Mapping[datetime, int]) -> int:
    """How many places are left all through a slot."""
    most = max((taken.get(at, 0) for at in grains(slot.starts_at, slot.blocked_until)), default=0)
    return max(0, capacity - most)


def day_bounds(day: date, timezone: str, days: int = 1) -> tuple[datetime, datetime]:
    """[start, end) of so many local days."""
    return start_of_day(day, timezone), start_of_day(day + timedelta(days=days), timezone)


def _instant(day: date, at: time, timezone: str) -> datetime:
    return datetime.combine(day, at, tzinfo=zone(timezone)).astimezone(UTC)
