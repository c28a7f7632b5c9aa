"""Prepaid value as other rooms see it: terms, purchases, cards, what changed hands, what is owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

DefinitionKind = Literal["ladder", "package", "stamp_card", "settings"]
DefinitionState = Literal["draft", "active", "paused", "ended"]
PackageState = Literal["active", "frozen", "transferred", "refunded"]
CardState = Literal["made", "active", "claimed", "void", "expired"]
RefundRule = Literal["pro_rata", "list_price", "none"]
LawCode = Literal["none", "cn"]

DEFINITION = Text("预付规则", "Prepaid definition")
TOP_UP = Text("充值记录", "Top-up")
PACKAGE = Text("次卡", "Package")
PURCHASE = Text("购买", "Purchase")
USE = Text("次卡使用记录", "Package use")
BATCH = Text("礼品卡批次", "Gift card batch")
CARD = Text("礼品卡", "Gift card")
KIND_NAMES: Mapping[str, Text] = {
    "ladder": Text("充值阶梯", "Top-up ladder"),
    "package": Text("次卡", "Package"),
    "stamp_card": Text("集章卡", "Stamp card"),
    "settings": Text("预付设置", "Prepaid settings"),
}
STATE_NAMES: Mapping[str, Text] = {
    "draft": Text("草稿", "draft"),
    "active": Text("启用", "active"),
    "paused": Text("暂停", "paused"),
    "ended": Text("结束", "ended"),
    "frozen": Text("已冻结", "frozen"),
    "transferred": Text("已转让", "transferred"),
    "refunded": Text("已退款", "refunded"),
    "made": Text("未激活", "made"),
    "claimed": Text("已绑定", "claimed"),
    "void": Text("已作废", "void"),
    "expired": Text("已过期", "expired"),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a rung or a full stamp card gives beside: `amount` of `unit`, for `days`; or a coupon by its key."""

    unit: str = ""
    amount: int = 0
    days: int | None = None
    coupon: str = ""


@dataclass(frozen=True, slots=True)
class Rung:
    """Pay `pay` minor units and get `bonus` more, and `grants`."""

    pay: int
    bonus: int = 0
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """A top-up ladder. `open`: any amount from the lowest rung on, with the bonus of the highest rung reached.

    `bonus_days`: the bonus ends so many business days after the purchase (None: never). `most_balance` limits the
    principal a member may have after it. `per_member` limits how often one member may use the ladder.
    """

    key: str
    name: Text
    rungs: tuple[Rung, ...]
    open: bool = False
    bonus_days: int | None = None
    principal_days: int | None = None
    most_balance: int | None = None
    per_member: int | None = None
    stores: frozenset[str] = frozenset()
    starts_on: date | None = None
    ends_on: date | None = None
    refundable: bool = True
    state: DefinitionState = "draft"


@dataclass(frozen=True, slots=True)
class PackageTerms:
    """A package: so many sessions for a price. `days` counts from the purchase or from the first use (`counts_from`);
    a package that waits for its first use must be begun within `begin_within` days, if that is given.

    `refund` pro_rata: price × unused / sessions, rounded down; list_price: price less `list_price` for each used
    session, never below 0.
    """

    key: str
    name: Text
    sessions: int
    price: int
    days: int | None = None
    counts_from: Literal["purchase", "first_use"] = "purchase"
    begin_within: int | None = None
    services: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    transferable: bool = False
    freeze_days: int = 0
    undo_minutes: int = 30
    refund: RefundRule = "pro_rata"
    list_price: int = 0
    per_member: int | None = None
    state: DefinitionState = "draft"


@dataclass(frozen=True, slots=True)
class StampCard:
    """`stamps` of `unit` are exchanged for `reward`. `by_member`: she may do it herself in the portal."""

    key: str
    name: Text
    unit: str
    stamps: int
    reward: Grant
    by_member: bool = True
    per_day: int | None = None
    state: DefinitionState = "draft"


@dataclass(frozen=True, slots=True)
class TransferRule:
    """Gifts of value between members. `per_day` limits the amount, `times_per_day` the number of gifts."""

    enabled: bool = False
    units: frozenset[str] = frozenset({"points"})
    least: int = 1
    per_day: int | None = None
    times_per_day: int | None = None


@dataclass(frozen=True, slots=True)
class HouseholdRule:
    """Whether members may draw value of the head of their household; of which units, and how many they may be."""

    enabled: bool = False
    units: frozenset[str] = frozenset({"points"})
    most: int = 6


@dataclass(frozen=True, slots=True)
class UnitCost:
    """What one of a unit costs in minor units, which share is never used, and over how many months the rest of what
    never expires is expected to be used.
    """

    cost: Decimal = Decimal(1)
    breakage: Decimal = Decimal(0)
    months: int = 12


