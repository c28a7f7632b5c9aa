"""Group commit of single posts: see `flows.grouping`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from regulars.facts.activity.types import ActivityIn
from regulars.flows.grouping import Groups
from regulars.flows.intake.post import BATCH, Result, post
from regulars.platform.organisations.types import Scope

MOST_TOGETHER = min(BATCH, 256)


class _Asked(NamedTuple):
    scope: Scope
    activity: ActivityIn
    now: datetime


class Answered(NamedTuple):
    """A refusal is an answer as well: it is not raised."""

    result: Result


def _write(batch: Sequence[_Asked]) -> list[Answered]:
    results = post(
        scope=batch[0].scope,
        activities=[asked.activity for asked in batch],
        now=max([asked.now for asked in batch]),
    )
    return [Answered(result) for result in results]


class Coalescer:
    """One per process."""

    def __init__(self) -> None:
        self._groups: Groups[_Asked, Answered] = Groups(_write, most=MOST_TOGETHER)

    def post(self, *, scope: Scope, activity: ActivityIn, now: datetime) -> Result:
        """Post one activity; returns after the commit that holds it."""
        return self._groups.do(scope=scope, asked=_Asked(scope, activity, now)).result
