"""From the syntax tree to JSON."""

from __future__ import annotations

from typing import Any

from regulars.conditions.language import KINDS, ValueKind
from regulars.conditions.types import All, AnyOf, Compare, Condition, Lines, LineTotal, Not, Streak, Window
from regulars.conditions.values import wire_value


def to_wire(condition: Condition) -> dict[str, Any]:
    """Return the JSON form; parsing it gives the same condition again."""
    match condition:
        case All(parts):
            return {"all": [to_wire(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [to_wire(part) for part in parts]}
        case Not(part):
            return {"not": to_wire(part)}
        case Compare(field, op, value):
            wire: dict[str, Any] = {"field": field, "op": op.value}
        case Lines(quantifier, where):
            return {"lines": quantifier.value, "where": to_wire(where)}
        case LineTotal(aggregate, of, inner, op, value):
            wire = {"lines": aggregate.value}
            if of is not None:
                wire["of"] = of
            if inner is not None:
                wire["where"] = to_wire(inner)
            wire["op"] = op.value
        case Streak(activity, op, value):
            return {"streak": activity, "op": op.value, "days": wire_value(value)}
        case Window(activity, days, agg, of, op, value):
            wire = {"window": {"days": days, "activity": activity}, "agg": agg.value}
            if of is not None:
                wire["of"] = of
            wire["op"] = op.value
    if KINDS[op] is not ValueKind.NONE:
        wire["value"] = wire_value(value)
    return wire
