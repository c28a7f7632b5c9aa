"""Prepaid value as the console's pages send and get it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field

from regulars.surfaces.console.shapes.shared import Shape, TextIO

Method = Literal["cash", "card", "wechat", "alipay", "transfer", "online", "other"]


class PrepaidDefinitionOut(Shape):
    """`name` is in the reader's language; `definition` is what the editor changes."""

    kind: str
    kind_name: str
    key: str
    name: str
    state: str
    state_name: str
    definition: dict[str, Any]
    revision: int
    updated_at: datetime


class PrepaidDefinitionIn(Shape):
    state: Literal["draft", "active", "paused", "ended"]
    definition: dict[str, Any]


class UnitOut(Shape):
    """`money`: amounts are minor units of the currency."""

    unit: str
    name: str
    kind: str
    money: bool
    available: int
    held: int


class TopUpOut(Shape):
    """`refundable` is what can still go back of the principal."""

    id: str
    ladder: str
    ladder_name: str
    principal: int
    bonus: int
    refunded: int
    bonus_taken: int
    refundable: int
    method: str
    reference: str
    store: str | None
    actor: str
    created_at: datetime


class PackageOut(Shape):
    """`state` is `expired` or `used_up` too, which the ledger knows. `usable`: sessions of it can be used now."""

    id: str
    key: str
    name: str
    state: str
    state_name: str
    usable: bool
    sessions: int
    left: int
    price: int
    refunded: int
    bought_at: datetime
    started_at: datetime | None
    expires_at: datetime | None
    frozen_until: datetime | None
    freeze_days_left: int
    services: list[str]
    stores: list[str]
    transferable: bool


class UseOut(Shape):
    """`can_undo`: within its window, or the reader may undo later."""

    id: str
    package_id: str
    package_name: str
    kind: str
    sessions: int
    service: str
    store: str | None
    actor: str
    used_at: datetime
    undo_until: datetime
    undone_at: datetime | None
    can_undo: bool


class CardRefundOut(Shape):
    """Money that went back for a card before anybody had bound it. `by_right`: the law gave it."""

    money: int
    method: str
    reference: str
    by_right: bool
    actor: str
    at: datetime


class CardOut(Shape):
    """`left` is known of cards that a member holds; `price` is what such a card is sold for."""

    id: str
    batch: str
    batch_name: str
    ending: str
    face: int
    price: int
    left: int | None
    state: str
    state_name: str
    holder: str | None
    activated_at: datetime | None
    expires_at: datetime | None
    claimed_at: datetime | None
    ended_at: datetime | None
    ended_reason: str
    refund: CardRefundOut | None


class RepaymentOut(Shape):
    id: str
    what: str
    what_name: str
    money: int
    units: int
    bonus: int
    by_right: bool
    reason: str
    actor: str
    created_at: datetime


class TransferOut(Shape):
    """`other` is the code of the other member."""

    id: str
    direction: str
    other: str
    what: str
    unit: str
    unit_name: str
    amount: int
    message: str
    created_at: datetime


class StampCardOut(Shape):
    key: str
    name: str
    unit_name: str
    stamps: int
    has: int
    full: bool


class PrepaidOut(Shape):
    """Everything prepaid of one member; lists newest first, 50 at most. `buyer`: her identity is recorded."""

    currency: str
    law: str
    buyer: bool
    units: list[UnitOut]
    top_ups: list[TopUpOut]
    packages: list[PackageOut]
    uses: list[UseOut]
    cards: list[CardOut]
    repayments: list[RepaymentOut]
    transfers: list[TransferOut]
    stamp_cards: list[StampCardOut]


class TopUpIn(Shape):
    """`amount` in minor units: what was paid."""

    ladder: str = Field(min_length=1, max_length=64)
    amount: int = Field(ge=1, le=10**12)
    method: Method
    reference: str = Field("", max_length=200)
    store: str | None = Field(None, max_length=64)
    key: str = Field(min_length=8, max_length=100)


class StoredRefundIn(Shape):
    """Without `amount` all that can go back."""

    amount: int | None = Field(None, ge=1, le=10**12)
    reason: str = Field(min_length=1, max_length=200)
    reference: str = Field("", max_length=200)
    key: str = Field(min_length=8, max_length=100)


class PackageIn(Shape):
    package: str = Field(min_length=1, max_length=64)
    method: Method
    reference: str = Field("", max_length=200)
    store: str | None = Field(None, max_length=64)
    key: str = Field(min_length=8, max_length=100)


