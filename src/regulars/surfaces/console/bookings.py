"""Appointments at the desk: services, resources, a store's day, booking and check-in for members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from regulars.facts.members import api as members
from regulars.flows.bookings import api as flow
from regulars.flows.bookings.api import Booked
from regulars.kit import clock
from regulars.kit.errors import not_found
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope, Store
from regulars.programme.rules import api as rules
from regulars.surfaces import member_pass
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.bodies import Day
from regulars.surfaces.console.asking import Code, Cursor, member_id_of, needs, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.mall import (
    ActIn,
    BookIn,
    BookingChoicesOut,
    BookingOut,
    CalendarColumnOut,
    CalendarOut,
    HoursOut,
    ItemDefinitionIn,
    ItemStateIn,
    MemberBookingsOut,
    MoveIn,
    OfferedOut,
    ScanIn,
    SlotOut,
    WaitIn,
    WaitingRowOut,
)
from regulars.surfaces.console.shapes.shared import ChoiceOut, StoreRefOut, TextIO
from regulars.value.bookings import api as bookings
from regulars.value.bookings.types import (
    BOOKING,
    BOOKING_STATES,
    OFFER_STATES,
    RESOURCE_KINDS,
    WAITING,
    Booking,
    Resource,
    Service,
    Waiting,
)

router = Router(tags=["Bookings"])


@router.get("/services", response=list[OfferedOut], **needs("bookings.read"))
def list_services(request: HttpRequest) -> Any:
    """The services in their order."""
    scope, naming = _asked(request)
    return [_offered(naming, one) for one in bookings.list_services(scope=scope)]


@router.put("/services/{key}", response=OfferedOut, **needs("bookings.write"))
def put_service(request: HttpRequest, key: Code, given: ItemDefinitionIn) -> Any:
    """Add a service, or change the one of this key."""
    return _put(request, "service", key, given)


@router.post("/services/{key}/state", response=OfferedOut, **needs("bookings.write"))
def set_service_state(request: HttpRequest, key: Code, given: ItemStateIn) -> Any:
    """Open, pause or end it; bookings that stand stay."""
    scope, naming = _asked(request)
    done = bookings.set_state(scope=scope, type_="service", key=key, state=given.state, now=naming.now)
    return _offered(naming, done)


@router.get("/resources", response=list[OfferedOut], **needs("bookings.read"))
def list_resources(request: HttpRequest, store: Annotated[str | None, Query(max_length=64)] = None) -> Any:
    """Advisers, rooms and classes in their order."""
    scope, naming = _asked(request)
    return [_offered(naming, one) for one in bookings.list_resources(scope=scope, store=store or None)]


@router.put("/resources/{key}", response=OfferedOut, **needs("bookings.write"))
def put_resource(request: HttpRequest, key: Code, given: ItemDefinitionIn) -> Any:
    """Add a resource with its hours, or change the one of this key."""
    return _put(request, "resource", key, given)


@router.post("/resources/{key}/state", response=OfferedOut, **needs("bookings.write"))
def set_resource_state(request: HttpRequest, key: Code, given: ItemStateIn) -> Any:
    """Open, pause or end it; bookings that stand stay."""
    scope, naming = _asked(request)
    done = bookings.set_state(scope=scope, type_="resource", key=key, state=given.state, now=naming.now)
    return _offered(naming, done)


@router.get("/bookings/choices", response=BookingChoicesOut, **needs("bookings.read"))
def get_choices(request: HttpRequest) -> Any:
    """What the forms of services and resources offer."""
    scope, naming = _asked(request)

    def of(words: dict[str, Text]) -> list[ChoiceOut]:
        return [ChoiceOut(value=code, label=naming.say(text)) for code, text in words.items()]

    return BookingChoicesOut(
        resource_kinds=of(RESOURCE_KINDS),
        states=of(OFFER_STATES),
        stores=[
            ChoiceOut(value=s.code, label=naming.say(s.name))
            for s in sorted(naming.stores.values(), key=lambda s: s.code)
        ],
        tiers=[
            ChoiceOut(value=t.code, label=naming.say(t.name))
            for t in (naming.scheme.tiers if naming.scheme else ())
        ],
        resources=[
            ChoiceOut(value=r.terms.key, label=naming.say(r.terms.name))
            for r in bookings.list_resources(scope=scope)
        ],
        booking_states=of(BOOKING_STATES),
        conditions=rules.standing_schema(naming.programme, naming.language) if naming.programme else {},
    )


@router.get("/stores/{code}/calendar", response=CalendarOut, **needs("bookings.read"))
def get_calendar(request: HttpRequest, code: Code, day: Day | None = None) -> Any:
    """A store's business day (today): its resources with their hours, its bookings in order, who waits."""
    scope, naming = _asked(request)
    store = _store(naming, code)
    on = day or naming.now.astimezone(zone(naming.brand.timezone)).date()
    since, until = start_of_day(on, naming.brand.timezone), start_of_day(on + _DAY, naming.brand.timezone)
    resources = bookings.list_resources(scope=scope, store=code)
    here = {r.id for r in resources}
    found = bookings.list_bookings(scope=scope, store_id=store.id, since=since, until=until)
    waiting = bookings.list_waiting(scope=scope, since=since, until=until)
    return CalendarOut(
        day=on,
        store=StoreRefOut(code=store.code, name=naming.say(store.name)),
        columns=[
            CalendarColumnOut(
                key=r.terms.key,
                name=naming.say(r.terms.name),
                kind=r.terms.kind,
                capacity=r.terms.capacity,
                hours=[
                    HoursOut(start=f"{h.start:%H:%M}", end=f"{h.end:%H:%M}")
                    for h in r.terms.exceptions.get(on, r.terms.weekly.get(on.isoweekday(), ()))
                ],
            )
            for r in resources
            if r.state == "active"
        ],
        items=bookings_out(naming, found),
        waiting=_waiting(naming, [w for w in waiting if w.resource_id in here]),
    )


