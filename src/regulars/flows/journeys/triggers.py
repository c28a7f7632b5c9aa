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
_MOST_THEN = 20
TOPICS = (
    "activity.posted",
    "member.enrolled",
    "segment.entered",
    "segment.left",
    "tier.changed",
    "message.unsubscribed",
    "member.consent",
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
                if definition.settings.leave_segment or definition.settings.leave_on_opt_out:
                    _leave(journey, definition, _behind(brand, definition, mine, now), now)


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


def _behind(brand: Brand, definition: Definition, events: Sequence[Event], now: datetime) -> list[Event]:
    """What came behind the last event that may have brought its member in: she came in and left at once."""
    last = {
        event.member_id: place
        for place, event in enumerate(events)
        if any(_concerns(brand, node, event, now) for node in definition.triggers)
    }
    return [event for place, event in enumerate(events) if place > last.get(event.member_id, place)]


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
        out = [event.member_id for event in events if _opts_out(event)]
        if out:
            journeys.leave(journey=journey, member_ids=sorted(set(out)), reason="opted_out", now=now)


def _opts_out(event: Event) -> bool:
    """She went by a message's way out, or took a consent back on her page, at the till or anywhere else."""
    taken_back = event.payload.get("purpose") == "marketing" and not event.payload.get("granted")
    return event.topic == "message.unsubscribed" or (event.topic == "member.consent" and taken_back)


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
        entries = _entries(brand, node, chosen, events, now)
        journeys.enter(brand=brand, journey=journey, trigger=node, entries=entries, now=now)


def _entries(
    brand: Brand, node: Node, events: Sequence[Event], heard: Sequence[Event], now: datetime
) -> list[Entry]:
    assert node.trigger is not None
    then = _then(events, heard)
    if node.trigger.on != "activity":
        return [
            Entry(event.member_id, str(event.id), data={**_told(event), **then[event.id]}) for event in events
        ]
    data = data_of(brand, [_happened(event) for event in events], now=now)
    entries = []
    for event in events:
        found = data.get(UUID(event.payload["activity_id"]), {})
        brought = {**found, **then[event.id]}
        entries.append(Entry(event.member_id, str(event.id), str(found.get("key") or ""), brought))
    return entries


def _then(events: Sequence[Event], heard: Sequence[Event]) -> Mapping[UUID, Mapping[str, Any]]:
    """By event: the member's activities that were told together with it and came behind it, as id, type and when."""
    found: dict[UUID, Mapping[str, Any]] = {}
    asked = {event.id for event in events}
    behind: dict[UUID, list[Event]] = {}
    for event in reversed(heard):
        later = behind.setdefault(event.member_id, [])
        if event.id in asked:
            then = [
                [one.payload["activity_id"], one.payload["type"], one.occurred_at.isoformat()]
                for one in reversed(later)
                if one.occurred_at >= event.occurred_at
            ]
            found[event.id] = {"then": then[:_MOST_THEN]} if then else {}
        if event.topic == "activity.posted":
            later.append(event)
    return found


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
