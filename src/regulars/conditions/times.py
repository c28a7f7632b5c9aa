"""Calendar reckoning shared by both interpreters. A business day runs from local midnight to the next."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from regulars.conditions.types import Anniversary, Period
from regulars.kit.periods import add_months, start_of_day

T = TypeVar("T")


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant `day` begins in `zone`, in UTC so that comparing it never looks at wall clocks."""
    return start_of_day(day, zone.key).astimezone(UTC)


def shift(day: date, period: Period, sign: int) -> date:
    """Return `day` moved by the period, back for sign -1."""
    if period.unit == "months":
        return add_months(day, sign * period.n)
    return day + timedelta(days=sign * period.n * (7 if period.unit == "weeks" else 1))


def last_days(today: date, period: Period) -> tuple[date, date]:
    """Return first and last day of "within the last …": the period's days, today the last of them."""
    return shift(today, period, -1) + timedelta(days=1), today


def next_days(today: date, period: Period) -> tuple[date, date]:
    """Return first and last day of "within the next …": the period's days, today the first of them."""
    return today, shift(today, period, 1) - timedelta(days=1)


def is_last_of_month(day: date) -> bool:
    """Say whether `day` is the last of its month."""
    return day.day >= 28 and day.day == calendar.monthrange(day.year, day.month)[1]


def anniversary_days(today: date, window: Anniversary) -> dict[int, int]:
    """Return month×100+day → year for every yearly day that is now "within", 29 February included.

    Someone born on 29 February has her day on 28 February of common years. A date counts when its year is
    before the one returned, so the day itself is not its own anniversary.
    """
    days: dict[int, int] = {}
    for offset in range(-window.after, window.before + 1):
        day = today + timedelta(days=offset)
        days[day.month * 100 + day.day] = day.year
        if day.month == 2 and day.day == 28 and not calendar.isleap(day.year):
            days[229] = day.year
    return days


def per_day(reckon: Callable[[date], T]) -> Callable[[date], T]:
    """Return `reckon` remembering its last answer: most facts in a batch share their day."""
    held: tuple[date, T] | None = None

    def remembered(today: date) -> T:
        nonlocal held
        last = held
        if last is not None and last[0] == today:
            return last[1]
        answer = reckon(today)
        held = (today, answer)
        return answer

    return remembered
