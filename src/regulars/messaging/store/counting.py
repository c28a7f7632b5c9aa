"""How sends stand, for those who asked for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array, text_array
from regulars.messaging.types import SendState, Tally


def tallies(cursor: Any, *, brand_id: UUID, source: str = "", since: UUID | None = None) -> list[Tally]:
    """By state, reason and channel, most first; of a source, of what was asked for since an id, or of both."""
    cursor.execute(
        f"""SELECT state, reason, channel, count(*), count(clicked_at) FROM send
             WHERE brand_id = %s {"AND source = %s" if source else ""} {"AND id >= %s" if since else ""}
             GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3""",
        [brand_id, *([source] if source else []), *([since] if since else [])],
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
        """SELECT s.member_id, s.key, s.id, s.state, s.reason, s.channel, s.sent_at, s.ended_at, s.clicked_at
             FROM unnest(%s::uuid[], %s::text[]) AS v(member_id, key)
             JOIN send s ON s.member_id = v.member_id AND s.brand_id = %s AND s.key = v.key""",
        [plain_array(member_id for member_id, _ in keys), text_array(key for _, key in keys), brand_id],
    )
    return {(row[0], row[1]): SendState(*row[2:]) for row in cursor.fetchall()}
