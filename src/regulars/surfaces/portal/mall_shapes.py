"""Bodies and answers of the mall's and the bookings' pages. Texts are in the language of the request."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AwareDatetime, Field

from regulars.surfaces.portal.shapes import Given

RequestKey = Annotated[str, Field(min_length=8, max_length=100, pattern=r"^[\x20-\x7e]+$")]
Name = Annotated[str, Field(min_length=1, max_length=64)]


class WhyNotOut(Schema):
    """Why she cannot: a stable code, its sentence, its plain values."""

    code: str
    sentence: str
    data: dict[str, Any]


class StoreOut(Schema):
    code: str
    name: str


class RewardCardOut(Schema):
    """A reward in the list. `can`: she can have one now; `price` is the sentence of what it costs."""

    key: str
    name: str
    kind: str
    kind_name: str
    category: str
    picture_url: str | None
    unit: str
    unit_name: str
    points: int
    cash: int
    price: str
    market_value: int | None
    left: int | None
    can: bool
    why_not: list[WhyNotOut]


class RewardOut(RewardCardOut):
    """A reward with everything that its page shows."""

    description: str
    fulfilment: Literal["ship", "store", "instant"]
    fulfilment_name: str
    stores: list[StoreOut]
    most_per_order: int
    limit: str
    taken: int
    available: int
    condition: str
    starts_at: datetime | None
    ends_at: datetime | None
    release: str
    claim_days: int
    unclaimed: Literal["return", "forfeit"]


class CategoryOut(Schema):
    key: str
    name: str


class MallOut(Schema):
    """The mall: her balances of the units that rewards cost, its categories, its rewards."""

    balances: dict[str, int]
    categories: list[CategoryOut]
    rewards: list[RewardCardOut]


class AddressGiven(Given):
    name: Annotated[str, Field(min_length=1, max_length=60)]
    phone: Annotated[str, Field(min_length=1, max_length=30)]
    region: Annotated[str, Field(min_length=1, max_length=100)]
    street: Annotated[str, Field(min_length=1, max_length=200)]
    postcode: Annotated[str, Field(max_length=20)] = ""


class PayGiven(Given):
    """How she pays a cash part, and where the provider sends her back to."""

    channel: Literal["jsapi", "native", "h5", "page"] | None = None
    return_url: Annotated[str, Field(max_length=500)] = ""
    payer: Annotated[str, Field(max_length=200)] = ""


class PaymentOut(Schema):
    """A payment: open `action_url`, show it as a QR code (`qr`), or hand `action_values` to the app around the page."""

    id: UUID
    state: str
    state_name: str
    amount: int
    currency: str
    action: Literal["none", "redirect", "qr", "jsapi"]
    action_url: str
    action_values: dict[str, str]
    expires_at: datetime


class RedeemGiven(Given):
    """`key` is of the browser's making: the same order sent twice is one order."""

    pay: PayGiven | None = None

    key: RequestKey
    quantity: Annotated[int, Field(ge=1, le=100)] = 1
    store: Annotated[str | None, Field(max_length=64)] = None
    address: AddressGiven | None = None
    note: Annotated[str, Field(max_length=200)] = ""


class ActGiven(Given):
    key: RequestKey
    reason: Annotated[str, Field(max_length=200)] = ""


class RedemptionOut(Schema):
    """An order of hers. `code` is shown at the store; `can_cancel`, `can_show_codes`, `can_pay` say what she may do."""

    id: UUID
    reward: str
    name: str
    picture_url: str | None
    kind: str
    fulfilment: str
    state: str
    state_name: str
    quantity: int
    unit_name: str
    points: int
    cash: int
    code: str
    store: StoreOut | None
    carrier: str
    tracking: str
    placed_at: datetime
    pay_by: datetime | None
    claim_by: datetime | None
    shipped_at: datetime | None
    verified_at: datetime | None
    ended_at: datetime | None
    address: AddressGiven | None
    can_cancel: bool
    can_show_codes: bool
    can_receive: bool
    can_pay: bool
    payment: PaymentOut | None = None


class CodesOut(Schema):
    """Her virtual codes."""

    codes: list[str]


class ServiceOut(Schema):
    """A service with where and with whom it can be booked."""

    key: str
    name: str
    description: str
    category: str
    minutes: int
    price: int
    package: str
    sessions: int
    cancel_minutes: int
    waiting_list: bool
    stores: list[StoreOut]
    resources: list[ResourceOut]


class ResourceOut(Schema):
    key: str
    name: str
    title: str
    kind: str
    store: str


class SlotOut(Schema):
    """A slot as she sees it. `time` is on the store's clock."""

    starts_at: datetime
    ends_at: datetime
    day: date
    time: str
    resource: str
    resource_name: str
    store: str
    left: int
    can: bool
    can_wait: bool
    why_not: list[WhyNotOut]


class BookGiven(Given):
    key: RequestKey
    service: Name
    resource: Name
    starts_at: AwareDatetime
    places: Annotated[int, Field(ge=1, le=20)] = 1
    note: Annotated[str, Field(max_length=200)] = ""


class MoveGiven(Given):
    key: RequestKey
    resource: Name
    starts_at: AwareDatetime


class WaitGiven(Given):
    service: Name
    resource: Name
    starts_at: AwareDatetime
    places: Annotated[int, Field(ge=1, le=20)] = 1


class BookingOut(Schema):
    """A booking of hers. `can_cancel` until `cancel_until`; an offered one is hers to accept until `offer_until`."""

    id: UUID
    name: str
    service: str
    resource: str
    resource_name: str
    store: StoreOut | None
    state: str
    state_name: str
    starts_at: datetime
    ends_at: datetime
    day: date
    time: str
    places: int
    note: str
    offer_until: datetime | None
    cancel_until: datetime
    can_cancel: bool
    can_accept: bool


class WaitingOut(Schema):
    id: UUID
    service: str
    name: str
    resource: str
    resource_name: str
    starts_at: datetime
    day: date
    time: str
    places: int


class BookingsOut(Schema):
    """A page of her bookings, latest first, and what she waits for. `blocked_until`: she may not book before."""

    items: list[BookingOut]
    waiting: list[WaitingOut]
    blocked_until: datetime | None
    next_cursor: str | None = None


ServiceOut.model_rebuild()
