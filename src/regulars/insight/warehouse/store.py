"""The manifest's rows and marks, who exports, and since when every transaction is over."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.insight.warehouse import models
from regulars.insight.warehouse.types import Part
from regulars.kit.errors import conflict
from regulars.kit.ids import digest, first_id_at

# An id is made shortly before its transaction begins to write, perhaps on a machine whose clock is not the database's.
_SLACK = timedelta(minutes=10)
_AHEAD = timedelta(days=1)
# Where other roles' transactions are hidden from us, none may be older than this.
_HIDDEN = timedelta(hours=24)


@contextlib.contextmanager
def alone(brand_id: UUID) -> Iterator[None]:
    """Only one process exports a brand at a time; a second one is refused. The lock ends with its connection."""
    key = digest("warehouse", str(brand_id)).int % (1 << 63)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        if not cursor.fetchone()[0]:
            raise conflict(
                "export_in_progress",
                "数据仓库正在由另一个进程导出",
                "Another process is exporting the warehouse",
            )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def settled_before() -> tuple[UUID, UUID]:
    """The bound of ids below which every row there will ever be can be seen now, and one above all ids there are.

    It must be asked for before the rows are read. Ids carry the real time they were made at, so this is the one
    place that goes by the database's own clock and not by `now`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT statement_timestamp(),
                      min(xact_start) FILTER (WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()),
                      count(*) FILTER (WHERE query = '<insufficient privilege>'),
                      (SELECT min(prepared) FROM pg_prepared_xacts WHERE database = current_database())
                 FROM pg_stat_activity
                WHERE datname = current_database() AND backend_type = 'client backend'"""
        )
        at, oldest, hidden, prepared = cursor.fetchone()
    low = min(filter(None, [at, oldest, prepared, at - _HIDDEN if hidden else None]))
    return first_id_at(low - _SLACK), first_id_at(at + _AHEAD)


def marks(brand_id: UUID) -> dict[str, UUID]:
    rows = models.WarehouseMark.objects.filter(brand_id=brand_id)
    return {row.source: row.mark for row in rows}


def live_parts(brand_id: UUID, tables: Sequence[str] = (), *, above: UUID | None = None) -> list[Part]:
    """The files that are the warehouse now, oldest first; with `above` only those with such ids in them."""
    rows = models.WarehousePart.objects.filter(brand_id=brand_id, retired_at__isnull=True).order_by("id")
    if tables:
        rows = rows.filter(table__in=tables)
    if above is not None:
        rows = rows.filter(max_id__gte=above)
    return [Part(r.id, r.table, r.month, r.path, r.rows, r.bytes, r.max_id) for r in rows]


def complete_at(brand_id: UUID, sources: int) -> datetime | None:
    """The instant whose data is all in, of every source."""
    rows = list(models.WarehouseMark.objects.filter(brand_id=brand_id).values_list("complete_at", flat=True))
    if len(rows) < sources or None in rows:
        return None
    return min(at for at in rows if at is not None)


def commit(
    brand_id: UUID,
    *,
    parts: Sequence[Part],
    now: datetime,
    retired: Sequence[Part] = (),
    mark: tuple[str, UUID] | None = None,
    complete: bool = False,
) -> None:
    """New files count from here on, those they replace no longer, and the source has come so far: all or nothing."""
    with transaction.atomic():
        models.WarehousePart.objects.bulk_create(
            [
                models.WarehousePart(
                    brand_id=brand_id,
                    id=part.id,
                    table=part.table,
                    month=part.month,
                    path=part.path,
                    rows=part.rows,
                    bytes=part.bytes,
                    max_id=part.max_id,
                    made_at=now,
                )
                for part in parts
            ]
        )
        if retired:
            models.WarehousePart.objects.filter(
                brand_id=brand_id, id__in=[part.id for part in retired]
            ).update(retired_at=now)
        if mark is not None:
            source, bound = mark
            columns: dict[str, Any] = {"mark": bound}
            if complete:
                columns["complete_at"] = now
            models.WarehouseMark.objects.update_or_create(brand_id=brand_id, source=source, defaults=columns)


def forget_retired(brand_id: UUID, before: datetime) -> list[str]:
    """Drop the rows of files retired before an instant; gives their paths."""
    rows = models.WarehousePart.objects.filter(brand_id=brand_id, retired_at__lt=before)
    paths = list(rows.values_list("path", flat=True))
    rows.delete()
    return paths


def known_paths(brand_id: UUID) -> set[str]:
    return set(models.WarehousePart.objects.filter(brand_id=brand_id).values_list("path", flat=True))
