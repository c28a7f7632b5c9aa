"""When something may go: properties that hold in every zone and for every window, and instants worked out by hand."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from regulars.messaging.policy.quiet import is_closed, next_allowed
from regulars.messaging.types import Quiet

# Zones with and without summer time, with half an hour of it (Lord Howe), with changes at midnight (Santiago, Beirut).
ZONES = [
    "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Beirut",
    "Asia/Kathmandu", "UTC",
]  # fmt: skip
instants = st.datetimes(
    datetime(2023, 12, 1), datetime(2027, 3, 1), timezones=st.just(UTC)
) | st.datetimes(datetime(2026, 3, 7), datetime(2026, 4, 6), timezones=st.just(UTC)) | st.datetimes(
    datetime(2026, 10, 3), datetime(2026, 11, 3), timezones=st.just(UTC)
)  # fmt: skip
clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
windows = st.builds(Quiet, clocks, clocks, work_days_only=st.booleans()).filter(lambda q: q.closes != q.opens)
zones = st.sampled_from(ZONES)


def weekday(day: date) -> bool:
    return day.weekday() < 5


@settings(deadline=None)
@given(instants, windows, zones)
@example(datetime(2026, 3, 8, 6, 30, tzinfo=UTC), Quiet(time(1), time(2, 30)), "America/New_York")
@example(datetime(2026, 11, 1, 5, 50, tzinfo=UTC), Quiet(time(0), time(1, 30)), "America/New_York")
def test_it_is_never_inside_quiet_hours_never_earlier_and_idempotent(at, quiet, tz):
    found = next_allowed(at, quiet, tz, weekday)
    assert found >= at
    assert not is_closed(found, quiet, tz, weekday)
    assert next_allowed(found, quiet, tz, weekday) == found


@settings(deadline=None)
@given(instants, st.integers(0, 3 * 86_400), windows, zones)
@example(datetime(2026, 3, 8, 6, tzinfo=UTC), 4200, Quiet(time(1), time(2, 30)), "America/New_York")
def test_who_asks_later_never_goes_earlier(at, seconds, quiet, tz):
    later = at + timedelta(seconds=seconds)
    assert next_allowed(at, quiet, tz, weekday) <= next_allowed(later, quiet, tz, weekday)


@settings(deadline=None)  # it walks through a day by the minute
@given(instants, windows, zones)
def test_nothing_open_is_passed_over(at, quiet, tz):
    """Minute by minute, up to a day: everything between the instant and what was found is closed."""
    found = next_allowed(at, quiet, tz, weekday)
    step = at
    for _ in range(24 * 60):
        if step >= found:
            break
        assert is_closed(step, quiet, tz, weekday)
        step += timedelta(minutes=1)


def test_texts_wait_for_the_morning_by_the_brand_s_clock():
    night = Quiet(time(21), time(8))
    # 23:30 on 31 January in Shanghai waits for 8:00 on 1 February: midnight in UTC
    assert next_allowed(datetime(2026, 1, 31, 15, 30, tzinfo=UTC), night, "Asia/Shanghai") == datetime(
        2026, 2, 1, tzinfo=UTC
    )
    # 20:59:59 may go, 21:00:00 may not, 8:00:00 may
    shanghai = ZoneInfo("Asia/Shanghai")
    assert not is_closed(datetime(2026, 1, 31, 20, 59, 59, tzinfo=shanghai), night, "Asia/Shanghai")
    assert is_closed(datetime(2026, 1, 31, 21, tzinfo=shanghai), night, "Asia/Shanghai")
    assert not is_closed(datetime(2026, 1, 31, 8, tzinfo=shanghai), night, "Asia/Shanghai")


def test_clocks_that_change():
    # New York, 8 March 2026: 2:00 becomes 3:00 (7:00 UTC). Closed until 2:30, which never comes: open at 3:00.
    spring = next_allowed(
        datetime(2026, 3, 8, 6, 30, tzinfo=UTC), Quiet(time(1), time(2, 30)), "America/New_York"
    )
    assert spring == datetime(2026, 3, 8, 7, tzinfo=UTC)
    # 1 November 2026: 2:00 becomes 1:00 (6:00 UTC). Closed until 1:30: open at the first 1:30 (5:30 UTC), closed again
    # from the second 1:00 to the second 1:30 (6:30 UTC).
    quiet = Quiet(time(0), time(1, 30))
    first = next_allowed(datetime(2026, 11, 1, 5, tzinfo=UTC), quiet, "America/New_York")
    assert first == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    again = next_allowed(datetime(2026, 11, 1, 6, 10, tzinfo=UTC), quiet, "America/New_York")
    assert again == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_only_work_days_and_a_calendar_that_knows_none():
    quiet = Quiet(time(18), time(9), work_days_only=True)
    # Friday 30 January 2026 18:30 in Shanghai → Monday 2 February 9:00 (1:00 UTC)
    friday = datetime(2026, 1, 30, 10, 30, tzinfo=UTC)
    assert next_allowed(friday, quiet, "Asia/Shanghai", weekday) == datetime(2026, 2, 2, 1, tzinfo=UTC)
    # where no day is a work day the hours alone count: Saturday 9:00
    assert next_allowed(friday, quiet, "Asia/Shanghai", lambda day: False) == datetime(
        2026, 1, 31, 1, tzinfo=UTC
    )


def test_without_a_window_everything_goes_at_once():
    at = datetime(2026, 1, 30, 10, 30, tzinfo=UTC)
    assert next_allowed(at, None, "UTC") == at
