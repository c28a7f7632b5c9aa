"""Triggers that are asked by the day: which are due, how far each is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.engage.journeys.types import SweepDay


def plan(
    cursor: Any,
    *,
    journey_id: UUID,
    brand_id: UUID,
    sweeps: list[tuple[str, date, datetime, bool]],
) -> None:
    """A journey's sweeps are these (node, day, when, once) from now on."""
    cursor.execute(
        "DELETE FROM journey_sweep WHERE journey_id = %s AND NOT (node = ANY(%s))",
        [journey_id, [one[0] for one in sweeps]],
    )
    for node, day, at, once in sweeps:
        cursor.execute(
            """INSERT INTO journey_sweep (journey_id, node, brand_id, once, day, next_run_at)
               VALUES (%s, %s, %s, %s, %s, %s)
               ON CONFLICT (journey_id, node) DO UPDATE
                  SET once = excluded.once, day = excluded.day, next_run_at = excluded.next_run_at, after = NULL""",
            [journey_id, node, brand_id, once, day, at],
        )


def pause(cursor: Any, *, journey_id: UUID) -> None:
    cursor.execute(
        "UPDATE journey_sweep SET next_run_at = NULL WHERE journey_id = %s AND NOT once", [journey_id]
    )


def claim(cursor: Any, *, now: datetime) -> SweepDay | None:
    """The sweep of a running journey that is due longest, locked; those that others hold are passed over."""
    cursor.execute(
        """SELECT s.journey_id, s.node, s.day, s.after FROM journey_sweep s JOIN journey j ON j.id = s.journey_id
            WHERE s.next_run_at <= %s AND j.state = 'running'
            ORDER BY s.next_run_at LIMIT 1 FOR NO KEY UPDATE OF s SKIP LOCKED""",
        [now],
    )
    row = cursor.fetchone()
    return SweepDay(*row) if row else None


def went(cursor: Any, sweep: SweepDay, *, after: UUID) -> None:
    cursor.execute(
        "UPDATE journey_sweep SET after = %s WHERE journey_id = %s AND node = %s",
        [after, sweep.journey_id, sweep.node],
    )


def finish(cursor: Any, sweep: SweepDay, *, day: date, at: datetime | None) -> None:
    """This day is done; the next one, if any, is at `at`."""
    cursor.execute(
        """UPDATE journey_sweep SET after = NULL, day = %s, next_run_at = %s WHERE journey_id = %s AND node = %s""",
        [day, at, sweep.journey_id, sweep.node],
    )


def put_off(cursor: Any, sweep: SweepDay, *, until: datetime) -> None:
    """Ask again later: what was asked of this day so far stays."""
    cursor.execute(
        "UPDATE journey_sweep SET next_run_at = %s WHERE journey_id = %s AND node = %s",
        [until, sweep.journey_id, sweep.node],
    )
