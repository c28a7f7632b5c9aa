"""The nightly run: steps in order, each recorded; failures stay apart; one process at a time; at three, or asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regulars.flows.insight import api as insight
from regulars.flows.insight import due, nightly
from regulars.flows.insight.types import StepResult
from regulars.insight.runs import api as runs
from regulars.insight.runs.types import TurnLost
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations

NOW = datetime(2024, 4, 1, 12, tzinfo=UTC)


class Stub(nightly.Step):
    """A step that does as it is told."""

    did: Any = None

    @property
    def is_here(self) -> bool:
        return True

    def run(self, brand: Any, house: Any, now: Any, told: Any) -> StepResult:
        told(0.5)
        result: StepResult = DOES[self.key](brand, house)
        return result


DOES: dict[str, Any] = {}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(**does: Any) -> None:
        DOES.clear()
        DOES.update(does)
        made = tuple(Stub(key, Text(key, key), reads=key != "blind") for key in does)
        monkeypatch.setattr(nightly, "STEPS", made)

    return use


def test_every_step_is_recorded_and_a_failure_stops_nobody(shop: Any, steps: Any) -> None:
    def breaks(brand: Any, house: Any) -> StepResult:
        raise ZeroDivisionError("no members")

    steps(
        blind=lambda brand, house: StepResult(rows=2, metrics={"house": house is None}, as_of=NOW),
        breaks=breaks,
        thin=lambda brand, house: StepResult(rows=1, lacking=Text("不足", "too little")),
        last=lambda brand, house: StepResult(
            rows=9, charts={"n": house.frame(house.table("orders").count())}
        ),
    )
    heard = []
    ended = insight.run_here(
        brand_id=shop.scope.brand_id, clock=lambda: NOW, heard=lambda key, share: heard.append((key, share))
    )
    assert [(run.kind, run.state, run.rows) for run in ended] == [
        ("blind", "done", 2), ("breaks", "failed", 0), ("thin", "lacking", 1), ("last", "done", 9),
    ]  # fmt: skip
    assert ended[0].metrics == {"house": True} and ended[3].charts == {"n": 0}
    assert "no members" in ended[1].problem.en and ended[2].problem.zh == "不足"
    assert heard[:3] == [("blind", 0.0), ("blind", 0.5), ("blind", 1.0)]
    rows, turn = insight.freshness(brand_id=shop.scope.brand_id)
    assert [(row.newest.state, row.good is None) for row in rows if row.newest] == [
        ("done", False), ("failed", True), ("lacking", False), ("done", False),
    ]  # fmt: skip
    # the next night: 1 April is over at noon UTC in Shanghai's evening, so 2 April 03:00 there
    assert turn is not None and turn.lease is None
    assert turn.next_run_at == datetime(2024, 4, 1, 19, tzinfo=UTC)


def test_a_step_that_keeps_its_own_record_is_recorded_once(shop: Any, steps: Any) -> None:
    def own(brand: Any, house: Any) -> StepResult:
        run = runs.begin(brand_id=brand.id, kind="own", now=NOW)
        runs.finish(run=run, now=NOW, rows=5)
        return StepResult()

    steps(own=own)
    (ended,) = insight.run_here(brand_id=shop.scope.brand_id, clock=lambda: NOW)
    assert (ended.state, ended.rows) == ("done", 5)
    assert len(runs.list_runs(brand_id=shop.scope.brand_id).items) == 1


def test_one_process_at_a_time(shop: Any, steps: Any) -> None:
    brand_id = shop.scope.brand_id
    steps(one=lambda brand, house: StepResult())
    turn = runs.take(brand_id=brand_id, now=NOW, holder="elsewhere:1")
    assert turn is not None
    with pytest.raises(Refusal, match="insight_running"):
        insight.run_here(brand_id=brand_id, clock=lambda: NOW)
    # its lease ends when nobody keeps it
    later = NOW + runs.LEASE + timedelta(seconds=1)
    assert len(insight.run_here(brand_id=brand_id, clock=lambda: later)) == 1
    with pytest.raises(TurnLost):
        runs.beat(turn=turn, now=later)


def test_a_runner_that_is_known_to_be_dead_is_not_waited_for(
    shop: Any, steps: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps(one=lambda brand, house: StepResult())
    runs.take(brand_id=shop.scope.brand_id, now=NOW, holder="here:1")
    monkeypatch.setattr("regulars.flows.imports.running.is_gone", lambda holder: holder == "here:1")
    assert len(insight.run_here(brand_id=shop.scope.brand_id, clock=lambda: NOW)) == 1


def test_asking_runs_what_was_asked_for(shop: Any, steps: Any) -> None:
    scope = shop.scope
    steps(a=lambda brand, house: StepResult(), b=lambda brand, house: StepResult())
    assert insight.ask(scope=scope, steps=["b"], now=NOW).steps == ("b",)
    assert insight.ask(scope=scope, steps=["a"], now=NOW).steps == ("a", "b")
    assert insight.ask(scope=scope, steps=[], now=NOW).steps == ()
    assert insight.ask(scope=scope, steps=["a"], now=NOW).steps == ()
    with pytest.raises(Refusal) as refused:
        insight.ask(scope=scope, steps=["c"], now=NOW)
    assert refused.value.errors[0].field == "steps"
    turn = runs.claim(now=NOW, holder="w")
    assert turn is not None and runs.claim(now=NOW, holder="w") is None
    # asked for again while it runs: it runs again at once
    insight.ask(scope=scope, steps=["b"], now=NOW + timedelta(seconds=1))
    insight.run_turn(turn=turn, clock=lambda: NOW + timedelta(seconds=2), only=["a"])
    again = runs.claim(now=NOW + timedelta(seconds=2), holder="w")
    assert again is not None
    insight.run_turn(turn=again, clock=lambda: NOW + timedelta(seconds=3))
    ended = runs.get_turn(brand_id=scope.brand_id)
    assert ended is not None and (ended.steps, ended.asked_at) == ((), None)


def test_every_brand_gets_its_three_o_clock(shop: Any) -> None:
    assert due.know_brands(NOW) == 1
    assert due.know_brands(NOW) == 0
    brand = organisations.get_brand(brand_id=shop.scope.brand_id)
    # two in the morning and four in the morning of 2 April in Shanghai
    two, four = datetime(2024, 4, 1, 18, tzinfo=UTC), datetime(2024, 4, 1, 20, tzinfo=UTC)
    assert insight.next_night(brand, two) == datetime(2024, 4, 1, 19, tzinfo=UTC)
    assert insight.next_night(brand, four) == datetime(2024, 4, 2, 19, tzinfo=UTC)


def test_steps_have_modules_that_run() -> None:
    here = [step.key for step in insight.steps_here()]
    assert here[0] == "export" and set(here) <= {step.key for step in insight.STEPS}
