"""What time does to bookings: reminders, offers that lapse, members who did not come."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from regulars.flows import standing
from regulars.flows.bookings import offering, sessions, telling
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Scope
from regulars.value.bookings import api as bookings
from regulars.value.bookings.policy import acts as policy
from regulars.value.bookings.types import Booking, Service

_log = logging.getLogger(__name__)
BATCH = 200
_AGAIN = timedelta(hours=1)


def settle_bookings(now: datetime) -> int:
    """Let offers lapse and mark who did not come, each booking in a transaction of its own; returns how many changed.
    Two workers are safe: the second finds the booking changed already."""
    changed = 0
    for brand_id, member_id, booking_id in bookings.list_due(now=now, limit=BATCH):
        scope = _scope(brand_id)
        try:
            changed += _settle(scope, member_id, booking_id, now)
        except Refusal as refusal:  # one booking's trouble does not stop the others
            _log.error("booking %s could not be settled: %s", booking_id, refusal)
            with transaction.atomic():
                booking = bookings.get_booking(
                    scope=scope, member_id=member_id, booking_id=booking_id, lock=True
                )
                bookings.save_booking(booking=replace(booking, due_at=now + _AGAIN))
    bookings.end_overdue_waiting(now=now)
    return changed


def remind(now: datetime) -> int:
    """Tell members of what they have booked, a day and two hours before or as the service says; returns how many
    bookings were looked at."""
    with transaction.atomic():
        found = bookings.take_reminders(now=now, limit=500)
        by_brand: dict[UUID, list[Booking]] = {}
        for booking in found:
            by_brand.setdefault(booking.brand_id, []).append(booking)
        for brand_id, rows in by_brand.items():
            scope = _scope(brand_id)
            services = bookings.get_services(scope=scope, ids=[row.service_id for row in rows])
            told = [
                (row, "booking_reminder", f"remind:{row.remind_at.isoformat() if row.remind_at else ''}")
                for row in rows
                if row.state == "booked" and row.starts_at > now
            ]
            telling.tell_many(scope, told, now)
            for row in rows:
                following = policy.remind_at(services[row.service_id].terms, row.starts_at, now)
                bookings.save_booking(booking=replace(row, remind_at=following))
    return len(found)


def _settle(scope: Scope, member_id: UUID, booking_id: UUID, now: datetime) -> int:
    with transaction.atomic():
        standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
        booking = bookings.get_booking(scope=scope, member_id=member_id, booking_id=booking_id, lock=True)
        if booking.due_at is None or booking.due_at > now:
            return 0
        service = bookings.get_services(scope=scope, ids=[booking.service_id])[booking.service_id]
        if booking.state == "offered":
            after = policy.lapse(booking, now)
            bookings.save_booking(booking=after)
            bookings.give_back_time(
                resource_id=booking.resource_id,
                starts_at=booking.starts_at,
                blocked_until=booking.blocked_until,
                places=booking.places,
            )
            offering.offer_next(scope, booking.resource_id, booking.starts_at, now)
        else:
            after = policy.no_show(booking, now)
            after = _after_no_show(scope, after, service, now)
            bookings.save_booking(booking=after)
            _block(scope, after, service, now)
        telling.announce(scope, after, f"booking.{after.state}", now)
        return 1


def _after_no_show(scope: Scope, booking: Booking, service: Service, now: datetime) -> Booking:
    """Not coming costs sessions where the service says so; one who has none left owes nothing."""
    rule = service.terms.no_show
    if rule is None or not rule.sessions:
        return booking
    stores = organisations.stores_of(brand_id=scope.brand_id).values()
    store = next(s for s in stores if s.id == booking.store_id)
    try:
        with transaction.atomic():
            return replace(
                booking,
                session_id=sessions.use(scope, booking, service, rule.sessions, store, now, no_show=True),
            )
    except Refusal:
        return booking


def _block(scope: Scope, booking: Booking, service: Service, now: datetime) -> None:
    rule = service.terms.no_show
    if rule is None:
        return
    since = now - timedelta(days=rule.within_days)
    count = bookings.count_no_shows(scope=scope, member_id=booking.member_id, since=since)
    timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
    until = policy.blocked_until(rule, count, now, timezone)
    if until is not None:
        bookings.block(scope=scope, member_id=booking.member_id, since=booking.starts_at, until=until)


def _scope(brand_id: UUID) -> Scope:
    brand = organisations.get_brand(brand_id=brand_id)
    return Scope(brand.organisation_id, brand.id, SYSTEM, frozenset())
