"""Import jobs as other rooms see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.text import Text

KINDS = ("orders", "members")
# ready: uploaded, not started; checked: a dry run went through; the others say what they are.
STATES = ("ready", "queued", "running", "checked", "paused", "done", "failed", "cancelled")
LIVE = ("queued", "running")
RESUMABLE = ("paused", "failed", "cancelled")
STARTABLE = ("ready", "checked", "failed", "cancelled")


class LeaseLost(Exception):
    """Somebody else has taken the job, or it was paused or cancelled: whoever worked on it stops."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Items done, and what became of them."""

    position: int = 0
    applied: int = 0
    duplicate: int = 0
    waiting: int = 0
    failed: int = 0

    def plus(self, other: Counts) -> Counts:
        return Counts(
            self.position + other.position,
            self.applied + other.applied,
            self.duplicate + other.duplicate,
            self.waiting + other.waiting,
            self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True)
class RowErrors:
    """What is wrong with one row: dicts of field, code, zh, en."""

    row: int
    errors: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Job:
    """An import: what, by whom, and how far it is. `items` are orders or members; `counts` are of all writers."""

    id: UUID
    organisation_id: UUID
    brand_id: UUID
    kind: str
    origin: str
    state: str
    dry: bool
    stage: str
    file_id: UUID | None
    file_name: str
    file_size: int
    mapping: dict[str, Any]
    actor_kind: str
    actor_id: UUID | None
    actor_label: str
    store_ids: frozenset[UUID] | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    stage_started_at: datetime | None
    stage_from: int
    beat_at: datetime | None
    rows_total: int | None
    rows_read: int
    items_total: int | None
    shards: int
    run: int
    attempts: int
    problem: Text
    lease: UUID | None
    holder: str
    counts: Counts = field(default_factory=Counts)
