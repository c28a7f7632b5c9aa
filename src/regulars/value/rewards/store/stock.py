"""Stock in slots and virtual codes: taken under row locks, never below zero, given back to where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array
from regulars.value.rewards.policy import offers
from regulars.value.rewards.types import StockPart

# Any slot that has enough and that nobody is at.
_TAKE_FREE = """
    WITH picked AS (
        SELECT slot FROM reward_stock
         WHERE reward_id = %(reward)s AND pool = %(pool)s AND remaining >= %(count)s
         ORDER BY random() LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE reward_stock AS s SET remaining = s.remaining - %(count)s
      FROM picked
     WHERE s.reward_id = %(reward)s AND s.pool = %(pool)s AND s.slot = picked.slot
    RETURNING s.slot
"""


def open_pool(cursor: Any, *, reward_id: UUID, pool: str, total: int) -> None:
    """See that a pool is there; who comes second finds the first one's."""
    slots = offers.split(total)
    cursor.execute(
        """INSERT INTO reward_stock (reward_id, pool, slot, remaining)
           SELECT %s, %s, n - 1, part FROM unnest(%s::int[]) WITH ORDINALITY AS v(part, n)
           ON CONFLICT DO NOTHING""",
        [reward_id, pool, plain_array(slots)],
    )


def take(cursor: Any, *, reward_id: UUID, pool: str, count: int) -> list[StockPart] | None:
    """Take pieces of a pool; None when there are not so many. A slot nobody is at comes first; otherwise all that have
    any are waited for in their order, so that the last piece is neither missed nor given twice.
    """
    cursor.execute(_TAKE_FREE, {"reward": reward_id, "pool": pool, "count": count})
    row = cursor.fetchone()
    if row:
        return [StockPart(pool, row[0], count)]
    parts = offers.take_from(_lock(cursor, reward_id, pool, some=True), count)
    if parts is None:
        return None
    _change(cursor, reward_id, [StockPart(pool, slot, -part) for slot, part in parts])
    return [StockPart(pool, slot, part) for slot, part in parts]


def give_back(cursor: Any, *, reward_id: UUID, parts: Sequence[StockPart]) -> None:
    """Pieces go back to their slots."""
    _change(cursor, reward_id, sorted(parts, key=lambda p: (p.pool != "all", p.pool, p.slot)))


def resize(cursor: Any, *, reward_id: UUID, pool: str, by: int) -> bool:
    """Add pieces to a pool, or take off what is left; False when less is left than shall go. Slots stay where they are,
    for orders remember theirs."""
    slots = _lock(cursor, reward_id, pool, some=False)
    left = sum(remaining for _, remaining in slots)
    if left + by < 0:
        return False
    count = max(len(slots), len(offers.split(left + by)))
    each, more = divmod(left + by, count)
    shares = [each + (n < more) for n in range(count)]
    cursor.execute(
        """INSERT INTO reward_stock (reward_id, pool, slot, remaining)
           SELECT %s, %s, n - 1, part FROM unnest(%s::int[]) WITH ORDINALITY AS v(part, n)
           ON CONFLICT (reward_id, pool, slot) DO UPDATE SET remaining = excluded.remaining""",
        [reward_id, pool, plain_array(shares)],
    )
    return True


def left(cursor: Any, *, reward_id: UUID, pool: str) -> int:
    """What is left of a pool, its slots locked."""
    return sum(remaining for _, remaining in _lock(cursor, reward_id, pool, some=False))


def _lock(cursor: Any, reward_id: UUID, pool: str, *, some: bool) -> list[tuple[int, int]]:
    cursor.execute(
        f"""SELECT slot, remaining FROM reward_stock WHERE reward_id = %s AND pool = %s
             {"AND remaining > 0" if some else ""} ORDER BY slot FOR NO KEY UPDATE""",
        [reward_id, pool],
    )
    return list(cursor.fetchall())


def _change(cursor: Any, reward_id: UUID, parts: Sequence[StockPart]) -> None:
    for part in parts:
        cursor.execute(
            "UPDATE reward_stock SET remaining = remaining + %s WHERE reward_id = %s AND pool = %s AND slot = %s",
            [part.count, reward_id, part.pool, part.slot],
        )


def add_codes(
    cursor: Any, *, brand_id: UUID, reward_id: UUID, codes: Sequence[tuple[UUID, UUID, bytes]], now: datetime
) -> int:
    """Keep codes (hash, id, sealed); gives how many were new."""
    if not codes:
        return 0
    cursor.executemany(
        """INSERT INTO reward_code (code_hash, brand_id, reward_id, id, sealed, imported_at)
           VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (code_hash) DO NOTHING""",
        [(hash_, brand_id, reward_id, id_, sealed, now) for hash_, id_, sealed in codes],
    )
    return int(cursor.rowcount)


def take_codes(cursor: Any, *, reward_id: UUID, redemption_id: UUID, count: int, now: datetime) -> bool:
    """Bind free codes to an order, each to one; False when there are not so many.

    Who looks keeps the rows it locked though they went to others, so two could wait for each other: what was locked
    in vain is let go, and those who have to wait stand in one queue for each reward.
    """
    cursor.execute("SAVEPOINT looked_for_codes")
    found = _free_codes(cursor, reward_id, count, wait=False)
    if len(found) < count:
        cursor.execute("ROLLBACK TO SAVEPOINT looked_for_codes")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"reward_code:{reward_id}"])
    while len(found) < count:
        found = _free_codes(cursor, reward_id, count, wait=True)
        if len(found) < count and _count_free(cursor, reward_id) < count:
            return False
    cursor.execute(
        "UPDATE reward_code SET redemption_id = %s, given_at = %s WHERE code_hash = ANY(%s::uuid[])",
        [redemption_id, now, plain_array(found)],
    )
    return True


def _free_codes(cursor: Any, reward_id: UUID, count: int, *, wait: bool) -> list[UUID]:
    cursor.execute(
        f"""SELECT code_hash FROM reward_code WHERE reward_id = %s AND redemption_id IS NULL
             ORDER BY id LIMIT %s FOR NO KEY UPDATE {"" if wait else "SKIP LOCKED"}""",
        [reward_id, count],
    )
    return [row[0] for row in cursor.fetchall()]


def _count_free(cursor: Any, reward_id: UUID) -> int:
    cursor.execute(
        "SELECT count(*)::int FROM reward_code WHERE reward_id = %s AND redemption_id IS NULL", [reward_id]
    )
    return int(cursor.fetchone()[0])


def free_codes(cursor: Any, *, redemption_id: UUID) -> None:
    """Codes nobody saw are free again."""
    cursor.execute(
        "UPDATE reward_code SET redemption_id = NULL, given_at = NULL WHERE redemption_id = %s",
        [redemption_id],
    )


def codes_of(cursor: Any, *, redemption_id: UUID) -> list[tuple[UUID, bytes]]:
    """(id, sealed) of the codes of an order."""
    cursor.execute("SELECT id, sealed FROM reward_code WHERE redemption_id = %s ORDER BY id", [redemption_id])
    return [(row[0], bytes(row[1])) for row in cursor.fetchall()]
