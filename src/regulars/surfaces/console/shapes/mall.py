"""The rewards mall and appointments as they travel to the console."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field
from pydantic import AwareDatetime

from regulars.surfaces.console.shapes.shared import ChoiceOut, Shape, StoreRefOut, TextIO

State = Literal["draft", "active", "paused", "ended"]
KEY = Field(min_length=8, max_length=100, pattern=r"^[\x20-\x7e]+$")


class ItemDefinitionIn(Shape):
    """The whole definition; its key is that of the address."""

    definition: dict[str, Any]


class ItemStateIn(Shape):
    state: State


class StockIn(Shape):
    """How many there ever were; null for unlimited."""

    stock: int | None = Field(ge=0, le=10_000_000)


class ItemCodesIn(Shape):
    """Virtual codes, one a line."""

    codes: str = Field(min_length=1, max_length=5_000_000)


class CodesOut(Shape):
    added: int
    duplicates: int


class RewardOut(Shape):
    """A reward of the catalogue; `price` and `condition` are its sentences, `definition` what the form edits."""

    key: str
    state: State
    state_name: str
    kind: str
    kind_name: str
    name: str
    names: TextIO
    category: str
    unit: str
    unit_name: str
    points: int
    cash: int
    price: str
    fulfilment: str
    fulfilment_name: str
    condition: str
    stock: int | None
    left: int | None
    released_left: int | None
    has_picture: bool
    on_offer_since: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    definition: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class CatalogueOut(Shape):
    items: list[RewardOut]
    counts: dict[str, int]


class MallChoicesOut(Shape):
    """What the forms of a reward offer; `conditions` is the schema of what its condition may ask."""

    kinds: list[ChoiceOut]
    states: list[ChoiceOut]
    fulfilments: list[ChoiceOut]
    periods: list[ChoiceOut]
    units: list[ChoiceOut]
    stores: list[ChoiceOut]
    categories: list[str]
    order_states: list[ChoiceOut]
    conditions: dict[str, Any]


class TurnoverOut(Shape):
    """A row of the report; `advice_name` says what to do about it."""

    key: str
    name: str
    category: str
    state: State
    quantity: int
    orders: int
    members: int
    points: int
    cash: int
    cancelled: int
    recent: int
    last_at: datetime | None
    stock: int | None
    left: int | None
    sell_through: int | None
    days_left: int | None
    advice: str
    advice_name: str


class ReportOut(Shape):
    since: date
    until: date
    items: list[TurnoverOut]


class AddressIn(Shape):
    name: str = Field(min_length=1, max_length=60)
    phone: str = Field(min_length=1, max_length=30)
    region: str = Field(min_length=1, max_length=100)
    street: str = Field(min_length=1, max_length=200)
    postcode: str = Field("", max_length=20)


class RedeemIn(Shape):
    key: str = KEY
    reward: str = Field(min_length=1, max_length=64)
    quantity: int = Field(1, ge=1, le=100)
    store: str | None = Field(None, max_length=64)
    address: AddressIn | None = None
    note: str = Field("", max_length=200)


class ShipIn(Shape):
    key: str = KEY
    carrier: str = Field(min_length=1, max_length=60)
    tracking: str = Field(min_length=1, max_length=60)


class RedemptionVerifyIn(Shape):
    key: str = KEY
    store: str = Field(min_length=1, max_length=64)


class ActIn(Shape):
    key: str = KEY
    reason: str = Field("", max_length=200)


class FindIn(Shape):
    """A pick-up code as typed or scanned."""

    code: str = Field(min_length=4, max_length=40)


class RedemptionOut(Shape):
    """An order; `can` lists what may be done with it: ship, verify, undo, complete, cancel."""

    id: str
    member_code: str
    member_name: str
    reward: str
    name: str
    kind: str
    fulfilment: str
    state: str
    state_name: str
    quantity: int
    unit_name: str
    points: int
    cash: int
    code: str
    store: StoreRefOut | None
    address: AddressIn | None
    has_address: bool
    carrier: str
    tracking: str
    note: str
    reason: str
    actor: str
    placed_at: datetime
    pay_by: datetime | None
    claim_by: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    verified_at: datetime | None
    verified_by: str
    ended_at: datetime | None
    can: list[str]


class OfferOut(Shape):
    """A reward as one member sees it."""

    reward: RewardOut
    can: bool
    why_not: list[str]
    why_codes: list[str]
    available: int
    taken: int


class OfferedOut(Shape):
    """A service or resource: `definition` is what its form edits."""

    type: Literal["service", "resource"]
    key: str
    state: State
    state_name: str
    name: str
    names: TextIO
    definition: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class BookingChoicesOut(Shape):
    resource_kinds: list[ChoiceOut]
    states: list[ChoiceOut]
    stores: list[ChoiceOut]
    tiers: list[ChoiceOut]
    resources: list[ChoiceOut]
    booking_states: list[ChoiceOut]
    conditions: dict[str, Any]


class SlotOut(Shape):
    starts_at: datetime
    ends_at: datetime
    time: str
    day: date
    resource: str
    resource_name: str
    store: str
    left: int
    capacity: int
    waiting: int
    can: bool
    can_wait: bool
    why_not: list[str]


class BookIn(Shape):
    key: str = KEY
    service: str = Field(min_length=1, max_length=64)
    resource: str = Field(min_length=1, max_length=64)
    starts_at: AwareDatetime
    places: int = Field(1, ge=1, le=20)
    note: str = Field("", max_length=200)


class MoveIn(Shape):
    key: str = KEY
    resource: str = Field(min_length=1, max_length=64)
    starts_at: AwareDatetime


class WaitIn(Shape):
    service: str = Field(min_length=1, max_length=64)
    resource: str = Field(min_length=1, max_length=64)
    starts_at: AwareDatetime
    places: int = Field(1, ge=1, le=20)


class ScanIn(Shape):
    """The text of a member's QR code, or her code, scanned or typed at a store."""

    key: str = KEY
    store: str = Field(min_length=1, max_length=64)
    text: str = Field(min_length=1, max_length=100)


class BookingOut(Shape):
    """A booking; `can` lists what may be done with it: check_in, cancel, move, accept."""

    id: str
    member_code: str
    member_name: str
    service: str
    name: str
    resource: str
    resource_name: str
    store: StoreRefOut | None
    state: str
    state_name: str
    starts_at: datetime
    ends_at: datetime
    time: str
    places: int
    note: str
    reason: str
    late: bool
    source: str
    offer_until: datetime | None
    checked_in_at: datetime | None
    can: list[str]


class WaitingRowOut(Shape):
    id: str
    member_code: str
    member_name: str
    service: str
    resource: str
    starts_at: datetime
    time: str
    places: int
    rank: int
    created_at: datetime


class HoursOut(Shape):
    start: str
    end: str


class CalendarColumnOut(Shape):
    """A resource of the calendar with its hours of the day."""

    key: str
    name: str
    kind: str
    capacity: int
    hours: list[HoursOut]


class CalendarOut(Shape):
    """A store's day: its resources, its bookings in order, who waits."""

    day: date
    store: StoreRefOut
    columns: list[CalendarColumnOut]
    items: list[BookingOut]
    waiting: list[WaitingRowOut]


class MemberBookingsOut(Shape):
    items: list[BookingOut]
    waiting: list[WaitingRowOut]
    blocked_until: datetime | None
    next_cursor: str | None = None
