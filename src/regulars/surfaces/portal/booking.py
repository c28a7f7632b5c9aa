"""The bookings' pages: services, free slots, her bookings, what she waits for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Query, Router
from ninja.responses import Status

from regulars.flows.bookings import api as flow
from regulars.flows.bookings.api import Opening
from regulars.kit import clock
from regulars.kit.errors import not_found
from regulars.kit.periods import zone
from regulars.kit.text import Language, Text
from regulars.platform.organisations import api as organisations
from regulars.surfaces import access
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.bodies import Day
from regulars.surfaces.portal.guard import SignedIn, member_of
from regulars.surfaces.portal.mall import store_out
from regulars.surfaces.portal.mall_shapes import (
    ActGiven,
    BookGiven,
    BookingOut,
    BookingsOut,
    MoveGiven,
    Name,
    ResourceOut,
    ServiceOut,
    SlotOut,
    WaitGiven,
    WaitingOut,
    WhyNotOut,
)
from regulars.value.bookings import api as bookings
from regulars.value.bookings.types import BOOKING_STATES, Booking, Resource, Service

mine = Router(auth=SignedIn(), tags=["bookings"])
_PAGE = 20


@mine.get("/services", response=list[ServiceOut])
def list_services(request: HttpRequest, slug: Path[str]) -> Any:
    """What she can book, with the stores and people of each."""
    member, language = member_of(request), access.language(request)
    services = bookings.list_services(scope=member.scope, states=("active",))
    resources = {r.terms.key: r for r in bookings.list_resources(scope=member.scope, states=("active",))}
    stores = organisations.stores_of(brand_id=member.brand.id)
    found = []
    for service in services:
        terms = service.terms
        at = [resources[key].terms for key in terms.resources if key in resources]
        codes = dict.fromkeys(one.store for one in at)
        found.append(
            ServiceOut(
                key=terms.key,
                name=terms.name.in_language(language),
                description=terms.description.in_language(language),
                category=terms.category,
                minutes=terms.minutes,
                price=terms.price,
                package=terms.package,
                sessions=terms.sessions,
                cancel_minutes=terms.cancel_minutes,
                waiting_list=terms.waiting_list,
                stores=[store_out(stores[code], language) for code in codes if code in stores],
                resources=[
                    ResourceOut(
                        key=one.key,
                        name=one.name.in_language(language),
                        title=one.title.in_language(language),
                        kind=one.kind,
                        store=one.store,
                    )
                    for one in at
                ],
            )
        )
    return found


@mine.get("/services/{key}/slots", response=list[SlotOut])
def list_slots(
    request: HttpRequest,
    slug: Path[str],
    key: Path[Name],
    first: Day | None = None,
    days: Annotated[int, Query(ge=1, le=14)] = 7,
    store: Annotated[str | None, Query(max_length=64)] = None,
    resource: Annotated[str | None, Query(max_length=64)] = None,
    places: Annotated[int, Query(ge=1, le=20)] = 1,
) -> Any:
    """Slots of business days from `first` (today) on as she sees them."""
    member, language, now = member_of(request), access.language(request), clock.now()
    service = bookings.get_service(scope=member.scope, key=key)
    if service.state != "active":
        raise not_found(Text("服务", "Service"))
    found = flow.openings(
        scope=member.scope,
        service=service,
        first=first or now.astimezone(zone(member.brand.timezone)).date(),
        days=days,
        now=now,
        member_id=member.member_id,
        store=store,
        resource=resource,
        places=places,
    )
    return [_slot(one, member.brand.timezone, language) for one in found]


@mine.get("/bookings", response=BookingsOut)
def list_bookings(request: HttpRequest, slug: Path[str], cursor: str | None = None) -> Any:
    """Her bookings, latest first, and what she waits for."""
    member, language, now = member_of(request), access.language(request), clock.now()
    page = bookings.list_of_member(
        scope=member.scope, member_id=member.member_id, cursor=(cursor or "")[:400] or None, limit=_PAGE
    )
    waiting = bookings.list_waiting(scope=member.scope, member_id=member.member_id, since=now)
    services = bookings.get_services(scope=member.scope, ids=[w.service_id for w in waiting])
    resources = {
        r.id: r for r in bookings.list_resources(scope=member.scope, ids=[w.resource_id for w in waiting])
    }
    tz = zone(member.brand.timezone)
    blocked = bookings.blocked_until(scope=member.scope, member_id=member.member_id)
    return BookingsOut(
        items=_shown(member, list(page.items), language, now),
        waiting=[
            WaitingOut(
                id=one.id,
                service=services[one.service_id].terms.key,
                name=services[one.service_id].terms.name.in_language(language),
                resource=resources[one.resource_id].terms.key,
                resource_name=resources[one.resource_id].terms.name.in_language(language),
                starts_at=one.starts_at,
                day=one.starts_at.astimezone(tz).date(),
                time=f"{one.starts_at.astimezone(tz):%H:%M}",
                places=one.places,
            )
            for one in waiting
        ],
        blocked_until=blocked if blocked and blocked > now else None,
        next_cursor=page.next_cursor,
    )


@mine.post("/bookings", response=BookingOut)
def book(request: HttpRequest, slug: Path[str], given: BookGiven) -> Any:
    """Book a slot. 409 with the reason when she cannot have it; the same key again is the same booking."""
    member, now = member_of(request), clock.now()
    done = flow.book(scope=member.scope, member_id=member.member_id, source="portal", now=now, **given.dict())
    return _shown(member, [done.booking], access.language(request), now)[0]


@mine.post("/bookings/{booking_id}/move", response=BookingOut)
def move(request: HttpRequest, slug: Path[str], booking_id: UUID, given: MoveGiven) -> Any:
    """Another time for it: the new booking is answered."""
    member, now = member_of(request), clock.now()
    done = flow.move(
        scope=member.scope, member_id=member.member_id, booking_id=booking_id, now=now, **given.dict()
    )
    return _shown(member, [done.booking], access.language(request), now)[0]


@mine.post("/bookings/{booking_id}/cancel", response=BookingOut)
def cancel(request: HttpRequest, slug: Path[str], booking_id: UUID, given: ActGiven) -> Any:
    """Give it back, until the service's limit. 409 `cancel_too_late`."""
    member, now = member_of(request), clock.now()
    done = flow.cancel(
        scope=member.scope,
        member_id=member.member_id,
        booking_id=booking_id,
        key=given.key,
        reason=given.reason,
        now=now,
    )
    return _shown(member, [done.booking], access.language(request), now)[0]


