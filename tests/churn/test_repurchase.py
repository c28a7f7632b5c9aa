"""When members buy in a category again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from regulars.insight.churn import api as churn
from regulars.insight.churn.repurchase import Usual, usual_gaps, waits
from regulars.insight.churn.types import Pairs


def one_pair(gaps: list[float], since: float, category: int = 0) -> Pairs:
    logs = np.log(gaps)
    return Pairs(
        member=np.array([0]),
        category=np.array([category]),
        gaps=np.array([float(len(gaps))]),
        mean_log=np.array([logs.mean()]),
        spread_log=np.array([((logs - logs.mean()) ** 2).sum()]),
        since=np.array([since]),
    )


def test_few_gaps_are_drawn_towards_the_category_by_hand() -> None:
    # the category's middle gap is 20 days and weighs as two gaps; hers was 5 once: (log 5 + 2 log 20) / 3 = log 12.6
    usual = Usual(np.log([20.0]), np.array([0.5]), np.array([2.0]))
    gap, _ = waits(one_pair([5], since=0), usual)
    assert gap[0] == pytest.approx(12.599, abs=0.001)
    # twelve gaps of 5 days outweigh it: (12 log 5 + 2 log 20) / 14 = log 6.095
    gap, _ = waits(one_pair([5] * 12, since=0), usual)
    assert gap[0] == pytest.approx(6.095, abs=0.001)


def test_who_is_overdue_is_expected_later_by_hand() -> None:
    # middle gap 10, spread s = 0.5 sqrt(1 + 1/1000.. ) ~ 0.5; after 10 days half of the gaps are over, the median of
    # what is left is the 75th percentile: 10 exp(0.5 * 0.6745) = 14.01, 4 days from now
    usual = Usual(np.log([10.0]), np.array([0.5]), np.array([1e6]))
    _, left = waits(one_pair([10], since=10), usual)
    assert left[0] == pytest.approx(4.01, abs=0.01)
    _, fresh = waits(one_pair([10], since=0), usual)
    assert fresh[0] == pytest.approx(10, abs=0.05)


def shoppers(members: int = 800, seed: int = 1) -> tuple[Pairs, Pairs, Any]:
    """Members with a rhythm of their own in two categories, 10 and 40 days in the middle, as seen on day 200."""
    rng = np.random.default_rng(seed)
    rows = []
    for member in range(members):
        for category, middle in enumerate((10, 40)):
            own = np.log(middle) + rng.normal(0, 0.4)
            days = np.cumsum(np.exp(own + rng.normal(0, 0.5, 400))) - rng.uniform(0, 40)
            before, after = days[(days >= 0) & (days < 200)], days[days >= 200]
            if len(before) < 2:
                continue
            logs = np.log(np.diff(before))
            rows.append(
                (member, category, len(logs), logs.mean(), ((logs - logs.mean()) ** 2).sum(), 200 - before[-1],
                 after[0] - 200)
            )  # fmt: skip
    table = np.array(rows)
    columns = (table[:, 0].astype(int), table[:, 1].astype(int), *table[:, 2:6].T)
    return Pairs(*columns), Pairs(*columns, next_in=table[:, 6]), table


def test_moments_find_what_was_drawn() -> None:
    today, _, _ = shoppers()
    usual = usual_gaps(today, 2)
    assert np.exp(usual.mean) == pytest.approx([10, 40], rel=0.12)
    assert usual.spread == pytest.approx([0.5, 0.5], rel=0.15)
    # 0.5² within over 0.4² between
    assert usual.weight[0] == pytest.approx(0.25 / 0.16, rel=0.35)


def test_due_dates_beat_the_category_and_the_member_alone() -> None:
    today, earlier, _ = shoppers()
    found = churn.due(today=today, members=800, categories=2, earlier=earlier)
    test = found.metrics["test"]
    assert test["model"]["error_days"] < test["category"]["error_days"]
    assert test["model"]["error_days"] < test["own"]["error_days"]
    assert test["model"]["hit"] > test["rate"] + 0.1
    assert test["model"]["hit_alike"] >= test["category"]["hit_alike"]
    # the category bought every ten days is nearly always next
    assert (found.category == 0).mean() > 0.85


def test_who_stopped_buying_in_a_category_is_not_told_of_it() -> None:
    found = churn.due(today=one_pair([10, 10, 10], since=120), members=2, categories=1)
    assert found.category.tolist() == [-1, -1]
    assert np.isnan(found.in_days).all()


def test_nobody_bought_twice() -> None:
    none = Pairs(*(np.zeros(0, int) for _ in range(2)), *(np.zeros(0) for _ in range(4)))
    found = churn.due(today=none, members=3, categories=0)
    assert found.category.tolist() == [-1, -1, -1]
