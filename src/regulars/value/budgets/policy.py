"""What a budget's definition must say, which counter an act falls on, and the refusals. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.errors import ErrorList, Refusal, conflict
from regulars.kit.ids import digest
from regulars.kit.money import show
from regulars.kit.periods import period_key, zone
from regulars.kit.text import Text
from regulars.value.budgets.types import KINDS, PERIODS, STATES, Budget

_KEY = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")
_FIELDS = ("key", "name", "kind", "amount", "period", "per_store", "alert_percent", "state")
MOST = 10**14


def parse(data: Mapping[str, Any]) -> Budget:
    """A budget from its JSON. Raises `invalid_input` naming every wrong field."""
    errors = ErrorList()
    for field in data:
        if field not in _FIELDS:
            errors.add(str(field), "unknown_field", "未知字段", "Unknown field")
    key = data.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        errors.add(
            "key",
            "bad_code",
            "只能用小写字母、数字、- 和 _，最长 40",
            "Use a-z, 0-9, - and _, at most 40 characters",
        )
    said = data.get("name")
    names: Mapping[Any, Any] = {"zh": said, "en": said} if isinstance(said, str) else {}
    if isinstance(said, Mapping):
        names = said
    if not any(str(v).strip() for v in names.values()):
        errors.add("name", "required", "必填", "Required")
    _choice(errors, data, "kind", KINDS, "amount")
    _choice(errors, data, "period", PERIODS, "ever")
    _choice(errors, data, "state", STATES, "active")
    amount = data.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= MOST:
        errors.add(
            "amount", "out_of_range", f"应为 0 到 {MOST} 的整数", f"Must be a whole number of 0 to {MOST}"
        )
    percent = data.get("alert_percent", 80)
    if isinstance(percent, bool) or not isinstance(percent, int) or not 1 <= percent <= 100:
        errors.add("alert_percent", "out_of_range", "应为 1 到 100", "Must be 1 to 100")
    per_store = data.get("per_store", False)
    if not isinstance(per_store, bool):
        errors.add("per_store", "not_a_flag", "应为是或否", "Must be true or false")
    errors.refuse()
    return Budget(
        key=str(key),
        name=Text.from_json({str(k): str(v) for k, v in names.items()}),
        kind=data.get("kind", "amount"),
        amount=int(amount or 0),
        period=data.get("period", "ever"),
        per_store=bool(per_store),
        alert_percent=int(percent),
        state=data.get("state", "active"),
    )


def _choice(
    errors: ErrorList, data: Mapping[str, Any], field: str, known: Mapping[str, Text], default: str
) -> None:
    if data.get(field, default) not in known:
        shown = ", ".join(known)
        errors.add(field, "unknown_choice", f"应为其中之一：{shown}", f"Must be one of: {shown}")


def period_of(budget: Budget, now: datetime, tz: str) -> str:
    """The period that an instant lies in, by the business time zone."""
    return period_key(now.astimezone(zone(tz)), budget.period)


def place_of(budget: Budget, store_id: UUID | None) -> UUID | None:
    """Whose part an act at a store takes from: the store's, or the brand's."""
    return store_id if budget.per_store else None


def counter_of(brand_id: UUID, budget: Budget, place: UUID | None, period: str) -> UUID:
    """The counter of one period and place."""
    return digest("budget", str(brand_id), budget.key, str(place or ""), period)


def has_passed(budget: Budget, taken: int) -> bool:
    """Whether the alert level is reached."""
    return taken * 100 >= budget.amount * budget.alert_percent


def used_up(budget: Budget, left: int, currency: str) -> Refusal:
    """The refusal when too little is left."""
    rest = show(max(0, left), currency) if budget.kind == "amount" else str(max(0, left))
    return conflict(
        "budget_used_up",
        f"预算“{budget.name.zh}”不足，剩余 {rest}",
        f"The budget “{budget.name.en}” has only {rest} left",
        budget=budget.key,
        left=max(0, left),
    )


def not_active(key: str, state: str | None) -> Refusal:
    """The refusal for a budget that is not there or not open."""
    if state is None:
        return conflict("budget_unknown", f"没有预算 {key}", f"There is no budget {key}", budget=key)
    return conflict(
        "budget_not_active",
        f"预算 {key} 未启用（{STATES[state].zh}）",
        f"The budget {key} is not active ({STATES[state].en})",
        budget=key,
        state=state,
    )
