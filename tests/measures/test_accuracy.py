"""Measures of amounts and probabilities, against scipy, scikit-learn and figures reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from regulars.insight.measures import api as measures
from regulars.insight.measures.types import TooFew


def test_error_bias_and_rank_by_hand() -> None:
    # off by 2, 1, 0, 5 = 8 over 4 members and over 20 of what came; forecasts sum to 18: 10 % too low
    found = measures.forecast_accuracy([4, 2, 0, 14], [6, 3, 0, 9])
    assert found.error == 2.0
    assert found.error_share == pytest.approx(0.4)
    assert found.bias == pytest.approx(-0.1)
    assert found.rank == pytest.approx(1.0)
    assert found.rows == 4


def test_nothing_came_is_no_bias() -> None:
    found = measures.forecast_accuracy([0, 0], [1, 3])
    assert (found.error, found.error_share, found.bias, found.rank) == (2.0, None, None, None)


def test_deciles_by_hand() -> None:
    # forecasts 20…1, what came equals the forecast: the best tenth is 20 and 19
    said = np.arange(1, 21)
    table = measures.deciles(said, said)
    assert [one.decile for one in table] == list(range(1, 11))
    assert table[0].actual == table[0].forecast == 19.5
    assert table[0].share == pytest.approx(39 / 210)
    assert sum(one.share for one in table) == pytest.approx(1)
    assert measures.decile_of(said).tolist() == [10, 10, 9, 9, 8, 8, 7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


def test_equal_scores_share_a_decile() -> None:
    assert set(measures.decile_of([5] * 7).tolist()) == {1}
    assert measures.decile_of([]).tolist() == []


def test_auc_by_hand() -> None:
    # of 2 × 2 pairs of a yes and a no: 0.8 > 0.4, 0.8 > 0.1, 0.4 = 0.4 (half), 0.4 > 0.1
    assert measures.auc([1, 1, 0, 0], [0.8, 0.4, 0.4, 0.1]) == pytest.approx(3.5 / 4)
    assert measures.auc([1, 1], [0.2, 0.4]) is None


def test_calibration_error_by_hand() -> None:
    # two said 0.25 of whom one came (off 0.25), two said 0.95 of whom both came (off 0.05): mean 0.15
    found = measures.classification([1, 0, 1, 1], [0.25, 0.25, 0.95, 0.95])
    assert found.calibration_error == pytest.approx(0.15)
    bins = measures.reliability([1, 0, 1, 1], [0.25, 0.25, 0.95, 0.95])
    assert [(one.rows, one.forecast, one.actual) for one in bins] == [(2, 0.25, 0.5), (2, 0.95, 1.0)]
    assert bins[0].low == pytest.approx(0.2)


@given(seed=st.integers(0, 10_000), rows=st.integers(20, 200), steps=st.sampled_from([3, 10, 1000]))
def test_as_other_libraries_say(seed: int, rows: int, steps: int) -> None:
    chance = np.random.default_rng(seed)
    said = chance.integers(0, steps + 1, rows) / steps
    came = (chance.random(rows) < 0.2 + 0.6 * said).astype(int)
    came[:2] = 0, 1
    amount = chance.poisson(5 * said)
    found = measures.classification(came, said)
    assert found.auc == pytest.approx(roc_auc_score(came, said))
    assert found.brier == pytest.approx(brier_score_loss(came, said))
    assert found.log_loss == pytest.approx(log_loss(came, np.clip(said, 1e-15, 1 - 1e-15)))
    if len(set(amount)) > 1 and len(set(said)) > 1:
        assert measures.rank_correlation(amount, said) == pytest.approx(spearmanr(amount, said).statistic)


def test_reliability_as_scikit_learn_says() -> None:
    chance = np.random.default_rng(7)
    said = chance.random(5000)
    came = (chance.random(5000) < said).astype(int)
    for equal, strategy in ((False, "uniform"), (True, "quantile")):
        bins = measures.reliability(came, said, equal_rows=equal)
        actual, forecast = calibration_curve(came, said, n_bins=10, strategy=strategy)
        assert [one.actual for one in bins] == pytest.approx(actual.tolist())
        assert [one.forecast for one in bins] == pytest.approx(forecast.tolist())
    assert measures.classification(came, said).calibration_error < 0.02


@pytest.mark.parametrize(
    ("actual", "forecast", "error"),
    [([], [], TooFew), ([1], [1, 2], ValueError), ([1], [float("nan")], ValueError)],
)
def test_refuses_what_cannot_be_measured(actual: list[float], forecast: list[float], error: type) -> None:
    with pytest.raises(error):
        measures.forecast_accuracy(actual, forecast)


def test_refuses_what_is_no_probability() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        measures.classification([1, 0], [1.2, 0])
