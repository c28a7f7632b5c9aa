"""Holding, releasing and cancelling what a source asked for, on the real database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from tests.messaging.world import NOON, Post, World, open_world, query, topics

from regulars.messaging import api, channels
from regulars.messaging.models import Send, SendHold
from regulars.messaging.sending import handing, holding
from regulars.messaging.store import sends
from regulars.messaging.types import Delivery, Route, SendFilter

pytestmark = pytest.mark.django_db(transaction=True)

SPRING = "campaign:spring"
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def its() -> World:
    return open_world(3)


@pytest.fixture
def post() -> Iterator[Post]:
    channel = Post()
    channels.register_route("sms", Route("sms-main", channel))
    yield channel
    channels.register_route("sms", None)
    channels.register_route("email", None)


def ask_all(its: World, **more: object) -> None:
    for her in its.members:
        its.agree(her, "sms", "email")
        its.ask(her, **more)


def test_nothing_of_a_held_source_goes_until_it_is_released(its: World, post: Post) -> None:
    ask_all(its)
    its.ask(its.members[0], key="other", source="journey:welcome")
    assert api.hold(brand_id=its.brand.id, source=SPRING, now=NOON, by="Ann")
    assert not api.hold(brand_id=its.brand.id, source=SPRING, now=LATER, by="Ben")
    # before the sender has come across them, they are said to be held
    assert its.state(its.members[0]) == ("queued", "held", "")
    its.run()
    assert [one.source for one in post.got] == ["journey:welcome"]
    assert {its.state(her) for her in its.members} == {("queued", "held", "")}
    # what is asked for later waits as well, and nothing is looked at again and again
    its.ask(its.members[1], key="late")
    assert its.run() == 1 and its.run(LATER) == 0
    [held] = api.list_holds(scope=its.scope)
    assert (held.source, held.held_by, held.held_at, held.waiting) == (SPRING, "Ann", NOON, 4)

    assert api.release(brand_id=its.brand.id, source=SPRING, now=LATER)
    assert not api.release(brand_id=its.brand.id, source=SPRING, now=LATER)
    its.run(LATER)
    assert len(post.got) == 5 and {its.state(her)[0] for her in its.members} == {"sent"}
    assert api.list_holds(scope=its.scope) == [] and not SendHold.objects.exists()
    outcomes = [one[2] for one in Send.objects.get(member_id=its.members[2]).log]
    assert outcomes == ["held", "released", "sent"]


def test_the_log_and_the_counts_show_what_is_held(its: World) -> None:
    ask_all(its)
    its.ask(its.members[0], key="other", source="journey:welcome", not_before=LATER)
    api.hold(brand_id=its.brand.id, source=SPRING, now=NOON)
    for _ in range(2):  # before and after the sender parked them
        page = api.list_sends(scope=its.scope, given=SendFilter(reason="held"))
        assert len(page.items) == 3
        assert {(one.state, one.reason, one.next_run_at) for one in page.items} == {("queued", "held", None)}
        tallies = {
            (one.state, one.reason): one.count for one in api.count_sends(scope=its.scope, days=1, now=NOON)
        }
        assert tallies == {("queued", "held"): 3, ("queued", ""): 1}
        its.run()
    detail = api.get_send(scope=its.scope, id_=page.items[0].id)
    assert detail.send.reason == "held" and detail.steps[-1].outcome == "held"
    assert len(api.list_sends(scope=its.scope, given=SendFilter(state="queued")).items) == 4


def test_what_goes_out_of_date_while_held_says_so(its: World, post: Post) -> None:
    her, other, _ = its.members
    its.agree(her, "sms")
    its.agree(other, "sms")
    its.ask(her, expires_at=LATER)
    its.ask(other)
    api.hold(brand_id=its.brand.id, source=SPRING, now=NOON)
    its.run()
    its.run(LATER - timedelta(seconds=1))
    assert its.state(her) == ("queued", "held", "")
    its.run(LATER)
    assert its.state(her)[:2] == ("skipped", "expired")
    assert its.state(other) == ("queued", "held", "")
    assert topics() == {"message.skipped": 1}


def test_what_a_provider_has_is_not_recalled_and_its_next_channel_waits(its: World) -> None:
    her = its.members[0]
    its.agree(her, "sms", "email")
    post = Post(answers=[Delivery("failed", error="no such number")])
    letters = Post()
    channels.register_route("sms", Route("sms-main", post))
    channels.register_route("email", Route("mail", letters))
    try:
        its.ask(her, channels=("sms", "email"))
        handing.deliver(NOON)
        api.hold(brand_id=its.brand.id, source=SPRING, now=NOON)
        its.run()
        assert len(post.got) == 1 and its.state(her)[:2] == ("queued", "held") and not letters.got
        api.release(brand_id=its.brand.id, source=SPRING, now=LATER)
        its.run(LATER)
        assert len(letters.got) == 1 and its.state(her) == ("sent", "", "email")
    finally:
        channels.register_route("sms", None)
        channels.register_route("email", None)


def test_what_is_cancelled_is_taken_back_in_batches(
    its: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "BATCH", 2)
    ask_all(its)
    ask_all(its, key="second", not_before=LATER)
    its.ask(its.members[0], key="other", source="journey:welcome")
    api.hold(brand_id=its.brand.id, source=SPRING, now=NOON)
    handing.deliver(NOON)
    api.cancel(brand_id=its.brand.id, source=SPRING, now=NOON)
    assert holding.work_off(NOON) == 2
    assert holding.work_off(NOON) == 2 and holding.work_off(NOON) == 2 and holding.work_off(NOON) == 0
    assert {its.state(her, key)[:2] for her in its.members for key in ("k", "second")} == {
        ("skipped", "withdrawn")
    }
    assert topics()["message.skipped"] == 6
    # what it asks for afterwards goes; what was on its way into the table does not
    its.ask(its.members[1], key="new", now=LATER)
    its.ask(its.members[2], key="slow", now=NOON)
    its.run(LATER)
    assert its.state(its.members[1], "new")[0] == "sent"
    assert its.state(its.members[2], "slow")[:2] == ("skipped", "withdrawn")
    assert not SendHold.objects.exists()


def test_a_cancel_gives_back_the_place_under_a_cap(its: World) -> None:
    her = its.members[0]
    its.agree(her, "sms")
    post = Post(answers=[Delivery("retry", retry_in_seconds=600)])
    channels.register_route("sms", Route("sms-main", post))
    try:
        its.ask(her)
        its.run()
        assert query("SELECT count FROM send_count") == [(1,)]
        api.cancel(brand_id=its.brand.id, source=SPRING, now=NOON)
        its.run()
        assert its.state(her)[:2] == ("skipped", "withdrawn")
        assert query("SELECT count FROM send_count") == [(0,)]
    finally:
        channels.register_route("sms", None)


def test_a_release_waits_for_who_is_deciding_and_a_decision_never_for_a_release(its: World) -> None:
    """What a worker parks while it is released is found by the release; the worker puts off what is being changed."""
    ask_all(its)
    api.hold(brand_id=its.brand.id, source=SPRING, now=NOON)
    released = threading.Event()

    def release() -> None:
        try:
            api.release(brand_id=its.brand.id, source=SPRING, now=NOON)
            released.set()
        finally:
            connection.close()

    with transaction.atomic(), connection.cursor() as cursor:
        rows = [row for shard in range(8) for row in sends.claim(cursor, shard=shard, now=NOON, limit=10)]
        going, changes = holding.sift(cursor, brand_id=its.brand.id, rows=rows, now=NOON)
        assert not going and len(changes) == 3
        thread = threading.Thread(target=release)
        thread.start()
        assert not released.wait(0.3)
        sends.put(cursor, changes, only=("queued",))
    thread.join()
    assert released.is_set()

    its.ask(its.members[0], key="own")
    with transaction.atomic():
        api.hold(brand_id=its.brand.id, source=SPRING, now=NOON)  # not committed: others see it being changed

        def decide() -> None:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    rows = [
                        row
                        for shard in range(8)
                        for row in sends.claim(cursor, shard=shard, now=NOON, limit=10)
                    ]
                    seen.append(holding.sift(cursor, brand_id=its.brand.id, rows=rows, now=NOON))
            finally:
                connection.close()

        seen: list[tuple[list[sends.SendRow], list[sends.Change]]] = []
        thread = threading.Thread(target=decide)
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
        [(going, [change])] = seen
        assert not going and change.next_run_at == NOON + timedelta(seconds=1)
        transaction.set_rollback(True)
    its.run()
    assert {its.state(her)[:2] for her in its.members} == {("sent", "sandboxed")}


def test_what_waits_is_found_by_its_index(its: World) -> None:
    """Among thousands of the same campaign that went long ago."""
    ask_all(its)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO send SELECT (jsonb_populate_record(s, jsonb_build_object(
                      'id', gen_random_uuid(), 'key', 'before-' || n, 'state', 'sent', 'reason', '',
                      'next_run_at', NULL))).*
                 FROM send AS s, generate_series(1, 2000) AS n"""
        )
        assert cursor.rowcount >= 4000
        cursor.execute("ANALYZE send")
        cursor.execute(
            """EXPLAIN SELECT member_id, id FROM send WHERE brand_id = %s AND source = %s AND state = 'queued'
               AND reason = 'held' ORDER BY id LIMIT 10""",
            [its.brand.id, SPRING],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "send_waiting" in plan
