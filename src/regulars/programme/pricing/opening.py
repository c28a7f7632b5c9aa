"""Whether an offer's windows are open at an instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from regulars.programme.pricing.types import Windows

_DAY = timedelta(days=1)
ALWAYS = Windows()


def why_closed(
    windows: Windows, at: datetime, local: datetime, is_member_day: Callable[[date], bool]
) -> str | None:
    """The reason's code, or None where the windows are open. `local` is `at` in business time."""
    if windows is ALWAYS:
        return None
    if windows.starts_at is not None and at < windows.starts_at:
        return "not_started"
    if windows.ends_at is not None and at >= windows.ends_at:
        return "ended"
    today = local.date()
    if not windows.dayparts:
        return _wrong_day(windows, today, is_member_day)
    time = local.time()
    why = "outside_hours"
    for first, last in windows.dayparts:
        if first < last:
            if not first <= time < last:
                continue
            began = today
        elif time >= first:
            began = today
        elif time < last:
            began = today - _DAY
        else:
            continue
        wrong = _wrong_day(windows, began, is_member_day)
        if wrong is None:
            return None
        why = wrong
    return why


def _wrong_day(windows: Windows, day: date, is_member_day: Callable[[date], bool]) -> str | None:
    if windows.weekdays is not None and day.isoweekday() not in windows.weekdays:
        return "wrong_day"
    if windows.member_day and not is_member_day(day):
        return "not_member_day"
    return None
