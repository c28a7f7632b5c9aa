"""Appointments: services and resources, free slots, bookings for members, check-in by QR, the waiting list."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from regulars.flows.bookings import api as flow
from regulars.flows.bookings.api import Booked, Opening
from regulars.kit import clock
from regulars.kit.errors import not_found
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Language, Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.surfaces import member_pass
from regulars.surfaces.access import language
from regulars.surfaces.bodies import Day
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.booking_shapes import (
    BookIn,
    BookingCancelIn,
    BookingOut,
    MoveIn,
    PassGiven,
    ResourceOut,
    ServiceOut,
    SlotOut,
    WaitIn,
    WaitingOut,
)
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.mall_shapes import DefinitionIn, StateIn
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut, Word
from regulars.surfaces.rest.value import Key
from regulars.value.bookings import api as bookings
from regulars.value.bookings.types import Booking, Resource, Service

router = Router(tags=["Bookings"])
_ANSWERS = {201: BookingOut, 200: BookingOut}
Days = Annotated[int, Query(ge=1, le=31)]


@router.get("/services", response=ListOut[ServiceOut], **needs("bookings.read"))
def list_services(request: HttpRequest) -> Any:
    """What can be booked, in its order."""
    return {"items": [_service(one) for one in bookings.list_services(scope=scope_of(request))]}


@router.put("/services/{service}", response=ServiceOut, **needs("bookings.write"))
def put_service(request: HttpRequest, service: Word, given: DefinitionIn) -> Any:
    """Add a service, or change the one of this key."""
    return _service(_put(request, "service", service, given))


@router.post("/services/{service}/state", response=ServiceOut, **needs("bookings.write"))
def set_service_state(request: HttpRequest, service: Word, given: StateIn) -> Any:
    """Open, pause or end it; bookings that stand stay."""
    return _service(
        bookings.set_state(
            scope=scope_of(request), type_="service", key=service, state=given.state, now=clock.now()
        )
    )


@router.get("/resources", response=ListOut[ResourceOut], **needs("bookings.read"))
def list_resources(request: HttpRequest, store: Word | None = None) -> Any:
    """Advisers, rooms and classes, in their order."""
    found = bookings.list_resources(scope=scope_of(request), store=store)
    return {"items": [_resource(one) for one in found]}


@router.put("/resources/{resource}", response=ResourceOut, **needs("bookings.write"))
def put_resource(request: HttpRequest, resource: Word, given: DefinitionIn) -> Any:
    """Add a resource with its hours, or change the one of this key."""
    return _resource(_put(request, "resource", resource, given))


@router.post("/resources/{resource}/state", response=ResourceOut, **needs("bookings.write"))
def set_resource_state(request: HttpRequest, resource: Word, given: StateIn) -> Any:
    """Open, pause or end it; bookings that stand stay."""
    return _resource(
        bookings.set_state(
            scope=scope_of(request), type_="resource", key=resource, state=given.state, now=clock.now()
        )
    )


@router.get("/services/{service}/slots", response=ListOut[SlotOut], **needs("bookings.read"))
def list_slots(
    request: HttpRequest,
    service: Word,
    first: Day | None = None,
    days: Days = 7,
    store: Word | None = None,
    resource: Word | None = None,
    member: Annotated[str | None, Query(max_length=300, description="as this member sees them")] = None,
    places: Annotated[int, Query(ge=1, le=20)] = 1,
) -> Any:
    """Slots of business days from `first` (today) on, full ones too."""
    scope, now = scope_of(request), clock.now()
    timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
    found = flow.openings(
        scope=scope,
        service=bookings.get_service(scope=scope, key=service),
        first=first or now.astimezone(zone(timezone)).date(),
        days=days,
        now=now,
        member_id=finding.member_id(scope, member) if member else None,
        store=store,
        resource=resource,
        places=places,
    )
    return {"items": [_slot(one, language(request)) for one in found]}


@router.post("/members/{member}/bookings", response=_ANSWERS, **needs("bookings.use"))
def book(request: HttpRequest, member: finding.MemberPath, given: BookIn, idempotency_key: Key) -> Any:
    """Book a slot for a member. 409 with the reason when she cannot have it."""
    scope = scope_of(request)
    done = flow.book(
        scope=scope,
        member_id=finding.member_id(scope, member),
        key=idempotency_key,
        now=clock.now(),
        **given.dict(),
    )
    return _answer(scope, done)


@router.get("/members/{member}/bookings", response=PageOut[BookingOut], **needs("bookings.read"))
def list_of_member(
    request: HttpRequest, member: finding.MemberPath, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """A member's bookings, latest first."""
    scope = scope_of(request)
    page = bookings.list_of_member(
        scope=scope, member_id=finding.member_id(scope, member), cursor=cursor, limit=limit
    )
    codes = finding.store_codes(scope)
    return page.map(lambda one: _booking(one, codes))


