"""What came late counts as if it had come in time: a till that was offline, an import of the morning."""

from __future__ import annotations

from datetime import timedelta

from tests.missions.world import World, mission, pays, step

from regulars.engage.missions.api import missions, play
from regulars.engage.missions.models import CheckinDay as CheckinRow
from regulars.engage.missions.models import Mission
from regulars.engage.missions.policy import play as policy
from regulars.engage.missions.types.play import CheckinDay
from regulars.facts.members.models import Membership
from regulars.flows.missions import api as flow
from regulars.kit import clock


def test_an_order_from_before_the_first_that_counted_counts_too(world: World) -> None:
    """Two orders are wanted. The one of 30 minutes ago comes after the one of now; one from before the mission was
    published (an hour ago) does not count, whenever it comes."""
    world.put(mission("m", step(goal=2)))
    one = world.rush.member()
    now = clock.now()
    world.buy(one, "a", 10000, at=now)
    world.buy(one, "old", 10000, at=now - timedelta(hours=2))
    assert world.runs(one)[0].steps["s"].value == 1
    world.buy(one, "late", 10000, at=now - timedelta(minutes=30))
    (run,) = world.runs(one)
    assert (run.state, run.steps["s"].value, run.started_at) == ("finished", 2, now - timedelta(minutes=30))
    assert world.points(one) == 300 + 100
    # and the late one keeps it done, as any other
    world.buy(one, "c", 10000)
    world.give_back(one, "r", "late")
    assert world.runs(one)[0].state == "finished"
    world.rush.books_balance()


def test_the_days_of_a_mission_begin_with_the_late_order(world: World) -> None:
    """Two orders within three days, the first of today. Of her late ones the day before yesterday's makes two, and with
    it the time is over tomorrow; four days ago is too early for what has counted already, and opens nothing else."""
    world.put(mission("m", step(goal=3), days=3))
    one = world.rush.member()
    now = clock.now()
    publish(world, now - timedelta(days=30))
    world.buy(one, "a", 10000, at=now)
    ends = world.runs(one)[0].ends_at
    world.buy(one, "early", 10000, at=now - timedelta(days=4))
    assert [(run.steps["s"].value, run.ends_at) for run in world.runs(one)] == [(1, ends)]
    world.buy(one, "late", 10000, at=now - timedelta(days=2))
    (run,) = world.runs(one)
    assert ends is not None
    assert (run.steps["s"].value, run.ends_at) == (2, ends - timedelta(days=2))


def test_a_turn_whose_time_is_over_takes_what_was_done_in_it(world: World) -> None:
    """Two orders in a day, up to five times. The first turn began two days ago with one order and ran out; her second
    of that day comes now and completes it, and begins no turn of its own."""
    world.put(mission("m", step(goal=2), repeat="times", times=5, days=1, rewards=pays(50)))
    one = world.rush.member()
    now = clock.now()
    publish(world, now - timedelta(days=30))
    then = (now - timedelta(days=2)).replace(hour=4, minute=0)  # noon in Shanghai
    world.buy(one, "a", 10000, at=then)
    missions.expire_due(clock.now())
    assert [run.state for run in world.runs(one)] == ["expired"]
    world.buy(one, "late", 10000, at=then + timedelta(hours=3))
    assert [(run.run, run.state) for run in world.runs(one)] == [("1", "finished")]
    assert world.points(one) == 200 + 50
    world.buy(one, "b", 10000, at=now)
    assert [(run.run, run.state) for run in world.runs(one)] == [("1", "finished"), ("2", "running")]


def publish(world: World, at: object) -> None:
    """The mission was published then."""
    Mission.objects.filter(brand_id=world.brand.id, key="m").update(live_at=at)


def test_a_row_of_years_is_one_row_and_no_length_is_paid_twice(world: World) -> None:
    """She checked in on each of 1 000 days, and was given the bonuses of 3 and of 366 days when she had
    them. Today is the 1 001st: it pays its one point, and neither length again, however long ago they were paid."""
    rules = {
        "enabled": True,
        "rewards": pays(1),
        "ladder": [{"days": 3, "rewards": pays(10)}, {"days": 366, "rewards": pays(500)}],
    }
    flow.put_checkin(scope=world.rush.scope, data=rules, now=clock.now())
    one = world.rush.member()
    now = clock.now()
    Membership.objects.filter(member_id=one).update(joined_at=now - timedelta(days=2000))
    days = [policy.business_day(now, world.brand.timezone) - timedelta(days=n) for n in range(1, 1001)]
    for day in days:
        play.add_days(brand_id=world.brand.id, days=[(one, CheckinDay(day, "checkin", at=now))])
    noted = {days[-3]: (3,), days[-366]: (366,)}
    for day, lengths in noted.items():
        CheckinRow.objects.filter(member_id=one, day=day).update(bonus=list(lengths))
    made = flow.check_in(scope=world.rush.scope, member_id=one, now=now)
    assert (made.bonuses, made.standing.streak, made.standing.best) == ((), 1001, 1001)
    assert world.points(one) == 1
