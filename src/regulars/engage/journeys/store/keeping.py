"""What is kept of what is long over: sums of messages, and who has been in a journey whose runs were deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.engage.journeys.types import MessageSum
from regulars.kit.sql import plain_array, text_array


def messages(cursor: Any, *, journey_id: UUID) -> tuple[list[MessageSum], datetime | None]:
    """What was summed up, and up to when; by one statement, for both change together."""
    cursor.execute(
        """SELECT j.messages_until, m.version, m.node, m.state, m.reason, m.channel, m.messages, m.clicked
             FROM journey j LEFT JOIN journey_message m ON m.journey_id = j.id WHERE j.id = %s
            ORDER BY m.version, m.node, m.state, m.reason, m.channel""",
        [journey_id],
    )
    rows = cursor.fetchall()
    return [MessageSum(*row[1:]) for row in rows if row[1] is not None], rows[0][0]


def move_messages_until(cursor: Any, *, journey_id: UUID, since: datetime | None, until: datetime) -> bool:
    """Take the time between as summed up; False where somebody else has."""
    cursor.execute(
        "UPDATE journey SET messages_until = %s WHERE id = %s AND messages_until IS NOT DISTINCT FROM %s::timestamptz",
        [until, journey_id, since],
    )
    return bool(cursor.rowcount)


def add_messages(cursor: Any, *, journey_id: UUID, sums: Sequence[MessageSum]) -> None:
    cursor.execute(
        """INSERT INTO journey_message (journey_id, version, node, state, reason, channel, messages, clicked)
           SELECT %s, v.* FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
                                      %s::bigint[]) AS v(version, node, state, reason, channel, messages, clicked)
           ON CONFLICT (journey_id, version, node, state, reason, channel)
           DO UPDATE SET messages = journey_message.messages + excluded.messages,
                         clicked = journey_message.clicked + excluded.clicked""",
        [
            journey_id,
            plain_array(one.version for one in sums),
            text_array(one.node for one in sums),
            text_array(one.state for one in sums),
            text_array(one.reason for one in sums),
            text_array(one.channel for one in sums),
            plain_array(one.messages for one in sums),
            plain_array(one.clicked for one in sums),
        ],
    )


def prune(
    cursor: Any, *, journey_id: UUID, begun_before: UUID, started: datetime, ended: datetime, limit: int
) -> int:
    """Delete up to so many runs that ended before an instant and whose goal cannot be reached any more, with what they
    did; gives how many. `begun_before`: ids of runs that are old enough at all; `started`: nor one that began later.
    Whoever may not come in again under her key is remembered."""
    cursor.execute(
        """WITH gone AS (
               SELECT member_id, id, key, single FROM journey_run
                WHERE journey_id = %(journey)s AND id < %(before)s AND ended_at < %(ended)s
                  AND started_at < %(started)s AND (goal_until IS NULL OR goal_until < %(ended)s)
                ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
           remembered AS (
               INSERT INTO journey_been (member_id, journey_id, key)
               SELECT member_id, %(journey)s, key FROM gone WHERE key = '' OR NOT single ON CONFLICT DO NOTHING),
           done AS (
               DELETE FROM journey_action a USING gone g WHERE a.member_id = g.member_id AND a.run_id = g.id)
           DELETE FROM journey_run r USING gone g WHERE r.member_id = g.member_id AND r.id = g.id""",
        {
            "journey": journey_id,
            "before": begun_before,
            "started": started,
            "ended": ended,
            "limit": limit,
        },
    )
    return int(cursor.rowcount)
