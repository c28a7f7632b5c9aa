"""Discover: things a member never had that go with what she buys. Pure.

EASE (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data"): the item-to-item weights of a ridge
regression of every item on all others have a closed form, B = I − P·diag(P)⁻¹ with P = (XᵀX + λI)⁻¹. X holds logs
of decayed counts. Above `Tuning.discover_items` items the matrix is too large: then `implicit` (an extra) takes over
where it is installed, and else the most-bought items alone are recommended.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sparse

from regulars.insight.recommend.again import pairs_of
from regulars.insight.recommend.types import KEPT, Floats, Ints, Purchases, TopLists, Tuning

_FEWEST_BUYERS = 3
_ENOUGH_BUYERS = 50
_LATELY = 56
_RECENT = 21
_DENSE_UP_TO = 50_000  # members; for more the smallest weights are left out
_KEPT_WEIGHTS = 200
_LEARNT_FROM = 200_000  # members; the weights of more are the same to the eye
_FACTORS = 64


@dataclass(frozen=True, slots=True)
class DiscoverModel:
    """`columns`: the items it knows; `weights`: item × item. `factors`: of `implicit` instead, item × factor."""

    columns: Ints
    weights: Any
    recent: Floats
    scale: float
    end: int
    tuning: Tuning
    factors: Any = None


def can_factor() -> bool:
    """Whether the extra `implicit` is installed."""
    return importlib.util.find_spec("implicit") is not None


def columns_of(
    purchases: Purchases, *, end: int, tuning: Tuning, most: int | None = None
) -> tuple[Ints, Floats]:
    """Items that enough members bought lately, the most-bought first, and by how many in the last three weeks."""
    lately, recent = np.zeros(purchases.items), np.zeros(purchases.items)
    for first in range(0, purchases.members, tuning.chunk * 40):
        member, item, day = purchases.part(first, first + tuning.chunk * 40, before=end)
        for days, total in ((_LATELY, lately), (_RECENT, recent)):
            mine = day >= end - days
            pairs = np.unique(member[mine] * purchases.items + item[mine])
            total += np.bincount(pairs % purchases.items, minlength=purchases.items)
    fewest = max(_FEWEST_BUYERS, min(_ENOUGH_BUYERS, tuning.discover_share * purchases.members))
    order = np.argsort(-lately, kind="stable")
    columns = order[: int((lately >= fewest).sum())][: most or tuning.discover_items]
    return columns, recent[columns].astype("float32")


def taste(purchases: Purchases, first: int, until: int, columns: Ints, *, end: int, life: float) -> Any:
    """Members × columns: logs of decayed counts."""
    place = np.full(purchases.items, -1, "int64")
    place[columns] = np.arange(len(columns))
    pairs = pairs_of(purchases, first, until, end=end, half_lives=(life,))
    known = place[pairs.item] >= 0
    weight = np.log1p(pairs.decayed[0][known]).astype("float32")
    shape = (until - first, len(columns))
    return sparse.csr_matrix((weight, (pairs.member[known], place[pairs.item[known]])), shape=shape)


def fit(
    purchases: Purchases, *, end: int, tuning: Tuning, factor: bool | None = None
) -> DiscoverModel | None:
    """The model as of day `end`; None where too few things are bought by enough members.

    `factor`: use `implicit`; left out, where it is installed and there are more items than EASE takes.
    """
    most = None
    if factor is None:
        everything, _ = columns_of(purchases, end=end, tuning=tuning, most=purchases.items)
        factor = len(everything) > tuning.discover_items and can_factor()
    if factor:
        most = purchases.items
    columns, recent = columns_of(purchases, end=end, tuning=tuning, most=most)
    if len(columns) < KEPT:
        return None
    prior = np.log(recent + 0.5)
    if factor:
        return _factored(purchases, columns, prior, end, tuning)
    weights = _ease(purchases, columns, end, tuning)
    if purchases.members > _DENSE_UP_TO:
        weights = _pruned(weights)
    sample = taste(
        purchases, 0, min(purchases.members, tuning.chunk), columns, end=end, life=tuning.discover_half_life
    )
    scale = float(np.std(_product(sample, weights))) or 1.0
    return DiscoverModel(columns, weights, prior, scale, end, tuning)


def _ease(purchases: Purchases, columns: Ints, end: int, tuning: Tuning) -> Floats:
    gram = np.zeros((len(columns), len(columns)), "float32")
    learnt_from = 0
    for first in _starts(purchases.members, tuning.chunk * 40):
        until = min(first + tuning.chunk * 40, purchases.members)
        x = taste(purchases, first, until, columns, end=end, life=tuning.discover_half_life)
        gram += (x.T @ x).toarray()
        learnt_from += until - first
    gram[np.diag_indices(len(columns))] += tuning.discover_penalty * np.sqrt(learnt_from)
    # potri of the Cholesky factor: half of the work of a general inverse, in place
    factor, _ = scipy.linalg.lapack.spotrf(gram.T, lower=True, overwrite_a=True)
    inverse, _ = scipy.linalg.lapack.spotri(factor, lower=True, overwrite_c=True)
    inverse = np.tril(inverse)
    inverse += np.tril(inverse, -1).T
    inverse /= -np.diag(inverse).copy()[None, :]
    inverse[np.diag_indices(len(columns))] = 0
    return np.asarray(inverse, "float32")


def _starts(members: int, size: int) -> list[int]:
    """Where the pieces begin that are learnt from: all of them, or equally spaced ones where there are very many."""
    starts = np.arange(0, members, size)
    most = max(1, _LEARNT_FROM // size)
    if len(starts) > most:
        starts = starts[np.linspace(0, len(starts) - 1, most).astype(int)]
    return [int(one) for one in starts]


def _pruned(weights: Floats) -> Any:
    """Every item's largest weights alone, sparse."""
    k = min(_KEPT_WEIGHTS, weights.shape[1] - 1)
    found = np.argpartition(-np.abs(weights), k, axis=1)[:, :k]
    values = np.take_along_axis(weights, found, axis=1)
    starts = np.arange(0, found.size + 1, k)
    kept = sparse.csr_matrix((values.ravel(), found.ravel(), starts), shape=weights.shape)
    kept.sum_duplicates()  # there are none; in order, a single weight is found by halves
    return kept


