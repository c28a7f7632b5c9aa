"""Shapes of appointments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema

from regulars.surfaces.rest.mall_shapes import State, WhyNotOut
from regulars.surfaces.rest.shapes import In, Instant, Line, TextOut, Word

Places = Annotated[int, Field(ge=1, le=20)]
BookingStateName = Literal["booked", "offered", "checked_in", "no_show", "cancelled", "lapsed"]


class ServiceOut(Schema):
    key: str
    state: State
    name: TextOut
    description: TextOut
    category: str
    minutes: int
    resources: list[str]
    price: int
    package: str
    sessions: int
    definition: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class ResourceOut(Schema):
    key: str
    state: State
    name: TextOut
    kind: Literal["adviser", "room", "class"]
    store: str
    capacity: int
    definition: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class SlotOut(Schema):
    """A slot: `can` when nothing speaks against it (for the member, if one was named); `waiting` people wait for it."""

    starts_at: datetime
    ends_at: datetime
    resource: str
    resource_name: TextOut
    store: str
    left: int
    capacity: int
    waiting: int
    can: bool
    can_wait: bool
    why_not: list[WhyNotOut]


class BookIn(In):
    service: Word
    resource: Word
    starts_at: Instant
    places: Places = 1
    note: Line = ""
    source: Word = "api"


class MoveIn(In):
    resource: Word
    starts_at: Instant


class BookingCancelIn(In):
    reason: Line = ""


class WaitIn(In):
    service: Word
    resource: Word
    starts_at: Instant
    places: Places = 1


class PassGiven(In):
    """The text of the member's QR code."""

    text: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]


class BookingOut(Schema):
    """A booking. An `offered` one is held for her until `offer_until`."""

    id: UUID
    member_id: UUID
    service_id: UUID
    resource_id: UUID
    name: TextOut
    resource_name: TextOut
    store: str | None
    state: BookingStateName
    starts_at: datetime
    ends_at: datetime
    places: int
    note: str
    reason: str
    late: bool
    activity_id: UUID | None
    session_id: UUID | None
    moved_from: UUID | None
    created_at: datetime
    offer_until: datetime | None
    checked_in_at: datetime | None
    ended_at: datetime | None
    repeated: bool = False


class WaitingOut(Schema):
    id: UUID
    member_id: UUID
    service_id: UUID
    resource_id: UUID
    starts_at: datetime
    places: int
    rank: int
    state: Literal["waiting", "offered", "left", "over"]
    created_at: datetime
    booking_id: UUID | None