@router.get("/services/{key}/slots", response=list[SlotOut], **needs("bookings.read"))
def list_slots(
    request: HttpRequest,
    key: Code,
    first: Day | None = None,
    days: Annotated[int, Query(ge=1, le=31)] = 7,
    store: Annotated[str | None, Query(max_length=64)] = None,
    resource: Annotated[str | None, Query(max_length=64)] = None,
    member: Annotated[str | None, Query(max_length=64)] = None,
    places: Annotated[int, Query(ge=1, le=20)] = 1,
) -> Any:
    """Slots of business days from `first` (today) on; as a member sees them, if her code is given."""
    scope, naming = _asked(request)
    tz = zone(naming.brand.timezone)
    found = flow.openings(
        scope=scope,
        service=bookings.get_service(scope=scope, key=key),
        first=first or naming.now.astimezone(tz).date(),
        days=days,
        now=naming.now,
        member_id=member_id_of(scope, member) if member else None,
        store=store or None,
        resource=resource or None,
        places=places,
    )
    return [
        SlotOut(
            starts_at=one.free.slot.starts_at,
            ends_at=one.free.slot.ends_at,
            time=f"{one.free.slot.starts_at.astimezone(tz):%H:%M}",
            day=one.free.slot.starts_at.astimezone(tz).date(),
            resource=one.free.resource.terms.key,
            resource_name=naming.say(one.free.resource.terms.name),
            store=one.free.resource.terms.store,
            left=one.free.left,
            capacity=one.free.capacity,
            waiting=one.free.waiting,
            can=not one.why_not,
            can_wait=one.can_wait,
            why_not=[naming.say(why.text) for why in one.why_not],
        )
        for one in found
    ]


@router.get("/members/{code}/bookings", response=MemberBookingsOut, **needs("bookings.read"))
def list_of_member(request: HttpRequest, code: Code, cursor: Cursor = None) -> Any:
    """A member's bookings, latest first, what she waits for, whether no-shows keep her from booking."""
    scope, naming = _asked(request)
    member_id = member_id_of(scope, code)
    page = bookings.list_of_member(scope=scope, member_id=member_id, cursor=cursor)
    waiting = bookings.list_waiting(scope=scope, member_id=member_id, since=naming.now)
    blocked = bookings.blocked_until(scope=scope, member_id=member_id)
    return MemberBookingsOut(
        items=bookings_out(naming, page.items),
        waiting=_waiting(naming, waiting),
        blocked_until=blocked if blocked and blocked > naming.now else None,
        next_cursor=page.next_cursor,
    )


