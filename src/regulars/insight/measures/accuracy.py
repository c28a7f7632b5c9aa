"""Amounts and probabilities against what came."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regulars.insight.measures.types import Bin, Classification, Decile, Forecast, TooFew

Numbers = NDArray[np.float64]
_NEVER_SURER = 1e-15  # a probability of exactly 0 or 1 that is wrong would cost without end


def pair(actual: ArrayLike, forecast: ArrayLike) -> tuple[Numbers, Numbers]:
    """Both as arrays of one length. Refuses none, different lengths and what is no number."""
    first, second = np.asarray(actual, dtype=np.float64), np.asarray(forecast, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"one figure a member on both sides: {first.shape} and {second.shape}")
    if not first.size:
        raise TooFew("no members")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("figures must be numbers")
    return first, second


def rank_correlation(actual: ArrayLike, forecast: ArrayLike) -> float | None:
    """Spearman's rank correlation, ties sharing their mean rank; None where one side does not vary."""
    left, right = (_ranks(side) for side in pair(actual, forecast))
    left, right = left - left.mean(), right - right.mean()
    size = float(np.sqrt((left @ left) * (right @ right)))
    return float(left @ right) / size if size else None


def forecast_accuracy(actual: ArrayLike, forecast: ArrayLike) -> Forecast:
    """Error, bias and rank correlation of forecasts of an amount."""
    came, said = pair(actual, forecast)
    missed, total = float(np.abs(came - said).sum()), float(came.sum())
    return Forecast(
        rows=came.size,
        error=missed / came.size,
        error_share=missed / total if total else None,
        bias=float(said.sum()) / total - 1 if total else None,
        rank=rank_correlation(came, said),
    )


def deciles(actual: ArrayLike, forecast: ArrayLike, *, parts: int = 10) -> tuple[Decile, ...]:
    """Members in tenths by forecast, the highest first; equal forecasts keep the order they came in."""
    came, said = pair(actual, forecast)
    total = float(came.sum())
    pieces = np.array_split(np.argsort(-said, kind="stable"), min(parts, came.size))
    return tuple(
        Decile(
            decile=number,
            rows=rows.size,
            forecast=float(said[rows].mean()),
            actual=float(came[rows].mean()),
            share=float(came[rows].sum()) / total if total else 0.0,
        )
        for number, rows in enumerate(pieces, 1)
    )


def decile_of(score: ArrayLike, *, parts: int = 10) -> NDArray[np.int16]:
    """The tenth each score falls in, 1 the highest; equal scores share the better one."""
    scores = np.asarray(score, dtype=np.float64)
    if not scores.size:
        return np.zeros(0, np.int16)
    above = scores.size - np.searchsorted(np.sort(scores), scores, side="right")
    return (above * parts // scores.size + 1).astype(np.int16)


def auc(actual: ArrayLike, score: ArrayLike) -> float | None:
    """Area under the ROC curve by ranks (Mann and Whitney), ties counting half; None where answers are alike."""
    came, said = pair(actual, score)
    yes = came > 0
    many = int(yes.sum())
    if many in (0, came.size):
        return None
    return float((_ranks(said)[yes].sum() - many * (many + 1) / 2) / (many * (came.size - many)))


def classification(actual: ArrayLike, probability: ArrayLike) -> Classification:
    """AUC, Brier score, log loss and calibration error of probabilities of a yes."""
    came, said = pair(actual, probability)
    if not ((said >= 0) & (said <= 1)).all():
        raise ValueError("probabilities lie between 0 and 1")
    came = (came > 0).astype(np.float64)
    safe = np.clip(said, _NEVER_SURER, 1 - _NEVER_SURER)
    bins = reliability(came, said)
    return Classification(
        rows=came.size,
        rate=float(came.mean()),
        auc=auc(came, said),
        brier=float(((came - said) ** 2).mean()),
        log_loss=float(-(came * np.log(safe) + (1 - came) * np.log1p(-safe)).mean()),
        calibration_error=sum(abs(one.forecast - one.actual) * one.rows for one in bins) / came.size,
    )


def reliability(
    actual: ArrayLike, probability: ArrayLike, *, parts: int = 10, equal_rows: bool = False
) -> tuple[Bin, ...]:
    """Probabilities in bins of equal width (or of equally many members): what was said and what came.

    Empty bins are left out.
    """
    came, said = pair(actual, probability)
    came = (came > 0).astype(np.float64)
    if equal_rows:
        edges = np.unique(np.quantile(said, np.linspace(0, 1, parts + 1)))
    else:
        edges = np.linspace(0, 1, parts + 1)
    if edges.size < 2:
        return (Bin(float(said[0]), float(said[0]), said.size, float(said[0]), float(came.mean())),)
    place = np.clip(np.searchsorted(edges, said, side="right") - 1, 0, edges.size - 2)
    rows = np.bincount(place, minlength=edges.size - 1)
    said_in = np.bincount(place, weights=said, minlength=edges.size - 1)
    came_in = np.bincount(place, weights=came, minlength=edges.size - 1)
    return tuple(
        Bin(
            low=float(edges[n]),
            high=float(edges[n + 1]),
            rows=int(rows[n]),
            forecast=float(said_in[n] / rows[n]),
            actual=float(came_in[n] / rows[n]),
        )
        for n in range(edges.size - 1)
        if rows[n]
    )


def _ranks(values: Any) -> Numbers:
    """Ranks from 1, ties sharing their mean."""
    order = np.argsort(values, kind="stable")
    _, first, many = np.unique(values[order], return_index=True, return_counts=True)
    ranks = np.empty(values.size)
    ranks[order] = np.repeat(first + (many + 1) / 2, many)
    return ranks
