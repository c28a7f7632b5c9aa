"""Tables partitioned by month over their time-ordered ids: made once by a migration, extended ahead of time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from regulars.kit.ids import first_id_at
from regulars.kit.periods import add_months


def convert(cursor: Any, table: str, now: datetime) -> None:
    """Turn an empty table into one partitioned by range of `id`, keeping its columns, checks and indexes by name.

    Rows of months without a partition go to the default one, so that writing never fails for want of a partition.
    """
    cursor.execute(
        """SELECT i.indexname, i.indexdef, c.conname IS NOT NULL FROM pg_indexes i
             LEFT JOIN pg_constraint c ON c.conname = i.indexname AND c.contype = 'p'
            WHERE i.schemaname = current_schema() AND i.tablename = %s ORDER BY 1""",
        [table],
    )
    indexes = cursor.fetchall()
    cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_plain")
    cursor.execute(
        f"CREATE TABLE {table} (LIKE {table}_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (id)"
    )
    cursor.execute(f"DROP TABLE {table}_plain")
    for name, definition, is_primary in indexes:
        if is_primary:
            columns = definition[definition.rindex("(") :]
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} PRIMARY KEY {columns}")
        else:
            cursor.execute(definition)
    cursor.execute(f"CREATE TABLE {table}_other PARTITION OF {table} DEFAULT")
    keep(cursor, table, now)


def keep(cursor: Any, table: str, now: datetime, *, months_ahead: int = 2) -> int:
    """Make the partitions of this month and the next ones; returns how many were missing.

    A month whose rows already lie in the default partition is left there.
    """
    first = now.astimezone(UTC).date().replace(day=1)
    made = 0
    cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE %s", [f"{table}\\_______"])
    existing = {row[0] for row in cursor.fetchall()}
    for offset in range(months_ahead + 1):
        month = add_months(first, offset)
        name = f"{table}_{month:%Y%m}"
        if name in existing:
            continue
        low, high = bound(month), bound(add_months(month, 1))
        cursor.execute(f"SELECT 1 FROM {table}_other WHERE id >= %s AND id < %s LIMIT 1", [low, high])
        if cursor.fetchone() is None:
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES FROM ('{low}') TO ('{high}')"
            )
            made += 1
    return made


def bound(month: date) -> UUID:
    """The smallest id of a month (UTC)."""
    return first_id_at(datetime(month.year, month.month, 1, tzinfo=UTC))
