"""What others know of segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from regulars.audience.segments.policy.readymade import note_of
from regulars.kit.text import Text

SegmentKind = Literal["static", "refreshed", "live"]
SegmentState = Literal["active", "paused", "archived"]
KINDS: tuple[SegmentKind, ...] = ("static", "refreshed", "live")
KIND_NAMES: Mapping[str, Text] = {
    "static": Text("静态", "static"),
    "refreshed": Text("定时更新", "refreshed"),
    "live": Text("实时", "live"),
}


@dataclass(frozen=True, slots=True)
class SegmentDraft:
    """What a segment is made of. `definition`: a condition's JSON (None: a static list of `members`).

    `every_minutes` is for refreshed ones (15 to 10 080). `tag`: who is in it carries this tag.
    """

    code: str
    name: Text
    kind: SegmentKind
    definition: Mapping[str, Any] | None = None
    members: Sequence[UUID] = ()
    source: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    every_minutes: int | None = None
    tag: str = ""
    profiles: bool = False
    later: bool = False  # a list that is made in the background, as `source` says


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as it stands. `refreshed_at`: as of when its members are; `profiles`: it stands on scores; `progress`:
    how far a list is that is being made, in percent.
    """

    id: UUID
    brand_id: UUID
    code: str
    name: Text
    note: str
    kind: SegmentKind
    state: SegmentState
    tag: str
    version: int
    profiles: bool
    every_minutes: int | None
    next_refresh_at: datetime | None
    members: int
    refreshed_at: datetime | None
    refreshed_in_ms: int | None
    run: str
    run_started_at: datetime | None
    problem: Text
    progress: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    definition: Mapping[str, Any] | None = None
    source: Mapping[str, Any] = field(default_factory=dict)
    uses: tuple[str, ...] = ()

    @property
    def told_note(self) -> Text:
        """The note for who reads it: one that came ready is said in both languages."""
        return note_of(self.note)

    @property
    def follows(self) -> bool:
        """Whether a condition says who is in it."""
        return self.kind != "static" and self.definition is not None

    @property
    def being_made(self) -> bool:
        """Whether it is a list that the background has yet to make: it has nobody till then, and then all at once."""
        return self.kind == "static" and self.refreshed_at is None


@dataclass(frozen=True, slots=True)
class SegmentVersion:
    number: int
    definition: Mapping[str, Any] | None
    source: Mapping[str, Any]
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Preview:
    """How many members a condition finds now, and some of them. `estimated`: reckoned from a sample of them."""

    count: int
    of: int
    sample: tuple[UUID, ...]
    estimated: bool
    took_ms: int


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh changed. None in its place where another process was at it.

    `too_many`: more than may be held up were moved in a live segment, as they were found; it is due again at once.
    """

    members: int
    entered: int
    gone: int
    took_ms: int
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class SegmentMove:
    member_id: UUID
    entered: bool
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class SegmentCount:
    at: datetime
    version: int
    members: int
    entered: int
    gone: int


@dataclass(frozen=True, slots=True)
class InSegment:
    """A segment that a member is in."""

    code: str
    name: Text
    since: datetime
    tag: str


@dataclass(frozen=True, slots=True)
class FieldFreshness:
    """How fresh the data behind conditions is: facts' oldest day and the dirty list, scores' instant."""

    facts_day: date | None
    facts_waiting: int
    scores_at: datetime | None
