"""Door of the nightly run: have it run, run it here, see how fresh everything is."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from regulars.flows.insight.nightly import STEPS, Clock, Step, steps_here
from regulars.flows.insight.process import apart
from regulars.flows.insight.turns import next_night, run_here, run_turn
from regulars.insight.runs import api as runs
from regulars.insight.runs.types import Run, Turn
from regulars.kit.errors import invalid_field
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

__all__ = [
    "STEPS",
    "ask",
    "failures",
    "freshness",
    "latest_export",
    "next_night",
    "run_apart",
    "run_here",
    "run_turn",
    "steps_here",
]


@dataclass(frozen=True, slots=True)
class Fresh:
    """One step's state: the newest run in any state, and the last that ended well."""

    step: Step
    newest: Run | None
    good: Run | None


def ask(*, scope: Scope, steps: Sequence[str], now: datetime) -> Turn:
    """Have a worker run the steps (none: all) as soon as it sees it. Raises `invalid_input` for an unknown step."""
    known = {step.key for step in steps_here()}
    if wrong := sorted(set(steps) - known):
        raise invalid_field(
            "steps",
            "unknown_step",
            f"没有步骤 {wrong[0]}；可用：{'、'.join(sorted(known))}",
            f"There is no step {wrong[0]}; there are: {', '.join(sorted(known))}",
        )
    turn = runs.ask(brand_id=scope.brand_id, now=now, by=scope.actor.label, steps=steps)
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="insight.run",
        subject_type="insight",
        subject_id=scope.brand_id,
        now=now,
        after={"steps": sorted(steps)},
    )
    return turn


def freshness(*, brand_id: UUID) -> tuple[list[Fresh], Turn | None]:
    """Every step's state, in the order they run, and when they run next or that they run now."""
    newest = runs.latest_of_each(brand_id=brand_id, finished=False)
    good = runs.latest_of_each(brand_id=brand_id)
    rows = [Fresh(step, newest.get(step.key), good.get(step.key)) for step in steps_here()]
    return rows, runs.get_turn(brand_id=brand_id)


def run_apart(*, brand_id: UUID, clock: Clock) -> None:
    """`run_here` in a process of its own, whose memory returns; gives when it has ended, however it did."""
    where = dict(settings.DATABASES["default"], NAME=connection.settings_dict["NAME"])
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=apart, args=(where, brand_id, clock, os.getpid()), daemon=True)
    child.start()
    child.join()


def latest_export(*, brand_id: UUID) -> Run | None:
    """The last time the warehouse was brought up to date; None: nothing was ever learned here."""
    return runs.latest(brand_id=brand_id, kind=STEPS[0].key)


def failures(ended: Sequence[Run]) -> list[Run]:
    """Those that did not come to their end."""
    return [run for run in ended if run.state == "failed"]
