"""Gradient-boosted trees for a purchase within a horizon, calibrated on a later slice of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regulars.insight.churn.types import Numbers, Sample
from regulars.insight.measures import api as measures

_SEED = 7
_SUREST = 1e-3  # nobody is told to be surer than one in a thousand
_MOST_ROWS = 400_000  # to learn from; more of them move no figure that anybody sees
_ISOTONIC_FROM = 1000  # members in the slice: steps of fewer are noise


class Model:
    """The chance of a purchase within `horizon` days.

    Learnt on samples, calibrated on a later one whose days no sample's horizon reaches into. Classes are never
    weighted: the chances have to be right, not the classes even.
    """

    def __init__(self, horizon: int, samples: Sequence[Sample], later: Sample) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        self.horizon = horizon
        self.names = tuple(later.fields)
        came = np.concatenate([one.next_in < horizon for one in samples])
        self.rows = min(came.size, _MOST_ROWS)
        if came.size > _MOST_ROWS:
            some = np.random.default_rng(_SEED).choice(came.size, _MOST_ROWS, replace=False)
            rows, came = _of_all(samples, self.names, some), came[some]
        else:
            rows = np.concatenate([matrix(one, self.names) for one in samples])
        rows[:, np.isnan(rows).all(axis=0)] = (
            0  # what is known of nobody teaches nothing; trees would refuse it
        )
        with measures.threads_for(self.rows):
            self._trees = HistGradientBoostingClassifier(
                max_iter=100,
                learning_rate=0.08,
                max_leaf_nodes=15,
                min_samples_leaf=max(20, min(200, rows.shape[0] // 200)),
                l2_regularization=1.0,
                early_stopping=False,
                random_state=_SEED,
            ).fit(rows, came)
        self.calibration = Calibration(self.log_odds(matrix(later, self.names)), later.next_in < horizon)

    def log_odds(self, rows: Any) -> Numbers:
        """Log-odds of a purchase as learnt, before calibration."""
        with measures.threads_for(rows.shape[0]):
            return np.asarray(self._trees.decision_function(rows), dtype=np.float64)

    def chance(self, sample: Sample) -> Numbers:
        """The calibrated chance of a purchase within the horizon, by member."""
        return self.calibration.chance(self.log_odds(matrix(sample, self.names)))


class Calibration:
    """From log-odds as learnt to chances as they came: a sigmoid (Platt 1999) or isotonic steps (Zadrozny and Elkan
    2002), whichever has the lower log loss on the half of the slice it was not fitted to."""

    def __init__(self, log_odds: Numbers, came: Any) -> None:
        came = np.asarray(came, dtype=np.float64)
        self.kind = "sigmoid"
        if came.size >= _ISOTONIC_FROM and 50 < came.sum() < came.size - 50:
            half = np.random.default_rng(_SEED).permutation(came.size)
            first, second = half[: came.size // 2], half[came.size // 2 :]
            losses = {}
            for kind in ("sigmoid", "isotonic"):
                self._fit(kind, log_odds[first], came[first])
                losses[kind] = measures.classification(came[second], self.chance(log_odds[second])).log_loss
            self.kind = min(losses, key=lambda kind: losses[kind])
        self._fit(self.kind, log_odds, came)

    def _fit(self, kind: str, log_odds: Numbers, came: Numbers) -> None:
        from sklearn.isotonic import IsotonicRegression
        from sklearn.linear_model import LogisticRegression

        self._fitted: Any
        if kind == "isotonic":
            self._fitted = IsotonicRegression(out_of_bounds="clip").fit(log_odds, came)
        elif 0 < came.sum() < came.size:
            self._fitted = LogisticRegression(C=1e4).fit(log_odds[:, None], came)
        else:
            self._fitted = None
        self._kind = kind

    def chance(self, log_odds: Numbers) -> Numbers:
        if self._fitted is None:
            said = 1 / (1 + np.exp(-log_odds))
        elif self._kind == "isotonic":
            said = self._fitted.predict(log_odds)
        else:
            said = self._fitted.predict_proba(log_odds[:, None])[:, 1]
        return np.asarray(np.clip(said, _SUREST, 1 - _SUREST), dtype=np.float64)


def matrix(sample: Sample, names: Sequence[str]) -> Any:
    """The fields of a sample's members, a column a name; what is not known of a member is NaN."""
    return np.column_stack([np.asarray(sample.fields[name], dtype=np.float32) for name in names])


def _of_all(samples: Sequence[Sample], names: Sequence[str], some: Any) -> Any:
    """These rows of all samples one after the other, without making the others."""
    found = np.empty((len(some), len(names)), dtype=np.float32)
    ends = np.cumsum([one.members for one in samples])
    of = np.searchsorted(ends, some, side="right")
    for number, (sample, end) in enumerate(zip(samples, ends.tolist(), strict=True)):
        mine = np.flatnonzero(of == number)
        at = some[mine] - (end - sample.members)
        for column, name in enumerate(names):
            found[mine, column] = np.asarray(sample.fields[name])[at]
    return found
