"""Stored files and what each kind may hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """Suffixes with their media types, the greatest size in bytes, and how long it is kept (None: for good)."""

    media_types: dict[str, str]
    max_bytes: int
    kept: timedelta | None


_TABLES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
KINDS: dict[str, Kind] = {
    "upload": Kind(
        {**_TABLES, "tsv": "text/tab-separated-values", "txt": "text/plain"}, 2048 * MEGABYTE, timedelta(90)
    ),
    "errors": Kind(_TABLES, 2048 * MEGABYTE, timedelta(90)),
    "export": Kind(_TABLES, 2048 * MEGABYTE, timedelta(7)),
    # No SVG: it may carry scripts.
    "image": Kind(
        {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"},
        2 * MEGABYTE,
        None,
    ),
}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`name` is what its sender called it, cleaned; it says nothing of where the bytes lie."""

    id: UUID
    organisation_id: UUID
    brand_id: UUID | None
    kind: str
    name: str
    media_type: str
    size: int
    sha256: bytes
    created_at: datetime
    expires_at: datetime | None
