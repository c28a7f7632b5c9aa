"""The worker: runs what is due at once while there is work, waits otherwise, and outlives what fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection, transaction

from regulars.kit.ids import new_id
from regulars.platform.due import api as due
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.project import worker


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> None:
    """Only what a test registers."""
    monkeypatch.setattr(due, "_tasks", {})
    monkeypatch.setattr(worker, "_PAUSE_SECONDS", 0.02)


def _work_until(holds: Callable[[], bool]) -> None:
    asked_to_stop = threading.Event()
    thread = threading.Thread(target=worker.work_until, args=[asked_to_stop])
    thread.start()
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    asked_to_stop.set()
    thread.join(60)
    assert not thread.is_alive()
    assert holds()


def test_work_is_done_until_none_is_left_and_looked_for_again(registry: None) -> None:
    left, asked = [3], []

    def work(now: datetime) -> int:
        asked.append(now)
        if left[0] == 0:
            return 0
        left[0] -= 1
        return 1

    due.register("test.work", work, every_seconds=0.05)
    _work_until(lambda: left[0] == 0 and len(asked) >= 6)
    assert all(now.tzinfo is not None for now in asked)


def test_a_task_that_fails_does_not_keep_others_from_theirs(registry: None) -> None:
    done = []
    due.register("test.bad", lambda now: 1 // 0, every_seconds=0.05)
    due.register("test.good", lambda now: len(done) < 3 and (done.append(now) or 1), every_seconds=0.05)
    _work_until(lambda: len(done) == 3)


def test_a_lost_database_is_waited_for(registry: None, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    answer = due.run_all

    def run_all(now: datetime, *, between: Callable[[], None]) -> int:
        calls.append(now)
        if len(calls) < 3:
            raise OperationalError("the database system is starting up")
        return answer(now, between=between)

    monkeypatch.setattr(due, "run_all", run_all)
    _work_until(lambda: len(calls) > 4)


def _written() -> None:
    now = datetime.now(UTC)
    with transaction.atomic():
        outbox.append([Event(new_id(), new_id(), new_id(), "thing.happened", {}, now, now)])


def _noting(asked: list[datetime]) -> Callable[[datetime], int]:
    def work(now: datetime) -> int:
        asked.append(now)
        return 0

    return work


def _hear(name: str, heard: list[str]) -> Callable[[datetime], int]:
    def work(now: datetime) -> int:
        return outbox.consume(name=name, handle=lambda events: heard.extend(e.topic for e in events), now=now)

    return work


def test_what_is_written_is_heard_before_its_time_and_those_that_it_wakes_follow(
    registry: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_PAUSE_SECONDS", 600)  # only the look between can be it
    outbox.subscribe(name="test.ear", from_start=False)
    heard: list[str] = []
    followed: list[int] = []

    def follow(now: datetime) -> int:
        fresh = len(heard) - sum(followed)
        followed.append(fresh)
        return fresh

    due.register("test.follow", follow, every_seconds=3600)
    due.register(
        "test.hear", _hear("test.ear", heard), every_seconds=3600, hears="test.ear", wakes=["test.follow"]
    )
    written: list[bool] = []

    def holds() -> bool:
        if not written and followed:  # its first turn is over
            written.append(True)
            _written()
        return sum(followed) == 1

    _work_until(holds)
    assert heard == ["thing.happened"]


def test_long_work_lets_news_through_between_its_pieces(registry: None) -> None:
    outbox.subscribe(name="test.ear", from_start=False)
    heard: list[str] = []
    due.register("test.hear", _hear("test.ear", heard), every_seconds=3600, hears="test.ear")
    pieces: list[datetime] = []

    def long(now: datetime) -> int:
        if len(pieces) == 2:
            _written()
        pieces.append(now)
        time.sleep(0.05)
        return int(not heard and len(pieces) < 1000)

    due.register("test.long", long, every_seconds=3600)
    _work_until(lambda: bool(heard))
    assert len(pieces) < 1000


def test_nothing_is_written_while_there_is_no_news(registry: None) -> None:
    outbox.subscribe(name="test.ear", from_start=False)
    asked: list[datetime] = []
    due.register("test.hear", _noting(asked), every_seconds=3600, hears="test.ear")
    watch = worker.Watch()
    for _ in range(2):
        with transaction.atomic(), connection.cursor() as cursor:
            watch.look()
            cursor.execute("SELECT pg_current_xact_id_if_assigned() IS NULL")
            assert cursor.fetchone()[0]
        time.sleep(worker._LOOK_SECONDS * 1.5)
    assert not asked


def test_every_room_and_flow_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "_tasks", {})
    worker.register_all()
    names = {task.name for task in due.registered()}
    assert {"value.settle", "value.release_holds", "partitions.keep"} <= names
