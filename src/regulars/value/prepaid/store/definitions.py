"""Definitions that operators edit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.value.prepaid.types import DefinitionRow

_COLUMNS = "kind, key, state, definition, revision, updated_at"


def load(cursor: Any, *, brand_id: UUID, kind: str, key: str, lock: bool = False) -> DefinitionRow | None:
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM prepaid_definition WHERE brand_id = %s AND kind = %s AND key = %s
            {"FOR NO KEY UPDATE" if lock else ""}""",
        [brand_id, kind, key],
    )
    row = cursor.fetchone()
    return _row(row) if row else None


def load_all(cursor: Any, *, brand_id: UUID, kind: str | None, limit: int) -> list[DefinitionRow]:
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM prepaid_definition
             WHERE brand_id = %s AND (%s::text IS NULL OR kind = %s) ORDER BY kind, key LIMIT %s""",
        [brand_id, kind, kind, limit],
    )
    return [_row(row) for row in cursor.fetchall()]


def put(
    cursor: Any,
    *,
    brand_id: UUID,
    kind: str,
    key: str,
    state: str,
    definition: Mapping[str, Any],
    now: datetime,
) -> DefinitionRow:
    """Make it, or change it: each write is a revision."""
    cursor.execute(
        f"""INSERT INTO prepaid_definition AS d (brand_id, kind, key, state, definition, created_at, updated_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (brand_id, kind, key) DO UPDATE
               SET state = excluded.state, definition = excluded.definition, revision = d.revision + 1,
                   updated_at = excluded.updated_at
            RETURNING {_COLUMNS}""",
        [brand_id, kind, key, state, json.dumps(definition), now, now],
    )
    return _row(cursor.fetchone())


def _row(row: Sequence[Any]) -> DefinitionRow:
    kind, key, state, definition, revision, updated_at = row
    given = json.loads(definition) if isinstance(definition, str) else definition
    return DefinitionRow(kind, key, state, given, revision, updated_at)
