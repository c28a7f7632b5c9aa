"""Lots, accounts and entries as the posting fold carries them, and what reads return.

What the fold makes many of are msgspec structs: a frozen dataclass of nine fields takes 0.8 µs to make, a struct 0.07.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from regulars.kit.errors import Refusal
from regulars.kit.text import Text

LotState = Literal["active", "pending", "closed"]
EntryKind = Literal[
    "earn", "activate", "settle", "burn", "burn_return", "claw_back", "expire", "hold", "capture", "release",
    "adjust", "extend", "repair", "topup", "topup_return", "transfer",
]  # fmt: skip

KIND_NAMES: dict[str, Text] = {
    "earn": Text("获得", "Earned"),
    "activate": Text("待生效转可用", "Became available"),
    "settle": Text("抵扣欠分", "Settled debt"),
    "burn": Text("使用", "Spent"),
    "burn_return": Text("使用退回", "Returned"),
    "claw_back": Text("退单扣回", "Taken back on refund"),
    "expire": Text("到期", "Expired"),
    "hold": Text("冻结", "Held"),
    "capture": Text("冻结扣除", "Hold captured"),
    "release": Text("解除冻结", "Hold released"),
    "adjust": Text("人工调整", "Adjusted by hand"),
    "extend": Text("延长有效期", "Expiry extended"),
    "repair": Text("迟到数据修正", "Repaired for late data"),
    "topup": Text("购入", "Bought"),
    "topup_return": Text("购入退回", "Purchase given back"),
    "transfer": Text("转赠", "Transferred"),
}


class Lot(Struct):
    """Value earned at once. What is neither `remaining`, `held`, `expired` nor `clawed` was spent."""

    id: UUID
    unit: str
    state: LotState
    amount: int
    remaining: int
    held: int
    expired: int
    clawed: int
    activity_id: UUID | None
    rule: str
    earned_at: datetime
    active_at: datetime | None
    expires_at: datetime | None
    is_new: bool = False
    changed: bool = False

    @property
    def spent(self) -> int:
        return self.amount - self.remaining - self.held - self.expired - self.clawed


class Account(Struct):
    """A member's running totals of one unit. `debt` is positive. The two instants may be early, never late."""

    available: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0
    next_expiry_at: datetime | None = None
    next_active_at: datetime | None = None
    changed: bool = False

    def to_json(self) -> dict[str, int]:
        return {"available": self.available, "pending": self.pending, "held": self.held, "debt": self.debt}


class Cause(Struct, frozen=True):
    """Why value moves: the activity, the programme version that decided, the instant it counts from."""

    activity_id: UUID | None
    version: int
    at: datetime


class EntryDraft(Struct, frozen=True):
    """An entry to be written: see `models.Entry`."""

    unit: str
    kind: EntryKind
    account: str
    contra: str
    amount: int
    balance_after: int
    lot_id: UUID | None
    rule: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of the ledger as reads return it."""

    id: UUID
    unit: str
    kind: str
    account: str
    contra: str
    amount: int
    balance_after: int
    lot_id: UUID | None
    activity_id: UUID | None
    rule: str
    version: int
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class LotRow:
    """One lot as reads return it."""

    id: UUID
    unit: str
    state: str
    amount: int
    remaining: int
    held: int
    expired: int
    clawed: int
    activity_id: UUID | None
    rule: str
    earned_at: datetime
    active_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExpiryDay:
    """`amount` of `unit` expires at the end of the day before `on` (business days; `on` is the first day without)."""

    unit: str
    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class HoldRow:
    id: UUID
    member_id: UUID
    unit: str
    amount: int
    state: str
    parts: list[tuple[UUID, int]]
    subject: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """A manual adjustment: `waiting` for a second person, `posted` or `rejected`."""

    id: UUID
    member_id: UUID
    brand_id: UUID
    unit: str
    amount: int
    reason: str
    comment: str
    state: str
    asked_by: UUID | None
    asked_by_label: str
    decided_by: UUID | None
    decided_by_label: str
    activity_id: UUID | None
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that reconcile found: `what` names the law that does not hold."""

    what: str
    brand_id: UUID
    member_id: UUID | None
    unit: str
    expected: int
    found: int

    def to_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "brand_id": str(self.brand_id),
            "member_id": str(self.member_id) if self.member_id else None,
            "unit": self.unit,
            "expected": self.expected,
            "found": self.found,
        }


def insufficient(unit: str, available: int, wanted: int) -> Refusal:
    """The balance is too low: an everyday refusal."""
    return Refusal(
        "insufficient_balance",
        Text(
            "可用余额不足：可用 {available}，需要 {wanted}",
            "Balance too low: {available} available, {wanted} needed",
        ).format(available=available, wanted=wanted),
        status=409,
        data={"unit": unit, "available": available, "wanted": wanted},
    )
