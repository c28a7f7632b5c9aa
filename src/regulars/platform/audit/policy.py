"""What of a change is kept: only what differs, personal fields masked, secrets never."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

OMITTED = "***"
_SECRET = re.compile(r"(^|_)(password|secret|token|otp|signature|private_key|credential)(_|$)")
_PERSONAL = frozenset(
    {
        "phone", "mobile", "email", "birthday", "birth_date", "address", "id_number", "id_card", "full_name",
        "real_name", "openid", "unionid", "wechat", "identifier",
    }
)  # fmt: skip
# Of things about a person these are personal too.
_PEOPLE = frozenset({"member", "membership", "person", "identity"})
_OF_PEOPLE = frozenset({"name", "value", "answer"})


def plan_change(
    subject_type: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides reduced to the keys that differ, as plain JSON fit to be kept for years.

    A changed personal field stays visible as changed, without either value.
    """
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return (
        {key: _kept(subject_type, key, before[key]) for key in keys if key in before},
        {key: _kept(subject_type, key, after[key]) for key in keys if key in after},
    )


def _kept(subject_type: str, key: str, value: Any) -> Any:
    name = key.lower()
    if value is None or isinstance(value, bool):
        return value
    if _SECRET.search(name) or name in _PERSONAL:
        return OMITTED
    if name in _OF_PEOPLE and subject_type in _PEOPLE:
        return OMITTED
    return _plain(subject_type, value)


def _plain(subject_type: str, value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _kept(subject_type, str(key), inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(subject_type, inner) for inner in value]
    if isinstance(value, (set, frozenset)):
        return sorted(str(inner) for inner in value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return str(value)
