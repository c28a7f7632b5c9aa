"""Reads a plan's JSON; every wrong field is said with its path."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time
from typing import Any

from regulars.engage.care.types import KINDS, VARIABLES, Chore, Definition, Said
from regulars.kit.errors import ErrorList
from regulars.kit.reader import Node, time_of_day
from regulars.kit.text import Text

_FIELDS = (
    "key", "name", "kind", "settings", "audience", "message", "rewards", "budget", "task", "holdout_percent",
    "win_back_days", "at", "contact_cost",
)  # fmt: skip
_NAMED = re.compile(r"\{\{\s*([^}\s]*)\s*\}\}")
_TASK_KINDS = ("call", "visit", "wecom", "service", "other")
_MATCH = ("skus", "categories", "departments")
MOST_CODES = 200


def names_in(text: str) -> list[str]:
    """What a text names: `{{ item }}` → item."""
    return _NAMED.findall(text)


def read_definition(value: Any, errors: ErrorList) -> Definition | None:
    """A plan from its JSON, canonical and complete; None where errors were noted.

    Whether templates, segments, rewards, budgets, festivals and activity types exist is not asked here.
    """
    before = len(errors.errors)
    node = Node(value, "", errors, _FIELDS)
    kind = node.choice("kind", tuple(KINDS))
    key, name = node.code("key"), node.text("name", most=80)
    settings = _settings(node, kind) if kind else {}
    message = _message(node)
    rewards = node.raw("rewards", [])
    if not isinstance(rewards, list):
        node.bad("rewards", "not_a_list", "应为列表", "Must be a list")
        rewards = []
    task = _task(node)
    if not (message or rewards or task or node.has("message") or node.has("task")):
        errors.add(
            "message",
            "does_nothing",
            "消息、奖励、待办至少要有一项",
            "A message, a reward or a task is needed",
        )
    if kind == "visit" and task is None and not node.has("task"):
        errors.add("task", "required", "回访计划必须有待办", "Return visits need a task")
    holdout = node.integer("holdout_percent", least=0, most=50, default=0)
    window = node.integer("win_back_days", least=1, most=365, default=30)
    at = time_of_day(node.raw("at", "09:30"))
    if at is None:
        node.bad("at", "bad_time", "时间应如 09:30", "Must be a time such as 09:30")
    budget = node.code("budget", "") if node.values.get("budget") else ""
    cost = node.integer("contact_cost", least=0, most=10**8, default=0)
    if len(errors.errors) > before or kind is None:
        return None
    return Definition(
        key=key,
        name=name,
        kind=kind,
        settings=settings,
        audience=node.raw("audience", None),
        message=message,
        rewards=tuple(rewards),
        budget=budget,
        task=task,
        holdout_percent=holdout,
        win_back_days=window,
        at=at or time(9, 30),
        contact_cost=cost,
    )


def _message(node: Node) -> Said | None:
    part = node.child("message", ("template", "purpose", "channels"))
    if part is None:
        return None
    template = part.string("template", most=64)
    purpose = part.choice("purpose", ("marketing", "service"), None) or ""
    channels = tuple(_strings(part, "channels", most=10))
    return Said(template, purpose, channels) if template else None


def _task(node: Node) -> Chore | None:
    part = node.child("task", ("kind", "title", "script", "assign", "due_in_days", "per_day", "spread_days"))
    if part is None:
        return None
    title = part.text("title", most=200)
    written = part.values.get("script")
    # a script may be left empty: then the title says it all
    empty = isinstance(written, Mapping) and not any(written.get(one) for one in ("zh", "en"))
    script = Text("", "") if empty or not written else part.text("script", most=4000)
    for name, words in (("title", title), ("script", script)):
        for unknown in {*names_in(words.zh), *names_in(words.en)} - VARIABLES.keys():
            part.bad(
                name,
                "unknown_variable",
                f"没有变量 {unknown}，可用：{', '.join(VARIABLES)}",
                f"There is no variable {unknown}; there are: {', '.join(VARIABLES)}",
            )
    return Chore(
        kind=part.choice("kind", _TASK_KINDS, "call"),
        title=title,
        script=script,
        assign=part.choice("assign", ("owner", "store", "nobody"), "owner"),
        due_in_days=part.integer("due_in_days", least=0, most=60, default=0),
        per_day=part.integer("per_day", least=1, most=200, default=8),
        spread_days=part.integer("spread_days", least=1, most=20, default=5),
    )


def _settings(node: Node, kind: str) -> Mapping[str, Any]:
    fields, read = _BY_KIND[kind]
    value = node.values.get("settings")
    part = Node({} if value is None else value, "settings", node.errors, fields)
    return read(part)


def _welcome(part: Node) -> dict[str, Any]:
    return {"channels": _strings(part, "channels"), "touchpoints": _strings(part, "touchpoints")}


def _birthday(part: Node) -> dict[str, Any]:
    return {
        "when": part.choice("when", ("day", "month"), "day"),
        "days_before": part.integer("days_before", least=0, most=60, default=0),
        "reckoning": part.choice("reckoning", ("member", "solar", "lunar"), "member"),
        "leap_day": part.choice("leap_day", ("feb28", "mar1"), "feb28"),
    }


def _anniversary(part: Node) -> dict[str, Any]:
    return {
        "years": sorted(part.integers("years", least=1, most=100)),
        "days_before": part.integer("days_before", least=0, most=60, default=0),
    }


def _festival(part: Node) -> dict[str, Any]:
    chosen = _strings(part, "festivals", most=40)
    if not chosen:
        part.bad("festivals", "required", "请选择节日", "Choose festivals")
    return {"festivals": chosen, "days_before": part.integer("days_before", least=0, most=60, default=0)}


def _milestone(part: Node) -> dict[str, Any]:
    orders = sorted(part.integers("orders", least=1, most=10_000))
    spend: list[int] = []
    for path, value in part.items("spend", most=50):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 10**12:
            part.errors.add(path, "out_of_range", "应为正整数（分）", "Must be a whole number of minor units")
        else:
            spend.append(value)
    if not orders and not spend:
        part.bad("orders", "required", "请填写订单数或消费额", "Give numbers of orders or amounts spent")
    return {"orders": orders, "spend": sorted(set(spend))}


def _match(part: Node) -> dict[str, Any]:
    chosen = {name: _strings(part, name) for name in _MATCH}
    if not any(chosen.values()):
        part.bad(
            "categories", "required", "请选择商品、品类或部门", "Choose products, categories or departments"
        )
    return chosen


def _service(part: Node) -> dict[str, Any]:
    chosen = _match(part)
    months = part.integer("every_months", least=0, most=120, default=0)
    days = part.integer("every_days", least=0, most=3650, default=0)
    if bool(months) == bool(days):
        part.bad("every_months", "one_of", "按月或按天，二选一", "Either months or days")
    return chosen | {
        "every_months": months,
        "every_days": days,
        "times": part.integer("times", least=0, most=100, default=0),
        "days_before": part.integer("days_before", least=0, most=60, default=0),
    }


def _refill(part: Node) -> dict[str, Any]:
    return _match(part) | {
        "by": part.choice("by", ("sku", "category"), "sku"),
        "fallback_days": part.integer("fallback_days", least=1, most=720, default=60),
        "days_before": part.integer("days_before", least=0, most=60, default=3),
        "own_after": part.integer("own_after", least=2, most=20, default=3),
        "stated": _stated(part),
    }


def _stated(part: Node) -> list[dict[str, Any]]:
    """How long products and categories last, as the operator says it; each once."""
    found: list[dict[str, Any]] = []
    for one in part.children("stated", ("code", "days"), most=MOST_CODES):
        code = one.string("code", most=120)
        days = one.integer("days", least=1, most=720)
        if code is not None and any(other["code"] == code for other in found):
            one.bad("code", "twice", "已填写过", "Is there already")
        found.append({"code": code, "days": days})
    return found


def _visit(part: Node) -> dict[str, Any]:
    cadences = []
    for one in part.children("cadences", ("stages", "tiers", "value_from", "weeks"), most=20):
        cadences.append(
            {
                "stages": _strings(one, "stages", most=20),
                "tiers": _strings(one, "tiers", most=20),
                "value_from": one.integer("value_from", least=0, default=0),
                "weeks": one.integer("weeks", least=1, most=104),
            }
        )
    weeks = part.integer("every_weeks", least=0, most=104, default=0)
    if not weeks and not cadences:
        part.bad("every_weeks", "required", "请填写回访周期", "Say every how many weeks")
    return {
        "every_weeks": weeks,
        "cadences": cadences,
        "least_orders": part.integer("least_orders", least=0, most=1000, default=3),
    }


def _dormant(part: Node) -> dict[str, Any]:
    days = sorted(part.integers("days", least=7, most=1000)) if part.has("days") else [60]
    if not days:
        part.bad("days", "required", "请填写天数", "Say after how many days")
    return {"days": days}


def _behaviour(part: Node) -> dict[str, Any]:
    return {
        "activity": part.code("activity"),
        "hours": part.integer("hours", least=1, most=720, default=24),
        "cooldown_days": part.integer("cooldown_days", least=1, most=365, default=7),
    }


def _churn(part: Node) -> dict[str, Any]:
    low = part.integer("from_percent", least=1, most=100, default=50)
    high = part.integer("to_percent", least=1, most=100, default=100)
    if low is not None and high is not None and low >= high:
        part.bad("to_percent", "not_above", "上限应高于下限", "Must lie above where it begins")
    return {
        "level": part.choice("level", ("light", "heavy"), "light"),
        "score": part.choice("score", ("churn_30", "churn_60", "churn_90"), "churn_60"),
        "from_percent": low,
        "to_percent": high,
        "cooldown_days": part.integer("cooldown_days", least=7, most=365, default=60),
    }


def _strings(part: Node, key: str, *, most: int = MOST_CODES) -> list[str]:
    found: list[str] = []
    for path, value in part.items(key, most=most):
        if not isinstance(value, str) or not value.strip() or len(value) > 120:
            part.errors.add(path, "bad_text", "应为 1–120 个字的文本", "Must be text of 1 to 120 characters")
        elif value not in found:
            found.append(value)
    return found


_BY_KIND: dict[str, tuple[tuple[str, ...], Callable[[Node], dict[str, Any]]]] = {
    "welcome": (("channels", "touchpoints"), _welcome),
    "birthday": (("when", "days_before", "reckoning", "leap_day"), _birthday),
    "anniversary": (("years", "days_before"), _anniversary),
    "festival": (("festivals", "days_before"), _festival),
    "milestone": (("orders", "spend"), _milestone),
    "service": ((*_MATCH, "every_months", "every_days", "times", "days_before"), _service),
    "refill": ((*_MATCH, "by", "fallback_days", "days_before", "own_after", "stated"), _refill),
    "visit": (("every_weeks", "cadences", "least_orders"), _visit),
    "dormant": (("days",), _dormant),
    "behaviour": (("activity", "hours", "cooldown_days"), _behaviour),
    "churn": (("level", "score", "from_percent", "to_percent", "cooldown_days"), _churn),
}
