"""Equal histories are one row with a weight: a million members are some ten thousand histories."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from regulars.insight.lifetime.types import Histories


def group(repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Histories:
    """Histories of members, equal ones together. Refuses what cannot be: negative, or later than now."""
    columns = np.column_stack([np.asarray(one, dtype=np.float64) for one in (repeats, recency, age)])
    x, last, now = columns.T
    if not np.isfinite(columns).all() or (columns < 0).any() or (last > now).any():
        raise ValueError("repeats, recency and age are at least 0, and recency is at most age")
    if ((x == 0) & (last > 0)).any():
        raise ValueError("without a repeat there is no recency")
    order = np.lexsort((now, last, x))
    ordered = columns[order]
    begins = np.ones(order.size, dtype=bool)
    begins[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    number = np.cumsum(begins) - 1
    place = np.empty(order.size, dtype=np.int64)
    place[order] = number
    first = ordered[begins]
    return Histories(
        repeats=np.ascontiguousarray(first[:, 0]),
        recency=np.ascontiguousarray(first[:, 1]),
        age=np.ascontiguousarray(first[:, 2]),
        weight=np.bincount(number, minlength=first.shape[0]).astype(np.float64),
        place=place,
    )


def per_count(repeats: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct counts and where each history's stands: the gamma functions need reckoning for these only."""
    return np.unique(repeats, return_inverse=True)
