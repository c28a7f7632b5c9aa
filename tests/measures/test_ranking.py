"""Recall and NDCG by hand and against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from regulars.insight.measures import api as measures
from regulars.insight.measures.types import TooFew


def test_recall_by_hand() -> None:
    # the first took a and d, a is among the first 2: 1/2; the second took b, found; the third took nothing: left out
    lists = [["a", "b", "d"], ["b"], ["a"]]
    assert measures.recall_at(lists, [["a", "d"], ["b"], []], k=2) == pytest.approx(0.75)


def test_a_thing_told_twice_counts_once() -> None:
    assert measures.recall_at([["a", "a", "b"]], [["b"]], k=2) == 1.0
    assert measures.ndcg_at([["a", "a", "b"]], [["b"]], k=2) == pytest.approx(1 / math.log2(3))


def test_ndcg_by_hand() -> None:
    # b at place 2 and d at 3 of the list, two taken: (1/log2 3 + 1/log2 4) / (1/log2 2 + 1/log2 3)
    expected = (1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3))
    assert measures.ndcg_at([["a", "b", "d"]], [["b", "d"]]) == pytest.approx(expected)


def test_ndcg_as_scikit_learn_says() -> None:
    chance = np.random.default_rng(3)
    score = chance.random((40, 30))
    taken = (chance.random((40, 30)) < 0.1).astype(int)
    taken[:, 0] = 1
    lists = [np.argsort(-row).tolist() for row in score]
    wanted = [np.flatnonzero(row).tolist() for row in taken]
    assert measures.ndcg_at(lists, wanted, k=10) == pytest.approx(ndcg_score(taken, score, k=10))


def test_nobody_took_anything() -> None:
    with pytest.raises(TooFew):
        measures.recall_at([["a"]], [[]])
