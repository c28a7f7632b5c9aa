"""A warehouse's tables out of a few rows, for behaviour read from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis

START = date(2026, 1, 1)
Row = tuple[Any, ...]


def day(number: int) -> date:
    """The so many-th day after the first."""
    return START + timedelta(days=number)


def person(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


def tables_of(
    *,
    orders: Sequence[Row],
    lines: Sequence[Row] = (),
    visits: Sequence[Row] = (),
    refunds: Sequence[Row] = (),
    members: Sequence[Row],
) -> Any:
    """Rows name their order by a number and their day by its distance from the first one.

    `orders`: member, order, day, amount, discount, quantity, store, channel, coupon; `lines`: member, order, day,
    category; `visits`: member, day, type; `refunds`: member, order, day, amount; `members`: member, profiling, status.
    """
    con = ibis.duckdb.connect()
    made: dict[str, tuple[str, Sequence[Row]]] = {
        "orders": (
            "member_id uuid, n_order int, n int, amount bigint, discount bigint, quantity double, store varchar,"
            " channel varchar, coupon_used boolean",
            orders,
        ),
        "lines": ("member_id uuid, n_order int, n int, category varchar", lines),
        "activities": ("member_id uuid, n int, type varchar", visits),
        "refunds": ("member_id uuid, n_order int, n int, amount bigint", refunds),
        "members": ("member_id uuid, profiling boolean, status varchar", members),
    }
    for name, (columns, rows) in made.items():
        con.con.execute(f"CREATE TABLE raw_{name}({columns})")
        if rows:
            con.con.executemany(f"INSERT INTO raw_{name} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        told = "*"
        if " n int" in columns:
            told = f"* EXCLUDE n, DATE '{START}' + n AS local_day"
        if "n_order" in columns:
            told = (
                told.replace("EXCLUDE n", "EXCLUDE (n, n_order)")
                + ", ('11111111-0000-0000-0000-' || lpad(n_order::VARCHAR, 12, '0'))::UUID AS order_id"
            )
        con.con.execute(f"CREATE TABLE {name} AS SELECT {told} FROM raw_{name}")
    return con
