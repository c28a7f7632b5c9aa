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
