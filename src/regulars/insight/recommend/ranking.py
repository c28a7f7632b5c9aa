"""Which of the things she never had she will take: the order of discover. Pure.

Of the hundred that go best with what she buys, a logistic regression fitted on the four weeks before says how likely
each is: by how well it goes with hers, how many of her neighbours took it, who bought and who tried it lately, and
how much of her buying, and of what she tries, is of its category and department.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from regulars.insight.recommend import again, discover
from regulars.insight.recommend.types import KEPT, Floats, Ints, Purchases, TopLists, Tuning

TRAITS = (
    "goes_with", "neighbours", "bought_week", "bought_lately", "tried", "buyers", "category", "category_tried",
    "department", "visits", "one",
)  # fmt: skip
_CANDIDATES = 100
_WEEK, _LATELY, _TRIED, _TRIES, _VISITS = 7, 56, 21, 84, 56  # days
_FEWEST_TAKEN = 50  # of the candidates, below which nothing is learnt
_LEAST = np.float32(0.05)
_AT_ONCE = 20_000  # members


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights by `TRAITS`, with the traits' means and spreads."""

    weights: Floats
    mean: Floats
    spread: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Shelves:
    """As of a day. By item: its category and department; by column of discover: logs of how many bought it, or bought
    it for the first time. By category and department: their share in what all buy."""

    kinds: tuple[Ints, Ints]
    usual: tuple[Floats, Floats]
    counts: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """Discover as of a day, with the shelves of that day and what its order was learnt to go by."""

    finds: discover.DiscoverModel
    shelves: Shelves
    fitted: Fitted | None


def order_as_of(purchases: Purchases, finds: discover.DiscoverModel, fitted: Fitted | None) -> Order:
    """What was learnt, with the shelves as they are on the day of `finds`."""
    return Order(finds, shelves_of(purchases, finds.columns, end=finds.end), fitted)


def shelves_of(purchases: Purchases, columns: Ints, *, end: int) -> Shelves:
    """One pass over everybody, so many at a time."""
    week, lately, tried, buyers = (np.zeros(purchases.items) for _ in range(4))
    for first in range(0, purchases.members, _AT_ONCE):
        member, item, day = purchases.part(first, first + _AT_ONCE, before=end)
        if not len(member):
            continue
        starts = np.flatnonzero(np.append(True, (member[1:] != member[:-1]) | (item[1:] != item[:-1])))
        kind, begun, last = item[starts], day[starts], day[np.append(starts[1:], len(day)) - 1]
        # whose last day is lately bought it lately
        for total, which in ((week, last >= end - _WEEK), (lately, last >= end - _LATELY)):
            total += np.bincount(kind[which], minlength=purchases.items)
        tried += np.bincount(kind[begun >= end - _TRIED], minlength=purchases.items)
        buyers += np.bincount(kind, minlength=purchases.items)
    kinds = purchases.shelves or (np.zeros(purchases.items, "int64"),) * 2
    shares = [np.bincount(kind, lately) / max(1.0, lately.sum()) for kind in kinds]
    counts = np.log(np.stack([week, lately, tried, buyers])[:, columns] + 0.5)
    return Shelves(
        (kinds[0], kinds[1]),
        (shares[0].astype("float32"), shares[1].astype("float32")),
        counts.astype("float32"),
    )


def _affinity(kind: Ints, usual: Floats, pairs: again.Pairs, rows: int) -> Floats:
    """Members × shelves: logs of her share of the shelf against the usual one, drawn to it where she bought little."""
    n = len(usual)
    decayed = pairs.decayed[1]
    hers = np.bincount(pairs.member * n + kind[pairs.item], decayed, rows * n).reshape(rows, n)
    share = (hers + 2 * usual) / (hers.sum(axis=1, keepdims=True) + 2)
    return np.asarray(np.log(share / np.maximum(usual, 1e-9) + 0.01), "float32")


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """Of a chunk of members what `TRAITS` are made of: by candidate (row, column, in this order) how well it goes with
    hers and how many neighbours took it; by member and shelf, and by member, the rest that is not the column's own."""

    row: Ints
    column: Ints
    goes_with: Floats
    neighbours: Floats
    category: Floats
    category_tried: Floats
    department: Floats
    visits: Floats


def _candidates(
    purchases: Purchases,
    first: int,
    until: int,
    *,
    pairs: again.Pairs,
    share: sparse.csr_matrix,
    tastes: sparse.csr_matrix,
    order: Order,
) -> _Candidates:
    rows, finds, shelves = until - first, order.finds, order.shelves
    row, column, score = discover.best(tastes, finds, kept=_CANDIDATES)
    goes = score - finds.tuning.discover_recent * finds.recent[column]
    category, n = shelves.kinds[0], len(shelves.usual[0])
    tries = pairs.first >= finds.end - _TRIES
    tried = np.bincount(pairs.member[tries] * n + category[pairs.item[tries]], minlength=rows * n)
    of_category, of_department = (
        _affinity(kind, usual, pairs, rows) for kind, usual in zip(shelves.kinds, shelves.usual, strict=True)
    )
    visits = again.visits(purchases, first, until, finds.end)[:, max(0, finds.end - _VISITS) :].sum(axis=1)
    return _Candidates(
        row,
        column,
        np.log(np.maximum(goes, 0) + _LEAST),
        np.log(again.looked_up(share, row, finds.columns[column]) + np.float32(0.005)),
        of_category,
        np.log(tried.reshape(rows, n) + 0.1).astype("float32"),
        of_department,
        np.log1p(visits).astype("float32"),
    )


