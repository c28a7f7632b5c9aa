"""Booking a slot and what becomes of it: each act one transaction under the member's lock.

Locks are taken in this order: her membership, her booking, the time of resources, entries of the waiting list (which
are passed over where somebody else holds them). What another member is offered is written without her lock: no value
moves, and she has to accept it herself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from regulars.facts.activity import api as activities
from regulars.facts.activity.types import ActivityIn, MemberRef
from regulars.flows import standing
from regulars.flows.bookings import offering, sessions, telling
from regulars.flows.bookings.finding import can_wait, candidate_of
from regulars.flows.intake import api as intake
from regulars.flows.standing import Standing
from regulars.kit.errors import Refusal, conflict, invalid_field, not_found
from regulars.kit.ids import digest, new_id
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope, Store
from regulars.value.bookings import api as bookings
from regulars.value.bookings.policy import acts as policy
from regulars.value.bookings.types import WAITING, Booking, Resource, Service, Slot, Waiting, WhyNot


@dataclass(frozen=True, slots=True)
class Booked:
    """The answer to an act on a booking. `repeated`: it had been done before, nothing was done again."""

    booking: Booking
    repeated: bool = False


def book(
    *,
    scope: Scope,
    member_id: UUID,
    service: str,
    resource: str,
    starts_at: datetime,
    key: str,
    now: datetime,
    places: int = 1,
    note: str = "",
    source: str = "api",
) -> Booked:
    """Book a slot. Refuses as `bookings.types.WHY_NOT` says (409), and another booking under the same key."""
    _check(places, note)
    body = digest(service, resource, starts_at.isoformat(), str(places), note)
    with transaction.atomic():
        her = standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
        before = bookings.find_booking(scope=scope, member_id=member_id, key=key)
        if before is not None:
            if before.body_hash != body:
                raise activities.key_conflict(before.id)
            return Booked(before, repeated=True)
        made = _new(scope, her, service, resource, starts_at, key, body, places, note, source, None, now)
        return Booked(made)


def move(
    *,
    scope: Scope,
    member_id: UUID,
    booking_id: UUID,
    resource: str,
    starts_at: datetime,
    key: str,
    now: datetime,
) -> Booked:
    """Another time or resource for a booking, as a new one; the old one is cancelled in the same transaction, within
    the same time limit."""
    body = digest(str(booking_id), resource, starts_at.isoformat())
    with transaction.atomic():
        her = standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
        before = bookings.find_booking(scope=scope, member_id=member_id, key=key)
        if before is not None:
            if before.body_hash != body:
                raise activities.key_conflict(before.id)
            return Booked(before, repeated=True)
        old = bookings.get_booking(scope=scope, member_id=member_id, booking_id=booking_id, lock=True)
        scope.require_store(old.store_id)
        service = bookings.get_services(scope=scope, ids=[old.service_id])[old.service_id]
        ended = policy.cancel(
            old, service.terms, now=now, by_member=scope.actor.kind == "member", reason="moved"
        )
        wanted = bookings.get_resource(scope=scope, key=resource)
        slot = _slot(scope, service, wanted, starts_at)
        bookings.lock_time(
            wanted=[
                (old.resource_id, old.starts_at, old.blocked_until),
                *([(wanted.id, slot.starts_at, slot.blocked_until)] if slot else []),
            ]
        )
        bookings.save_booking(booking=ended)
        _free(ended)
        made = _new(
            scope,
            her,
            service.terms.key,
            resource,
            starts_at,
            key,
            body,
            old.places,
            old.note,
            old.source,
            old.id,
            now,
        )
        telling.record(scope, old, ended, "move", now)
        offering.offer_next(scope, ended.resource_id, ended.starts_at, now)
        return Booked(made)


def cancel(
    *, scope: Scope, member_id: UUID, booking_id: UUID, key: str, now: datetime, reason: str = ""
) -> Booked:
    """Give the time back; whoever waits for it is offered it. Raises `cancel_too_late` (409) for the member herself
    after the limit, `booking_state`."""
    if len(reason) > 200:
        raise invalid_field("reason", "too_long", "最长 200 字", "at most 200 characters")
    with transaction.atomic():
        booking, service, repeated = _begin(scope, member_id, booking_id, "cancel", key, now)
        if repeated:
            return Booked(booking, repeated=True)
        by_member = scope.actor.kind == "member"
        ended = policy.cancel(booking, service.terms, now=now, by_member=by_member, reason=reason)
        bookings.save_booking(booking=ended)
        _free(ended)
        offering.offer_next(scope, ended.resource_id, ended.starts_at, now)
        telling.record(scope, booking, ended, "cancel", now)
        if not by_member:
            telling.tell(scope, ended, "booking_cancelled", "cancelled", now)
        return Booked(ended)


def accept(*, scope: Scope, member_id: UUID, booking_id: UUID, key: str, now: datetime) -> Booked:
    """Take a place that was offered from the waiting list. Raises `offer_lapsed` (409)."""
    with transaction.atomic():
        booking, service, repeated = _begin(scope, member_id, booking_id, "accept", key, now)
        if repeated:
            return Booked(booking, repeated=True)
        taken = policy.accept(booking, service.terms, now)
        bookings.save_booking(booking=taken)
        telling.record(scope, booking, taken, "accept", now)
        return Booked(taken)


def check_in(*, scope: Scope, member_id: UUID, booking_id: UUID, key: str, now: datetime) -> Booked:
    """She is here: a check-in activity at the store, and a session of her package where the service uses one.

    Raises `not_checkin_time`, `booking_state` (409), and what using the session refuses.
    """
    with transaction.atomic():
        booking, service, repeated = _begin(scope, member_id, booking_id, "check_in", key, now)
        if repeated:
            return Booked(booking, repeated=True)
        here = policy.check_in(booking, service.terms, now)
        store = _store_of(scope, booking.store_id)
        given = ActivityIn(
            type="checkin",
            member=MemberRef(id=member_id),
            occurred_at=now,
            source="bookings",
            store=store.code,
            key=f"booking:{booking.id}",
        )
        [receipt] = intake.post(scope=scope, activities=[given], now=now, internal=True)
        if isinstance(receipt, Refusal):
            raise receipt
        here = replace(here, activity_id=receipt.activity_id)
        if booking.state == "booked":  # a no-show may have cost the session already
            here = replace(
                here, session_id=sessions.use(scope, here, service, service.terms.sessions, store, now)
            )
        bookings.save_booking(booking=here)
        telling.record(scope, booking, here, "check_in", now)
        return Booked(here)


def check_in_now(*, scope: Scope, member_id: UUID, store: str, key: str, now: datetime) -> Booked:
    """Check her in, known by her QR code, for the booking of this store whose time it is: the earliest that fits.

    Raises `no_booking_now` (404).
    """
    place = organisations.stores_of(brand_id=scope.brand_id, codes=[store]).get(store)
    if place is None:
        raise invalid_field("store", "unknown_store", f"没有门店 {store}", f"There is no store {store}")
    scope.require_store(place.id)
    near = timedelta(days=1)
    mine = [
        b
        for b in bookings.list_of_member(scope=scope, member_id=member_id).items
        if b.store_id == place.id and now - near <= b.starts_at <= now + near
    ]
    services = bookings.get_services(scope=scope, ids=[b.service_id for b in mine])
    for booking in sorted(mine, key=lambda b: (b.starts_at, b.id)):
        try:
            if booking.state != "checked_in":
                policy.check_in(booking, services[booking.service_id].terms, now)
            elif not booking.starts_at - near <= now <= booking.ends_at:
                continue
        except Refusal:
            continue
        return check_in(scope=scope, member_id=member_id, booking_id=booking.id, key=key, now=now)
    raise Refusal(
        "no_booking_now", Text("该会员此刻在本店没有预约", "She has no booking here now"), status=404
    )


def unblock(*, scope: Scope, member_id: UUID, now: datetime) -> bool:
    """Let her book again before her block ends; False when there is none."""
    with transaction.atomic():
        standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
        ended = bookings.unblock(scope=scope, member_id=member_id, now=now)
        if ended:
            telling.record_unblocked(scope, member_id, now)
        return ended


def join_waiting(
    *,
    scope: Scope,
    member_id: UUID,
    service: str,
    resource: str,
    starts_at: datetime,
    now: datetime,
    places: int = 1,
) -> Waiting:
    """Wait for a slot that is full. Again is harmless. Refuses what keeps her from booking it at all, `slot_free`
    (409) for one that she can book, `no_waiting_list`."""
    _check(places, "")
    with transaction.atomic():
        her = standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
        found = bookings.get_service(scope=scope, key=service)
        place = bookings.get_resource(scope=scope, key=resource)
        slot, why = _why_not(scope, her, found, place, starts_at, places, now, None)
        if slot is None or not can_wait(found, why):
            if not why:
                raise conflict("slot_free", "该时段还有空位，可直接预约", "The slot has a place: book it")
            other = [w for w in why if w.code not in ("slot_full", "waiting_first")]
            if other:
                raise policy.refusal(other)
            raise conflict("no_waiting_list", "该服务没有候补", "This service has no waiting list")
        entry = Waiting(
            id=new_id(),
            member_id=member_id,
            brand_id=scope.brand_id,
            service_id=found.id,
            resource_id=place.id,
            starts_at=slot.starts_at,
            places=places,
            rank=her.rank,
            state="waiting",
            created_at=now,
            booking_id=None,
        )
        if bookings.wait(entry=entry):
            return entry
        mine = bookings.list_waiting(scope=scope, since=now, member_id=member_id)
        return next(w for w in mine if (w.resource_id, w.starts_at) == (entry.resource_id, entry.starts_at))


def leave_waiting(*, scope: Scope, member_id: UUID, waiting_id: UUID, now: datetime) -> None:
    """She waits no more. Raises `not_found` when she does not wait."""
    with transaction.atomic():
        standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
        if not bookings.end_waiting(scope=scope, member_id=member_id, waiting_id=waiting_id, state="left"):
            raise not_found(WAITING)


def _begin(
    scope: Scope, member_id: UUID, booking_id: UUID, verb: str, key: str, now: datetime
) -> tuple[Booking, Service, bool]:
    """Lock her and her booking, and claim the act's key: (booking, service, done before)."""
    standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
    booking = bookings.get_booking(scope=scope, member_id=member_id, booking_id=booking_id, lock=True)
    scope.require_store(booking.store_id)
    service = bookings.get_services(scope=scope, ids=[booking.service_id])[booking.service_id]
    first = activities.claim(
        brand_id=scope.brand_id,
        kind=f"booking.{verb}",
        key=key,
        member_id=member_id,
        subject_id=booking_id,
        body=[str(booking_id)],
    )
    return booking, service, first is not None


