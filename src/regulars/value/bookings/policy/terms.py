"""Reading and writing the definitions of services and resources. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time
from itertools import pairwise
from typing import Any

from regulars.kit.errors import ErrorList, Refusal
from regulars.kit.reader import Node, check_texts, time_of_day
from regulars.kit.text import Text
from regulars.value.bookings.types import Hours, NoShowRule, ResourceTerms, ServiceTerms

CheckCondition = Callable[[Any], dict[str, Any] | None]
GRAIN = 5  # minutes: the step in which a resource's time is counted
STATES = ("draft", "active", "paused", "ended")
_RESOURCE = (
    "type",
    "key",
    "state",
    "name",
    "kind",
    "store",
    "capacity",
    "weekly",
    "exceptions",
    "title",
    "sort",
)
_SERVICE = (
    "type", "key", "state", "name", "description", "category", "minutes", "step_minutes", "buffer_minutes",
    "resources", "price", "package", "sessions", "open_days", "early_days", "lead_minutes", "cancel_minutes",
    "checkin_before_minutes", "grace_minutes", "most_open", "waiting_list", "offer_minutes", "remind_minutes",
    "no_show", "condition", "sort", "demo",
)  # fmt: skip
_WEEK = 7 * 24 * 60


def type_of(data: Any) -> str:
    """`service` or `resource`. Raises `invalid_input`."""
    errors = ErrorList()
    node = Node(data, "", errors, tuple(data) if isinstance(data, Mapping) else ())
    kind: str = node.choice("type", ("service", "resource"), "service")
    errors.refuse()
    return kind


def state_of(data: Any) -> str | None:
    """The state that a definition asks for, if any. Raises `invalid_input`."""
    errors = ErrorList()
    node = Node(data, "", errors, tuple(data) if isinstance(data, Mapping) else ())
    state: str | None = node.choice("state", STATES, None)
    errors.refuse()
    return state


def parse_resource(data: Any, *, stores: frozenset[str]) -> ResourceTerms:
    """Raises `invalid_input` with every error found."""
    errors = ErrorList()
    check_texts(data, errors)
    errors.refuse()
    node = Node(data, "", errors, _RESOURCE)
    store = node.string("store") or ""
    if store and store not in stores:
        node.bad("store", "unknown_store", f"没有门店 {store}", f"There is no store {store}")
    kind = node.choice("kind", ("adviser", "room", "class"))
    terms = ResourceTerms(
        key=node.code("key") or "",
        name=node.text("name"),
        kind=kind or "adviser",
        store=store,
        capacity=node.integer("capacity", least=1, most=1000, default=1),
        weekly=_weekly(node),
        exceptions=_exceptions(node),
        title=node.text("title", Text("", "")),
        sort=node.integer("sort", least=0, most=1_000_000, default=0),
    )
    errors.refuse()
    return terms


def parse_service(
    data: Any, *, resources: frozenset[str], tiers: frozenset[str] | None, condition: CheckCondition
) -> ServiceTerms:
    """Raises `invalid_input` with every error found. `tiers` are the codes that may book early; None: not checked."""
    errors = ErrorList()
    check_texts(data, errors)
    errors.refuse()
    node = Node(data, "", errors, _SERVICE)
    minutes = _minutes(node, "minutes", least=GRAIN, most=24 * 60)
    found = []
    for path, key in node.items("resources", most=200, required=True):
        if not isinstance(key, str) or key not in resources:
            errors.add(path, "unknown_resource", f"没有资源 {key}", f"There is no resource {key}")
        else:
            found.append(key)
    package = node.code("package", "") or ""
    terms = ServiceTerms(
        key=node.code("key") or "",
        name=node.text("name"),
        description=node.text("description", Text("", ""), most=2000),
        category=node.string("category", most=40, default="") or "",
        minutes=minutes,
        step_minutes=_minutes(node, "step_minutes", least=GRAIN, most=24 * 60, default=0),
        buffer_minutes=_minutes(node, "buffer_minutes", least=0, most=240, default=0),
        resources=tuple(dict.fromkeys(found)),
        price=node.integer("price", least=0, most=10**10, default=0),
        package=package,
        sessions=node.integer("sessions", least=0, most=100, default=1 if package else 0),
        open_days=node.integer("open_days", least=0, most=365, default=14),
        early_days=_early(node, tiers),
        lead_minutes=node.integer("lead_minutes", least=0, most=_WEEK, default=60),
        cancel_minutes=node.integer("cancel_minutes", least=0, most=_WEEK, default=120),
        checkin_before_minutes=node.integer("checkin_before_minutes", least=0, most=1440, default=30),
        grace_minutes=node.integer("grace_minutes", least=0, most=1440, default=30),
        most_open=node.integer("most_open", least=1, most=100, default=3),
        waiting_list=node.flag("waiting_list", True),
        offer_minutes=node.integer("offer_minutes", least=5, most=1440, default=60),
        remind_minutes=_reminders(node),
        no_show=_no_show(node),
        condition=_condition(node, condition),
        sort=node.integer("sort", least=0, most=1_000_000, default=0),
        demo=node.flag("demo", False),
    )
    errors.refuse()
    return terms


def resource_json(terms: ResourceTerms) -> dict[str, Any]:
    """The canonical JSON of a resource, in a fixed order."""
    found: dict[str, Any] = {"type": "resource", "key": terms.key, "name": terms.name.to_json()}
    found |= {"kind": terms.kind, "store": terms.store, "capacity": terms.capacity}
    found["weekly"] = [
        {"weekday": day, "from": _said(hours.start), "to": _said(hours.end)}
        for day in sorted(terms.weekly)
        for hours in terms.weekly[day]
    ]
    if terms.exceptions:
        found["exceptions"] = [
            {"date": day.isoformat(), "hours": [{"from": _said(h.start), "to": _said(h.end)} for h in hours]}
            for day, hours in sorted(terms.exceptions.items())
        ]
    if terms.title.zh or terms.title.en:
        found["title"] = terms.title.to_json()
    if terms.sort:
        found["sort"] = terms.sort
    return found


def service_json(terms: ServiceTerms) -> dict[str, Any]:
    """The canonical JSON of a service: what differs from the defaults, in a fixed order."""
    found: dict[str, Any] = {"type": "service", "key": terms.key, "name": terms.name.to_json()}
    if terms.description.zh or terms.description.en:
        found["description"] = terms.description.to_json()
    found |= {"minutes": terms.minutes, "resources": list(terms.resources)}
    default = ServiceTerms(key="", name=Text("", ""), minutes=0, resources=())
    for name in (
        "category", "step_minutes", "buffer_minutes", "price", "package", "sessions", "open_days", "lead_minutes",
        "cancel_minutes", "checkin_before_minutes", "grace_minutes", "most_open", "waiting_list", "offer_minutes",
        "sort", "demo",
    ):  # fmt: skip
        if getattr(terms, name) != getattr(default, name):
            found[name] = getattr(terms, name)
    if terms.early_days:
        found["early_days"] = dict(sorted(terms.early_days.items()))
    if terms.remind_minutes != default.remind_minutes:
        found["remind_minutes"] = list(terms.remind_minutes)
    if terms.no_show:
        rule = terms.no_show
        found["no_show"] = {
            "count": rule.count, "within_days": rule.within_days, "block_days": rule.block_days,
            "sessions": rule.sessions,
        }  # fmt: skip
    if terms.condition:
        found["condition"] = dict(terms.condition)
    return found


def _minutes(node: Node, key: str, *, least: int, most: int, **default: int) -> int:
    value = node.integer(key, least=least, most=most, **default)
    if isinstance(value, int) and value % GRAIN:
        node.bad(key, "not_a_step", f"须为 {GRAIN} 的倍数", f"Must be a multiple of {GRAIN}")
    return value or 0


def _weekly(node: Node) -> Mapping[int, tuple[Hours, ...]]:
    found: dict[int, list[Hours]] = {}
    for one in node.children("weekly", ("weekday", "from", "to"), most=100):
        day = one.integer("weekday", least=1, most=7)
        hours = _hours(one)
        if day and hours:
            found.setdefault(day, []).append(hours)
    return {day: _in_order(node, "weekly", hours) for day, hours in sorted(found.items())}


def _exceptions(node: Node) -> Mapping[date, tuple[Hours, ...]]:
    found: dict[date, tuple[Hours, ...]] = {}
    for one in node.children("exceptions", ("date", "hours"), most=400):
        day = one.day("date")
        hours = [h for h in (_hours(child) for child in one.children("hours", ("from", "to"), most=20)) if h]
        if day:
            found[day] = _in_order(one, "hours", hours)
    return dict(sorted(found.items()))


def _hours(node: Node) -> Hours | None:
    start, end = time_of_day(node.raw("from")), time_of_day(node.raw("to"))
    if start is None or end is None or start.minute % GRAIN or end.minute % GRAIN:
        node.bad(
            "from",
            "bad_time",
            "时间应如 09:30，按 5 分钟",
            "Must be times such as 09:30, in steps of 5 minutes",
        )
        return None
    if end != time() and end <= start:
        node.bad("to", "not_after_start", "结束应晚于开始", "Must be after the start")
        return None
    return Hours(start, end)


def _in_order(node: Node, key: str, hours: list[Hours]) -> tuple[Hours, ...]:
    ordered = sorted(hours, key=lambda h: h.start)
    for one, following in pairwise(ordered):
        if one.end == time() or following.start < one.end:
            node.bad(key, "overlap", "时段重叠", "Hours overlap")
            break
    return tuple(ordered)


def _early(node: Node, tiers: frozenset[str] | None) -> Mapping[str, int]:
    value = node.raw("early_days", {})
    if not isinstance(value, Mapping):
        node.bad("early_days", "not_an_object", "应为对象", "Must be an object")
        return {}
    found = {}
    for tier, days in value.items():
        if tiers is not None and tier not in tiers:
            node.bad(f"early_days.{tier}", "unknown_tier", f"没有等级 {tier}", f"There is no tier {tier}")
        elif isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= 365:
            node.bad(f"early_days.{tier}", "out_of_range", "应为 0 到 365", "Must be 0 to 365")
        else:
            found[str(tier)] = days
    return found


def _reminders(node: Node) -> tuple[int, ...]:
    if not node.has("remind_minutes"):
        return (1440, 120)
    return tuple(sorted(node.integers("remind_minutes", least=5, most=_WEEK), reverse=True))


def _no_show(node: Node) -> NoShowRule | None:
    child = node.child("no_show", ("count", "within_days", "block_days", "sessions"))
    if child is None:
        return None
    return NoShowRule(
        count=child.integer("count", least=1, most=100, default=2),
        within_days=child.integer("within_days", least=1, most=3650, default=90),
        block_days=child.integer("block_days", least=1, most=3650, default=14),
        sessions=child.integer("sessions", least=0, most=100, default=0),
    )


def _condition(node: Node, check: CheckCondition) -> Mapping[str, Any] | None:
    data = node.raw("condition", None)
    if not data:
        return None
    try:
        return check(data)
    except Refusal as refusal:
        node.errors.errors += refusal.errors
        return None


def _said(at: time) -> str:
    return f"{at:%H:%M}"
