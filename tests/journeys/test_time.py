"""Journeys and time: clock changes, month ends, weekdays, working days; a year in two zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.journeys.world import call, days, journey, node, travel, webhook

from regulars.engage.journeys.policy.timing import add, falls_on, next_time, plain_workday, until
from regulars.engage.journeys.types import Span, Wait

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        # days keep the time of day, hours are elapsed: on 31 March 2024 the night has 23 hours, on 27 October 25
        ("2024-03-30 12:00", Span(1, "days"), "2024-03-31 12:00"),
        ("2024-03-30 12:00", Span(24, "hours"), "2024-03-31 13:00"),
        ("2024-10-26 12:00", Span(1, "days"), "2024-10-27 12:00"),
        ("2024-10-26 12:00", Span(24, "hours"), "2024-10-27 11:00"),
        # 02:30 does not exist on 31 March: an hour later on the clock
        ("2024-03-30 02:30", Span(1, "days"), "2024-03-31 03:30"),
        # month ends
        ("2024-01-31 09:00", Span(1, "months"), "2024-02-29 09:00"),
        ("2023-01-31 09:00", Span(1, "months"), "2023-02-28 09:00"),
        ("2024-12-31 09:00", Span(2, "months"), "2025-02-28 09:00"),
        ("2024-02-28 09:00", Span(1, "weeks"), "2024-03-06 09:00"),
        ("2024-12-31 23:50", Span(20, "minutes"), "2025-01-01 00:10"),
    ],
)
def test_spans(start: str, span: Span, end: str) -> None:
    assert add(berlin(start), span, "Europe/Berlin") == berlin(end).astimezone(UTC)


def test_the_hour_that_comes_twice_counts_once() -> None:
    # 02:30 on 27 October comes at 00:30 and at 01:30 UTC; the first is meant
    first = next_time(berlin("2024-10-27 00:00"), time(2, 30), "Europe/Berlin")
    assert first == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    assert next_time(first, time(2, 30), "Europe/Berlin") == datetime(2024, 10, 28, 1, 30, tzinfo=UTC)


def test_weekdays_and_working_days() -> None:
    friday = datetime(2024, 9, 27, 20, tzinfo=SHANGHAI)
    assert next_time(friday, time(10), "Asia/Shanghai", weekdays=frozenset({1})) == datetime(
        2024, 9, 30, 10, tzinfo=SHANGHAI
    )
    # the Sunday before the October holidays is worked, 1–7 October are not
    off = {date(2024, 10, n) for n in range(1, 8)}

    def works(day: date) -> bool:
        return day == date(2024, 9, 29) or (day.isoweekday() <= 5 and day not in off)

    wait = Wait("time", at=time(10), workdays=True)
    assert until(wait, friday, "Asia/Shanghai", works) == datetime(2024, 9, 29, 10, tzinfo=SHANGHAI)
    monday = datetime(2024, 9, 30, 10, tzinfo=SHANGHAI)
    assert until(wait, monday, "Asia/Shanghai", works) == datetime(2024, 10, 8, 10, tzinfo=SHANGHAI)
    # a calendar on which nobody ever works does not hang: the next day
    assert until(wait, monday, "Asia/Shanghai", lambda day: False) == datetime(
        2024, 10, 1, 10, tzinfo=SHANGHAI
    )


def test_dates() -> None:
    leap = date(2000, 2, 29)
    assert falls_on(leap, offset_days=0, yearly=True, day=date(2023, 2, 28))
    assert falls_on(leap, offset_days=0, yearly=True, day=date(2024, 2, 29))
    assert not falls_on(leap, offset_days=0, yearly=True, day=date(2024, 2, 28))
    assert falls_on(leap, offset_days=-7, yearly=True, day=date(2024, 2, 22))
    assert falls_on(date(2000, 1, 3), offset_days=-7, yearly=True, day=date(2023, 12, 27))
    assert falls_on(date(2024, 1, 1), offset_days=60, yearly=False, day=date(2024, 3, 1))
    assert not falls_on(
        date(2024, 5, 1), offset_days=0, yearly=True, day=date(2024, 5, 1)
    )  # the day she was born


@given(
    st.datetimes(datetime(2023, 1, 1), datetime(2026, 1, 1)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "America/Sao_Paulo", "Australia/Lord_Howe"]),
    st.frozensets(st.integers(1, 7)),
)
def test_the_next_time_lies_ahead_within_a_week_on_a_day_that_was_asked_for(
    naive: datetime, at: time, tz: str, weekdays: frozenset[int]
) -> None:
    start = naive.replace(tzinfo=UTC)
    found = next_time(start, at, tz, weekdays=weekdays)
    assert start < found <= start + timedelta(days=8, hours=2)
    local = found.astimezone(ZoneInfo(tz))
    assert not weekdays or local.isoweekday() in weekdays
    gap = abs((local.hour * 60 + local.minute) - (at.hour * 60 + at.minute))
    assert gap in (0, 30, 60)  # a time that a clock change leaves out comes later


@given(
    st.datetimes(datetime(2023, 1, 1), datetime(2026, 1, 1)),
    st.integers(1, 400),
    st.sampled_from(["minutes", "hours", "days", "weeks"]),
)
def test_spans_only_go_forward(naive: datetime, amount: int, unit: str) -> None:
    start = naive.replace(tzinfo=UTC)
    assert add(start, Span(amount, unit), "Europe/Berlin") > start  # type: ignore[arg-type]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "zone"), [("Europe/Berlin", BERLIN), ("Asia/Shanghai", SHANGHAI)])
def test_a_year_of_mornings(name: str, zone: ZoneInfo) -> None:
    """Every day at 09:30 for a year, woken by a worker that looks every seven hours at odd minutes: once a day, at half
    past nine by the clock on the wall, also where it changes."""
    its = travel(timezone=name)
    her = its.its.member("13800000001")
    morning = node("morning", "wait", mode="time", time="09:30")
    definition = journey(
        call(), morning, webhook("hello"), edges=["in>morning", "morning>hello", "hello>morning"]
    )
    start = datetime(2024, 1, 1, 12, 17, tzinfo=UTC)
    its.publish(definition, now=start)
    its.enter(her, now=start)
    its.until(start, start + timedelta(days=366), timedelta(minutes=37))
    told = its.called(her)
    # the engine is at most 37 minutes late: when it was due is what the next morning counts from
    mornings = [at.astimezone(zone) for _, at in told]
    assert [at.date() for at in mornings] == [
        date(2024, 1, 2) + timedelta(days=n) for n in range(len(mornings))
    ]
    assert len(mornings) == 366
    late = [at - datetime.combine(at.date(), time(9, 30), tzinfo=zone) for at in mornings]
    assert all(timedelta(0) <= one <= timedelta(minutes=37) for one in late)


@pytest.mark.django_db
def test_monthly_turns_at_the_end_of_months() -> None:
    """From 31 January on, a month each: the last day of short months, and it stays there (29 February, 29 March …)."""
    its = travel(timezone="Europe/Berlin")
    her = its.its.member("13800000001")
    definition = journey(
        call(), days("month", 1, "months"), webhook("hello"), edges=["in>month", "month>hello", "hello>month"]
    )
    start = datetime(2024, 1, 31, 9, tzinfo=BERLIN)
    its.publish(definition, now=start)
    its.enter(her, now=start)
    its.until(start, start + timedelta(days=366), timedelta(minutes=50))
    days_ = [at.astimezone(BERLIN).date() for _, at in its.called(her)]
    assert days_ == [date(2024, month, 29) for month in range(2, 13)] + [date(2025, 1, 29)]


@pytest.mark.django_db
def test_birthdays_once_a_year_a_week_ahead() -> None:
    its = travel(timezone="Europe/Berlin")
    from regulars.facts.members import api as members

    leap, january = its.its.member("13800000001"), its.its.member("13800000002")
    for member, birthday in ((leap, "2000-02-29"), (january, "1990-01-03")):
        members.update_member(
            scope=its.its.scope,
            member_id=member,
            changes={"birthday": birthday},
            now=datetime(2024, 1, 1, tzinfo=UTC),
        )
    trigger = node(
        "in", "trigger", on="date", field="member.birthday", offset_days=-7, yearly=True, time="10:00"
    )
    start = datetime(2024, 1, 10, tzinfo=UTC)
    its.publish(journey(trigger, webhook("wishes"), again="period", period="year"), now=start)
    its.until(start, start + timedelta(days=700), timedelta(hours=11))

    def told(member: object) -> list[date]:
        return [at.astimezone(BERLIN).date() for _, at in its.called(member)]  # type: ignore[arg-type]

    # 22 February in the leap year, 21 February (for the 28th) after it; 3 January less a week is in December
    assert told(leap) == [date(2024, 2, 22), date(2025, 2, 21)]
    assert told(january) == [date(2024, 12, 27)]
    assert plain_workday(date(2024, 1, 1))


@pytest.mark.django_db
def test_a_daily_question_and_a_date_of_facts() -> None:
    from tests.intake.world import order

    from regulars.audience.member_facts import api as facts

    its = travel(timezone="Asia/Shanghai")
    her, other = its.its.member("13800000001"), its.its.member("13800000002")
    start = datetime(2024, 3, 1, 2, tzinfo=UTC)
    its.its.one(order(her, "n1", 5000, at=start))
    facts.refresh(brand_id=its.its.scope.brand_id, member_ids=[her, other], now=start)
    quiet = node("in", "trigger", on="date", field="fact.last_order_on", offset_days=60, time="10:00")
    its.publish(journey(quiet, webhook("wake"), again="days", every_days=60), code="dormant", now=start)
    daily = node(
        "in",
        "trigger",
        on="daily",
        time="09:00",
        weekdays=[1],
        where={"field": "history.orders", "op": "eq", "value": 0},
    )
    its.publish(journey(daily, webhook("first"), again="period", period="month"), code="none", now=start)
    its.until(start, start + timedelta(days=70), timedelta(hours=5))
    # 1 March and 60 days: 30 April
    assert [(e, at.astimezone(SHANGHAI).date()) for e, at in its.called(her)] == [("wake", date(2024, 4, 30))]
    # Mondays, once a month: 4 March, 1 April, 6 May
    assert [at.astimezone(SHANGHAI).date() for _, at in its.called(other)] == [
        date(2024, 3, 4), date(2024, 4, 1), date(2024, 5, 6),
    ]  # fmt: skip


@pytest.mark.django_db
def test_again_after_some_days_counts_days_of_the_calendar_and_not_hours() -> None:
    """Each Monday is seven days after the last, also over a night of 23 hours and when the worker is some seconds
    quicker than last time."""
    its = travel(timezone="America/New_York")
    her = its.its.member("13800000001")
    new_york = ZoneInfo("America/New_York")
    start = datetime(2026, 2, 16, 9, tzinfo=new_york)
    none = {"field": "history.orders", "op": "eq", "value": 0}
    weekly = node("in", "trigger", on="daily", time="10:00", weekdays=[1], where=none)
    its.publish(journey(weekly, webhook("weekly"), again="days", every_days=7), now=start)
    # clocks go forward on Sunday, 8 March 2026
    mondays = [date(2026, 2, 16), date(2026, 2, 23), date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)]
    for late, monday in zip((50, 40, 41, 30, 5), mondays, strict=True):
        its.work(datetime.combine(monday, time(10, 0, late), tzinfo=new_york))
    assert [at.astimezone(new_york).date() for _, at in its.called(her)] == mondays


@pytest.mark.django_db
def test_before_the_days_are_over_she_does_not_come_in_again() -> None:
    its = travel(timezone="Asia/Shanghai")
    her = its.its.member("13800000001")
    start = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
    its.publish(journey(call(), webhook("hi"), again="days", every_days=3), now=start)
    came = []
    for hours in (0, 1, 14, 15, 38, 39, 62, 63, 64):  # midnights come after 15, 39 and 63 hours
        now = start + timedelta(hours=hours)
        if its.enter(her, now=now):
            came.append(hours)
        its.work(now)
    assert came == [0, 63]
