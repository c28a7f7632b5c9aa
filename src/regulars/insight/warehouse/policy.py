"""Which stretches of ids are exported one after the other, and which small files are merged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from regulars.insight.warehouse.types import Part
from regulars.kit.ids import first_id_at, made_at
from regulars.kit.periods import add_months

_SMALL_BYTES = 96 << 20  # two of these in a file are about what is read best
_MANY = 8


def plan_stretches(low: UUID, end: UUID) -> list[tuple[UUID, UUID]]:
    """Half-open stretches of ids in [low, end), one for each month (UTC) in which they were made.

    The tables are partitioned by the same months, and an export that was stopped goes on with the next month.
    """
    stretches = []
    while low < end:
        at = made_at(low)
        month = add_months(date(at.year, at.month, 1), 1)
        high = min(end, first_id_at(datetime(month.year, month.month, 1, tzinfo=UTC)))
        stretches.append((low, high))
        low = high
    return stretches


def plan_merges(parts: Sequence[Part], *, many: int = _MANY, small: int = _SMALL_BYTES) -> list[list[Part]]:
    """Groups of small files of one table and month to be merged into one: those months that have many of them.

    A file that has grown large is left alone, so that a row is rewritten only a few times.
    """
    by_month: dict[tuple[str, date], list[Part]] = defaultdict(list)
    for part in parts:
        if part.month is not None and part.bytes < small:
            by_month[part.table, part.month].append(part)
    return [
        sorted(group, key=lambda part: part.id) for _, group in sorted(by_month.items()) if len(group) >= many
    ]
