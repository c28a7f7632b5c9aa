"""Runs of models and reports as other rooms see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

# lacking: there is too little data for it; `problem` says how much there is and how much it takes.
RunState = Literal["running", "done", "lacking", "failed"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one step. `progress` is from 0 to 1; `metrics` and `charts` are the step's own plain JSON."""

    id: UUID
    brand_id: UUID
    kind: str
    state: RunState
    as_of: datetime
    started_at: datetime
    finished_at: datetime | None = None
    period_from: date | None = None
    period_to: date | None = None
    rows: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    charts: dict[str, Any] = field(default_factory=dict)
    problem: Text = field(default_factory=lambda: Text("", ""))
    progress: float = 0.0

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return None if self.finished_at is None else (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Setting:
    """What a brand has set for one room, by whom."""

    value: dict[str, Any]
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class Turn:
    """When a brand's insight runs next, or that it runs now (`lease` is set). `steps` asked for; empty: all."""

    brand_id: UUID
    next_run_at: datetime
    steps: tuple[str, ...] = ()
    asked_at: datetime | None = None
    asked_by: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    lease: UUID | None = None
    holder: str = ""


class TurnLost(Exception):
    """Somebody else has taken the brand's turn: whoever ran it stops."""
