"""Shapes of the rewards mall."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema

from regulars.surfaces.rest.plan_shapes import PaymentOut
from regulars.surfaces.rest.shapes import In, Line, TextOut, Word

State = Literal["draft", "active", "paused", "ended"]
OrderState = Literal[
    "awaiting_payment", "placed", "paid", "shipped", "verified", "completed", "cancelled", "expired"
]
Short = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class DefinitionIn(In):
    """The definition as JSON: see docs/mall.md and docs/bookings.md. Its key is that of the address."""

    definition: dict[str, Any] = Field(
        examples=[
            {
                "name": {"zh": "马克杯", "en": "Mug"},
                "kind": "goods",
                "price": {"unit": "points", "points": 500},
                "state": "active",
            }
        ]
    )


class StateIn(In):
    state: State


class StockIn(In):
    """How many there ever were; null for unlimited."""

    stock: Annotated[int, Field(ge=0, le=10_000_000)] | None


class CodesIn(In):
    codes: Annotated[list[Short], Field(min_length=1, max_length=10_000)]


class CodesOut(Schema):
    """`duplicates` were there already, or given twice."""

    added: int
    duplicates: int


class RewardOut(Schema):
    """`stock` and `left` are null for unlimited ones; `released_left` is what is left of today's release."""

    key: str
    state: State
    kind: str
    name: TextOut
    description: TextOut
    category: str
    unit: str
    points: int
    cash: int
    fulfilment: Literal["ship", "store", "instant"]
    stores: list[str]
    starts_at: datetime | None
    ends_at: datetime | None
    stock: int | None
    left: int | None
    released_left: int | None
    has_picture: bool
    definition: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class WhyNotOut(Schema):
    """A reason, in the language of the request; `data` has its plain values."""

    code: str
    message: str
    data: dict[str, Any]


class OfferOut(Schema):
    """A reward as one member sees it: `can` when nothing speaks against it."""

    reward: RewardOut
    can: bool
    why_not: list[WhyNotOut]
    available: int
    taken: int


class AddressIO(In):
    """Where it is sent. Personal data: kept encrypted."""

    name: Short = Field(max_length=60)
    phone: Short = Field(max_length=30)
    region: Short = Field(max_length=100)
    street: Short
    postcode: Annotated[str, Field(max_length=20, pattern=r"^[^\x00]*$")] = ""


class PayerIn(In):
    """How she pays a cash part: the provider's first channel, if none is named. `payer` is what the provider calls
    her (WeChat: her openid), where the channel needs it."""

    channel: Literal["jsapi", "native", "h5", "page"] | None = None
    return_url: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""
    payer: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    payer_ip: Annotated[str, Field(max_length=45, pattern=r"^[0-9A-Fa-f:.]*$")] = ""


class RedeemIn(In):
    """`store` is where she will pick it up, if she says so; `address` where it is sent."""

    pay: PayerIn | None = None

    reward: Word
    quantity: Annotated[int, Field(ge=1, le=100)] = 1
    store: Word | None = None
    address: AddressIO | None = None
    note: Line = ""


class RedemptionOut(Schema):
    """A redemption order. `points` and `cash` are of the whole order; `code` is what she shows at the store."""

    id: UUID
    member_id: UUID
    reward: str
    name: TextOut
    kind: str
    fulfilment: str
    state: OrderState
    quantity: int
    unit: str
    points: int
    cash: int
    code: str
    store: str | None
    burn_id: UUID | None
    hold_id: UUID | None
    payment_id: UUID | None
    coupon_id: UUID | None
    carrier: str
    tracking: str
    note: str
    reason: str
    placed_at: datetime
    pay_by: datetime | None
    claim_by: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    verified_at: datetime | None
    ended_at: datetime | None
    payment: PaymentOut | None = None
    repeated: bool = False


class CodeIn(In):
    """A pick-up code as typed or scanned."""

    code: Annotated[str, Field(min_length=4, max_length=40, pattern=r"^[^\x00]*$")]


class ShipIn(In):
    carrier: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00]*$")]
    tracking: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00]*$")]


class VerifyIn(In):
    store: Word


class CancelIn(In):
    reason: Line = ""


class TurnoverOut(Schema):
    """What a reward turned over in the window, and what to do about it (docs/mall.md has the rule)."""

    key: str
    name: TextOut
    state: State
    quantity: int
    orders: int
    members: int
    points: int
    cash: int
    cancelled: int
    last_28_days: int
    last_at: datetime | None
    stock: int | None
    left: int | None
    sell_through_per_cent: int | None
    days_left: int | None
    advice: Literal["new", "keep", "restock", "promote", "replace", "sold_out", "off"]
    advice_text: str


class ReportOut(Schema):
    since: date
    until: date
    items: list[TurnoverOut]
