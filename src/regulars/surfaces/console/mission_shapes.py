"""Shapes of missions and play on the operator's pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from regulars.surfaces.play_shapes import BadgeProgressOut

_Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class _Shape(Schema):
    model_config = ConfigDict(extra="forbid")


class PlayChoiceOut(_Shape):
    value: str
    label: str


class MissionStepTallyOut(_Shape):
    key: str
    name: str
    sentence: str
    done: int


class MissionOut(_Shape):
    """A mission with what became of it. `cost` in minor units, `back` what of it was taken back."""

    key: str
    name: str
    state: str
    state_name: str
    group: str
    opt_in: bool
    repeat: str
    repeat_name: str
    window: str
    audience: str
    rewards: list[str]
    definition: dict[str, Any]
    live: int
    revision: int
    live_at: datetime | None
    updated_at: datetime
    members: int
    started: int
    running: int
    finished: int
    expired: int
    withdrawn: int
    rolled_back: int
    cost: int
    back: int
    steps: list[MissionStepTallyOut]


class MissionVersionOut(_Shape):
    number: int
    actor: str
    published_at: datetime


class MissionRunOut(_Shape):
    code: str
    name: str
    run: str
    version: int
    state: str
    state_name: str
    done: int
    of: int
    rolled_back: int
    started_at: datetime
    finished_at: datetime | None
    ends_at: datetime | None


class MissionBuilderOut(_Shape):
    """What the editors offer: the language of activities and of members, types, units, budgets, names."""

    acting: dict[str, Any]
    standing: dict[str, Any]
    activities: list[PlayChoiceOut]
    units: list[PlayChoiceOut]
    budgets: list[PlayChoiceOut]
    badges: list[PlayChoiceOut]
    draws: list[PlayChoiceOut]
    missions: list[PlayChoiceOut]
    measures: list[PlayChoiceOut]
    repeats: list[PlayChoiceOut]
    periods: list[PlayChoiceOut]
    board_sources: list[PlayChoiceOut]
    board_measures: list[PlayChoiceOut]
    icons: list[str]
    currency: str


class CheckinDayTallyOut(_Shape):
    day: date
    checkins: int
    makeups: int


class CheckinSettingsOut(_Shape):
    definition: dict[str, Any]
    days: list[CheckinDayTallyOut]
    cost: int


class BadgeOut(_Shape):
    key: str
    name: str
    description: str
    icon: str
    colour: str
    state: str
    definition: dict[str, Any]
    members: int
    given: int
    # of one that a condition gives: the condition as a sentence, when everybody was asked last, what went wrong since
    sentence: str
    followed_at: datetime | None
    problem: str


class BadgeMoveOut(_Shape):
    """A badge as a member was given it, and when it was taken back. `source_name`: what gave it, in words."""

    badge: str
    name: str
    icon: str
    colour: str
    source: str
    source_name: str
    granted_at: datetime
    revoked_at: datetime | None


class BadgeAheadOut(_Shape):
    """A badge that a member has not got yet, and how far she is with the numbers it takes."""

    badge: str
    name: str
    colour: str
    progress: list[BadgeProgressOut]


class PlayRunOut(_Shape):
    """A mission as one member runs it."""

    mission: str
    name: str
    state: str
    state_name: str
    done: int
    of: int
    started_at: datetime
    finished_at: datetime | None
    ends_at: datetime | None


class MemberPlayOut(_Shape):
    """A member's missions, badges and check-ins. `ahead`: badges to come, the nearest first. `checkins` are all days
    that count, `streak` those in a row now."""

    badges: list[BadgeMoveOut]
    ahead: list[BadgeAheadOut]
    runs: list[PlayRunOut]
    checkins: int
    streak: int
    best: int
    hidden: bool


class BadgeGrantIn(_Shape):
    members: Annotated[list[_Code], Field(min_length=1, max_length=1000)]
    key: _Code


class BadgeGivenOut(_Shape):
    given: int


class ConsoleBoardRowOut(_Shape):
    rank: int
    code: str
    name: str
    score: int


class BoardClosedOut(_Shape):
    period: str
    store: str
    members: int
    prizes: int
    closed_at: datetime
    rows: list[ConsoleBoardRowOut]


class ConsoleBoardOut(_Shape):
    """A leaderboard. `counts_from`: from when on acts count; `filling`: those before its opening are counted still."""

    key: str
    name: str
    state: str
    state_name: str
    period_name: str
    measure: str
    measure_name: str
    per_store: bool
    store: str  # of which the places are, and those there are
    stores: list[PlayChoiceOut]
    sentence: str
    definition: dict[str, Any]
    live_at: datetime | None
    counts_from: datetime | None
    filling: bool
    period: str
    ends_at: datetime | None
    members: int
    rows: list[ConsoleBoardRowOut]
    closed: list[BoardClosedOut]
    cost: int


class DrawPrizeTallyOut(_Shape):
    """`expected`: how many draws would have brought it by the published odds, to one decimal, as text."""

    key: str
    name: str
    odds: str
    drawn: int
    expected: str
    given: int
    used_up: int
    guaranteed: int
    stock: int | None
    left: int | None
    rewards: list[str]


class ConsoleDrawOut(_Shape):
    key: str
    name: str
    state: str
    state_name: str
    definition: dict[str, Any]
    live: int
    revision: int
    updated_at: datetime
    plays: int
    members: int
    paid: int
    unit: str
    cost: int
    prizes: list[DrawPrizeTallyOut]
    seed: int | None
    seed_hash: str
    log_url: str


class DrawPlayRowOut(_Shape):
    id: UUID
    code: str
    name: str
    prize: str
    why: str
    why_name: str
    paid_by: str
    cost: int
    refused: str
    seed: int
    nonce: int
    number: str
    drawn_at: datetime


class DrawPlaysOut(_Shape):
    items: list[DrawPlayRowOut]
    next_before: UUID | None


class NewMemberPathIn(_Shape):
    unit: _Code


class MissionPutIn(_Shape):
    definition: dict[str, Any]
    revision: int | None = None


class PlayStateIn(_Shape):
    state: Annotated[str, StringConstraints(max_length=20, pattern=r"^[^\x00]*$")]
