"""What each kind of action needs, from JSON: only its form. What it names (templates, tags …) is looked up above."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.engage.journeys.types import UNITS
from regulars.kit.errors import ErrorList
from regulars.kit.reader import Node as Reader

REWARD_KINDS = (
    "points", "coupon", "benefit", "tag", "tier_step", "extend_expiry", "badge", "draw_chance", "mission",
)  # fmt: skip
TASK_KINDS = ("call", "visit", "wecom", "service", "other")
STORES = ("joined", "favourite", "none")
MOST_VALUES = 20
MOST_UNITS, MOST_MONTHS = 100_000, 1_200  # of time: later than that the calendar ends


def read_action(kind: str, node: Reader, errors: ErrorList) -> Mapping[str, Any]:
    """The action as canonical JSON; what is missing or wrong is added to the errors."""
    match kind:
        case "message":
            return _message(node, errors)
        case "reward":
            return {"rewards": _rewards(node, errors)}
        case "tag":
            add, remove = _codes(node, "add", errors), _codes(node, "remove", errors)
            if not add and not remove:
                node.bad("add", "required", "请选择要加或去掉的标签", "Choose a tag to put on or to take off")
            return {"add": add, "remove": remove}
        case "task":
            return {
                "task": node.choice("task", TASK_KINDS, "call"),
                "title": node.text("title", most=80).to_json(),
                "script": node.text("script", {"zh": "", "en": ""}, most=1000).to_json() if node.has("script") else
                {"zh": "", "en": ""},
                "due_in_days": node.integer("due_in_days", least=0, most=90, default=1),
                "store": node.choice("store", STORES, "favourite"),
            }  # fmt: skip
        case "webhook":
            return {"event": node.code("event"), "data": _values(node, "data", errors)}
        case "journey":
            return {"journey": node.code("journey")}
    raise AssertionError(kind)


def _message(node: Reader, errors: ErrorList) -> Mapping[str, Any]:
    expires: Mapping[str, Any] | None = None
    if node.has("expires_in"):
        span = Reader(node.values["expires_in"], node.at("expires_in"), errors, ("amount", "unit"))
        unit = span.choice("unit", list(UNITS))
        most = MOST_MONTHS if unit == "months" else MOST_UNITS
        expires = {"amount": span.integer("amount", least=1, most=most), "unit": unit}
    return {
        "template": node.string("template"),
        "purpose": node.choice("purpose", ("marketing", "service"), "marketing"),
        "channels": _codes(node, "channels", errors),
        "values": _values(node, "values", errors),
        "priority": node.integer("priority", least=0, most=100, default=None),
        "expires_in": expires,
    }


def _rewards(node: Reader, errors: ErrorList) -> list[Mapping[str, Any]]:
    found = []
    for path, value in node.items("rewards", most=10, required=True):
        if isinstance(value, Mapping) and value.get("kind") in REWARD_KINDS:
            found.append(value)
        else:
            shown = ", ".join(REWARD_KINDS)
            errors.add(f"{path}.kind", "unknown_choice", f"应为其中之一：{shown}", f"Must be one of: {shown}")
    return found


def _codes(node: Reader, key: str, errors: ErrorList) -> list[str]:
    found: list[str] = []
    for path, value in node.items(key, most=20):
        if not isinstance(value, str) or not 0 < len(value) <= 64:
            errors.add(path, "bad_text", "应为文本", "Must be text")
        elif value not in found:
            found.append(value)
    return found


def _values(node: Reader, key: str, errors: ErrorList) -> Mapping[str, Any]:
    """Plain values by name: what a template or a webhook gets beside what is known."""
    value = node.raw(key, {})
    if not isinstance(value, Mapping):
        node.bad(key, "not_an_object", "应为对象", "Must be an object")
        return {}
    if len(value) > MOST_VALUES:
        node.bad(key, "too_many", f"最多 {MOST_VALUES} 项", f"At most {MOST_VALUES}")
    for name, one in value.items():
        if not isinstance(one, (str, int, bool)) or len(str(one)) > 500 or len(str(name)) > 64:
            errors.add(
                f"{node.at(key)}.{name}",
                "bad_value",
                "应为短文本、整数或是否",
                "Must be short text, a whole number, or true/false",
            )
    return dict(value)
