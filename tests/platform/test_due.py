"""Due work: schedules, failures, two workers, and claiming rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from regulars.platform.due import api

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def only_ours() -> Iterator[None]:
    kept = dict(api._tasks)
    api._tasks.clear()
    yield
    api._tasks.clear()
    api._tasks.update(kept)


class Work:
    """Has `left` things to do, `batch` at a time."""

    def __init__(self, left: int = 0, batch: int = 10) -> None:
        self.left, self.batch, self.runs = left, batch, 0

    def __call__(self, now: datetime) -> int:
        self.runs += 1
        done = min(self.left, self.batch)
        self.left -= done
        return done


@pytest.mark.django_db
def test_a_task_runs_when_due_and_until_nothing_is_left() -> None:
    work = Work(left=25)
    api.register("w", work, every_seconds=60)
    assert api.run_all(NOW) == 25 and work.runs == 4
    assert api.run_all(NOW + timedelta(seconds=59)) == 0 and work.runs == 4
    api.run_all(NOW + timedelta(seconds=60))
    assert work.runs == 5
    (state,) = api.states(NOW)
    assert (state.done, state.runs, state.is_late) == (25, 2, False)


@pytest.mark.django_db
def test_more_work_than_the_budget_is_due_again_at_once() -> None:
    api.register("w", Work(left=1000, batch=1), every_seconds=3600)
    assert api.run_all(NOW, budget_seconds=0) == 1
    assert api.run_all(NOW, budget_seconds=0) == 1


@pytest.mark.django_db
def test_a_failure_is_kept_and_stops_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    def fail(now: datetime) -> int:
        raise ValueError("no luck")

    work = Work(left=1)
    api.register("bad", fail, every_seconds=3600)
    api.register("good", work, every_seconds=3600)
    assert api.run_all(NOW) == 1
    bad, good = api.states(NOW)
    assert (bad.last_error, bad.failed_at) == ("ValueError: no luck", NOW) and good.failed_at is None
    assert bad.next_run_at == NOW + timedelta(seconds=30)
    assert "due task bad failed" in caplog.text
    api.register("bad", Work(), every_seconds=3600)
    api.run_all(NOW + timedelta(seconds=30))
    assert api.states(NOW)[0].last_error == ""
    with pytest.raises(ValueError, match="no luck"):
        api.register("bad", fail, every_seconds=3600)
        api.run_all(NOW, force=True)


@pytest.mark.django_db
def test_who_did_something_wakes_those_that_follow_in_the_same_turn() -> None:
    last, middle, first = Work(), Work(), Work(left=1)

    def passes(work: Work, to: Work) -> Callable[[datetime], int]:
        def run(now: datetime) -> int:
            done = work(now)
            to.left += done
            return done

        return run

    api.register("last", last, every_seconds=3600)  # it has had its turn when it is woken
    api.register("first", passes(first, middle), every_seconds=1, wakes=["middle"])
    api.register("middle", passes(middle, last), every_seconds=3600, wakes=["last", "nobody"])
    assert api.run_all(NOW) == 3 and last.left == 0
    first.left = 1
    assert api.run_all(NOW + timedelta(seconds=1)) == 3
    states = {one.name: (one.done, one.next_run_at) for one in api.states(NOW)}
    assert states["last"] == (2, NOW + timedelta(hours=1))  # its own time stays
    runs = last.runs
    assert api.run_all(NOW + timedelta(seconds=2)) == 0 and last.runs == runs


@pytest.mark.django_db
def test_at_once_writes_nothing_where_nothing_is_to_do_and_spares_what_failed() -> None:
    work = Work()
    api.register("w", work, every_seconds=3600, hears="ear", wakes=["w"])
    api.run_all(NOW)
    (before,) = api.states(NOW)
    assert api.run_at_once(NOW, names=["w"]) == 0 and work.runs == 2
    assert api.states(NOW) == [before] and api.hearing() == {"ear": ["w"]}

    def fail(now: datetime) -> int:
        work.runs += 1
        raise ValueError("no luck")

    api.register("w", fail, every_seconds=3600)
    assert api.run_at_once(NOW, names=["w"]) == 0 and api.states(NOW)[0].failed_at == NOW
    api.run_at_once(NOW, names=["w"])
    assert work.runs == 3
    api.run_at_once(NOW + timedelta(seconds=30), names=["w"])
    assert work.runs == 4


@pytest.mark.django_db
def test_what_wakes_itself_comes_to_an_end() -> None:
    turns: list[datetime] = []

    def turn(now: datetime) -> int:
        turns.append(now)
        return len(turns) % 2

    api.register("b", turn, every_seconds=1, wakes=["b"])
    api.run_all(NOW)
    assert len(turns) <= 100


@pytest.mark.django_db
def test_a_task_nobody_runs_is_late() -> None:
    api.register("w", Work(), every_seconds=60)
    assert api.states(NOW)[0].is_late
    api.run_all(NOW)
    assert not api.states(NOW + timedelta(minutes=5))[0].is_late
    assert api.states(NOW + timedelta(minutes=6))[0].is_late


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_two_workers_share_the_list() -> None:
    works = [Work(left=1) for _ in range(20)]
    for number, work in enumerate(works):
        api.register(f"w{number}", work, every_seconds=3600)
    api.run_all(NOW - timedelta(days=1))
    for work in works:
        work.runs, work.left = 0, 1
    start = threading.Barrier(2)

    def worker() -> None:
        start.wait()
        api.run_all(NOW)
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Each did its one thing and was asked once more; had both workers run one, it would be three times.
    assert [work.runs for work in works] == [2] * 20


@pytest.fixture
def table(transactional_db: None) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE due_trial (member int, id int, next_run_at timestamptz, PRIMARY KEY (member, id))"
        )
        cursor.execute("INSERT INTO due_trial SELECT i %% 7, i, %s FROM generate_series(1, 100) i", [NOW])
        cursor.execute("INSERT INTO due_trial VALUES (0, 1000, %s)", [NOW + timedelta(seconds=1)])
    yield "due_trial"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE due_trial")


def test_rows_are_claimed_once_by_two_transactions(table: str) -> None:
    first: list[tuple[int, ...]] = []
    claimed, done = threading.Event(), threading.Event()

    def other() -> None:
        with transaction.atomic():
            first.extend(api.claim(table=table, key=["member", "id"], now=NOW, limit=60))
            claimed.set()
            done.wait(60)
        connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    assert claimed.wait(60)
    with transaction.atomic():
        second = api.claim(table=table, key=["member", "id"], now=NOW, limit=60)
    done.set()
    thread.join()
    assert (len(first), len(second)) == (60, 40) and not set(first) & set(second)


def test_a_lease_holds_after_the_commit_and_ends(table: str) -> None:
    def claim(now: datetime, limit: int = 60) -> int:
        key = ["member", "id"]
        return len(
            api.claim(
                table=table,
                key=key,
                now=now,
                limit=limit,
                lease_seconds=300,
                where="id <> %s",
                parameters=[1],
            )
        )

    assert [claim(NOW), claim(NOW), claim(NOW)] == [60, 39, 0]
    assert claim(NOW + timedelta(seconds=1)) == 1
    assert claim(NOW + timedelta(seconds=300), limit=1000) == 99
