"""Shares, and whether a split is what it was meant to be; how small an effect could be seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from regulars.insight.measures.types import Difference, TooFew


def difference_in_shares(
    treated: tuple[int, int], control: tuple[int, int], *, level: float = 0.95
) -> Difference:
    """Two groups' shares, each (how many did, of how many): the pooled two-proportion z-test, and the interval of
    Newcombe's hybrid score method (1998, number 10), which keeps its level where few or nearly all did."""
    (yes, rows), (other_yes, other_rows) = treated, control
    if min(rows, other_rows) < 1:
        raise TooFew("nobody in a group")
    first, second = yes / rows, other_yes / other_rows
    pooled = (yes + other_yes) / (rows + other_rows)
    error = float(np.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / other_rows)))
    z = float(stats.norm.ppf((1 + level) / 2))
    low, high = _wilson(first, rows, z)
    other_low, other_high = _wilson(second, other_rows, z)
    difference = first - second
    return Difference(
        treated=first,
        control=second,
        difference=difference,
        low=difference - float(np.hypot(first - low, other_high - second)),
        high=difference + float(np.hypot(high - first, second - other_low)),
        p_value=float(2 * stats.norm.sf(abs(difference) / error)) if error else 1.0,
        treated_rows=rows,
        control_rows=other_rows,
        level=level,
    )


def sample_ratio(counts: Sequence[int], shares: Sequence[float]) -> float:
    """How likely a split at least as far from the meant shares is by chance (chi-square; Fabijan et al. 2019)."""
    total, whole = sum(counts), sum(shares)
    kept = [(count, share) for count, share in zip(counts, shares, strict=True) if share > 0]
    if total == 0 or len(kept) < 2:
        return 1.0
    expected = [total * share / whole for _, share in kept]
    return float(stats.chisquare([count for count, _ in kept], expected).pvalue)


def minimum_detectable(difference: Difference, *, power: float = 0.8) -> float:
    """The smallest effect that a test at the difference's level would have shown with this power, for groups of this
    size and spread (normal approximation)."""
    half = (difference.high - difference.low) / 2
    z = float(stats.norm.ppf((1 + difference.level) / 2))
    return half / z * (z + float(stats.norm.ppf(power)))


def _wilson(share: float, rows: int, z: float) -> tuple[float, float]:
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    wide = z * float(np.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))) / (1 + z * z / rows)
    return middle - wide, middle + wide
