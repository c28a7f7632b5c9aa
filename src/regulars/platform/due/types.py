"""Periodic work and its state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

Work = Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class Task:
    """`work(now)` does one bounded batch and gives how much it did; it is called again until it gives 0.

    It must be safe to run twice and on two workers at once, by claiming what it works on. `wakes`: tasks that have
    something to do once this one did something. `hears`: the consumer of the outbox by which it learns what to do.
    """

    name: str
    work: Work
    every_seconds: float
    wakes: tuple[str, ...] = ()
    hears: str = ""


@dataclass(frozen=True, slots=True)
class TaskState:
    """For the health page. `failed_at` is set while the last run failed; `is_late` when nobody ran it for long."""

    name: str
    every_seconds: float
    next_run_at: datetime | None
    finished_at: datetime | None
    done: int
    runs: int
    last_error: str
    failed_at: datetime | None
    is_late: bool
