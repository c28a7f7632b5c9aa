"""Missions from the act to the reward and back, each figure reckoned by hand. Orders earn a point a yuan beside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.missions.world import World, mission, pays, step

from regulars.engage.missions.api import missions
from regulars.facts.members import api as members
from regulars.flows.missions import api as flow
from regulars.flows.missions import following
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.platform.outbox import api as outbox

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


def test_two_orders_above_fifty_yuan(world: World) -> None:
    """Orders of 60, 40 and 70 yuan: the first and the third count. 170 points for 170 yuan, 100 for the mission."""
    where = {"field": "order.amount", "op": "gte", "value": 5000}
    world.put(mission("m", step(where=where, goal=2, rewards=[])))
    one = world.rush.member()
    world.follow()
    world.buy(one, "a", 6000)
    world.buy(one, "b", 4000)
    (run,) = world.runs(one)
    assert (run.state, run.steps["s"].value) == ("running", 1)
    world.buy(one, "c", 7000)
    (run,) = world.runs(one)
    assert (run.state, run.steps["s"].value) == ("finished", 2)
    assert world.points(one) == 170 + 100
    world.rush.books_balance()


def test_a_refund_takes_it_back_and_doing_it_again_gives_once(world: World) -> None:
    """100 yuan each. After the refund of b one order is left: the reward goes, and comes with c again, once."""
    world.put(mission("m", step(goal=2)))
    one = world.rush.member()
    world.buy(one, "a", 10000)
    world.buy(one, "b", 10000)
    assert world.points(one) == 200 + 100
    world.give_back(one, "r", "b")
    (run,) = world.runs(one)
    assert (run.state, run.steps["s"].value, run.rolled_back) == ("running", 1, 1)
    assert world.points(one) == 100
    world.buy(one, "c", 10000)
    assert world.points(one) == 200 + 100
    (run,) = world.runs(one)
    assert (run.state, run.round) == ("finished", 1)
    world.rush.books_balance()


def test_part_of_an_order_goes_back(world: World) -> None:
    """An order of 60 + 50 yuan counts 110; without its first line 50. A step that wants 100 in sum is undone."""
    world.put(mission("m", step(measure="amount", goal=10000)))
    one = world.rush.member()
    world.buy(one, "a", 6000, 5000)
    assert world.runs(one)[0].steps["s"].value == 11000
    assert world.points(one) == 110 + 100
    world.give_back(one, "r", "a", 1)
    (run,) = world.runs(one)
    assert (run.state, run.steps["s"].value) == ("running", 5000)
    assert world.points(one) == 50


def test_a_later_order_keeps_a_mission_done(world: World) -> None:
    """Two of three orders are wanted: when the first goes back the third has counted already."""
    world.put(mission("m", step(goal=2)))
    one = world.rush.member()
    for number in "abc":
        world.buy(one, number, 10000)
    world.give_back(one, "r", "a")
    (run,) = world.runs(one)
    assert (run.state, run.steps["s"].value, run.rolled_back) == ("finished", 2, 0)
    assert world.points(one) == 200 + 100


def test_steps_in_order_and_rewards_on_the_way(world: World) -> None:
    """The check-in before the order does not count; step rewards of 10 and 20, the mission's 100."""
    made = mission(
        "m",
        step("buy", rewards=pays(10)),
        step("visit", activity="checkin", rewards=pays(20)),
        in_order=True,
    )
    world.put(made)
    one = world.rush.member()
    world.rush.post(checkin(world, one, "k1"))
    world.follow()
    world.buy(one, "a", 10000)
    (run,) = world.runs(one)
    assert {k: s.value for k, s in run.steps.items()} == {"buy": 1, "visit": 0}
    assert world.points(one) == 100 + 10
    world.rush.post(checkin(world, one, "k2"))
    world.follow()
    assert world.runs(one)[0].state == "finished"
    assert world.points(one) == 100 + 10 + 20 + 100
    world.give_back(one, "r", "a")  # both steps fall: the visit counts only after an order
    (run,) = world.runs(one)
    assert {k: s.value for k, s in run.steps.items()} == {"buy": 0, "visit": 0}
    assert world.points(one) == 0


def checkin(world: World, member: Any, key: str) -> Any:
    from regulars.facts.activity.types import ActivityIn, MemberRef

    return ActivityIn(type="checkin", member=MemberRef(id=member), occurred_at=clock.now(), key=key)


