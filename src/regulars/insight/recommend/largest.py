"""Every row's largest values. Pure."""

from __future__ import annotations

import numpy as np

from regulars.insight.recommend.types import Floats, Ints

_LOOKED_AT = 5  # times as many as wanted


def largest(values: Floats, k: int, *, least: float) -> tuple[Ints, Ints, Floats]:
    """(row, column, value) of every row's `k` largest that are `least` or more, in the order of rows and columns; of
    equal ones there may be more.

    The k-th largest of a few columns is a bound that only few of all reach, and only these are parted by size: that
    takes a third of the time of parting all of them.
    """
    rows, columns = values.shape
    bound = np.full(rows, least, values.dtype)
    if 0 < k < columns:
        few = min(columns, k * _LOOKED_AT)
        # values alone are parted much faster than their places are; from below, for a great many zeros among them
        # would make parting from above slow
        bound = np.maximum(bound, -np.partition(-values[:, :few], k - 1, axis=1)[:, k - 1])
    at = np.flatnonzero(values >= bound[:, None])
    row, reached = at // columns, values.ravel()[at]
    counts = np.bincount(row, minlength=rows)
    if counts.max(initial=0) > k:
        table = np.full((rows, counts.max()), least, values.dtype)
        table[row, np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)] = reached
        bound = -np.partition(-table, k - 1, axis=1)[:, k - 1]
        mine = reached >= bound[row]
        at, row, reached = at[mine], row[mine], reached[mine]
    return row, at - row * columns, reached