class UseIn(Shape):
    sessions: int = Field(1, ge=1, le=10_000)
    service: str = Field("", max_length=64)
    store: str | None = Field(None, max_length=64)
    kind: Literal["use", "no_show"] = "use"
    key: str = Field(min_length=8, max_length=100)


class FreezeIn(Shape):
    days: int = Field(ge=1, le=3650)
    key: str = Field(min_length=8, max_length=100)


class ToIn(Shape):
    """`to` is the code of the receiver."""

    to: str = Field(min_length=1, max_length=64)
    message: str = Field("", max_length=200)
    key: str = Field(min_length=8, max_length=100)


class ValueTransferIn(ToIn):
    unit: str = Field(min_length=1, max_length=64)
    amount: int = Field(ge=1, le=10**12)


class StampsIn(Shape):
    store: str | None = Field(None, max_length=64)
    key: str = Field(min_length=8, max_length=100)


class BuyerIn(Shape):
    kind: Literal["person", "unit"]
    name: str = Field(min_length=1, max_length=100)
    document: Literal["identity_card", "passport", "residence_permit", "business_licence", "other"]
    number: str = Field(min_length=1, max_length=100)
    contact: str = Field(min_length=1, max_length=100)


class BatchIn(Shape):
    """`price` is the face if not given; months count from the sale."""

    code: str = Field(min_length=1, max_length=40)
    name: TextIO
    face: int = Field(ge=1, le=10**9)
    count: int = Field(ge=1, le=100_000)
    price: int | None = Field(None, ge=0, le=10**9)
    valid_months: int | None = Field(None, ge=1, le=240)
    registered: bool = False
    design: str = Field("", max_length=100)


class GiftCardBatchOut(Shape):
    id: str
    code: str
    name: str
    design: str
    face: int
    price: int
    count: int
    valid_months: int | None
    registered: bool
    handed_out_at: datetime | None
    states: dict[str, int]
    created_by: str
    created_at: datetime


class SaleIn(Shape):
    numbers: list[str] = Field(min_length=1, max_length=200)
    method: Method
    reference: str = Field("", max_length=200)
    store: str | None = Field(None, max_length=64)
    buyer: str | None = Field(None, max_length=64)
    key: str = Field(min_length=8, max_length=100)


class GiftCardRefundIn(Shape):
    """`amount` in minor units; null: all that was paid."""

    number: str = Field(min_length=1, max_length=40)
    amount: int | None = Field(None, ge=1, le=10**12)
    method: Method
    reference: str = Field("", max_length=200)
    reason: str = Field(min_length=1, max_length=500)
    store: str | None = Field(None, max_length=64)
    key: str = Field(min_length=8, max_length=100)


class NumberIn(Shape):
    number: str = Field(min_length=1, max_length=40)


class GiftCardVoidIn(NumberIn):
    reason: str = Field(min_length=1, max_length=500)


class ReasonIn(Shape):
    reason: str = Field(min_length=1, max_length=500)


class ClaimIn(NumberIn):
    pin: str = Field(min_length=1, max_length=40)
    key: str = Field(min_length=8, max_length=100)


class CohortOut(Shape):
    unit: str
    unit_name: str
    month: date
    issued: int
    outstanding: int
    cost: str
    breakage: str
    gross: int
    liability: int


class MonthOut(Shape):
    unit: str
    unit_name: str
    month: date
    amount: int


class FlowOut(Shape):
    unit: str
    unit_name: str
    month: date
    opening: int
    moved: dict[str, int]
    closing: int


class LiabilityOut(Shape):
    """Money in minor units; `accounts` names the programme accounts of `moved`. `card_difference` should be 0."""

    as_of: datetime
    currency: str
    liability: int
    by_unit: list[MonthOut]
    cohorts: list[CohortOut]
    schedule: list[MonthOut]
    flows: list[FlowOut]
    accounts: dict[str, str]
    card_difference: int


class HouseholdUnitOut(Shape):
    """What may be drawn of the head's, and how much there is of it."""

    unit: str
    name: str
    money: bool
    available: int


class HouseholdMemberOut(Shape):
    code: str
    name: str
    since: datetime


class HouseholdOut(Shape):
    """`heads`: she is the head, and `members` draw of hers. `head` is null where she is in none and heads none."""

    enabled: bool
    most: int
    heads: bool
    head: str | None
    head_name: str
    units: list[HouseholdUnitOut]
    members: list[HouseholdMemberOut]


class PersonIn(Shape):
    """The other member's code."""

    member: str = Field(min_length=1, max_length=64)


class DrawIn(Shape):
    unit: str = Field(min_length=1, max_length=64)
    amount: int = Field(ge=1, le=10**12)
    key: str = Field(min_length=8, max_length=100)
