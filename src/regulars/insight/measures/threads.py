"""How many threads a fit may use: starting them costs more than they bring where there is little to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

_SMALL = 100_000  # rows


@contextlib.contextmanager
def threads_for(rows: int) -> Iterator[None]:
    """One thread for few rows: on a busy machine several of OpenMP's spin for each other, ten times as long."""
    if rows > _SMALL:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
