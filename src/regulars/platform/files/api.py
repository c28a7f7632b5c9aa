"""Door of stored files: uploads, error files, exports and images below the data directory."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.db import transaction

from regulars.kit.errors import not_found
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.files import models, store
from regulars.platform.files.types import KINDS, StoredFile

_ORPHAN_AFTER = timedelta(days=1)


def save(
    *,
    organisation_id: UUID,
    brand_id: UUID | None,
    kind: str,
    name: str,
    source: BinaryIO | bytes,
    now: datetime,
) -> StoredFile:
    """Keep a file. Raises `invalid_input` for a type the kind does not take, `too_large` (413).

    If the caller's transaction is rolled back, the bytes are swept away a day later.
    """
    rules = KINDS[kind]
    clean = store.clean_name(name)
    suffix, media_type = store.media_type(rules, clean)
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    path, size, digest = store.write(stream, rules, suffix, media_type)
    row = models.StoredFile(
        id=new_id(),
        organisation_id=organisation_id,
        brand_id=brand_id,
        kind=kind,
        name=clean,
        media_type=media_type,
        size=size,
        sha256=digest,
        path=path,
        created_at=now,
        expires_at=now + rules.kept if rules.kept else None,
    )
    row.save(force_insert=True)
    return _file_of(row)


def get_file(*, organisation_id: UUID, file_id: UUID, brand_id: UUID | None = None) -> StoredFile:
    """Raises `not_found`, for another organisation's or (if asked) another brand's file too."""
    return _file_of(_row(organisation_id, brand_id, file_id))


def open_file(*, organisation_id: UUID, file_id: UUID, brand_id: UUID | None = None) -> BinaryIO:
    """The bytes, to be closed by the caller."""
    return path_of(organisation_id=organisation_id, file_id=file_id, brand_id=brand_id).open("rb")


def path_of(*, organisation_id: UUID, file_id: UUID, brand_id: UUID | None = None) -> Path:
    """Where the bytes lie, for readers that want a path (Parquet, Excel). Raises `not_found` if they are gone."""
    path = store.place(_row(organisation_id, brand_id, file_id).path)
    if not path.exists():
        raise not_found(Text("文件", "File"))
    return path


def delete_file(*, organisation_id: UUID, file_id: UUID) -> None:
    """The row now, the bytes after the commit. Again is harmless."""
    row = models.StoredFile.objects.filter(organisation_id=organisation_id, id=file_id).first()
    if row is not None:
        _delete(row)


def delete_expired(now: datetime) -> int:
    """Due work: one batch of files kept long enough."""
    with transaction.atomic():
        rows = models.StoredFile.objects.select_for_update(skip_locked=True)
        batch = list(rows.filter(expires_at__lte=now).order_by("expires_at")[:200])
        for row in batch:
            _delete(row)
    return len(batch)


def sweep_orphans(now: datetime) -> int:
    """Due work: remove bytes that no row knows (a transaction rolled back, a process died while writing)."""
    swept = 0
    paths = list(store.all_paths((now - _ORPHAN_AFTER).timestamp()))
    for start in range(0, len(paths), 1000):
        batch = paths[start : start + 1000]
        known = set(models.StoredFile.objects.filter(path__in=batch).values_list("path", flat=True))
        for path in batch:
            if path not in known:
                (store.directory() / path).unlink(missing_ok=True)
                swept += 1
    return swept


def _row(organisation_id: UUID, brand_id: UUID | None, file_id: UUID) -> models.StoredFile:
    rows = models.StoredFile.objects.filter(organisation_id=organisation_id, id=file_id)
    row = (rows if brand_id is None else rows.filter(brand_id=brand_id)).first()
    if row is None:
        raise not_found(Text("文件", "File"))
    return row


def _delete(row: models.StoredFile) -> None:
    path = store.place(row.path)
    row.delete()
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def _file_of(row: models.StoredFile) -> StoredFile:
    return StoredFile(
        id=row.id,
        organisation_id=row.organisation_id,
        brand_id=row.brand_id,
        kind=row.kind,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=bytes(row.sha256),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
