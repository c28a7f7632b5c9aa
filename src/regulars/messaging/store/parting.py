"""What became of a source's messages, by parts of the keys under which they were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from regulars.messaging.store.counting import REASON
from regulars.messaging.types import Tally


def tallies(
    cursor: Any, *, brand_id: UUID, source: str, parts: Sequence[int], since: UUID | None, before: UUID | None
) -> dict[tuple[str, ...], list[Tally]]:
    """By the parts of the key (counted from 1, divided by colons), then by state, reason and channel."""
    chosen = ", ".join(["split_part(key, ':', %s)"] * len(parts))
    grouped = ", ".join(str(place + 1) for place in range(len(parts) + 3))
    cursor.execute(
        f"""SELECT {chosen}, state, {REASON}, channel, count(*), count(clicked_at) FROM send
             WHERE brand_id = %s AND source = %s {"AND id >= %s" if since else ""} {"AND id < %s" if before else ""}
             GROUP BY {grouped}""",
        [*parts, brand_id, brand_id, source, *([since] if since else []), *([before] if before else [])],
    )
    found: dict[tuple[str, ...], list[Tally]] = {}
    for row in sorted(cursor.fetchall()):
        found.setdefault(tuple(row[: len(parts)]), []).append(Tally(*row[len(parts) :]))
    return found
