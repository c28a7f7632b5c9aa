"""Triggers that nothing announces: members' dates, conditions asked by the day, and who is in a segment already."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.utils import OperationalError

from regulars.audience.segments import api as segments
from regulars.engage.journeys.engine import plans
from regulars.engage.journeys.engine.entering import enter
from regulars.engage.journeys.policy import timing
from regulars.engage.journeys.store import defining, sweeping
from regulars.engage.journeys.store.running import Tally
from regulars.engage.journeys.types import SWEEPS, Definition, Entry, Journey, SweepDay, Trigger
from regulars.kit.errors import Refusal
from regulars.kit.periods import zone
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand

CHUNK = 2000
_LATE = timedelta(hours=30)
_AGAIN = timedelta(minutes=10)
_log = logging.getLogger(__name__)


def planned(
    definition: Definition, *, now: datetime, tz: str, first: bool
) -> list[tuple[str, date, datetime, bool]]:
    """The sweeps of a definition from now on. `first`: at publication, when who is in a segment already comes in."""
    found = []
    today = now.astimezone(zone(tz)).date()
    for node in definition.triggers:
        trigger = node.trigger
        assert trigger is not None
        if trigger.on in SWEEPS:
            at = next_sweep(trigger, now, tz)
            found.append((node.id, at.astimezone(zone(tz)).date(), at, False))
        elif trigger.on == "segment_entered" and trigger.existing and first:
            found.append((node.id, today, now, True))
    return found


def next_sweep(trigger: Trigger, after: datetime, tz: str) -> datetime:
    return timing.next_time(after, trigger.at, tz, weekdays=trigger.weekdays)


def sweep(cursor: Any, *, now: datetime, tally: Tally, chunk: int = CHUNK) -> int:
    """Ask the next members of the sweep that waits longest, in the caller's transaction; 0 when none is due.

    One that fails is put off for ten minutes and its journey says why; it keeps no other waiting.
    """
    due = sweeping.claim(cursor, now=now)
    if due is None:
        return 0
    journey = defining.by_id(cursor, ids=[due.journey_id])[due.journey_id]
    if defining.hold(cursor, journey_id=journey.id) != "running":
        return 0
    before = dict(tally.runs)
    try:
        with transaction.atomic():
            _sweep(cursor, journey, due, now, tally, chunk)
    except OperationalError:
        raise
    except Exception as error:
        _log.warning("journey %s, sweep %s: %s", journey.code, due.node, error, exc_info=error)
        tally.runs = before
        sweeping.put_off(cursor, due, until=now + _AGAIN)
        said = error.message.kept() if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"
        defining.set_problem(cursor, journey_id=journey.id, problem=said[:500])
    return 1


def _sweep(cursor: Any, journey: Journey, due: SweepDay, now: datetime, tally: Tally, chunk: int) -> None:
    brand = organisations.get_brand(brand_id=journey.brand_id)
    plan = plans.plan_of(cursor, brand_id=brand.id, journey_id=journey.id, version=journey.version, now=now)
    node = plan.definition.nodes.get(due.node)
    if node is None or node.trigger is None:
        sweeping.finish(cursor, due, day=due.day, at=None)
        return
    found, last = _next(brand, node.trigger, due.day, due.after, now, chunk)
    enter(
        cursor,
        brand=brand,
        journey=journey,
        plan=plan,
        trigger=node,
        entries=[Entry(one, f"{node.id}:{due.day}") for one in found],
        now=now,
        tally=tally,
        conditions_hold=True,
    )
    if last is not None:
        sweeping.went(cursor, due, after=last)
        return
    if node.trigger.on not in SWEEPS:
        sweeping.finish(cursor, due, day=due.day, at=None)
        return
    # days that a stopped worker missed are asked one after another, but none that is long over
    asked = timing.on_day(due.day, node.trigger.at, brand.timezone)
    coming = next_sweep(node.trigger, max(asked, now - _LATE), brand.timezone)
    sweeping.finish(cursor, due, day=coming.astimezone(zone(brand.timezone)).date(), at=coming)


def _next(
    brand: Brand, trigger: Trigger, day: date, after: UUID | None, now: datetime, limit: int
) -> tuple[list[UUID], UUID | None]:
    """The next members whom the trigger brings on this day, and how far it looked (None: to the end)."""
    if trigger.on == "segment_entered":
        segment = segments.find_id(brand_id=brand.id, code=trigger.segment)
        found = segments.next_members(segment_id=segment, after=after, limit=limit)
        return found, found[-1] if len(found) == limit else None
    as_of = now if trigger.on == "daily" else timing.on_day(day, time(12), brand.timezone)
    return segments.next_holding(
        brand_id=brand.id,
        definition=trigger.where_json if trigger.on == "daily" else date_condition(trigger, day),
        now=now,
        as_of=as_of - timedelta(days=trigger.offset_days) if trigger.on == "date" else as_of,
        after=after,
        limit=limit,
    )


def date_condition(trigger: Trigger, day: date) -> Mapping[str, Any]:
    """Whose date, moved by the offset, is this day; yearly ones are asked as of the day less the offset."""
    wanted = day - timedelta(days=trigger.offset_days)
    if trigger.yearly:
        return {"field": trigger.date_field, "op": "anniversary_within", "value": {"before": 0, "after": 0}}
    return {"field": trigger.date_field, "op": "eq", "value": wanted.isoformat()}
