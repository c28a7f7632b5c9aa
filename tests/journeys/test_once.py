"""Exactly once: whatever fails, is killed, or comes twice at once, an action is done once and no run is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.journeys.world import Travel, call, days, journey, node, tag, travel, webhook

from regulars.engage.journeys import api as journeys
from regulars.flows.journeys.acting import carry_out

NOW = datetime(2024, 3, 4, 2, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LONG = journey(
    call(),
    webhook("one"),
    days("pause", 1),
    node("lot", "split", arms=[{"key": "a", "percent": 50}, {"key": "b", "percent": 50}]),
    tag("left", "a"),
    webhook("right"),
    days("more", 1),
    webhook("last"),
    edges=[
        "in>one",
        "one>pause",
        "pause>lot",
        "lot:a>left",
        "lot:b>right",
        "left>more",
        "right>more",
        "more>last",
    ],
    again="keyed",
)


def told() -> dict[tuple[str, str], int]:
    """(run, node) → how often its webhook step was told."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT payload->>'run', payload->>'node', count(*) FROM outbox
                WHERE topic = 'journey.called' GROUP BY 1, 2"""
        )
        return {(run, name): n for run, name, n in cursor.fetchall()}


def everything_once(its: Travel, people: Sequence[UUID], runs_each: int) -> None:
    """Every run came to its end, told each step on its way once, and the counts add up."""
    said = told()
    assert set(said.values()) <= {1}
    total = 0
    for one in people:
        runs = its.runs(one)
        assert len(runs) == runs_each
        for run in runs:
            assert (run.state, run.reason) == ("ended", "completed"), run
            nodes = {name for (id_, name) in said if id_ == str(run.id)}
            assert nodes in ({"one", "last"}, {"one", "right", "last"})
            total += 1
        did = journeys.actions_of(member_id=one, runs=runs)
        assert all(len(rows) == 3 for rows in did.values())  # one, left or right, last
    counts = its.counts()
    assert counts["in"][0] == counts["one"][0] == counts["lot"][0] == counts["last"][0] == total
    assert counts["left"][0] + counts["right"][0] == total
    assert all(here == 0 for _, here, _ in counts.values())


class Broken(Exception):
    pass


def breaking(at: Callable[[], bool]) -> Any:
    """Carries out, and then now and then fails: what was done must be undone with the step."""

    def carry(batch: Any, deeds: Any) -> Any:
        done = carry_out(batch, deeds)
        if at():
            raise Broken
        return done

    return carry


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_no_action_happens_twice_in_any_interleaving(seed: int) -> None:
    from django.db import transaction

    choice = random.Random(seed)
    try:
        with transaction.atomic():
            its = travel(slug=f"t{seed}")
            people = [its.its.member(f"138{n:08d}") for n in range(4)]
            its.publish(LONG, now=NOW)
            now, entered = NOW, 0
            for _turn in range(40):
                match choice.choice(["enter", "step", "step", "fail", "time", "pause", "version", "again"]):
                    case "enter" if entered < 2:
                        its.enter(*people, now=now, key=f"k{entered}")
                        its.enter(*people, now=now, key=f"k{entered}", event="the same again")
                        entered += 1
                    case "step":
                        journeys.step(carry_out=carry_out, now=now, limit=choice.choice([1, 2, 100]))
                    case "fail":
                        journeys.step(carry_out=breaking(lambda: choice.random() < 0.4), now=now, limit=3)
                    case "time":
                        now += choice.choice([HOUR, 7 * HOUR, DAY])
                    case "pause":
                        journeys.set_state(scope=its.its.scope, code="j", state="paused", now=now)
                        journeys.step(carry_out=carry_out, now=now)
                        journeys.set_state(scope=its.its.scope, code="j", state="running", now=now)
                    case "version":
                        its.publish(LONG, now=now)
                        if choice.random() < 0.5:
                            journeys.move_members(scope=its.its.scope, code="j", now=now)
                    case "again":
                        with transaction.atomic():  # a worker that dies before its commit
                            journeys.step(carry_out=carry_out, now=now, limit=2)
                            transaction.set_rollback(True)
            while entered < 2:
                its.enter(*people, now=now, key=f"k{entered}")
                entered += 1
            for _turn in range(12):
                now += DAY
                its.work(now)
            said = told()
            assert set(said.values()) <= {1}
            for one in people:
                runs = its.runs(one)
                assert len(runs) == 2
                for run in runs:
                    assert run.reason in ("completed", "failed")
                    nodes = {name for (id_, name) in said if id_ == str(run.id)}
                    if run.reason == "completed":
                        assert nodes in ({"one", "last"}, {"one", "right", "last"})
            raise Broken
    except Broken:
        pass


def test_a_step_that_fails_for_one_member_goes_on_for_the_others(db: None) -> None:
    its = travel()
    people = [its.its.member(f"138{n:08d}") for n in range(9)]
    its.publish(LONG, now=NOW)
    its.enter(*people, now=NOW, key="k")
    bad = people[4]

    def carry(batch: Any, deeds: Any) -> Any:
        if any(deed.member_id == bad for deed in deeds):
            raise Broken("hers")
        return carry_out(batch, deeds)

    assert journeys.step(carry_out=carry, now=NOW).runs == 9
    assert len(told()) == 8
    (run,) = its.runs(bad)
    assert (run.state, run.problem, run.next_run_at) == (
        "active",
        "Broken: hers",
        NOW + timedelta(minutes=10),
    )
    its.work(NOW + timedelta(minutes=10))
    assert len(told()) == 9
    # five failures in a row end it, with the reason
    now = NOW + 2 * DAY
    for _ in range(6):
        journeys.step(carry_out=carry, now=now)
        now += DAY
    assert its.runs(bad)[0].reason == "failed"


def test_workers_share_and_do_nothing_twice(
    real_db: None, together: Callable[[list[Callable[[], Any]]], list[Any]]
) -> None:
    its = travel()
    people = [its.its.member(f"138{n:08d}") for n in range(120)]
    its.publish(LONG, now=NOW)
    its.enter(*people, now=NOW, key="k")

    def work(now: datetime) -> int:
        done = 0
        while count := journeys.step(carry_out=carry_out, now=now, limit=7).runs:
            done += count
        return done

    shares = []
    for day in range(3):
        moment = NOW + day * DAY
        outcomes = together([lambda at=moment: work(at)] * 3)
        assert all(isinstance(one, int) for one in outcomes), outcomes
        work(moment)  # what two held from each other at the very end
        shares.append(outcomes)
    everything_once(its, people, 1)
    assert any(sum(1 for one in turn if one) > 1 for turn in shares)


def test_entering_at_once_is_entering_once(
    real_db: None, together: Callable[[list[Callable[[], Any]]], list[Any]]
) -> None:
    its = travel()
    people = [its.its.member(f"138{n:08d}") for n in range(20)]
    for code, again in (("once", "once"), ("days", "days"), ("exit", "after_exit")):
        its.publish(journey(call(), days("pause", 1), again=again), code=code, now=NOW)
        outcomes = together(
            [lambda n=n, code=code: its.enter(*people, now=NOW, code=code, event=f"e{n}") for n in range(4)]
        )
        assert sum(outcomes) == 20, (code, outcomes)


@pytest.mark.slow
def test_killed_in_the_middle_of_a_step_nothing_is_lost_or_done_twice(real_db: None) -> None:
    """kill -9 six times at any moment, while three days of steps are walked by a process of its own."""
    its = travel()
    people = [its.its.member(f"138{n:08d}") for n in range(300)]
    its.publish(LONG, now=NOW)
    its.enter(*people, now=NOW, key="k")
    choice = random.Random(7)
    given = connection.settings_dict
    address = f"postgresql://{given['USER']}@/{given['NAME']}?host={given['HOST']}"
    if given.get("PORT"):
        address += f"&port={given['PORT']}"
    environment = {**os.environ, "DATABASE_URL": address}
    killed = 0
    for turn in range(6):
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.walker", (NOW + (turn // 2) * DAY).isoformat()],
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert worker.stdout is not None
        worker.stdout.readline()  # it is ready
        time.sleep(choice.random() * 0.15)
        worker.send_signal(signal.SIGKILL)
        killed += worker.wait() == -signal.SIGKILL
        worker.stdout.close()
    assert killed >= 3
    for day in range(8):  # what was walked late waits from then on
        its.work(NOW + day * DAY)
    everything_once(its, people, 1)


def test_an_event_that_cannot_be_acted_on_keeps_no_other_waiting(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.intake.world import order

    from regulars.flows.journeys import triggers

    its = travel()
    people = [its.its.member(f"138{n:08d}") for n in range(5)]
    its.publish(journey(node("in", "trigger", on="activity", activity="order"), webhook("hi")), now=NOW)
    its.hear(NOW)
    for number, one in enumerate(people):
        its.its.one(order(one, f"n{number}", 100, at=NOW))
    really = triggers.data_of

    def breaks(brand: Any, happened: Any, **more: Any) -> Any:
        if any(one.member_id == people[2] for one in happened):
            raise Broken("hers")
        return really(brand, happened, **more)

    monkeypatch.setattr(triggers, "data_of", breaks)
    its.work(NOW, hear=True)
    assert [len(its.runs(one)) for one in people] == [1, 1, 0, 1, 1]


def test_a_sweep_that_fails_is_put_off_and_says_why(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from regulars.engage.journeys.engine import sweeping

    its = travel()
    her = its.its.member("13800000001")
    daily = node(
        "in", "trigger", on="daily", time="10:30", where={"field": "history.orders", "op": "eq", "value": 0}
    )
    its.publish(journey(daily, webhook("hi")), code="bad", now=NOW)
    its.publish(journey(daily, webhook("hi")), code="good", now=NOW)
    bad = its.get("bad").id
    really = sweeping._sweep

    def breaks(cursor: Any, one: Any, *more: Any) -> None:
        if one.id == bad:
            raise Broken("the tables are gone")
        really(cursor, one, *more)

    monkeypatch.setattr(sweeping, "_sweep", breaks)
    its.work(NOW + HOUR)
    assert len(its.runs(her)) == 1
    assert "the tables are gone" in its.get("bad").problem
    monkeypatch.undo()
    its.work(NOW + HOUR + timedelta(minutes=10))
    assert len(its.runs(her)) == 2
