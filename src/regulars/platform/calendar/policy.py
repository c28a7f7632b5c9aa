"""Pure: what an own festival may be, and on which day it falls."""

from __future__ import annotations

import re
from datetime import date, timedelta

from regulars.kit import festivals, workdays
from regulars.kit.errors import ErrorList
from regulars.kit.text import Text
from regulars.platform.calendar.types import OwnFestival

_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
LONGEST_NAME = 40


def check_name(name: Text, errors: ErrorList, *, needed: bool) -> None:
    for language, said in (("zh", name.zh), ("en", name.en)):
        if (needed and not said.strip()) or len(said) > LONGEST_NAME or "\x00" in said:
            errors.add(
                f"name.{language}",
                "bad_text",
                f"应为不超过 {LONGEST_NAME} 字的文本",
                f"Must be text of at most {LONGEST_NAME} characters",
            )


def check_day(day: date, errors: ErrorList) -> None:
    if not 2000 <= day.year <= festivals.LAST_YEAR:
        errors.add(
            "day",
            "out_of_range",
            f"年份应在 2000–{festivals.LAST_YEAR}",
            f"A day of 2000–{festivals.LAST_YEAR}",
        )


def check_festival(given: OwnFestival, errors: ErrorList) -> None:
    if not _CODE.fullmatch(given.code):
        errors.add(
            "code",
            "bad_code",
            "小写字母开头，只用小写字母、数字、- 和 _，最长 40",
            "Begins with a letter; a-z, 0-9, - and _, at most 40 characters",
        )
    elif given.code in festivals.FESTIVALS:
        errors.add("code", "reserved", "这个编码属于内置节日", "This code is a built-in festival's")
    check_name(given.name, errors, needed=True)
    if given.reckoning not in ("solar", "lunar"):
        errors.add("reckoning", "unknown_choice", "应为 solar 或 lunar", "Must be solar or lunar")
    if not 1 <= given.month <= 12:
        errors.add("month", "out_of_range", "月份应在 1–12", "A month of 1 to 12")
    elif not 1 <= given.day <= _longest(given):
        errors.add("day", "out_of_range", "该月没有这一天", "The month has no such day")
    if given.year is not None and not 2000 <= given.year <= festivals.LAST_YEAR:
        errors.add(
            "year", "out_of_range", f"年份应在 2000–{festivals.LAST_YEAR}", f"2000 to {festivals.LAST_YEAR}"
        )


def day_of(festival: OwnFestival, year: int) -> date | None:
    """Where it falls in a calendar year. A 29 February is kept on the 28th in common years."""
    if festival.year is not None and festival.year != year:
        return None
    if festival.reckoning == "solar":
        try:
            return date(year, festival.month, festival.day)
        except ValueError:
            return date(year, 2, 28)
    for lunar_year in (year, year - 1):
        found = festivals.solar_of(lunar_year, festival.month, festival.day)
        if found is not None and found.year == year:
            return found
    return None


def public_days(year: int) -> tuple[dict[date, Text], dict[date, Text]]:
    """(public holidays, weekend days worked in their place) of a year."""
    holidays: dict[date, Text] = {}
    moved: dict[date, Text] = {}
    day = date(year, 1, 1)
    while day.year == year and day < date.max:
        found = workdays.work_day(day)
        if found.why == "holiday":
            holidays[day] = found.name
        elif found.why == "moved":
            moved[day] = found.name
        day += timedelta(days=1)
    return holidays, moved


def _longest(given: OwnFestival) -> int:
    if given.reckoning == "lunar":
        return 30
    return {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}.get(given.month, 31)
