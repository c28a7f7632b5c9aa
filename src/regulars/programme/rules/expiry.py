"""When earned value ends. Every end is exclusive: the first instant, in business time, at which it is gone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from regulars.kit.periods import add_months, end_of_month, end_of_quarter, end_of_year, start_of_day
from regulars.programme.rules.types import Expiry, RoundUp

_DAY = timedelta(days=1)


def ends_on(expiry: Expiry, earned_on: date) -> date | None:
    """The first business day on which value earned on `earned_on` is gone; None where no day can be named.

    Rolling: that many days or months after the day of earning, then up to the end of the month, quarter or year
    that this day lies in. Fixed: good through the day itself. Never and inactivity: None.
    """
    if expiry.kind == "rolling_days":
        return _round_up(earned_on + timedelta(days=expiry.n), expiry.round_up)
    if expiry.kind == "rolling_months":
        return _round_up(add_months(earned_on, expiry.n), expiry.round_up)
    if expiry.kind == "fixed":
        assert expiry.on is not None
        return expiry.on + _DAY
    return None


def expires_at(expiry: Expiry, earned_on: date, timezone: str) -> datetime | None:
    """`ends_on` as an instant, in UTC."""
    day = ends_on(expiry, earned_on)
    return None if day is None else start_of_day(day, timezone).astimezone(UTC)


def _round_up(day: date, to: RoundUp) -> date:
    if to == "month":
        return end_of_month(day)
    if to == "quarter":
        return end_of_quarter(day)
    if to == "year":
        return end_of_year(day)
    return day