def _factored(purchases: Purchases, columns: Ints, prior: Floats, end: int, tuning: Tuning) -> DiscoverModel:
    from implicit.als import AlternatingLeastSquares

    pieces = [
        taste(
            purchases, first, min(first + tuning.chunk * 40, purchases.members), columns, end=end,
            life=tuning.discover_half_life,
        )
        for first in range(0, purchases.members, tuning.chunk * 40)
    ]  # fmt: skip
    als = AlternatingLeastSquares(
        factors=_FACTORS, iterations=8, regularization=0.05, random_state=tuning.seed, num_threads=0
    )
    als.fit(sparse.vstack(pieces, "csr"), show_progress=False)
    factors = np.asarray(als.item_factors, "float32")
    # a member's factors are solved from her row: (YᵀY + reg)⁻¹ Yᵀx, the fold-in that ALS itself does with weight 1
    solve = np.linalg.inv(factors.T @ factors + 0.05 * np.eye(factors.shape[1]))
    weights = (factors @ solve).astype("float32")
    sample = taste(
        purchases, 0, min(purchases.members, tuning.chunk), columns, end=end, life=tuning.discover_half_life
    )
    scale = float(np.std((sample @ weights) @ factors.T)) or 1.0
    return DiscoverModel(columns, weights, prior, scale, end, tuning, factors)


def _product(tastes: Any, weights: Any) -> Floats:
    found = tastes @ weights
    return np.asarray(found.toarray() if sparse.issparse(found) else found, "float32")


def top(purchases: Purchases, first: int, until: int, model: DiscoverModel, *, kept: int = KEPT) -> TopLists:
    """Every member's best things she never had, the best first. `scores` order the list and mean nothing else."""
    end, life = model.end, model.tuning.discover_half_life
    tastes = taste(purchases, first, until, model.columns, end=end, life=life)
    scores = _product(tastes, model.weights)
    if model.factors is not None:
        scores = scores @ model.factors.T
    scores /= model.scale
    scores += model.tuning.discover_recent * model.recent
    rows, columns = tastes.nonzero()
    scores[rows, columns] = -np.inf
    k = min(kept, scores.shape[1] - 1)
    found = np.argpartition(-scores, k, axis=1)[:, :k]
    values = np.take_along_axis(scores, found, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    found, values = np.take_along_axis(found, order, 1), np.take_along_axis(values, order, 1)
    items = np.where(np.isfinite(values), model.columns[found], -1)
    return TopLists(items, np.where(np.isfinite(values), values, 0))


def because(purchases: Purchases, first: int, until: int, model: DiscoverModel, lists: TopLists) -> Ints:
    """For every thing of the lists the item she has that speaks for it most; -1 where none does."""
    found = np.full(lists.items.shape, -1, "int64")
    if model.factors is not None:
        return found
    end, life = model.end, model.tuning.discover_half_life
    tastes = taste(purchases, first, until, model.columns, end=end, life=life)
    place = np.full(purchases.items, -1, "int64")
    place[model.columns] = np.arange(len(model.columns))
    # one row for every thing of a list, one entry for every item of hers that could speak for it
    row, rank = np.nonzero(lists.items >= 0)
    to, own = place[lists.items[row, rank]], np.diff(tastes.indptr)[row]
    row, rank, to, own = row[own > 0], rank[own > 0], to[own > 0], own[own > 0]
    if not len(row):
        return found
    begins = np.cumsum(own) - own
    at = np.arange(own.sum()) + np.repeat(tastes.indptr[row] - begins, own)
    mine = tastes.indices[at]
    shares = np.asarray(model.weights[mine, np.repeat(to, own)]).ravel() * tastes.data[at]
    most = np.maximum.reduceat(shares, begins)
    best = np.flatnonzero(shares == np.repeat(most, own))
    of, where = np.unique(np.searchsorted(begins, best, side="right") - 1, return_index=True)
    found[row[of], rank[of]] = np.where(most > 0, model.columns[mine[best[where]]], -1)
    return found
