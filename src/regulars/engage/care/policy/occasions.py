"""Whose turn it is and when: birthdays, anniversaries, festivals, what was bought. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from regulars.engage.care.types import Due
from regulars.kit import festivals, wording
from regulars.kit.periods import add_months, anniversary, zone
from regulars.kit.text import Language, Text

_NAMED = re.compile(r"\{\{\s*([^}\s]*)\s*\}\}")
_DAYS = frozenset({"bought_on", "last_order_on"})  # ISO texts among the values of a due
_STEPS = 600
LONGEST_INTERVAL = 720


def birthday_due(
    settings: Mapping[str, Any], *, born: date, calendar: str, leap_day: str, first: date, last: date
) -> list[tuple[str, date]]:
    """(occasion, birthday) of the birthdays that are kept between `first` and `last`.

    `calendar` and `leap_day` are the member's own choice, empty where she made none. The occasion is the year that the
    birthday belongs to, by whichever calendar, so that a changed choice or date does not make a second one of it.
    """
    reckoning = settings["reckoning"]
    if reckoning == "member":
        reckoning = calendar if calendar in ("solar", "lunar") else "solar"
    chosen = leap_day if leap_day in ("feb28", "mar1") else settings["leap_day"]
    leap: festivals.LeapDay = "mar1" if chosen == "mar1" else "feb28"
    ahead = timedelta(days=settings["days_before"])
    if settings["when"] == "day":
        kept = festivals.birthdays(born, first + ahead, last + ahead, reckoning=reckoning, leap_day=leap)
        return [(str(year), day) for year, day in kept]
    # a gift of the month is given on the first of the month, or so many days before it
    found = []
    for year, day in festivals.birthdays(
        born, first + ahead, last + ahead + timedelta(days=31), reckoning=reckoning, leap_day=leap
    ):
        if first <= day.replace(day=1) - ahead <= last:
            found.append((str(year), day))
    return found


def anniversary_days(first: date, last: date) -> list[int]:
    """Month and day, as 1231, of those who have an anniversary in the window; the 29 February counts for the 28th."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    found = {day.month * 100 + day.day for day in days}
    if any((day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month == 3 for day in days):
        found.add(229)
    return sorted(found)


def anniversary_of(day: date, year: int) -> date:
    """The day of joining in another year."""
    return anniversary(day, year)


def festival_due(
    settings: Mapping[str, Any], days: Mapping[int, Mapping[str, date]], *, first: date, last: date
) -> list[tuple[str, str, date]]:
    """(occasion, festival, day) of the chosen festivals that are greeted in the window; `days` by year and code."""
    found = []
    for year, of_year in days.items():
        for code in settings["festivals"]:
            day = of_year.get(code)
            if day is not None and first <= day - timedelta(days=settings["days_before"]) <= last:
                found.append((f"{code}:{year}", code, day))
    return sorted(found, key=lambda one: one[2])


def next_service(
    settings: Mapping[str, Any], *, bought_on: date, done: int, not_before: date
) -> tuple[int, date] | None:
    """(which time, day of the reminder) of the next service after `done` times; None when there is none any more.

    Times whose day lies before `not_before` are over: nobody is reminded of them late.
    """
    for number in range(done + 1, done + _STEPS):
        if settings["times"] and number > settings["times"]:
            return None
        try:
            if settings["every_months"]:
                day = add_months(bought_on, number * settings["every_months"])
            else:
                day = bought_on + timedelta(days=number * settings["every_days"])
        except (ValueError, OverflowError):
            return None
        day -= timedelta(days=settings["days_before"])
        if day >= not_before:
            return number, day
    return None


def interval_of(days: Sequence[date], *, own_after: int) -> int | None:
    """The median of days between a member's purchases, once she bought on `own_after` days; else None."""
    ordered = sorted(set(days))
    if len(ordered) < own_after:
        return None
    gaps = [(after - before).days for before, after in pairwise(ordered)]
    return max(1, min(LONGEST_INTERVAL, round(median(gaps))))


def usual_interval(
    settings: Mapping[str, Any], *, thing: str, category: str, typical: Mapping[str, int]
) -> int:
    """How long a thing lasts for somebody whose own rhythm is not known or not read: as the operator stated it for the
    product or else its category; else the median of all who have a rhythm; else the plan's own."""
    stated = {one["code"]: one["days"] for one in settings.get("stated", ())}
    found = stated.get(thing) or stated.get(category) or typical.get(thing) or typical.get("*")
    return int(found or settings["fallback_days"])


def cadence_of(settings: Mapping[str, Any], *, stage: str | None, tier: str, value: int | None) -> int | None:
    """Every how many weeks a member is visited: by the first line that fits her, else the plan's own; None: never."""
    for one in settings["cadences"]:
        if one["stages"] and stage not in one["stages"]:
            continue
        if one["tiers"] and tier not in one["tiers"]:
            continue
        if one["value_from"] and (value is None or value < one["value_from"]):
            continue
        return int(one["weeks"])
    return settings["every_weeks"] or None


def run_at(day: date, at: time, timezone: str) -> datetime:
    """The instant from which a day's work is done; a time that a clock change skips is the one an hour later."""
    return datetime.combine(day, at, tzinfo=zone(timezone))


def shown_in(text: Text, due: Due) -> Text:
    """A task's words with their variables filled in, days as each language writes them; what is not known is left
    out."""

    def fill(said: str, language: Language) -> str:
        def value(match: re.Match[str]) -> str:
            found = due.values.get(match[1], "")
            if isinstance(found, Mapping):
                found = found.get(language, "")
            if found and match[1] in _DAYS:
                return wording.day(date.fromisoformat(found), language)
            return str(found)

        return _NAMED.sub(value, said)

    return Text(fill(text.zh, "zh"), fill(text.en, "en"))
