"""Files that are whole or not there: written beside, flushed to the disk, then renamed into their place."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings

_STAGING = ".staging"


def directory(brand_id: UUID) -> Path:
    """Where a brand's warehouse lies."""
    return Path(settings.WAREHOUSE_DIRECTORY) / str(brand_id)


def fresh_staging(brand_id: UUID) -> Path:
    """An empty directory for what is being made; what a killed export left there is removed."""
    place = directory(brand_id) / _STAGING
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def put(made: Path, place: Path) -> int:
    """Flush a file that was made and rename it into its place; gives its size."""
    place.parent.mkdir(parents=True, exist_ok=True)
    _flush(made)
    size = made.stat().st_size
    os.replace(made, place)
    return size


def settle(places: list[Path], root: Path) -> None:
    """Have the disk know the names too: every directory from the files up to the root."""
    for one in {parent for place in places for parent in place.parents if parent.is_relative_to(root)}:
        _flush(one)


def sweep(root: Path, known: set[str]) -> int:
    """Remove files that no row speaks of: left by an export that was killed between the file and the row."""
    swept = 0
    for path in root.glob("*/**/*.parquet"):
        name = path.relative_to(root).as_posix()
        if name not in known and not name.startswith(_STAGING):
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
