"""Incrementality, against scipy, statsmodels and simulation."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from regulars.insight.measures import api as measures
from regulars.insight.measures.types import TooFew


def test_welch_as_scipy_and_statsmodels_say() -> None:
    chance = np.random.default_rng(1)
    treated, control = chance.gamma(2, 30, 400), chance.gamma(2, 25, 150)
    found = measures.difference_in_means(treated, control)
    other = stats.ttest_ind(treated, control, equal_var=False)
    low, high = CompareMeans(DescrStatsW(treated), DescrStatsW(control)).tconfint_diff(usevar="unequal")
    assert found.difference == pytest.approx(treated.mean() - control.mean())
    assert found.p_value == pytest.approx(other.pvalue)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert (found.treated_rows, found.control_rows) == (400, 150)


def test_groups_that_do_not_vary() -> None:
    same = measures.difference_in_means([3, 3], [3, 3])
    assert (same.difference, same.low, same.high, same.p_value) == (0, 0, 0, 1)
    assert measures.difference_in_means([4, 4], [3, 3]).p_value == 0


def test_cuped_as_a_regression_on_group_and_pre_period_says() -> None:
    # least squares of y on group and x has the same slope of x: the difference is the group's coefficient
    chance = np.random.default_rng(2)
    before = chance.gamma(2, 50, 1000)
    group = np.arange(1000) % 3 == 0
    after = 0.8 * before + chance.normal(0, 20, 1000) + 5 * group
    found = measures.cuped(
        after[group], after[~group], treated_before=before[group], control_before=before[~group]
    )
    fitted = sm.OLS(after, np.column_stack([np.ones(1000), group, before])).fit()
    assert found.difference == pytest.approx(fitted.params[1])
    plain = measures.difference_in_means(after[group], after[~group])
    assert found.high - found.low < (plain.high - plain.low) * 0.6
    # partial r² of x given the group, by regression
    without = sm.OLS(after, np.column_stack([np.ones(1000), group])).fit()
    assert found.variance_kept == pytest.approx(fitted.ssr / without.ssr)


def test_cuped_where_the_pre_period_says_nothing() -> None:
    found = measures.cuped([1, 2, 3], [1, 2, 2], treated_before=[5, 5, 5], control_before=[5, 5, 5])
    plain = measures.difference_in_means([1, 2, 3], [1, 2, 2])
    assert found == plain


def test_delta_method_by_hand() -> None:
    # orders 2, 4 of visits 4, 4: 6 / 8. Residuals 2 - 3 and 4 - 3, variance 2, over 4² and 2 members: 1/16
    found = measures.ratio([2, 4], [4, 4])
    assert found.value == 0.75
    assert found.error == pytest.approx(0.25)
    assert found.high - found.value == pytest.approx(1.959964 * 0.25, abs=1e-5)


def test_delta_method_covers_as_often_as_it_says() -> None:
    chance = np.random.default_rng(5)
    covered = 0
    for _ in range(600):
        visits = 1 + chance.poisson(chance.gamma(2, 2, 300))
        found = measures.ratio(chance.poisson(3 * visits), visits)
        covered += found.low <= 3 <= found.high
    assert 0.93 <= covered / 600 <= 0.97


def test_difference_in_ratios_as_a_bootstrap_says() -> None:
    chance = np.random.default_rng(6)
    first = 1 + chance.poisson(4, 500)
    second = 1 + chance.poisson(4, 500)
    top, other = chance.poisson(2 * first), chance.poisson(1.8 * second)
    found = measures.difference_in_ratios((top, first), (other, second))
    drawn = []
    for _ in range(800):
        one, two = chance.integers(0, 500, 500), chance.integers(0, 500, 500)
        drawn.append(top[one].sum() / first[one].sum() - other[two].sum() / second[two].sum())
    assert found.difference == pytest.approx(top.sum() / first.sum() - other.sum() / second.sum())
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(np.std(drawn), rel=0.1)


def test_refuses_groups_of_one() -> None:
    with pytest.raises(TooFew):
        measures.difference_in_means([1], [1, 2])
    with pytest.raises(ValueError, match="before and one after"):
        measures.cuped([1, 2], [1, 2], treated_before=[1, 2, 3], control_before=[1, 2])
