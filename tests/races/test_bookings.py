"""Two hundred hands at the last places of an hour: never more than there are, and nobody deadlocks."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.races.world import codes

from regulars.flows.bookings import api as flow
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.value.bookings import api as bookings

if TYPE_CHECKING:
    from tests.bookings.given import Salon

pytestmark = pytest.mark.race

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def salon(transactional_db: None) -> Salon:
    from tests.bookings.given import open_salon

    made = open_salon(clock.now())
    weekly = [{"weekday": day, "from": "08:00", "to": "20:00"} for day in range(1, 8)]
    made.resource(weekly=weekly)
    made.resource("yoga", kind="class", capacity=12, weekly=weekly)
    made.service()
    made.service("yoga", resources=["yoga"])
    made.service("half", minutes=30, step_minutes=30)
    return made


def day(salon: Salon, hour: str) -> str:
    from tests.bookings.given import SHANGHAI

    return f"{(salon.now.astimezone(SHANGHAI) + timedelta(days=3)).date()} {hour}"


def test_the_last_places_of_a_class(salon: Salon, at_once: AtOnce) -> None:
    members = [salon.mall.member() for _ in range(200)]
    starts = day(salon, "10:00")
    calls = [lambda m=m: salon.book(m, starts, service="yoga", resource="yoga") for m in members]
    assert codes(at_once(calls)) == {"done": 12, "slot_full": 188}
    free = salon.free(starts[:10], service="yoga")
    assert ("10:00", 0) in free


def test_overlapping_services_of_one_adviser(salon: Salon, at_once: AtOnce) -> None:
    """An hour from 10 or two halves of it: whatever wins, no five minutes are hers twice."""
    members = [salon.mall.member() for _ in range(90)]
    wanted = [("care", "10:00"), ("half", "10:00"), ("half", "10:30")]
    calls = []
    for n, m in enumerate(members):
        service, hour = wanted[n % 3]
        calls.append(lambda m=m, s=service, h=hour: salon.book(m, day(salon, h), service=s))
    outcomes = at_once(calls)
    won = sorted((o.booking.starts_at, o.booking.ends_at) for o in outcomes if not isinstance(o, Refusal))
    assert set(codes(outcomes)) <= {"done", "slot_full"}
    assert sum((b - a).seconds // 60 for a, b in won) == 60 or len(won) == 1
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(won))


def test_one_member_from_fifty_devices(salon: Salon, at_once: AtOnce) -> None:
    ann = salon.mall.member()
    calls = [lambda n=n: salon.book(ann, day(salon, f"{8 + n % 10:02d}:00")) for n in range(50)]
    done = codes(at_once(calls))
    assert done["done"] == 3  # three at once is the limit
    assert sum(done.values()) == 50


def test_what_is_given_back_goes_to_one_who_waits(salon: Salon, at_once: AtOnce) -> None:
    """Ten who have the class cancel while forty others try to book and ten wait: the places go to those who waited."""
    starts = day(salon, "10:00")
    having = [salon.mall.member() for _ in range(12)]
    held = {m: salon.book(m, starts, service="yoga", resource="yoga").booking for m in having}
    waiting = [salon.mall.member() for _ in range(10)]
    for m in waiting:
        salon.wait(m, starts, service="yoga", resource="yoga")
    others = [salon.mall.member() for _ in range(40)]
    calls: list[Callable[[], Any]] = [lambda m=m: salon.cancel(m, held[m].id) for m in having[:10]]
    calls += [lambda m=m: salon.book(m, starts, service="yoga", resource="yoga") for m in others]
    outcomes = at_once(calls)
    assert codes(outcomes[:10]) == {"done": 10}
    assert "done" not in codes(outcomes[10:])
    offered = [bookings.list_of_member(scope=salon.scope, member_id=m).items for m in waiting]
    assert [[b.state for b in one] for one in offered] == [["offered"]] * 10
    assert ("10:00", 0) in salon.free(starts[:10], service="yoga")


def test_an_offer_is_taken_or_lapses(salon: Salon, at_once: AtOnce) -> None:
    starts = day(salon, "10:00")
    first = salon.mall.member()
    held = salon.book(first, starts).booking
    waiting = [salon.mall.member() for _ in range(2)]
    for m in waiting:
        salon.wait(m, starts)
    salon.cancel(first, held.id)
    [offer] = bookings.list_of_member(scope=salon.scope, member_id=waiting[0]).items
    assert offer.offer_until is not None
    before, after = offer.offer_until - timedelta(seconds=1), offer.offer_until
    calls: list[Callable[[], Any]] = [
        lambda: flow.accept(scope=salon.scope, member_id=waiting[0], booking_id=offer.id, key="a", now=before)
    ]
    calls += [lambda: flow.settle_bookings(after)] * 4
    codes(at_once(calls))
    states = [
        [b.state for b in bookings.list_of_member(scope=salon.scope, member_id=m).items] for m in waiting
    ]
    assert states in ([["booked"], []], [["lapsed"], ["offered"]])
    assert ("10:00", 0) in salon.free(starts[:10])


def test_members_who_move_crosswise_do_not_meet(salon: Salon, at_once: AtOnce) -> None:
    """Twenty have hours of a class and all move to each other's."""
    members = [salon.mall.member() for _ in range(20)]
    hours = [f"{8 + n % 4:02d}:00" for n in range(20)]
    held = {
        m: salon.book(m, day(salon, h), service="yoga", resource="yoga").booking
        for m, h in zip(members, hours, strict=True)
    }

    def move(n: int) -> Any:
        from tests.bookings.given import at

        starts = at(day(salon, f"{8 + (n + 1 + n // 4) % 4:02d}:00"))
        return flow.move(
            scope=salon.scope, member_id=members[n], booking_id=held[members[n]].id, resource="yoga", starts_at=starts,
            key=f"m{n}", now=salon.now,
        )  # fmt: skip

    codes(at_once([lambda n=n: move(n) for n in range(20)]))
    standing = [
        b
        for m in members
        for b in bookings.list_of_member(scope=salon.scope, member_id=m).items
        if b.state == "booked"
    ]
    assert len(standing) == 20
    left = dict(salon.free(day(salon, "00:00")[:10], service="yoga"))
    for hour in sorted(set(hours)):
        assert left[hour] == 12 - sum(f"{b.starts_at.astimezone(_zone()):%H:%M}" == hour for b in standing)


def _zone() -> Any:
    from tests.bookings.given import SHANGHAI

    return SHANGHAI