@mine.post("/bookings/{booking_id}/accept", response=BookingOut)
def accept(request: HttpRequest, slug: Path[str], booking_id: UUID, given: ActGiven) -> Any:
    """Take the place that was offered to her. 409 `offer_lapsed`."""
    member, now = member_of(request), clock.now()
    done = flow.accept(
        scope=member.scope, member_id=member.member_id, booking_id=booking_id, key=given.key, now=now
    )
    return _shown(member, [done.booking], access.language(request), now)[0]


@mine.post("/waiting", response={201: None})
def join_waiting(request: HttpRequest, slug: Path[str], given: WaitGiven) -> Any:
    """Wait for a slot that is full; again is harmless."""
    member = member_of(request)
    flow.join_waiting(scope=member.scope, member_id=member.member_id, now=clock.now(), **given.dict())
    return Status(201, None)


@mine.delete("/waiting/{waiting_id}", response={204: None})
def leave_waiting(request: HttpRequest, slug: Path[str], waiting_id: UUID) -> Any:
    """She waits no more."""
    member = member_of(request)
    flow.leave_waiting(scope=member.scope, member_id=member.member_id, waiting_id=waiting_id, now=clock.now())
    return Status(204, None)


def _slot(one: Opening, timezone: str, language: Language) -> SlotOut:
    free, local = one.free, one.free.slot.starts_at.astimezone(zone(timezone))
    return SlotOut(
        starts_at=free.slot.starts_at,
        ends_at=free.slot.ends_at,
        day=local.date(),
        time=f"{local:%H:%M}",
        resource=free.resource.terms.key,
        resource_name=free.resource.terms.name.in_language(language),
        store=free.resource.terms.store,
        left=free.left,
        can=not one.why_not,
        can_wait=one.can_wait,
        why_not=[
            WhyNotOut(code=why.code, sentence=why.text.in_language(language), data=dict(why.data))
            for why in one.why_not
        ],
    )


def _shown(member: MemberAccess, rows: list[Booking], language: Language, now: datetime) -> list[BookingOut]:
    services = bookings.get_services(scope=member.scope, ids=[one.service_id for one in rows])
    resources: dict[UUID, Resource] = {
        r.id: r for r in bookings.list_resources(scope=member.scope, ids=[one.resource_id for one in rows])
    }
    stores = {s.id: s for s in organisations.stores_of(brand_id=member.brand.id).values()}
    tz = zone(member.brand.timezone)
    found = []
    for one in rows:
        service: Service = services[one.service_id]
        until = one.starts_at - timedelta(minutes=service.terms.cancel_minutes)
        store = stores.get(one.store_id)
        offered = one.state == "offered" and one.offer_until is not None and now < one.offer_until
        found.append(
            BookingOut(
                id=one.id,
                name=one.name.in_language(language),
                service=service.terms.key,
                resource=resources[one.resource_id].terms.key,
                resource_name=one.resource_name.in_language(language),
                store=store_out(store, language) if store else None,
                state=one.state,
                state_name=BOOKING_STATES[one.state].in_language(language),
                starts_at=one.starts_at,
                ends_at=one.ends_at,
                day=one.starts_at.astimezone(tz).date(),
                time=f"{one.starts_at.astimezone(tz):%H:%M}",
                places=one.places,
                note=one.note,
                offer_until=one.offer_until,
                cancel_until=until,
                can_cancel=offered or (one.state == "booked" and now <= until),
                can_accept=offered,
            )
        )
    return found
