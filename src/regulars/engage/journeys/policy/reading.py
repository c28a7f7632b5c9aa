"""From a journey's JSON to its definition: every error at once, each with its path. See docs/journeys.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from regulars.conditions.api import FieldCatalogue, FieldType, InvalidCondition, Scope, parse_condition
from regulars.conditions.types import ALWAYS, Condition
from regulars.engage.journeys.policy import graph
from regulars.engage.journeys.policy.actions import read_action
from regulars.engage.journeys.types import (
    AGAINS,
    KINDS,
    PERIODS,
    TRIGGERS,
    UNITS,
    WAITS,
    Arm,
    Definition,
    Goal,
    Node,
    Settings,
    Span,
    Trigger,
    Wait,
)
from regulars.kit.errors import ErrorList
from regulars.kit.reader import Node as Reader
from regulars.kit.reader import check_texts, time_of_day
from regulars.kit.text import Text

MOST_NODES = 200
MOST_ARMS = 10
MOST_DAYS = 366
_MOST_OF = {
    "minutes": MOST_DAYS * 1440,
    "hours": MOST_DAYS * 24,
    "days": MOST_DAYS,
    "weeks": 52,
    "months": 12,
}
_SPAN = ("amount", "unit")
_COMMON = ("id", "kind", "name", "at")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "trigger": (
        "on", "activity", "where", "segment", "existing", "field", "offset_days", "yearly", "time", "weekdays",
        "scheme", "tiers", "direction",
    ),
    "wait": ("mode", "amount", "unit", "time", "weekdays", "workdays", "activity", "where", "timeout"),
    "branch": ("arms",),
    "split": ("arms",),
    "message": ("template", "purpose", "channels", "values", "priority", "expires_in"),
    "reward": ("rewards",),
    "tag": ("add", "remove"),
    "task": ("task", "title", "script", "due_in_days", "store"),
    "webhook": ("event", "data"),
    "journey": ("journey",),
    "goal": ("activity", "where", "within", "ends"),
    "exit": (),
}  # fmt: skip
_SETTINGS = (
    "when",
    "again",
    "period",
    "every_days",
    "leave_segment",
    "leave_on_opt_out",
    "holdout",
    "priority",
)
_DATES = (FieldType.DATE, FieldType.DATETIME)
_OF_MEMBERS = (Scope.MEMBER, Scope.MEMBERSHIP, Scope.HISTORY, Scope.FACT, Scope.SCORE)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a definition is read against: the programme's fields, the activity types there are."""

    catalogue: FieldCatalogue
    activities: frozenset[str]


def read(data: Any, ground: Ground) -> Definition:
    """The definition that JSON says. Raises `invalid_input` with every error found, each with its path."""
    errors = ErrorList()
    definition = read_into(data, ground, errors)
    errors.refuse()
    assert definition is not None
    return definition


def read_into(data: Any, ground: Ground, errors: ErrorList) -> Definition | None:
    """The same, into a list of errors; None where there are any."""
    check_texts(data, errors)
    if errors:
        return None
    whole = Reader(data, "", errors, ("nodes", "edges", "settings"))
    places: dict[str, str] = {}
    nodes: dict[str, Node] = {}
    if whole.values.get("nodes") == []:
        graph.say_no_trigger(errors)
        return None
    for path, item in whole.items("nodes", most=MOST_NODES, required=True):
        node = _node(item, path, ground, errors)
        if node is None:
            continue
        if node.id in nodes:
            errors.add(f"{path}.id", "duplicate", "节点编号重复", "Two nodes have this id")
            continue
        nodes[node.id], places[node.id] = node, path
    edges = _edges(whole, nodes, errors)
    settings = _settings(whole, ground, errors)
    if not errors:
        definition = Definition(nodes, edges, settings)
        graph.check(definition, places, errors)
        _check_keyed(definition, errors)
        if not errors:
            return definition
    return None


def _node(item: Any, path: str, ground: Ground, errors: ErrorList) -> Node | None:
    kind = item.get("kind") if isinstance(item, Mapping) else None
    known = (*_COMMON, *_FIELDS.get(kind if isinstance(kind, str) else "", ()))
    if isinstance(item, Mapping) and not (isinstance(kind, str) and kind in KINDS):
        known = (*known, *(str(key) for key in item))  # said once, of the kind
    node = Reader(item, path, errors, known)
    before = len(errors.errors)
    id_, kind = node.code("id"), node.choice("kind", list(KINDS))
    name = node.text("name", Text("", ""), most=80)
    if node.has("at"):
        spot = Reader(node.values["at"], node.at("at"), errors, ("x", "y"))
        for axis in ("x", "y"):
            spot.integer(axis, least=-100_000, most=100_000)
    if id_ is None or kind is None:
        return None
    trigger = wait = goal = None
    arms: tuple[Arm, ...] = ()
    action: Mapping[str, Any] = {}
    match kind:
        case "trigger":
            trigger = _trigger(node, ground, errors)
        case "wait":
            wait = _wait(node, ground, errors)
        case "branch" | "split":
            arms = _arms(node, kind, ground, errors)
        case "goal":
            where, where_json = _condition(node, "where", ground, errors)
            goal = Goal(
                _activity(node, ground),
                _span(node, "within", errors),
                node.flag("ends", True),
                where,
                where_json,
            )
        case "exit":
            pass
        case _:
            action = read_action(kind, node, errors)
    return Node(id_, kind, name, trigger, wait, arms, goal, action) if len(errors.errors) == before else None


