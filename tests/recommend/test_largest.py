"""The largest values of rows, and what most bought apart from the rest: as the plain ways have them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sparse
from hypothesis import given
from hypothesis import strategies as st
from tests.recommend.test_pure import SMALL, halves

from regulars.insight.recommend import again, discover
from regulars.insight.recommend.largest import largest

# few different values, so that many are equal
values = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0])


@given(
    rows=st.integers(0, 9).flatmap(
        lambda width: st.lists(st.lists(values, min_size=width, max_size=width), min_size=1, max_size=6)
    ),
    k=st.integers(1, 8),
    least=st.sampled_from([-10.0, 0.25]),
)
def test_the_largest_and_their_equals_are_found_where_they_stand(
    rows: list[list[float]], k: int, least: float
) -> None:
    expected = []
    for number, row in enumerate(rows):
        enough = sorted((one for one in row if one >= least), reverse=True)
        bound = enough[k - 1] if len(enough) >= k else least
        expected += [(number, place, one) for place, one in enumerate(row) if one >= bound]
    found = largest(np.array(rows, "float32").reshape(len(rows), -1), k, least=least)
    assert list(zip(*(one.tolist() for one in found), strict=True)) == expected


def test_many_columns_are_looked_at_in_part_first() -> None:
    random = np.random.default_rng(3)
    table = random.normal(size=(40, 300)).astype("float32")
    table[:, 250:] += 2  # the best stand last
    table[7] = -np.inf  # nothing of this one
    row, column, value = largest(table, 12, least=float(np.finfo("float32").min))
    for number in range(40):
        mine = column[row == number]
        assert mine.tolist() == ([] if number == 7 else sorted(np.argsort(-table[number])[:12].tolist()))
        assert value[row == number].tolist() == table[number, mine].tolist()


@pytest.mark.parametrize("common", [0, 3, 100])
def test_alike_is_the_product_of_tastes_however_they_are_parted(
    common: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "_COMMON", common)
    crowd, hers = (sparse.random(40, n, 0.2, format="csr", dtype="float32", random_state=n) for n in (25, 17))
    found = again.Crowd.of(np.arange(25), crowd, sparse.csr_matrix((25, 40), dtype="float32"))
    expected = hers.T.toarray().astype("float64") @ crowd.toarray()
    assert found.alike(hers.T.tocsr()) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("at_once", [1, 7, 100])
def test_reasons_are_what_speaks_most_item_by_item(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discover, "_MEMBERS_AT_ONCE", at_once)
    purchases = halves()
    model = discover.fit(purchases, end=140, tuning=SMALL)
    assert model is not None
    tastes = discover.tastes(purchases, 0, 60, model)
    lists = discover.top(tastes, model, kept=5)
    found = discover.because(tastes, model, lists)
    place = {int(item): column for column, item in enumerate(model.columns)}
    for member in range(60):
        likes = tastes[member].toarray()[0]
        for rank, item in enumerate(lists.items[member].tolist()):
            if item < 0:
                assert found[member, rank] == -1
                continue
            shares = likes * model.weights[:, place[item]]
            best = int(model.columns[shares.argmax()]) if shares.max() > 0 else -1
            assert found[member, rank] == best
