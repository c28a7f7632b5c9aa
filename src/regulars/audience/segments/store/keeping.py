"""Segments' rows: definitions and versions, leases, what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from regulars.audience.segments.types import Segment, SegmentVersion
from regulars.kit.text import Text

_COLUMNS = """s.id, s.brand_id, s.code, s.name_zh, s.name_en, s.note, s.kind, s.state, s.tag, s.version, s.profiles,
    s.every_minutes, s.next_refresh_at, s.members, s.refreshed_at, s.refreshed_in_ms, s.run, s.run_started_at,
    s.problem, s.progress, s.created_at, s.created_by, s.updated_at, v.definition::text, v.source::text,
    coalesce(v.uses, '{}')"""
_FROM = "FROM segment s LEFT JOIN segment_version v ON v.segment_id = s.id AND v.number = s.version"


def _segment(row: Sequence[Any]) -> Segment:
    definition = msgspec.json.decode(row[23]) if row[23] else None
    source = msgspec.json.decode(row[24]) if row[24] else {}
    told = [*row[5:18], _problem(row[18]), *row[19:23]]
    values = [*row[:3], Text(row[3], row[4]), *told, definition, source, tuple(row[25])]
    return Segment(*values)


def _problem(kept: str) -> Text:
    """What went wrong: kept as JSON in both languages, by earlier versions as plain text."""
    return Text(**msgspec.json.decode(kept)) if kept.startswith('{"zh":') else Text(kept, kept)


def listed(cursor: Any, *, brand_id: UUID, archived: bool) -> list[Segment]:
    cursor.execute(
        f"""SELECT {_COLUMNS} {_FROM} WHERE s.brand_id = %s AND (%s OR s.state <> 'archived')
             ORDER BY s.state = 'archived', s.created_at DESC, s.code""",
        [brand_id, archived],
    )
    return [_segment(row) for row in cursor.fetchall()]


def find(cursor: Any, *, brand_id: UUID, code: str, lock: bool = False) -> Segment | None:
    if lock:
        cursor.execute("SELECT 1 FROM segment WHERE brand_id = %s AND code = %s FOR UPDATE", [brand_id, code])
    cursor.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE s.brand_id = %s AND s.code = %s",
        [brand_id, code],
    )
    row = cursor.fetchone()
    return _segment(row) if row else None


def live(cursor: Any, *, brand_id: UUID) -> list[Segment]:
    cursor.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE s.brand_id = %s AND s.kind = 'live' AND s.state = 'active'",
        [brand_id],
    )
    return [_segment(row) for row in cursor.fetchall()]


def lock(cursor: Any, *, segment_id: UUID) -> None:
    """Until the transaction ends nobody else edits the segment or puts its members in their places.

    Taken before its row, which stays free meanwhile for who stops a refresh.
    """
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"segment:{segment_id}"])


def is_as_it_was(cursor: Any, *, segment: Segment) -> bool:
    """Whether nobody edited, paused or archived it since it was read; nobody does till the transaction ends."""
    cursor.execute(
        "SELECT version = %s AND state = %s FROM segment WHERE id = %s FOR NO KEY UPDATE",
        [segment.version, segment.state, segment.id],
    )
    row = cursor.fetchone()
    return bool(row and row[0])


def lock_profiled(cursor: Any, *, brand_id: UUID, alone: bool = False) -> None:
    """Who puts members into what stands on scores holds this with others; `alone`, who takes somebody out of all."""
    how = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    cursor.execute(f"SELECT {how}(hashtextextended(%s, 0))", [f"segments profiled:{brand_id}"])


def insert(cursor: Any, *, values: Mapping[str, Any]) -> bool:
    names = sorted(values)
    cursor.execute(
        f"""INSERT INTO segment ({", ".join(names)}) VALUES ({", ".join(["%s"] * len(names))})
            ON CONFLICT DO NOTHING""",
        [values[name] for name in names],
    )
    return bool(cursor.rowcount)


def change(cursor: Any, *, segment_id: UUID, values: Mapping[str, Any]) -> None:
    names = sorted(values)
    cursor.execute(
        f"UPDATE segment SET {', '.join(f'{name} = %s' for name in names)} WHERE id = %s",
        [*(values[name] for name in names), segment_id],
    )


def add_version(
    cursor: Any,
    *,
    segment_id: UUID,
    brand_id: UUID,
    number: int,
    definition: Mapping[str, Any] | None,
    source: Mapping[str, Any],
    uses: Sequence[str],
    now: datetime,
    by: str,
) -> None:
    cursor.execute(
        """INSERT INTO segment_version (segment_id, number, brand_id, definition, source, uses, created_at, created_by)
           VALUES (%s, %s, %s, %s::jsonb, %s::jsonb, %s::text[], %s, %s)""",
        [
            segment_id,
            number,
            brand_id,
            None if definition is None else msgspec.json.encode(definition).decode(),
            msgspec.json.encode(source).decode(),
            list(uses),
            now,
            by,
        ],
    )


def versions_of(cursor: Any, *, segment_id: UUID) -> list[SegmentVersion]:
    cursor.execute(
        """SELECT number, definition::text, source::text, created_at, created_by FROM segment_version
            WHERE segment_id = %s ORDER BY number DESC""",
        [segment_id],
    )
    return [
        SegmentVersion(
            number,
            msgspec.json.decode(definition) if definition else None,
            msgspec.json.decode(source),
            at,
            by,
        )
        for number, definition, source, at, by in cursor.fetchall()
    ]


def take_lease(cursor: Any, *, segment_id: UUID, now: datetime, until: datetime) -> bool:
    """Have the refresh of a segment (the making of a list) to oneself; False while another has it, or when it needs
    none.
    """
    cursor.execute(
        """UPDATE segment SET run = 'running', run_started_at = %s, leased_until = %s, problem = '', progress = 0,
                  pid = pg_backend_pid()
            WHERE id = %s AND (kind <> 'static' OR refreshed_at IS NULL) AND state <> 'archived'
              AND (run <> 'running' OR leased_until IS NULL OR leased_until <= %s)""",
        [now, until, segment_id, now],
    )
    return bool(cursor.rowcount)


def go_on(cursor: Any, *, segment_id: UUID, percent: int, until: datetime) -> bool:
    """Say how far it is, and keep the lease; False where it was stopped, or another has it."""
    cursor.execute(
        """UPDATE segment SET progress = %s, leased_until = %s
            WHERE id = %s AND run = 'running' AND pid = pg_backend_pid()""",
        [percent, until, segment_id],
    )
    return bool(cursor.rowcount)


def end_lease(
    cursor: Any,
    *,
    segment_id: UUID,
    version: int,
    run: str,
    problem: Text | None,
    next_refresh_at: datetime | None,
) -> None:
    """Give the lease back. What was edited, paused or archived meanwhile is due when that said."""
    cursor.execute(
        """UPDATE segment SET run = %s, problem = %s, leased_until = NULL, pid = NULL,
                  next_refresh_at = CASE WHEN state = 'active' AND version = %s THEN %s::timestamptz
                                         ELSE next_refresh_at END
            WHERE id = %s AND pid = pg_backend_pid()""",
        [
            run,
            msgspec.json.encode({"zh": problem.zh[:1000], "en": problem.en[:1000]}).decode()
            if problem
            else "",
            version,
            next_refresh_at,
            segment_id,
        ],
    )


def cancel(cursor: Any, *, segment_id: UUID) -> bool:
    """Stop a refresh that runs: its statement is cancelled in the database."""
    cursor.execute(
        "SELECT pid FROM segment WHERE id = %s AND run = 'running' AND pid IS NOT NULL FOR UPDATE",
        [segment_id],
    )
    row = cursor.fetchone()
    if row is None:
        return False
    cursor.execute("UPDATE segment SET run = 'cancelled' WHERE id = %s", [segment_id])
    cursor.execute("SELECT pg_cancel_backend(%s)", [row[0]])
    return True


def is_running(cursor: Any, *, segment_id: UUID) -> bool:
    """Whether what this backend has the lease of was not stopped."""
    cursor.execute(
        "SELECT run = 'running' AND pid = pg_backend_pid() FROM segment WHERE id = %s", [segment_id]
    )
    row = cursor.fetchone()
    return bool(row and row[0])


def due(cursor: Any, *, now: datetime, limit: int) -> list[tuple[UUID, str]]:
    """(brand, code) of segments whose refresh is due, those waiting longest first."""
    cursor.execute(
        """SELECT brand_id, code FROM segment
            WHERE next_refresh_at <= %s AND state = 'active'
              AND (run <> 'running' OR leased_until <= %s)
            ORDER BY next_refresh_at LIMIT %s""",
        [now, now, limit],
    )
    return list(cursor.fetchall())
