"""Sources whose messages are held or taken back, and the messages of theirs that wait.

Who changes a source's row locks it; who decides about messages reads it under a shared lock until its transaction
ends, so that nothing is parked after a release has looked for what is parked. Neither waits for the other's messages.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.sql import text_array
from regulars.messaging.store.sends import Noted, SendRow, columns_of, row_of


@dataclass(frozen=True, slots=True)
class Hold:
    """What was done about a source (`SendHold`)."""

    brand_id: UUID
    source: str
    held_at: datetime | None
    held_by: str
    cancel_before: datetime | None


_HOLD = "brand_id, source, held_at, held_by, cancel_before"


def hold(cursor: Any, *, brand_id: UUID, source: str, by: str, now: datetime) -> bool:
    """Whether it was not held before."""
    cursor.execute(
        """INSERT INTO send_hold AS h (brand_id, source, held_at, held_by, look_at) VALUES (%s, %s, %s, %s, %s)
           ON CONFLICT (brand_id, source) DO UPDATE SET held_at = excluded.held_at, held_by = excluded.held_by
            WHERE h.held_at IS NULL""",
        [brand_id, source, now, by, now],
    )
    return bool(cursor.rowcount)


def release(cursor: Any, *, brand_id: UUID, source: str, now: datetime) -> bool:
    """Whether it was held."""
    cursor.execute(
        """UPDATE send_hold SET held_at = NULL, held_by = '', look_at = %s
            WHERE brand_id = %s AND source = %s AND held_at IS NOT NULL""",
        [now, brand_id, source],
    )
    return bool(cursor.rowcount)


def cancel(cursor: Any, *, brand_id: UUID, source: str, now: datetime) -> None:
    """From now on what was asked for is taken back, and what will be asked for is not held."""
    cursor.execute(
        """INSERT INTO send_hold AS h (brand_id, source, cancel_before, look_at) VALUES (%s, %s, %s, %s)
           ON CONFLICT (brand_id, source) DO UPDATE
              SET held_at = NULL, held_by = '', look_at = excluded.look_at,
                  cancel_before = greatest(h.cancel_before, excluded.cancel_before)""",
        [brand_id, source, now, now],
    )


def held(cursor: Any, *, brand_id: UUID) -> list[Hold]:
    """A brand's sources that are held, the last first."""
    cursor.execute(
        f"SELECT {_HOLD} FROM send_hold WHERE brand_id = %s AND held_at IS NOT NULL ORDER BY held_at DESC, source",
        [brand_id],
    )
    return [Hold(*row) for row in cursor.fetchall()]


def of_sources(cursor: Any, *, brand_id: UUID, sources: Collection[str]) -> dict[str, Hold | None]:
    """What was done about these sources, under a shared lock; None for those about which something is done just now.
    Sources of which nothing is written are left out."""
    cursor.execute(
        "SELECT source FROM send_hold WHERE brand_id = %s AND source = ANY(%s::text[])",
        [brand_id, text_array(sources)],
    )
    found: dict[str, Hold | None] = {row[0]: None for row in cursor.fetchall()}
    if found:
        cursor.execute(
            f"""SELECT {_HOLD} FROM send_hold WHERE brand_id = %s AND source = ANY(%s::text[])
                 ORDER BY source FOR SHARE SKIP LOCKED""",
            [brand_id, text_array(found)],
        )
        found.update((row[1], Hold(*row)) for row in cursor.fetchall())
    return found


def take_unfinished(cursor: Any, *, now: datetime, limit: int) -> list[Hold]:
    """Sources that are being released or taken back, locked; those that somebody else has are passed over."""
    cursor.execute(
        f"""SELECT {_HOLD} FROM send_hold
             WHERE (held_at IS NULL OR cancel_before IS NOT NULL) AND look_at <= %s
             ORDER BY look_at, brand_id, source LIMIT %s FOR UPDATE SKIP LOCKED""",
        [now, limit],
    )
    return [Hold(*row) for row in cursor.fetchall()]


def resume(cursor: Any, *, one: Hold, note: Noted, now: datetime, limit: int) -> int:
    """Have up to so many parked messages of a source looked at again; gives how many."""
    cursor.execute(
        """WITH parked AS (
             SELECT member_id, id FROM send
              WHERE brand_id = %s AND source = %s AND state = 'queued' AND reason = 'held'
              ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
           UPDATE send s SET reason = '', next_run_at = %s, log = s.log || %s::jsonb
             FROM parked WHERE s.member_id = parked.member_id AND s.id = parked.id""",
        [one.brand_id, one.source, limit, now, json.dumps([note], ensure_ascii=False)],
    )
    return int(cursor.rowcount)


def waiting(
    cursor: Any, *, brand_id: UUID, source: str, asked_before: datetime | None, limit: int
) -> list[SendRow]:
    """Up to so many queued messages of a source, locked; those that somebody has in hand are passed over."""
    cursor.execute(
        f"""WITH found AS (
              SELECT member_id, id FROM send
               WHERE brand_id = %(brand)s AND source = %(source)s AND state = 'queued'
                 AND (%(before)s::timestamptz IS NULL OR created_at <= %(before)s)
               ORDER BY reason, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED)
            SELECT {columns_of("s")} FROM found JOIN send s ON s.member_id = found.member_id AND s.id = found.id
             ORDER BY s.member_id, s.id""",
        {"brand": brand_id, "source": source, "before": asked_before, "limit": limit},
    )
    return [row_of(values) for values in cursor.fetchall()]


def finish(cursor: Any, *, one: Hold, settled_before: datetime, look_at: datetime) -> None:
    """Forget what is done: nothing parked is left of a release; of what was taken back nothing is left, nor on its way
    into the table. What is left is looked at again at `look_at`."""
    values = {
        "brand": one.brand_id, "source": one.source, "settled": settled_before, "before": one.cancel_before,
        "look_at": look_at,
    }  # fmt: skip
    cursor.execute(
        """UPDATE send_hold
              SET look_at = %(look_at)s,
                  cancel_before = CASE WHEN cancel_before < %(settled)s
                       AND NOT EXISTS (SELECT 1 FROM send WHERE brand_id = %(brand)s AND source = %(source)s
                                          AND state = 'queued' AND created_at <= %(before)s)
                       THEN NULL ELSE cancel_before END
            WHERE brand_id = %(brand)s AND source = %(source)s""",
        values,
    )
    cursor.execute(
        """DELETE FROM send_hold
            WHERE brand_id = %(brand)s AND source = %(source)s AND held_at IS NULL AND cancel_before IS NULL
              AND NOT EXISTS (SELECT 1 FROM send WHERE brand_id = %(brand)s AND source = %(source)s
                               AND state = 'queued' AND reason = 'held')""",
        values,
    )
