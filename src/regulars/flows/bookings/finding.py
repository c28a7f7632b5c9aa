"""What a member, or staff for her, can book: slots with what speaks against them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from regulars.flows import standing
from regulars.flows.standing import Standing
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.value.bookings import api as bookings
from regulars.value.bookings.policy import acts
from regulars.value.bookings.types import FreeSlot, Service, Slot, WhyNot

MOST_DAYS = 31


@dataclass(frozen=True, slots=True)
class Opening:
    """A slot as one member sees it; `why_not` is empty when she can book it. `can_wait`: she may join its list."""

    free: FreeSlot
    why_not: tuple[WhyNot, ...]
    can_wait: bool


def openings(
    *,
    scope: Scope,
    service: Service,
    first: date,
    days: int,
    now: datetime,
    member_id: UUID | None = None,
    store: str | None = None,
    resource: str | None = None,
    places: int = 1,
) -> list[Opening]:
    """Every slot of so many local days from `first` on that has not begun; without a member, as if for anybody."""
    timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
    found = bookings.list_resources(
        scope=scope, keys=[resource] if resource else service.terms.resources, store=store, states=("active",)
    )
    free = bookings.free_slots(
        service=service,
        resources=found,
        first=first,
        days=max(1, min(days, MOST_DAYS)),
        timezone=timezone,
        after=now,
    )
    her = standing.of_member(scope=scope, member_id=member_id, now=now) if member_id else None
    taken = bookings.list_standing(scope=scope, member_id=member_id, now=now) if member_id else []
    blocked = bookings.blocked_until(scope=scope, member_id=member_id) if member_id else None
    rows = []
    for one in free:
        candidate = candidate_of(her, service, one.slot, taken, blocked, one.left, one.waiting > 0)
        why = acts.why_not(service, one.slot, candidate, places=places, now=now, timezone=timezone)
        rows.append(Opening(one, tuple(why), can_wait(service, why)))
    return rows


def candidate_of(
    her: Standing | None,
    service: Service,
    slot: Slot,
    taken: list[tuple[datetime, datetime]],
    blocked: datetime | None,
    left: int,
    waiting: bool,
) -> acts.Candidate:
    """What is known of somebody who wants a slot; of nobody in particular without a standing."""
    return acts.Candidate(
        active=her.is_active if her else True,
        tier=her.tier if her else "",
        lacks=her.lacks(service.terms.condition) if her else (),
        blocked_until=blocked,
        open_bookings=len(taken),
        overlaps=any(start < slot.ends_at and end > slot.starts_at for start, end in taken),
        left=left,
        waiting=waiting,
    )


def can_wait(service: Service, why: list[WhyNot]) -> bool:
    """Whether being full, or others waiting, is all that speaks against it."""
    return (
        service.terms.waiting_list and bool(why) and {w.code for w in why} <= {"slot_full", "waiting_first"}
    )
