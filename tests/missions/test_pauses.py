"""A pause is a span of time: what was recorded before it counts, whenever it is read, and what falls into it never."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from tests.missions.world import World, mission, pays, step

from regulars.engage.missions.api import missions
from regulars.kit import clock


def move(world: World, state: str) -> None:
    missions.set_state(scope=world.rush.scope, key="m", state=state, now=clock.now())


def order(world: World, member: UUID, number: str) -> None:
    """An order that is recorded and not read yet."""
    world.rush.post(world.rush.order(member, number, 10000))


@pytest.mark.parametrize("state", ["paused", "ended"])
def test_what_was_recorded_before_it_stood_still_counts_when_it_is_read_after(
    world: World, state: str
) -> None:
    world.put(mission("m", step(goal=2)))
    one, other = world.rush.member(), world.rush.member()
    world.buy(one, "a", 10000)
    order(world, one, "b")
    order(world, other, "c")
    move(world, state)
    order(world, other, "d")
    world.follow()
    # the second of the one came in time and is paid: two orders earn 100 each, the mission 100; the other's second
    # came after
    assert [(run.state, run.steps["s"].value) for run in world.runs(one)] == [("finished", 2)]
    assert [(run.state, run.steps["s"].value) for run in world.runs(other)] == [("running", 1)]
    assert world.points(one) == 200 + 100
    world.give_back(one, "r", "b")
    assert world.runs(one)[0].steps["s"].value == 1
    assert world.points(one) == 100
    world.rush.books_balance()


def test_what_was_recorded_in_a_pause_never_counts(world: World) -> None:
    """Read after it goes on, sent again by a part of it that goes back, or of an instant before the pause."""
    world.put(mission("m", step(goal=3)))
    one = world.rush.member()
    move(world, "paused")
    world.rush.post(world.rush.order(one, "in", 10000, 5000))
    world.rush.post(world.rush.order(one, "early", 10000, at=clock.now() - timedelta(minutes=30)))
    move(world, "active")
    world.follow()
    assert world.runs(one) == []
    world.give_back(one, "r", "in", 2)
    assert world.runs(one) == []
    world.buy(one, "a", 10000)
    assert [(run.state, run.steps["s"].value) for run in world.runs(one)] == [("running", 1)]


def test_what_happened_in_a_pause_does_not_count_when_it_comes_late(world: World) -> None:
    world.put(mission("m", step(goal=2)))
    one = world.rush.member()
    before = clock.now()
    move(world, "paused")
    within = clock.now()
    move(world, "active")
    world.buy(one, "late", 10000, at=within)
    assert world.runs(one) == []
    world.buy(one, "before", 10000, at=before)
    assert [run.steps["s"].value for run in world.runs(one)] == [1]


def test_each_of_several_pauses_is_remembered(world: World) -> None:
    """Ten orders, one before, in and after each of three pauses: 1 + 3 of them count; turn by turn each pays 50."""
    world.put(mission("m", step(), repeat="times", times=20, rewards=pays(50)))
    one = world.rush.member()
    order(world, one, "0")
    for n in range(3):
        move(world, "paused")
        order(world, one, f"in-{n}")
        move(world, "active")
        order(world, one, f"out-{n}")
    move(world, "paused")
    world.follow()
    assert [run.state for run in world.runs(one)] == ["finished"] * 4
    assert world.points(one) == 7 * 100 + 4 * 50
    (found,) = missions.list_missions(brand_id=world.brand.id)
    assert [until is None for _, until in found.stops] == [False, False, False, True]
