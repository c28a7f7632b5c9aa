"""Every query of reviews."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array, text_array, time_array
from regulars.value.reviews.types import Case

_CASE = (
    "id, member_id, kind, rule, activity_id, subject, detail, actor, store_id, state, opened_at, decided_by, "
    "decided_at, comment"
)


def watch(cursor: Any, *, brand_id: UUID) -> dict[str, Any] | None:
    cursor.execute("SELECT rules::text FROM review_watch WHERE brand_id = %s", [brand_id])
    row = cursor.fetchone()
    return json.loads(row[0]) if row else None


def put_watch(cursor: Any, *, brand_id: UUID, rules: Mapping[str, Any], now: datetime) -> None:
    cursor.execute(
        """INSERT INTO review_watch (brand_id, rules, updated_at) VALUES (%s, %s::jsonb, %s)
           ON CONFLICT (brand_id) DO UPDATE SET rules = excluded.rules, updated_at = excluded.updated_at""",
        [brand_id, json.dumps(rules), now],
    )


def count(
    cursor: Any, *, brand_id: UUID, counters: Sequence[tuple[UUID, str, int, datetime]]
) -> dict[UUID, int]:
    """Add to counters (id, subject, by how much, end of the window), in key order; what stands on each afterwards."""
    ordered = sorted(counters)
    cursor.execute(
        """INSERT INTO review_counter AS c (counter, brand_id, subject, count, until)
           SELECT v.counter, %s, v.subject, v.n, v.until
             FROM unnest(%s::uuid[], %s::text[], %s::int[], %s::timestamptz[]) AS v(counter, subject, n, until)
           ON CONFLICT (counter) DO UPDATE SET count = c.count + excluded.count
           RETURNING counter, count""",
        [
            brand_id,
            plain_array(c[0] for c in ordered),
            text_array(c[1] for c in ordered),
            plain_array(c[2] for c in ordered),
            time_array(c[3] for c in ordered),
        ],
    )
    return dict(cursor.fetchall())


def forget(cursor: Any, *, brand_id: UUID, subject: str) -> None:
    """Begin to count a subject anew: somebody looked at it and found it in order."""
    cursor.execute(
        "DELETE FROM review_counter WHERE brand_id = %s AND subject = %s AND subject <> ''",
        [brand_id, subject],
    )


def sweep(cursor: Any, *, now: datetime, limit: int) -> int:
    cursor.execute(
        """DELETE FROM review_counter WHERE counter IN (
               SELECT counter FROM review_counter WHERE until < %s ORDER BY until LIMIT %s
                  FOR UPDATE SKIP LOCKED)""",
        [now, limit],
    )
    return int(cursor.rowcount)


def add(cursor: Any, *, brand_id: UUID, cases: Iterable[Case]) -> None:
    for one in cases:
        cursor.execute(
            """INSERT INTO review_case (member_id, id, brand_id, kind, rule, activity_id, subject, detail, actor,
                                        store_id, state, opened_at)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, 'open', %s) ON CONFLICT DO NOTHING""",
            [
                one.member_id, one.id, brand_id, one.kind, one.rule, one.activity_id, one.subject,
                json.dumps(dict(one.detail)), one.actor, one.store_id, one.opened_at,
            ],
        )  # fmt: skip


def lock(cursor: Any, *, brand_id: UUID, case_id: UUID) -> Case | None:
    cursor.execute(
        f"SELECT {_CASE} FROM review_case WHERE brand_id = %s AND id = %s FOR NO KEY UPDATE",
        [brand_id, case_id],
    )
    row = cursor.fetchone()
    return _case(row) if row else None


def decide(cursor: Any, *, case: Case, state: str, by: str, comment: str, now: datetime) -> None:
    cursor.execute(
        """UPDATE review_case SET state = %s, decided_by = %s, decided_at = %s, comment = %s
            WHERE member_id = %s AND id = %s""",
        [state, by, now, comment, case.member_id, case.id],
    )


def page(cursor: Any, *, brand_id: UUID, state: str, before: UUID | None, limit: int) -> list[Case]:
    """Cases newest first."""
    cursor.execute(
        f"""SELECT {_CASE} FROM review_case
             WHERE brand_id = %s AND state = %s AND (%s::uuid IS NULL OR id < %s::uuid) ORDER BY id DESC LIMIT %s""",
        [brand_id, state, before, before, limit],
    )
    return [_case(row) for row in cursor.fetchall()]


def count_open(cursor: Any, *, brand_id: UUID) -> int:
    cursor.execute("SELECT count(*) FROM review_case WHERE brand_id = %s AND state = 'open'", [brand_id])
    return int(cursor.fetchone()[0])


def phone_of(cursor: Any, *, organisation_id: UUID, staff_id: UUID) -> UUID | None:
    cursor.execute(
        "SELECT phone_hash FROM staff_phone WHERE staff_id = %s AND organisation_id = %s",
        [staff_id, organisation_id],
    )
    row = cursor.fetchone()
    return row[0] if row else None


def put_phone(cursor: Any, *, organisation_id: UUID, staff_id: UUID, phone_hash: UUID | None) -> None:
    cursor.execute(
        "DELETE FROM staff_phone WHERE staff_id = %s AND organisation_id = %s", [staff_id, organisation_id]
    )
    if phone_hash is not None:
        cursor.execute(
            "INSERT INTO staff_phone (staff_id, organisation_id, phone_hash) VALUES (%s, %s, %s)",
            [staff_id, organisation_id, phone_hash],
        )


def _case(row: Sequence[Any]) -> Case:
    values = list(row)
    values[6] = json.loads(values[6]) if isinstance(values[6], str) else values[6]
    return Case(*values)
