"""Every query of stages and KOC scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from regulars.kit.ids import new_ids
from regulars.kit.sql import copy_rows, plain_array

CHANGE = ("member_id", "id", "brand_id", "from_stage", "to_stage", "moved_on", "rules_version")
_AT_ONCE = 100_000


def record_stages(
    brand_id: UUID, standings: Sequence[tuple[UUID, str, date]], rules_version: int
) -> tuple[int, int]:
    """Make `member_stage` equal to `standings`; moves become rows of `stage_change`. Gives (moved, forgotten).

    Whoever is not among them has left or is no longer profiled: her stage and its history go.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        _stage_now(cursor, standings)
        cursor.execute(
            """SELECT n.member_id, coalesce(m.stage, ''), n.stage, greatest(n.since, m.since)
                 FROM stage_now n LEFT JOIN member_stage m ON m.member_id = n.member_id AND m.brand_id = %s
                WHERE m.stage IS DISTINCT FROM n.stage""",
            [brand_id],
        )
        moved = cursor.fetchall()
        _changed(cursor, brand_id, moved, rules_version)
        cursor.execute(
            """INSERT INTO member_stage (member_id, brand_id, stage, since)
               SELECT n.member_id, %s, n.stage, n.since FROM stage_now n
               ON CONFLICT (member_id, brand_id) DO UPDATE SET stage = excluded.stage, since = excluded.since
                WHERE (member_stage.stage, member_stage.since) IS DISTINCT FROM (excluded.stage, excluded.since)""",
            [brand_id],
        )
        cursor.execute(
            """DELETE FROM member_stage m WHERE m.brand_id = %s
                  AND NOT EXISTS (SELECT FROM stage_now n WHERE n.member_id = m.member_id)
            RETURNING m.member_id""",
            [brand_id],
        )
        gone = [row[0] for row in cursor.fetchall()]
        _forget(cursor, brand_id, gone)
    return len(moved), len(gone)


def begin(brand_id: UUID, standings: Sequence[tuple[UUID, str, date]], history: Iterable[bytes]) -> int:
    """Where everybody stands, and how they came there, for a brand that has no stages yet; gives how many moves.

    `history`: rows of `CHANGE` in COPY's text format.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.copy(f"COPY stage_change ({', '.join(CHANGE)}) FROM STDIN") as copy:
            for text in history:
                copy.write(text)
        moved = int(cursor.rowcount)
        copy_rows(
            cursor,
            "member_stage",
            ("member_id", "brand_id", "stage", "since"),
            ((member, brand_id, stage, since) for member, stage, since in standings),
        )
    return moved


def _changed(
    cursor: Any, brand_id: UUID, moves: Sequence[tuple[UUID, str, str, date]], rules_version: int
) -> int:
    copy_rows(
        cursor,
        "stage_change",
        CHANGE,
        (
            (member_id, id_, brand_id, before, stage, on, rules_version)
            for id_, (member_id, before, stage, on) in zip(new_ids(len(moves)), moves, strict=True)
        ),
    )
    return len(moves)


def forget(brand_id: UUID, member_ids: Sequence[UUID]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        _forget(cursor, brand_id, member_ids)


def has_stages(brand_id: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM member_stage WHERE brand_id = %s)", [brand_id])
        return bool(cursor.fetchone()[0])


def count_by_stage(brand_id: UUID) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stage, count(*) FROM member_stage WHERE brand_id = %s GROUP BY stage", [brand_id]
        )
        return dict(cursor.fetchall())


def count_moves_to(
    brand_id: UUID, standings: Sequence[tuple[UUID, str, date]], sample: int
) -> tuple[list[tuple[str, str, int]], list[tuple[UUID, str, str]]]:
    """What these standings would change: (from, to, members) and a sample of who; nothing is written."""
    with transaction.atomic(), connection.cursor() as cursor:
        _stage_now(cursor, standings)
        cursor.execute(
            """SELECT m.stage, n.stage, count(*) FROM stage_now n
                 JOIN member_stage m ON m.member_id = n.member_id AND m.brand_id = %s
                GROUP BY 1, 2""",
            [brand_id],
        )
        moves = cursor.fetchall()
        cursor.execute(
            """SELECT n.member_id, m.stage, n.stage FROM stage_now n
                 JOIN member_stage m ON m.member_id = n.member_id AND m.brand_id = %s
                WHERE m.stage <> n.stage ORDER BY n.member_id LIMIT %s""",
            [brand_id, sample],
        )
        return moves, cursor.fetchall()


def write_koc(brand_id: UUID, as_of: datetime, rows: Sequence[tuple[Any, ...]]) -> None:
    """Make the brand's KOC scores these: (member_id, score, frequency, influence, quality, inputs)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM koc_standing WHERE brand_id = %s", [brand_id])
        copy_rows(
            cursor,
            "koc_standing",
            ("member_id", "brand_id", "as_of", "score", "frequency", "influence", "quality", "inputs"),
            (
                (member, brand_id, as_of, score, frequency, influence, quality, orjson.dumps(inputs).decode())
                for member, score, frequency, influence, quality, inputs in rows
            ),
        )


def _stage_now(cursor: Any, standings: Sequence[tuple[UUID, str, date]]) -> None:
    cursor.execute("DROP TABLE IF EXISTS stage_now")
    cursor.execute("CREATE TEMP TABLE stage_now (member_id uuid, stage text, since date) ON COMMIT DROP")
    for start in range(0, len(standings), _AT_ONCE):
        copy_rows(cursor, "stage_now", ("member_id", "stage", "since"), standings[start : start + _AT_ONCE])
    cursor.execute("ANALYZE stage_now")


def _forget(cursor: Any, brand_id: UUID, member_ids: Sequence[UUID]) -> None:
    if not member_ids:
        return
    given = [plain_array(member_ids), brand_id]
    cursor.execute("DELETE FROM member_stage WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s", given)
    cursor.execute("DELETE FROM stage_change WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s", given)
    cursor.execute("DELETE FROM koc_standing WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s", given)
