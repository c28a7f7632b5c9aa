"""Missions: read a definition, say which run an act belongs to, reckon progress from what counted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast

from regulars.engage.missions.types.missions import (
    MEASURES,
    REPEATS,
    Definition,
    Mark,
    Measure,
    Mission,
    Opening,
    Repeat,
    Run,
    Step,
    StepProgress,
)
from regulars.kit.errors import ErrorList
from regulars.kit.periods import add_months, period_key, start_of_day, zone
from regulars.kit.reader import Node
from regulars.kit.text import Text

MOST_STEPS = 12
_FIELDS = (
    "key", "name", "description", "steps", "in_order", "opt_in", "audience", "starts_on", "ends_on", "days", "since",
    "repeat", "times", "rewards", "budget", "group",
)  # fmt: skip
_STEP = ("key", "name", "kind", "activity", "where", "measure", "goal", "rewards")


def parse(data: Any, errors: ErrorList) -> Definition:
    """A definition from its JSON, its form alone: conditions and rewards are for who knows the brand."""
    node = Node(data, "", errors, _FIELDS)
    steps: list[Step] = []
    for child in node.children("steps", _STEP, most=MOST_STEPS, required=True):
        step = _step(child)
        if any(step.key == other.key for other in steps):
            child.bad("key", "duplicate", "步骤编码重复", "Given twice")
        steps.append(step)
    starts_on, ends_on = node.day("starts_on", None), node.day("ends_on", None)
    if starts_on and ends_on and ends_on < starts_on:
        node.bad("ends_on", "before_start", "结束日期早于开始日期", "Ends before it starts")
    repeat = node.choice("repeat", tuple(REPEATS), "once")
    days = node.integer("days", least=1, most=3660, default=None)
    if days is not None and repeat in ("day", "week", "month"):
        node.bad(
            "days", "not_with_period", "按周期重复的任务不能再设天数", "A mission for each period has no days"
        )
    times = node.integer("times", least=1, most=1000, default=1)
    return Definition(
        key=node.code("key") or "",
        name=node.text("name", most=60),
        description=node.text("description", Text("", ""), most=500),
        steps=tuple(steps),
        in_order=node.flag("in_order", False),
        opt_in=node.flag("opt_in", False),
        audience=object_of(node, "audience"),
        starts_on=starts_on,
        ends_on=ends_on,
        days=days,
        since=node.choice("since", ("start", "joined"), "start"),
        repeat=cast(Repeat, repeat),
        times=times if repeat == "times" else 1,
        rewards=rewards_in(node),
        budget=node.string("budget", most=40, default="") or "",
        group=node.choice("group", ("", "new_member"), ""),
    )


def _step(child: Node) -> Step:
    kind = child.choice("kind", ("act", "state"), "act")
    activity = child.string("activity", most=64) if kind == "act" else ""
    where = object_of(child, "where")
    if kind == "state" and not where:
        child.bad("where", "required", "请设置会员条件", "Say what must hold of the member")
    measure = child.choice("measure", tuple(MEASURES), "count") if kind == "act" else "count"
    if measure == "amount" and activity not in ("order", "", None):
        child.bad("measure", "only_orders", "只有订单有金额", "Only orders have an amount")
    return Step(
        key=child.code("key") or "",
        name=child.text("name", most=60),
        kind=cast(Any, kind),
        activity=activity or "",
        where=where,
        measure=cast(Measure, measure),
        goal=child.integer("goal", least=1, default=1) if kind == "act" else 1,
        rewards=rewards_in(child),
    )


def object_of(node: Node, key: str) -> Mapping[str, Any] | None:
    value = node.raw(key, None)
    if value is not None and not isinstance(value, Mapping):
        node.bad(key, "not_an_object", "应为对象", "Must be an object")
        return None
    return value or None


def rewards_in(node: Node) -> tuple[Mapping[str, Any], ...]:
    value = node.raw("rewards", [])
    return tuple(one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else ()


def of_json(data: Mapping[str, Any]) -> Definition:
    """A definition that was read before."""
    return parse(data, ErrorList())


def window(definition: Definition, timezone: str) -> tuple[datetime | None, datetime | None]:
    """From when and until before when acts may count."""
    starts = start_of_day(definition.starts_on, timezone) if definition.starts_on else None
    ends = start_of_day(definition.ends_on + timedelta(days=1), timezone) if definition.ends_on else None
    return starts, ends


def period_of(at: datetime, period: str, timezone: str) -> tuple[str, datetime, datetime]:
    """The day, week or month of an instant: its name, and where it begins and ends."""
    local = at.astimezone(zone(timezone))
    day = local.date()
    if period == "day":
        first, after = day, day + timedelta(days=1)
    elif period == "week":
        first = day - timedelta(days=day.weekday())
        after = first + timedelta(days=7)
    else:
        first = day.replace(day=1)
        after = add_months(first, 1)
    return period_key(local, period), start_of_day(first, timezone), start_of_day(after, timezone)


def opening(
    definition: Definition,
    *,
    at: datetime,
    live_at: datetime,
    joined_at: datetime,
    runs: Sequence[Run],
    timezone: str,
) -> Opening | None:
    """The run that may begin with an act at `at`; None where none may. `runs` are hers of this mission."""
    starts, ends = window(definition, timezone)
    if at < live_at or (starts is not None and at < starts) or (ends is not None and at >= ends):
        return None
    if definition.repeat in ("day", "week", "month"):
        name, first, after = period_of(at, definition.repeat, timezone)
        if any(run.run == name for run in runs):
            return None
        until = after if ends is None else min(after, ends)
        return Opening(name, max(filter(None, (first, starts, live_at))), until)
    if any(run.state == "running" for run in runs):
        return None
    if len(runs) >= definition.times:
        return None
    after_last = max((run.finished_at for run in runs if run.finished_at), default=None)
    if after_last is not None and at <= after_last:
        return None
    begins = joined_at if definition.since == "joined" else at
    last = _ending(definition, begins, timezone)
    if last is not None and at >= last:
        return None
    return Opening(str(len(runs) + 1), begins if definition.since == "joined" else at, last)


def _ending(definition: Definition, begins: datetime, timezone: str) -> datetime | None:
    """When a run that begins then is over: its days are business days, the first included."""
    until_day: datetime | None = None
    if definition.days is not None:
        first_day = begins.astimezone(zone(timezone)).date()
        until_day = start_of_day(first_day + timedelta(days=definition.days), timezone)
    ends = window(definition, timezone)[1]
    return min((end for end in (until_day, ends) if end is not None), default=None)


def reach_back(
    definition: Definition,
    run: Run,
    *,
    at: datetime,
    live_at: datetime,
    runs: Sequence[Run],
    marks: Iterable[Mark],
    timezone: str,
) -> Opening | None:
    """The run as it would have begun with an act at `at`, before its first, that came late; None where that act is
    none of its own. Only a run that an act began by itself reaches back, and only as far as everything that counted
    for it (`marks`) still falls into its days. `runs` are hers of this mission.
    """
    if (
        definition.opt_in
        or run.started_by
        or definition.since == "joined"
        or definition.repeat not in ("once", "times")
    ):
        return None
    if run.state not in (("running",) if definition.repeat == "times" else ("running", "finished")):
        return None
    starts = window(definition, timezone)[0]
    if not live_at <= at < run.started_at or (starts is not None and at < starts):
        return None
    for other in runs:
        if other is not run and at <= (other.finished_at or other.ends_at or other.started_at):
            return None
    ends = _ending(definition, at, timezone)
    if ends is not None and any(mark.occurred_at >= ends for mark in marks if mark.amount > 0):
        return None
    return Opening(run.run, at, ends)


def stops_after(
    stops: Sequence[tuple[datetime, datetime | None]], *, runs: bool, now: datetime
) -> tuple[tuple[datetime, datetime | None], ...]:
    """When a mission stood still, now that it runs or stands still from `now` on."""
    still = bool(stops) and stops[-1][1] is None
    if runs and still:
        return (*stops[:-1], (stops[-1][0], max(now, stops[-1][0])))
    return tuple(stops) if runs or still else (*stops, (now, None))


def takes(mission: Mission, *, occurred_at: datetime, recorded_at: datetime) -> bool:
    """Whether an act counts by when it was: the mission is published and stood still neither when it happened nor when
    it was recorded. When the worker comes to read it makes no difference.
    """
    if mission.live_at is None:
        return False
    return not any(
        since <= at and (until is None or at < until)
        for since, until in mission.stops
        for at in (occurred_at, recorded_at)
    )


def covers(run: Run, at: datetime) -> bool:
    """Whether an act at `at` falls into the run. One that was withdrawn takes nothing."""
    return run.state != "withdrawn" and run.started_at <= at and (run.ends_at is None or at < run.ends_at)


def reckon(definition: Definition, marks: Iterable[Mark]) -> dict[str, tuple[int, datetime | None]]:
    """How far each step is, and when it was done: from what counted, in the order of time. Where steps go in order, a
    step counts only what came after the one before it was done.
    """
    by_step: dict[str, list[Mark]] = {}
    for mark in sorted(marks, key=lambda m: (m.occurred_at, m.activity_id)):
        if mark.amount > 0:
            by_step.setdefault(mark.step, []).append(mark)
    found: dict[str, tuple[int, datetime | None]] = {}
    after: datetime | None = None
    for place, step in enumerate(definition.steps):
        mine = by_step.get(step.key, [])
        if definition.in_order and place:
            mine = [mark for mark in mine if after is not None and mark.occurred_at > after]
        value, done_at = _sum(step, mine)
        found[step.key] = (value, done_at)
        after = done_at
    return found


def _sum(step: Step, marks: Sequence[Mark]) -> tuple[int, datetime | None]:
    value, done_at = 0, None
    seen: set[str] = set()
    for mark in marks:
        if step.measure == "amount":
            value += mark.amount
        elif step.measure in ("days", "stores"):
            seen.add(mark.place)
            value = len(seen)
        else:
            value += 1
        if done_at is None and value >= step.goal:
            done_at = mark.occurred_at
    return value, done_at


def place_of(step: Step, *, at: datetime, store: str, timezone: str) -> str | None:
    """What tells this act from others of the step; None for one that cannot count (no store where stores count)."""
    if step.measure == "days":
        return at.astimezone(zone(timezone)).date().isoformat()
    if step.measure == "stores":
        return store or None
    return ""


def settle(
    definition: Definition, run: Run, marks: Iterable[Mark], *, now: datetime
) -> tuple[list[str], list[tuple[str, int]]]:
    """Bring a run to what its marks say. Gives the steps that are done now and were not (`*` is the whole mission),
    and those that were and are not any more, with the round in which they had been done.
    """
    done: list[str] = []
    undone: list[tuple[str, int]] = []
    reckoned = reckon(definition, marks)
    for key, (value, at) in reckoned.items():
        before = run.steps.get(key, StepProgress())
        round_ = before.round
        if before.done_at is None and at is not None:
            done.append(key)
        elif before.done_at is not None and at is None:
            undone.append((key, round_))
            round_ += 1
        run.steps[key] = StepProgress(value, at, round_)
    instants = [at for _, at in reckoned.values()]
    finished = max((at for at in instants if at), default=None) if all(instants) else None
    if finished is not None and run.state != "finished":
        done.append("*")
        run.state, run.finished_at = "finished", finished
    elif finished is None and run.state == "finished":
        undone.append(("*", run.round))
        run.round += 1
        run.rolled_back += 1
        run.finished_at = None
        run.state = "expired" if run.ends_at is not None and run.ends_at <= now else "running"
    elif finished is not None:
        run.finished_at = finished
    return done, undone


def days_left(run: Run, now: datetime, timezone: str) -> int | None:
    """How many business days a run has, today counted."""
    if run.ends_at is None:
        return None
    last: date = (run.ends_at - timedelta(microseconds=1)).astimezone(zone(timezone)).date()
    return max(0, (last - now.astimezone(zone(timezone)).date()).days + 1)


def gift_key(mission: str, run: str, step: str, round_: int) -> str:
    """The key under which a step's (or the whole mission's) rewards are given."""
    return f"mission:{mission}:{run}:{step}:{round_}"
