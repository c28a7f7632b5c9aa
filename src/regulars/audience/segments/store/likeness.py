"""Facts as numbers, for likeness: taken at once, read in portions, never as rows of Python."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from psycopg.sql import SQL, Composable, Identifier, Literal

from regulars.audience.segments.store import asking

PORTION = 50_000
_HEAD, _TAIL = 19, 2  # bytes around the rows of a binary COPY
VECTOR = (
    "orders_30", "orders_90", "orders_365", "spend_365", "visits_90", "refunds_365", "order_value_365",
    "unit_price_365", "basket_size_365", "categories_365", "stores_365", "order_gap_median", "weekend_share",
    "discount_share", "coupon_share", "checkins_90", "reviews_90", "redemptions_90", "active_days_90",
    "points_earned_90",
)  # fmt: skip


def more_than(cursor: Any, *, brand_id: UUID, count: int) -> bool:
    """Whether more members than so many bought within a year."""
    cursor.execute(
        """SELECT count(*) FROM (SELECT FROM member_fact WHERE brand_id = %s AND orders_365 > 0 LIMIT %s) AS few""",
        [brand_id, count + 1],
    )
    return int(cursor.fetchone()[0]) > count


@contextlib.contextmanager
def taken(*, brand_id: UUID, seed_id: UUID, seconds: float) -> Iterator[Taken]:
    """The facts of active members who bought within a year and may be profiled, as they are now: in a table of this
    connection's own, which is gone afterwards. One statement of so many seconds at most; read by the index in portions
    it would take eight times as long. Raises `too_slow`.
    """
    try:
        with asking.limited(seconds) as cursor:
            cursor.execute("DROP TABLE IF EXISTS likeness_row")
            cursor.execute(_asked(brand_id, seed_id))
            cursor.execute("SELECT pg_relation_size('likeness_row') / current_setting('block_size')::bigint")
            rows = Taken(blocks=cursor.fetchone()[0])
            cursor.execute("SELECT count(*) FROM likeness_row")
            rows.count = cursor.fetchone()[0]
        yield rows
    finally:
        with (
            contextlib.suppress(DatabaseError),
            connection.cursor() as cursor,
        ):  # a broken transaction takes it along
            cursor.execute("DROP TABLE IF EXISTS likeness_row")


@dataclass(slots=True)
class Taken:
    """What was taken, to be read as often as is wanted. Between the portions the connection is free."""

    blocks: int
    count: int = 0

    def portions(self) -> Iterator[tuple[Any, Any, Any, float]]:
        """Ids (16 bytes each), whether of the seed, facts, and the share that was read with these, in no order; missing
        facts are NaN."""
        step = max(1, PORTION * self.blocks // max(self.count, 1))
        for first in range(0, self.blocks, step):
            ids, is_seed, facts = _read(first, first + step)
            yield ids, is_seed, facts, min(1.0, (first + step) / self.blocks)


def _read(first: int, until: int) -> tuple[Any, Any, Any]:
    """The rows of these blocks."""
    import numpy as np

    cell = np.dtype([("bytes", ">i4"), ("value", ">f8")])
    row = np.dtype([("columns", ">i2"), ("bytes", ">i4"), ("id", "V16"), ("cells", cell, (1 + len(VECTOR),))])
    asked = SQL("COPY (SELECT * FROM likeness_row WHERE ctid >= {} AND ctid < {}) TO STDOUT (FORMAT binary)")
    between = asked.format(Literal(f"({first},0)"), Literal(f"({until},0)"))
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(between) as copy:
        whole = b"".join(copy)
    found = np.frombuffer(whole[_HEAD : len(whole) - _TAIL], dtype=row)
    values = found["cells"]["value"]
    return found["id"].copy(), values[:, 0] > 0, values[:, 1:].astype(float)


def _asked(brand_id: UUID, seed_id: UUID) -> Composable:
    facts = [SQL("coalesce(f.{0}::float8, 'NaN') AS {0}").format(Identifier(column)) for column in VECTOR]
    return SQL(
        """CREATE TEMPORARY TABLE likeness_row AS
           SELECT f.member_id,
                  EXISTS (SELECT FROM segment_member s
                           WHERE s.member_id = f.member_id AND s.segment_id = {seed})::int::float8 AS of_seed, {facts}
             FROM member_fact f
             JOIN membership m ON m.member_id = f.member_id AND m.brand_id = {brand} AND m.status = 'active'
            WHERE f.brand_id = {brand} AND f.orders_365 > 0
              AND NOT EXISTS (SELECT FROM profiling_opt_out o
                               WHERE o.member_id = f.member_id AND o.brand_id = {brand})"""
    ).format(seed=Literal(seed_id), facts=SQL(", ").join(facts), brand=Literal(brand_id))