def traits_of(
    purchases: Purchases,
    first: int,
    until: int,
    *,
    pairs: again.Pairs,
    share: sparse.csr_matrix,
    tastes: sparse.csr_matrix,
    order: Order,
) -> tuple[Ints, Ints, Floats]:
    """The candidates of a chunk of members (row, column, in this order) and their traits, one column of `TRAITS` each.

    `pairs` and `share` as `again` makes them of these members, `tastes` as `discover` does.
    """
    found = _candidates(purchases, first, until, pairs=pairs, share=share, tastes=tastes, order=order)
    row, item = found.row, order.finds.columns[found.column]
    category, department = (kind[item] for kind in order.shelves.kinds)
    columns = (
        found.goes_with,
        found.neighbours,
        *order.shelves.counts[:, found.column],
        found.category[row, category],
        found.category_tried[row, category],
        found.department[row, department],
        found.visits[row],
        np.ones(len(row)),
    )
    return row, found.column, np.column_stack([np.asarray(one, "float32") for one in columns])


def scores_of(found: _Candidates, order: Order) -> Floats:
    """`traits_of` weighed as they were fitted, without making them: what is the column's own, the member's or that of
    her shelf is weighed once there."""
    fitted, shelves, columns = order.fitted, order.shelves, order.finds.columns
    assert fitted is not None
    weights = fitted.weights / fitted.spread
    w = dict(zip(TRAITS, weights.tolist(), strict=True))
    counts = weights[2 : 2 + len(shelves.counts)] @ shelves.counts
    category, department = (kind[columns] for kind in shelves.kinds)
    of_category = w["category"] * found.category + w["category_tried"] * found.category_tried
    of_member = w["visits"] * found.visits + (w["one"] - float(weights @ fitted.mean))
    row, column = found.row, found.column
    scores = w["goes_with"] * found.goes_with
    scores += w["neighbours"] * found.neighbours
    scores += counts[column]
    scores += of_category.ravel()[row * of_category.shape[1] + category[column]]
    scores += (w["department"] * found.department).ravel()[
        row * found.department.shape[1] + department[column]
    ]
    scores += of_member[row]
    return np.asarray(scores, "float32")


def fit(
    purchases: Purchases, finds: discover.DiscoverModel, model: again.AgainModel, *, tuning: Tuning
) -> Fitted | None:
    """Fitted on what was taken in the `horizon` days from that day on that the models are of; None where too little."""
    end = finds.end
    order = order_as_of(purchases, finds, None)
    traits, taken = [], []
    starts = np.arange(0, purchases.members, tuning.chunk)
    wanted = max(1, tuning.discover_members // tuning.chunk)
    if len(starts) > wanted:
        starts = starts[np.linspace(0, len(starts) - 1, wanted).astype(int)]
    for first in starts.tolist():
        until = min(first + tuning.chunk, purchases.members)
        share = again.share_of(purchases, first, until, model)
        pairs = again.pairs_of(purchases, first, until, end=end, half_lives=tuning.half_lives)
        tastes = discover.tastes(purchases, first, until, finds)
        row, column, found = traits_of(
            purchases, first, until, pairs=pairs, share=share, tastes=tastes, order=order
        )
        member, item, day = purchases.part(first, until, before=end + tuning.horizon)
        after = day >= end
        keys = np.unique(member[after] * purchases.items + item[after])
        traits.append(found)
        taken.append(np.isin(row * purchases.items + finds.columns[column], keys))
    x, y = np.concatenate(traits), np.concatenate(taken).astype("float32")
    if y.sum() < _FEWEST_TAKEN:
        return None
    mean, spread = again.standards(x)
    return Fitted(again.logistic((x - mean) / spread, y), mean, spread)


def top(row: Ints, column: Ints, scores: Floats, finds: discover.DiscoverModel, rows: int) -> TopLists:
    """Every member's best of the candidates, the best first. `scores` order the list and mean nothing else."""
    at = np.arange(len(row)) - np.searchsorted(row, np.arange(rows))[row]
    width = max(KEPT, int(at.max(initial=0)) + 1)
    table, which = np.full((rows, width), -np.inf, "float32"), np.full((rows, width), -1, "int64")
    table[row, at], which[row, at] = scores, finds.columns[column]
    k = min(KEPT, len(finds.columns) - 1)
    order = np.argsort(-table, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(table, order, axis=1)
    items = np.take_along_axis(which, order, axis=1)
    return TopLists(items, np.where(items >= 0, values, 0).astype("float32"))


def ranked(
    purchases: Purchases,
    first: int,
    until: int,
    *,
    pairs: again.Pairs,
    share: sparse.csr_matrix,
    tastes: sparse.csr_matrix,
    order: Order,
) -> TopLists:
    """Everybody's things she never had, the best first; where nothing was learnt, in the order that `discover` has."""
    if order.fitted is None:
        return discover.top(tastes, order.finds)
    found = _candidates(purchases, first, until, pairs=pairs, share=share, tastes=tastes, order=order)
    return top(found.row, found.column, scores_of(found, order), order.finds, until - first)
