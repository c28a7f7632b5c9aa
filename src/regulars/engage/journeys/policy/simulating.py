"""What would happen to a member: the same walk, over time to come, on what is known of her today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.conditions.types import Predicate
from regulars.engage.journeys.policy import timing
from regulars.engage.journeys.policy.walking import Plan, walk
from regulars.engage.journeys.types import Forecast, Trigger
from regulars.kit.periods import zone
from regulars.kit.text import Text

MOST_DAYS = 366
MOST_LINES = 500
ASSUMPTIONS = (
    Text(
        "会员的资料、标签、人群与评分保持今天的样子",
        "What is known of the member (tags, segments, scores) stays as it is today",
    ),
    Text(
        "等待的行为只在您指定时发生，否则按超时处理",
        "What a wait waits for happens only where you say so; else it times out",
    ),
    Text(
        "消息的静默时段、频控与退订由发送时的策略决定，这里不计",
        "Quiet hours, caps and refusals are messaging's, at the time of sending; they are not reckoned here",
    ),
)


def next_entry(
    trigger: Trigger,
    *,
    holds: Predicate,
    facts: Mapping[str, Any],
    now: datetime,
    days: int,
    tz: str,
) -> datetime | None:
    """When a trigger would next bring her in within so many days: by her date, by the daily question, else now."""
    if trigger.on not in ("date", "daily"):
        return now
    today = now.astimezone(zone(tz)).date()
    value = facts.get(trigger.date_field) if trigger.on == "date" else None
    of = value.astimezone(zone(tz)).date() if isinstance(value, datetime) else value
    for ahead in range(days + 1):
        day = today + timedelta(days=ahead)
        at = timing.on_day(day, trigger.at, tz)
        if at <= now:
            continue
        if trigger.on == "daily":
            if (not trigger.weekdays or day.isoweekday() in trigger.weekdays) and holds(facts):
                return at
        elif isinstance(of, date) and timing.falls_on(
            of, offset_days=trigger.offset_days, yearly=trigger.yearly, day=day
        ):
            return at
    return None


def forecast(
    plan: Plan,
    *,
    member_id: UUID,
    trigger: str,
    start: datetime,
    until: datetime,
    facts: Mapping[str, Any],
    happens: Mapping[str, timedelta],
    is_workday: timing.IsWorkday,
) -> tuple[Forecast, ...]:
    """The lines of a dry run from the trigger on. `happens`: how long after a wait for an activity begins it comes."""
    lines = [Forecast(start, trigger, "entered")]
    first = plan.definition.edges.get((trigger, "next"))
    if first is None:
        return (*lines, Forecast(start, trigger, "end", detail={"reason": "completed"}))
    node, steps, at = first, 0, start
    resting = arrived = False
    while at <= until and len(lines) < MOST_LINES:
        done = walk(
            plan,
            member_id=member_id,
            node=node,
            steps=steps,
            resting=resting,
            arrived=arrived,
            facts={**facts, "now": at},
            now=at,
            is_workday=is_workday,
        )
        acts = {act.visit: act.node for act in done.acts}
        for place, (passed, port) in enumerate(done.passed):
            act = acts.get(steps + place)
            lines.append(
                Forecast(
                    at, passed, "action" if act else "step", port, {"action": dict(act.action)} if act else {}
                )
            )
        if done.ended:
            lines.append(Forecast(at, done.node, "end", detail={"reason": done.ended}))
            break
        assert done.next_run_at is not None
        node, steps, resting = done.node, done.steps, True
        come = happens.get(node) if done.waits_for else None
        arrived = come is not None and at + come < done.next_run_at
        awake = at + come if arrived and come is not None else done.next_run_at
        lines.append(
            Forecast(
                at, node, "wait", detail={"until": done.next_run_at.isoformat(), "activity": done.waits_for}
            )
        )
        at = awake
    return tuple(lines)