def test_up_to_three_times(world: World) -> None:
    """One order each turn; seven orders are three turns."""
    world.put(mission("m", step(), repeat="times", times=3))
    one = world.rush.member()
    for number in range(4):
        world.rush.post(world.rush.order(one, f"n{number}", 10000))
    world.follow()  # four in one batch
    for number in range(4, 7):
        world.buy(one, f"n{number}", 10000)
    assert [run.state for run in world.runs(one)] == ["finished"] * 3
    assert world.points(one) == 700 + 300


def test_once_a_day(world: World) -> None:
    world.put(mission("m", step(), repeat="day"))
    one = world.rush.member()
    world.buy(one, "a", 10000)
    world.buy(one, "b", 10000)
    assert len(world.runs(one)) == 1
    assert world.points(one) == 200 + 100


def test_different_days_and_what_was_before(world: World) -> None:
    """What happened before the mission was published does not count, and two orders of a day are one day."""
    world.put(mission("m", step(measure="days", goal=2)))
    one = world.rush.member()
    world.buy(one, "old", 10000, at=clock.now() - timedelta(days=3))
    assert world.runs(one) == []
    world.buy(one, "a", 10000)
    world.buy(one, "b", 10000)
    assert world.runs(one)[0].steps["s"].value == 1


def test_only_its_audience(world: World) -> None:
    world.put(mission("m", step(), audience={"field": "membership.tags", "op": "contains", "value": "keen"}))
    from regulars.facts.members.types import Tag
    from regulars.kit.text import Text

    members.put_tag(scope=world.rush.scope, tag=Tag("keen", Text("热心", "Keen"), ""), now=clock.now())
    one, other = world.rush.member(), world.rush.member()
    members.tag_members(scope=world.rush.scope, member_ids=[one], add=["keen"], now=clock.now())
    world.buy(one, "a", 10000)
    world.buy(other, "b", 10000)
    assert (len(world.runs(one)), len(world.runs(other))) == (1, 0)
    assert (world.points(one), world.points(other)) == (200, 100)


def test_a_mission_that_is_taken_up(world: World) -> None:
    world.put(mission("m", step(), opt_in=True, days=7))
    one = world.rush.member()
    world.buy(one, "a", 10000)
    assert world.runs(one) == []
    (card,) = flow.cards_of(brand=world.brand, member_id=one, now=clock.now())
    assert (card.can_take_up, card.days_left, card.run) == (True, None, None)  # her days begin with her
    flow.take_up(scope=world.rush.scope, member_id=one, mission="m", now=clock.now())
    flow.take_up(scope=world.rush.scope, member_id=one, mission="m", now=clock.now())
    assert len(world.runs(one)) == 1
    world.buy(one, "b", 10000)
    assert world.runs(one)[0].state == "finished"
    with pytest.raises(Refusal) as again:
        flow.take_up(scope=world.rush.scope, member_id=one, mission="m", now=clock.now())
    assert again.value.code == "mission_already"


def test_who_runs_it_keeps_the_rules_she_started_under(world: World) -> None:
    world.put(mission("m", step(goal=2)))
    one, other = world.rush.member(), world.rush.member()
    world.buy(one, "a", 10000)
    changed = mission("m", step(goal=3), rewards=pays(500))
    flow.put_mission(scope=world.rush.scope, data=changed, now=clock.now(), create=False)
    world.buy(one, "b", 10000)
    world.buy(other, "c", 10000)
    assert world.runs(one)[0].state == "finished"
    assert world.points(one) == 200 + 100
    assert (world.runs(other)[0].version, world.runs(other)[0].state) == (2, "running")


