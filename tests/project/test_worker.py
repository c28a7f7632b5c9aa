"""The worker: runs what is due at once while there is work, waits otherwise, and outlives what fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import OperationalError

from regulars.platform.due import api as due
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
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    asked_to_stop.set()
    thread.join(10)
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

    def run_all(now: datetime) -> int:
        calls.append(now)
        if len(calls) < 3:
            raise OperationalError("the database system is starting up")
        return answer(now)

    monkeypatch.setattr(due, "run_all", run_all)
    _work_until(lambda: len(calls) > 4)


def test_every_room_and_flow_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "_tasks", {})
    worker.register_all()
    names = {task.name for task in due.registered()}
    assert {"value.settle", "value.release_holds", "partitions.keep"} <= names
