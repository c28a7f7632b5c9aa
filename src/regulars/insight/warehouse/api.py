"""Door of the warehouse: what the ledger and the activities hold, as Parquet that analytics reads."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from regulars.insight.warehouse import store
from regulars.insight.warehouse.exporting import Export, Told
from regulars.insight.warehouse.history import balances_at, tier_steps
from regulars.insight.warehouse.reading import Warehouse, open_warehouse
from regulars.insight.warehouse.sources import SOURCES
from regulars.insight.warehouse.types import TABLES, Exported, Status, TableStatus

__all__ = ["Warehouse", "balances_at", "export", "get_status", "open_warehouse", "tier_steps"]


def export(*, brand_id: UUID, now: datetime, told: Told = lambda share: None) -> Exported:
    """Bring the warehouse up to date: only what is new is read. Killed half-way, the next call goes on.

    `told` hears the share done. Raises `export_in_progress` (409) while another process does the same.
    """
    with store.alone(brand_id):
        return Export(brand_id, now, told).run()


def get_status(*, brand_id: UUID) -> Status:
    """What the warehouse holds and how fresh it is."""
    parts = store.live_parts(brand_id)
    tables = []
    for table in TABLES:
        mine = [part for part in parts if part.table == table]
        months = [part.month for part in mine if part.month is not None]
        tables.append(
            TableStatus(
                table,
                sum(part.rows for part in mine),
                len(mine),
                sum(part.bytes for part in mine),
                min(months, default=None),
                max(months, default=None),
            )
        )
    return Status(store.complete_at(brand_id, len(SOURCES)), tuple(tables))
