"""The time of resources: taken in steps of five minutes, in their order, never beyond the capacity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array, time_array

# In the order of time, so that two who want overlapping times wait for each other and do not meet crosswise.
_TAKE = """
    INSERT INTO resource_time (resource_id, starts_at, taken, capacity)
    SELECT %(resource)s, t, %(places)s, %(capacity)s FROM unnest(%(times)s::timestamptz[]) AS t ORDER BY t
    ON CONFLICT (resource_id, starts_at) DO UPDATE
       SET taken = resource_time.taken + excluded.taken, capacity = excluded.capacity
     WHERE resource_time.taken + excluded.taken <= excluded.capacity
"""


def take(cursor: Any, *, resource_id: UUID, times: Sequence[datetime], places: int, capacity: int) -> bool:
    """Take places at every one of the times; False when some have too few left: then the caller rolls back."""
    if places > capacity:
        return False
    cursor.execute(
        _TAKE, {"resource": resource_id, "places": places, "capacity": capacity, "times": time_array(times)}
    )
    return int(cursor.rowcount) == len(times)


def give_back(cursor: Any, *, resource_id: UUID, times: Sequence[datetime], places: int) -> None:
    lock(cursor, resource_id=resource_id, times=times)
    cursor.execute(
        """UPDATE resource_time SET taken = taken - %s
            WHERE resource_id = %s AND starts_at = ANY(%s::timestamptz[])""",
        [places, resource_id, time_array(times)],
    )


def lock(cursor: Any, *, resource_id: UUID, times: Sequence[datetime]) -> None:
    """Lock times that somebody has taken before, in their order."""
    cursor.execute(
        """SELECT 1 FROM resource_time WHERE resource_id = %s AND starts_at = ANY(%s::timestamptz[])
            ORDER BY starts_at FOR NO KEY UPDATE""",
        [resource_id, time_array(times)],
    )


def taken(
    cursor: Any, *, resource_ids: Sequence[UUID], since: datetime, until: datetime
) -> dict[UUID, dict[datetime, int]]:
    """Resource → time → places taken, where there are any."""
    cursor.execute(
        """SELECT resource_id, starts_at, taken FROM resource_time
            WHERE resource_id = ANY(%s::uuid[]) AND starts_at >= %s AND starts_at < %s AND taken > 0""",
        [plain_array(resource_ids), since, until],
    )
    found: dict[UUID, dict[datetime, int]] = {}
    for resource_id, at, places in cursor.fetchall():
        found.setdefault(resource_id, {})[at] = places
    return found