@router.post("/members/{member}/bookings/{booking_id}/move", response=_ANSWERS, **needs("bookings.use"))
def move(
    request: HttpRequest, member: finding.MemberPath, booking_id: UUID, given: MoveIn, idempotency_key: Key
) -> Any:
    """Another time or resource: the new booking is answered, the old one is cancelled with it or neither is."""
    scope = scope_of(request)
    done = flow.move(
        scope=scope,
        member_id=finding.member_id(scope, member),
        booking_id=booking_id,
        resource=given.resource,
        starts_at=given.starts_at,
        key=idempotency_key,
        now=clock.now(),
    )
    return _answer(scope, done)


@router.post("/members/{member}/bookings/{booking_id}/cancel", response=_ANSWERS, **needs("bookings.use"))
def cancel(
    request: HttpRequest,
    member: finding.MemberPath,
    booking_id: UUID,
    given: BookingCancelIn,
    idempotency_key: Key,
) -> Any:
    """Give the time back; whoever waits for it is offered it."""
    scope = scope_of(request)
    done = flow.cancel(
        scope=scope,
        member_id=finding.member_id(scope, member),
        booking_id=booking_id,
        reason=given.reason,
        key=idempotency_key,
        now=clock.now(),
    )
    return _answer(scope, done)


@router.post("/members/{member}/bookings/{booking_id}/accept", response=_ANSWERS, **needs("bookings.use"))
def accept(request: HttpRequest, member: finding.MemberPath, booking_id: UUID, idempotency_key: Key) -> Any:
    """Take a place offered from the waiting list. 409 `offer_lapsed`."""
    scope = scope_of(request)
    done = flow.accept(
        scope=scope,
        member_id=finding.member_id(scope, member),
        booking_id=booking_id,
        key=idempotency_key,
        now=clock.now(),
    )
    return _answer(scope, done)


@router.post("/members/{member}/bookings/{booking_id}/check-in", response=_ANSWERS, **needs("bookings.use"))
def check_in(request: HttpRequest, member: finding.MemberPath, booking_id: UUID, idempotency_key: Key) -> Any:
    """She is here: a check-in activity, and a session of her package where the service uses one."""
    scope = scope_of(request)
    done = flow.check_in(
        scope=scope,
        member_id=finding.member_id(scope, member),
        booking_id=booking_id,
        key=idempotency_key,
        now=clock.now(),
    )
    return _answer(scope, done)


@router.post("/stores/{code}/check-ins", response=_ANSWERS, **needs("bookings.use"))
def check_in_by_pass(request: HttpRequest, code: Word, given: PassGiven, idempotency_key: Key) -> Any:
    """Check in whose QR code was scanned, for her booking of this store and time. 404 `no_booking_now`."""
    scope, now = scope_of(request), clock.now()
    member_id = member_pass.read(brand_id=scope.brand_id, token=given.text, now=now)
    done = flow.check_in_now(scope=scope, member_id=member_id, store=code, key=idempotency_key, now=now)
    return _answer(scope, done)


