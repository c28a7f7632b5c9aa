"""The outbox on real, concurrent transactions: nothing is lost, nothing comes twice, a member's events in order."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction

from regulars.kit.ids import new_id, new_ids
from regulars.platform.outbox import api, store
from regulars.platform.outbox.types import Event

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
ORGANISATION, BRAND = new_id(), new_id()
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def consumer() -> None:
    api.subscribe(name="test")


def event(topic: str = "thing.happened", member: UUID | None = None, **payload: object) -> Event:
    return Event(new_id(), ORGANISATION, BRAND, topic, payload, NOW, NOW, member or new_id())


class Sink:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, events: Sequence[Event]) -> None:
        self.events.extend(events)


def drained(**options: object) -> list[Event]:
    sink = Sink()
    api.drain(name="test", handle=sink, now=NOW, **options)  # type: ignore[arg-type]
    return sink.events


@pytest.mark.parametrize("count", [1, 23, 24, 5_000])
def test_what_was_written_comes_out_as_it_was(count: int) -> None:
    """Both ways of writing: INSERT for few, COPY for many."""
    nasty = "a\\b\tc\nd\re '\"\u2028 茶 😀 \\N \\."
    written = [
        event(text=nasty, number=i, nothing=None, inner={"list": [1, 2.5, True]}) for i in range(count)
    ]
    api.append(written)
    assert drained() == written
    assert drained() == []


def test_no_events_is_no_statement(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(0):
        api.append([])


def test_a_rolled_back_transaction_leaves_nothing() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        api.append([event()])
        raise RuntimeError
    assert drained() == []


def other_connection() -> psycopg.Connection:
    settings = connection.get_connection_params()
    keep = {k: settings[k] for k in ("dbname", "user", "host", "port", "password") if k in settings}
    return psycopg.connect(**keep)


def insert_elsewhere(other: psycopg.Connection, e: Event) -> None:
    other.execute(
        "INSERT INTO outbox (id, organisation_id, brand_id, member_id, topic, payload, occurred_at, recorded_at) "
        "VALUES (%s,%s,%s,%s,%s,'{}',%s,%s)",
        [e.id, e.organisation_id, e.brand_id, e.member_id, e.topic, e.occurred_at, e.recorded_at],
    )


def test_a_slow_transaction_is_neither_lost_nor_waited_for() -> None:
    early, late = event("early"), event("late")
    with other_connection() as other:
        insert_elsewhere(other, early)  # its id is the smaller one, its commit the later one
        api.append([late])
        assert [e.topic for e in drained()] == ["late"]
        other.commit()
    assert [e.topic for e in drained()] == ["early"]
    assert drained() == []


def test_a_transaction_that_commits_while_a_window_is_read_comes_in_the_next() -> None:
    api.append([event("one"), event("two"), event("three")])
    with other_connection() as other:
        insert_elsewhere(other, event("slow"))
        sink = Sink()
        api.consume(name="test", handle=sink, now=NOW, batch=2)
        other.commit()
        api.drain(name="test", handle=sink, now=NOW, batch=2)
    assert [e.topic for e in sink.events] == ["one", "two", "three", "slow"]


def test_events_that_a_handler_writes_are_handled_too() -> None:
    api.append([event("cause")])
    seen: list[str] = []

    def handle(events: Sequence[Event]) -> None:
        seen.extend(e.topic for e in events)
        if "cause" in seen and "effect" not in seen:
            api.append([event("effect")])

    api.drain(name="test", handle=handle, now=NOW, batch=1)
    assert seen == ["cause", "effect"]


def test_own_writes_are_outside_the_snapshot_even_when_younger_transactions_finished() -> None:
    """PostgreSQL leaves a transaction out of its own snapshot's list of running ones; the store puts it back."""
    with transaction.atomic():
        api.append([event("mine")])
        with other_connection() as other:
            insert_elsewhere(other, event("younger"))
        assert api.consume(name="test", handle=(sink := Sink()), now=NOW) == 1
        assert [e.topic for e in sink.events] == ["younger"]
    assert [e.topic for e in drained()] == ["mine"]


def test_a_failing_handler_moves_nothing_and_its_error_is_kept() -> None:
    api.append([event("one")])

    def fail(events: Sequence[Event]) -> None:
        api.append([event("never")])
        raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        api.consume(name="test", handle=fail, now=NOW)
    (state,) = [s for s in api.consumers() if s.name == "test"]
    assert (state.behind, state.last_error) == (1, "ValueError: no luck")
    assert [e.topic for e in drained()] == ["one"]
    (state,) = [s for s in api.consumers() if s.name == "test"]
    assert (state.behind, state.last_error) == (0, "")


