"""What behaviour says of spending ahead: gradient-boosted trees on counts, gaps, coupons, breadth and visits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regulars.insight.lifetime.types import Numbers, Sample
from regulars.insight.measures import api as measures

_MOST_ROWS = 200_000  # to learn from; more of them change nothing that can be seen
_SEED = 7


class Learned:
    """A model of what members spend within the horizon, learnt from samples whose horizon has passed.

    Poisson's loss on spending over its mean: forecasts are positive, their sum is right, and a big spender does not
    outweigh a hundred others as with squared errors.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        from sklearn.ensemble import HistGradientBoostingRegressor

        self.names = tuple(samples[0].behaviour)
        rows = np.concatenate([matrix(one, self.names) for one in samples])
        came = np.concatenate([np.asarray(one.came) for one in samples])
        if rows.shape[0] > _MOST_ROWS:
            some = np.random.default_rng(_SEED).choice(rows.shape[0], _MOST_ROWS, replace=False)
            rows, came = rows[some], came[some]
        rows[:, np.isnan(rows).all(axis=0)] = (
            0  # what is known of nobody teaches nothing; trees would refuse it
        )
        self.unit = float(came.mean()) or 1.0
        self.rows = rows.shape[0]
        with measures.threads_for(self.rows):
            self._trees = HistGradientBoostingRegressor(
                loss="poisson",
                max_iter=150,
                learning_rate=0.06,
                max_leaf_nodes=15,
                min_samples_leaf=max(20, min(200, rows.shape[0] // 100)),
                l2_regularization=1.0,
                random_state=_SEED,
            ).fit(rows, came / self.unit)

    def forecast(self, sample: Sample) -> Numbers:
        """What each member of the sample is expected to spend within the horizon."""
        rows = matrix(sample, self.names)
        with measures.threads_for(rows.shape[0]):
            return np.asarray(self._trees.predict(rows), dtype=np.float64) * self.unit


def matrix(sample: Sample, names: Sequence[str]) -> Any:
    """The behaviour of a sample's members, a column a name; what is not known of a member is NaN."""
    behaviour: Mapping[str, Numbers] = sample.behaviour
    return np.column_stack([np.asarray(behaviour[name], dtype=np.float32) for name in names])
