"""Periods of plans on the calendar. Pure.

A period runs over whole business days. It begins on the day of purchase and ends before the same day of a later month,
which month ends clamp: bought on 31 January, it ends before 28 (29) February, and the next before 31 March again, for
the day it began on (`anchor_day`) is kept.
"""

from __future__ import annotations

import calendar
from datetime import date

from regulars.value.plans.types import MONTHS


def end_of(starts_on: date, period: str, anchor_day: int) -> date | None:
    """The first day after the period that begins on `starts_on`; None for life."""
    if period == "lifetime":
        return None
    index = starts_on.year * 12 + starts_on.month - 1 + MONTHS[period]
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(anchor_day, last))


def days_of(starts_on: date, ends_on: date) -> int:
    return (ends_on - starts_on).days


def unused_days(starts_on: date, ends_on: date, today: date, *, today_counts: bool) -> int:
    """Days of a period not used yet; a day that has begun is used unless `today_counts` as unused."""
    first = today if today_counts else date.fromordinal(today.toordinal() + 1)
    return max(0, (ends_on - max(first, starts_on)).days)
