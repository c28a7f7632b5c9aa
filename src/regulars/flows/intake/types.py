"""What the intake flow carries between its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from regulars.facts.activity.records import Stored, StoredEarn
from regulars.facts.activity.types import ActivityIn
from regulars.programme.rules.types import Act, BudgetRoom

# Types that only Regulars itself posts, through the flows that own them.
INTERNAL_TYPES = frozenset(
    {
        "burn_return", "adjust", "hold", "capture", "release", "tier_place", "tier_unlock", "lot_activate",
        "lot_cancel", "credit", "lot_expiry", "reward", "reward_back",
    }
)  # fmt: skip
SYSTEM_TYPES = frozenset({"order", "refund", "order_delivered", "checkin", "burn"}) | INTERNAL_TYPES


@dataclass(slots=True)
class Event:
    """An activity on its way through a fold: parsed, its member known, its id made.

    `order_key` is the directory key of the order it is, or is about. `recorded` is what was decided when it first
    came, for events that a replay takes as they were; one that it decides anew takes no more of budgets (`rooms`).
    """

    id: UUID
    member_id: UUID
    type: str
    occurred_at: datetime
    given: ActivityIn
    act: Act
    order_key: UUID | None = None
    subject: str = ""
    store_id: UUID | None = None
    recorded: Stored | None = None
    waiting: bool = False
    held: str = ""  # by which rule its value waits for a review
    rooms: Mapping[str, BudgetRoom] | None = None  # of budgets, for one that a replay decides anew
    known: Mapping[str, Any] = field(
        default_factory=dict
    )  # of her facts and scores when it was decided, plain


@dataclass(slots=True)
class BurnRecord:
    """A burn that can come back: its parts by lot, in the order they were taken, and how much is back."""

    activity_id: UUID
    unit: str
    amount: int
    parts: list[tuple[UUID, int]]
    returned: int = 0
    contra: str = "redeemed"


@dataclass(slots=True)
class OrderRecord:
    """An order with all that has happened to it since.

    `refunded[i]` is quantity and amount gone back of line i (from 0); `clawed` what was asked back of each earn.
    """

    key: UUID
    activity_id: UUID
    number: str
    occurred_at: datetime
    amounts: tuple[int, ...]
    quantities: tuple[Decimal, ...]
    earns: tuple[StoredEarn, ...]
    effects: tuple[dict[str, Any], ...] = ()  # what other rooms gave for it
    refunded: dict[int, tuple[Decimal, int]] = field(default_factory=dict)
    clawed: dict[int, int] = field(default_factory=dict)
    burns: list[BurnRecord] = field(default_factory=list)
    waiting: list[UUID] = field(default_factory=list)
    delivered_at: datetime | None = None
    known: bool = True  # False: only something about it has come, the order itself not yet
    changed: bool = False

    @property
    def amount(self) -> int:
        return sum(self.amounts)


@dataclass(frozen=True, slots=True)
class HoldRecord:
    """A hold's value by lot."""

    id: UUID
    unit: str
    parts: tuple[tuple[UUID, int], ...]
