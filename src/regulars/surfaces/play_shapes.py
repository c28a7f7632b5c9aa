"""Missions, check-in, badges, boards and draws as members' pages and the public API show them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, StringConstraints

_CLEAN = r"^[^\x00]*$"
PlayKey = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_CLEAN)]


class _Shape(Schema):
    model_config = ConfigDict(extra="forbid")


class MissionStepOut(_Shape):
    """One step. `value` of `goal`; amounts are minor units where `measure` is `amount`."""

    key: str
    name: str
    measure: str
    unit: str
    value: int
    goal: int
    percent: int
    done: bool
    waits: bool
    rewards: list[str]


class MissionCardOut(_Shape):
    """A mission as its member sees it. `can_take_up`: she has to say that she wants it. `days_left` counts today."""

    key: str
    name: str
    description: str
    group: str
    state: Literal["open", "running", "finished", "expired", "withdrawn"]
    state_name: str
    in_order: bool
    can_take_up: bool
    days_left: int | None
    ends_at: datetime | None
    finished_at: datetime | None
    repeat: str
    steps: list[MissionStepOut]
    done: int
    percent: int
    rewards: list[str]


class MissionCardsOut(_Shape):
    items: list[MissionCardOut]


class CheckinDayOut(_Shape):
    """A day of the calendar: `state` is `checkin`, `makeup`, `missed` (it can be made up for), `today` or empty."""

    day: date
    state: Literal["checkin", "makeup", "missed", "today", ""]
    bonus: bool


class CheckinRungOut(_Shape):
    days: int
    rewards: list[str]
    cards: int
    reached: bool


class CheckinOut(_Shape):
    """Where a member stands. `next_bonus_in`: days until the next bonus of the row; null where none is left."""

    enabled: bool
    today: date
    month: str
    checked_in: bool
    streak: int
    best: int
    total: int
    cards: int
    free_cards: int
    makeup_days: int
    rewards: list[str]
    ladder: list[CheckinRungOut]
    next_bonus_in: int | None
    days: list[CheckinDayOut]


class CheckedInOut(_Shape):
    """What a check-in gave: `fresh` is false where the day had counted before."""

    fresh: bool
    bonuses: list[int]
    gained: list[str]
    checkin: CheckinOut


class MakeUpIn(_Shape):
    day: date


class BadgeLevelOut(_Shape):
    at: int
    name: str
    reached: bool


class BadgeProgressOut(_Shape):
    """How far she is with one number that a badge wants. `shown` is both in words; `value` and `wanted` are plain,
    amounts in minor units.
    """

    label: str
    shown: str
    value: str
    wanted: str
    percent: int
    done: bool


class BadgeShownOut(_Shape):
    """A badge on the wall; `level` 0 is none yet. `next_at`: how often it must be given for the next level. `how` says
    what it takes where a condition gives it, and `taken_away` that it lasts only as long as that holds. `progress`: how
    far she is with the numbers it takes, until it is hers.
    """

    key: str
    name: str
    description: str
    icon: str
    colour: str
    level: int
    level_name: str
    times: int
    next_at: int | None
    first_at: datetime | None
    how: str
    taken_away: bool
    progress: list[BadgeProgressOut]
    levels: list[BadgeLevelOut]


class BadgesOut(_Shape):
    items: list[BadgeShownOut]


class BoardRowOut(_Shape):
    rank: int
    name: str
    score: int
    shown: str
    me: bool
    prize: list[str]


class BoardStoreOut(_Shape):
    code: str
    name: str


class BoardOut(_Shape):
    """A board of one period (and store). `ranked_by` says what counts; `mine` is the caller's place, also where it is
    not among those shown.
    """

    key: str
    name: str
    description: str
    measure: str
    ranked_by: str
    period: str
    period_name: str
    ends_at: datetime | None
    store: str
    stores: list[BoardStoreOut]
    rows: list[BoardRowOut]
    members: int
    mine: BoardRowOut | None
    hidden: bool
    last: list[BoardRowOut]
    last_period: str


class BoardsOut(_Shape):
    items: list[BoardOut]
    hidden: bool


class BoardChoiceIO(_Shape):
    """Whether she is left out of all boards."""

    hidden: bool


class DrawPrizeOut(_Shape):
    """A prize with its published odds, exact as a ratio. `left` is null without a stock."""

    key: str
    name: str
    odds: str
    ratio: str
    wins: bool
    left: int | None
    rewards: list[str]


class DrawShownOut(_Shape):
    """A draw as its member sees it."""

    key: str
    name: str
    description: str
    is_open: bool
    ends_on: date | None
    prizes: list[DrawPrizeOut]
    free: int
    given: int
    left_today: int
    price: int
    unit: str
    unit_name: str
    balance: int
    pity_in: int | None
    pity_prize: str
    seed_hash: str
    client_seed: str
    nonce: int
    log_url: str


class DrawsOut(_Shape):
    items: list[DrawShownOut]


class DrawIn(_Shape):
    """`key` is the idempotency key: the same again is the same draw. `pay`: points where no chance is left."""

    key: PlayKey
    pay: bool = False


class ClientSeedIn(_Shape):
    client_seed: Annotated[str, StringConstraints(min_length=4, max_length=64, pattern=_CLEAN)]


class DrawnOut(_Shape):
    """One draw. `number` with both seeds is what anybody can reckon again."""

    id: UUID
    prize: str
    prize_name: str
    wins: bool
    why: str
    why_name: str
    paid_by: str
    cost: int
    rewards: list[str]
    not_given: list[str]
    drawn: str
    version: int
    seed: int
    client_seed: str
    nonce: int
    number: str
    drawn_at: datetime
    repeated: bool = False


class MyDrawsOut(_Shape):
    items: list[DrawnOut]


class DrawLogSeedOut(_Shape):
    """A server seed: its hash from the start, the seed itself once it was revealed."""

    number: int
    hash: str
    state: Literal["next", "current", "revealed"]
    published_at: datetime
    used_from: datetime | None
    revealed_at: datetime | None
    seed: str


class DrawLogPrizeOut(_Shape):
    key: str
    name: str
    odds: str
    stock: int | None
    instead: str


class DrawLogVersionOut(_Shape):
    """The odds as they were published, in the order in which the prizes stand on the line."""

    number: int
    published_at: datetime
    prizes: list[DrawLogPrizeOut]
    pity_after: int
    pity_prize: str


class DrawLogPlayOut(_Shape):
    """A draw without its member. `right`: whether seeds, number and prize agree; null until the seed is revealed."""

    id: UUID
    drawn_at: datetime
    version: int
    seed: int
    client_seed: str
    nonce: int
    number: str
    drawn: str
    prize: str
    why: str
    right: bool | None


class DrawLogOut(_Shape):
    """Everything that it takes to check a draw, for anybody. `before` the last id gives the next page."""

    draw: str
    name: str
    seeds: list[DrawLogSeedOut]
    versions: list[DrawLogVersionOut]
    plays: list[DrawLogPlayOut]
    next_before: UUID | None


class TakeUpOut(_Shape):
    """The mission after it was taken up."""

    mission: MissionCardOut
