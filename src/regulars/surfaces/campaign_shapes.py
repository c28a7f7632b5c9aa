"""Campaigns as the public API and the console send and show them. See docs/campaigns.md for the definition."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints

_CLEAN = r"^[^\x00]*$"
CampaignCode = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_CLEAN)]
_Name = Annotated[str, StringConstraints(max_length=80, pattern=_CLEAN)]
_Note = Annotated[str, StringConstraints(max_length=1000, pattern=_CLEAN)]


class _Shape(Schema):
    model_config = ConfigDict(extra="forbid")


class CampaignNameIO(_Shape):
    """A name in Chinese and English; one left empty borrows the other."""

    zh: _Name = ""
    en: _Name = ""


class CampaignRunOut(_Shape):
    """One occurrence. `treated` = `sent` + `failed` + `skipped` when it is finished; `asked` were handed to messaging
    and have no outcome yet; `messages_held` of those wait because the campaign is paused. `progress` is from 0 to 1.
    `reasons`: why members were skipped, failed or held out."""

    number: int
    state: Literal["listing", "sending", "testing", "settling", "finished", "cancelled"]
    state_name: str
    paused: bool
    planned_at: datetime
    started_at: datetime | None
    decide_at: datetime | None
    rest_at: datetime | None
    ended_at: datetime | None
    counted_at: datetime | None
    audience: int
    treated: int
    held: int
    programme_held: int
    pending: int
    asked: int
    messages_held: int
    sent: int
    failed: int
    skipped: int
    progress: float
    winner: str
    decision: dict[str, Any]
    arms: list[CampaignArmOut]
    reasons: list[CampaignReasonOut]
    problem: str


class CampaignArmOut(_Shape):
    """Members of one arm by state. `rest` waits for the winner of the test."""

    arm: str
    name: str
    members: int
    states: dict[str, int]


class CampaignReasonOut(_Shape):
    """So many members are in a state for a reason."""

    state: str
    reason: str
    name: str
    members: int


class CampaignOut(_Shape):
    """A campaign as it stands. `newest`: its latest run. `audience`: whom it is for, in a sentence."""

    code: str
    name: CampaignNameIO
    label: str
    note: str
    state: Literal["draft", "submitted", "approved", "running", "paused", "finished", "cancelled", "archived"]
    state_name: str
    kind: Literal["once", "recurring"]
    audience: str
    variants: list[str]
    holdout_percent: int
    budget: str
    revision: int
    runs: int
    next_at: datetime | None
    newest: CampaignRunOut | None
    verdict: str
    sentence: str
    created_at: datetime
    created_by: str
    edited_at: datetime
    edited_by: str
    submitted_at: datetime | None
    submitted_by: str
    approved_at: datetime | None
    approved_by: str
    launched_at: datetime | None
    launched_by: str
    refused: str


class CampaignDetailOut(CampaignOut):
    """With its definition. `rewards`: what each variant gives, in words. `upcoming`: its next occurrences.
    `may_approve`: the caller is somebody else than who wrote or submitted it."""

    definition: dict[str, Any]
    rewards: list[list[str]]
    upcoming: list[datetime]
    may_approve: bool


class CampaignIn(_Shape):
    """A new campaign, as a draft."""

    code: CampaignCode
    name: CampaignNameIO
    note: _Note = ""
    definition: dict[str, Any]


class CampaignChangeIn(_Shape):
    """What is left out stays. A change undoes an approval."""

    name: CampaignNameIO | None = None
    note: _Note | None = None
    definition: dict[str, Any] | None = None


class CampaignCopyIn(_Shape):
    """The code of the copy."""

    code: CampaignCode


class CampaignDecisionIn(_Shape):
    """Yes or no; a no needs a note."""

    approve: bool
    note: _Note = ""


class CampaignCountIn(_Shape):
    """A definition, of which the audience and the holdout are looked at."""

    definition: dict[str, Any]


class CampaignCountOut(_Shape):
    """How many an audience is now and how it splits; parts are reckoned from their shares until the launch."""

    found: int
    sampled: int
    programme: int
    holdout: int
    treated: int
    estimated: bool
    sentence: str


class CampaignTryIn(_Shape):
    """A member, by her code."""

    member: Annotated[str, Field(min_length=1, max_length=64)]


class CampaignCheckOut(_Shape):
    """One thing that was asked of her."""

    key: str
    holds: bool
    text: str


class CampaignTryOut(_Shape):
    """What the campaign is for one member. `message`: the words she would read, by channel."""

    matches: bool
    gets: bool
    arm: str
    arm_name: str
    rewards: list[str]
    message: str
    checks: list[CampaignCheckOut]


class CampaignMemberOut(_Shape):
    """A member in a run."""

    id: UUID
    code: str
    name: str
    arm: str
    arm_name: str
    state: str
    state_name: str
    reason: str
    reason_name: str
    value: int
    at: datetime


class MemberCampaignOut(_Shape):
    """A campaign that a member got or was held out of."""

    campaign: str
    label: str
    number: int
    arm: str
    held: bool
    state: str
    state_name: str
    reason_name: str
    at: datetime


class CampaignResultOut(_Shape):
    """What a run brought, as last reckoned at `computed_at` from what was recorded by `as_of`. `figures` is null until
    the first time; its shape is described in docs/campaigns.md. `running`: a computation is under way or asked for."""

    number: int | None
    computed_at: datetime | None
    as_of: datetime | None
    period_from: datetime | None
    period_to: datetime | None
    is_final: bool
    sentence: str
    lacking: str
    running: bool
    names: dict[str, str]
    figures: dict[str, Any] | None


class CampaignHoldoutOut(CampaignResultOut):
    """The programme's holdout over a period. `first` and `last`: the days chosen; null: as usual."""

    percent: int
    since: datetime | None
    first: date | None
    last: date | None


class CampaignHoldoutPeriodIn(_Shape):
    """Business days, both included."""

    first: date
    last: date


class CampaignCostsIO(_Shape):
    """What a message costs by its channel, in minor units."""

    message_cost: dict[str, int]


class CampaignChoiceOut(_Shape):
    """Something to choose, by code."""

    code: str
    name: str
    hint: str = ""


class CampaignChoicesOut(_Shape):
    """What an editor offers to choose from. A template's hint is its purpose, a budget's what is left of it."""

    segments: list[CampaignChoiceOut]
    templates: list[CampaignChoiceOut]
    channels: list[CampaignChoiceOut]
    budgets: list[CampaignChoiceOut]
    margin_permille: int | None
    holdout_percent: int


CampaignRunOut.model_rebuild()
