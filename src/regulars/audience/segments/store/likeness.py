"""Facts as numbers, for likeness: read in portions, never as rows of Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import connection
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


def portions(*, brand_id: UUID, seed_id: UUID, seconds: float) -> Iterator[tuple[Any, Any, Any]]:
    """Ids (16 bytes each), whether of the seed, and facts of active members who bought within a year and may be
    profiled, in no order; missing facts are NaN.

    One statement of so many seconds at most: in portions by id it takes eight times as long. The connection has nothing
    else to do until its end. Raises `too_slow`.
    """
    import numpy as np

    cell = np.dtype([("bytes", ">i4"), ("value", ">f8")])
    row = np.dtype([("columns", ">i2"), ("bytes", ">i4"), ("id", "V16"), ("cells", cell, (1 + len(VECTOR),))])

    def read(rows: bytes) -> tuple[Any, Any, Any]:
        found = np.frombuffer(rows, dtype=row)
        values = found["cells"]["value"]
        return found["id"].copy(), values[:, 0] > 0, values[:, 1:].astype(float)

    came: list[bytes] = []
    size, head = 0, _HEAD
    with (
        asking.limited(seconds) as cursor,
        connection.wrap_database_errors,
        cursor.copy(_asked(brand_id, seed_id)) as copy,
    ):
        for piece in copy:
            came.append(bytes(piece))
            size += len(piece)
            if size - head - _TAIL >= PORTION * row.itemsize:
                whole = b"".join(came)
                end = head + (size - head - _TAIL) // row.itemsize * row.itemsize
                yield read(whole[head:end])
                came, size, head = [whole[end:]], size - end, 0
    whole = b"".join(came)
    if size - head - _TAIL:
        yield read(whole[head : size - _TAIL])


def _asked(brand_id: UUID, seed_id: UUID) -> Composable:
    facts = [SQL("coalesce(f.{}::float8, 'NaN')").format(Identifier(column)) for column in VECTOR]
    return SQL(
        """COPY (SELECT f.member_id,
                        EXISTS (SELECT FROM segment_member s
                                 WHERE s.member_id = f.member_id AND s.segment_id = {seed})::int::float8, {facts}
                   FROM member_fact f
                   JOIN membership m ON m.member_id = f.member_id AND m.brand_id = {brand} AND m.status = 'active'
                  WHERE f.brand_id = {brand} AND f.orders_365 > 0
                    AND NOT EXISTS (SELECT FROM profiling_opt_out o
                                     WHERE o.member_id = f.member_id AND o.brand_id = {brand})
                ) TO STDOUT (FORMAT binary)"""
    ).format(seed=Literal(seed_id), facts=SQL(", ").join(facts), brand=Literal(brand_id))
