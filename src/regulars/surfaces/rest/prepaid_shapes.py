"""Shapes of prepaid value: definitions, top-ups, packages, gift cards, transfers, what is owed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import StringConstraints

from regulars.surfaces.rest.shapes import In, Line, TextIn, TextOut, Whole, Word
from regulars.value.prepaid.types import (
    BatchRow,
    CardRow,
    PackageRow,
    RepaymentRow,
    TopUpRow,
    TransferRow,
    UseRow,
)

Codes = Mapping[UUID | None, str]
Said = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Number = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00]*$")]
Method = Literal["cash", "card", "wechat", "alipay", "transfer", "online", "other"]
Count = Annotated[int, Field(ge=1, le=10_000)]


class PrepaidDefinitionOut(Schema):
    """A ladder, package, stamp card, or the brand's settings."""

    kind: str
    key: str
    state: str
    definition: dict[str, Any]
    revision: int
    updated_at: datetime


class PrepaidDefinitionIn(In):
    state: Literal["draft", "active", "paused", "ended"] = "active"
    definition: dict[str, Any]


class TopUpIn(In):
    """`amount` is what was paid, in minor units; `reference` is the payment's."""

    ladder: Word
    amount: Whole
    method: Method
    reference: Line = ""
    store: Word | None = None


class TopUpOut(Schema):
    """`refundable` is what can still go back of the principal, as things stand."""

    id: UUID
    ladder: str
    principal: int
    bonus: int
    refunded: int
    bonus_taken: int
    refundable: int
    method: str
    reference: str
    store: str | None
    actor: str
    activity_id: UUID
    created_at: datetime

    @classmethod
    def of(cls, row: TopUpRow, stores: Codes, refundable: int) -> TopUpOut:
        return cls(
            id=row.id, ladder=row.ladder, principal=row.principal, bonus=row.bonus, refunded=row.refunded,
            bonus_taken=row.bonus_taken, refundable=refundable, method=row.method, reference=row.reference,
            store=stores.get(row.store_id), actor=row.actor, activity_id=row.activity_id, created_at=row.created_at,
        )  # fmt: skip


class RefundIn(In):
    """Without `amount` all that can go back."""

    amount: Whole | None = None
    reason: Line = ""
    reference: Line = ""


class GivenBackIn(In):
    reason: Line = ""
    reference: Line = ""


class RepaymentOut(Schema):
    """`money` goes back to the buyer; `units` and `bonus` were taken. `by_right`: the law asks for it."""

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

    @classmethod
    def of(cls, row: RepaymentRow) -> RepaymentOut:
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class PackageIn(In):
    package: Word
    method: Method
    reference: Line = ""
    store: Word | None = None


class PackageOut(Schema):
    """`left` sessions can still be used; `expires_at` is the first instant at which none can."""

    id: UUID
    key: str
    name: TextOut
    state: str
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

    @classmethod
    def of(cls, row: PackageRow, left: int) -> PackageOut:
        terms = row.terms["definition"]
        return cls(
            id=row.id, key=row.key, name=terms["name"], state=row.state, sessions=row.sessions, left=left,
            price=row.price, refunded=row.refunded, bought_at=row.bought_at, started_at=row.started_at,
            expires_at=row.expires_at, frozen_until=row.frozen_until,
            freeze_days_left=max(0, terms.get("freeze_days", 0) - row.frozen_days),
            services=sorted(terms.get("services", [])), stores=sorted(terms.get("stores", [])),
            transferable=terms.get("transferable", False),
        )  # fmt: skip


class PackageUseIn(In):
    """`kind` no_show takes the sessions of a booking she did not come to; `subject` names the booking."""

    sessions: Count = 1
    service: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00]*$")] = ""
    store: Word | None = None
    subject: Line = ""
    kind: Literal["use", "no_show"] = "use"


class PackageUseOut(Schema):
    id: UUID
    package_id: UUID
    kind: str
    sessions: int
    service: str
    subject: str
    store: str | None
    actor: str
    used_at: datetime
    undo_until: datetime
    undone_at: datetime | None

    @classmethod
    def of(cls, row: UseRow, stores: Codes) -> PackageUseOut:
        plain = {name: getattr(row, name) for name in cls.model_fields if name != "store"}
        return cls(store=stores.get(row.store_id), **plain)


class FreezeIn(In):
    days: Annotated[int, Field(ge=1, le=3650)]


