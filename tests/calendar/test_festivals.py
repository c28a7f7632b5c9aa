"""Festivals and lunar days against dates known from elsewhere: the State Council's holiday notices, almanacs."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kit import festivals as f
from regulars.kit import workdays as w

# Year: Spring Festival, Qingming, Dragon Boat, Mid-Autumn, as published for each year's public holidays.
PUBLISHED = {
    2010: ("02-14", "04-05", "06-16", "09-22"),
    2011: ("02-03", "04-05", "06-06", "09-12"),
    2012: ("01-23", "04-04", "06-23", "09-30"),
    2013: ("02-10", "04-04", "06-12", "09-19"),
    2014: ("01-31", "04-05", "06-02", "09-08"),
    2015: ("02-19", "04-05", "06-20", "09-27"),
    2016: ("02-08", "04-04", "06-09", "09-15"),
    2017: ("01-28", "04-04", "05-30", "10-04"),
    2018: ("02-16", "04-05", "06-18", "09-24"),
    2019: ("02-05", "04-05", "06-07", "09-13"),
    2020: ("01-25", "04-04", "06-25", "10-01"),
    2021: ("02-12", "04-04", "06-14", "09-21"),
    2022: ("02-01", "04-05", "06-03", "09-10"),
    2023: ("01-22", "04-05", "06-22", "09-29"),
    2024: ("02-10", "04-04", "06-10", "09-17"),
    2025: ("01-29", "04-04", "05-31", "10-06"),
    2026: ("02-17", "04-05", "06-19", "09-25"),
}
# Others, from almanacs: Qixi, Double Ninth, Lantern, Laba, Winter Solstice, Mother's Day.
ALMANAC = {
    "qixi": {2020: "08-25", 2021: "08-14", 2022: "08-04", 2023: "08-22", 2024: "08-10", 2025: "08-29"},
    "double_ninth": {
        2020: "10-25",
        2021: "10-14",
        2022: "10-04",
        2023: "10-23",
        2024: "10-11",
        2025: "10-29",
    },
    "lantern": {2020: "02-08", 2021: "02-26", 2022: "02-15", 2023: "02-05", 2024: "02-24", 2025: "02-12"},
    "spring_eve": {2021: "02-11", 2022: "01-31", 2023: "01-21", 2024: "02-09", 2025: "01-28", 2026: "02-16"},
    "winter_solstice": {
        2019: "12-22",
        2020: "12-21",
        2021: "12-21",
        2022: "12-22",
        2023: "12-22",
        2024: "12-21",
    },
    "mother": {2021: "05-09", 2022: "05-08", 2023: "05-14", 2024: "05-12", 2025: "05-11", 2026: "05-10"},
    "father": {2021: "06-20", 2022: "06-19", 2023: "06-18", 2024: "06-16", 2025: "06-15", 2026: "06-21"},
}
LEAP_MONTHS = {
    2001: 4,
    2004: 2,
    2006: 7,
    2009: 5,
    2012: 4,
    2014: 9,
    2017: 6,
    2020: 4,
    2023: 2,
    2025: 6,
    2033: 11,
}
BORN = st.dates(date(1930, 1, 1), date(2025, 12, 31))


@pytest.mark.parametrize("year", PUBLISHED)
def test_festivals_of_seventeen_years(year: int) -> None:
    found = [f.festival_day(code, year) for code in ("spring", "qingming", "dragon_boat", "mid_autumn")]
    assert [day.strftime("%m-%d") for day in found if day] == list(PUBLISHED[year])


@pytest.mark.parametrize("code", ALMANAC)
def test_other_festivals(code: str) -> None:
    for year, day in ALMANAC[code].items():
        assert f.festival_day(code, year) == date.fromisoformat(f"{year}-{day}")


def test_leap_months() -> None:
    assert {y: m for y in range(2001, 2026) if (m := f.leap_month_of(y))} == {
        year: month for year, month in LEAP_MONTHS.items() if year < 2026
    }
    assert f.leap_month_of(2033) == 11, "the year that old tables got wrong"


def test_public_holidays_agree_with_the_table_of_holidays() -> None:
    """A second source: every festival that is a public holiday lies in the holiday that carries its name."""
    names = {"spring": "春节", "qingming": "清明", "dragon_boat": "端午", "mid_autumn": "中秋"}
    for year in w.known_years():
        for code, name in names.items():
            day = f.festival_day(code, year)
            assert day is not None
            around = [w.work_day(day + timedelta(days=n)) for n in (-1, 0, 1)]
            if any(name in one.name.zh for one in around):
                assert not around[1].works, (code, day)


def test_nothing_raises_beyond_the_table() -> None:
    for year in (1, 1899, 2100, 2500, 9999):
        days = f.festivals_of(year)
        assert "christmas" in days and "mid_autumn" not in days
        assert f.solar_of(year, 1, 1) is None and f.leap_month_of(year) is None
    assert f.festivals_of(10_000) == {} and f.festivals_of(0) == {}
    assert f.lunar_of(date(1850, 5, 5)) is None and f.lunar_of(date.max) is None
    assert f.solar_of(2026, 13, 1) is None and f.solar_of(2026, 1, 31) is None
    # beyond the table a lunar birthday is kept by its solar date
    assert f.birthdays(date(1990, 6, 1), date(2120, 1, 1), date(2120, 12, 31), reckoning="lunar") == [
        (2120, date(2120, 6, 1))
    ]
    with pytest.raises(KeyError):
        f.festival_day("no_such", 2026)


def test_a_birthday_in_a_leap_month() -> None:
    """2020-05-23 was the first of the leap fourth month; 2023 has none: the fourth month began on 19 May 2023."""
    born = date(2020, 5, 23)
    assert f.lunar_of(born) == f.LunarDay(2020, 4, 1, True)
    assert f.solar_of(2023, 4, 1, leap=True) == date(2023, 5, 19)
    # 2012 had a leap fourth month too, from 21 May
    assert f.solar_of(2012, 4, 1, leap=True) == date(2012, 5, 21)
    assert f.solar_of(2012, 4, 1) == date(2012, 4, 21)


def test_a_birthday_on_the_thirtieth() -> None:
    """The last day of 2024's lunar year is the 29th? No: 2024's twelfth month has 29 days, 2023's has 30."""
    assert f.lunar_of(date(2024, 2, 9)) == f.LunarDay(2023, 12, 30)
    assert f.solar_of(2024, 12, 30) == date(2025, 1, 28) == f.festival_day("spring_eve", 2025)


