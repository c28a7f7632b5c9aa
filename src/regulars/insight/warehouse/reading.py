"""Reading the warehouse: its files as tables of ibis, on a DuckDB that is bounded in memory and threads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from regulars.insight.warehouse import duck as ducks
from regulars.insight.warehouse import files, store
from regulars.insight.warehouse.sources import SOURCES
from regulars.insight.warehouse.types import DERIVED, TABLES, Part


class Warehouse:
    """The brand's tables as they were when it was opened: files that come later are not seen.

    `complete_at`: all that was recorded by then is in; None before the first export.
    """

    def __init__(self, brand_id: UUID, duck: Any, complete_at: datetime | None) -> None:
        import ibis

        self.brand_id = brand_id
        self.complete_at = complete_at
        self.duck = duck
        self._ibis = ibis.duckdb.from_connection(duck)

    def table(self, name: str) -> Any:
        """A table as an ibis expression: those of `types.TABLES`, and `sales`, orders and refunds as signed rows."""
        return self._ibis.table(name)

    def frame(self, expression: Any) -> Any:
        """What an expression comes to, as a pandas frame. Ids are `UUID`s; for many rows `arrow` is faster."""
        return self._ibis.execute(expression)

    def arrow(self, expression: Any) -> Any:
        """What an expression comes to, as an Arrow table. Ids are text."""
        return self._ibis.to_pyarrow(expression)

    def rows(self, expression: Any) -> list[dict[str, Any]]:
        """What a small expression comes to, as plain values by column."""
        found: list[dict[str, Any]] = self.arrow(expression).to_pylist()
        return found

    def batches(self, expression: Any, *, rows: int = 100_000) -> Iterator[Any]:
        """What a large expression comes to, as Arrow record batches of so many rows."""
        yield from self._ibis.to_pyarrow_batches(expression, chunk_size=rows)

    def keep(self, name: str, expression: Any) -> Any:
        """What an expression comes to, reckoned once and kept as a table for as long as the warehouse is open.

        The name must be a new one.
        """
        return self._ibis.create_table(name, expression)

    def add(self, name: str, expression: Any) -> None:
        """More rows of a table that was kept."""
        self._ibis.insert(name, expression)

    def put(self, name: str, frame: Any) -> Any:
        """A frame (Arrow or pandas) as a table beside the others, for as long as the warehouse is open."""
        self.duck.register(name, frame)
        return self._ibis.table(name)


@contextlib.contextmanager
def open_warehouse(
    *, brand_id: UUID, memory: str | None = None, threads: int | None = None
) -> Iterator[Warehouse]:
    parts = store.live_parts(brand_id)
    complete = store.complete_at(brand_id, len(SOURCES))
    with ducks.connect(brand_id, memory=memory, threads=threads) as duck:
        declare(duck, [(part, str(files.directory(brand_id) / part.path)) for part in parts])
        yield Warehouse(brand_id, duck, complete)


def declare(duck: Any, parts: Sequence[tuple[Part, str]]) -> None:
    """The views that are the tables. An order's `refunded` is joined to it, for refunds come later than orders."""
    for table, columns in TABLES.items():
        mine = [path for part, path in parts if part.table == table]
        stored = {name: kind for name, kind in columns.items() if name not in DERIVED.get(table, ())}
        name = f"{table}_stored" if table in DERIVED else table
        if mine:
            listed = ", ".join(ducks.literal(Path(path)) for path in mine)
            picked = ", ".join(f'"{column}"' for column in stored)
            query = f"SELECT {picked} FROM read_parquet([{listed}], hive_partitioning = false)"
        else:
            nothing = ", ".join(f'NULL::{kind} AS "{column}"' for column, kind in stored.items())
            query = f"SELECT {nothing} WHERE false"
        duck.execute(f"CREATE VIEW {name} AS {query}")
    if any(part.table == "refunds" for part, _ in parts):
        duck.execute(
            """CREATE VIEW orders AS
               SELECT o.*, coalesce(r.refunded, 0)::BIGINT AS refunded FROM orders_stored AS o
                 LEFT JOIN (SELECT order_id, sum(amount)::BIGINT AS refunded FROM refunds GROUP BY order_id) AS r
                   ON r.order_id = o.order_id"""
        )
    else:
        duck.execute("CREATE VIEW orders AS SELECT *, 0::BIGINT AS refunded FROM orders_stored")
    duck.execute(
        """CREATE VIEW sales AS
           SELECT member_id, order_id, occurred_at, local_day, amount, 1::TINYINT AS orders FROM orders_stored
           UNION ALL
           SELECT member_id, order_id, occurred_at, local_day, -amount, 0::TINYINT FROM refunds"""
    )
