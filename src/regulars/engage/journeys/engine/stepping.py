"""The step: runs whose time has come are claimed, walked by the pure walk and written, in one transaction.

A batch is of one journey: one claim, one question for all conditions ahead, one statement each for runs, actions and
counts, however many there are. A run that fails is found by halving and tried again later; it stops nobody else.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.utils import OperationalError

from regulars.audience.segments import api as segments
from regulars.engage.journeys.engine import arriving, plans
from regulars.engage.journeys.engine.arriving import Happened, Load
from regulars.engage.journeys.engine.entering import merged
from regulars.engage.journeys.policy.walking import Plan, Walk, walk
from regulars.engage.journeys.store import defining, running
from regulars.engage.journeys.store.running import DueRun, Moved, Tally
from regulars.engage.journeys.types import Journey, Node
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand

_log = logging.getLogger(__name__)
BATCH = 2000
MOST_TRIES = 5
_ON_TIME = timedelta(hours=1)
_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Deed:
    """An action that a run comes to for the first time, to be carried out now, in the same transaction."""

    member_id: UUID
    run_id: UUID
    node: Node
    visit: int
    data: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Its name for ever: what is asked for under it is asked for once."""
        return f"journey:{self.run_id}:{self.node.id}:{self.visit}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a deed, where there is more to say than that it was done."""

    deed: Deed
    outcome: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """What deeds are carried out for. `tally`: for runs of other journeys that they begin."""

    cursor: Any
    brand: Brand
    journey: Journey
    version: int
    priority: int
    now: datetime
    tally: Tally
    load: Load = lambda _: {}


CarryOut = Callable[[Batch, Sequence[Deed]], Sequence[Outcome]]


@dataclass(slots=True)
class Stepped:
    """How much a call did: runs taken, nodes passed."""

    runs: int = 0
    nodes: int = 0


LoadOf = Callable[[Brand, Sequence[Happened]], Mapping[UUID, Mapping[str, Any]]]


def step(
    *,
    carry_out: CarryOut,
    now: datetime,
    limit: int = BATCH,
    brand_id: UUID | None = None,
    load: LoadOf = lambda _, happened: {},
) -> Stepped:
    """Walk up to `limit` due runs of each running journey on; those of high priority first."""
    done = Stepped()
    with connection.cursor() as cursor:
        journeys = defining.with_due_runs(cursor, brand_id=brand_id, now=now)
    for journey in journeys:
        try:
            one = step_journey(journey, carry_out=carry_out, now=now, limit=limit, load=load)
        except (
            OperationalError
        ) as error:  # a deadlock, a lost server: nothing was written, and it is tried again
            _log.warning("journey %s: %s", journey.code, error)
            continue
        done.runs += one.runs
        done.nodes += one.nodes
    return done


def step_journey(
    journey: Journey,
    *,
    carry_out: CarryOut,
    now: datetime,
    limit: int = BATCH,
    load: LoadOf = lambda _, happened: {},
) -> Stepped:
    """One batch of one journey, in one transaction."""
    brand = organisations.get_brand(brand_id=journey.brand_id)
    with transaction.atomic(), connection.cursor() as cursor:
        if defining.hold(cursor, journey_id=journey.id) != "running":
            return Stepped()
        runs = running.claim(cursor, journey_id=journey.id, now=now, limit=limit)
        by_version: dict[int, list[DueRun]] = {}
        for run in runs:
            by_version.setdefault(run.version, []).append(run)
        tally, done = Tally(), Stepped(runs=len(runs))
        for version, mine in by_version.items():
            try:
                plan = plans.plan_of(
                    cursor, brand_id=brand.id, journey_id=journey.id, version=version, now=now
                )
            except Refusal as refusal:
                _put_off(cursor, journey, mine, refusal, now)
                continue
            done.nodes += _halving(
                Batch(
                    cursor,
                    brand,
                    journey,
                    version,
                    plan.definition.settings.priority,
                    now,
                    tally,
                    partial(load, brand),
                ),
                plan,
                mine,
                carry_out,
            )
        running.count(cursor, tally, slot=os.getpid())
    return done


def _put_off(cursor: Any, journey: Journey, runs: Sequence[DueRun], refusal: Refusal, now: datetime) -> None:
    """The programme no longer has what this version asks for: its runs wait until it is mended."""
    problem = (refusal.errors[0].message if refusal.errors else refusal.message).kept()
    defining.set_problem(cursor, journey_id=journey.id, problem=problem)
    for run in runs:
        running.failed(cursor, run=run, problem=problem, again=now + _AGAIN)


def _halving(batch: Batch, plan: Plan, runs: Sequence[DueRun], carry_out: CarryOut) -> int:
    """Walk the runs; where something fails, each half for itself, down to the one run that does."""
    before = dict(batch.tally.runs)
    try:
        with transaction.atomic():
            return _walk_all(batch, plan, runs, carry_out)
    except OperationalError:
        raise
    except Exception as error:
        batch.tally.runs = before
        if len(runs) > 1:
            half = len(runs) // 2
            return _halving(batch, plan, runs[:half], carry_out) + _halving(
                batch, plan, runs[half:], carry_out
            )
        _failed(batch, runs[0], error)
        return 0


