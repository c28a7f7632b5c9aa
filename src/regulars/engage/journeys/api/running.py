"""The engine's door: entries, activities, steps, sweeps, dry runs. What actions do is handed in by who calls."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.audience.segments import api as segments
from regulars.conditions.api import compile_condition, parse_condition
from regulars.conditions.types import ALWAYS
from regulars.engage.journeys.engine import arriving, entering, plans, stepping, sweeping
from regulars.engage.journeys.engine.arriving import Happened, Load
from regulars.engage.journeys.engine.plans import ground_of
from regulars.engage.journeys.engine.stepping import Batch, CarryOut, Deed, Outcome, Stepped
from regulars.engage.journeys.policy import describing, reading, simulating, timing
from regulars.engage.journeys.policy.data import plain
from regulars.engage.journeys.policy.walking import Plan
from regulars.engage.journeys.store import defining, running
from regulars.engage.journeys.store.running import Tally
from regulars.engage.journeys.types import Definition, DryRun, Entered, Entry, Journey, Node, Span
from regulars.kit.errors import ErrorList, Refusal, invalid_field
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand

__all__ = [
    "Batch",
    "CarryOut",
    "Deed",
    "Happened",
    "Load",
    "Outcome",
    "Stepped",
    "Tally",
    "any_runs",
    "close_stopped",
    "describe",
    "dry_run",
    "enter",
    "ground_of",
    "happened",
    "later",
    "leave",
    "live_journeys",
    "plain",
    "read_definition",
    "step",
    "stores_known",
    "sweep_due",
]
_CLOSE = 5000
_MEANT = Text("按今天的条件判断是否会进入", "Whether she would come in is judged by today's conditions")


def read_definition(*, brand_id: UUID, data: Any, errors: ErrorList, now: datetime) -> Definition | None:
    """A definition from its JSON; None, with what is wrong in `errors`."""
    return reading.read_into(data, ground_of(brand_id=brand_id, now=now), errors)


def live_journeys(*, brand_id: UUID, paused: bool = False, now: datetime) -> list[tuple[Journey, Definition]]:
    """The brand's running (and paused) journeys with what they are made of; those that no longer read are left out."""
    states = ["running", "paused"] if paused else ["running"]
    found = []
    with connection.cursor() as cursor:
        for journey in defining.in_flight(cursor, brand_id=brand_id, states=states):
            plan = _plan(cursor, journey, now)
            if plan is not None:
                found.append((journey, plan.definition))
    return found


def enter(
    *,
    brand: Brand,
    journey: Journey,
    trigger: Node,
    entries: Sequence[Entry],
    now: datetime,
    tally: Tally | None = None,
) -> Entered:
    """Let members in by a trigger, in the caller's transaction; each once for what brings her. Nobody comes into a
    journey that does not run. `tally`: counts that the caller writes itself, at the end of its step."""
    with transaction.atomic(), connection.cursor() as cursor:
        plan = _plan(cursor, journey, now)
        if plan is None or not entries or defining.hold(cursor, journey_id=journey.id) != "running":
            return Entered(0, {"not_running": len(entries)})
        counted = Tally() if tally is None else tally
        done = entering.enter(
            cursor,
            brand=brand,
            journey=journey,
            plan=plan,
            trigger=trigger,
            entries=entries,
            now=now,
            tally=counted,
        )
        if tally is None:
            running.count(cursor, counted, slot=os.getpid())
    return done


def happened(*, brand: Brand, activities: Sequence[Happened], load: Load, now: datetime) -> tuple[int, int]:
    """Members did something: runs that waited for it wake, goals are reached. Gives (woken, reached).

    `load` gives what conditions may read of activities, where one asks.
    """
    if not activities:
        return 0, 0
    with transaction.atomic(), connection.cursor() as cursor:
        tally = Tally()
        done = arriving.activities(cursor, brand=brand, happened=activities, load=load, now=now, tally=tally)
        running.count(cursor, tally, slot=os.getpid())
    return done


def leave(*, journey: Journey, member_ids: Sequence[UUID], reason: str, now: datetime) -> int:
    """End these members' runs of a journey, with the reason; gives how many were under way."""
    with transaction.atomic(), connection.cursor() as cursor:
        tally = Tally()
        ended = arriving.leave(
            cursor, journey=journey, member_ids=member_ids, reason=reason, now=now, tally=tally
        )
        running.count(cursor, tally, slot=os.getpid())
    return ended


def step(
    *,
    carry_out: CarryOut,
    now: datetime,
    limit: int = stepping.BATCH,
    brand_id: UUID | None = None,
    load: stepping.LoadOf = lambda _, happened: {},
) -> Stepped:
    """Walk a batch of each running journey's due runs on; `carry_out` does what actions do, in the same transaction.

    `load` gives what conditions may read of activities that came together with what brought a run in.
    """
    return stepping.step(carry_out=carry_out, now=now, limit=limit, brand_id=brand_id, load=load)


def sweep_due(*, now: datetime) -> int:
    """Ask the next members of dates and daily conditions; 0 when nothing is due."""
    with transaction.atomic(), connection.cursor() as cursor:
        tally = Tally()
        done = sweeping.sweep(cursor, now=now, tally=tally)
        running.count(cursor, tally, slot=os.getpid())
    return done


