"""What the tiers room hands out: moves, progress, history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from regulars.kit.text import Text

MoveReason = Literal[
    "joined",
    "upgraded",
    "kept",
    "stepped_down",
    "fell",
    "refunded",
    "manual",
    "match",
    "step",
    "repaired",
    "unlocked",
]


_NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class TierMove:
    """From `occurred_at` on the member is in `tier` (perhaps still `previous`: kept, unlocked)."""

    scheme: str
    previous: str
    tier: str
    reason: MoveReason
    occurred_at: datetime
    ends_at: datetime | None
    comment: str = ""
    actor: str = ""

    @property
    def changed(self) -> bool:
        return self.previous != self.tier


@dataclass(frozen=True, slots=True)
class Shortfall:
    """How far one qualification is: `have` of `at_least`; `projected`: at the window's end, at this pace.

    Amounts of `spend` are minor units. `projected` is None while there is too little time to judge a pace by.
    """

    metric: str
    have: int
    at_least: int
    projected: int | None = None

    @property
    def missing(self) -> int:
        return max(0, self.at_least - self.have)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What it takes to keep or reach `tier`: `need` of `parts` must hold. `by` is the last day that counts.

    `on_course`: at the present pace it will be met; `expected_on` the day on which (for the next tier).
    """

    tier: str
    parts: tuple[Shortfall, ...]
    need: int
    met: bool
    by: date | None
    on_course: bool | None = None
    expected_on: date | None = None
    sentence: Text = _NOTHING

    @property
    def open_parts(self) -> tuple[Shortfall, ...]:
        """The parts that are still missing, nearest first as a share of what they ask."""
        left = [part for part in self.parts if part.missing]
        return tuple(sorted(left, key=lambda part: part.missing * 1000 // part.at_least))

    @property
    def still_needed(self) -> int:
        """How many of `open_parts` must still be met."""
        return max(0, self.need - sum(1 for part in self.parts if not part.missing))


@dataclass(frozen=True, slots=True)
class TierProgress:
    """A member's tier for people: what keeps it, what reaches the next one, and the sentences that say so."""

    scheme: str
    tier: str
    name: Text
    colour: str
    since: datetime
    ends_at: datetime | None
    grace_ends_at: datetime | None
    locked: bool
    to_keep: Requirement | None
    to_next: Requirement | None
    sentences: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class MemberMove:
    """A move of a member, to be written into her history."""

    member_id: UUID
    move: TierMove
    activity_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TierHistoryRow:
    """One row of a member's tier history, newest first in lists."""

    id: UUID
    member_id: UUID
    scheme: str
    previous: str
    tier: str
    reason: MoveReason
    comment: str
    ends_at: datetime | None
    activity_id: UUID | None
    actor: str
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """A member whose tier ends soon, at `progress.ends_at` or the end of grace, and what still keeps it."""

    member_id: UUID
    progress: TierProgress
    days_left: int


@dataclass(frozen=True, slots=True)
class TierFlow:
    """How many members moved from tier to tier on a business day."""

    day: date
    previous: str
    tier: str
    members: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """Her tier now, where a draft scheme would take her, and where the live one does."""

    current: str
    by_draft: str
    by_live: str


@dataclass(frozen=True, slots=True)
class Reached:
    """How long it took members from joining to first reach a tier, in days: median and quartiles."""

    tier: str
    members: int
    median_days: int
    fast_days: int
    slow_days: int


@dataclass(frozen=True, slots=True)
class Climb:
    """How long members were in `previous` when they rose to `tier`, in days."""

    previous: str
    tier: str
    moves: int
    median_days: int
    fast_days: int
    slow_days: int
