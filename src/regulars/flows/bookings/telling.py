"""Who hears of a booking: the audit log of what staff did, the outbox, the member's inbox."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection

from regulars.facts.members import states
from regulars.kit.ids import new_id
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import Notice
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.value.bookings.types import Booking


def announce(scope: Scope, booking: Booking, topic: str, now: datetime) -> None:
    """One event for all that acts on it after the commit."""
    payload = {
        "booking_id": str(booking.id),
        "service_id": str(booking.service_id),
        "resource_id": str(booking.resource_id),
        "store_id": str(booking.store_id),
        "state": booking.state,
        "starts_at": booking.starts_at.isoformat(),
        "places": booking.places,
    }
    event = Event(
        id=new_id(),
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        topic=topic,
        payload=payload,
        occurred_at=now,
        recorded_at=now,
        member_id=booking.member_id,
    )
    outbox.append([event])


def record_new(scope: Scope, booking: Booking, now: datetime) -> None:
    """A new booking: in the outbox, and in the audit log unless she made it herself."""
    announce(scope, booking, "booking.booked", now)
    if scope.actor.kind in ("member", "system"):
        return
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="booking.book",
        subject_type="member",
        subject_id=booking.member_id,
        after={
            "booking": str(booking.id),
            "starts_at": booking.starts_at.isoformat(),
            "places": booking.places,
        },
        now=now,
    )


def record_unblocked(scope: Scope, member_id: UUID, now: datetime) -> None:
    """Staff ended a block before its time."""
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="booking.unblock",
        subject_type="member",
        subject_id=member_id,
        after={"blocked": False},
        now=now,
    )


def record(scope: Scope, before: Booking, after: Booking, verb: str, now: datetime) -> None:
    """An act on a booking: in the outbox, and in the audit log unless she did it herself."""
    announce(scope, after, f"booking.{after.state}", now)
    if scope.actor.kind in ("member", "system"):
        return
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=f"booking.{verb}",
        subject_type="member",
        subject_id=after.member_id,
        before={"state": before.state},
        after={"state": after.state, "booking": str(after.id), "starts_at": after.starts_at.isoformat()},
        now=now,
    )


def tell(scope: Scope, booking: Booking, template: str, what: str, now: datetime) -> None:
    """A message in her inbox, once for each `what`."""
    tell_many(scope, [(booking, template, what)], now)


def tell_many(scope: Scope, told: list[tuple[Booking, str, str]], now: datetime) -> int:
    """Messages for bookings of one brand; gives how many went out."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    stores = {s.id: s.name for s in organisations.stores_of(brand_id=brand.id).values()}
    with connection.cursor() as cursor:
        languages = states.languages(cursor, brand_id=brand.id, member_ids={b.member_id for b, _, _ in told})

    def moment(at: datetime | None) -> str:
        return f"{at.astimezone(zone(brand.timezone)):%m-%d %H:%M}" if at else ""

    notices = [
        Notice(
            member_id=booking.member_id,
            kind="booking",
            key=f"{booking.id}:{what}",
            template=template,
            language=languages[booking.member_id],
            values={
                "service": booking.name,
                "resource": booking.resource_name,
                "store": stores.get(booking.store_id, Text("", "")),
                "time": moment(booking.starts_at),
                "until": moment(booking.offer_until),
            },
        )
        for booking, template, what in told
        if booking.member_id in languages
    ]
    return messaging.send_many(brand=brand, notices=notices, now=now) if notices else 0