def close_stopped(*, now: datetime) -> int:
    """End the next runs of journeys that were stopped; gives how many."""
    ended = 0
    with connection.cursor() as cursor:
        journeys = defining.closing(cursor)
    for journey in journeys:
        with transaction.atomic(), connection.cursor() as cursor:
            tally = Tally()
            ended += arriving.close(cursor=cursor, journey=journey, now=now, limit=_CLOSE, tally=tally)
            running.count(cursor, tally, slot=os.getpid())
    return ended


def dry_run(
    *,
    brand: Brand,
    journey: Journey,
    definition: Definition,
    member_id: UUID,
    trigger: str,
    days: int,
    happens: Mapping[str, timedelta],
    facts: Mapping[str, Any],
    now: datetime,
) -> DryRun:
    """What would happen to a member in the next days, by the same walk; nothing is written.

    `facts`: what the triggering activity would bring. Raises `invalid_input` for a trigger that is not there, and for
    `happens` of what is no wait for an activity.
    """
    if not 1 <= days <= simulating.MOST_DAYS:
        raise invalid_field(
            "days", "out_of_range", f"1–{simulating.MOST_DAYS}", f"1 to {simulating.MOST_DAYS}"
        )
    plan = plans.ready(definition, brand.id, journey.id, now)
    node = next((one for one in definition.triggers if trigger in ("", one.id)), None)
    if node is None or node.trigger is None:
        raise invalid_field("trigger", "unknown_node", "没有这个触发节点", "There is no such trigger")
    for id_ in happens:
        wait = definition.nodes[id_].wait if id_ in definition.nodes else None
        if wait is None or wait.mode != "activity":
            raise invalid_field(
                f"happens.{id_}"[:80],
                "unknown_node",
                "没有这个等待行为的节点",
                "There is no such wait for an activity",
            )
    asked = [arm.when for one in definition.nodes.values() for arm in one.arms]
    asked += [node.trigger.where, definition.settings.when]
    if node.trigger.date_field:
        asked.append(
            parse_condition(data={"field": node.trigger.date_field, "op": "is_set"}, catalogue=plan.catalogue)
        )
    known = segments.values_of(brand_id=brand.id, conditions=asked, member_ids=[member_id], now=now)
    whole = {**known.get(member_id, {}), **facts, "now": now}

    def holds(condition: Any) -> bool:
        return condition == ALWAYS or compile_condition(condition=condition, catalogue=plan.catalogue)(whole)

    start = simulating.next_entry(
        node.trigger,
        holds=lambda _: holds(node.trigger.where),  # type: ignore[union-attr]
        facts=whole,
        now=now,
        days=days,
        tz=brand.timezone,
    )
    with connection.cursor() as cursor:
        why_not = entering.why_not(
            cursor,
            brand=brand,
            journey=journey,
            definition=definition,
            member_id=member_id,
            at=start or now,
            now=now,
        )
    joins = node.trigger.on == "joined" and not holds(node.trigger.where)
    if why_not != "closed" and start is None:
        why_not = "not_due"
    elif why_not != "closed" and (joins or not holds(definition.settings.when)):
        why_not = "when"
    if start is None:
        return DryRun(False, why_not, (), (_MEANT,))
    lines = simulating.forecast(
        plan,
        member_id=member_id,
        trigger=node.id,
        start=start,
        until=now + timedelta(days=days),
        facts=whole,
        happens=happens,
        is_workday=plans.workdays_of(brand, now),
    )
    return DryRun(not why_not, why_not, lines, (_MEANT, *simulating.ASSUMPTIONS))


def _plan(cursor: Any, journey: Journey, now: datetime) -> Plan | None:
    try:
        return plans.plan_of(
            cursor, brand_id=journey.brand_id, journey_id=journey.id, version=journey.version, now=now
        )
    except Refusal:
        return None


def any_runs(*, brand_id: UUID) -> bool:
    """Whether the brand ever published a journey: else nobody can wait for anything."""
    with connection.cursor() as cursor:
        return bool(defining.in_flight(cursor, brand_id=brand_id, states=["running", "paused", "stopped"]))


def later(*, at: datetime, span: Span, tz: str) -> datetime:
    """The instant a span after another."""
    return timing.add(at, span, tz)


def stores_known(
    *, brand_id: UUID, member_ids: Collection[UUID], now: datetime
) -> dict[UUID, tuple[str | None, str | None]]:
    """Codes of the stores where members joined and where they buy most."""
    catalogue = segments.catalogue(brand_id=brand_id, now=now)
    fields = ("membership.store", "fact.favourite_store")
    asked = [parse_condition(data={"field": field, "op": "is_set"}, catalogue=catalogue) for field in fields]
    known = segments.values_of(brand_id=brand_id, conditions=asked, member_ids=list(member_ids), now=now)
    return {id_: (facts.get(fields[0]), facts.get(fields[1])) for id_, facts in known.items()}


def describe(
    *, brand_id: UUID, definition: Definition, names: Mapping[str, Text], now: datetime
) -> dict[str, Text]:
    """Each node as a sentence; `names` are words for codes: `segment:vip`, `template:hello` …"""
    return describing.sentences(definition, segments.catalogue(brand_id=brand_id, now=now, named=True), names)
