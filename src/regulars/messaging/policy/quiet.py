"""When something may go. Pure.

Closed hours are hours of the wall clock. A clock that is put forward over the end of them opens at that instant; one
that is put back into them closes again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from regulars.kit.periods import zone
from regulars.messaging.types import Quiet

_DAYS_AHEAD = 366
_DAY = timedelta(days=1)


def every_day(day: date) -> bool:
    return True


def is_closed(at: datetime, quiet: Quiet, tz: str, is_work_day: Callable[[date], bool] = every_day) -> bool:
    """Whether an instant lies in the closed hours or, where only work days count, on another day."""
    local = at.astimezone(zone(tz))
    if quiet.work_days_only and not is_work_day(local.date()):
        return True
    clock = local.time()
    if quiet.closes <= quiet.opens:
        return quiet.closes <= clock < quiet.opens
    return clock >= quiet.closes or clock < quiet.opens


def next_allowed(
    at: datetime, quiet: Quiet | None, tz: str, is_work_day: Callable[[date], bool] = every_day
) -> datetime:
    """The first instant from `at` on at which it is open: `at` itself, or an end of what is closed.

    If a whole year has no work day, days are not asked for.
    """
    if quiet is None or not is_closed(at, quiet, tz, is_work_day):
        return at
    where = zone(tz)
    first = at.astimezone(where).date() - _DAY
    for ahead in range(_DAYS_AHEAD + 2):
        day = first + ahead * _DAY
        for moment in _openings(day, quiet, where):
            if moment >= at and not is_closed(moment, quiet, tz, is_work_day):
                return moment
    return next_allowed(at, Quiet(quiet.closes, quiet.opens), tz)


def _openings(day: date, quiet: Quiet, where: ZoneInfo) -> list[datetime]:
    """The instants of a day at which it may become open, in order: its start, the hour it opens, clock changes."""
    found: set[datetime] = set()
    for wall in (time(), quiet.opens):
        before = datetime.combine(day, wall, tzinfo=where).astimezone(UTC)
        after = datetime.combine(day, wall, tzinfo=where).replace(fold=1).astimezone(UTC)
        if before == after:
            found.add(before)
        elif before < after:  # the hour comes twice
            found |= {before, after}
        else:  # the hour does not come
            found.add(_change(after, before, where))
    start = datetime.combine(day, time(), tzinfo=where).astimezone(UTC)
    end = datetime.combine(day + _DAY, time(), tzinfo=where).astimezone(UTC)
    if start.astimezone(where).utcoffset() != end.astimezone(where).utcoffset():
        found.add(_change(start, end, where))
    return sorted(found)


def _change(low: datetime, high: datetime, where: ZoneInfo) -> datetime:
    """The instant between two at which the zone's offset changes, to the second."""
    offset = low.astimezone(where).utcoffset()
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(where).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high
