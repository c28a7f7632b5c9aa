"""The nightly step that brings the warehouse up to date."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from regulars.flows.insight.types import StepResult, Told
from regulars.insight.warehouse import api as warehouse
from regulars.kit.periods import zone
from regulars.platform.organisations.types import Brand


def run(brand: Brand, house: Any, now: datetime, told: Told) -> StepResult:
    done = warehouse.export(brand_id=brand.id, now=now, told=told)
    status = warehouse.get_status(brand_id=brand.id)
    months = [month for table in status.tables for month in (table.first, table.last) if month is not None]
    return StepResult(
        rows=done.total,
        metrics={
            "added": done.rows,
            "merged": done.merged,
            "rows": status.rows,
            "bytes": sum(table.bytes for table in status.tables),
            "files": sum(table.files for table in status.tables),
        },
        period_from=min(months, default=None),
        period_to=now.astimezone(zone(brand.timezone)).date() if months else None,
        as_of=now,
    )
