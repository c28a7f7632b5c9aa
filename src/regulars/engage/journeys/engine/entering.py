"""Letting members in: who may, how often, with what they bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.audience.holdouts import api as holdouts
from regulars.audience.segments import api as segments
from regulars.conditions.api import compile_condition
from regulars.conditions.types import ALWAYS, Condition
from regulars.engage.journeys.policy import data, timing
from regulars.engage.journeys.policy.walking import Plan
from regulars.engage.journeys.store import reading, running
from regulars.engage.journeys.store.running import NewRun, Tally
from regulars.engage.journeys.types import Definition, Entered, Entry, Journey, Node, Settings
from regulars.kit.ids import new_ids
from regulars.kit.periods import period_key, start_of_day, zone
from regulars.platform.organisations.types import Brand


def enter(
    cursor: Any,
    *,
    brand: Brand,
    journey: Journey,
    plan: Plan,
    trigger: Node,
    entries: Sequence[Entry],
    now: datetime,
    tally: Tally,
    conditions_hold: bool = False,
) -> Entered:
    """Begin runs of those who may come in by this trigger; they stand at its first node, due at once.

    The caller holds the journey (`defining.hold`). `conditions_hold`: the trigger's own condition was asked already.
    """
    refused: dict[str, int] = {}
    settings = plan.definition.settings
    waiting = {entry.member_id: entry for entry in entries} if settings.again != "keyed" else None
    left = list(waiting.values()) if waiting is not None else list(entries)

    def drop(out: set[Any], why: str) -> None:
        nonlocal left
        kept = [entry for entry in left if entry.member_id not in out]
        if len(kept) < len(left):
            refused[why] = refused.get(why, 0) + len(left) - len(kept)
        left = kept

    drop(running.inactive(cursor, brand_id=brand.id, member_ids=[e.member_id for e in left]), "closed")
    if settings.holdout and left:
        drop(holdouts.held_out(brand_id=brand.id, member_ids=[e.member_id for e in left]), "holdout")
    asked: list[Condition] = [] if conditions_hold or trigger.trigger is None else [trigger.trigger.where]
    asked = [condition for condition in (*asked, settings.when) if condition != ALWAYS]
    if asked and left:
        fitting = _fitting(brand, plan, asked, left, now)
        refused["when"] = len(left) - len(fitting)
        left = fitting
    begun = _begin(cursor, brand, journey, plan.definition, trigger, left, now)
    if len(begun) < len(left):
        refused["not_now"] = len(left) - len(begun)
    tally.add(journey.id, journey.version, trigger.id, "+", len(begun))
    tally.add(journey.id, journey.version, trigger.id, ":next", len(begun))
    return Entered(len(begun), {why: n for why, n in refused.items() if n})


def why_not(
    cursor: Any,
    *,
    brand: Brand,
    journey: Journey,
    definition: Definition,
    member_id: UUID,
    at: datetime,
    now: datetime,
) -> str:
    """Why a member whose conditions hold could not come in at an instant, as far as it is known now: `closed`,
    `holdout`, `not_now`; empty where she could. A run that is under way may be over by a later instant."""
    if running.inactive(cursor, brand_id=brand.id, member_ids=[member_id]):
        return "closed"
    settings = definition.settings
    if settings.holdout and holdouts.held_out(brand_id=brand.id, member_ids=[member_id]):
        return "holdout"
    if settings.again == "keyed":
        return ""
    key = key_of(definition, Entry(member_id, ""), at, brand.timezone)
    since = _not_since(settings, at, brand.timezone)
    for had, under_way, single, started_at in reading.begun(
        cursor, journey_id=journey.id, member_id=member_id
    ):
        if (
            (under_way and single and at <= now)
            or (settings.again in ("once", "period") and had == key)
            or (settings.again == "days" and started_at is not None and started_at >= since)
        ):
            return "not_now"
    return ""


def _fitting(
    brand: Brand, plan: Plan, asked: Sequence[Condition], entries: Sequence[Entry], now: datetime
) -> list[Entry]:
    known = segments.values_of(
        brand_id=brand.id, conditions=asked, member_ids=list({e.member_id for e in entries}), now=now
    )
    tests = [compile_condition(condition=one, catalogue=plan.catalogue) for one in asked]
    return [
        entry
        for entry in entries
        if entry.member_id in known
        and (facts := merged(known[entry.member_id], entry.data, plan)) is not None
        and all(test(facts) for test in tests)
    ]


def merged(known: Mapping[str, Any], kept: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """What is known of the member with what triggered the run."""
    brought = kept.get("facts")
    return {**known, **data.typed(brought, plan.catalogue)} if brought else dict(known)


def key_of(definition: Definition, entry: Entry, now: datetime, tz: str) -> str:
    """What tells a member's runs of a journey apart."""
    match definition.settings.again:
        case "once":
            return ""
        case "period":
            return period_key(now.astimezone(zone(tz)), definition.settings.period)
        case "keyed":
            return entry.key or entry.event
    return entry.event


def _not_since(settings: Settings, at: datetime, tz: str) -> datetime:
    """From when on she may not have begun a run. Days are the calendar's: a week after a Monday is the next one,
    whatever the hour, the night's length and how quick the worker is."""
    today = at.astimezone(zone(tz)).date()
    return start_of_day(today - timedelta(days=settings.every_days - 1), tz)


def _begin(
    cursor: Any,
    brand: Brand,
    journey: Journey,
    definition: Definition,
    trigger: Node,
    entries: Sequence[Entry],
    now: datetime,
) -> list[Any]:
    if not entries:
        return []
    settings = definition.settings
    since = None
    if settings.again == "days":
        running.one_at_a_time(cursor, journey_id=journey.id)
        since = _not_since(settings, now, brand.timezone)
    goal = definition.goal
    return running.enter(
        cursor,
        brand_id=brand.id,
        journey_id=journey.id,
        version=journey.version,
        node=definition.edges[trigger.id, "next"],
        trigger=trigger.id,
        runs=[
            NewRun(entry.member_id, id_, key_of(definition, entry, now, brand.timezone), entry.data)
            for entry, id_ in zip(entries, new_ids(len(entries)), strict=True)
        ],
        single=settings.again != "keyed",
        since=since,
        goal_until=timing.add(now, goal.goal.within, brand.timezone) if goal and goal.goal else None,
        now=now,
    )
