"""Coupons as other rooms see them: definitions, issued coupons, codes, gifts, bulk issues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

CouponState = Literal["claimed", "locked", "used", "returned", "expired", "void", "gifted"]
DefinitionState = Literal["draft", "active", "paused", "ended"]
CodeState = Literal["free", "reserved", "open", "bound", "void"]
Channel = Literal["portal", "code", "issue"]
CodeUse = Literal["none", "pool"]

COUPON = Text("优惠券", "Coupon")
DEFINITION = Text("券模板", "Coupon definition")
STATES: dict[str, Text] = {
    "claimed": Text("可使用", "claimed"),
    "locked": Text("占用中", "locked"),
    "used": Text("已使用", "used"),
    "returned": Text("已退单", "returned"),
    "expired": Text("已过期", "expired"),
    "void": Text("已作废", "void"),
    "gifted": Text("已转赠", "gifted"),
}
DEFINITION_STATES: dict[str, Text] = {
    "draft": Text("草稿", "draft"),
    "active": Text("启用", "active"),
    "paused": Text("暂停", "paused"),
    "ended": Text("结束", "ended"),
}
CHANNELS: dict[str, Text] = {
    "portal": Text("领券中心", "claim centre"),
    "code": Text("兑换码", "by code"),
    "issue": Text("仅发放", "issued"),
}


@dataclass(frozen=True, slots=True)
class FixedDates:
    """Usable from the business day `first` (at once if None) to the business day `last`, included."""

    first: date | None
    last: date


@dataclass(frozen=True, slots=True)
class AfterClaim:
    """Usable for `days` business days from the claim's day, `delay_days` later, within `not_before` … `not_after`.

    With `days` 1 it is usable on the day of the claim only. Without `days` it ends with `not_after`, or never.
    """

    days: int | None
    delay_days: int = 0
    not_before: date | None = None
    not_after: date | None = None


Validity = FixedDates | AfterClaim


@dataclass(frozen=True, slots=True)
class Limits:
    """How many may be had: in all, on one business day, by one member, by one natural person. None: any number."""

    total: int | None = None
    per_day: int | None = None
    per_member: int | None = None
    per_person: int | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """A coupon definition. `offer` is what `programme.pricing` reads; `budgets` are keys of `value.budgets`.

    `worth` is what a use without a cart costs those budgets, in minor units. `claim_from` … `claim_to` are business
    days, included. `codes` `pool`: each coupon is handed out with one of the definition's free codes. `gift_hours` is
    how long a gift stands open. A coupon that comes back after a return is usable for at least `grace_days` more.
    """

    key: str
    name: Text
    state: DefinitionState
    offer: Mapping[str, Any]
    validity: Validity
    limits: Limits = Limits()
    budgets: tuple[str, ...] = ()
    worth: int = 0
    channels: frozenset[str] = frozenset({"issue"})
    claim_from: date | None = None
    claim_to: date | None = None
    tiers: frozenset[str] = frozenset()
    codes: CodeUse = "none"
    words: tuple[str, ...] = ()
    transferable: bool = False
    gift_hours: int = 72
    grace_days: int = 0
    undo_minutes: int = 30
    description: Text = field(default_factory=lambda: Text("", ""))
    revision: int = 0
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Coupon:
    """An issued coupon. `expires_at` is the first instant at which it can no longer be used."""

    member_id: UUID
    id: UUID
    brand_id: UUID
    definition: str
    state: CouponState
    claimed_at: datetime
    starts_at: datetime
    expires_at: datetime | None
    source: str
    lock: str | None = None
    locked_until: datetime | None = None
    used_at: datetime | None = None
    order: str | None = None
    store_id: UUID | None = None
    channel: str | None = None
    actor: str | None = None
    amount: int | None = None
    ended_at: datetime | None = None
    code: str | None = None
    persons: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A coupon with what it is."""

    coupon: Coupon
    definition: Definition


@dataclass(frozen=True, slots=True)
class Usable:
    """A coupon that its member could use when it was asked for: what an offer and its use need of it."""

    member_id: UUID
    id: UUID
    definition: Definition
    expires_at: datetime | None
    code: str


@dataclass(frozen=True, slots=True)
class UseRow:
    """One of many uses: as `CouponUse`, with whose coupon it is and where."""

    coupon: Usable
    order: str
    amount: int
    store_id: UUID | None
    channel: str


@dataclass(frozen=True, slots=True)
class CouponUse:
    """A coupon to be used: `order` names what it is used for, `amount` what it takes off (minor units)."""

    coupon_id: UUID
    order: str
    amount: int = 0


@dataclass(frozen=True, slots=True)
class IssueRow:
    """One coupon to be issued under an id of the caller's: the same id again is the same coupon."""

    member_id: UUID
    definition: str
    id: UUID
    source: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row: `issued`, `repeated` (it was there), or the code of a refusal."""

    member_id: UUID
    coupon_id: UUID
    result: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Figures of a definition. `left` is None without a limit in total."""

    issued: int
    used: int
    left: int | None
    left_today: int | None = None


@dataclass(frozen=True, slots=True)
class Gift:
    """A coupon on its way to somebody else, who brings the `token`."""

    token_hash: UUID
    definition: str
    giver_id: UUID
    coupon_id: UUID
    state: str
    message: str
    offered_at: datetime
    expires_at: datetime
    taker_id: UUID | None
    taken_id: UUID | None
    ended_at: datetime | None
    token: str


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code and what became of it."""

    code: str
    definition: str
    state: CodeState
    batch_id: UUID | None
    holder_id: UUID | None
    coupon_id: UUID | None
    bound_at: datetime | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Codes made or imported together, with how many are in which state (only where asked for)."""

    id: UUID
    definition: str
    origin: str
    count: int
    note: str
    reserved_for: str
    actor: str
    created_at: datetime
    states: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IssueJob:
    """A bulk issue under way. `segment` is the caller's JSON; `refused` counts by code."""

    id: UUID
    brand_id: UUID
    definition: str
    key: str
    state: str
    segment: Mapping[str, Any]
    total: int
    seen: int
    issued: int
    repeated: int
    refused: Mapping[str, int]
    after: UUID | None
    actor_kind: str
    actor_id: UUID | None
    actor_label: str
    problem: str
    created_at: datetime
    ended_at: datetime | None
