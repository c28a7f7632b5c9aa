"""An audience as one condition, and whom the programme's holdout concerns. Pure."""

from __future__ import annotations

from typing import Any

from regulars.engage.campaigns.types import Audience, Definition

# Holds for everybody: the number of orders is never below nothing.
EVERYBODY: dict[str, Any] = {"field": "history.orders", "op": "gte", "value": 0}


def condition_of(audience: Audience) -> dict[str, Any]:
    """The audience (before any sample) in the condition language."""
    parts: list[dict[str, Any]] = []
    if audience.segments:
        parts.append(_any_of(audience.segments))
    if audience.condition:
        parts.append(dict(audience.condition))
    if audience.exclude:
        parts.append({"not": _any_of(audience.exclude)})
    if not parts:
        return EVERYBODY
    return parts[0] if len(parts) == 1 else {"all": parts}


def sole_segment(audience: Audience) -> str | None:
    """The segment that is the whole of it, which can be walked without asking."""
    alone = len(audience.segments) == 1 and not audience.condition and not audience.exclude
    return audience.segments[0] if alone else None


def is_everybody(audience: Audience) -> bool:
    return audience.everybody and not audience.exclude


def heeds_programme(definition: Definition) -> bool:
    """Whether those whom the programme holds out of marketing are left out: not where all it brings are words of
    service (a recall, a change of terms)."""
    return any(
        one.rewards or (one.message is not None and one.message.purpose == "marketing")
        for one in definition.variants
    )


def _any_of(codes: tuple[str, ...]) -> dict[str, Any]:
    parts = [{"field": "membership.segments", "op": "contains", "value": code} for code in codes]
    return parts[0] if len(parts) == 1 else {"any": parts}
