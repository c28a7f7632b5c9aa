"""A version of a programme as others see it, what is in force when, and a difference between two versions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text
from regulars.programme.rules.types import Programme

VersionState = Literal["draft", "in_review", "approved", "published", "superseded", "rejected"]
EventKind = Literal["created", "submitted", "withdrawn", "approved", "rejected", "published"]
ChangeKind = Literal["added", "removed", "changed"]
PartKind = Literal[
    "programme", "unit", "rule", "scheme", "benefit", "member_days", "campaign", "promotion", "checkout"
]


@dataclass(frozen=True, slots=True)
class VersionEvent:
    """What happened to a version: who did it and what they said."""

    what: EventKind
    actor: str
    comment: str
    at: datetime


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """A version without its definition. People's names are labels; `authors` are `kind:id`.

    `scheduled`: published, to take effect later. `current`: the one that decides what happens now.
    """

    id: UUID
    number: int
    state: VersionState
    note: str
    based_on: int | None
    authors: tuple[str, ...]
    created_by: str
    created_at: datetime
    updated_at: datetime
    submitted_by: str
    submitted_at: datetime | None
    reviewed_by: str
    reviewed_at: datetime | None
    review_comment: str
    published_by: str
    published_at: datetime | None
    effective_from: datetime | None
    rules: int
    current: bool
    scheduled: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A version whole. `revision` goes up with every saving; the next one must name the one it was read with."""

    summary: VersionSummary
    definition: Mapping[str, Any]
    revision: int
    events: tuple[VersionEvent, ...]


@dataclass(frozen=True, slots=True)
class ProgrammeHistory:
    """The published versions of a brand, compiled, as one posting transaction sees them."""

    starts: tuple[datetime, ...]  # ascending
    programmes: tuple[Programme, ...]  # in force from the start of the same place
    live: Programme
    fields_used: frozenset[str]  # by any version, since late activities are decided by older ones
    reads_lots: bool  # any version
    budgets: frozenset[str] = frozenset()  # that rules of any version take from

    def at(self, instant: datetime) -> Programme:
        """The last version in force from `instant` or before; the first, for what happened before it."""
        return self.programmes[max(0, bisect_right(self.starts, instant) - 1)]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `path` is like `rules[member-day].effects[0].factor`; a whole part has no field after its key.

    `sentence` says it for people; `before` and `after` are the parts in words where they have words.
    """

    path: str
    part: PartKind
    key: str
    kind: ChangeKind
    before: Any
    after: Any
    sentence: Text
    before_text: Text
    after_text: Text
