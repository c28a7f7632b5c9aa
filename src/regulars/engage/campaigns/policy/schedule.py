"""When a campaign runs, by the days and the clock of the business. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from regulars.engage.campaigns.types import Schedule
from regulars.kit.periods import end_of_month, zone

_AHEAD_DAYS = 800


def next_after(schedule: Schedule, after: datetime, tz: str) -> datetime | None:
    """The first occurrence later than `after`; None when there is none.

    An hour that a clock change skips comes as many minutes later, one that comes twice counts the first time.
    """
    if schedule.kind == "once":
        return schedule.at if schedule.at is not None and schedule.at > after else None
    hour, minute = (int(part) for part in schedule.time.split(":"))
    day = after.astimezone(zone(tz)).date() - timedelta(days=1)
    if schedule.first is not None:
        day = max(day, schedule.first)
    for _ in range(_AHEAD_DAYS):
        if schedule.last is not None and day > schedule.last:
            return None
        if _is_on(schedule, day):
            local = datetime.combine(day, time(hour, minute), tzinfo=zone(tz))
            at = local.astimezone(UTC)
            if at > after:
                return at
        day += timedelta(days=1)
    return None


def upcoming(schedule: Schedule, after: datetime, tz: str, count: int) -> list[datetime]:
    """The next occurrences, for people to see."""
    found: list[datetime] = []
    at: datetime | None = after
    while len(found) < count and at is not None:
        at = next_after(schedule, at, tz)
        if at is not None:
            found.append(at)
    return found


def _is_on(schedule: Schedule, day: date) -> bool:
    if schedule.every == "week":
        return day.isoweekday() in schedule.weekdays
    if schedule.every == "month":
        last = (end_of_month(day) - timedelta(days=1)).day
        return any(min(one, last) == day.day for one in schedule.days)
    return True
