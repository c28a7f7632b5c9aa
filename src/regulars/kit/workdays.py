"""Work days of China: public holidays, the weekends that are worked in their place, and an operator's own days.

Holidays are announced by the State Council year by year, late in the year before; `chinese_calendar` carries those
that are known. A year that is not falls back to Monday to Friday, and every answer says whether its year is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from regulars.kit.text import Text

Why = Literal["own", "holiday", "moved", "weekday", "weekend"]
_FARTHEST = 400


@dataclass(frozen=True, slots=True)
class WorkDay:
    """Whether a day is worked and why. `known` is false where no holidays of its year have been announced here."""

    day: date
    works: bool
    why: Why
    name: Text
    known: bool


def known_years() -> range:
    """The years whose holidays are known."""
    return _table()[0]


def work_day(day: date, own: Mapping[date, bool] | None = None) -> WorkDay:
    """What a day is; `own` are the operator's own days (true: worked), which go before all else."""
    years, holidays, moved = _table()
    known = day.year in years
    if own is not None and day in own:
        return WorkDay(day, own[day], "own", Text("", ""), known)
    if day in moved:
        return WorkDay(day, True, "moved", moved[day], known)
    if day in holidays:
        return WorkDay(day, False, "holiday", holidays[day], known)
    weekday = day.weekday() < 5
    return WorkDay(day, weekday, "weekday" if weekday else "weekend", Text("", ""), known)


def works(day: date, own: Mapping[date, bool] | None = None) -> bool:
    return work_day(day, own).works


def next_work_day(day: date, own: Mapping[date, bool] | None = None) -> date:
    """The first work day on or after `day`; `day` itself where none comes within a year."""
    for one in work_days_from(day, own):
        return one
    return day


def work_days_from(day: date, own: Mapping[date, bool] | None = None) -> Iterator[date]:
    """Work days from `day` on, for about a year."""
    for ahead in range(_FARTHEST):
        if day > date.max - timedelta(days=ahead):
            return
        one = day + timedelta(days=ahead)
        if works(one, own):
            yield one


@lru_cache(maxsize=1)
def _table() -> tuple[range, Mapping[date, Text], Mapping[date, Text]]:
    """(years known, holidays on which nobody works, weekend days that are worked instead)."""
    from chinese_calendar import constants

    named = {one.value: Text(one.chinese, one.value) for one in constants.Holiday}
    holidays = {day: named.get(name, Text(name, name)) for day, name in constants.holidays.items()}
    moved = {day: named.get(name, Text(name, name)) for day, name in constants.workdays.items()}
    years = {day.year for day in constants.holidays}
    return range(min(years), max(years) + 1), holidays, moved
