"""What became of a node's messages: by state, reason and version, and the same after what is old was summed up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from tests.intake.world import START
from tests.journeys.world import Travel, call, journey, message, travel

from regulars.flows.journeys import api as flow
from regulars.flows.journeys.messages import sum_up
from regulars.kit import clock
from regulars.messaging import api as messaging

pytestmark = pytest.mark.django_db


def told(world: Travel, version: int | None = None) -> dict[str, Any]:
    found = flow.messages_of(journey=world.get(), version=version)
    return {
        node: (one.asked, one.waiting, one.sent, one.delivered, one.clicked, one.failed, one.skipped)
        for node, one in found.items()
    }


def becomes(world: Travel, node: str, *states: tuple[str, str, bool]) -> None:
    """The node's messages, in the order of their members, come to these (state, reason, clicked)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member_id, id FROM send WHERE split_part(key, ':', 3) = %s ORDER BY member_id", [node]
        )
        rows = cursor.fetchall()
        assert len(rows) >= len(states)
        for (member_id, id_), (state, reason, clicked) in zip(rows, states, strict=False):
            cursor.execute(
                """UPDATE send SET state = %s, reason = %s, channel = 'sms', next_run_at = NULL,
                                   clicked_at = CASE WHEN %s THEN created_at END WHERE member_id = %s AND id = %s""",
                [state, reason, clicked, member_id, id_],
            )


ENDS = (
    ("sent", "", False),
    ("delivered", "", True),
    ("delivered", "", False),
    ("failed", "bad_address", False),
    ("skipped", "no_consent", False),
    ("skipped", "no_consent", False),
    ("skipped", "frequency_cap", False),
)


def test_messages_are_told_by_node_version_and_reason() -> None:
    world = travel()
    members = [world.its.member(f"1380013800{n}") for n in range(8)]
    world.publish(journey(call(), message("hi"), message("again")), now=START)
    world.enter(*members, now=START)
    world.work(START)
    becomes(world, "hi", *ENDS)
    hi = (8, 1, 3, 2, 1, {"bad_address": 1}, {"no_consent": 2, "frequency_cap": 1})
    assert told(world) == {"hi": hi, "again": (8, 8, 0, 0, 0, {}, {})}
    later = START + timedelta(days=1)
    world.publish(journey(call(), message("hi"), again="after_exit"), now=later)
    world.enter(members[0], now=later)
    world.work(later)
    assert told(world) == {"hi": (1, 1, 0, 0, 0, {}, {})}
    assert told(world, 1)["hi"] == hi and told(world, 7) == {}
    tallies = messaging.sends_by_parts(brand_id=world.brand.id, source="journey:j", parts=[5])
    assert {parts: sum(one.count for one in some) for parts, some in tallies.items()} == {
        ("1",): 16,
        ("2",): 1,
    }


def test_what_waits_of_a_held_journey_is_said_to_be_held_before_the_sender_comes_across_it() -> None:
    world = travel()
    world.publish(journey(call(), message("hi")), now=START)
    members = [world.its.member(f"1380013800{n}") for n in range(3)]
    world.enter(*members, now=START)
    world.work(START)
    becomes(world, "hi", ("sent", "", False))
    source, brand_id = "journey:j", world.brand.id

    def tallies() -> dict[tuple[str, str], int]:
        found = messaging.sends_by_parts(brand_id=brand_id, source=source, parts=[3])
        return {(one.state, one.reason): one.count for one in found["hi",]}

    assert tallies() == {("queued", ""): 2, ("sent", ""): 1}
    assert messaging.hold(brand_id=brand_id, source=source, now=START)
    assert tallies() == {("queued", "held"): 2, ("sent", ""): 1}
    assert flow.messages_of(journey=world.get())["hi"].waiting_for == {"held": 2}
    with connection.cursor() as cursor:  # as the sender parks them
        cursor.execute("UPDATE send SET reason = 'held' WHERE state = 'queued'")
    assert tallies() == {("queued", "held"): 2, ("sent", ""): 1}
    # released, and not yet taken up: they wait for nothing but their turn
    assert messaging.release(brand_id=brand_id, source=source, now=START)
    assert tallies() == {("queued", ""): 2, ("sent", ""): 1}
    assert flow.messages_of(journey=world.get())["hi"].waiting_for == {}


def test_what_became_of_a_run_s_messages_is_told_of_each() -> None:
    world = travel()
    world.publish(journey(call(), message("hi"), message("again")), now=START)
    her, other = (world.its.member(f"1380013800{n}") for n in range(2))
    world.enter(her, other, now=START)
    world.work(START)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE send SET state = 'skipped', reason = 'no_consent', channel = 'sms', next_run_at = NULL
                WHERE member_id = %s AND split_part(key, ':', 3) = 'hi'""",
            [her],
        )
    (run,) = world.runs(her)
    found = flow.messages_of_runs(brand_id=world.brand.id, member_id=her, run_ids=[run.id])
    assert {(id_, node, one.state, one.reason, one.channel) for id_, node, _, one in found} == {
        (run.id, "hi", "skipped", "no_consent", "sms"),
        (run.id, "again", "queued", "", ""),
    }
    assert flow.messages_of_runs(brand_id=world.brand.id, member_id=other, run_ids=[run.id]) == []
    assert flow.messages_of_runs(brand_id=world.brand.id, member_id=her, run_ids=[]) == []


def test_what_is_old_is_summed_up_once_and_told_the_same() -> None:
    world = travel()
    world.publish(journey(call(), message("hi")), now=START)
    real = clock.now()  # by which ids are made
    with connection.cursor() as cursor:
        cursor.execute("UPDATE journey SET created_at = %s", [real - timedelta(days=1)])
    members = [world.its.member(f"1380013800{n}") for n in range(7)]
    world.enter(*members, now=START)
    world.work(START)
    far = real + timedelta(days=60)
    assert sum_up(far) == 0  # nothing has come to its end
    becomes(world, "hi", *ENDS)
    before = told(world)
    assert sum_up(real + timedelta(days=44)) == 0
    while sum_up(far):
        pass
    assert told(world) == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(messages), sum(clicked) FROM journey_message")
        assert cursor.fetchone() == (7, 1)
        cursor.execute("DELETE FROM send")
    assert told(world) == before and sum_up(far) == 0
