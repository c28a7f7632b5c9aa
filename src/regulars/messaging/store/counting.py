"""How sends stand, for those who asked for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array, text_array
from regulars.messaging.types import SendState, Tally

# what waits of a source that is held waits for that, whatever it waited for before; what is released and still parked
# waits for nothing but its turn
REASON = """CASE WHEN state <> 'queued' THEN reason
                WHEN source IN (SELECT h.source FROM send_hold h WHERE h.brand_id = %s AND h.held_at IS NOT NULL)
                THEN 'held' WHEN reason = 'held' THEN '' ELSE reason END"""


def tallies(cursor: Any, *, brand_id: UUID, source: str = "", since: UUID | None = None) -> list[Tally]:
    """By state, reason and channel, most first; of a source, of what was asked for since an id, or of both."""
    cursor.execute(
        f"""SELECT state, {REASON}, channel, count(*), count(clicked_at) FROM send
             WHERE brand_id = %s {"AND source = %s" if source else ""} {"AND id >= %s" if since else ""}
             GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3""",
        [brand_id, brand_id, *([source] if source else []), *([since] if since else [])],
    )
    return [Tally(*row) for row in cursor.fetchall()]


def sources(cursor: Any, *, brand_id: UUID, since: UUID) -> list[tuple[str, int]]:
    """Up to two hundred sources of what was asked for since an id, most first."""
    cursor.execute(
        """SELECT source, count(*) FROM send WHERE brand_id = %s AND id >= %s
            GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 200""",
        [brand_id, since],
    )
    return list(cursor.fetchall())


def states(
    cursor: Any, *, brand_id: UUID, keys: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], SendState]:
    cursor.execute(
        f"""SELECT s.member_id, s.key, s.id, s.state, {REASON}, s.channel, s.sent_at, s.ended_at, s.clicked_at
             FROM unnest(%s::uuid[], %s::text[]) AS v(member_id, key)
             JOIN send s ON s.member_id = v.member_id AND s.brand_id = %s AND s.key = v.key""",
        [
            brand_id,
            plain_array(member_id for member_id, _ in keys),
            text_array(key for _, key in keys),
            brand_id,
        ],
    )
    return {(row[0], row[1]): SendState(*row[2:]) for row in cursor.fetchall()}


def outcomes(
    cursor: Any, *, brand_id: UUID, key: str, member_ids: Sequence[UUID]
) -> dict[UUID, tuple[str, str]]:
    cursor.execute(
        "SELECT member_id, state, reason FROM send WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND key = %s",
        [plain_array(member_ids), brand_id, key],
    )
    return {member_id: (state, reason) for member_id, state, reason in cursor.fetchall()}


def of_origins(
    cursor: Any, *, brand_id: UUID, member_id: UUID, origins: Sequence[str]
) -> list[tuple[str, str, SendState]]:
    """A member's messages by these acts: origin, key and state, in the order in which they were asked for."""
    cursor.execute(
        f"""SELECT origin, key, id, state, {REASON}, channel, sent_at, ended_at, clicked_at FROM send
             WHERE member_id = %s AND brand_id = %s AND origin = ANY(%s::text[]) ORDER BY id""",
        [brand_id, member_id, brand_id, text_array(origins)],
    )
    return [(row[0], row[1], SendState(*row[2:])) for row in cursor.fetchall()]


def waiting(cursor: Any, *, brand_id: UUID, sources: Sequence[str]) -> dict[str, int]:
    """How many messages of sources are queued."""
    cursor.execute(
        """SELECT source, count(*) FROM send
            WHERE brand_id = %s AND source = ANY(%s::text[]) AND state = 'queued' GROUP BY 1""",
        [brand_id, text_array(sources)],
    )
    return dict(cursor.fetchall())
