"""Journeys as the public API and the console send and show them. See docs/journeys.md for the definition."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import BeforeValidator, ConfigDict, StringConstraints

from regulars.kit.text import Text

_CLEAN = r"^[^\x00]*$"
JourneyCode = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_CLEAN)]
NodeId = Annotated[str, StringConstraints(max_length=64, pattern=_CLEAN)]
_Name = Annotated[str, StringConstraints(max_length=80, pattern=_CLEAN)]
_Note = Annotated[str, StringConstraints(max_length=500, pattern=_CLEAN)]
_Key = Annotated[str, StringConstraints(max_length=100, pattern=_CLEAN)]


class _Shape(Schema):
    model_config = ConfigDict(extra="forbid")


class JourneyNameIO(_Shape):
    """A name in Chinese and English; one left empty borrows the other."""

    zh: _Name = ""
    en: _Name = ""

    def to_text(self) -> Text:
        zh, en = self.zh.strip(), self.en.strip()
        return Text(zh or en, en or zh)


class JourneyNoteIO(_Shape):
    """A note in Chinese and English; one left empty borrows the other."""

    zh: _Note = ""
    en: _Note = ""

    def to_text(self) -> Text:
        zh, en = self.zh.strip(), self.en.strip()
        return Text(zh or en, en or zh)


_NoteIn = Annotated[
    JourneyNoteIO,
    BeforeValidator(lambda given: {"zh": given, "en": given} if isinstance(given, str) else given),
]


class JourneyErrorOut(_Shape):
    """Something wrong with a definition; `field` is its path, such as `nodes[2].arms[0].when`."""

    field: str
    code: str
    message: str


class JourneyOut(_Shape):
    """A journey as it stands. `label` and `about` are its name and note in the reader's language; `triggers`: what
    brings members in, as sentences; `active` members are under way."""

    code: str
    name: JourneyNameIO
    label: str
    note: JourneyNoteIO
    about: str
    state: Literal["draft", "running", "paused", "stopped", "archived"]
    version: int
    has_draft: bool
    triggers: list[str]
    started: int
    active: int
    ended: int
    converted: int
    problem: str
    started_at: datetime | None
    created_at: datetime
    created_by: str
    updated_at: datetime


class JourneyDetailOut(JourneyOut):
    """With its definitions: the draft that is being edited, what is live. `errors` and `sentences` (by node) are of
    the draft, else of what is live."""

    draft: dict[str, Any] | None
    live: dict[str, Any] | None
    errors: list[JourneyErrorOut]
    sentences: dict[str, str]


class ReadyJourneyOut(_Shape):
    """A journey that comes ready. `installed`: it is among the brand's; `steps`: the names of its nodes."""

    code: str
    label: str
    note: str
    steps: list[str]
    installed: bool


class JourneyIn(_Shape):
    """A new journey; without a definition it is empty. A note that is one text is that in both languages."""

    code: JourneyCode
    name: JourneyNameIO
    note: _NoteIn = JourneyNoteIO()
    definition: dict[str, Any] | None = None


class JourneyChangeIn(_Shape):
    """What is left out stays. A definition becomes the draft, with its errors if it has any."""

    name: JourneyNameIO | None = None
    note: _NoteIn | None = None
    definition: dict[str, Any] | None = None


class JourneyCheckIn(_Shape):
    definition: dict[str, Any]
    code: str = Field("", max_length=64)


class JourneyCheckOut(_Shape):
    errors: list[JourneyErrorOut]
    sentences: dict[str, str]


class JourneyPublishIn(_Shape):
    note: _Note = ""


class JourneyStateIn(_Shape):
    state: Literal["running", "paused", "stopped", "archived"]


class JourneyMoveIn(_Shape):
    """Members in flight come to the published version. `missing`: those whose node is not there `stay` or `exit`."""

    from_version: int | None = Field(None, ge=1)
    missing: Literal["stay", "exit"] = "stay"


class JourneyMovedOut(_Shape):
    moved: int
    stayed: int
    ended: int


class JourneyVersionOut(_Shape):
    """What was published. `active` members are under way on it."""

    number: int
    definition: dict[str, Any]
    note: str
    created_at: datetime
    created_by: str
    active: int


class JourneyNodeOut(_Shape):
    """`entered` came to the node, `here` are there now; `ports`: left by each way; `ended`: there, by reason."""

    node: str
    entered: int
    here: int
    ports: dict[str, int]
    ended: dict[str, int]


class JourneyVersionCountOut(_Shape):
    version: int
    active: int


class JourneyCountsOut(_Shape):
    """Counts of one version; runs that were moved in or out are with the version where they are."""

    version: int
    versions: list[JourneyVersionCountOut]
    started: int
    active: int
    ended: int
    converted: int
    ended_by: dict[str, int]
    nodes: list[JourneyNodeOut]


class JourneyReasonOut(_Shape):
    """So many messages for a reason; `label` says it in a few words."""

    code: str
    label: str
    count: int


