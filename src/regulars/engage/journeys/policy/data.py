"""What a run keeps of what triggered it, as plain JSON, and the same typed again for conditions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from regulars.conditions.api import FieldCatalogue, FieldType

MOST_LINES = 30
_OCCURRED = "activity.occurred_at"


def plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Values by field (and `lines`) as JSON; what is missing is left out."""
    return {key: _plain(value) for key, value in facts.items() if value is not None and value != ""}


def typed(kept: Mapping[str, Any], catalogue: FieldCatalogue) -> dict[str, Any]:
    """What `plain` kept, as the types that conditions compare."""
    facts: dict[str, Any] = {
        key: [{name: _typed(f"line.{name}", one, catalogue) for name, one in line.items()} for line in value]
        if key == "lines"
        else _typed(key, value, catalogue)
        for key, value in kept.items()
    }
    if facts.get(_OCCURRED) is not None:
        facts["activity.local"] = facts[_OCCURRED].astimezone(catalogue.zone)
    return facts


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value[:MOST_LINES]]
    return value


def _typed(key: str, value: Any, catalogue: FieldCatalogue) -> Any:
    field = catalogue.get(key)
    match field.type if field else None:
        case FieldType.DECIMAL:
            return Decimal(value)
        case FieldType.DATE:
            return date.fromisoformat(value)
        case FieldType.DATETIME:
            return datetime.fromisoformat(value)
        case FieldType.SET:
            return set(value)
    return value