@dataclass(frozen=True, slots=True)
class Settings:
    """A brand's settings of prepaid value. Units name where the programme keeps each."""

    law: LawCode = "none"
    principal: str = "principal"
    bonus: str = "bonus"
    sessions: str = "sessions"
    gift: str = "gift"
    gift_refunds: bool = True  # whether money goes back for a sold card that nobody has claimed
    contract_version: str = "1"
    contract: Text = field(default_factory=lambda: Text("", ""))
    transfer: TransferRule = TransferRule()
    household: HouseholdRule = HouseholdRule()
    costs: Mapping[str, UnitCost] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    kind: DefinitionKind
    key: str
    state: DefinitionState
    definition: Mapping[str, Any]
    revision: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TopUpRow:
    """`refunded` of the principal and `bonus_taken` of the bonus went back so far."""

    member_id: UUID
    id: UUID
    brand_id: UUID
    ladder: str
    principal: int
    bonus: int
    principal_lot: UUID
    bonus_lot: UUID | None
    refunded: int
    bonus_taken: int
    method: str
    reference: str
    store_id: UUID | None
    actor: str
    terms: Mapping[str, Any]
    activity_id: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PackageRow:
    member_id: UUID
    id: UUID
    brand_id: UUID
    key: str
    state: PackageState
    sessions: int
    price: int
    lot_id: UUID
    bought_at: datetime
    started_at: datetime | None
    expires_at: datetime | None
    frozen_at: datetime | None
    frozen_until: datetime | None
    frozen_days: int
    refunded: int
    came_from: UUID | None
    method: str
    reference: str
    store_id: UUID | None
    actor: str
    terms: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A purchase that is paid online: open, done (`result_id` is what it became) or void. `terms` is what was shown."""

    member_id: UUID
    id: UUID
    brand_id: UUID
    kind: Literal["package", "ladder"]
    key: str
    amount: int
    currency: str
    state: Literal["open", "done", "void"]
    terms: Mapping[str, Any]
    payment_id: UUID | None
    result_id: UUID | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class UseRow:
    member_id: UUID
    id: UUID
    package_id: UUID
    kind: Literal["use", "no_show"]
    sessions: int
    service: str
    subject: str
    store_id: UUID | None
    actor: str
    activity_id: UUID
    first: bool
    used_at: datetime
    undo_until: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class RepaymentRow:
    member_id: UUID
    id: UUID
    what: str
    subject_id: UUID
    money: int
    units: int
    bonus: int
    by_right: bool
    reason: str
    reference: str
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TransferRow:
    member_id: UUID
    id: UUID
    direction: Literal["in", "out"]
    other_id: UUID
    what: str
    unit: str
    amount: int
    message: str
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BatchRow:
    id: UUID
    brand_id: UUID
    code: str
    name: Text
    design: str
    face: int
    price: int
    count: int
    valid_months: int | None
    registered: bool
    handed_out_at: datetime | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CardRow:
    number_hash: UUID
    brand_id: UUID
    batch_id: UUID
    serial: int
    ending: str
    pin_hash: UUID
    face: int
    state: CardState
    misses: int
    locked_until: datetime | None
    activated_at: datetime | None
    activated_store_id: UUID | None
    sold_by: str
    reference: str
    expires_at: datetime | None
    holder_id: UUID | None
    claimed_at: datetime | None
    lot_id: UUID | None
    ended_at: datetime | None
    ended_reason: str


@dataclass(frozen=True, slots=True)
class GiftRefundRow:
    """`paid` is what the card was sold for, `money` what of it went back; `by_right`: the law gave it."""

    number_hash: UUID
    brand_id: UUID
    batch_id: UUID
    paid: int
    money: int
    method: str
    store_id: UUID | None
    by_right: bool
    reason: str
    reference: str
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BuyerRecord:
    """Who bought: name, document and contact, in clear. `kind` unit is a company."""

    kind: Literal["person", "unit"]
    name: str
    document: str
    number: str
    contact: str
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cohort:
    """What is outstanding of a unit that came in one business month (its first day); `issued` is all that came."""

    unit: str
    month: date
    lots: int
    issued: int
    outstanding: int
    expired: int = 0


@dataclass(frozen=True, slots=True)
class LiabilityLine:
    """One cohort in money, rounded half up to the minor unit. `gross` is outstanding × cost, `liability` that less the
    breakage that was taken off so far.
    """

    unit: str
    month: date
    issued: int
    outstanding: int
    cost: Decimal
    breakage: Decimal
    gross: int
    liability: int


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """What of a unit's liability is expected to become revenue in a business month."""

    unit: str
    month: date
    amount: int
