"""Members: list, card, timeline, orders."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Field

from regulars.surfaces.console.shapes.shared import Shape, StoreRefOut, TierOut


class MemberRowOut(Shape):
    """One line of the list. Name and phone are masked for callers without `members.read_personal`."""

    code: str
    name: str
    phone: str
    status: str
    tier: TierOut | None
    tags: list[str]
    channel: str
    store: StoreRefOut | None
    joined_at: datetime
    orders: int
    spend: int
    last_order_at: datetime | None
    points: int | None = None


class IdentityIn(Shape):
    type: str = Field(min_length=1, max_length=64)
    value: str = Field(min_length=1, max_length=256)


class EnrolIn(Shape):
    """A new member with at least one identifier. `attributes` are the brand's own fields."""

    identities: list[IdentityIn] = Field(max_length=10)
    name: str = Field("", max_length=100)
    gender: str = Field("", max_length=10)
    birthday: str | None = None
    address: str = Field("", max_length=300)
    language: str = Field("zh", max_length=5)
    channel: str = Field("store", max_length=64)
    touchpoint: str = Field("", max_length=64)
    store: str | None = Field(None, max_length=64)
    recruiter: str = Field("", max_length=64)
    tags: list[str] = Field([], max_length=50)
    attributes: dict[str, Any] = {}
    code: str | None = Field(None, max_length=64)


class EnrolledOut(Shape):
    code: str
    outcome: str


class ProfileIn(Shape):
    """Only the keys that are sent change."""

    name: str | None = Field(None, max_length=100)
    gender: str | None = Field(None, max_length=10)
    birthday: str | None = None
    address: str | None = Field(None, max_length=300)
    language: str | None = Field(None, max_length=5)
    attributes: dict[str, Any] | None = None


class StatusIn(Shape):
    status: str
    reason: str = Field("", max_length=200)


class IdentityOut(Shape):
    id: str
    type: str
    type_name: str
    shown: str
    verified_at: datetime | None
    created_at: datetime


class ProfileOut(Shape):
    name: str
    gender: str
    birthday: str
    address: str
    clear: bool


class AttributeOut(Shape):
    """A custom field with this member's value."""

    key: str
    label: str
    type: str
    value: Any = None
    shown: str
    choices: list[dict[str, str]] = []


class BalanceOut(Shape):
    unit: str
    name: str
    kind: str
    available: int
    pending: int
    held: int
    debt: int
    can_burn: bool


class ExpiryDayOut(Shape):
    """`amount` of `unit` ends; `on` is the first day without it."""

    unit: str
    on: date
    amount: int


class QualificationOut(Shape):
    metric: str
    label: str
    is_money: bool
    at_least: int
    now: int


class StandingOut(Shape):
    """Her place in one tier scheme, and what keeps it or takes her further. `sentence` says it in words."""

    scheme: str
    name: str
    tier: TierOut
    tiers: list[TierOut]
    since: datetime | None
    ends_at: datetime | None
    grace_ends_at: datetime | None
    locked: bool
    locked_until: datetime | None
    next_tier: TierOut | None
    to_next: list[QualificationOut]
    next_need: int | None
    keep_tier: TierOut | None
    to_keep: list[QualificationOut]
    sentences: list[str]


class BenefitStandingOut(Shape):
    key: str
    name: str
    description: str
    kind: str
    quota: int | None
    used: int
    period: str
    tiers: list[TierOut]
    available: bool


class TierChangeOut(Shape):
    scheme: str
    previous: TierOut | None
    tier: TierOut
    reason: str
    reason_name: str
    comment: str
    actor: str
    ends_at: datetime | None
    occurred_at: datetime


class NoteIn(Shape):
    text: str = Field(min_length=1, max_length=2000)


class NoteOut(Shape):
    id: str
    author: str
    text: str
    created_at: datetime


class HoldOut(Shape):
    id: str
    unit: str
    amount: int
    state: str
    subject: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class MemberOut(Shape):
    """The left half of the member's page: who she is, what she has, where she stands."""

    code: str
    status: str
    language: str
    joined_at: datetime
    channel: str
    touchpoint: str
    recruiter: str
    store: StoreRefOut | None
    tags: list[str]
    profile: ProfileOut
    identities: list[IdentityOut]
    attributes: list[AttributeOut]
    completion_percent: int
    orders: int
    spend: int
    refunds: int
    visits: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    last_at: datetime | None
    balances: list[BalanceOut]
    expiry: list[ExpiryDayOut]
    standings: list[StandingOut]
    benefits: list[BenefitStandingOut]
    holds: list[HoldOut]
    other_brands: list[str]
    waiting: int = 0


