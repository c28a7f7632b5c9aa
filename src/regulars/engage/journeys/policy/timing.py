"""When things are due: spans, times of day, working days, in the business zone.

Elapsed time is counted in seconds, calendar time on the clock on the wall: three days later is the same time of day,
also where a clock change lies between. A time that a clock change leaves out becomes the one an hour later; of a time
that comes twice the first counts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from regulars.engage.journeys.types import Span, Wait
from regulars.kit.periods import add_months, anniversary, zone

IsWorkday = Callable[[date], bool]
_DAYS = {"days": 1, "weeks": 7}
_FAR = 400


def add(at: datetime, span: Span, tz: str) -> datetime:
    """The instant a span after another."""
    if span.unit == "minutes":
        return at.astimezone(UTC) + timedelta(minutes=span.amount)
    if span.unit == "hours":
        return at.astimezone(UTC) + timedelta(hours=span.amount)
    local = at.astimezone(zone(tz))
    if span.unit == "months":
        day = add_months(local.date(), span.amount)
    else:
        day = local.date() + timedelta(days=span.amount * _DAYS[span.unit])
    return on_day(day, local.time(), tz)


def on_day(day: date, at: time, tz: str) -> datetime:
    """A business day's time of day, as an instant."""
    return datetime.combine(day, at.replace(tzinfo=None, fold=0), tzinfo=zone(tz)).astimezone(UTC)


def next_time(
    at: datetime,
    clock: time,
    tz: str,
    *,
    weekdays: frozenset[int] = frozenset(),
    fits: IsWorkday | None = None,
) -> datetime:
    """The first instant after `at` with this time of day, on one of the weekdays, on a day that `fits`.

    After, not at: a journey that turns in a circle by such a wait turns once a day.
    """
    day = at.astimezone(zone(tz)).date()
    for ahead in range(_FAR):
        one = day + timedelta(days=ahead)
        if (weekdays and one.isoweekday() not in weekdays) or (fits is not None and not fits(one)):
            continue
        found = on_day(one, clock, tz)
        if found > at:
            return found
    return on_day(day + timedelta(days=1), clock, tz)


def until(wait: Wait, at: datetime, tz: str, is_workday: IsWorkday) -> datetime:
    """When a wait that begins at `at` is over; for a wait for an activity, when it is given up."""
    if wait.mode == "time" and wait.at is not None:
        return next_time(at, wait.at, tz, weekdays=wait.weekdays, fits=is_workday if wait.workdays else None)
    assert wait.span is not None
    return add(at, wait.span, tz)


def falls_on(of: date, *, offset_days: int, yearly: bool, day: date) -> bool:
    """Whether a member's date, moved by the offset, is this day. 29 February is 28 February in common years."""
    wanted = day - timedelta(days=offset_days)
    if not yearly:
        return of == wanted
    return of.year < wanted.year and anniversary(of, wanted.year) == wanted


def plain_workday(day: date) -> bool:
    """Monday to Friday: what holds where no calendar says more."""
    return day.isoweekday() <= 5
