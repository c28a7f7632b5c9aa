"""Definitions: read, written with their history in the audit log, walked by programme as code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import connection, transaction

from regulars.kit.errors import ErrorList, conflict, not_found
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.value.prepaid.policy import law_cn, reading
from regulars.value.prepaid.store import definitions as store
from regulars.value.prepaid.types import (
    DEFINITION,
    DefinitionKind,
    DefinitionRow,
    DefinitionState,
    Ladder,
    PackageTerms,
    Settings,
    StampCard,
)

KINDS: tuple[DefinitionKind, ...] = ("settings", "ladder", "package", "stamp_card")
SETTINGS_KEY = "settings"
_STATES: tuple[DefinitionState, ...] = ("draft", "active", "paused", "ended")
# state → where it may go
_NEXT: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"draft", "active", "ended"}),
    "active": frozenset({"active", "paused", "ended"}),
    "paused": frozenset({"active", "paused", "ended"}),
    "ended": frozenset({"ended"}),
}
MOST = 500


def list_definitions(*, brand_id: UUID, kind: str | None = None, limit: int = MOST) -> list[DefinitionRow]:
    """By kind and key."""
    with connection.cursor() as cursor:
        return store.load_all(cursor, brand_id=brand_id, kind=kind, limit=limit)


def get_definition(*, brand_id: UUID, kind: str, key: str) -> DefinitionRow:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        row = store.load(cursor, brand_id=brand_id, kind=kind, key=key)
    if row is None:
        raise not_found(DEFINITION)
    return row


def get_settings(*, brand_id: UUID) -> Settings:
    """The brand's settings; the plain ones where it has none."""
    with connection.cursor() as cursor:
        row = store.load(cursor, brand_id=brand_id, kind="settings", key=SETTINGS_KEY)
    return reading.read_settings(row.definition) if row else Settings()


def get_ladder(*, brand_id: UUID, key: str) -> Ladder:
    row = get_definition(brand_id=brand_id, kind="ladder", key=key)
    return reading.read_ladder(key, row.definition, row.state)


def get_package_terms(*, brand_id: UUID, key: str) -> PackageTerms:
    row = get_definition(brand_id=brand_id, kind="package", key=key)
    return reading.read_package(key, row.definition, row.state)


def get_stamp_card(*, brand_id: UUID, key: str) -> StampCard:
    row = get_definition(brand_id=brand_id, kind="stamp_card", key=key)
    return reading.read_stamp_card(key, row.definition, row.state)


def put_definition(
    *, scope: Scope, kind: str, key: str, state: str, definition: Any, now: datetime
) -> DefinitionRow:
    """Make one, or change it. Raises `invalid_input` naming fields, `wrong_state`, and what the law says no to."""
    errors = ErrorList()
    if kind not in KINDS:
        known = ", ".join(KINDS)
        errors.add("kind", "unknown_kind", f"只能是：{known}", f"must be one of: {known}")
    if state not in _STATES:
        known = ", ".join(_STATES)
        errors.add("state", "unknown_state", f"只能是：{known}", f"must be one of: {known}")
    if not reading.is_key(key) or (kind == "settings") != (key == SETTINGS_KEY):
        errors.add("key", "bad_code", "只能用小写字母、数字、- 和 _", "a-z, 0-9, - and _ only")
    errors.refuse()
    _check(scope, kind, key, cast(DefinitionState, state), definition)
    with transaction.atomic(), connection.cursor() as cursor:
        before = store.load(cursor, brand_id=scope.brand_id, kind=kind, key=key, lock=True)
        if before is not None and state not in _NEXT[before.state]:
            raise conflict(
                "wrong_state",
                "不能改回该状态",
                f"It is {before.state} and cannot become {state}",
                state=before.state,
            )
        same = before is not None and (before.state, before.definition) == (state, definition)
        if before is not None and same:
            return before
        row = store.put(
            cursor, brand_id=scope.brand_id, kind=kind, key=key, state=state, definition=definition, now=now
        )
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="prepaid.update" if before else "prepaid.create",
            subject_type="prepaid",
            subject_id=f"{kind}:{key}",
            before={"state": before.state, "definition": before.definition} if before else None,
            after={"state": state, "definition": definition},
            now=now,
        )
    return row


def _check(scope: Scope, kind: str, key: str, state: DefinitionState, definition: Any) -> None:
    if kind == "settings":
        reading.read_settings(definition)
        return
    lawful = get_settings(brand_id=scope.brand_id).law == "cn" and state == "active"
    if kind == "ladder":
        ladder = reading.read_ladder(key, definition, state)
        if lawful:
            law_cn.check_ladder(ladder)
    elif kind == "package":
        terms = reading.read_package(key, definition, state)
        if lawful:
            law_cn.check_package(terms)
    else:
        reading.read_stamp_card(key, definition, state)


def export_definitions(*, brand_id: UUID) -> list[dict[str, Any]]:
    """Every definition as canonical JSON, in a stable order."""
    return [
        {"kind": row.kind, "key": row.key, "state": row.state, "definition": dict(row.definition)}
        for row in list_definitions(brand_id=brand_id)
    ]


def apply_definition(*, scope: Scope, definition: Mapping[str, Any], now: datetime) -> None:
    """Create or update one as `export_definitions` gives it. Raises as `put_definition`."""
    unknown = [str(k) for k in definition if k not in ("kind", "key", "state", "definition")]
    errors = ErrorList()
    for name in unknown:
        errors.add(name, "unknown_field", "未知字段", "Unknown field")
    errors.refuse()
    put_definition(
        scope=scope,
        kind=str(definition.get("kind", "")),
        key=str(definition.get("key", "")),
        state=str(definition.get("state", "draft")),
        definition=definition.get("definition"),
        now=now,
    )