def test_a_complete_profile(world: World) -> None:
    """The new members' path: birthday and gender. Nothing happens until both are there."""
    for made in flow.install_new_member_path(scope=world.rush.scope, unit="points", now=clock.now()):
        missions.set_state(scope=world.rush.scope, key=made.key, state="active", now=clock.now())
    known = {one.key for one in missions.list_missions(brand_id=world.rush.scope.brand_id)}
    assert known == {
        "first-order",
        "full-profile",
        "first-checkin",
    }  # no such types as follow and review here
    from regulars.facts.members.types import Enrolment, IdentityIn
    from regulars.flows import enrol

    (answer,) = enrol.enrol(
        scope=world.rush.scope,
        rows=[Enrolment(identities=(IdentityIn("phone", "+8613900000001"),))],
        now=clock.now(),
    )
    one = answer.enrolled.member_id  # type: ignore[union-attr]
    world.follow()
    assert world.runs(one, "full-profile")[0].state == "running"
    members.update_member(
        scope=world.rush.scope, member_id=one, changes={"gender": "female"}, now=clock.now()
    )
    flow.look_again(world.brand, {one}, clock.now())
    assert world.points(one) == 0
    members.update_member(
        scope=world.rush.scope, member_id=one, changes={"birthday": "1990-05-04"}, now=clock.now()
    )
    following.check_due(clock.now() + timedelta(hours=2))
    assert world.runs(one, "full-profile")[0].state == "finished"
    assert world.points(one) == 50


def test_runs_end_with_their_time(world: World) -> None:
    world.put(mission("m", step(goal=2), opt_in=True, days=1))
    one = world.rush.member()
    flow.take_up(scope=world.rush.scope, member_id=one, mission="m", now=clock.now())
    assert missions.expire_due(clock.now() + timedelta(days=2)) == 1
    assert world.runs(one)[0].state == "expired"


def test_paused_counts_nothing_new_but_still_rolls_back(world: World) -> None:
    world.put(mission("m", step()))
    one = world.rush.member()
    world.buy(one, "a", 10000)
    missions.set_state(scope=world.rush.scope, key="m", state="paused", now=clock.now())
    world.give_back(one, "r", "a")
    assert world.points(one) == 0
    world.buy(one, "b", 10000)
    assert world.runs(one)[0].state == "running"
    assert world.points(one) == 100


def test_bad_input_names_its_fields(world: World) -> None:
    data = mission(
        "M!",
        step("a", activity="dance"),
        step("a", goal=0, measure="amount", activity="checkin"),
        {"key": "p", "name": "p", "kind": "state"},
        repeat="week",
        days=3,
        audience={"field": "nothing", "op": "eq", "value": 1},
        rewards=[{"kind": "points", "unit": "gold", "amount": 1}],
        budget="none",
    )
    with pytest.raises(Refusal) as wrong:
        flow.put_mission(scope=world.rush.scope, data=data, now=clock.now(), create=True)
    fields = {error.field for error in wrong.value.errors}
    assert fields >= {
        "key", "steps[0].activity", "steps[1].key", "steps[1].goal", "steps[1].measure", "steps[2].where", "days",
        "rewards[0].unit", "budget",
    }  # fmt: skip
    assert any(field.startswith("audience") for field in fields)
    assert missions.list_missions(brand_id=world.rush.scope.brand_id) == []


@pytest.mark.race
def test_two_workers_follow_the_same_orders(world: World, at_once: AtOnce) -> None:
    """Eight workers, forty orders of twenty members: two each finish the mission, and each is paid once."""
    world.put(mission("m", step(goal=2)))
    everyone = [world.rush.member() for _ in range(20)]
    for number, member in enumerate(everyone * 2):
        world.rush.post(world.rush.order(member, f"n{number}", 10000))
    outcomes = at_once([lambda: [flow.follow(clock.now()) for _ in range(5)] for _ in range(8)])
    assert [o for o in outcomes if isinstance(o, Exception)] == []
    world.follow()
    assert [world.points(member) for member in everyone] == [300] * 20
    world.rush.books_balance()


@pytest.mark.race
def test_double_completion_pays_once(world: World, at_once: AtOnce) -> None:
    """The same act counted by many at once, past the consumer's lock: marks, runs and gifts have one key each."""
    world.put(mission("m", step()))
    one = world.rush.member()
    world.follow()
    receipt = world.rush.post(world.rush.order(one, "a", 10000))
    pair = (one, receipt.activity_id)
    outcomes = at_once([lambda: flow.count(world.brand, [pair], {one}, clock.now()) for _ in range(20)])
    assert [o for o in outcomes if isinstance(o, Exception)] == []
    assert world.points(one) == 200
    assert len(world.runs(one)) == 1


def test_the_consumer_is_known(world: World) -> None:
    assert following.CONSUMER in {state.name for state in outbox.consumers()}
