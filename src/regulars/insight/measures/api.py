"""The door of measures: how good a model was on what it was not trained on, and what an action brought. Pure.

Sides are given by member, the same member at the same place: numpy arrays, pandas columns or lists of numbers.
"""

from __future__ import annotations

from regulars.insight.measures.accuracy import (
    auc,
    classification,
    decile_of,
    deciles,
    forecast_accuracy,
    rank_correlation,
    reliability,
)
from regulars.insight.measures.experiments import cuped, difference_in_means, difference_in_ratios, ratio
from regulars.insight.measures.ranking import ndcg_at, recall_at
from regulars.insight.measures.splits import difference_in_shares, minimum_detectable, sample_ratio
from regulars.insight.measures.threads import threads_for

__all__ = [
    "auc",
    "classification",
    "cuped",
    "decile_of",
    "deciles",
    "difference_in_means",
    "difference_in_ratios",
    "difference_in_shares",
    "forecast_accuracy",
    "minimum_detectable",
    "ndcg_at",
    "rank_correlation",
    "ratio",
    "recall_at",
    "reliability",
    "sample_ratio",
    "threads_for",
]
