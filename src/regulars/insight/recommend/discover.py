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
from regulars.insight.recommend.largest import largest
from regulars.insight.recommend.types import KEPT, Floats, Ints, Purchases, TopLists, Tuning

_FEWEST_BUYERS = 3
_ENOUGH_BUYERS = 50
_LATELY = 56
_RECENT = 21
_DENSE_UP_TO = 50_000  # members; for more the smallest weights are left out
_KEPT_WEIGHTS = 200
_LEARNT_FROM = 200_000  # members; the weights of more are the same to the eye
_FACTORS, _ROUNDS, _FACTORS_PENALTY, _CONFIDENCE = 32, 8, 10.0, 1.0  # chosen as `Tuning` was
_MEMBERS_AT_ONCE = 100


@dataclass(frozen=True, slots=True, eq=False)
class Strongest:
    """Every item's largest weights alone: `values` at the items `to`, as many for each; `table`: 0 elsewhere."""

    to: Ints
    values: Floats
    table: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """Of `implicit`: its model, which solves members' factors, and the items' (item × factor)."""

    als: Any
    items: Floats


@dataclass(frozen=True, slots=True)
class DiscoverModel:
    """`columns`: the items it knows; `weights`: item × item, as `Strongest` or `Factors` where they are many."""

    columns: Ints
    weights: Any
    recent: Floats
    scale: float
    end: int
    tuning: Tuning


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
            who, what = member[mine], item[mine]
            if len(who):  # in the order of members and items: a pair is new where it is not the one before
                new = np.append(True, (who[1:] != who[:-1]) | (what[1:] != what[:-1]))
                total += np.bincount(what[new], minlength=purchases.items)
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
    columns, recent = columns_of(purchases, end=end, tuning=tuning, most=purchases.items)
    if factor is None:
        factor = len(columns) > tuning.discover_items and can_factor()
    if not factor:
        columns, recent = columns[: tuning.discover_items], recent[: tuning.discover_items]
    if len(columns) < KEPT:
        return None
    prior = np.log(recent + 0.5)
    if factor:
        return _factored(purchases, columns, prior, end, tuning)
    full = _ease(purchases, columns, end, tuning)
    weights = _pruned(full) if purchases.members > _DENSE_UP_TO else full
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


def _pruned(weights: Floats) -> Strongest:
    k = min(_KEPT_WEIGHTS, weights.shape[1] - 1)
    found = np.sort(np.argpartition(-np.abs(weights), k, axis=1)[:, :k], axis=1)
    values = np.take_along_axis(weights, found, axis=1)
    table = np.zeros_like(weights)
    np.put_along_axis(table, found, values, axis=1)
    return Strongest(found.astype("int32"), values, table)


def _factored(purchases: Purchases, columns: Ints, prior: Floats, end: int, tuning: Tuning) -> DiscoverModel:
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    size, life = tuning.chunk * 40, tuning.discover_half_life
    pieces = [
        taste(purchases, first, min(first + size, purchases.members), columns, end=end, life=life)
        for first in _starts(purchases.members, size)
    ]
    with threadpool_limits(1, "blas"):  # its own threads and those of BLAS would wait for each other
        als = AlternatingLeastSquares(
            factors=min(_FACTORS, len(columns) - 1), iterations=_ROUNDS, regularization=_FACTORS_PENALTY,
            random_state=tuning.seed,
        )  # fmt: skip
        als.fit(_confidence(sparse.vstack(pieces, "csr")), show_progress=False)
    als.user_factors = None  # those of the members are solved from their rows, when their lists are made
    als.num_threads = 1
    found = Factors(als, np.asarray(als.item_factors, "float32"))
    sample = taste(purchases, 0, min(purchases.members, tuning.chunk), columns, end=end, life=life)
    return DiscoverModel(columns, found, prior, float(np.std(_product(sample, found))) or 1.0, end, tuning)


def _confidence(tastes: Any) -> Any:
    """What ALS takes: how much more than nothing a purchase weighs; at 1 it is as sure as that she had nothing else."""
    found = tastes.copy()
    found.data = 1 + _CONFIDENCE * found.data
    return found


