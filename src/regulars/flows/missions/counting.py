"""Missions follow what members do: marks, progress, rewards, and back again when an order goes back.

Everything of a batch of events is a few statements; a batch is one transaction, so each activity counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.audience.segments import api as segments
from regulars.engage.missions.api import missions as kept
from regulars.engage.missions.policy import missions as policy
from regulars.engage.missions.types.missions import WHOLE, Definition, Mark, Mission, Opening, Run, Step
from regulars.facts.members import states
from regulars.facts.members.states import MembershipRow
from regulars.flows import rewarding
from regulars.flows.missions.acts import Done
from regulars.flows.rewarding import Gift
from regulars.kit.ids import digest, new_ids
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.programme.rules.api import compile_acting
from regulars.programme.rules.types import Act
from regulars.programme.versions import api as versions

STATE_MARK = digest("mission", "state")  # stands for the activity where a standing was asked


@dataclass(slots=True)
class _Work:
    brand: Brand
    now: datetime
    missions: Mapping[str, Mission]
    definitions: dict[tuple[str, int], Definition]
    tests: dict[tuple[str, int, str], Callable[[Act], bool]]
    rows: Mapping[UUID, MembershipRow]
    runs: dict[tuple[UUID, str], list[Run]]
    touched: dict[tuple[UUID, str, str], Run]
    marks: list[tuple[UUID, str, str, Mark]]
    fresh: set[tuple[UUID, str, str]]


def count(brand: Brand, done: Sequence[Done], member_ids: Iterable[UUID], now: datetime) -> None:
    """Count activities for the brand's missions; the members' standings are asked again as well. A mission that was
    paused or ended since still takes what was recorded before, and one that goes on takes nothing of its pause.
    """
    active = {
        one.key: one
        for one in kept.list_missions(brand_id=brand.id)
        if one.state == "active" or any(_takes(one, act) for act in done)
    }
    marked = kept.marked(brand_id=brand.id, acts=[(one.member_id, one.activity_id) for one in done])
    everybody = {one.member_id for one in done} | set(member_ids)
    if (not active and not marked) or not everybody:
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            rows = states.lock(cursor, brand_id=brand.id, member_ids=everybody)
        runs = kept.runs_of(brand_id=brand.id, member_ids=everybody)
        pairs = {(run.mission, run.version) for mine in runs.values() for run in mine}
        definitions = kept.definitions_of(
            brand_id=brand.id, pairs=pairs | {(one.key, one.live) for one in active.values()}
        )
        tests = _compiled(brand, definitions, now)
        turns = any(definitions[one.key, one.live].repeat == "times" for one in active.values())
        for wave in _waves(done) if turns else [_in_order(done)]:
            work = _Work(brand, now, active, definitions, tests, rows, runs, {}, [], set())
            _open_runs(work, wave, everybody)
            _count_acts(work, wave, marked)
            _ask_standings(work)
            _settle(work)


def _takes(mission: Mission, one: Done) -> bool:
    return policy.takes(mission, occurred_at=one.occurred_at, recorded_at=one.recorded_at)


def _in_order(done: Sequence[Done]) -> list[Done]:
    return sorted(done, key=lambda one: (one.occurred_at, one.activity_id))


def _waves(done: Sequence[Done]) -> list[list[Done]]:
    """Each member's first act, then each one's second …: a turn that one act ends is over for the next."""
    waves: list[list[Done]] = [[]]
    turn: dict[UUID, int] = {}
    for one in _in_order(done):
        place = turn.get(one.member_id, 0)
        turn[one.member_id] = place + 1
        if place == len(waves):
            waves.append([])
        waves[place].append(one)
    return waves


def _compiled(
    brand: Brand, definitions: Mapping[tuple[str, int], Definition], now: datetime
) -> dict[tuple[str, int, str], Callable[[Act], bool]]:
    """The test of each step of each version."""
    catalogue = versions.catalogue_of(brand_id=brand.id)
    programme = versions.in_force(brand_id=brand.id, now=now).live
    return {
        (mission, number, step.key): compile_acting(programme, catalogue, step.where)
        for (mission, number), definition in definitions.items()
        for step in definition.steps
        if step.kind == "act"
    }


def _count_acts(work: _Work, done: Sequence[Done], marked: set[tuple[UUID, str, str, str, UUID]]) -> None:
    before: dict[tuple[UUID, UUID], set[tuple[str, str, str]]] = {}
    for member, mission, run_key, step_key, activity in marked:
        before.setdefault((member, activity), set()).add((mission, run_key, step_key))
    hers: dict[UUID, list[tuple[str, list[Run]]]] = {}
    for (member, mission), runs in work.runs.items():
        hers.setdefault(member, []).append((mission, runs))
    for one in done:
        known = before.get((one.member_id, one.activity_id), set())
        for mission, runs in hers.get(one.member_id, ()):
            taken = False  # of a mission that is done in turns an act counts for one turn only
            for run in runs:
                definition = work.definitions.get((mission, run.version))
                if definition is None:
                    continue
                turns = definition.repeat == "times"
                for step in definition.steps:
                    was = (mission, run.run, step.key) in known
                    taken = taken or (turns and was)
                    if was:
                        _mark(work, run, step, one, was=True)
                if taken or not policy.covers(run, one.occurred_at):
                    continue
                if mission not in work.missions or not _takes(work.missions[mission], one):
                    continue
                if turns and run.state not in (
                    "running",
                    "expired",
                ):  # what was done in its time may come late
                    continue
                for step in definition.steps:
                    if (
                        step.kind == "act"
                        and step.activity == one.type
                        and (mission, run.run, step.key) not in known
                    ):
                        taken = (_mark(work, run, step, one, was=False) and turns) or taken


def _mark(work: _Work, run: Run, step: Step, one: Done, *, was: bool) -> bool:
    """Note what an activity counts for a step: its amount, one, or nothing any more. Whether it counts."""
    test = work.tests.get((run.mission, run.version, step.key))
    counts = test is not None and one.act is not None and test(one.act)
    place = policy.place_of(step, at=one.occurred_at, store=one.store, timezone=work.brand.timezone)
    amount = 0 if not counts or place is None else (one.amount if step.measure == "amount" else 1)
    if amount > 0 or was:
        mark = Mark(step.key, one.activity_id, one.occurred_at, max(0, amount), place or "")
        work.marks.append((one.member_id, run.mission, run.run, mark))
        work.touched[run.pair] = run
    return amount > 0


def _open_runs(work: _Work, done: Sequence[Done], everybody: Iterable[UUID]) -> None:
    """Begin the automatic missions that an act of this batch counts for, and those that ask for a standing, for the
    members in their audience.
    """
    for key, mission in work.missions.items():
        definition = work.definitions[key, mission.live]
        if definition.opt_in or mission.live_at is None:
            continue
        _reach_back(work, mission, done)
        wanted: list[tuple[UUID, datetime]] = [
            (one.member_id, one.occurred_at)
            for one in done
            if one.act is not None
            and one.member_id in work.rows
            and _takes(mission, one)
            and _counts(work, key, mission.live, definition, one)
        ]
        if mission.state == "active" and any(step.kind == "state" for step in definition.steps):
            wanted += [(id_, work.now) for id_ in everybody if id_ in work.rows]
        wanted = [
            (member_id, at)
            for member_id, at in wanted
            if work.rows[member_id].status == "active"
            and not any(
                run.state in ("running", "expired") and policy.covers(run, at)
                for run in work.runs.get((member_id, key), ())
            )
            and _opening(work, mission, definition, member_id, at) is not None
        ]
        inside = audience(work.brand, definition, {id_ for id_, _ in wanted}, work.now) if wanted else set()
        for member_id, at in wanted:
            opened = _opening(work, mission, definition, member_id, at) if member_id in inside else None
            if opened is not None:
                run = begin(work.runs, member_id, mission, definition, opened, work.now)
                work.touched[run.pair] = run
                work.fresh.add(run.pair)


def _reach_back(work: _Work, mission: Mission, done: Sequence[Done]) -> None:
    """Acts that came late move the beginning of the runs that they would have begun."""
    assert mission.live_at is not None
    for one in done:
        mine = work.runs.get((one.member_id, mission.key), ())
        if one.act is None or any(policy.covers(run, one.occurred_at) for run in mine):
            continue
        if not _takes(mission, one):
            continue
        for run in mine:
            if one.occurred_at >= run.started_at:
                continue
            definition = work.definitions[run.mission, run.version]
            if not _counts(work, run.mission, run.version, definition, one):
                continue
            opened = policy.reach_back(
                definition,
                run,
                at=one.occurred_at,
                live_at=mission.live_at,
                runs=mine,
                marks=()
                if definition.days is None
                else kept.marks_of(brand_id=work.brand.id, runs=[run.pair])[run.pair],
                timezone=work.brand.timezone,
            )
            if opened is not None:
                run.started_at, run.ends_at = opened.started_at, opened.ends_at
                break


def _opening(
    work: _Work, mission: Mission, definition: Definition, member_id: UUID, at: datetime
) -> Opening | None:
    assert mission.live_at is not None
    return policy.opening(
        definition,
        at=at,
        live_at=mission.live_at,
        joined_at=work.rows[member_id].joined_at,
        runs=work.runs.get((member_id, mission.key), ()),
        timezone=work.brand.timezone,
    )


def _counts(work: _Work, mission: str, version: int, definition: Definition, one: Done) -> bool:
    return any(
        step.kind == "act"
        and step.activity == one.type
        and one.act is not None
        and work.tests[mission, version, step.key](one.act)
        for step in definition.steps
    )


def begin(
    runs: dict[tuple[UUID, str], list[Run]],
    member_id: UUID,
    mission: Mission,
    definition: Definition,
    opened: Opening,
    now: datetime,
    started_by: str = "",
) -> Run:
    """A new run, not written yet."""
    run = Run(
        member_id,
        mission.key,
        opened.run,
        mission.live,
        "running",
        opened.started_at,
        opened.ends_at,
        started_by=started_by,
        check_at=now if any(step.kind == "state" for step in definition.steps) else None,
    )
    runs.setdefault((member_id, mission.key), []).append(run)
    return run


def audience(brand: Brand, definition: Definition, member_ids: set[UUID], now: datetime) -> set[UUID]:
    """Those of the members whom a mission is for."""
    if not definition.audience:
        return member_ids
    return set(
        segments.holds_for(
            brand_id=brand.id, definition=definition.audience, member_ids=sorted(member_ids), now=now
        )
    )


def _ask_standings(work: _Work) -> None:
    """Steps that a standing fulfils: asked of members who run such a mission and have not done that step."""
    asked: dict[tuple[str, int, str], list[Run]] = {}
    for (member_id, mission), runs in work.runs.items():
        if mission not in work.missions or work.missions[mission].state != "active":
            continue
        if member_id not in work.rows:
            continue
        for run in runs:
            definition = work.definitions[mission, run.version]
            if run.state != "running":
                continue
            for step in definition.steps:
                progress = run.steps.get(step.key)
                if step.kind == "state" and (progress is None or progress.done_at is None):
                    asked.setdefault((mission, run.version, step.key), []).append(run)
    for (mission, number, step_key), runs in asked.items():
        asked_of = work.definitions[mission, number].step(step_key)
        assert asked_of is not None
        holding = set(
            segments.holds_for(
                brand_id=work.brand.id,
                definition=asked_of.where,
                member_ids=sorted({run.member_id for run in runs}),
                now=work.now,
            )
        )
        for run in runs:
            if run.member_id in holding:
                mark = Mark(step_key, STATE_MARK, work.now, 1)
                work.marks.append((run.member_id, mission, run.run, mark))
                work.touched[run.pair] = run


def _settle(work: _Work) -> None:
    """Write marks and runs; give what was earned, take back what fell away, and say so."""
    if not work.touched:
        return
    fresh = list(work.touched.values())
    last: dict[tuple[UUID, str, str, str, UUID], tuple[UUID, str, str, Mark]] = {}
    for member_id, mission, run_key, mark in work.marks:
        last[member_id, mission, run_key, mark.step, mark.activity_id] = (member_id, mission, run_key, mark)
    kept.put_marks(brand_id=work.brand.id, marks=list(last.values()))
    begun = [run for run in fresh if run.pair in work.fresh]
    announce(work.brand, [("mission.started", run) for run in begun], work.now)
    settle_runs(work.brand, fresh, work.definitions, work.now)


def settle_runs(
    brand: Brand, runs: Sequence[Run], definitions: Mapping[tuple[str, int], Definition], now: datetime
) -> None:
    """Reckon runs from their marks, write them, give and take back rewards. Members locked."""
    marks = kept.marks_of(brand_id=brand.id, runs=[run.pair for run in runs])
    gifts: list[Gift] = []
    back: list[tuple[UUID, str]] = []
    said: list[tuple[str, Run]] = []
    for run in runs:
        definition = definitions[run.mission, run.version]
        done, undone = policy.settle(definition, run, marks[run.pair], now=now)
        if run.state != "running":
            run.check_at = None
        for step_key in done:
            step = definition.step(step_key)
            rewards = definition.rewards if step_key == WHOLE else (step.rewards if step else ())
            round_ = run.round if step_key == WHOLE else run.steps[step_key].round
            if rewards:
                gifts.append(
                    Gift(
                        run.member_id,
                        policy.gift_key(run.mission, run.run, step_key, round_),
                        f"mission:{run.mission}",
                        rewarding.rewards_of(rewards),
                        title=_title(definition, step),
                        budget=definition.budget,
                    )
                )
            if step_key == WHOLE:
                said.append(("mission.finished", run))
        for step_key, round_ in undone:
            back.append((run.member_id, policy.gift_key(run.mission, run.run, step_key, round_)))
            if step_key == WHOLE:
                said.append(("mission.rolled_back", run))
    kept.save_runs(brand_id=brand.id, runs=runs)
    rewarding.take_back(brand=brand, gifts=back, reason="mission_undone", now=now)
    rewarding.give(brand=brand, gifts=gifts, now=now)
    announce(brand, said, now)


def _title(definition: Definition, step: Step | None) -> Text:
    if step is None or not (step.name.zh or step.name.en):
        return definition.name
    return Text(f"{definition.name.zh}·{step.name.zh}", f"{definition.name.en}: {step.name.en}")


def announce(brand: Brand, said: Sequence[tuple[str, Run]], now: datetime) -> None:
    outbox.append(
        [
            Event(
                id=id_,
                organisation_id=brand.organisation_id,
                brand_id=brand.id,
                topic=topic,
                payload={"mission": run.mission, "run": run.run, "version": run.version},
                occurred_at=now,
                recorded_at=now,
                member_id=run.member_id,
            )
            for (topic, run), id_ in zip(said, new_ids(len(said)), strict=True)
        ]
    )
