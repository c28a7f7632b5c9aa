"""The outbox tells what happened; missions, boards and the check-in calendar follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from regulars.engage.missions.api import missions as kept
from regulars.engage.missions.api import play
from regulars.flows.missions import acts, boards, checkins, counting
from regulars.kit.errors import Refusal
from regulars.platform.due import api as due
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import NOBODY, Event

CONSUMER = "missions"
BATCH = 500
_CHECKS = 500
# What this flow itself announces, and what is no sign that a member's standing became another.
_OURS = ("mission.", "draw.", "badge.", "message.")
_FRIENDS = {"referral.qualified": True, "referral.returned": False}


def follow(now: datetime) -> int:
    """Count the next events; gives how many there were."""
    outbox.subscribe(name=CONSUMER, from_start=False)  # what was before the first mission does not count
    return outbox.consume(name=CONSUMER, handle=lambda events: handle(events, now), now=now, batch=BATCH)


def handle(events: Sequence[Event], now: datetime) -> None:
    """Count a batch of events, all or nothing."""
    by_brand: dict[UUID, list[Event]] = {}
    for event in events:
        if event.member_id != NOBODY and not event.topic.startswith(_OURS):
            by_brand.setdefault(event.brand_id, []).append(event)
    for brand_id in sorted(by_brand):
        mine = by_brand[brand_id]
        brand = organisations.get_brand(brand_id=brand_id)
        count(brand, acts.ids_of(mine), {event.member_id for event in mine}, now)
        boards.count_friends(brand, [_friend(event) for event in mine if event.topic in _FRIENDS])


def count(brand: Brand, ids: Sequence[tuple[UUID, UUID]], member_ids: set[UUID], now: datetime) -> None:
    """Count activities (member, id) for everything that follows them."""
    try:
        if ids:
            play.hold_filling(brand_id=brand.id)
        done = acts.load(brand, ids) if ids else []
        checkins.count(brand, done, now)
        boards.count(brand, done, now)
        counting.count(brand, done, member_ids, now)
    except Refusal as refusal:
        if refusal.code != "no_programme":  # a brand that has not published anything has no acts to count
            raise


def _friend(event: Event) -> boards.Friend:
    recruiter = UUID(event.payload["recruiter_id"])
    return boards.Friend(recruiter, event.member_id, event.occurred_at, _FRIENDS[event.topic])


def look_again(brand: Brand, member_ids: set[UUID], now: datetime) -> None:
    """Ask members' standings again: her profile was changed."""
    counting.count(brand, [], member_ids, now)


def check_due(now: datetime) -> int:
    """Due work: ask the standings of those who run a mission that waits for one, once an hour."""
    rows = due.claim(
        table="mission_run",
        key=("member_id", "brand_id", "mission", "run"),
        now=now,
        limit=_CHECKS,
        due="check_at",
        lease_seconds=kept.CHECK_EVERY.total_seconds(),
    )
    by_brand: dict[UUID, set[UUID]] = {}
    for member_id, brand_id, _, _ in rows:
        by_brand.setdefault(brand_id, set()).add(member_id)
    for brand_id in sorted(by_brand):
        look_again(organisations.get_brand(brand_id=brand_id), by_brand[brand_id], now)
    return len(rows)
