"""A place that came free goes to whoever waits for it: the highest tier first, then who came first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.flows.bookings import telling
from regulars.kit.errors import Refusal
from regulars.kit.ids import digest, new_id
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.value.bookings import api as bookings
from regulars.value.bookings.policy import acts as policy
from regulars.value.bookings.types import Booking, BookingState, Resource, Service, Slot


def offer_next(scope: Scope, resource_id: UUID, starts_at: datetime, now: datetime) -> int:
    """Hold what is free of a slot for those who wait for it; returns how many were offered a place.

    A place too few for the first who waits is offered to the next whom it suffices. In the caller's transaction: what
    she gave back cannot be taken in between.
    """
    timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
    offered = 0
    for entry in bookings.next_waiting(resource_id=resource_id, starts_at=starts_at):
        service = bookings.get_services(scope=scope, ids=[entry.service_id])[entry.service_id]
        resource = bookings.list_resources(scope=scope, ids=[resource_id])[0]
        slot = bookings.slot_of(service=service, resource=resource, starts_at=starts_at, timezone=timezone)
        until = policy.offer_until(service.terms, starts_at, now)
        if slot is None or until is None or service.state != "active":
            continue
        try:
            with transaction.atomic():
                bookings.take_time(resource=resource, slot=slot, places=entry.places)
        except Refusal:
            continue
        stores = organisations.stores_of(brand_id=scope.brand_id, codes=[resource.terms.store])
        booking = booking_of(
            scope=scope, member_id=entry.member_id, service=service, resource=resource,
            store_id=stores[resource.terms.store].id, slot=slot, places=entry.places, key=f"waiting:{entry.id}",
            body=digest(str(entry.id)), state="offered", now=now, source="waiting", offer_until=until,
        )  # fmt: skip
        bookings.add_booking(booking=booking)
        bookings.end_waiting(
            scope=scope,
            member_id=entry.member_id,
            waiting_id=entry.id,
            state="offered",
            booking_id=booking.id,
        )
        telling.announce(scope, booking, "booking.offered", now)
        telling.tell(scope, booking, "booking_offer", "offer", now)
        offered += 1
    return offered


def booking_of(
    *,
    scope: Scope,
    member_id: UUID,
    service: Service,
    resource: Resource,
    store_id: UUID,
    slot: Slot,
    places: int,
    key: str,
    body: UUID,
    state: BookingState,
    now: datetime,
    source: str,
    note: str = "",
    moved_from: UUID | None = None,
    offer_until: datetime | None = None,
) -> Booking:
    """A booking that is not kept yet."""
    terms = service.terms
    made = Booking(
        id=new_id(),
        member_id=member_id,
        brand_id=scope.brand_id,
        service_id=service.id,
        resource_id=resource.id,
        store_id=store_id,
        state=state,
        name=terms.name,
        resource_name=resource.terms.name,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        blocked_until=slot.blocked_until,
        places=places,
        key=key,
        body_hash=body,
        source=source,
        note=note,
        reason="",
        late=False,
        actor=scope.actor.label,
        activity_id=None,
        session_id=None,
        moved_from=moved_from,
        created_at=now,
        offer_until=offer_until,
        checked_in_at=None,
        ended_at=None,
        due_at=None,
        remind_at=policy.remind_at(terms, slot.starts_at, now) if state == "booked" else None,
    )
    return policy.timed(made, terms)
