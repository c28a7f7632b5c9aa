"""What the bookings room hands out: services, resources and their hours, free slots, bookings, the waiting list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

ResourceKind = Literal["adviser", "room", "class"]
OfferState = Literal["draft", "active", "paused", "ended"]
BookingState = Literal["booked", "offered", "checked_in", "no_show", "cancelled", "lapsed"]
WaitingState = Literal["waiting", "offered", "left", "over"]

RESOURCE_KINDS: dict[str, Text] = {
    "adviser": Text("顾问", "Adviser"),
    "room": Text("房间", "Room"),
    "class": Text("课程", "Class"),
}
OFFER_STATES: dict[str, Text] = {
    "draft": Text("草稿", "Draft"),
    "active": Text("可预约", "Open"),
    "paused": Text("暂停", "Paused"),
    "ended": Text("停用", "Ended"),
}
BOOKING_STATES: dict[str, Text] = {
    "booked": Text("已预约", "Booked"),
    "offered": Text("候补待确认", "Offered"),
    "checked_in": Text("已到店", "Checked in"),
    "no_show": Text("爽约", "No-show"),
    "cancelled": Text("已取消", "Cancelled"),
    "lapsed": Text("候补已过期", "Offer lapsed"),
}
WAITING_STATES: dict[str, Text] = {
    "waiting": Text("候补中", "Waiting"),
    "offered": Text("已有空位", "Offered"),
    "left": Text("已退出", "Left"),
    "over": Text("已结束", "Over"),
}

# Why she cannot book this now: stable codes and words for her.
WHY_NOT: dict[str, Text] = {
    "service_closed": Text("该服务暂不接受预约", "This service takes no bookings"),
    "not_a_slot": Text("没有这个时段", "There is no such slot"),
    "too_soon": Text("须提前 {minutes} 分钟预约", "Book at least {minutes} minutes ahead"),
    "not_open_yet": Text("{day} 起可预约该日期", "This day opens on {day}"),
    "slot_full": Text("该时段已约满", "This slot is full"),
    "waiting_first": Text("该时段有候补会员，请加入候补", "Others wait for this slot; join the waiting list"),
    "blocked": Text("多次爽约，{day} 起可再预约", "Not before {day}, after several no-shows"),
    "not_eligible": Text("不满足预约条件：{why}", "Not for you: {why}"),
    "membership_not_active": Text("会员资格未生效", "The membership is not active"),
    "overlaps": Text("您在这个时间已有预约", "You have a booking at this time already"),
    "too_many_open": Text("最多同时有 {count} 个预约", "At most {count} bookings at once"),
}


@dataclass(frozen=True, slots=True)
class Hours:
    """Open from `start` to `end` of a local day; an end of 00:00 is the midnight at its end."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class ResourceTerms:
    """Who or what is booked. `weekly` has the hours of each weekday (1 Monday … 7 Sunday), `exceptions` those of single
    days instead: none for closed. `capacity` is how many people it takes at once."""

    key: str
    name: Text
    kind: ResourceKind
    store: str
    capacity: int = 1
    weekly: Mapping[int, tuple[Hours, ...]] = field(default_factory=dict)
    exceptions: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)
    title: Text = field(default_factory=lambda: Text("", ""))
    sort: int = 0


@dataclass(frozen=True, slots=True)
class NoShowRule:
    """After `count` no-shows within `within_days` days she may not book for `block_days`; each costs `sessions`."""

    count: int = 2
    within_days: int = 90
    block_days: int = 14
    sessions: int = 0


@dataclass(frozen=True, slots=True)
class ServiceTerms:
    """What a definition says. Minutes are of whole steps of five.

    `open_days` ahead booking opens at the start of the business day; `early_days` more for tiers. `package` is the key
    of the session package it uses, `sessions` how many of it; `price` is for information, paid at the store.
    """

    key: str
    name: Text
    minutes: int
    resources: tuple[str, ...]
    description: Text = field(default_factory=lambda: Text("", ""))
    category: str = ""
    step_minutes: int = 0
    buffer_minutes: int = 0
    price: int = 0
    package: str = ""
    sessions: int = 0
    open_days: int = 14
    early_days: Mapping[str, int] = field(default_factory=dict)
    lead_minutes: int = 60
    cancel_minutes: int = 120
    checkin_before_minutes: int = 30
    grace_minutes: int = 30
    most_open: int = 3
    waiting_list: bool = True
    offer_minutes: int = 60
    remind_minutes: tuple[int, ...] = (1440, 120)
    no_show: NoShowRule | None = None
    condition: Mapping[str, Any] | None = None
    sort: int = 0
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    id: UUID
    brand_id: UUID
    state: OfferState
    terms: ServiceTerms
    definition: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Resource:
    id: UUID
    brand_id: UUID
    state: OfferState
    terms: ResourceTerms
    definition: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a service can begin at a resource. `blocked_until` is its end with the buffer."""

    starts_at: datetime
    ends_at: datetime
    blocked_until: datetime


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A slot with how many places are left of how many; `waiting`: so many people wait for it."""

    slot: Slot
    resource: Resource
    left: int
    capacity: int
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class WhyNot:
    """A reason why she cannot book, in words."""

    code: str
    text: Text
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Booking:
    """One booking. `due_at`: when time changes it next (an offer lapses, she did not come)."""

    id: UUID
    member_id: UUID
    brand_id: UUID
    service_id: UUID
    resource_id: UUID
    store_id: UUID
    state: BookingState
    name: Text
    resource_name: Text
    starts_at: datetime
    ends_at: datetime
    blocked_until: datetime
    places: int
    key: str
    body_hash: UUID
    source: str
    note: str
    reason: str
    late: bool
    actor: str
    activity_id: UUID | None
    session_id: UUID | None
    moved_from: UUID | None
    created_at: datetime
    offer_until: datetime | None
    checked_in_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None
    remind_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody waits for a slot. `rank` is the place of her tier; the highest comes first, then who came first."""

    id: UUID
    member_id: UUID
    brand_id: UUID
    service_id: UUID
    resource_id: UUID
    starts_at: datetime
    places: int
    rank: int
    state: WaitingState
    created_at: datetime
    booking_id: UUID | None


SERVICE = Text("服务", "Service")
RESOURCE = Text("资源", "Resource")
BOOKING = Text("预约", "Booking")
WAITING = Text("候补", "Waiting-list entry")