def test_29_february() -> None:
    born = date(2000, 2, 29)
    assert [f.solar_birthday(born, y).isoformat() for y in (2023, 2024)] == ["2023-02-28", "2024-02-29"]
    assert [f.solar_birthday(born, y, "mar1").isoformat() for y in (2023, 2024)] == [
        "2023-03-01",
        "2024-02-29",
    ]
    assert f.solar_birthday(date(2000, 2, 28), 2023, "mar1") == date(2023, 2, 28)


@given(BORN)
def test_every_day_has_its_lunar_day(day: date) -> None:
    lunar = f.lunar_of(day)
    assert lunar is not None and 1 <= lunar.day <= 30
    assert f.solar_of(lunar.year, lunar.month, lunar.day, leap=lunar.leap) == day
    following = f.lunar_of(day + timedelta(days=1))
    assert following is not None
    assert following.day in (lunar.day + 1, 1), "lunar days follow one another"


@given(BORN, st.sampled_from(["solar", "lunar"]), st.integers(2026, 2090))
def test_one_birthday_for_each_year_about_a_year_apart(born: date, reckoning: str, year: int) -> None:
    """A lunar year has 353–355 days, with a leap month 383–385; the day within its month may move by one, and by a
    month where a leap month comes or goes."""
    found = f.birthdays(born, date(year, 1, 1), date(year + 8, 12, 31), reckoning=reckoning)  # type: ignore[arg-type]
    years = [one for one, _ in found]
    assert years == sorted(set(years)) and 8 <= len(years) <= 10
    days = [day for _, day in found]
    for before, after in pairwise(days):
        gap = (after - before).days
        assert gap in (365, 366) if reckoning == "solar" else 324 <= gap <= 414
    lunar = f.lunar_of(born)
    assert lunar is not None
    for one, day in found:
        kept = f.lunar_of(day)
        assert kept is not None
        if reckoning == "lunar":
            assert (kept.year, kept.month) == (one, lunar.month)
            assert kept.day == lunar.day or (lunar.day, kept.day) == (30, 29)


def test_work_days() -> None:
    """From the notice of 2026: the Spring Festival holiday is 15–23 February, 14 and 28 February are worked."""
    assert [w.work_day(date(2026, 2, d)).why for d in (13, 14, 15, 23, 24, 28)] == [
        "weekday", "moved", "holiday", "holiday", "weekday", "moved",
    ]  # fmt: skip
    assert w.work_day(date(2026, 2, 17)).name.zh == "春节"
    assert w.next_work_day(date(2026, 2, 15)) == date(2026, 2, 24)
    assert w.next_work_day(date(2026, 2, 15), {date(2026, 2, 16): True}) == date(2026, 2, 16)


def test_a_year_not_announced_is_monday_to_friday_and_says_so() -> None:
    for year in (1990, 2003, 2045, 9999):
        monday = next(date(year, 1, d) for d in range(1, 8) if date(year, 1, d).weekday() == 0)
        days = [w.work_day(monday + timedelta(days=n)) for n in range(7)]
        assert [one.works for one in days] == [True] * 5 + [False] * 2
        assert not any(one.known for one in days)
    assert w.work_day(date(2026, 1, 5)).known
    assert w.next_work_day(date.max) == date.max
    closed = {date(2026, 1, 1) + timedelta(days=n): False for n in range(800)}
    assert w.next_work_day(date(2026, 1, 1), closed) == date(2026, 1, 1), (
        "no work day within a year: the day itself"
    )
