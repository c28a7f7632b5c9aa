"""Journeys and their versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from regulars.engage.journeys.types import Journey, JourneyVersion
from regulars.kit.text import Text

_COLUMNS = """id, brand_id, code, name_zh, name_en, note, note_en, state, version, draft::text, draft_changed_at,
              priority, started_at, created_at, created_by, updated_at, problem"""


def listed(cursor: Any, *, brand_id: UUID, archived: bool) -> list[Journey]:
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM journey WHERE brand_id = %s AND (%s OR state <> 'archived')
             ORDER BY created_at DESC, id DESC""",
        [brand_id, archived],
    )
    return [_journey(row) for row in cursor.fetchall()]


def names(cursor: Any, *, brand_id: UUID, codes: Collection[str]) -> dict[str, Text]:
    cursor.execute(
        "SELECT code, name_zh, name_en FROM journey WHERE brand_id = %s AND code = ANY(%s)",
        [brand_id, list(codes)],
    )
    return {code: Text(zh, en) for code, zh, en in cursor.fetchall()}


def in_flight(cursor: Any, *, brand_id: UUID | None, states: list[str]) -> list[Journey]:
    """Published journeys in these states, of one brand or of all, those of high priority first."""
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM journey
             WHERE version > 0 AND state = ANY(%s) AND (%s::uuid IS NULL OR brand_id = %s::uuid)
             ORDER BY priority DESC, id""",
        [states, brand_id, brand_id],
    )
    return [_journey(row) for row in cursor.fetchall()]


def with_due_runs(cursor: Any, *, brand_id: UUID | None, now: datetime) -> list[Journey]:
    """Running journeys, of one brand or of all, of which a run is due; those of high priority first."""
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM journey j
             WHERE version > 0 AND state = 'running' AND (%s::uuid IS NULL OR brand_id = %s::uuid)
               AND EXISTS (SELECT FROM journey_run r WHERE r.journey_id = j.id AND r.next_run_at <= %s)
             ORDER BY priority DESC, id""",
        [brand_id, brand_id, now],
    )
    return [_journey(row) for row in cursor.fetchall()]


def closing(cursor: Any) -> list[Journey]:
    """Those whose runs are to be ended."""
    cursor.execute(f"SELECT {_COLUMNS} FROM journey WHERE closing ORDER BY id")
    return [_journey(row) for row in cursor.fetchall()]


def find(cursor: Any, *, brand_id: UUID, code: str, lock: bool = False) -> Journey | None:
    cursor.execute(
        f"SELECT {_COLUMNS} FROM journey WHERE brand_id = %s AND code = %s {'FOR UPDATE' if lock else ''}",
        [brand_id, code],
    )
    row = cursor.fetchone()
    return _journey(row) if row else None


def by_id(cursor: Any, *, ids: list[UUID]) -> dict[UUID, Journey]:
    cursor.execute(f"SELECT {_COLUMNS} FROM journey WHERE id = ANY(%s::uuid[])", [[str(id_) for id_ in ids]])
    return {row[0]: _journey(row) for row in cursor.fetchall()}


def hold(cursor: Any, *, journey_id: UUID, alone: bool = False) -> str:
    """Keep a journey from changing its state until the transaction ends; gives the state. `alone`: nobody else holds
    it meanwhile."""
    cursor.execute(
        f"SELECT state FROM journey WHERE id = %s FOR {'NO KEY UPDATE' if alone else 'SHARE'}", [journey_id]
    )
    return str(cursor.fetchone()[0])


def insert(
    cursor: Any,
    *,
    id_: UUID,
    brand_id: UUID,
    code: str,
    name: Text,
    note: Text,
    draft: Mapping[str, Any] | None,
    created_by: str,
    now: datetime,
) -> bool:
    cursor.execute(
        """INSERT INTO journey (id, brand_id, code, name_zh, name_en, note, note_en, draft, draft_changed_at,
                                created_at, created_by, updated_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (brand_id, code) DO NOTHING""",
        [id_, brand_id, code, name.zh, name.en, note.zh, note.en, _json(draft), now, now, created_by, now],
    )
    return bool(cursor.rowcount)


def change(cursor: Any, *, journey_id: UUID, now: datetime, **values: Any) -> None:
    """Set columns of a journey; `draft` is JSON."""
    if "draft" in values:
        values["draft"] = _json(values["draft"])
    columns = ", ".join(f"{column} = %s" for column in values)
    cursor.execute(
        f"UPDATE journey SET {columns}, updated_at = %s WHERE id = %s", [*values.values(), now, journey_id]
    )


def set_problem(cursor: Any, *, journey_id: UUID, problem: str) -> None:
    cursor.execute(
        "UPDATE journey SET problem = %s WHERE id = %s AND problem <> %s", [problem, journey_id, problem]
    )


def add_version(
    cursor: Any,
    *,
    journey_id: UUID,
    number: int,
    brand_id: UUID,
    definition: Mapping[str, Any],
    note: str,
    created_by: str,
    now: datetime,
) -> None:
    cursor.execute(
        """INSERT INTO journey_version (journey_id, number, brand_id, definition, note, created_at, created_by)
           VALUES (%s, %s, %s, %s, %s, %s, %s)""",
        [journey_id, number, brand_id, _json(definition), note, now, created_by],
    )


def versions(cursor: Any, *, journey_id: UUID) -> list[JourneyVersion]:
    cursor.execute(
        """SELECT number, definition::text, note, created_at, created_by FROM journey_version
            WHERE journey_id = %s ORDER BY number DESC""",
        [journey_id],
    )
    return [_version(row) for row in cursor.fetchall()]


def version(cursor: Any, *, journey_id: UUID, number: int) -> JourneyVersion | None:
    cursor.execute(
        """SELECT number, definition::text, note, created_at, created_by FROM journey_version
            WHERE journey_id = %s AND number = %s""",
        [journey_id, number],
    )
    row = cursor.fetchone()
    return _version(row) if row else None


def _version(row: Any) -> JourneyVersion:
    return JourneyVersion(row[0], msgspec.json.decode(row[1]), row[2], row[3], row[4])


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _journey(row: Any) -> Journey:
    return Journey(
        id=row[0],
        brand_id=row[1],
        code=row[2],
        name=Text(row[3], row[4]),
        note=Text(row[5], row[6]),
        state=row[7],
        version=row[8],
        draft=None if row[9] is None else msgspec.json.decode(row[9]),
        draft_changed_at=row[10],
        priority=row[11],
        started_at=row[12],
        created_at=row[13],
        created_by=row[14],
        updated_at=row[15],
        problem=row[16],
    )
