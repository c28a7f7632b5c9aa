"""DuckDB for one piece of work: bounded in memory and threads, spilling beside the warehouse, no network."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from regulars.insight.warehouse import files


@contextlib.contextmanager
def connect(brand_id: UUID, *, memory: str | None = None, threads: int | None = None) -> Iterator[Any]:
    """A connection of its own, in memory; what does not fit goes to files that leave with it."""
    import duckdb

    spill = files.directory(brand_id) / ".spill"
    spill.parent.mkdir(parents=True, exist_ok=True)  # there is none before the first export
    duck = duckdb.connect(
        config={
            "memory_limit": memory or settings.INSIGHT_MEMORY,
            "threads": threads or settings.INSIGHT_THREADS,
            "temp_directory": str(spill),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        }
    )
    try:
        duck.execute("SET TimeZone = 'UTC'")
        yield duck
    finally:
        duck.close()


def literal(path: Path) -> str:
    """A file's name in SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def parquet_of(paths: Sequence[Path]) -> str:
    """The files as a relation."""
    names = ", ".join(map(literal, paths))
    return f"read_parquet([{names}], hive_partitioning = false)"
