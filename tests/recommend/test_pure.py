"""The lists on small data, reckoned by hand or by another way; the model learns what is in the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.insight.recommend import again, discover, due, evaluation, together
from regulars.insight.recommend.types import Gate, Purchases, Shop, Tuning

SMALL = Tuning(chunk=7, crowd=50, neighbours=5, discover_share=0.0)


def bought(rows: list[tuple[int, int, int]], *, members: int, items: int, days: int) -> Purchases:
    member, item, day = zip(*rows, strict=True)
    return Purchases.of(member=member, item=item, day=day, members=members, items=items, days=days)


def test_purchases_are_kept_once_and_read_by_part() -> None:
    purchases = bought([(1, 2, 5), (0, 1, 3), (1, 2, 5), (1, 0, 9)], members=2, items=3, days=10)
    assert [c.tolist() for c in purchases.part(0, 2)] == [[0, 1, 1], [1, 0, 2], [3, 9, 5]]
    assert [c.tolist() for c in purchases.part(1, 2, before=9)] == [[0], [2], [5]]
    assert purchases.buyers().tolist() == [1, 1, 1]
    again_and_others = bought([(0, 1, 3), (0, 1, 5), (1, 1, 5), (1, 0, 9)], members=2, items=3, days=10)
    assert again_and_others.buyers().tolist() == [1, 2, 0]


def test_pairs_count_days_and_decay() -> None:
    # one thing on days 0 and 10, seen from day 20 with a half-life of 10 days: 0.5² + 0.5¹ = 0.75
    purchases = bought([(0, 0, 0), (0, 0, 10), (0, 1, 20)], members=1, items=2, days=21)
    pairs = again.pairs_of(purchases, 0, 1, end=20, half_lives=(10.0,))
    assert (pairs.item.tolist(), pairs.times.tolist(), pairs.first.tolist(), pairs.last.tolist()) == (
        [0], [2], [0], [10],
    )  # fmt: skip
    assert pairs.decayed[0].tolist() == pytest.approx([0.75])


def test_logistic_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(1)
    x = np.column_stack([random.normal(size=(400, 3)), np.ones(400)]).astype("float32")
    y = (random.random(400) < 1 / (1 + np.exp(-(x @ [1.0, -2.0, 0.5, -0.3])))).astype("float32")
    theirs = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-8).fit(x, y).coef_[0]
    assert again.logistic(x, y) == pytest.approx(theirs, abs=2e-3)


def test_ease_is_the_closed_form() -> None:
    random = np.random.default_rng(2)
    rows = [(m, int(i), 50) for m in range(40) for i in random.choice(30, 8, replace=False)]
    purchases = bought(rows, members=40, items=30, days=51)
    columns, _ = discover.columns_of(purchases, end=51, tuning=SMALL)
    x = discover.taste(purchases, 0, 40, columns, end=51, life=60.0).toarray().astype("float64")
    p = np.linalg.inv(x.T @ x + 2.0 * np.sqrt(40) * np.eye(len(columns)))
    expected = -p / np.diag(p)[None, :]
    np.fill_diagonal(expected, 0)
    assert discover._ease(purchases, columns, 51, SMALL) == pytest.approx(expected, abs=1e-4)


def halves() -> Purchases:
    """Two kinds of members: the even buy things 0–19, the odd 20–39, each most of her own half, over and over."""
    random = np.random.default_rng(3)
    rows = []
    for member in range(60):
        own = member % 2 * 20 + random.choice(20, 14, replace=False)
        rows += [(member, int(i), int(d)) for i in own for d in random.integers(0, 140, 6)]
    return bought(rows, members=60, items=40, days=140)


@pytest.mark.parametrize("dense_up_to", [50_000, 0])
def test_discover_offers_the_own_half_and_nothing_she_had(monkeypatch, dense_up_to: int) -> None:
    monkeypatch.setattr(discover, "_DENSE_UP_TO", dense_up_to)
    purchases = halves()
    model = discover.fit(purchases, end=140, tuning=SMALL)
    assert model is not None
    liked = discover.tastes(purchases, 0, 60, model)
    lists = discover.top(liked, model, kept=5)
    why = discover.because(liked, model, lists)
    for member in range(60):
        _, had, _ = purchases.part(member, member + 1)
        shown = lists.items[member][lists.items[member] >= 0]
        assert not set(shown) & set(had)
        assert (shown // 20 == member % 2).all()
        speaking = why[member][: len(shown)]
        assert set(speaking[speaking >= 0]) <= set(had)
    # whichever of hers counts most for the first thing of the first list, reckoned by hand
    tastes = discover.taste(purchases, 0, 1, model.columns, end=140, life=60.0).toarray()[0]
    to = int(np.flatnonzero(model.columns == lists.items[0, 0])[0])
    weights = model.weights.table if dense_up_to == 0 else model.weights
    assert why[0, 0] == model.columns[int((tastes * weights[:, to]).argmax())]


def test_very_many_members_teach_by_equally_spaced_pieces() -> None:
    assert discover._starts(60, 7) == list(range(0, 60, 7))
    assert discover._starts(1_000_000, 20_000)[:2] == [0, 100_000]  # ten of fifty, the last among them
    assert (
        len(discover._starts(1_000_000, 20_000)) == 10 and discover._starts(1_000_000, 20_000)[-1] == 980_000
    )


def test_neighbours_are_of_the_own_half_and_never_oneself() -> None:
    purchases = halves()
    items = again.item_traits(purchases, end=140, tuning=SMALL)
    crowd = again.crowd_of(purchases, end=140, items=items, tuning=SMALL)
    tastes = again.tastes_of(purchases, 0, 60, end=140, items=items, tuning=SMALL)
    share = again.neighbours_share(tastes, 0, crowd, SMALL).toarray()
    assert share[0, 20:].sum() == 0
    assert share[1, :20].sum() == 0
    alike, how = together.similar_members(purchases, np.array([0, 2]), tuning=SMALL, limit=28)
    assert {int(m) % 2 for m in alike} == {0}
    assert not {0, 2} & set(alike.tolist())
    assert (np.diff(how) <= 0).all()


def test_what_is_bought_weekly_comes_before_what_was_bought_once() -> None:
    random = np.random.default_rng(4)
    rows = []
    for member in range(80):
        rows += [(member, member % 5, d) for d in range(member % 7, 196, 7)]  # weekly
        rows += [(member, int(5 + random.integers(25)), int(random.integers(0, 196))) for _ in range(12)]
    purchases = bought(rows, members=80, items=30, days=196)
    fitted = again.fit(purchases, end=168, tuning=SMALL)
    model = again.model_as_of(purchases, fitted, end=196, tuning=SMALL)
    pairs, scores = again.score(purchases, 0, 80, model)
    top = again.top(pairs, scores, 80, kept=3)
    assert (top.items[:, 0] == np.arange(80) % 5).all()
    weekly = scores[pairs.item == np.arange(80)[pairs.member] % 5]
    assert weekly.mean() > 0.8
    found = evaluation.evaluate(purchases, end=168, tuning=SMALL)
    model_again, popular = found.results["again"]["model"], found.results["again"]["popular"]
    assert model_again.ndcg > popular.ndcg
    assert found.members == 80


def test_due_is_the_last_time_and_her_interval() -> None:
    # every 10 days on days 0 … 30; others' usual interval is 10 as well: due on day 40
    rows = [(m, 0, d) for m in range(12) for d in (0, 10, 20, 30)] + [(0, 1, 30)]
    purchases = bought(rows, members=12, items=2, days=36)
    items = again.item_traits(purchases, end=36, tuning=SMALL)
    pairs = again.pairs_of(purchases, 0, 1, end=36, half_lives=(21.0, 60.0, 180.0))
    # geometric mean of twelve tens and one 90: 10 · 9^(1/13) = 11.84; (30 + 11.84) / 4 = 10.46
    assert due.interval_of(pairs, items)[0] == pytest.approx(10.46, abs=0.01)
    assert due.due_in(pairs, items, end=36)[0] == 4
    lists = due.due_lists(pairs, np.ones(2, "float32"), items, 1, end=36)
    assert lists.items[0][:2].tolist() == [0, -1]  # thing 1 was bought once: nothing is known of its interval


def test_also_bought_is_lift_with_support() -> None:
    # 40 days with both 0 and 1, 10 with 0 alone, 50 with 2 alone: lift = 40 · 100 / (50 · 40) = 2
    rows = [(m, i, 5) for m in range(40) for i in (0, 1)]
    rows += [(40 + m, 0, 5) for m in range(10)] + [(50 + m, 2, 5) for m in range(50)]
    purchases = bought(rows, members=100, items=3, days=6)
    found = together.also_bought(purchases, end=6)
    assert list(zip(found.item.tolist(), found.other.tolist(), strict=True)) == [(0, 1), (1, 0)]
    assert found.both.tolist() == [40, 40]
    assert found.lift.tolist() == pytest.approx([2.0, 2.0])
    assert found.share.tolist() == pytest.approx([0.8, 1.0])


def test_pairs_seen_too_seldom_are_left_out() -> None:
    rows = [(m, i, 5) for m in range(9) for i in (0, 1)] + [(9 + m, 2, 5) for m in range(91)]
    assert not len(together.also_bought(bought(rows, members=100, items=3, days=6), end=6).item)


def test_gates_shut_out_other_tiers() -> None:
    shop = Shop(
        frozenset({"A"}), frozenset({"wine"}), (Gate(("gold",), sku="B"), Gate(("gold",), category="vip"))
    )
    assert shop.shuts_out(["silver"]) == (["A", "B"], ["vip", "wine"])
    assert shop.shuts_out(["gold"]) == (["A"], ["wine"])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 11), st.integers(0, 119)), min_size=1, max_size=120)
)
def test_chunks_of_any_size_give_the_same_pairs(rows: list[tuple[int, int, int]]) -> None:
    purchases = bought(rows, members=9, items=12, days=120)
    whole = again.pairs_of(purchases, 0, 9, end=100, half_lives=(30.0,))
    parts = [again.pairs_of(purchases, m, m + 1, end=100, half_lives=(30.0,)) for m in range(9)]
    assert whole.item.tolist() == [i for part in parts for i in part.item.tolist()]
    assert whole.times.sum() == len({row for row in rows if row[2] < 100})