def test_topics_are_chosen_and_the_rest_is_passed_over() -> None:
    api.append([event("a"), event("b"), event("a")])
    assert [e.topic for e in drained(topics=["a"])] == ["a", "a"]
    assert drained() == []


def test_a_consumer_from_now_on_sees_nothing_older() -> None:
    api.append([event("old")])
    api.subscribe(name="young", from_start=False)
    api.append([event("new")])
    sink = Sink()
    api.drain(name="young", handle=sink, now=NOW)
    assert [e.topic for e in sink.events] == ["new"]


@pytest.mark.race
def test_many_writers_and_two_readers() -> None:
    """Eight writers commit 40 transactions each in random order and with random pauses, every writer about its own
    member; two readers share the consumer meanwhile. Each event comes once, each member's in the order written."""
    members = new_ids(8)
    stop = threading.Event()
    received: list[Event] = []
    guard = threading.Lock()

    def write(member: UUID) -> None:
        randomness = random.Random(str(member))
        for number in range(40):
            with transaction.atomic():
                api.append([event(member=member, number=2 * number)])
                if randomness.random() < 0.3:
                    stop.wait(randomness.random() / 100)
                api.append([event(member=member, number=2 * number + 1)])
        connection.close()

    def take(events: Sequence[Event]) -> None:
        with guard:
            received.extend(events)

    def read() -> None:
        while not stop.is_set():
            api.consume(name="test", handle=take, now=NOW, batch=7)
        connection.close()

    writers = [threading.Thread(target=write, args=(m,)) for m in members]
    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in writers + readers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()
    api.drain(name="test", handle=take, now=NOW)
    for member in members:
        assert [e.payload["number"] for e in received if e.member_id == member] == list(range(80))
    assert len(received) == 640


def test_partitions_are_made_ahead_and_old_ones_dropped_once_read() -> None:
    """Rows of January 2020 in their own month; pruned only after the consumer has read them."""
    january = datetime(2020, 1, 10, tzinfo=UTC)
    assert api.keep_partitions(january, months_ahead=1) == 2
    assert api.keep_partitions(january, months_ahead=1) == 0
    from regulars.kit.ids import first_id_at

    old = Event(first_id_at(january), ORGANISATION, BRAND, "old", {}, january, january)
    api.append([old])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_202001")
        assert cursor.fetchone()[0] == 1
    api.prune(NOW)
    assert "outbox_202001" in {name for name, _ in store.partitions()}
    assert [e.topic for e in drained()] == ["old"]
    api.prune(NOW)
    assert not {"outbox_202001", "outbox_202002"} & {name for name, _ in store.partitions()}


def test_after_a_restore_what_was_handled_stays_handled() -> None:
    api.append([event("handled")])
    assert len(drained()) == 1
    api.append([event("waiting")])
    api.rebase()
    api.append([event("fresh")])
    assert [e.topic for e in drained()] == ["waiting", "fresh"]


def test_news_is_known_without_writing_anything() -> None:
    api.subscribe(name="deaf", from_start=False)
    assert api.with_news(names=["test", "deaf", "nobody"]) == []
    with transaction.atomic(), connection.cursor() as cursor:
        before = api.moment()
        assert api.with_news(names=["test"]) == []
        cursor.execute("SELECT pg_current_xact_id_if_assigned() IS NULL")
        assert cursor.fetchone()[0]
    with transaction.atomic():
        api.append([event()])
    assert api.moment() != before and sorted(api.with_news(names=["test", "deaf"])) == ["deaf", "test"]
    drained()
    assert api.with_news(names=["test", "deaf"]) == ["deaf"]
    with transaction.atomic():
        api.append([event() for _ in range(3)])
    assert api.consume(name="test", handle=Sink(), now=NOW, batch=2) == 2
    assert api.with_news(names=["test"]) == ["test"]  # the rest of the window


def test_a_transaction_that_commits_late_is_news_then() -> None:
    drained()
    api.consume(name="test", handle=Sink(), now=NOW)
    with other_connection() as other:
        other.execute("SELECT pg_current_xact_id()")
        with transaction.atomic():
            api.append([event()])
        drained()
        before = api.moment()
        assert api.with_news(names=["test"]) == []
        other.commit()
    assert api.moment() != before
