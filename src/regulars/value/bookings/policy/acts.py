"""Whether a member may book a slot, what may happen to a booking, what no-shows lead to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from regulars.kit.errors import Refusal, conflict
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.value.bookings.types import (
    BOOKING_STATES,
    WHY_NOT,
    Booking,
    BookingState,
    NoShowRule,
    Service,
    ServiceTerms,
    Slot,
    WhyNot,
)

STANDING: tuple[BookingState, ...] = ("booked", "offered", "checked_in")


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a decision looks at. `left` are the slot's free places; `waiting` somebody waits for it before her."""

    active: bool
    tier: str
    lacks: tuple[Text, ...]
    blocked_until: datetime | None
    open_bookings: int
    overlaps: bool
    left: int
    waiting: bool


def opens_at(service: ServiceTerms, slot: Slot, tier: str, timezone: str) -> datetime:
    """When the slot's day can be booked by somebody of a tier."""
    day = slot.starts_at.astimezone(zone(timezone)).date()
    return start_of_day(day - timedelta(days=service.open_days + service.early_days.get(tier, 0)), timezone)


def why_not(
    service: Service, slot: Slot | None, her: Candidate, *, places: int, now: datetime, timezone: str
) -> list[WhyNot]:
    """Every reason why she cannot book it now; empty when she can."""
    terms = service.terms
    found: list[WhyNot] = []
    if service.state != "active":
        found.append(_why("service_closed"))
    if slot is None:
        return [*found, _why("not_a_slot")]
    if not her.active:
        found.append(_why("membership_not_active"))
    if her.lacks:
        zh, en = "；".join(w.zh for w in her.lacks), "; ".join(w.en for w in her.lacks)
        found.append(_why("not_eligible", why=Text(zh, en)))
    if now > slot.starts_at - timedelta(minutes=terms.lead_minutes):
        found.append(_why("too_soon", minutes=terms.lead_minutes))
    opens = opens_at(terms, slot, her.tier, timezone)
    if now < opens:
        found.append(_why("not_open_yet", day=opens.astimezone(zone(timezone)).date().isoformat()))
    if her.blocked_until and now < her.blocked_until:
        day = her.blocked_until.astimezone(zone(timezone)).date()
        found.append(_why("blocked", day=day.isoformat()))
    if her.open_bookings >= terms.most_open:
        found.append(_why("too_many_open", count=terms.most_open))
    if her.overlaps:
        found.append(_why("overlaps"))
    if her.left < places:
        found.append(_why("slot_full"))
    elif her.waiting:
        found.append(_why("waiting_first"))
    return found


def refusal(why: Sequence[WhyNot]) -> Refusal:
    """The first reason as a 409."""
    return Refusal(why[0].code, why[0].text, status=409, data=dict(why[0].data))


def full() -> Refusal:
    """Somebody else took the last place at this moment."""
    return refusal([_why("slot_full")])


def due_of(booking: Booking, grace_minutes: int) -> datetime | None:
    """When time changes it next: an offer lapses; she did not come."""
    if booking.state == "offered":
        return booking.offer_until
    if booking.state == "booked":
        return booking.starts_at + timedelta(minutes=grace_minutes)
    return None


def timed(booking: Booking, terms: ServiceTerms) -> Booking:
    """The booking with the instant at which time changes it next."""
    return replace(booking, due_at=due_of(booking, terms.grace_minutes))


def remind_at(terms: ServiceTerms, starts_at: datetime, now: datetime) -> datetime | None:
    """The next reminder that lies ahead."""
    instants = (starts_at - timedelta(minutes=m) for m in terms.remind_minutes)
    return min((at for at in instants if at > now), default=None)


def cancel(booking: Booking, terms: ServiceTerms, *, now: datetime, by_member: bool, reason: str) -> Booking:
    """Take it back. She herself until `cancel_minutes` before (`cancel_too_late`, 409), staff always; `late` tells."""
    _must(booking, ("booked", "offered"), "cancel")
    late = booking.state == "booked" and now > booking.starts_at - timedelta(minutes=terms.cancel_minutes)
    if late and by_member:
        raise conflict(
            "cancel_too_late",
            f"须提前 {terms.cancel_minutes} 分钟取消，请联系门店",
            f"Cancel at least {terms.cancel_minutes} minutes ahead; please call the store",
            minutes=terms.cancel_minutes,
        )
    return replace(
        booking, state="cancelled", ended_at=now, reason=reason, late=late, due_at=None, remind_at=None
    )


def check_in(booking: Booking, terms: ServiceTerms, now: datetime) -> Booking:
    """She is here: from `checkin_before_minutes` before until the end. Somebody marked as a no-show may still come."""
    _must(booking, ("booked", "no_show"), "check_in")
    first = booking.starts_at - timedelta(minutes=terms.checkin_before_minutes)
    if not first <= now <= booking.ends_at:
        raise conflict(
            "not_checkin_time", "不在签到时间内", "It is not time to check in", opens=first.isoformat()
        )
    return replace(booking, state="checked_in", checked_in_at=now, due_at=None, remind_at=None)


def accept(booking: Booking, terms: ServiceTerms, now: datetime) -> Booking:
    """She takes what was offered to her from the waiting list."""
    _must(booking, ("offered",), "accept")
    if booking.offer_until is None or now >= booking.offer_until:
        raise conflict("offer_lapsed", "候补名额已过期", "The offer has lapsed")
    taken = replace(booking, state="booked", offer_until=None)
    remind = remind_at(terms, taken.starts_at, now)
    return replace(taken, due_at=due_of(taken, terms.grace_minutes), remind_at=remind)


def lapse(booking: Booking, now: datetime) -> Booking:
    _must(booking, ("offered",), "lapse")
    return replace(booking, state="lapsed", ended_at=now, due_at=None, remind_at=None)


def no_show(booking: Booking, now: datetime) -> Booking:
    _must(booking, ("booked",), "no_show")
    return replace(booking, state="no_show", ended_at=now, due_at=None, remind_at=None)


def blocked_until(rule: NoShowRule, count: int, now: datetime, timezone: str) -> datetime | None:
    """Until when so many no-shows within the rule's days keep her from booking: the start of the business day after
    `block_days`; None while they are too few."""
    if count < rule.count:
        return None
    today: date = now.astimezone(zone(timezone)).date()
    return start_of_day(today + timedelta(days=rule.block_days), timezone)


def offer_until(terms: ServiceTerms, slot_start: datetime, now: datetime) -> datetime | None:
    """How long an offer stands; None when there is no time left to offer it: within the lead before it begins."""
    last = slot_start - timedelta(minutes=terms.lead_minutes)
    return None if now >= last else min(now + timedelta(minutes=terms.offer_minutes), last)


def _must(booking: Booking, states: tuple[str, ...], act: str) -> None:
    if booking.state not in states:
        name = BOOKING_STATES[booking.state]
        raise Refusal(
            "booking_state",
            Text("预约{name}，不能这样操作", "The booking is {name}; this cannot be done").format(
                name=Text(name.zh, name.en.lower())
            ),
            status=409,
            data={"state": booking.state, "act": act},
        )


def _why(code: str, **values: object) -> WhyNot:
    plain = {k: v.to_json() if isinstance(v, Text) else v for k, v in values.items()}
    return WhyNot(code, WHY_NOT[code].format(**values), plain)