def _product(tastes: Any, weights: Any) -> Floats:
    if isinstance(weights, Factors):
        solved = weights.als.recalculate_user(np.arange(tastes.shape[0]), _confidence(tastes))
        return np.asarray(solved @ weights.items.T, "float32")
    if not isinstance(weights, Strongest):
        return np.asarray(tastes @ weights, "float32")
    rows, k = tastes.shape[0], weights.to.shape[1]
    found = np.empty((rows, tastes.shape[1]), "float32")
    # as many weights for every item: their sums are made straight where they belong, a few members at a time, so that
    # all of it stays near the processor; a general product of sparse matrices takes two passes and a third to unfold
    for first in range(0, rows, _MEMBERS_AT_ONCE):
        few = tastes[first : first + _MEMBERS_AT_ONCE]
        terms = (weights.values[few.indices] * few.data[:, None]).ravel()
        unfolded = sparse.csr_matrix(
            (terms, weights.to[few.indices].ravel(), few.indptr * k), shape=few.shape
        )
        unfolded.toarray(out=found[first : first + _MEMBERS_AT_ONCE])
    return found


def tastes(purchases: Purchases, first: int, until: int, model: DiscoverModel) -> Any:
    """What the members `first` ≤ … < `until` like, as `top` and `because` take it."""
    return taste(purchases, first, until, model.columns, end=model.end, life=model.tuning.discover_half_life)


def best(tastes: Any, model: DiscoverModel, *, kept: int) -> tuple[Ints, Ints, Floats]:
    """(member, column, score) of every member's `kept` best she never had, member by member, in the order of columns;
    of equal ones there may be more."""
    k, recent = min(kept, tastes.shape[1] - 1), model.tuning.discover_recent * model.recent
    found = []
    # a few members at a time, whose scores stay near the processor
    step = tastes.shape[0] if isinstance(model.weights, Factors) else _MEMBERS_AT_ONCE
    for first in range(0, tastes.shape[0], step):
        few = tastes[first : first + step]
        scores = _product(few, model.weights)
        scores /= model.scale
        scores += recent
        scores[np.repeat(np.arange(few.shape[0]), np.diff(few.indptr)), few.indices] = -np.inf
        rows, columns, values = largest(scores, k, least=float(np.finfo("float32").min))
        found.append((first + rows, columns, values))
    rows, columns, values = (np.concatenate(one) for one in zip(*found, strict=True))
    return rows, columns, values


def top(tastes: Any, model: DiscoverModel, *, kept: int = KEPT) -> TopLists:
    """Every member's best things she never had, the best first. `scores` order the list and mean nothing else."""
    rows, columns, found = best(tastes, model, kept=kept)
    order = np.lexsort((columns, -found, rows))
    rows, columns, found = rows[order], columns[order], found[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, np.arange(tastes.shape[0]))[rows]
    k = min(kept, tastes.shape[1] - 1)
    first = rank < k  # of equal ones there may be more
    items = np.full((tastes.shape[0], k), -1, "int64")
    values = np.zeros(items.shape, "float32")
    items[rows[first], rank[first]] = model.columns[columns[first]]
    values[rows[first], rank[first]] = found[first]
    return TopLists(items, values)


def because(tastes: Any, model: DiscoverModel, lists: TopLists) -> Ints:
    """For every thing of the lists the item she has that speaks for it most; -1 where none does."""
    found = np.full(lists.items.shape, -1, "int64")
    if isinstance(model.weights, Factors):
        return found
    place = np.full(model.columns.max() + 1, -1, "int64")
    place[model.columns] = np.arange(len(model.columns))
    weights = model.weights.table if isinstance(model.weights, Strongest) else model.weights
    likes, step = sparse.csr_matrix(tastes), _MEMBERS_AT_ONCE
    to = np.where(lists.items >= 0, place[lists.items], 0)
    for first in range(0, len(to), step):
        few = likes[first : first + step]
        own = np.diff(few.indptr)
        who = np.flatnonzero(own)
        if not len(who):
            continue
        # one row for every item of hers, one column for everything on her list: a row of weights is read at once
        shares = weights[few.indices[:, None], np.repeat(to[first : first + step], own, axis=0)]
        shares *= few.data[:, None]
        begins = few.indptr[:-1][who]
        most = np.maximum.reduceat(shares, begins, axis=0)
        speaks = shares == np.repeat(most, own[who], axis=0)
        # the first of those that speak most: counted from behind, the largest
        behind = np.where(speaks, np.arange(len(shares), 0, -1, dtype="int32")[:, None], 0)
        at = len(shares) - np.maximum.reduceat(behind, begins, axis=0)
        found[first + who] = np.where(most > 0, model.columns[few.indices[at]], -1)
    return np.where(lists.items >= 0, found, -1)
