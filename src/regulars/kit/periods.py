"""Calendar arithmetic in the programme's business time zone: month ends, expiry, caps' periods, anniversaries."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def start_of_day(day: date, tz: str) -> datetime:
    """The first instant of `day` in the zone (a day whose midnight a clock change skips starts when it starts)."""
    return datetime.combine(day, time(), tzinfo=zone(tz))


def add_months(day: date, months: int) -> date:
    """Same day of a later (or earlier) month; a day that does not exist becomes the month's last."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def add_months_at(instant: datetime, months: int, tz: str) -> datetime:
    """The start of the business day that lies `months` after the business day of `instant`."""
    return start_of_day(add_months(instant.astimezone(zone(tz)).date(), months), tz)


def end_of_month(day: date) -> date:
    """First day of the following month: the exclusive end."""
    return add_months(day.replace(day=1), 1)


def end_of_quarter(day: date) -> date:
    return add_months(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), 3)


def end_of_year(day: date) -> date:
    return date(day.year + 1, 1, 1)


def period_key(local: datetime, period: str) -> str:
    """The name of the `day`, `week` (ISO), `month`, `year` or `ever` that a local instant lies in."""
    if period == "day":
        return local.strftime("%Y-%m-%d")
    if period == "week":
        year, week, _ = local.isocalendar()
        return f"{year}-W{week:02d}"
    if period == "month":
        return local.strftime("%Y-%m")
    if period == "year":
        return local.strftime("%Y")
    if period == "ever":
        return "ever"
    raise ValueError(f"unknown period {period!r}")


def anniversary(of: date, year: int) -> date:
    """The anniversary in `year`; 29 February falls on 28 February in common years."""
    try:
        return of.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def age_on(birthday: date, day: date) -> int:
    return day.year - birthday.year - (day < anniversary(birthday, day.year))


def days(count: int) -> timedelta:
    return timedelta(days=count)