def _new(
    scope: Scope,
    her: Standing,
    service_key: str,
    resource_key: str,
    starts_at: datetime,
    key: str,
    body: UUID,
    places: int,
    note: str,
    source: str,
    moved_from: UUID | None,
    now: datetime,
) -> Booking:
    service = bookings.get_service(scope=scope, key=service_key)
    resource = bookings.get_resource(scope=scope, key=resource_key)
    store = _store(scope, resource.terms.store)
    scope.require_store(store.id)
    slot, why = _why_not(scope, her, service, resource, starts_at, places, now, moved_from)
    if why or slot is None:
        raise policy.refusal(why)
    bookings.take_time(resource=resource, slot=slot, places=places)
    made = offering.booking_of(
        scope=scope, member_id=her.row.member_id, service=service, resource=resource, store_id=store.id, slot=slot,
        places=places, key=key, body=body, state="booked", now=now, note=note, source=source, moved_from=moved_from,
    )  # fmt: skip
    bookings.add_booking(booking=made)
    telling.record_new(scope, made, now)
    return made


def _why_not(
    scope: Scope,
    her: Standing,
    service: Service,
    resource: Resource,
    starts_at: datetime,
    places: int,
    now: datetime,
    but: UUID | None,
) -> tuple[Slot | None, list[WhyNot]]:
    timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
    member_id = her.row.member_id
    slot = _slot(scope, service, resource, starts_at)
    if slot is None:
        nobody = policy.Candidate(her.is_active, her.tier, (), None, 0, False, 0, False)
        return None, policy.why_not(service, None, nobody, places=places, now=now, timezone=timezone)
    left, waiting = bookings.left_at(resource=resource, slot=slot)
    taken = bookings.list_standing(scope=scope, member_id=member_id, now=now, but=but)
    blocked = bookings.blocked_until(scope=scope, member_id=member_id)
    candidate = candidate_of(her, service, slot, taken, blocked, left, waiting > 0)
    return slot, policy.why_not(service, slot, candidate, places=places, now=now, timezone=timezone)


def _slot(scope: Scope, service: Service, resource: Resource, starts_at: datetime) -> Slot | None:
    timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
    return bookings.slot_of(service=service, resource=resource, starts_at=starts_at, timezone=timezone)


def _free(booking: Booking) -> None:
    bookings.give_back_time(
        resource_id=booking.resource_id,
        starts_at=booking.starts_at,
        blocked_until=booking.blocked_until,
        places=booking.places,
    )


def _store(scope: Scope, code: str) -> Store:
    return organisations.stores_of(brand_id=scope.brand_id, codes=[code])[code]


def _store_of(scope: Scope, store_id: UUID) -> Store:
    return next(s for s in organisations.stores_of(brand_id=scope.brand_id).values() if s.id == store_id)


def _check(places: int, note: str) -> None:
    if not 1 <= places <= 20:
        raise invalid_field("places", "out_of_range", "1 到 20 位", "1 to 20")
    if len(note) > 200:
        raise invalid_field("note", "too_long", "最长 200 字", "at most 200 characters")
