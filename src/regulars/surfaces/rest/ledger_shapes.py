"""Shapes of value: balances, lots, entries, holds, adjustments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema

from regulars.surfaces.rest.shapes import In, Line, TextOut, Whole, Word


class BalanceOut(Schema):
    """One unit's account. `debt` is positive and is settled by the next earn."""

    unit: str
    name: TextOut | None
    available: int
    pending: int
    held: int
    debt: int


class ExpiryOut(Schema):
    """`amount` can be spent up to and including `last_day` (a business day of the programme)."""

    unit: str
    last_day: date
    amount: int


class LotOut(Schema):
    """Value earned at once, with its own expiry."""

    id: UUID
    unit: str
    state: Literal["active", "pending", "closed"]
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


class EntryOut(Schema):
    """`amount` (signed) went into `account` from `contra`; `balance_after` is that of `account`."""

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


class BurnGiven(In):
    """`order` names the order that the points pay for: its refund gives them back."""

    unit: Word = Field(examples=["points"])
    amount: Whole
    order: Word | None = None
    source: Word = "api"
    store: Word | None = None
    reason: Line = ""


class ReturnGiven(In):
    """`amount`: all that is left of the burn, if not given."""

    amount: Whole | None = None
    reason: Line = ""


class HoldGiven(In):
    unit: Word = Field(examples=["points"])
    amount: Whole
    expires_in_seconds: Annotated[int, Field(ge=1, le=30 * 86400)] = 900
    subject: Line = ""


class CaptureGiven(In):
    """`amount`: all, if not given; the rest is released."""

    amount: Whole | None = None


class HoldOut(Schema):
    id: UUID
    member_id: UUID
    unit: str
    amount: int
    state: Literal["held", "captured", "released"]
    subject: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    activity_id: UUID | None = None


class LotEnding(In):
    """Why staff step in."""

    comment: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]


class AdjustmentGiven(In):
    """`reason` is one of goodwill, complaint, missing, correction, migration, campaign, fraud."""

    unit: Word = Field(examples=["points"])
    amount: Annotated[int, Field(ge=-(10**9), le=10**9)]
    reason: Word = Field(examples=["goodwill"])
    comment: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


class AdjustmentOut(Schema):
    """`waiting` until a second person decides; `posted` or `rejected`."""

    id: UUID
    member_id: UUID
    unit: str
    amount: int
    reason: str
    comment: str
    state: Literal["waiting", "posted", "rejected"]
    asked_by_label: str
    decided_by_label: str
    activity_id: UUID | None
    created_at: datetime
    decided_at: datetime | None
