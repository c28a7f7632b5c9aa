"""What members do, towards runs: what they waited for comes, goals are reached, some leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.audience.segments import api as segments
from regulars.conditions.api import compile_condition
from regulars.conditions.types import ALWAYS, Condition
from regulars.engage.journeys.engine import plans
from regulars.engage.journeys.engine.entering import merged
from regulars.engage.journeys.policy.walking import Plan
from regulars.engage.journeys.store import defining, running
from regulars.engage.journeys.store.running import Tally
from regulars.engage.journeys.types import Journey
from regulars.kit.errors import Refusal
from regulars.platform.organisations.types import Brand

# an activity told up to this long after it happened still counts for the wait that began before it happened
_SLACK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Happened:
    """An activity of a member."""

    member_id: UUID
    activity_id: UUID
    type: str
    occurred_at: datetime


Load = Callable[[Sequence[Happened]], Mapping[UUID, Mapping[str, Any]]]
"""What conditions may read of activities, by activity (see `Entry.data`); asked only where a condition does."""


def activities(
    cursor: Any,
    *,
    brand: Brand,
    happened: Sequence[Happened],
    load: Load,
    now: datetime,
    tally: Tally,
    of_runs: Mapping[UUID, Sequence[Happened]] | None = None,
) -> tuple[int, int]:
    """Wake the runs that waited for these activities, and mark those whose goal they reach; gives both numbers.

    `of_runs`: only these runs, each for what was told right behind that which brought it in, whatever the time is by
    now; for all others these activities were heard before.
    """
    by_member: dict[UUID, list[Happened]] = {}
    for one in happened:
        by_member.setdefault(one.member_id, []).append(one)

    def heard(member_id: UUID, run_id: UUID) -> Sequence[Happened]:
        return by_member[member_id] if of_runs is None else of_runs.get(run_id, ())

    waiting = [
        row for row in running.waiting_for(cursor, brand_id=brand.id, member_ids=by_member)
        if any(one.type == row[5] for one in heard(row[0], row[1]))
    ]  # fmt: skip
    goals = running.with_open_goal(
        cursor, brand_id=brand.id, member_ids=by_member, since=min(one.occurred_at for one in happened)
    )
    if not waiting and not goals:
        return 0, 0
    look = _Looking(cursor, brand, load, now)
    questions: list[_Question] = []
    for member_id, run_id, journey_id, version, node, activity, since, _, _ in waiting:
        plan = look.plan(journey_id, version)
        at = plan.definition.nodes.get(node) if plan else None
        if plan is None or at is None or at.wait is None:
            continue
        for one in heard(member_id, run_id):
            if one.type == activity and (of_runs is not None or one.occurred_at >= since - _SLACK):
                questions.append(
                    _Question("wait", member_id, run_id, journey_id, version, node, plan, at.wait.where, one)
                )
    under_way: dict[UUID, bool] = {}
    for member_id, run_id, journey_id, version, node, started, until, active, _ in goals:
        plan = look.plan(journey_id, version)
        goal = plan.definition.goal if plan else None
        if plan is None or goal is None or goal.goal is None:
            continue
        under_way[run_id] = active
        for one in heard(member_id, run_id):
            in_time = of_runs is not None or started - _SLACK <= one.occurred_at
            if one.type == goal.goal.activity and in_time and one.occurred_at <= until:
                questions.append(
                    _Question(
                        "goal", member_id, run_id, journey_id, version, node, plan, goal.goal.where, one
                    )
                )
    holding = look.which_hold(questions)
    woken = {(q.member_id, q.run_id) for q in holding if q.kind == "wait"}
    reached: dict[UUID, _Question] = {}
    for question in holding:
        if question.kind == "goal":
            reached.setdefault(question.run_id, question)
    running.arrive(cursor, runs=sorted(woken), now=now)
    running.convert(cursor, runs=[(q.member_id, q.run_id, q.happened.occurred_at) for q in reached.values()])
    done = [
        q for q in reached.values()
        if under_way[q.run_id] and (goal := q.plan.definition.goal) and goal.goal and goal.goal.ends
    ]  # fmt: skip
    running.end_runs(cursor, runs=[(q.member_id, q.run_id) for q in done], reason="goal", now=now)
    for question in done:
        tally.add(question.journey_id, question.version, question.node, "!goal")
    for question in reached.values():
        goal = question.plan.definition.goal
        assert goal is not None
        tally.add(question.journey_id, question.version, goal.id, "*")
    return len(woken), len(reached)


@dataclass(frozen=True, slots=True)
class _Question:
    """Whether an activity is what a run waits for, or its goal."""

    kind: str
    member_id: UUID
    run_id: UUID
    journey_id: UUID
    version: int
    node: str
    plan: Plan
    where: Condition
    happened: Happened


class _Looking:
    """Plans and answers of one call."""

    def __init__(self, cursor: Any, brand: Brand, load: Load, now: datetime) -> None:
        self.cursor, self.brand, self.load, self.now = cursor, brand, load, now

    def plan(self, journey_id: UUID, version: int) -> Plan | None:
        try:
            return plans.plan_of(
                self.cursor, brand_id=self.brand.id, journey_id=journey_id, version=version, now=self.now
            )
        except Refusal:
            return None  # said where it steps

    def which_hold(self, questions: Sequence[_Question]) -> list[_Question]:
        asked = [question for question in questions if question.where != ALWAYS]
        known = segments.values_of(
            brand_id=self.brand.id,
            conditions=list(dict.fromkeys(question.where for question in asked)),
            member_ids=list({question.member_id for question in asked}),
            now=self.now,
        )
        data = (
            self.load(list({one.happened.activity_id: one.happened for one in asked}.values()))
            if asked
            else {}
        )
        tests: dict[tuple[int, str, str], Callable[[Mapping[str, Any]], bool]] = {}
        holding = []
        for one in questions:
            if one.where != ALWAYS:
                key = (id(one.plan), one.node, one.kind)
                test = tests.setdefault(
                    key, compile_condition(condition=one.where, catalogue=one.plan.catalogue)
                )
                her = known.get(one.member_id)
                if her is None or not test(merged(her, data.get(one.happened.activity_id, {}), one.plan)):
                    continue
            holding.append(one)
        return holding


def leave(
    cursor: Any, *, journey: Journey, member_ids: Sequence[UUID], reason: str, now: datetime, tally: Tally
) -> int:
    """End these members' runs of a journey; gives how many were under way."""
    ended = running.end(cursor, journey_id=journey.id, member_ids=member_ids, reason=reason, now=now)
    for version, node in ended:
        tally.add(journey.id, version, node, f"!{reason}")
    return len(ended)


def close(*, cursor: Any, journey: Journey, now: datetime, limit: int, tally: Tally) -> int:
    """End the next runs of a journey that was stopped; gives how many, 0 when it is done."""
    ended = running.end_some(cursor, journey_id=journey.id, reason="stopped", now=now, limit=limit)
    for version, node in ended:
        tally.add(journey.id, version, node, "!stopped")
    if not ended and not running.any_under_way(cursor, journey_id=journey.id):
        defining.change(cursor, journey_id=journey.id, now=now, closing=False)
    return len(ended)