class ToIn(In):
    """`to` is the receiver: an id, a member code, or an identity as `type:value`."""

    to: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
    message: Line = ""


class TransferIn(ToIn):
    unit: Word
    amount: Whole


class TransferOut(Schema):
    """`out` went to the other member, `in` came from her."""

    id: UUID
    direction: str
    other_id: UUID
    what: str
    unit: str
    amount: int
    message: str
    created_at: datetime

    @classmethod
    def of(cls, row: TransferRow) -> TransferOut:
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class HouseholdMemberOut(Schema):
    id: UUID
    code: str
    since: datetime


class HouseholdOut(Schema):
    """`head` is null for a member who is in no household and heads none. `members` may draw `units` of the head."""

    enabled: bool
    units: list[str]
    head: UUID | None
    members: list[HouseholdMemberOut]


class HeadIn(In):
    """`head`: an id, a member code, or an identity as `type:value`."""

    head: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]


class DrawIn(In):
    unit: Word
    amount: Whole


class BuyerIn(In):
    """Who buys in her own name; `kind` unit is a company."""

    kind: Literal["person", "unit"]
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    document: Literal["identity_card", "passport", "residence_permit", "business_licence", "other"]
    number: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    contact: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]


class GiftBatchIn(In):
    """`face` is a card's value, `price` what it is sold for (its face if not given). Months count from the sale."""

    code: Word
    name: TextIn
    face: Whole
    count: Annotated[int, Field(ge=1, le=100_000)]
    price: Annotated[int, Field(ge=0, le=10**9)] | None = None
    valid_months: Annotated[int, Field(ge=1, le=240)] | None = None
    registered: bool = False
    design: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")] = ""


class GiftBatchOut(Schema):
    """`states` counts its cards once they are handed out."""

    id: UUID
    code: str
    name: TextOut
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

    @classmethod
    def of(cls, row: BatchRow, states: Mapping[str, int]) -> GiftBatchOut:
        plain = {n: getattr(row, n) for n in cls.model_fields if n not in ("name", "states")}
        return cls(name=TextOut(zh=row.name.zh, en=row.name.en), states=dict(states), **plain)


class MadeGiftCardOut(Schema):
    serial: int
    number: str
    pin: str


class SaleIn(In):
    """`buyer` is the member whose recorded identity a large sale is kept with."""

    numbers: Annotated[list[Number], Field(min_length=1, max_length=200)]
    method: Method
    reference: Line = ""
    store: Word | None = None
    buyer: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]*$")] | None = (
        None
    )


class NumberIn(In):
    number: Number


class VoidIn(NumberIn):
    reason: Said


class ReasonIn(In):
    reason: Said


class ClaimIn(NumberIn):
    pin: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00]*$")]


class GiftCardOut(Schema):
    """A gift card; its number is kept nowhere, only the last four digits. `id` serves in addresses."""

    id: UUID
    batch: str
    ending: str
    face: int
    left: int | None
    state: str
    activated_at: datetime | None
    expires_at: datetime | None
    claimed_at: datetime | None
    ended_at: datetime | None
    ended_reason: str

    @classmethod
    def of(cls, row: CardRow, batch: str, left: int | None = None) -> GiftCardOut:
        plain = {n: getattr(row, n) for n in cls.model_fields if n not in ("id", "batch", "left")}
        return cls(id=row.number_hash, batch=batch, left=left, **plain)


class StampsIn(In):
    store: Word | None = None


class RedeemedOut(Schema):
    """`repeated`: it had been done before under this key."""

    card: str
    stamps: int
    repeated: bool


class LiabilityLineOut(Schema):
    """What is outstanding at its cost, less the breakage taken off so far; money in minor units."""

    unit: str
    month: date
    issued: int
    outstanding: int
    cost: Decimal
    breakage: Decimal
    gross: int
    liability: int


class ScheduleLineOut(Schema):
    unit: str
    month: date
    amount: int


class FlowOut(Schema):
    """One month of a unit; `moved` is by programme account (issued, redeemed, expired, paid …)."""

    unit: str
    month: date
    opening: int
    moved: dict[str, int]
    closing: int


class OwedOut(Schema):
    """`card_difference` is 0 unless claimed gift cards and the ledger disagree."""

    as_of: datetime
    liability: int
    lines: list[LiabilityLineOut]
    schedule: list[ScheduleLineOut]
    flows: list[FlowOut]
    card_difference: int
