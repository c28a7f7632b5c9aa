"""Counters that every till takes from, split in slots so that they are no hot row, and that never overshoot.

A counter is some rows (counter, slot, remaining, taken) of a table. A taker tries one slot by chance with a conditional
UPDATE; when that slot lacks, all slots are locked in order, what is left anywhere is gathered, and the rest is spread
evenly again. So no sequence of takers gets more than the limit, and nobody is refused while enough is left.

In one transaction take from each counter once, in the order of their ids: two takers that each hold a slot and both
want to gather would wait for each other.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array

UNLIMITED = 1 << 60
SLOTS = 8
_FEW = 64  # a counter this small is one slot: it is used up before it is hot


@dataclass(frozen=True, slots=True)
class Count:
    """What was taken of a counter and what is left; `remaining` is below 0 after a limit was lowered under `taken`."""

    taken: int = 0
    remaining: int = 0


def take(cursor: Any, table: str, *, counter: UUID, amount: int, limit: int | None) -> bool:
    """Take `amount` (≥ 0) or nothing; `limit` is the size of a counter nobody has taken from yet (None: no limit)."""
    if amount == 0:
        return True
    slot = random.randrange(_slots_for(limit))
    # An UPDATE that waited for a row and then finds too little in it changes nothing but keeps the row locked:
    # gathering, which locks from the first slot on, would wait for others who hold that one. So it lets go first.
    cursor.execute("SAVEPOINT slot")
    cursor.execute(
        f"""UPDATE {table} SET remaining = remaining - %s, taken = taken + %s
             WHERE counter = %s AND slot = %s AND remaining >= %s""",
        [amount, amount, counter, slot, amount],
    )
    took = bool(cursor.rowcount)
    if not took:
        cursor.execute("ROLLBACK TO SAVEPOINT slot")
    cursor.execute("RELEASE SAVEPOINT slot")
    return took or _gather(cursor, table, counter, amount, amount, limit) == amount


def count(cursor: Any, table: str, amounts: Mapping[UUID, int]) -> None:
    """Count on counters without a limit, all in one statement; each on a slot by chance, in the order of their ids."""
    if not amounts:
        return
    counters = sorted(amounts)
    cursor.execute(
        f"""INSERT INTO {table} AS t (counter, slot, remaining, taken)
            SELECT v.counter, v.slot, %s - v.amount, v.amount
              FROM unnest(%s::uuid[], %s::int[], %s::bigint[]) AS v(counter, slot, amount)
            ON CONFLICT (counter, slot) DO UPDATE
               SET remaining = t.remaining - excluded.taken, taken = t.taken + excluded.taken""",
        [
            UNLIMITED // SLOTS,
            plain_array(counters),
            plain_array(random.randrange(SLOTS) for _ in counters),
            plain_array(amounts[counter] for counter in counters),
        ],
    )


def take_up_to(cursor: Any, table: str, *, counter: UUID, amount: int, limit: int | None) -> int:
    """Take as much of `amount` as is left; returns how much that was."""
    return _gather(cursor, table, counter, amount, 0, limit) if amount > 0 else 0


def give_back(cursor: Any, table: str, *, counter: UUID, amount: int) -> None:
    """Put back what was taken. A counter that is overdrawn since its limit was lowered is made good first."""
    rows = _lock(cursor, table, counter)
    if not rows or amount <= 0:
        return
    remaining = sum(row[1] for row in rows) + amount
    taken = max(0, sum(row[2] for row in rows) - amount)
    _spread(cursor, table, counter, [row[0] for row in rows], remaining, taken)


def resize(cursor: Any, table: str, *, counter: UUID, limit: int | None) -> None:
    """Give a counter another limit; what was taken stays taken. Harmless for one nobody has taken from."""
    rows = _lock(cursor, table, counter)
    if not rows:
        return
    if len(rows) < _slots_for(limit):
        _make(cursor, table, counter, 0, _slots_for(limit))
        rows = _lock(cursor, table, counter)
    taken = sum(row[2] for row in rows)
    whole = UNLIMITED if limit is None else limit
    _spread(cursor, table, counter, [row[0] for row in rows], whole - taken, taken)


def read(cursor: Any, table: str, counters: Iterable[UUID]) -> dict[UUID, Count]:
    """What stands on counters; those nobody has taken from are left out."""
    cursor.execute(
        f"""SELECT counter, sum(taken)::bigint, sum(remaining)::bigint FROM {table}
             WHERE counter = ANY(%s::uuid[]) GROUP BY counter""",
        [plain_array(counters)],
    )
    return {counter: Count(taken, remaining) for counter, taken, remaining in cursor.fetchall()}


def _gather(cursor: Any, table: str, counter: UUID, amount: int, least: int, limit: int | None) -> int:
    rows = _lock(cursor, table, counter)
    if not rows:
        _make(cursor, table, counter, UNLIMITED if limit is None else limit, _slots_for(limit))
        rows = _lock(cursor, table, counter)
    left = sum(row[1] for row in rows)
    got = min(amount, left)
    if got < max(least, 1):
        return 0
    taken = sum(row[2] for row in rows) + got
    _spread(cursor, table, counter, [row[0] for row in rows], left - got, taken)
    return got


def _lock(cursor: Any, table: str, counter: UUID) -> list[tuple[int, int, int]]:
    cursor.execute(
        f"SELECT slot, remaining, taken FROM {table} WHERE counter = %s ORDER BY slot FOR NO KEY UPDATE",
        [counter],
    )
    rows: list[tuple[int, int, int]] = cursor.fetchall()
    return rows


def _make(cursor: Any, table: str, counter: UUID, whole: int, slots: int) -> None:
    """Rows of a counter; those another made at the same moment stand."""
    cursor.execute(
        f"""INSERT INTO {table} (counter, slot, remaining, taken)
            SELECT %s, s.slot, s.remaining, 0 FROM unnest(%s::int[], %s::bigint[]) AS s(slot, remaining)
            ON CONFLICT DO NOTHING""",
        [counter, plain_array(range(slots)), plain_array(_parts(whole, slots))],
    )


def _spread(cursor: Any, table: str, counter: UUID, slots: list[int], remaining: int, taken: int) -> None:
    """Write a counter's totals evenly over its locked slots; an overdraft stands on the first."""
    left = _parts(remaining, len(slots)) if remaining >= 0 else [remaining] + [0] * (len(slots) - 1)
    cursor.execute(
        f"""UPDATE {table} AS t SET remaining = s.remaining, taken = s.taken
              FROM unnest(%s::int[], %s::bigint[], %s::bigint[]) AS s(slot, remaining, taken)
             WHERE t.counter = %s AND t.slot = s.slot""",
        [plain_array(slots), plain_array(left), plain_array(_parts(taken, len(slots))), counter],
    )


def _parts(whole: int, count: int) -> list[int]:
    return [whole // count + (n < whole % count) for n in range(count)]


def _slots_for(limit: int | None) -> int:
    return 1 if limit is not None and limit < _FEW else SLOTS
