"""Slots, reckoned by hand: hours, exceptions, steps, buffers, days on which the clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from hypothesis import given
from hypothesis import strategies as st

from regulars.kit.text import Text
from regulars.value.bookings.policy import slots
from regulars.value.bookings.types import Hours, ResourceTerms, ServiceTerms, Slot

NAME = Text("名", "name")


def resource(**more: object) -> ResourceTerms:
    weekly = {3: (Hours(time(10), time(12)), Hours(time(13), time(14, 30)))}
    return ResourceTerms("amy", NAME, "adviser", "S1", weekly=weekly, **more)  # type: ignore[arg-type]


def service(minutes: int, **more: int) -> ServiceTerms:
    return ServiceTerms("care", NAME, minutes, ("amy",), **more)  # type: ignore[arg-type]


def starts(of: ServiceTerms, at: ResourceTerms, day: date, zone: str = "Asia/Shanghai") -> list[str]:
    from zoneinfo import ZoneInfo

    return [f"{s.starts_at.astimezone(ZoneInfo(zone)):%H:%M}" for s in slots.slots_on(of, at, day, zone)]


WEDNESDAY, THURSDAY = date(2026, 5, 13), date(2026, 5, 14)


def test_slots_fill_the_hours() -> None:
    assert starts(service(60), resource(), WEDNESDAY) == ["10:00", "11:00", "13:00"]
    assert starts(service(60, step_minutes=30), resource(), WEDNESDAY) == [
        "10:00", "10:30", "11:00", "13:00", "13:30",
    ]  # fmt: skip
    # 45 + 15 of cleaning begin every hour; after the last one the room may be cleaned when it is closed
    assert starts(service(45, buffer_minutes=15), resource(), WEDNESDAY) == ["10:00", "11:00", "13:00"]
    assert starts(service(60), resource(), THURSDAY) == []


def test_exceptions_come_before_the_weekday() -> None:
    closed = resource(exceptions={WEDNESDAY: (), THURSDAY: (Hours(time(9), time(10)),)})
    assert starts(service(60), closed, WEDNESDAY) == []
    assert starts(service(60), closed, THURSDAY) == ["09:00"]


def test_open_until_midnight() -> None:
    late = ResourceTerms("amy", NAME, "room", "S1", weekly={3: (Hours(time(22), time()),)})
    assert starts(service(60), late, WEDNESDAY) == ["22:00", "23:00"]


def test_the_clock_on_the_wall_is_followed() -> None:
    """Berlin, 25 October 2026: 02:00 to 03:00 happens twice, so 01:00–04:00 lasts four hours; in March it lasts two."""
    night = ResourceTerms("amy", NAME, "room", "S1", weekly={7: (Hours(time(1), time(4)),)})
    autumn = slots.slots_on(service(60), night, date(2026, 10, 25), "Europe/Berlin")
    assert [s.starts_at for s in autumn] == [
        datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 10, 25, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 10, 25, 2, tzinfo=UTC),
    ]  # fmt: skip
    assert len(slots.slots_on(service(60), night, date(2026, 3, 29), "Europe/Berlin")) == 2


def test_what_is_left_is_the_least_along_the_slot() -> None:
    ten = datetime(2026, 5, 13, 2, tzinfo=UTC)
    slot = Slot(ten, ten.replace(hour=3), ten.replace(hour=3))
    assert len(slots.grains(slot.starts_at, slot.blocked_until)) == 12
    assert slots.left_of(slot, 3, {}) == 3
    assert slots.left_of(slot, 3, {ten.replace(minute=30): 2, ten: 1}) == 1
    assert slots.left_of(slot, 1, {ten.replace(minute=55): 2}) == 0
    assert slots.left_of(slot, 1, {ten.replace(hour=3): 1}) == 1


@given(
    minutes=st.integers(1, 48).map(lambda n: n * 5),
    step=st.integers(0, 24).map(lambda n: n * 5),
    buffer=st.integers(0, 12).map(lambda n: n * 5),
    day=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)
def test_slots_lie_within_hours_and_are_found_again(minutes: int, step: int, buffer: int, day: date) -> None:
    every = ResourceTerms(
        "amy",
        NAME,
        "room",
        "S1",
        weekly={n: (Hours(time(9), time(12)), Hours(time(14), time())) for n in range(1, 8)},
    )
    wanted = service(minutes, step_minutes=step, buffer_minutes=buffer)
    found = slots.slots_on(wanted, every, day, "Asia/Shanghai")
    for slot in found:
        assert (slot.ends_at - slot.starts_at).seconds == minutes * 60
        assert slot.ends_at <= slot.blocked_until
        assert slots.slot_at(wanted, every, slot.starts_at, "Asia/Shanghai") == slot
    assert found == sorted(found, key=lambda s: s.starts_at)