@router.get("/stores/{code}/calendar", response=ListOut[BookingOut], **needs("bookings.read"))
def get_calendar(request: HttpRequest, code: Word, day: Day | None = None) -> Any:
    """The bookings of a store's business day (today), in order."""
    scope, now = scope_of(request), clock.now()
    store = organisations.stores_of(brand_id=scope.brand_id, codes=[code]).get(code)
    if store is None:
        raise not_found(Text("门店", "Store"))
    timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
    on = day or now.astimezone(zone(timezone)).date()
    found = bookings.list_bookings(
        scope=scope,
        store_id=store.id,
        since=start_of_day(on, timezone),
        until=start_of_day(on + timedelta(days=1), timezone),
    )
    codes = finding.store_codes(scope)
    return {"items": [_booking(one, codes) for one in found]}


@router.post("/members/{member}/waiting", response={201: WaitingOut}, **needs("bookings.use"))
def join_waiting(request: HttpRequest, member: finding.MemberPath, given: WaitIn) -> Any:
    """Wait for a slot that is full; again is harmless. 409 `slot_free` for one that can be booked."""
    scope = scope_of(request)
    entry = flow.join_waiting(
        scope=scope, member_id=finding.member_id(scope, member), now=clock.now(), **given.dict()
    )
    return Status(201, finding.plain(entry))


@router.get("/members/{member}/waiting", response=ListOut[WaitingOut], **needs("bookings.read"))
def list_waiting(request: HttpRequest, member: finding.MemberPath) -> Any:
    """What she waits for."""
    scope = scope_of(request)
    found = bookings.list_waiting(scope=scope, member_id=finding.member_id(scope, member), since=clock.now())
    return {"items": [finding.plain(one) for one in found]}


@router.delete("/members/{member}/waiting/{waiting_id}", response={204: None}, **needs("bookings.use"))
def leave_waiting(request: HttpRequest, member: finding.MemberPath, waiting_id: UUID) -> Any:
    """She waits no more."""
    scope = scope_of(request)
    flow.leave_waiting(
        scope=scope, member_id=finding.member_id(scope, member), waiting_id=waiting_id, now=clock.now()
    )
    return Status(204, None)


def _put(request: HttpRequest, type_: str, key: str, given: DefinitionIn) -> Any:
    definition = {**given.definition, "type": type_, "key": key}
    return bookings.apply_definition(scope=scope_of(request), definition=definition, now=clock.now())


def _service(one: Any) -> dict[str, Any]:
    service: Service = one
    terms = service.terms
    return {
        **finding.plain(terms),
        "state": service.state,
        "name": terms.name.to_json(),
        "description": terms.description.to_json(),
        "resources": list(terms.resources),
        "definition": dict(service.definition),
        "created_at": service.created_at,
        "updated_at": service.updated_at,
    }


def _resource(one: Any) -> dict[str, Any]:
    resource: Resource = one
    terms = resource.terms
    return {
        "key": terms.key,
        "state": resource.state,
        "name": terms.name.to_json(),
        "kind": terms.kind,
        "store": terms.store,
        "capacity": terms.capacity,
        "definition": dict(resource.definition),
        "created_at": resource.created_at,
        "updated_at": resource.updated_at,
    }


def _slot(one: Opening, said: Language) -> dict[str, Any]:
    free = one.free
    return {
        "starts_at": free.slot.starts_at,
        "ends_at": free.slot.ends_at,
        "resource": free.resource.terms.key,
        "resource_name": free.resource.terms.name.to_json(),
        "store": free.resource.terms.store,
        "left": free.left,
        "capacity": free.capacity,
        "waiting": free.waiting,
        "can": not one.why_not,
        "can_wait": one.can_wait,
        "why_not": [
            {"code": why.code, "message": why.text.in_language(said), "data": dict(why.data)}
            for why in one.why_not
        ],
    }


def _booking(one: Booking, codes: Any, repeated: bool = False) -> dict[str, Any]:
    shown = finding.plain(one)
    shown |= {"name": one.name.to_json(), "resource_name": one.resource_name.to_json()}
    return shown | {"store": codes.get(one.store_id), "repeated": repeated}


def _answer(scope: Scope, done: Booked) -> Any:
    return Status(
        200 if done.repeated else 201, _booking(done.booking, finding.store_codes(scope), done.repeated)
    )