def _failed(batch: Batch, run: DueRun, error: Exception) -> None:
    _log.warning("journey %s, run %s: %s", batch.journey.code, run.id, error, exc_info=error)
    if run.tries + 1 < MOST_TRIES:
        again = batch.now + _AGAIN * 2**run.tries
        running.failed(batch.cursor, run=run, problem=f"{type(error).__name__}: {error}", again=again)
        return
    for version, node in running.end_runs(
        batch.cursor, runs=[(run.member_id, run.id)], reason="failed", now=batch.now
    ):
        batch.tally.add(batch.journey.id, version, node, "!failed")


def _walk_all(batch: Batch, plan: Plan, runs: Sequence[DueRun], carry_out: CarryOut) -> int:
    cursor, brand, journey, now = batch.cursor, batch.brand, batch.journey, batch.now
    closed = running.inactive(cursor, brand_id=brand.id, member_ids=[run.member_id for run in runs])
    conditions = plan.asked_from({run.node for run in runs})
    known = segments.values_of(
        brand_id=brand.id, conditions=conditions, member_ids=list({run.member_id for run in runs}), now=now
    )
    is_workday = plans.workdays_of(brand, now)
    nothing: Mapping[str, Any] = {"now": now}
    moved: list[Moved] = []
    deeds: list[Deed] = []
    nodes = 0
    counted: dict[tuple[str, str], int] = {}
    for run in runs:
        if run.member_id in closed:
            counted[run.node, "!membership_closed"] = counted.get((run.node, "!membership_closed"), 0) + 1
            moved.append(_ended(run, "membership_closed", now))
            continue
        # what is on time goes on from when it was due, so that waits add up; what is late, from now
        moment = run.due_at if now - run.due_at <= _ON_TIME else now
        done = walk(
            plan,
            member_id=run.member_id,
            node=run.node,
            steps=run.steps,
            resting=run.resting,
            arrived=run.arrived,
            facts=merged(known.get(run.member_id, nothing), run.data, plan) if conditions else nothing,
            now=moment,
            is_workday=is_workday,
        )
        nodes += max(1, len(done.passed))
        _note(counted, done)
        deeds += [Deed(run.member_id, run.id, act.node, act.visit, run.data) for act in done.acts]
        moved.append(
            Moved(
                run.member_id,
                run.id,
                done.node,
                done.steps,
                done.waits_for,
                moment,
                done.next_run_at,
                done.ended,
            )
        )
    running.advance(cursor, moved, now=now)
    _do(batch, deeds, carry_out)
    _hear_then(batch, runs)
    for (node, way), count in counted.items():
        batch.tally.add(journey.id, runs[0].version, node, way, count)
    return nodes


def _hear_then(batch: Batch, runs: Sequence[DueRun]) -> None:
    """What was told in one breath with that which brought a run in was heard before there was a run: she looked and
    bought, and both came together. It counts when the run has made its first way."""
    of_runs = {
        run.id: [
            Happened(run.member_id, UUID(id_), kind, datetime.fromisoformat(at))
            for id_, kind, at in run.data["then"]
        ]
        for run in runs
        if run.steps == 0 and not run.resting and run.data.get("then")
    }
    if of_runs:
        arriving.activities(
            batch.cursor,
            brand=batch.brand,
            happened=[one for those in of_runs.values() for one in those],
            load=batch.load,
            now=batch.now,
            tally=batch.tally,
            of_runs=of_runs,
        )


def _note(counted: dict[tuple[str, str], int], done: Walk) -> None:
    for node in done.reached:
        counted[node, ""] = counted.get((node, ""), 0) + 1
    for node, port in done.passed:
        way = f":{port}"
        counted[node, way] = counted.get((node, way), 0) + 1
    if done.ended:
        way = f"!{done.ended}"
        counted[done.node, way] = counted.get((done.node, way), 0) + 1


def _ended(run: DueRun, reason: str, now: datetime) -> Moved:
    return Moved(run.member_id, run.id, run.node, run.steps, "", now, None, reason)


def _do(batch: Batch, deeds: Sequence[Deed], carry_out: CarryOut) -> None:
    """Note the actions and carry out those that nobody noted before."""
    if not deeds:
        return
    fresh = running.act(
        batch.cursor,
        brand_id=batch.brand.id,
        journey_id=batch.journey.id,
        acts=[(deed.member_id, deed.run_id, deed.node.id, deed.visit, deed.node.kind) for deed in deeds],
        now=batch.now,
    )
    wanted = [deed for deed in deeds if (deed.run_id, deed.node.id, deed.visit) in fresh]
    outcomes = carry_out(batch, wanted)
    running.tell_outcomes(
        batch.cursor,
        [
            (one.deed.member_id, one.deed.run_id, one.deed.node.id, one.deed.visit, one.outcome, one.detail)
            for one in outcomes
        ],
    )
