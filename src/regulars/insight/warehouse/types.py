"""What the warehouse holds, as other rooms see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

# Columns of every table with their DuckDB types. Instants are UTC; `local_day` and `local_hour` are those of the
# brand's business zone; money is whole minor units.
TABLES: dict[str, dict[str, str]] = {
    "orders": {
        "member_id": "UUID",
        "order_id": "UUID",
        "occurred_at": "TIMESTAMPTZ",
        "local_day": "DATE",
        "local_hour": "TINYINT",
        "amount": "BIGINT",
        "discount": "BIGINT",
        "quantity": "DOUBLE",
        "store": "VARCHAR",
        "channel": "VARCHAR",
        "coupon_used": "BOOLEAN",
        "line_count": "INTEGER",
        "refunded": "BIGINT",
    },
    "lines": {
        "member_id": "UUID",
        "order_id": "UUID",
        "occurred_at": "TIMESTAMPTZ",
        "local_day": "DATE",
        "sku": "VARCHAR",
        "name": "VARCHAR",
        "category": "VARCHAR",
        "department": "VARCHAR",
        "brand": "VARCHAR",
        "amount": "BIGINT",
        "quantity": "DOUBLE",
        "discount": "BIGINT",
    },
    "refunds": {
        "member_id": "UUID",
        "order_id": "UUID",
        "refund_id": "UUID",
        "occurred_at": "TIMESTAMPTZ",
        "local_day": "DATE",
        "amount": "BIGINT",
    },
    "activities": {
        "member_id": "UUID",
        "activity_id": "UUID",
        "type": "VARCHAR",
        "occurred_at": "TIMESTAMPTZ",
        "recorded_at": "TIMESTAMPTZ",
        "local_day": "DATE",
        "local_hour": "TINYINT",
        "channel": "VARCHAR",
        "store": "VARCHAR",
        "amount": "BIGINT",
        "source": "VARCHAR",
    },
    "entries": {
        "member_id": "UUID",
        "entry_id": "UUID",
        "unit": "VARCHAR",
        "kind": "VARCHAR",
        "account": "VARCHAR",
        "contra": "VARCHAR",
        "amount": "BIGINT",
        "activity_id": "UUID",
        "reverses": "UUID",
        "occurred_at": "TIMESTAMPTZ",
        "recorded_at": "TIMESTAMPTZ",
        "local_day": "DATE",
    },
    "tiers": {
        "member_id": "UUID",
        "change_id": "UUID",
        "scheme": "VARCHAR",
        "previous": "VARCHAR",
        "tier": "VARCHAR",
        "at": "TIMESTAMPTZ",
        "recorded_at": "TIMESTAMPTZ",
        "local_day": "DATE",
    },
    "texts": {
        "member_id": "UUID",
        "activity_id": "UUID",
        "occurred_at": "TIMESTAMPTZ",
        "local_day": "DATE",
        "type": "VARCHAR",
        "text": "VARCHAR",
        "rating": "INTEGER",
    },
    "members": {
        "member_id": "UUID",
        "code": "VARCHAR",
        "joined_at": "TIMESTAMPTZ",
        "joined_day": "DATE",
        "channel": "VARCHAR",
        "touchpoint": "VARCHAR",
        "store": "VARCHAR",
        "recruiter": "VARCHAR",
        "tier": "VARCHAR",
        "status": "VARCHAR",
        "profiling": "BOOLEAN",
    },
}
# reckoned while reading, in no file
DERIVED = {"orders": ("refunded",)}
# the column that tells a table's rows apart, and the source's id in it
IDS = {
    "orders": "order_id",
    "lines": "order_id",
    "refunds": "refund_id",
    "activities": "activity_id",
    "entries": "entry_id",
    "tiers": "change_id",
    "texts": "activity_id",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the manifest."""

    id: UUID
    table: str
    month: date | None
    path: str
    rows: int
    bytes: int
    max_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TableStatus:
    """What one table holds; `first` and `last` are its months."""

    table: str
    rows: int
    files: int
    bytes: int
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Status:
    """The warehouse of one brand. `complete_at`: all that was recorded by then is in; None before the first export."""

    complete_at: datetime | None
    tables: tuple[TableStatus, ...]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class Exported:
    """What one export added, by table, and how many small files were merged away."""

    rows: dict[str, int] = field(default_factory=dict)
    merged: int = 0

    @property
    def total(self) -> int:
        """Rows added, the snapshot of members left out."""
        return sum(count for table, count in self.rows.items() if table != "members")