class ChangeOut(Shape):
    """What an activity did to one unit; `money`: in minor units of the currency."""

    unit: str
    name: str
    amount: int
    money: bool = False


class ActivityOut(Shape):
    """One entry of the timeline."""

    id: str
    type: str
    type_name: str
    status: str
    occurred_at: datetime
    recorded_at: datetime
    source: str
    channel: str
    store: StoreRefOut | None
    subject: str
    amount: int
    actor: str
    version: int
    changes: list[ChangeOut]
    tier: str | None = None
    fired: int = 0
    lines: int = 0


class RuleWhyOut(Shape):
    """One rule's part: what it gave, or why it gave nothing, and what the rule says."""

    rule: str
    name: str
    fired: bool
    sentence: str
    reason: str
    reason_text: str
    effects: list[str]


class EntryOut(Shape):
    id: str
    unit: str
    unit_name: str
    money: bool = False
    kind: str
    kind_name: str
    account: str
    contra: str
    amount: int
    balance_after: int
    rule: str
    rule_name: str
    version: int
    activity_id: str | None
    occurred_at: datetime
    recorded_at: datetime


class OrderLineOut(Shape):
    line: int
    sku: str
    name: str
    category: str
    quantity: str
    amount: int
    discount: int
    refunded_quantity: str
    refunded_amount: int
    points: int | None = None


class RefundOut(Shape):
    number: str
    amount: int
    occurred_at: datetime
    reason: str


class OrderOut(Shape):
    number: str
    source: str
    amount: int
    discount: int
    coupon_discount: int
    shipping: int
    lines: list[OrderLineOut]
    refunds: list[RefundOut]
    delivered: bool | None


class WhyOut(Shape):
    """Why an activity did what it did: every rule of its version, every entry it made, every note."""

    activity: ActivityOut
    version: int
    rules: list[RuleWhyOut]
    entries: list[EntryOut]
    notes: list[str]
    redecided: bool
    order: OrderOut | None
    data: dict[str, Any]


class AdjustIn(Shape):
    """`key` is made once per form, so that sending it twice does not adjust twice."""

    unit: str = Field(max_length=64)
    amount: int = Field(ge=-(10**12), le=10**12)
    reason: str = Field(min_length=1, max_length=64)
    comment: str = Field("", max_length=500)
    key: str = Field(min_length=8, max_length=128)


class AdjustmentOut(Shape):
    id: str
    member: str
    member_name: str
    unit: str
    unit_name: str
    amount: int
    reason: str
    reason_name: str
    comment: str
    state: str
    asked_by: str
    decided_by: str
    created_at: datetime
    decided_at: datetime | None
    own: bool


class DecideIn(Shape):
    approve: bool
    comment: str = Field("", max_length=500)


class HoldIn(Shape):
    unit: str = Field(max_length=64)
    amount: int = Field(gt=0, le=10**12)
    minutes: int = Field(60, gt=0, le=60 * 24 * 30)
    subject: str = Field("", max_length=64)
    key: str = Field(min_length=8, max_length=128)


class KeyIn(Shape):
    """An act that takes nothing but its idempotency key."""

    key: str = Field(min_length=8, max_length=128)


class TierIn(Shape):
    tier: str = Field(max_length=64)
    reason: str = Field(min_length=1, max_length=500)
    ends_at: datetime | None = None
    locked: bool = False
    key: str = Field(min_length=8, max_length=128)


class UseBenefitIn(Shape):
    store: str | None = Field(None, max_length=64)
    key: str = Field(min_length=8, max_length=128)


class TagIn(Shape):
    name: dict[str, str]
    colour: str = Field("", max_length=20)


class TagOut(Shape):
    """`declared` is false for a code that a rule or the API put on members before anybody named it."""

    code: str
    name: str
    names: dict[str, str]
    colour: str
    members: int
    declared: bool = True


class TagChangeIn(Shape):
    """Tags to put on or take off; `members` (codes) for many members at once."""

    members: list[str] = Field([], max_length=1000)
    add: list[str] = Field([], max_length=50)
    remove: list[str] = Field([], max_length=50)