def _trigger(node: Reader, ground: Ground, errors: ErrorList) -> Trigger | None:
    on = node.choice("on", list(TRIGGERS))
    if on is None:
        return None
    allowed = {
        "activity": ("activity", "where"),
        "joined": ("where",),
        "segment_entered": ("segment", "existing"),
        "segment_left": ("segment",),
        "date": ("field", "offset_days", "yearly", "time"),
        "daily": ("where", "time", "weekdays"),
        "tier_changed": ("scheme", "tiers", "direction"),
        "call": (),
    }[on]
    _only(node, allowed, "on", on)
    where, where_json = _condition(node, "where", ground, errors)
    at = _time(node, "time") if on in ("date", "daily") else time(10)
    if on == "daily" and not where_json:
        node.bad("where", "required", "必填", "Required")
    return Trigger(
        on=on,
        activity=_activity(node, ground) if on == "activity" else "",
        where=where,
        where_json=where_json,
        segment=node.string("segment") or "" if on.startswith("segment_") else "",
        existing=node.flag("existing", False),
        date_field=_date_field(node, ground) if on == "date" else "",
        offset_days=node.integer("offset_days", least=-MOST_DAYS, most=3660, default=0),
        yearly=node.flag("yearly", False),
        at=at or time(10),
        weekdays=node.integers("weekdays", least=1, most=7),
        scheme=node.string("scheme", default="") or "",
        tiers=frozenset(_words(node, "tiers")),
        direction=node.choice("direction", ("any", "up", "down"), "any"),
    )


def _wait(node: Reader, ground: Ground, errors: ErrorList) -> Wait | None:
    mode = node.choice("mode", list(WAITS))
    if mode is None:
        return None
    allowed = {
        "duration": ("amount", "unit"),
        "time": ("time", "weekdays", "workdays"),
        "activity": ("activity", "where", "timeout"),
    }[mode]
    _only(node, allowed, "mode", mode)
    if mode == "duration":
        return Wait(mode, span=_span_of(node))
    if mode == "time":
        workdays = node.flag("workdays", False)
        weekdays = node.integers("weekdays", least=1, most=7)
        if workdays and weekdays:
            node.bad(
                "workdays",
                "one_of_two",
                "工作日与星期只能选一项",
                "Choose working days or weekdays, not both",
            )
        return Wait(mode, at=_time(node, "time"), weekdays=weekdays, workdays=workdays)
    where, where_json = _condition(node, "where", ground, errors)
    return Wait(
        mode,
        span=_span(node, "timeout", errors),
        activity=_activity(node, ground),
        where=where,
        where_json=where_json,
    )


def _arms(node: Reader, kind: str, ground: Ground, errors: ErrorList) -> tuple[Arm, ...]:
    own = "when" if kind == "branch" else "percent"
    arms: list[Arm] = []
    for part in node.children("arms", ("key", "name", own), most=MOST_ARMS, required=True):
        key = part.code("key")
        if key in {arm.key for arm in arms} or key in ("else", "next"):
            part.bad("key", "duplicate", "分支编号重复或为保留字", "This key is taken or reserved")
        name = part.text("name", Text(key or "", key or ""), most=80)
        if kind == "branch":
            when, when_json = _condition(part, "when", ground, errors)
            if not when_json:
                part.bad("when", "required", "请设置条件", "An arm needs its condition")
            arms.append(Arm(key or "", name, when, when_json))
        else:
            arms.append(Arm(key or "", name, percent=part.integer("percent", least=0, most=100) or 0))
    if kind == "split" and arms and not errors:
        if len(arms) < 2:
            node.bad("arms", "too_few", "至少两组", "A split has two arms at least")
        total = sum(arm.percent for arm in arms)
        if total != 100:
            node.bad(
                "arms",
                "not_100",
                f"各组比例之和应为 100，现为 {total}",
                f"Percents must add up to 100, not {total}",
            )
    return tuple(arms)


