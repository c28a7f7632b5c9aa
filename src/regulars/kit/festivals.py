"""The Chinese calendar: lunar days, the days on which a lunar birthday is kept, and festivals by year.

Lunar dates are those of GB/T 33661-2017 as `lunar_python` reckons them, for the lunar years 1900 to 2099. Outside of
them nothing raises: `lunar_of` and `solar_of` say None, festivals of the lunar calendar have no day, and a lunar
birthday is kept by its solar date.

How a lunar birthday is kept: who was born on a 30th of the month is greeted on the 29th where the month has no 30th;
who was born in a leap month, in that leap month where the year has it, else in the ordinary month of the same number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from regulars.kit.periods import anniversary
from regulars.kit.text import Text

FIRST_YEAR, LAST_YEAR = 1900, 2099
_JULIAN = 1_721_425  # the Julian day number at noon of a date, less its ordinal
LeapDay = Literal["feb28", "mar1"]
Reckoning = Literal["solar", "lunar"]


@dataclass(frozen=True, slots=True)
class LunarDay:
    """A day of the lunar calendar. `leap` is true in the leap month that repeats month `month`."""

    year: int
    month: int
    day: int
    leap: bool = False


@dataclass(frozen=True, slots=True)
class _Month:
    month: int
    leap: bool
    first: date
    days: int


@dataclass(frozen=True, slots=True)
class Festival:
    """A day with a name. `rule` says how it is found: ("lunar", month, day), ("solar", month, day), ("weekday",
    month, weekday from 0 = Monday, which), ("term", month, its name in the table) or ("eve",)."""

    code: str
    name: Text
    rule: tuple[object, ...]


FESTIVALS: dict[str, Festival] = {
    one.code: one
    for one in (
        Festival("new_year", Text("元旦", "New Year's Day"), ("solar", 1, 1)),
        Festival("laba", Text("腊八节", "Laba Festival"), ("lunar", 12, 8)),
        Festival("spring_eve", Text("除夕", "New Year's Eve (lunar)"), ("eve",)),
        Festival("spring", Text("春节", "Spring Festival"), ("lunar", 1, 1)),
        Festival("lantern", Text("元宵节", "Lantern Festival"), ("lunar", 1, 15)),
        Festival("valentine", Text("情人节", "Valentine's Day"), ("solar", 2, 14)),
        Festival("women", Text("妇女节", "Women's Day"), ("solar", 3, 8)),
        Festival("qingming", Text("清明", "Qingming"), ("term", 4, "清明")),
        Festival("labour", Text("劳动节", "Labour Day"), ("solar", 5, 1)),
        Festival("mother", Text("母亲节", "Mother's Day"), ("weekday", 5, 6, 2)),
        Festival("children", Text("儿童节", "Children's Day"), ("solar", 6, 1)),
        Festival("shopping_618", Text("618", "6.18 sale"), ("solar", 6, 18)),
        Festival("father", Text("父亲节", "Father's Day"), ("weekday", 6, 6, 3)),
        Festival("dragon_boat", Text("端午节", "Dragon Boat Festival"), ("lunar", 5, 5)),
        Festival("qixi", Text("七夕", "Qixi"), ("lunar", 7, 7)),
        Festival("teacher", Text("教师节", "Teachers' Day"), ("solar", 9, 10)),
        Festival("mid_autumn", Text("中秋节", "Mid-Autumn Festival"), ("lunar", 8, 15)),
        Festival("national", Text("国庆节", "National Day"), ("solar", 10, 1)),
        Festival("double_ninth", Text("重阳节", "Double Ninth Festival"), ("lunar", 9, 9)),
        Festival("double_11", Text("双 11", "Double 11"), ("solar", 11, 11)),
        Festival("double_12", Text("双 12", "Double 12"), ("solar", 12, 12)),
        Festival("winter_solstice", Text("冬至", "Winter Solstice"), ("term", 12, "DONG_ZHI")),
        Festival("christmas", Text("圣诞节", "Christmas"), ("solar", 12, 25)),
    )
}


def knows_lunar(year: int) -> bool:
    """Whether the lunar calendar of this lunar year is known here."""
    return FIRST_YEAR <= year <= LAST_YEAR


def lunar_of(day: date) -> LunarDay | None:
    """The lunar day that a date is; None outside of the years known."""
    for year in (day.year, day.year - 1):
        if not knows_lunar(year):
            continue
        months = _months(year)
        if months[0].first <= day:
            found = next((one for one in reversed(months) if one.first <= day), months[0])
            number = (day - found.first).days + 1
            return LunarDay(year, found.month, number, found.leap) if number <= found.days else None
    return None


def solar_of(year: int, month: int, day: int, *, leap: bool = False) -> date | None:
    """The date of a day kept every lunar year: the leap month falls back to the ordinary one, the 30th to the 29th.

    None for a lunar year that is not known, or a day no month can have.
    """
    if not knows_lunar(year) or not 1 <= month <= 12 or not 1 <= day <= 30:
        return None
    found = None
    for one in _months(year):
        if one.month == month and (found is None or (leap and one.leap)):
            found = one
    if found is None:
        return None
    return found.first + timedelta(days=min(day, found.days) - 1)


def leap_month_of(year: int) -> int | None:
    """The month that a lunar year repeats, if it does."""
    if not knows_lunar(year):
        return None
    return next((one.month for one in _months(year) if one.leap), None)


def solar_birthday(born: date, year: int, leap_day: LeapDay = "feb28") -> date:
    """The birthday in a year; who was born on 29 February chooses 28 February or 1 March for common years."""
    found = anniversary(born, year)
    if (born.month, born.day) == (2, 29) and found.day == 28 and leap_day == "mar1":
        return date(year, 3, 1)
    return found


def birthdays(
    born: date,
    first: date,
    last: date,
    *,
    reckoning: Reckoning = "solar",
    leap_day: LeapDay = "feb28",
) -> list[tuple[int, date]]:
    """(year it belongs to, date) of every birthday in [first, last], the day she was born not among them.

    By the lunar calendar the year is the lunar one: a birthday late in it may fall into January or February. A lunar
    birthday of a year that is not known is kept by its solar date.
    """
    found = []
    lunar = lunar_of(born) if reckoning == "lunar" else None
    for year in range(first.year - 1, last.year + 1):
        day = solar_of(year, lunar.month, lunar.day, leap=lunar.leap) if lunar else None
        if day is None:
            day = solar_birthday(born, year, leap_day)
        if first <= day <= last and day > born:
            found.append((year, day))
    return found


def festival_day(code: str, year: int) -> date | None:
    """The date on which a festival is kept in a calendar year; None where that is not known (or there is none).

    Raises:
        KeyError: no such festival.
    """
    return _days_of(year).get(code) if code in FESTIVALS else _unknown(code)


def festivals_of(year: int) -> Mapping[str, date]:
    """Every festival of a calendar year whose date is known, by code."""
    return _days_of(year)


@lru_cache(maxsize=256)
def _days_of(year: int) -> Mapping[str, date]:
    if not date.min.year <= year <= date.max.year:
        return {}
    found = {code: _day_of(festival, year) for code, festival in FESTIVALS.items()}
    return {code: day for code, day in sorted(found.items(), key=_by_day) if day is not None}


def _day_of(festival: Festival, year: int) -> date | None:
    match festival.rule:
        case ("solar", int(month), int(day)):
            return date(year, month, day)
        case ("weekday", int(month), int(weekday), int(which)):
            first = date(year, month, 1)
            return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (which - 1))
        case ("lunar", int(month), int(day)):
            for lunar_year in (year, year - 1):
                found = solar_of(lunar_year, month, day)
                if found is not None and found.year == year:
                    return found
            return None
        case ("eve",):
            spring = solar_of(year, 1, 1)
            return spring - timedelta(days=1) if spring else None
        case ("term", int(month), str(name)):
            return _term(year, month, name)
    return None


def _term(year: int, month: int, name: str) -> date | None:
    """A solar term of a year. Where the table ends, the civil mean day: 5 April, 21 December."""
    if not knows_lunar(year):
        return {4: date(year, 4, 5), 12: date(year, 12, 21)}[month]
    from lunar_python import Solar

    solar = Solar.fromYmd(year, month, 15).getLunar().getJieQiTable()[name]
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


@lru_cache(maxsize=256)
def _months(year: int) -> tuple[_Month, ...]:
    """The months of a lunar year in their order."""
    from lunar_python import LunarYear

    return tuple(
        _Month(
            abs(one.getMonth()),
            one.getMonth() < 0,
            date.fromordinal(int(one.getFirstJulianDay()) - _JULIAN),
            int(one.getDayCount()),
        )
        for one in LunarYear.fromYear(year).getMonths()
        if one.getYear() == year
    )


def _by_day(item: tuple[str, date | None]) -> date:
    return item[1] or date.max


def _unknown(code: str) -> date | None:
    raise KeyError(code)
