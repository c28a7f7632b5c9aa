"""A question to both interpreters with the answer reckoned by hand.

The calendar used: 10 March 2026 is a Tuesday; 2024 is a leap year. Shanghai is UTC+8 all year. New York moved its
clock from 02:00 to 03:00 on 8 March 2026 and moves it back from 02:00 to 01:00 on 1 November 2026.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from tests.conditions.asking import ask_memory, ask_sql, now_of

from regulars.conditions.api import (
    FieldCatalogue,
    FieldDef,
    FieldType,
    Label,
    Scope,
    parse_condition,
    retail_fields,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 10, 12, tzinfo=SHANGHAI)

_EXTRA = [
    FieldDef("membership.attributes.weight", FieldType.DECIMAL, Scope.MEMBERSHIP, Label("体重", "weight")),
    FieldDef("membership.attributes.due", FieldType.DATE, Scope.MEMBERSHIP, Label("预产期", "due date")),
    FieldDef("line.made_on", FieldType.DATE, Scope.LINE, Label("生产日期", "made on")),
]
CATALOGUE = retail_fields().extend(_EXTRA)
AMERICAN = retail_fields(timezone="America/New_York", currency="USD").extend(_EXTRA)


def ask(
    connection: psycopg.Connection[Any],
    condition: dict[str, Any],
    facts: dict[str, Any],
    catalogue: FieldCatalogue = CATALOGUE,
) -> bool:
    facts = {"now": NOW, **facts}
    in_memory = ask_memory(condition, catalogue, facts)
    tree = parse_condition(data=condition, catalogue=catalogue)
    assert ask_sql(connection, tree, catalogue, [facts], now_of(facts)) == [in_memory]
    return in_memory


def f(field: str, op: str, value: Any = ...) -> dict[str, Any]:
    return {"field": field, "op": op} if value is ... else {"field": field, "op": op, "value": value}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]