def _edges(whole: Reader, nodes: Mapping[str, Node], errors: ErrorList) -> dict[tuple[str, str], str]:
    edges: dict[tuple[str, str], str] = {}
    for edge in whole.children("edges", ("from", "port", "to"), most=MOST_NODES * 4):
        begins, ends = edge.code("from"), edge.code("to")
        port = edge.code("port", "next")
        if begins is None or ends is None or port is None or not nodes:
            continue
        for key, end in (("from", begins), ("to", ends)):
            if end not in nodes and not errors:
                edge.bad(key, "unknown_node", f"没有节点 {end}", f"There is no node {end}")
        if begins not in nodes or ends not in nodes:
            continue
        if port not in nodes[begins].ports:
            has = "、".join(nodes[begins].ports) or "—"
            edge.bad(
                "port",
                "unknown_port",
                f"节点 {begins} 的出口有：{has}",
                f"The ways out of {begins} are: {has}",
            )
        elif (begins, port) in edges:
            edge.bad("port", "duplicate", "一个出口只能连一处", "A way out leads to one place")
        elif nodes[ends].kind in ("trigger", "goal"):
            edge.bad("to", "no_way_in", "触发与目标节点没有入口", "Nothing leads to a trigger or a goal")
        else:
            edges[begins, port] = ends
    return edges


def _settings(whole: Reader, ground: Ground, errors: ErrorList) -> Settings:
    node = whole.child("settings", _SETTINGS)
    if node is None:
        return Settings()
    when, when_json = _condition(node, "when", ground, errors)
    return Settings(
        when=when,
        when_json=when_json,
        again=node.choice("again", list(AGAINS), "once"),
        period=node.choice("period", PERIODS, "month"),
        every_days=node.integer("every_days", least=1, most=3660, default=30),
        leave_segment=node.string("leave_segment", default="") or "",
        leave_on_opt_out=node.flag("leave_on_opt_out", True),
        holdout=node.flag("holdout", True),
        priority=node.integer("priority", least=0, most=100, default=50),
    )


def _check_keyed(definition: Definition, errors: ErrorList) -> None:
    """Only an activity or a call has something to tell runs apart by."""
    if definition.settings.again != "keyed":
        return
    if any(
        node.trigger is None or node.trigger.on not in ("activity", "call") for node in definition.triggers
    ):
        errors.add(
            "settings.again",
            "not_keyed",
            "只有行为触发或接口触发才能按触发对象区分",
            "Only activities and calls tell runs apart by what triggered them",
        )


def _condition(
    node: Reader, key: str, ground: Ground, errors: ErrorList
) -> tuple[Condition, Mapping[str, Any]]:
    value = node.values.get(key)
    if value is None or value == {}:
        return ALWAYS, {}
    try:
        return parse_condition(data=value, catalogue=ground.catalogue), value
    except InvalidCondition as wrong:
        for error in wrong.errors:
            path = ".".join([node.at(key), *(part for part in error.field.split("/") if part)])
            errors.add(path, error.code, error.message.zh, error.message.en)
        return ALWAYS, {}


def _activity(node: Reader, ground: Ground) -> str:
    code = node.string("activity") or ""
    if code and code not in ground.activities:
        node.bad("activity", "unknown_activity", f"没有行为类型 {code}", f"There is no activity type {code}")
    return code


def _date_field(node: Reader, ground: Ground) -> str:
    key = node.string("field", most=100) or ""
    if not key:
        return ""
    found = ground.catalogue.get(key)
    if found is None or found.type not in _DATES or found.scope not in _OF_MEMBERS:
        node.bad("field", "no_date", f"{key} 不是会员的日期字段", f"{key} is no date of a member")
    return key


def _span(node: Reader, key: str, errors: ErrorList) -> Span:
    value = node.raw(key)
    return Span(1, "days") if value is None else _span_of(Reader(value, node.at(key), errors, _SPAN))


def _span_of(node: Reader) -> Span:
    unit = node.choice("unit", list(UNITS))
    amount = node.integer("amount", least=1, most=_MOST_OF.get(unit or "", _MOST_OF["minutes"]))
    return Span(amount or 1, unit or "days")


def _time(node: Reader, key: str) -> time | None:
    value = node.raw(key)
    at = time_of_day(value)
    if value is not None and at is None:
        node.bad(key, "bad_time", "时间应如 10:00", "Must be a time such as 10:00")
    return at


def _words(node: Reader, key: str) -> list[str]:
    words = []
    for path, value in node.items(key, most=50):
        if isinstance(value, str) and 0 < len(value) <= 64:
            words.append(value)
        else:
            node.errors.add(path, "bad_text", "应为文本", "Must be text")
    return words


def _only(node: Reader, allowed: tuple[str, ...], chosen_by: str, choice: str) -> None:
    """Fields of another choice are refused: what is not used must not look as if it were."""
    for key in node.values:
        if key not in (*_COMMON, chosen_by, *allowed) and key in _FIELDS[node.values["kind"]]:
            node.bad(
                key,
                "not_here",
                f"{chosen_by} 为 {choice} 时不用此项",
                f"Has no meaning where {chosen_by} is {choice}",
            )