@router.post("/members/{code}/bookings", response=BookingOut, **needs("bookings.use"))
def book(request: HttpRequest, code: Code, given: BookIn) -> Any:
    """Book a slot for a member. 409 with the reason when she cannot have it."""
    scope, naming = _asked(request)
    done = flow.book(
        scope=scope, member_id=member_id_of(scope, code), source="console", now=naming.now, **given.dict()
    )
    return bookings_out(naming, [done.booking])[0]


@router.delete("/members/{code}/bookings/block", response={204: None}, **needs("bookings.write"))
def unblock(request: HttpRequest, code: Code) -> Any:
    """Let her book again before her block ends."""
    scope, naming = _asked(request)
    flow.unblock(scope=scope, member_id=member_id_of(scope, code), now=naming.now)
    return Status(204, None)


@router.post("/members/{code}/bookings/{booking_id}/move", response=BookingOut, **needs("bookings.use"))
def move(request: HttpRequest, code: Code, booking_id: Code, given: MoveIn) -> Any:
    """Another time or resource: the new booking is answered."""
    return _act(request, code, booking_id, flow.move, **given.dict())


@router.post("/members/{code}/bookings/{booking_id}/cancel", response=BookingOut, **needs("bookings.use"))
def cancel(request: HttpRequest, code: Code, booking_id: Code, given: ActIn) -> Any:
    """Give the time back. She is told; whoever waits for it is offered it."""
    return _act(request, code, booking_id, flow.cancel, key=given.key, reason=given.reason)


@router.post("/members/{code}/bookings/{booking_id}/accept", response=BookingOut, **needs("bookings.use"))
def accept(request: HttpRequest, code: Code, booking_id: Code, given: ActIn) -> Any:
    """Take for her what she was offered from the waiting list."""
    return _act(request, code, booking_id, flow.accept, key=given.key)


@router.post("/members/{code}/bookings/{booking_id}/check-in", response=BookingOut, **needs("bookings.use"))
def check_in(request: HttpRequest, code: Code, booking_id: Code, given: ActIn) -> Any:
    """She is here."""
    return _act(request, code, booking_id, flow.check_in, key=given.key)


@router.post("/bookings/check-in", response=BookingOut, **needs("bookings.use"))
def scan(request: HttpRequest, given: ScanIn) -> Any:
    """Check in whose QR code was scanned, or whose member code was typed, for her booking of this store and time.

    404 `no_booking_now`.
    """
    scope, naming = _asked(request)
    text = given.text.strip()
    if member_pass.is_one(text):
        member_id = member_pass.read(brand_id=scope.brand_id, token=text, now=naming.now)
    else:
        member_id = member_id_of(scope, text.upper())
    done = flow.check_in_now(
        scope=scope, member_id=member_id, store=given.store, key=given.key, now=naming.now
    )
    return bookings_out(naming, [done.booking])[0]


@router.post("/members/{code}/waiting", response=WaitingRowOut, **needs("bookings.use"))
def join_waiting(request: HttpRequest, code: Code, given: WaitIn) -> Any:
    """Put her on the waiting list of a full slot; again is harmless."""
    scope, naming = _asked(request)
    entry = flow.join_waiting(
        scope=scope, member_id=member_id_of(scope, code), now=naming.now, **given.dict()
    )
    return _waiting(naming, [entry])[0]


@router.delete("/members/{code}/waiting/{waiting_id}", response={204: None}, **needs("bookings.use"))
def leave_waiting(request: HttpRequest, code: Code, waiting_id: Code) -> Any:
    """She waits no more."""
    scope, naming = _asked(request)
    flow.leave_waiting(
        scope=scope,
        member_id=member_id_of(scope, code),
        waiting_id=uuid_of(waiting_id, WAITING),
        now=naming.now,
    )
    return Status(204, None)


_DAY = timedelta(days=1)


def _asked(request: HttpRequest) -> tuple[Scope, Naming]:
    scope = scope_of(request)
    return scope, Naming(scope, language(request), clock.now())


