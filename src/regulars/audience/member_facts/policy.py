"""What the condition language gets of a member's row: values by field, the few that today decides included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_CENT = Decimal("0.01")
_MOST = Decimal(10) ** 18


def facts_for_conditions(
    facts: Mapping[str, Any] | None, scores: Mapping[str, Any] | None, *, fields: Iterable[str], today: date
) -> dict[str, Any]:
    """Values by field key for those of `fields` that are facts or scores; a value that is missing is None."""
    found: dict[str, Any] = {}
    for key in fields:
        kind, _, column = key.partition(".")
        if kind == "score":
            found[key] = scores.get(column) if scores else None
        elif kind == "fact":
            found[key] = _derived(column, facts, today) if facts else None
    return found


def number(text: str) -> Decimal:
    """A number that a score may be. Raises ValueError, ArithmeticError."""
    found = Decimal(text)
    if not found.is_finite() or abs(found) >= _MOST:
        raise ValueError(text)
    return found


def _derived(column: str, facts: Mapping[str, Any], today: date) -> Any:
    match column:
        case "days_since_visit":
            return _days_since(facts["last_visit_on"], today)
        case "days_since_active":
            return _days_since(facts["last_active_on"], today)
        case "order_overdue":
            gap, last = facts["order_gap_median"], facts["last_order_on"]
            if last is None or not gap:
                return None
            return (Decimal((today - last).days) / gap).quantize(_CENT, ROUND_HALF_UP)
    return facts.get(column)


def _days_since(day: date | None, today: date) -> int | None:
    return None if day is None else (today - day).days
