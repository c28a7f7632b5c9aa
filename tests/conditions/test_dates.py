"""What each operator means of days and moments, over month ends, leap years and changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from tests.conditions.asking import ask_memory
from tests.conditions.meaning import AMERICAN, CATALOGUE, NEW_YORK, SHANGHAI, ask, f, utc

from regulars.conditions.api import retail_fields

DATES = [
    # birthday, op, value, expected on 10 March 2026
    (date(1990, 3, 10), "eq", "1990-03-10", True),
    (date(1990, 3, 10), "ne", "1990-03-10", False),
    (date(1990, 3, 10), "before", "1990-03-10", False),
    (date(1990, 3, 9), "before", "1990-03-10", True),
    (date(1990, 3, 10), "after", "1990-03-10", False),
    (date(1990, 3, 11), "after", "1990-03-10", True),
    (date(1990, 3, 10), "between", ["1990-03-10", "1990-03-10"], True),
    (date(1990, 3, 11), "between", ["1990-03-01", "1990-03-10"], False),
    (date(1990, 3, 31), "month_is", "current", True),
    (date(1990, 2, 28), "month_is", "current", False),
    (date(1990, 2, 28), "month_is", [2], True),
    (date(1990, 2, 28), "month_is", 2, True),
    (date(2024, 2, 29), "day_of_month_in", [-1], True),
    (date(2024, 2, 28), "day_of_month_in", [-1], False),
    (date(2023, 2, 28), "day_of_month_in", [-1], True),
    (date(2023, 12, 31), "day_of_month_in", [8, -1], True),
    (date(2023, 12, 8), "day_of_month_in", [8, 18], True),
    (date(2026, 3, 10), "weekday_in", [2], True),  # a Tuesday
    (date(2026, 3, 15), "weekday_in", [7], True),  # a Sunday
    (date(2026, 3, 15), "weekday_in", [1, 2, 3, 4, 5, 6], False),
    # 7 days, today being one: 4 to 10 March
    (date(2026, 3, 4), "within_last", {"days": 7}, True),
    (date(2026, 3, 3), "within_last", {"days": 7}, False),
    (date(2026, 3, 11), "within_last", {"days": 7}, False),
    (date(2026, 3, 10), "within_last", {"days": 1}, True),
    (date(2026, 3, 9), "within_last", {"days": 1}, False),
    (date(2026, 2, 25), "within_last", {"weeks": 2}, True),  # 14 days: from 25 February
    (date(2026, 2, 24), "within_last", {"weeks": 2}, False),
    (date(2026, 2, 11), "within_last", {"months": 1}, True),  # from the day after 10 February
    (date(2026, 2, 10), "within_last", {"months": 1}, False),
    (date(2026, 3, 16), "within_next", {"days": 7}, True),  # 10 to 16 March
    (date(2026, 3, 17), "within_next", {"days": 7}, False),
    (date(2026, 3, 9), "within_next", {"days": 7}, False),
    (date(2026, 4, 9), "within_next", {"months": 1}, True),
    (date(2026, 4, 10), "within_next", {"months": 1}, False),
]


@pytest.mark.parametrize(("birthday", "op", "value", "expected"), DATES)
def test_date(
    connection: psycopg.Connection[Any], birthday: date, op: str, value: Any, expected: bool
) -> None:
    assert ask(connection, f("member.birthday", op, value), {"member.birthday": birthday}) is expected


@pytest.mark.parametrize(
    ("now", "first_day"),
    [
        # One month back from the 31st is the last of February; the period begins the day after.
        (date(2026, 3, 31), date(2026, 3, 1)),
        (date(2024, 3, 31), date(2024, 3, 1)),
        (date(2024, 3, 30), date(2024, 3, 1)),
        (date(2024, 3, 29), date(2024, 3, 1)),
        (date(2024, 3, 28), date(2024, 2, 29)),
        (date(2026, 1, 15), date(2025, 12, 16)),
    ],
)
def test_last_month_at_month_ends(connection: psycopg.Connection[Any], now: date, first_day: date) -> None:
    condition = f("membership.attributes.due", "within_last", {"months": 1})
    noon = datetime(now.year, now.month, now.day, 12, tzinfo=SHANGHAI)
    day_before = date.fromordinal(first_day.toordinal() - 1)
    assert ask(connection, condition, {"now": noon, "membership.attributes.due": first_day})
    assert not ask(connection, condition, {"now": noon, "membership.attributes.due": day_before})


ANNIVERSARIES = [
    # birthday, today, before, after, expected
    (date(1990, 3, 10), date(2026, 3, 10), 0, 0, True),
    (date(1990, 3, 11), date(2026, 3, 10), 0, 0, False),
    (date(1990, 3, 17), date(2026, 3, 10), 7, 0, True),
    (date(1990, 3, 18), date(2026, 3, 10), 7, 0, False),
    (date(1990, 3, 7), date(2026, 3, 10), 0, 3, True),
    (date(1990, 3, 6), date(2026, 3, 10), 0, 3, False),
    # 29 February falls on the 28th in common years, so it stays in its month and comes once a year
    (date(2000, 2, 29), date(2026, 2, 28), 0, 0, True),
    (date(2000, 2, 29), date(2026, 3, 1), 0, 0, False),
    (date(2000, 2, 29), date(2028, 2, 28), 0, 0, False),
    (date(2000, 2, 29), date(2028, 2, 29), 0, 0, True),
    (date(2000, 2, 28), date(2028, 2, 29), 0, 0, False),
    (date(2000, 2, 29), date(2026, 2, 21), 7, 0, True),
    (date(2000, 2, 29), date(2026, 2, 20), 7, 0, False),
    # over the turn of the year, both ways
    (date(1990, 1, 2), date(2026, 12, 30), 3, 0, True),
    (date(1990, 1, 3), date(2026, 12, 30), 3, 0, False),
    (date(1990, 12, 30), date(2027, 1, 2), 0, 3, True),
    (date(1990, 12, 29), date(2027, 1, 2), 0, 3, False),
    # the day itself is no anniversary, nor is one still to be born a year old
    (date(2026, 3, 10), date(2026, 3, 10), 0, 0, False),
    (date(2026, 3, 12), date(2026, 3, 10), 3, 0, False),
    (date(2025, 3, 12), date(2026, 3, 10), 3, 0, True),
]


@pytest.mark.parametrize(("birthday", "today", "before", "after", "expected"), ANNIVERSARIES)
def test_anniversary(
    connection: psycopg.Connection[Any], birthday: date, today: date, before: int, after: int, expected: bool
) -> None:
    condition = f("member.birthday", "anniversary_within", {"before": before, "after": after})
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=SHANGHAI)
    assert ask(connection, condition, {"now": noon, "member.birthday": birthday}) is expected


MOMENTS = [
    # 16:00 UTC is midnight in Shanghai: the business day of 10 March runs from the 9th 16:00 to the 10th 16:00 UTC
    (utc(2026, 3, 9, 16), "eq", "2026-03-10", True),
    (utc(2026, 3, 9, 15, 59, 59), "eq", "2026-03-10", False),
    (utc(2026, 3, 10, 15, 59, 59), "eq", "2026-03-10", True),
    (utc(2026, 3, 10, 16), "eq", "2026-03-10", False),
    (utc(2026, 3, 10, 16), "ne", "2026-03-10", True),
    (utc(2026, 3, 9, 15, 59), "before", "2026-03-10", True),
    (utc(2026, 3, 9, 16), "before", "2026-03-10", False),
    (utc(2026, 3, 10, 15, 59), "after", "2026-03-10", False),
    (utc(2026, 3, 10, 16), "after", "2026-03-10", True),
    (utc(2026, 3, 10, 1), "before", "2026-03-10T09:00:00+08:00", False),
    (utc(2026, 3, 10, 0, 59), "before", "2026-03-10T09:00:00+08:00", True),
    (utc(2026, 3, 10, 1, 0, 1), "after", "2026-03-10T01:00:00Z", True),
    (utc(2026, 3, 10, 15, 59), "between", ["2026-03-09", "2026-03-10"], True),
    (utc(2026, 3, 10, 16), "between", ["2026-03-09", "2026-03-10"], False),
    (utc(2026, 3, 10, 1), "between", ["2026-03-10T00:00:00Z", "2026-03-10T01:00:00Z"], True),
    (utc(2026, 3, 10, 1, 1), "between", ["2026-03-10T00:00:00Z", "2026-03-10T01:00:00Z"], False),
    (utc(2026, 3, 9, 16), "within_last", {"days": 1}, True),
    (utc(2026, 3, 9, 15, 59), "within_last", {"days": 1}, False),
    (utc(2026, 3, 10, 15, 59), "within_next", {"days": 1}, True),
    (utc(2026, 3, 10, 16), "within_next", {"days": 1}, False),
    (utc(2026, 2, 28, 16), "month_is", 3, True),  # already 1 March in Shanghai
    (utc(2026, 2, 28, 15), "month_is", 3, False),
    (utc(2026, 3, 8, 16), "weekday_in", [1], True),  # Monday 9 March, 00:00
    (utc(2026, 3, 8, 15, 59), "weekday_in", [7], True),
    (utc(2026, 3, 31, 15, 59), "day_of_month_in", [-1], True),
    (utc(2026, 3, 31, 16), "day_of_month_in", [1], True),
    # 22:00 to 06:00 in Shanghai is 14:00 to 22:00 UTC
    (utc(2026, 3, 10, 14), "time_between", ["22:00", "06:00"], True),
    (utc(2026, 3, 10, 13, 59, 59), "time_between", ["22:00", "06:00"], False),
    (utc(2026, 3, 10, 16), "time_between", ["22:00", "06:00"], True),  # midnight
    (utc(2026, 3, 10, 21, 59, 59), "time_between", ["22:00", "06:00"], True),
    (utc(2026, 3, 10, 22), "time_between", ["22:00", "06:00"], False),
    (utc(2026, 3, 10, 15, 59, 59), "time_between", ["18:00", "24:00"], True),
    (utc(2026, 3, 10, 16), "time_between", ["18:00", "24:00"], False),
    (utc(2026, 3, 10, 1), "time_between", ["09:00", "18:00"], True),
    (utc(2026, 3, 10, 10), "time_between", ["09:00", "18:00"], False),
    (
        utc(2025, 3, 9, 16),
        "anniversary_within",
        {"before": 0, "after": 0},
        True,
    ),  # joined 10 March 2025, local
    (utc(2025, 3, 9, 15), "anniversary_within", {"before": 0, "after": 0}, False),
]


@pytest.mark.parametrize(("moment", "op", "value", "expected"), MOMENTS)
def test_datetime(
    connection: psycopg.Connection[Any], moment: datetime, op: str, value: Any, expected: bool
) -> None:
    assert ask(connection, f("membership.joined_at", op, value), {"membership.joined_at": moment}) is expected


CLOCK_CHANGES = [
    # 8 March 2026 has 23 hours in New York: from 05:00 UTC to 04:00 UTC the next day
    (utc(2026, 3, 8, 5), "eq", "2026-03-08", True),
    (utc(2026, 3, 9, 3, 59), "eq", "2026-03-08", True),
    (utc(2026, 3, 9, 4), "eq", "2026-03-08", False),
    # 06:59 UTC is 01:59; a minute later the clocks show 03:00, nothing happens between 02:00 and 03:00
    (utc(2026, 3, 8, 6, 59), "time_between", ["01:00", "02:00"], True),
    (utc(2026, 3, 8, 7), "time_between", ["02:00", "03:00"], False),
    (utc(2026, 3, 8, 7), "time_between", ["03:00", "04:00"], True),
    # 1 November 2026 has 25 hours: from 04:00 UTC to 05:00 UTC the next day; 01:30 comes twice
    (utc(2026, 11, 1, 5, 30), "time_between", ["01:00", "02:00"], True),
    (utc(2026, 11, 1, 6, 30), "time_between", ["01:00", "02:00"], True),
    (utc(2026, 11, 1, 7), "time_between", ["01:00", "02:00"], False),
    (utc(2026, 11, 2, 4, 59), "eq", "2026-11-01", True),
    (utc(2026, 11, 2, 5), "eq", "2026-11-01", False),
]


@pytest.mark.parametrize(("moment", "op", "value", "expected"), CLOCK_CHANGES)
def test_clock_changes(
    connection: psycopg.Connection[Any], moment: datetime, op: str, value: Any, expected: bool
) -> None:
    condition = f("membership.joined_at", op, value)
    for shown in (moment, moment.astimezone(NEW_YORK), moment.astimezone(SHANGHAI)):
        assert ask(connection, condition, {"membership.joined_at": shown}, AMERICAN) is expected


def test_the_day_of_now_is_the_business_day(connection: psycopg.Connection[Any]) -> None:
    # 03:00 UTC on 10 March is still 9 March, 23:00, in New York.
    now = utc(2026, 3, 10, 3)
    facts = {"now": now, "membership.attributes.due": date(2026, 3, 9)}
    assert ask(connection, f("membership.attributes.due", "within_last", {"days": 1}), facts, AMERICAN)
    assert not ask(connection, f("membership.attributes.due", "within_last", {"days": 1}), facts, CATALOGUE)


def test_a_day_without_midnight_begins_when_it_begins(connection: psycopg.Connection[Any]) -> None:
    # On 4 November 2018 the clocks of São Paulo went from 23:59:59 straight to 01:00, at 03:00 UTC.
    brazil = retail_fields(timezone="America/Sao_Paulo", currency="BRL")
    condition = f("membership.joined_at", "eq", "2018-11-04")
    assert ask(connection, condition, {"membership.joined_at": utc(2018, 11, 4, 3)}, brazil)
    assert not ask(connection, condition, {"membership.joined_at": utc(2018, 11, 4, 2, 59, 59)}, brazil)


def test_the_activity_s_own_local_time_is_used() -> None:
    local = datetime(2026, 3, 14, 23, 30, tzinfo=SHANGHAI)  # a Saturday
    facts = {"activity.local": local, "activity.occurred_at": local.astimezone(UTC)}
    assert ask_memory(f("activity.occurred_at", "weekday_in", [6]), CATALOGUE, facts)
    assert ask_memory(f("activity.occurred_at", "within_last", {"days": 1}), CATALOGUE, facts)
