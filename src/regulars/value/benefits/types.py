"""What the benefits room hands out: what a member may use, and what she used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from regulars.kit.text import Text
from regulars.programme.rules.types import Benefit, Programme


@dataclass(frozen=True, slots=True)
class Allowance:
    """A benefit that a member's tiers give her, and how much of it is left in the present period.

    `quota` and `remaining` are None without a quota. `extra` is what grants add to `remaining`; a benefit that only
    they give has the quota 0. `resets_at` is when the next period begins (None: never).
    `automatic`: takes effect by itself and is not used up.
    """

    benefit: Benefit
    period: str
    resets_at: datetime | None
    quota: int | None
    used: int
    remaining: int | None
    automatic: bool
    extra: int = 0


@dataclass(frozen=True, slots=True)
class GrantRow:
    """More uses of a benefit. `used` counts those that stand; `until` is the first instant at which it is over."""

    id: UUID
    member_id: UUID
    benefit: str
    uses: int
    source: str
    reason: str
    actor: str
    granted_at: datetime
    until: datetime
    ended_at: datetime | None
    used: int = 0

    @property
    def period(self) -> str:
        return f"grant:{self.id}"


@dataclass(frozen=True, slots=True)
class NewUse:
    """One of many uses, under an id and an idempotency key of the caller's. `tiers` are the member's."""

    id: UUID
    member_id: UUID
    benefit: str
    key: str
    store_id: UUID | None
    programme: Programme
    tiers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NewGrant:
    """A grant under an id of the caller's: the same id again is the same grant."""

    member_id: UUID
    id: UUID
    benefit: str
    uses: int
    source: str
    until: datetime
    reason: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class BenefitUseRow:
    """One use of a benefit, undone or not."""

    id: UUID
    member_id: UUID
    benefit: str
    period: str
    store_id: UUID | None
    actor: str
    used_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class UseReceipt:
    """The answer to a use or its undoing. `repeated`: it had been done before, nothing was done again."""

    use: BenefitUseRow
    remaining: int | None
    repeated: bool = False


BENEFIT = Text("权益", "Benefit")
USE = Text("使用记录", "Use")
