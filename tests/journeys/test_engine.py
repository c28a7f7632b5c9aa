"""The engine: waits, branches, splits, actions, entry and exit, versions, counts, each reckoned by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.intake.world import order
from tests.journeys.world import call, days, journey, message, node, tag, travel, webhook

from regulars.engage.journeys import api as journeys
from regulars.facts.activity.types import ActivityIn, MemberRef
from regulars.facts.members import states
from regulars.kit.errors import Refusal

pytestmark = pytest.mark.django_db

NOW = datetime(2024, 3, 4, 2, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def test_a_member_walks_waits_and_comes_to_the_end() -> None:
    its = travel()
    her = its.its.member("13800000001")
    its.publish(journey(call(), webhook("one"), days("pause", 3), webhook("two")), now=NOW)
    assert its.enter(her, now=NOW) == 1
    its.work(NOW)
    assert its.called(her) == [("one", NOW)]
    (run,) = its.runs(her)
    assert (run.state, run.node, run.next_run_at) == ("active", "pause", NOW + 3 * DAY)
    its.work(NOW + 3 * DAY - timedelta(seconds=1))
    assert len(its.called(her)) == 1
    its.work(NOW + 3 * DAY)
    assert its.called(her) == [("one", NOW), ("two", NOW + 3 * DAY)]
    (run,) = its.runs(her)
    assert (run.state, run.reason, run.node) == ("ended", "completed", "two")
    assert its.counts() == {
        "in": (1, 0, {"next": 1}),
        "one": (1, 0, {"next": 1}),
        "pause": (1, 0, {"next": 1}),
        "two": (1, 0, {"next": 1}),
    }
    numbers = journeys.numbers_of(journeys=[its.get()])[its.get().id]
    assert (numbers.started, numbers.active, numbers.ended) == (1, 0, 1)


def test_a_branch_asks_what_is_known_when_it_is_reached() -> None:
    its = travel()
    buyer, other = its.its.member("13800000001"), its.its.member("13800000002")
    definition = journey(
        call(), days("pause", 1),
        node("which", "branch", arms=[{"key": "bought", "when": {"field": "history.orders", "op": "gte", "value": 1}}]),
        webhook("yes"), webhook("no"),
        edges=["in>pause", "pause>which", "which:bought>yes", "which:else>no"],
    )  # fmt: skip
    its.publish(definition, now=NOW)
    its.enter(buyer, other, now=NOW)
    its.work(NOW)
    its.its.one(order(buyer, "n1", 5000, at=NOW + HOUR))
    its.work(NOW + DAY)
    assert [name for name, _ in its.called(buyer)] == ["yes"]
    assert [name for name, _ in its.called(other)] == ["no"]
    assert its.counts()["which"] == (2, 0, {"bought": 1, "else": 1})


def test_a_branch_behind_a_tag_sees_the_tag() -> None:
    its = travel()
    her = its.its.member("13800000001")
    has = {"field": "membership.tags", "op": "contains", "value": "a"}
    definition = journey(
        call(), tag("put", "a"), node("which", "branch", arms=[{"key": "has", "when": has}]), webhook("yes"),
        edges=["in>put", "put>which", "which:has>yes"],
    )  # fmt: skip
    its.publish(definition, now=NOW)
    its.enter(her, now=NOW)
    its.work(NOW)
    assert [name for name, _ in its.called(her)] == ["yes"]


def test_a_split_is_sticky_and_near_its_shares() -> None:
    its = travel()
    people = [its.its.member(f"138{n:08d}") for n in range(200)]
    definition = journey(
        call(), node("lot", "split", arms=[{"key": "a", "percent": 30}, {"key": "b", "percent": 70}]),
        webhook("left"), webhook("right"), edges=["in>lot", "lot:a>left", "lot:b>right"], again="after_exit",
    )  # fmt: skip
    its.publish(definition, now=NOW)
    for turn in range(3):
        its.enter(*people, now=NOW + turn * DAY)
        its.work(NOW + turn * DAY)
    for one in people:
        assert len(its.called(one)) == 3
        assert len({name for name, _ in its.called(one)}) == 1
    left = its.counts()["left"][0] / 3
    assert 40 <= left <= 80  # 60 meant; three standard deviations are 19


def test_waiting_for_an_activity_ends_by_it_or_by_the_timeout() -> None:
    its = travel()
    buyer, late, small = (its.its.member(f"1380000000{n}") for n in range(3))
    definition = journey(
        call(),
        node(
            "wait", "wait", mode="activity", activity="order", timeout={"amount": 7, "unit": "days"},
            where={"field": "order.amount", "op": "gte", "value": 10_000},
        ),
        webhook("bought"), webhook("never"), edges=["in>wait", "wait:happened>bought", "wait:timeout>never"],
    )  # fmt: skip
    its.publish(definition, now=NOW)
    its.enter(buyer, late, small, now=NOW)
    its.work(NOW, hear=True)
    its.its.one(order(buyer, "n1", 10_000, at=NOW + DAY))
    its.its.one(order(small, "n2", 9_999, at=NOW + DAY))
    its.work(NOW + DAY, hear=True)
    assert [name for name, _ in its.called(buyer)] == ["bought"]
    its.work(NOW + 7 * DAY, hear=True)
    its.its.one(order(late, "n3", 20_000, at=NOW + 8 * DAY))
    its.work(NOW + 8 * DAY, hear=True)
    assert its.called(late) == [("never", NOW + 7 * DAY)]
    assert its.called(small) == [("never", NOW + 7 * DAY)]


@pytest.mark.parametrize("late", [timedelta(), 3 * HOUR])
def test_what_is_told_in_one_breath_with_the_trigger_is_heard_by_its_run(late: timedelta) -> None:
    """A till sends the check-in and the purchase behind it together: nobody is asked why she did not buy. So it is
    where the worker comes to them hours later; what lies before the check-in is no answer to it."""
    its = travel()
    buyer, small, before, other = (its.its.member(f"1380000000{n}") for n in range(4))
    big = {"field": "order.amount", "op": "gte", "value": 10_000}
    trigger = node("in", "trigger", on="activity", activity="checkin")
    its.publish(
        journey(
            trigger,
            node("wait", "wait", mode="activity", activity="order", timeout={"amount": 1, "unit": "days"}, where=big),
            webhook("bought"), webhook("never"), edges=["in>wait", "wait:happened>bought", "wait:timeout>never"],
        ),
        now=NOW,
    )  # fmt: skip
    goal = node("goal", "goal", activity="order", within={"amount": 10, "unit": "days"}, where=big)
    its.publish(journey(trigger, days("pause", 1), webhook("nudge"), goal), "goal", now=NOW)
    # an order is what brings her in here: it is not what she is waited for as well
    again = node("wait", "wait", mode="activity", activity="order", timeout={"amount": 1, "unit": "days"})
    its.publish(
        journey(
            node("in", "trigger", on="activity", activity="order"), again, webhook("second"),
            edges=["in>wait", "wait:happened>second"],
        ),
        "again", now=NOW,
    )  # fmt: skip
    # a day later another journey begins: the order is past for it
    its.publish(
        journey(
            call(), node("wait", "wait", mode="activity", activity="order", timeout={"amount": 1, "unit": "hours"}),
            webhook("bought-again"), edges=["in>wait", "wait:happened>bought-again"],
        ),
        "next", now=NOW,
    )  # fmt: skip
    its.publish(journey(trigger, days("pause", 1), node("go", "journey", journey="next")), "first", now=NOW)
    its.hear(NOW)
    second = timedelta(seconds=1)
    its.its.one(order(before, "n0", 20_000, at=NOW - HOUR))
    for her in (buyer, small, before, other):
        its.its.one(ActivityIn(type="checkin", member=MemberRef(id=her), occurred_at=NOW, key=f"c{her}"))
    its.its.one(order(buyer, "n1", 10_000, at=NOW + second))
    its.its.one(order(small, "n2", 9_999, at=NOW + second))
    its.work(NOW + late + second, hear=True)
    its.work(NOW + late + 2 * DAY)
    told = {her: sorted(name for name, _ in its.called(her)) for her in (buyer, small, before, other)}
    assert told == {
        buyer: ["bought"], small: ["never", "nudge"], before: ["never", "nudge"], other: ["never", "nudge"],
    }  # fmt: skip
    (run,) = [one for one in its.runs(buyer) if one.journey_id == its.get("goal").id]
    assert (run.reason, run.converted_at) == ("goal", NOW + second)


def test_an_order_brings_a_member_in_and_its_number_tells_runs_apart() -> None:
    its = travel()
    her = its.its.member("13800000001")
    big = {"field": "order.amount", "op": "gte", "value": 5000}
    its.publish(
        journey(
            node("in", "trigger", on="activity", activity="order", where=big), days("pause", 1), webhook("thanks"),
            again="keyed",
        ),
        now=NOW,
    )  # fmt: skip
    its.hear(NOW)
    its.its.one(order(her, "n1", 5000, at=NOW))
    its.its.one(order(her, "n2", 8000, at=NOW + HOUR))
    its.its.one(order(her, "n3", 4999, at=NOW + HOUR))
    its.work(NOW + HOUR, hear=True)
    assert sorted(run.key for run in its.runs(her)) == ["n1", "n2"]
    its.work(NOW + 2 * DAY)
    assert [name for name, _ in its.called(her)] == ["thanks", "thanks"]
    assert {run.data["values"]["order_number"] for run in its.runs(her)} == {"n1", "n2"}


@pytest.mark.parametrize(
    ("again", "more", "expected"),
    [
        # entries on days 0, 1, 20 and 40 (4, 5, 24 March and 13 April); a run lasts two days
        ("once", {}, [0]),
        ("after_exit", {}, [0, 20, 40]),
        ("period", {"period": "month"}, [0, 40]),
        ("days", {"every_days": 15}, [0, 20, 40]),
        ("days", {"every_days": 30}, [0, 40]),
    ],
)
def test_how_often_a_member_may_come_in(again: str, more: dict[str, object], expected: list[int]) -> None:
    its = travel()
    her = its.its.member("13800000001")
    its.publish(journey(call(), days("pause", 2), again=again, **more), now=NOW)
    came = []
    for day in (0, 1, 20, 40):
        its.work(NOW + day * DAY)
        if its.enter(her, now=NOW + day * DAY):
            came.append(day)
        its.work(NOW + day * DAY)
    assert came == expected


def test_a_goal_ends_a_run_or_marks_it_and_counts_after_its_end() -> None:
    its = travel()
    one, two, three = (its.its.member(f"1380000000{n}") for n in range(3))
    goal = node("goal", "goal", activity="order", within={"amount": 10, "unit": "days"})
    its.publish(journey(call(), days("pause", 5), webhook("nudge"), goal), now=NOW)
    its.enter(one, two, three, now=NOW)
    its.work(NOW, hear=True)
    its.its.one(order(one, "n1", 100, at=NOW + DAY))  # while she waits: it ends
    its.work(NOW + DAY, hear=True)
    (run,) = its.runs(one)
    assert (run.state, run.reason, run.converted_at) == ("ended", "goal", NOW + DAY)
    its.work(NOW + 5 * DAY, hear=True)
    its.its.one(order(two, "n2", 100, at=NOW + 6 * DAY))  # after its end, in time
    its.its.one(order(three, "n3", 100, at=NOW + 11 * DAY))  # too late
    its.work(NOW + 11 * DAY, hear=True)
    assert its.called(one) == []
    assert its.runs(two)[0].converted_at == NOW + 6 * DAY
    assert its.runs(two)[0].reason == "completed"
    assert its.runs(three)[0].converted_at is None
    numbers = journeys.numbers_of(journeys=[its.get()])[its.get().id]
    assert (numbers.started, numbers.active, numbers.ended, numbers.converted) == (3, 0, 3, 2)


def test_who_is_frozen_leaves_and_does_not_come_in() -> None:
    its = travel()
    inside, outside = its.its.member("13800000001"), its.its.member("13800000002")
    its.publish(journey(call(), days("pause", 1), webhook("late")), now=NOW)
    its.enter(inside, now=NOW)
    its.work(NOW)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE membership SET status = 'left' WHERE member_id = ANY(%s)", [[inside, outside]])
    assert its.enter(outside, now=NOW) == 0
    its.work(NOW + DAY)
    assert [run.reason for run in its.runs(inside)] == ["membership_closed"]
    assert its.called(inside) == []
    assert states is not None


def test_paused_moves_nobody_and_loses_nothing() -> None:
    its = travel()
    her = its.its.member("13800000001")
    wait = node("wait", "wait", mode="activity", activity="order", timeout={"amount": 30, "unit": "days"})
    its.publish(journey(call(), wait, webhook("bought"), edges=["in>wait", "wait:happened>bought"]), now=NOW)
    its.enter(her, now=NOW)
    its.work(NOW, hear=True)
    scope = its.its.scope
    journeys.set_state(scope=scope, code="j", state="paused", now=NOW + HOUR)
    its.its.one(order(her, "n1", 100, at=NOW + DAY))
    its.work(NOW + DAY, hear=True)
    assert its.called(her) == []
    assert its.enter(her, now=NOW + DAY) == 0
    journeys.set_state(scope=scope, code="j", state="running", now=NOW + 5 * DAY)
    its.work(NOW + 5 * DAY)
    assert its.called(her) == [("bought", NOW + 5 * DAY)]


def test_stopped_ends_everybody_with_the_reason() -> None:
    its = travel()
    people = [its.its.member(f"1380000000{n}") for n in range(5)]
    its.publish(journey(call(), days("pause", 3), webhook("late")), now=NOW)
    its.enter(*people, now=NOW)
    its.work(NOW)
    journeys.set_state(scope=its.its.scope, code="j", state="stopped", now=NOW + HOUR)
    its.work(NOW + 10 * DAY)
    assert {its.runs(one)[0].reason for one in people} == {"stopped"}
    assert all(its.called(one) == [] for one in people)
    assert dict(journeys.counts_of(journey=its.get()).ended_by) == {"stopped": 5}


def test_members_in_flight_stay_on_their_version_and_are_moved_on_request() -> None:
    its = travel()
    old, moved, gone = (its.its.member(f"1380000000{n}") for n in range(3))
    scope = its.its.scope
    first = journey(call(), days("pause", 2), webhook("first"), again="keyed")
    its.publish(first, now=NOW)
    its.enter(old, now=NOW, key="1")
    its.work(NOW)
    its.publish(
        journey(
            call(), days("pause", 2), webhook("second"), days("more", 5), webhook("third"), again="keyed"
        ),
        now=NOW + HOUR,
    )
    its.work(NOW + 2 * DAY)
    assert [name for name, _ in its.called(old)] == ["first"]
    its.enter(moved, gone, now=NOW + 2 * DAY, key="2")
    its.work(NOW + 2 * DAY)
    its.work(NOW + 4 * DAY)  # both have passed `second` and wait at `more`
    its.publish(journey(call(), days("pause", 2), webhook("fourth"), again="keyed"), now=NOW + 4 * DAY)
    assert journeys.move_members(scope=scope, code="j", now=NOW + 4 * DAY) == (0, 2, 0)
    its.enter(old, now=NOW + 4 * DAY, key="3")
    assert journeys.move_members(scope=scope, code="j", missing="exit", now=NOW + 4 * DAY) == (0, 0, 2)
    assert its.runs(moved)[0].reason == "migrated"
    its.work(NOW + 4 * DAY)
    its.publish(journey(call(), days("pause", 9), webhook("fifth"), again="keyed"), now=NOW + 5 * DAY)
    # she waits at `pause` on version 3: moved, her wait goes on, and what follows is version 4's
    assert journeys.move_members(scope=scope, code="j", now=NOW + 5 * DAY) == (1, 0, 0)
    its.work(NOW + 6 * DAY)
    assert [name for name, _ in its.called(old)] == ["first", "fifth"]
    assert journeys.active_by_version(journey=its.get()) == {1: 0, 2: 0, 3: 0, 4: 0}


@pytest.mark.parametrize(("amount", "unit"), [(100_000, "weeks"), (100_000, "days"), (1_200, "months")])
def test_the_longest_time_after_which_a_message_makes_no_sense_is_a_day_of_the_calendar(
    amount: int, unit: str
) -> None:
    its = travel()
    her = its.its.member("13800000001")
    with pytest.raises(Refusal) as refused:
        too_long = message("hi", expires_in={"amount": amount + 1, "unit": unit})
        its.publish(journey(call(), too_long), now=NOW)
    [error] = refused.value.errors
    assert error.field == "nodes[1].expires_in.amount" and f"{amount}" in error.message.en
    its.publish(journey(call(), message("hi", expires_in={"amount": amount, "unit": unit})), now=NOW)
    its.enter(her, now=NOW)
    its.work(NOW)
    [run] = its.runs(her)
    assert (run.reason, run.problem) == ("completed", "")


def test_a_message_is_asked_for_once_with_the_journeys_priority() -> None:
    its = travel()
    her = its.its.member("13800000001")
    its.publish(
        journey(
            call(),
            message("hi", values={"gift": "tea"}, expires_in={"amount": 2, "unit": "days"}),
            priority=70,
        ),
        now=NOW,
    )
    its.enter(her, now=NOW)
    its.work(NOW)
    its.work(NOW)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT key, source, priority, expires_at FROM send WHERE member_id = %s", [her])
        rows = cursor.fetchall()
    (run,) = its.runs(her)
    assert rows == [(f"journey:{run.id}:hi:0:1", "journey:j", 70, NOW + 2 * DAY)]
