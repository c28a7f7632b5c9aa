"""From the outbox to journeys: what happened brings members in, wakes those who waited for it, has some leave.

The consumer's position moves in the transaction that enters: each event counts once, whatever is killed when.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.utils import OperationalError

from regulars.audience.member_facts import api as member_facts
from regulars.conditions.api import fields_used
from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.api import Happened
from regulars.engage.journeys.types import Definition, Entry, Journey, Node
from regulars.flows.journeys.activities import data_of
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import NOBODY, Event
from regulars.programme.versions import api as versions

_log = logging.getLogger(__name__)
CONSUMER = "journeys"
BATCH = 500
_ROUNDS = 20
TOPICS = (
    "activity.posted",
    "member.enrolled",
    "segment.entered",
    "segment.left",
    "tier.changed",
    "message.unsubscribed",
)


def listen(now: datetime) -> int:
    """Hear what was written since; gives how many events that was."""
    outbox.subscribe(name=CONSUMER, from_start=False)  # journeys begin with what happens from now on
    heard = 0
    for _ in range(_ROUNDS):
        count = outbox.consume(
            name=CONSUMER, handle=lambda events: hear(events, now), now=now, batch=BATCH, topics=TOPICS
        )
        heard += count
        if not count:
            break
    return heard


def hear(events: Sequence[Event], now: datetime) -> None:
    """Act on events, in the caller's transaction."""
    by_brand: dict[UUID, list[Event]] = {}
    for event in events:
        if event.member_id != NOBODY:
            by_brand.setdefault(event.brand_id, []).append(event)
    for brand_id, mine in by_brand.items():
        live = journeys.live_journeys(brand_id=brand_id, paused=True, now=now)
        brand = organisations.get_brand(brand_id=brand_id)
        _halving(partial(_wake, brand, now), mine, "waits")
        for journey, definition in live:
            _leave(journey, definition, mine, now)
            if journey.state == "running":
                _halving(partial(_enter, brand, journey, definition, now), mine, journey.code)


def _halving(act: Callable[[Sequence[Event]], None], events: Sequence[Event], what: str) -> None:
    """Act on events; where that fails, on each half for itself. One that cannot be acted on is left out and said in
    the log: it must not keep all that comes after it."""
    try:
        with transaction.atomic():
            act(events)
    except OperationalError:
        raise
    except Exception as error:
        if len(events) == 1:
            _log.exception("journeys (%s): event %s is left out", what, events[0].id, exc_info=error)
            return
        half = len(events) // 2
        _halving(act, events[:half], what)
        _halving(act, events[half:], what)


def _wake(brand: Brand, now: datetime, events: Sequence[Event]) -> None:
    happened = [_happened(event) for event in events if event.topic == "activity.posted"]
    if happened and journeys.any_runs(brand_id=brand.id):
        journeys.happened(
            brand=brand, activities=happened, load=lambda some: data_of(brand, some, now=now), now=now
        )


def _happened(event: Event) -> Happened:
    return Happened(
        event.member_id, UUID(event.payload["activity_id"]), event.payload["type"], event.occurred_at
    )


def _leave(journey: Journey, definition: Definition, events: Sequence[Event], now: datetime) -> None:
    settings = definition.settings
    out = [
        event.member_id
        for event in events
        if settings.leave_segment
        and event.topic == "segment.left"
        and event.payload.get("segment") == settings.leave_segment
    ]
    if out:
        journeys.leave(journey=journey, member_ids=sorted(set(out)), reason="left_segment", now=now)
    if settings.leave_on_opt_out:
        out = [event.member_id for event in events if event.topic == "message.unsubscribed"]
        if out:
            journeys.leave(journey=journey, member_ids=sorted(set(out)), reason="opted_out", now=now)


def _enter(
    brand: Brand, journey: Journey, definition: Definition, now: datetime, events: Sequence[Event]
) -> None:
    for node in definition.triggers:
        chosen = [event for event in events if _concerns(brand, node, event, now)]
        if not chosen:
            continue
        if _asks_facts(definition, node):
            # conditions decide by what has just happened, not by what was known a minute ago
            members = sorted({event.member_id for event in chosen})
            member_facts.refresh(brand_id=brand.id, member_ids=members, now=now)
        journeys.enter(
            brand=brand, journey=journey, trigger=node, entries=_entries(brand, node, chosen, now), now=now
        )


def _entries(brand: Brand, node: Node, events: Sequence[Event], now: datetime) -> list[Entry]:
    assert node.trigger is not None
    if node.trigger.on != "activity":
        return [Entry(event.member_id, str(event.id), data=_told(event)) for event in events]
    data = data_of(brand, [_happened(event) for event in events], now=now)
    entries = []
    for event in events:
        found = data.get(UUID(event.payload["activity_id"]), {})
        entries.append(Entry(event.member_id, str(event.id), str(found.get("key") or ""), found))
    return entries


def _told(event: Event) -> Mapping[str, Any]:
    """What messages may say of an event that is no activity."""
    values = {
        name: event.payload[name]
        for name in ("segment", "tier", "previous", "channel")
        if event.payload.get(name)
    }
    return {"values": values} if values else {}


def _concerns(brand: Brand, node: Node, event: Event, now: datetime) -> bool:
    trigger = node.trigger
    assert trigger is not None
    payload = event.payload
    match trigger.on:
        case "activity":
            return event.topic == "activity.posted" and payload["type"] == trigger.activity
        case "joined":
            return event.topic == "member.enrolled"
        case "segment_entered" | "segment_left":
            return event.topic == trigger.on.replace("_", ".") and payload.get("segment") == trigger.segment
        case "tier_changed":
            return (
                event.topic == "tier.changed"
                and trigger.scheme in ("", payload["scheme"])
                and (not trigger.tiers or payload["tier"] in trigger.tiers)
                and trigger.direction in ("any", _direction(brand, payload, now))
            )
    return False


def _direction(brand: Brand, payload: Mapping[str, Any], now: datetime) -> str:
    try:
        live = versions.in_force(brand_id=brand.id, now=now).live
    except Refusal:
        return ""
    scheme = next((one for one in live.schemes if one.key == payload["scheme"]), None)
    places = {tier.code: place for place, tier in enumerate(scheme.tiers)} if scheme else {}
    before, after = places.get(payload["previous"], -1), places.get(payload["tier"], -1)
    return "up" if after > before else "down"


def _asks_facts(definition: Definition, trigger: Node) -> bool:
    conditions = [arm.when for node in definition.nodes.values() for arm in node.arms]
    conditions.append(definition.settings.when)
    if trigger.trigger is not None:
        conditions.append(trigger.trigger.where)
    return any(key.startswith("fact.") for one in conditions for key in fields_used(condition=one))
