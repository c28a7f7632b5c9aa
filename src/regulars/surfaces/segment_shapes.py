"""Shapes of segments and facts, shared by the public API and the console."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints

from regulars.kit.text import Text

Kind = Literal["static", "refreshed", "live"]
_CLEAN = r"^[^\x00]*$"
SegmentCode = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_CLEAN)]
_Name = Annotated[str, StringConstraints(max_length=80, pattern=_CLEAN)]
_Note = Annotated[str, StringConstraints(max_length=500, pattern=_CLEAN)]
_Tag = Annotated[str, StringConstraints(max_length=40, pattern=_CLEAN)]


class _Shape(Schema):
    model_config = ConfigDict(extra="forbid")


class SegmentNameIO(_Shape):
    """A name in Chinese and English; one left empty borrows the other."""

    zh: _Name = ""
    en: _Name = ""

    def to_text(self) -> Text:
        zh, en = self.zh.strip(), self.en.strip()
        return Text(zh or en, en or zh)


class FieldTextOut(_Shape):
    zh: str
    en: str


class SegmentOut(_Shape):
    """A segment as it stands. `trend`: members at the end of its last days with a change. `age_seconds`: how long ago
    everybody was asked; null before the first time and for lists. `profiles`: it stands on scores, so members who
    switched profiling off are never in it. `own_stores`: `members` counts those of the caller's stores alone, for she
    works for them; how the whole brand's number went is not told then, so `trend` is empty.

    `being_made`: a list that is made in the background and has nobody till then; `progress` is how far that is, in
    percent. It waits while `run` is `idle`; `cancelled` or `failed` (`problem` says why), it waits for a refresh.
    """

    code: str
    name: SegmentNameIO
    label: str
    note: str
    kind: Kind
    state: Literal["active", "paused", "archived"]
    tag: str
    version: int
    profiles: bool
    every_minutes: int | None
    next_refresh_at: datetime | None
    members: int
    own_stores: bool
    refreshed_at: datetime | None
    age_seconds: int | None
    refreshed_in_ms: int | None
    run: Literal["idle", "running", "cancelled", "failed"]
    being_made: bool
    progress: int | None
    problem: str
    definition: dict[str, Any] | None
    sentence: str
    source: dict[str, Any]
    uses: list[str]
    trend: list[int]
    created_at: datetime
    created_by: str
    updated_at: datetime


class SegmentDraftIn(_Shape):
    """A new segment. Refreshed and live ones have a `definition`, a condition of the condition language; a static one
    has `members` (codes or ids), or a `definition` whose members of now it keeps.
    """

    code: SegmentCode
    name: SegmentNameIO
    kind: Kind
    definition: dict[str, Any] | None = None
    members: list[SegmentCode] = Field([], max_length=100_000)
    note: _Note = ""
    every_minutes: int | None = None
    tag: _Tag = ""


class SegmentChangeIn(_Shape):
    """What is left out stays as it is; a new `definition` is a new version, refreshed at once."""

    name: SegmentNameIO | None = None
    definition: dict[str, Any] | None = None
    members: list[SegmentCode] | None = Field(None, max_length=100_000)
    note: _Note | None = None
    kind: Literal["refreshed", "live"] | None = None
    every_minutes: int | None = None
    tag: _Tag | None = None


class SegmentStateIn(_Shape):
    state: Literal["active", "paused", "archived"]


class SegmentPreviewIn(_Shape):
    definition: dict[str, Any]


class SegmentSampleOut(_Shape):
    id: UUID
    code: str
    name: str


class SegmentPreviewOut(_Shape):
    """How many of `of` members it finds now; `estimated` where personal data had to be unsealed for too many."""

    count: int
    of: int
    share: float
    estimated: bool
    took_ms: int
    sentence: str
    sample: list[SegmentSampleOut]


class RefreshedOut(_Shape):
    members: int
    entered: int
    gone: int
    took_ms: int


class SegmentMemberOut(_Shape):
    id: UUID
    code: str
    name: str
    since: datetime


class SegmentMoveOut(_Shape):
    id: UUID
    code: str
    name: str
    entered: bool
    version: int
    at: datetime


class SegmentCountOut(_Shape):
    at: datetime
    version: int
    members: int
    entered: int
    gone: int


class SegmentVersionOut(_Shape):
    number: int
    definition: dict[str, Any] | None
    sentence: str
    source: dict[str, Any]
    created_at: datetime
    created_by: str


class OverlapIn(_Shape):
    segments: list[SegmentCode] = Field(max_length=50)


class OverlapOut(_Shape):
    """`shared[i][j]`: members in both the i-th and the j-th segment."""

    segments: list[SegmentCode]
    labels: list[str]
    shared: list[list[int]]


class SplitIn(_Shape):
    """The same `salt` puts a member into the same part each time. With `save` each part becomes a static segment."""

    parts: int
    salt: Annotated[str, StringConstraints(max_length=64, pattern=_CLEAN)] = ""
    save: bool = False


class SplitPartOut(_Shape):
    part: str
    members: int


class LookAlikeIn(_Shape):
    code: SegmentCode
    name: SegmentNameIO
    size: int
    method: Literal["cosine", "logistic"] = "logistic"


class FactFieldOut(_Shape):
    """A field of conditions. `freshness`: known with the activity, within a minute of it, or since the last night."""

    key: str
    group: str
    label: FieldTextOut
    description: FieldTextOut
    unit: FieldTextOut
    type: str
    freshness: Literal["at_once", "minute", "nightly"]
    personal: bool


class FactFieldsOut(_Shape):
    """Every field that segments know, and how fresh the brand's data behind them are."""

    fields: list[FactFieldOut]
    members: int
    facts: int
    facts_day: str | None
    facts_at: datetime | None
    waiting: int
    waiting_since: datetime | None
    scored: int
    scores_at: datetime | None


class FactOut(_Shape):
    """`name`: what the brand calls the product category that `value` is the code of; null for every other field."""

    key: str
    label: str
    value: Any
    unit: str
    type: str
    name: str | None = None


class InSegmentOut(_Shape):
    code: str
    label: str
    since: datetime
    tag: str


class MemberFactsOut(_Shape):
    """What is known of a member; `scores` is empty while profiling is off."""

    profiling: bool
    facts_at: datetime | None
    scores_at: datetime | None
    facts: list[FactOut]
    scores: list[FactOut]
    segments: list[InSegmentOut]


class ProfilingIO(_Shape):
    """Whether the brand may profile the member: scores, recommendations and segments that stand on them."""

    on: bool
