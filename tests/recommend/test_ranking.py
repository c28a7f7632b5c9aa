"""The order of discover: what it is learnt from, reckoned by hand; factors instead of EASE where the extra is there."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sparse
from tests.recommend.test_pure import SMALL, bought, halves

from regulars.insight.recommend import again, discover, evaluation, learning, ranking
from regulars.insight.recommend.types import Purchases


def test_what_was_bought_and_tried_lately_is_counted_by_member() -> None:
    # day 100 is to come. Thing 0: by member 0 long ago and last week, by 1 lately; thing 1: by 1 last week
    rows = [(0, 0, 10), (0, 0, 95), (1, 0, 60), (1, 0, 70), (1, 1, 99), (2, 1, 20), (0, 1, 100)]
    purchases = bought(rows, members=3, items=2, days=101)
    shelves = ranking.shelves_of(purchases, np.array([1, 0]), end=100)
    # in the order of the columns, thing 1 first: bought in a week, in eight, tried in three, by whom ever
    assert np.exp(shelves.counts) - 0.5 == pytest.approx(np.array([[1, 1], [1, 2], [1, 0], [2, 2]]), abs=1e-5)
    assert [usual.tolist() for usual in shelves.usual] == [[1.0], [1.0]]  # nobody says of what shelf they are


def test_affinity_is_her_share_of_a_shelf_against_the_usual_one() -> None:
    # member 0 bought 3 of shelf 0 and 1 of shelf 1; member 1 nothing. Usual: a half each
    pairs = again.Pairs(
        np.array([0, 0]), np.array([0, 1]), *(np.zeros(2, "int64"),) * 3,
        (np.zeros(2, "float32"), np.array([3, 1], "float32")),
    )  # fmt: skip
    usual = np.array([0.5, 0.5], "float32")
    found = ranking._affinity(np.array([0, 1]), usual, pairs, 2)
    assert np.exp(found) - 0.01 == pytest.approx(np.array([[4 / 6 * 2, 2 / 6 * 2], [1, 1]]), abs=1e-5)


def test_top_of_candidates_is_by_score_and_ends_with_them() -> None:
    finds = discover.DiscoverModel(np.array([7, 5, 3, 9]), None, np.zeros(4), 1.0, 0, SMALL)
    row, column = np.array([0, 0, 2]), np.array([0, 1, 3])
    found = ranking.top(row, column, np.array([0.1, 0.7, -2.0], "float32"), finds, 3)
    assert found.items.tolist() == [[5, 7, -1], [-1, -1, -1], [9, -1, -1]]
    assert found.scores[0].tolist() == pytest.approx([0.7, 0.1, 0])


def tasters(shelves: bool) -> Purchases:
    """Each buys one of four shelves of thirty things, every week two that she never had, and one from anywhere."""
    random = np.random.default_rng(6)
    rows = []
    for member in range(160):
        own = list(member % 4 + 4 * random.permutation(30))
        for week in range(26):
            day = week * 7 + member % 7
            fresh = own[week % 15 * 2 : week % 15 * 2 + 2]
            rows += [(member, int(i), day) for i in fresh] + [(member, int(random.integers(120)), day)]
    every = np.arange(120)
    purchases = bought(rows, members=160, items=120, days=182)
    of = (every % 4, every % 2) if shelves else None
    return Purchases(purchases.keys, 160, 120, 182, of)


@pytest.mark.parametrize("shelves", [True, False])
def test_what_is_learnt_puts_first_what_she_tries(shelves: bool) -> None:
    purchases = tasters(shelves)
    end, first, until = 70, 40, 120
    learnt = learning.learn(purchases, end=end - 28, tuning=SMALL)
    assert learnt.order is not None and learnt.finds is not None and learnt.finds.end == end - 28
    named = dict(zip(ranking.TRAITS, learnt.order.weights.tolist(), strict=True))
    if shelves:
        assert named["category"] + named["category_tried"] > 0
    finds = discover.fit(purchases, end=end, tuning=SMALL)
    assert finds is not None
    model = again.model_as_of(purchases, learnt.again, end=end, tuning=SMALL)
    share = again.share_of(purchases, first, until, model)
    pairs, _ = again.score(purchases, first, until, model, share=share)
    tastes = discover.tastes(purchases, first, until, finds)
    order = ranking.order_as_of(purchases, finds, learnt.order)
    given = {"pairs": pairs, "share": share, "tastes": tastes}
    found = ranking.ranked(purchases, first, until, order=order, **given)
    own = []
    for member in range(first, until):
        _, had, day = purchases.part(member, member + 1)
        items = found.items[member - first]
        shown = items[items >= 0]
        assert not set(shown) & set(had[day < end])
        assert len(set(shown.tolist())) == len(shown)
        own.append((shown[:5] % 4 == member % 4).mean())
    assert np.mean(own) > 0.9
    # scores are the traits, taken from their means, by their spreads and weighed
    row, column, traits = ranking.traits_of(purchases, first, until, order=order, **given)
    fitted = learnt.order
    weighed = (traits.astype("float64") - fitted.mean) / fitted.spread @ fitted.weights
    where = {(r, int(i)): s for r, i, s in zip(row.tolist(), finds.columns[column], weighed, strict=True)}
    for member in range(until - first):
        for item, score in zip(found.items[member].tolist(), found.scores[member].tolist(), strict=True):
            if item >= 0:
                assert score == pytest.approx(where[member, item], abs=1e-4)
        kept = (found.items[member] >= 0).sum()
        best = sorted((s for (r, _), s in where.items() if r == member), reverse=True)[:kept]
        assert found.scores[member][:kept].tolist() == pytest.approx(best, abs=1e-4)
    # where nothing was learnt, as discover alone has it
    plain = ranking.ranked(
        purchases, first, until, order=ranking.order_as_of(purchases, finds, None), **given
    )
    assert plain.items.tolist() == discover.top(tastes, finds).items.tolist()
    # a chunk's size changes nothing
    few = {"pairs": again.pairs_of(purchases, first, first + 9, end=end, half_lives=SMALL.half_lives)}
    few["share"] = again.share_of(purchases, first, first + 9, model)
    few["tastes"] = discover.tastes(purchases, first, first + 9, finds)
    assert ranking.ranked(purchases, first, first + 9, order=order, **few).items.tolist() == (
        found.items[:9].tolist()
    )
    again_with = evaluation.evaluate(purchases, end=end, tuning=SMALL, finds=finds).results["new"]
    assert again_with == evaluation.evaluate(purchases, end=end, tuning=SMALL).results["new"]
    assert again_with["model"].ndcg > 2 * again_with["popular"].ndcg


def test_too_little_taken_teaches_no_order() -> None:
    purchases = bought(
        [(m, m % 25, d) for m in range(30) for d in (1, 30, 60)], members=30, items=25, days=90
    )
    learnt = learning.learn(purchases, end=62, tuning=SMALL)
    assert learnt.order is None


def test_shares_are_looked_up_where_they_stand() -> None:
    matrix = sparse.csr_matrix(np.arange(12, dtype="float32").reshape(4, 3))
    found = again.looked_up(matrix, np.array([0, 1, 1, 3]), np.array([2, 0, 2, 1]))
    assert found.tolist() == [2, 3, 5, 10]


@pytest.fixture
def extra() -> None:
    pytest.importorskip(
        "implicit", reason="implicit is not installed: pip install -r requirements/factors.txt"
    )


def test_factors_offer_the_own_half_and_nothing_she_had(extra: None) -> None:
    purchases = halves()
    model = discover.fit(purchases, end=140, tuning=SMALL, factor=True)
    assert model is not None and isinstance(model.weights, discover.Factors)
    tastes = discover.tastes(purchases, 0, 60, model)
    lists = discover.top(tastes, model, kept=5)
    for member in range(60):
        _, had, _ = purchases.part(member, member + 1)
        shown = lists.items[member][lists.items[member] >= 0]
        assert not set(shown) & set(had)
        assert (shown // 20 == member % 2).all()
    assert (discover.because(tastes, model, lists) == -1).all()
    # by hand: (YᵀY + Yᵀ(C − 1)Y + λ)⁻¹ YᵀC of the first member, whose things weigh 1 + what she likes them
    y = model.weights.items.astype("float64")
    x = tastes[0].toarray()[0]
    weight = np.where(x > 0, 1 + discover._CONFIDENCE * x, 0)
    a = y.T @ y + (y * (np.where(x > 0, weight, 1) - 1)[:, None]).T @ y
    hers = np.linalg.solve(a + discover._FACTORS_PENALTY * np.eye(y.shape[1]), y.T @ weight)
    assert discover._product(tastes, model.weights)[0] == pytest.approx(y @ hers, abs=1e-4)


def test_factors_take_over_where_there_are_too_many_things(
    extra: None, recwarn: pytest.WarningsRecorder
) -> None:
    from dataclasses import replace

    tuning = replace(SMALL, discover_items=30)  # of forty
    model = discover.fit(halves(), end=140, tuning=tuning)
    assert model is not None and isinstance(model.weights, discover.Factors) and len(model.columns) == 40
    assert not [one for one in recwarn if "OpenBLAS" in str(one.message)]
    found = evaluation.evaluate(tasters(True), end=70, tuning=tuning).results["new"]
    assert found["model"].ndcg > found["popular"].ndcg