def _put(request: HttpRequest, type_: str, key: str, given: ItemDefinitionIn) -> OfferedOut:
    scope, naming = _asked(request)
    definition = {**given.definition, "type": type_, "key": key}
    return _offered(naming, bookings.apply_definition(scope=scope, definition=definition, now=naming.now))


def _act(
    request: HttpRequest, code: str, booking_id: str, act: Callable[..., Booked], **given: Any
) -> BookingOut:
    scope, naming = _asked(request)
    done = act(
        scope=scope,
        member_id=member_id_of(scope, code),
        booking_id=uuid_of(booking_id, BOOKING),
        now=naming.now,
        **given,
    )
    return bookings_out(naming, [done.booking])[0]


def _store(naming: Naming, code: str) -> Store:
    found = next((s for s in naming.stores.values() if s.code == code), None)
    if found is None:
        raise not_found(Text("门店", "Store"))
    return found


def _offered(naming: Naming, one: Service | Resource) -> OfferedOut:
    return OfferedOut(
        type="service" if isinstance(one, Service) else "resource",
        key=one.terms.key,
        state=one.state,
        state_name=naming.say(OFFER_STATES[one.state]),
        name=naming.say(one.terms.name),
        names=TextIO.of(one.terms.name),
        definition=dict(one.definition),
        created_at=one.created_at,
        updated_at=one.updated_at,
    )


def bookings_out(naming: Naming, rows: Sequence[Booking]) -> list[BookingOut]:
    """Bookings with the words for their codes."""
    people = members.names_of(scope=naming.scope, member_ids={b.member_id for b in rows})
    services = bookings.get_services(scope=naming.scope, ids=[b.service_id for b in rows])
    resources = {
        r.id: r for r in bookings.list_resources(scope=naming.scope, ids=[b.resource_id for b in rows])
    }
    tz = zone(naming.brand.timezone)
    found = []
    for one in rows:
        code, name = people.get(one.member_id, ("", ""))
        found.append(
            BookingOut(
                id=str(one.id),
                member_code=code,
                member_name=name,
                service=services[one.service_id].terms.key,
                name=naming.say(one.name),
                resource=resources[one.resource_id].terms.key,
                resource_name=naming.say(one.resource_name),
                store=naming.store(one.store_id),
                state=one.state,
                state_name=naming.say(BOOKING_STATES[one.state]),
                starts_at=one.starts_at,
                ends_at=one.ends_at,
                time=f"{one.starts_at.astimezone(tz):%H:%M}",
                places=one.places,
                note=one.note,
                reason=one.reason,
                late=one.late,
                source=one.source,
                offer_until=one.offer_until,
                checked_in_at=one.checked_in_at,
                can=_can(one, services[one.service_id], naming.now),
            )
        )
    return found


def _can(one: Booking, service: Service, now: datetime) -> list[str]:
    found = []
    first = one.starts_at - timedelta(minutes=service.terms.checkin_before_minutes)
    if one.state in ("booked", "no_show") and first <= now <= one.ends_at:
        found.append("check_in")
    if one.state == "booked":
        found += ["cancel", "move"]
    if one.state == "offered":
        found += ["cancel", "accept"]
    return found


def _waiting(naming: Naming, rows: Sequence[Waiting]) -> list[WaitingRowOut]:
    people = members.names_of(scope=naming.scope, member_ids={w.member_id for w in rows})
    services = bookings.get_services(scope=naming.scope, ids=[w.service_id for w in rows])
    resources = {
        r.id: r for r in bookings.list_resources(scope=naming.scope, ids=[w.resource_id for w in rows])
    }
    tz = zone(naming.brand.timezone)
    return [
        WaitingRowOut(
            id=str(one.id),
            member_code=people.get(one.member_id, ("", ""))[0],
            member_name=people.get(one.member_id, ("", ""))[1],
            service=services[one.service_id].terms.key,
            resource=resources[one.resource_id].terms.key,
            starts_at=one.starts_at,
            time=f"{one.starts_at.astimezone(tz):%H:%M}",
            places=one.places,
            rank=one.rank,
            created_at=one.created_at,
        )
        for one in rows
    ]
