"""Runs that ended long ago are deleted with what they did; counts stay, and who may come in once comes in once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from tests.intake.world import START
from tests.journeys.world import Travel, call, days, journey, node, travel, webhook

from regulars.engage.journeys import api as journeys
from regulars.flows.journeys import due
from regulars.kit import clock

pytestmark = pytest.mark.django_db
KEEP = timedelta(days=400)


@pytest.fixture
def world() -> Travel:
    return travel()


def begun_long_ago(at: datetime) -> None:
    """Runs have the ids of their time, as they would have had they been made then."""
    from regulars.kit.ids import first_id_at

    with connection.cursor() as cursor:
        cursor.execute("SELECT member_id, id FROM journey_run")
        for place, (member_id, id_) in enumerate(cursor.fetchall()):
            old = str(type(id_)(int=first_id_at(at).int + place))
            cursor.execute("UPDATE journey_action SET run_id = %s WHERE run_id = %s", [old, id_])
            cursor.execute(
                "UPDATE journey_run SET id = %s WHERE member_id = %s AND id = %s", [old, member_id, id_]
            )


def rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def prune(now: datetime, keep: timedelta = KEEP) -> int:
    total = 0
    while done := journeys.prune(keep=keep, now=now):
        total += done
    return total


def test_what_ended_long_ago_goes_and_counts_stay(world: Travel) -> None:
    her, him = world.its.member("13800138001"), world.its.member("13800138002")
    world.publish(journey(call(), webhook("a"), days("pause", 300)), now=START)
    world.enter(her, him, now=START)
    world.work(START)
    begun_long_ago(START)
    ended = START + timedelta(days=300)
    journeys.leave(journey=world.get(), member_ids=[him], reason="removed", now=START)
    assert prune(START + KEEP) == 0
    assert prune(START + KEEP + timedelta(hours=1)) == 1  # hers is under way
    counts = world.counts()
    world.work(ended)
    assert prune(ended + KEEP + timedelta(hours=1)) == 1
    assert (rows("journey_run"), rows("journey_action"), rows("journey_been")) == (0, 0, 2)
    assert counts["a"] == world.counts()["a"] == (2, 0, {"next": 2})
    assert world.enter(her, him, now=ended + KEEP + timedelta(days=1)) == 0  # once is once


def test_keys_that_let_in_once_are_remembered_and_others_not(world: Travel) -> None:
    her = world.its.member("13800138001")
    world.publish(journey(call(), webhook("a"), again="keyed"), "keyed", now=START)
    world.publish(journey(call(), webhook("a"), again="after_exit"), "often", now=START)
    for code in ("keyed", "often"):
        assert world.enter(her, now=START, code=code, key="order-1") == 1
    world.work(START)
    begun_long_ago(START)
    later = START + KEEP + timedelta(days=1)
    assert prune(later) == 2 and rows("journey_been") == 1
    assert world.enter(her, now=later, code="keyed", key="order-1") == 0
    assert world.enter(her, now=later, code="keyed", key="order-2") == 1
    assert world.enter(her, now=later, code="often", event="another") == 1


def test_runs_that_keep_a_member_out_or_may_reach_their_goal_stay(world: Travel) -> None:
    her = world.its.member("13800138001")
    goal = node("bought", "goal", activity="order", within={"amount": 300, "unit": "days"}, ends=True)
    world.publish(journey(call(), webhook("a"), goal), "goal", now=START)
    world.publish(journey(call(), webhook("a"), again="days", every_days=600), "days", now=START)
    for code in ("goal", "days"):
        world.enter(her, now=START, code=code)
    world.work(START)
    begun_long_ago(START)
    keep = timedelta(days=100)
    assert prune(START + timedelta(days=399), keep) == 0
    assert prune(START + timedelta(days=401), keep) == 1  # the goal is out of reach
    assert prune(START + timedelta(days=601), keep) == 1  # she may come in again


def test_the_worker_deletes_by_the_operator_s_setting(world: Travel, settings) -> None:  # type: ignore[no-untyped-def]
    her = world.its.member("13800138001")
    world.publish(journey(call(), webhook("a")), now=START)
    world.enter(her, now=START)
    world.work(START)
    begun_long_ago(START)
    now = max(START, clock.now()) + timedelta(days=30)
    settings.JOURNEY_DAYS = 0
    assert due.prune(now) == 0
    settings.JOURNEY_DAYS = 10
    assert due.prune(now) == 1 and due.prune(now) == 0
