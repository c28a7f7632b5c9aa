"""What an action brought: treated members against those held out at random."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from regulars.insight.measures.types import Difference, Ratio, TooFew


def difference_in_means(treated: ArrayLike, control: ArrayLike, *, level: float = 0.95) -> Difference:
    """The difference with Welch's interval and test: the two groups' variances need not be equal (Welch 1947)."""
    return _welch(_sample(treated), _sample(control), level, kept=1.0)


def cuped(
    treated: ArrayLike,
    control: ArrayLike,
    *,
    treated_before: ArrayLike,
    control_before: ArrayLike,
    level: float = 0.95,
) -> Difference:
    """The difference after taking out what the same figure before the action explains.

    One slope for all members, cov(y, x) / var(x) over both groups within each (Deng, Xu, Kohavi and Walker 2013). The
    means told are the adjusted ones; `variance_kept` is 1 - r² of figure and pre-period.
    """
    after = [_sample(treated), _sample(control)]
    before = [_sample(treated_before), _sample(control_before)]
    if any(a.size != b.size for a, b in zip(after, before, strict=True)):
        raise ValueError("one figure before and one after for every member")
    within = [(a - a.mean(), b - b.mean()) for a, b in zip(after, before, strict=True)]
    spread = sum(float(b @ b) for _, b in within)
    slope = sum(float(a @ b) for a, b in within) / spread if spread else 0.0
    middle = float(np.concatenate(before).mean())
    first, second = (a - slope * (b - middle) for a, b in zip(after, before, strict=True))
    rest = sum(float(((a - slope * b) ** 2).sum()) for a, b in within)
    total = sum(float(a @ a) for a, _ in within)
    return _welch(first, second, level, kept=rest / total if total else 1.0)


def ratio(numerator: ArrayLike, denominator: ArrayLike, *, level: float = 0.95) -> Ratio:
    """Sum over sum, where a member gives to both, with the error by the delta method (Deng, Knoblich, Lu 2018)."""
    value, variance, rows = _delta(_sample(numerator), _sample(denominator))
    error = float(np.sqrt(variance))
    wide = float(stats.norm.ppf((1 + level) / 2)) * error
    return Ratio(value, error, value - wide, value + wide, rows, level)


def difference_in_ratios(
    treated: tuple[ArrayLike, ArrayLike], control: tuple[ArrayLike, ArrayLike], *, level: float = 0.95
) -> Difference:
    """The difference of two groups' ratios, each (numerators, denominators) by member, by the delta method."""
    first, first_variance, first_rows = _delta(*map(_sample, treated))
    second, second_variance, second_rows = _delta(*map(_sample, control))
    error = float(np.sqrt(first_variance + second_variance))
    wide = float(stats.norm.ppf((1 + level) / 2)) * error
    difference = first - second
    return Difference(
        treated=first,
        control=second,
        difference=difference,
        low=difference - wide,
        high=difference + wide,
        p_value=_normal_p(difference, error),
        treated_rows=first_rows,
        control_rows=second_rows,
        level=level,
    )


def _sample(values: ArrayLike) -> Any:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or not np.isfinite(sample).all():
        raise ValueError("one number a member")
    if sample.size < 2:
        raise TooFew("at least two members in each group")
    return sample


def _welch(treated: Any, control: Any, level: float, *, kept: float) -> Difference:
    parts = [treated.var(ddof=1) / treated.size, control.var(ddof=1) / control.size]
    error = float(np.sqrt(sum(parts)))
    difference = float(treated.mean() - control.mean())
    if error:
        degrees = sum(parts) ** 2 / (parts[0] ** 2 / (treated.size - 1) + parts[1] ** 2 / (control.size - 1))
        wide = float(stats.t.ppf((1 + level) / 2, degrees)) * error
        p_value = float(2 * stats.t.sf(abs(difference) / error, degrees))
    else:
        wide, p_value = 0.0, 1.0 if difference == 0 else 0.0
    return Difference(
        treated=float(treated.mean()),
        control=float(control.mean()),
        difference=difference,
        low=difference - wide,
        high=difference + wide,
        p_value=p_value,
        treated_rows=treated.size,
        control_rows=control.size,
        level=level,
        variance_kept=kept,
    )


def _delta(over: Any, under: Any) -> tuple[float, float, int]:
    """The ratio of sums, its variance, and how many members."""
    if over.size != under.size:
        raise ValueError("a numerator and a denominator for every member")
    base = float(under.mean())
    if base == 0:
        raise TooFew("the denominators sum to nothing")
    value = float(over.mean()) / base
    return value, float((over - value * under).var(ddof=1)) / base**2 / over.size, over.size


def _normal_p(difference: float, error: float) -> float:
    if not error:
        return 1.0 if difference == 0 else 0.0
    return float(2 * stats.norm.sf(abs(difference) / error))
