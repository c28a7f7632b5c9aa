"""Reading a brand's rules of suspicion, and which of them apply to something. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from regulars.kit.errors import ErrorList, Refusal
from regulars.kit.ids import digest
from regulars.kit.text import Text
from regulars.value.reviews.types import OF, PER, Seen, Velocity, Watch

_KEY = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")
MAX_RULES = 50
_FIELDS = ("key", "of", "per", "limit", "minutes", "enabled")


def parse(data: Mapping[str, Any]) -> Watch:
    """Rules from JSON. Raises `invalid_input` naming every wrong field."""
    errors = ErrorList()
    for field in data:
        if field not in ("velocity", "self_dealing"):
            errors.add(str(field), "unknown_field", "未知字段", "Unknown field")
    given = data.get("velocity", [])
    if not isinstance(given, list) or len(given) > MAX_RULES:
        errors.add(
            "velocity", "not_a_list", f"应为至多 {MAX_RULES} 条的列表", f"A list of at most {MAX_RULES}"
        )
        given = []
    found: list[Velocity] = []
    keys: set[str] = set()
    for place, one in enumerate(given):
        path = f"velocity[{place}]"
        if not isinstance(one, Mapping):
            errors.add(path, "not_an_object", "应为对象", "Must be an object")
            continue
        for field in one:
            if field not in _FIELDS:
                errors.add(f"{path}.{field}", "unknown_field", "未知字段", "Unknown field")
        key = one.get("key")
        if not isinstance(key, str) or not _KEY.fullmatch(key) or key == "self_dealing":
            errors.add(f"{path}.key", "bad_code", "只能用小写字母、数字、- 和 _", "Use a-z, 0-9, - and _")
        elif key in keys:
            errors.add(f"{path}.key", "duplicate", "重复", "Given twice")
        keys.add(str(key))
        for field, known in (("of", OF), ("per", PER)):
            if one.get(field) not in known:
                shown = ", ".join(known)
                errors.add(f"{path}.{field}", "unknown_choice", f"应为：{shown}", f"Must be one of: {shown}")
        for field, most in (("limit", 100_000), ("minutes", 44_640)):
            value = one.get(field)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                errors.add(f"{path}.{field}", "out_of_range", f"应为 1 到 {most}", f"Must be 1 to {most}")
        enabled = one.get("enabled", True)
        if not isinstance(enabled, bool):
            errors.add(f"{path}.enabled", "not_a_flag", "应为是或否", "Must be true or false")
        if not errors:
            found.append(Velocity(str(key), one["of"], one["per"], one["limit"], one["minutes"], enabled))
    self_dealing = data.get("self_dealing", False)
    if not isinstance(self_dealing, bool):
        errors.add("self_dealing", "not_a_flag", "应为是或否", "Must be true or false")
    errors.refuse()
    return Watch(tuple(found), self_dealing)


def subject_of(rule: Velocity, seen: Seen) -> str:
    """Whom or what a rule counts; empty where the thing has none."""
    if rule.per == "member":
        return seen.member_id.hex
    if rule.per == "device":
        return seen.device
    return seen.store_id.hex if seen.store_id else ""


def counters_of(
    watch: Watch, brand_id: UUID, seen: Sequence[Seen], now: datetime
) -> dict[UUID, list[tuple[Velocity, Seen, datetime]]]:
    """Counter → what it counts, with the end of its window. What happened before the present windows is history."""
    found: dict[UUID, list[tuple[Velocity, Seen, datetime]]] = {}
    for rule in watch.velocity:
        if not rule.enabled:
            continue
        seconds = rule.minutes * 60
        for one in seen:
            subject = subject_of(rule, one)
            if one.of != rule.of or not subject or (now - one.at).total_seconds() > seconds:
                continue
            window = int(one.at.timestamp()) // seconds
            until = datetime.fromtimestamp((window + 1) * seconds, UTC)
            counter = digest("velocity", str(brand_id), rule.key, subject, str(window))
            found.setdefault(counter, []).append((rule, one, until))
    return found


def held_for_review(rule: str) -> Refusal:
    """The refusal of a burn or use that somebody must look at first."""
    return Refusal(
        "held_for_review",
        Text("操作疑似异常，已提交人工复核", "This looks unusual and is held for review"),
        status=409,
        data={"rule": rule},
    )
