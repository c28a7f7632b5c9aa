"""The same question to both interpreters. For SQL the facts travel as one JSON document per row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.sql import SQL, Composable

from regulars.conditions.api import FieldCatalogue, compile_condition, parse_condition
from regulars.conditions.sql.api import Binding, json_expression, to_sql
from regulars.conditions.types import Condition, FieldType

DOCUMENT = SQL("r.doc")
CASTS = {
    FieldType.INT: SQL("bigint"),
    FieldType.MONEY: SQL("bigint"),
    FieldType.DECIMAL: SQL("numeric"),
    FieldType.TEXT: SQL("text"),
    FieldType.ENUM: SQL("text"),
    FieldType.BOOL: SQL("boolean"),
    FieldType.DATE: SQL("date"),
    FieldType.DATETIME: SQL("timestamptz"),
    FieldType.SET: SQL("text[]"),
}


def ask_memory(condition: Any, catalogue: FieldCatalogue, facts: dict[str, Any]) -> bool:
    tree = parse_condition(data=condition, catalogue=catalogue)
    answer = compile_condition(condition=tree, catalogue=catalogue)(facts)
    assert answer is True or answer is False
    return answer


def ask_sql(
    connection: psycopg.Connection[Any],
    tree: Condition,
    catalogue: FieldCatalogue,
    rows: Sequence[dict[str, Any]],
    now: datetime,
) -> list[bool]:
    made = to_sql(condition=tree, catalogue=catalogue, binding=document_binding(catalogue, now))
    query = SQL(
        "SELECT ({}) IS TRUE FROM jsonb_array_elements(%(rows)s::jsonb) WITH ORDINALITY AS r(doc, n) ORDER BY n"
    ).format(made.text)
    document = json.dumps([_document(facts) for facts in rows], default=_plain)
    with connection.cursor() as cursor:
        cursor.execute(query, {**made.params, "rows": document})
        return [row[0] for row in cursor.fetchall()]


def document_binding(catalogue: FieldCatalogue, now: datetime) -> Binding:
    def typed(key: str, type: FieldType) -> Composable:
        return SQL("{}::{}").format(json_expression(document=DOCUMENT, key=key, type=type), CASTS[type])

    def window(activity: str, days: int, aggregate: str, of: str | None) -> Composable:
        return typed(window_key(activity, days, aggregate, of), FieldType.DECIMAL)

    return Binding(
        now=now,
        fields={field.key: typed(field.key, field.type) for field in catalogue},
        lines=SQL("({} -> 'lines')").format(DOCUMENT),
        window=window,
        streak=lambda activity: typed(f"streak.{activity}", FieldType.INT),
    )


def with_sequences(facts: dict[str, Any], windows: dict[str, Any], streaks: dict[str, int]) -> dict[str, Any]:
    """Add accessors over prepared numbers; the numbers stay under `prepared` for the SQL side."""
    return {
        **facts,
        "prepared": {**windows, **{f"streak.{key}": value for key, value in streaks.items()}},
        "window": lambda activity, days, aggregate, of: windows.get(
            window_key(activity, days, aggregate, of)
        ),
        "streak": lambda activity: streaks.get(activity),
    }


def window_key(activity: str, days: int, aggregate: str, of: str | None) -> str:
    return f"window.{activity}.{days}.{aggregate}.{of or ''}"


def now_of(facts: dict[str, Any]) -> datetime:
    return facts.get("now") or facts.get("activity.local") or datetime(2026, 3, 10, 4, tzinfo=UTC)


def _document(facts: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in facts.items() if key not in ("window", "streak", "prepared")}
    return {**plain, **facts.get("prepared", {})}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value))