class JourneyChannelOut(_Shape):
    channel: str
    label: str
    count: int


class JourneyMessageOut(_Shape):
    """What became of the messages that a node asked for: `waiting` are not decided on or under way, `sent` went to
    their channel, `delivered` are those of which the channel said so, `clicked` those with a link clicked; `waiting`,
    `failed` and `skipped` with the reasons, most first; `uncertain`: broken off while a provider had them."""

    node: str
    asked: int
    waiting: int
    sent: int
    delivered: int
    clicked: int
    failed: int
    skipped: int
    uncertain: int
    waiting_for: list[JourneyReasonOut]
    failed_for: list[JourneyReasonOut]
    skipped_for: list[JourneyReasonOut]
    channels: list[JourneyChannelOut]


class JourneyMessagesOut(_Shape):
    """By node of one version; a node that asked for none is left out."""

    version: int
    nodes: list[JourneyMessageOut]


class JourneyRunOut(_Shape):
    """A member's way through a journey. `key` tells her runs of one journey apart."""

    id: UUID
    member_id: UUID
    member_code: str
    member_name: str
    version: int
    state: Literal["active", "ended"]
    node: str
    since: datetime
    next_run_at: datetime | None
    started_at: datetime
    ended_at: datetime | None
    reason: str
    converted_at: datetime | None
    key: str
    trigger: str
    steps: int
    problem: str


class JourneySentOut(_Shape):
    """What became of a message that a run asked for, up to `at`. `channel` is the one it is at or went by,
    `reason_name` says in a few words why it is not simply sent."""

    id: UUID
    state: Literal["queued", "sending", "sent", "delivered", "failed", "skipped", "uncertain"]
    reason: str
    reason_name: str
    channel: str
    channel_name: str
    at: datetime | None
    clicked_at: datetime | None


class JourneyActionOut(_Shape):
    """Something a run did; `outcome` is empty where it was simply done. `message` is the one it asked for, as long as
    it is kept."""

    node: str
    visit: int
    kind: str
    at: datetime
    outcome: str
    detail: dict[str, Any]
    message: JourneySentOut | None


class MemberJourneyOut(_Shape):
    """A run of a member. `reason_name`: why it ended, in words; `steps`: the names of the nodes of its version."""

    code: str
    label: str
    reason_name: str
    steps: dict[str, str]
    run: JourneyRunOut
    actions: list[JourneyActionOut]


class JourneyStartIn(_Shape):
    """The same `key` starts the same run, once."""

    member: JourneyCode
    key: _Key = ""
    data: dict[str, Annotated[str, StringConstraints(max_length=500, pattern=_CLEAN)] | int | bool] = Field(
        default_factory=dict, max_length=20
    )


class JourneyStartedOut(_Shape):
    """`refused`: `not_now` (she runs or ran already), `when`, `closed`, `holdout`; empty where the run began."""

    started: int
    refused: str


class JourneyRemovalIn(_Shape):
    member: JourneyCode


class JourneyEndedOut(_Shape):
    ended: int


class JourneyDryRunIn(_Shape):
    """`happens`: after how many hours what a wait waits for happens, by node; the others time out."""

    member: JourneyCode
    days: int = Field(30, ge=1, le=366)
    definition: dict[str, Any] | None = None
    trigger: NodeId = ""
    happens: dict[str, Annotated[int, Field(ge=0, le=9000)]] = Field(default_factory=dict, max_length=200)


class JourneyForecastOut(_Shape):
    at: datetime
    node: str
    kind: Literal["entered", "step", "action", "wait", "end"]
    port: str
    text: str


class JourneyDryRunOut(_Shape):
    """`why_not`: `closed`, `when` (her conditions), `not_due` (her date does not come in that time), `holdout`,
    `not_now` (she is in it, or was, and may not come in again yet)."""

    enters: bool
    why_not: str
    lines: list[JourneyForecastOut]
    assumptions: list[str]


class JourneyChoiceOut(_Shape):
    value: str
    label: str


class JourneySchemeOut(JourneyChoiceOut):
    tiers: list[JourneyChoiceOut]


class JourneyVocabularyOut(_Shape):
    """What the editor's selects show."""

    kinds: list[JourneyChoiceOut]
    triggers: list[JourneyChoiceOut]
    waits: list[JourneyChoiceOut]
    units: list[JourneyChoiceOut]
    agains: list[JourneyChoiceOut]
    periods: list[JourneyChoiceOut]
    reasons: list[JourneyChoiceOut]
    states: list[JourneyChoiceOut]
    purposes: list[JourneyChoiceOut]
    task_kinds: list[JourneyChoiceOut]
    activities: list[JourneyChoiceOut]
    segments: list[JourneyChoiceOut]
    tags: list[JourneyChoiceOut]
    templates: list[JourneyChoiceOut]
    channels: list[JourneyChoiceOut]
    journeys: list[JourneyChoiceOut]
    schemes: list[JourneySchemeOut]
    date_fields: list[JourneyChoiceOut]
