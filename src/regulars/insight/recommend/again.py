"""Buy again: how likely a member takes each thing she had before within four weeks. Pure.

Personal item frequency with time decay and neighbours are TIFU-kNN's (Hu, He, Gao and Zhang 2020, "Modeling
Personalized Item Frequency Information for Next-basket Recommendation"). There they are blended by hand; here the
weights, and those of a few plain traits (how long since, against her interval; how often people take it again), are
fitted by a logistic regression on the four weeks before, so that the score is a probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sparse
from scipy.special import expit

from regulars.insight.recommend.largest import largest
from regulars.insight.recommend.types import KEPT, Floats, Ints, Purchases, TopLists, Tuning

TRAITS = (
    "decayed_short", "decayed_middle", "decayed_long", "times", "since", "due", "due_squared", "interval",
    "item_repeat", "item_trend", "visits", "visits_recent", "share", "neighbours", "one",
)  # fmt: skip
_RIDGE = 1.0
_UNKNOWN_INTERVAL = 90.0
_LEAST_SPREAD = np.float32(0.25)
_COMMON = 100  # items
_UNFOLDED = 2_500_000  # values of a sparse matrix at a time


@dataclass(frozen=True, slots=True)
class Pairs:
    """One row for every member and thing she bought: how often (on how many days), first and last when."""

    member: Ints
    item: Ints
    times: Ints
    first: Ints
    last: Ints
    decayed: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class ItemTraits:
    """By item: share of buyers who took it again, log of the trend, usual days between purchases, weight."""

    repeat: Floats
    trend: Floats
    interval: Floats
    rarity: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Members among whom neighbours are looked for: what they bought, weighted and of length 1 (items × members), and
    what lately (members × items).

    What most of them bought stands in `often`, whose rows are full, for these are multiplied faster so; what else they
    bought in `rarely`.
    """

    places: Ints
    common: Ints
    often: Floats
    others: Ints
    rarely: sparse.csr_matrix
    recent: sparse.csr_matrix

    @classmethod
    def of(cls, places: Ints, tastes: sparse.csr_matrix, recent: sparse.csr_matrix) -> Crowd:
        """`tastes`: items × members."""
        common = np.sort(np.argsort(-np.diff(tastes.indptr), kind="stable")[:_COMMON])
        others = np.setdiff1d(np.arange(tastes.shape[0]), common)
        often = np.ascontiguousarray(tastes[common].toarray())
        return cls(places, common, often, others, tastes[others], recent)

    def alike(self, tastes: sparse.csr_matrix) -> Floats:
        """How alike each member with these tastes (members × items) is to each of the crowd."""
        found = (tastes[:, self.others] @ self.rarely).toarray()
        found += tastes[:, self.common] @ self.often
        return np.asarray(found)


@dataclass(frozen=True, slots=True)
class AgainModel:
    """What scores need: the weights (by `TRAITS`) with the traits' means and spreads, and the crowd as of a day."""

    weights: Floats
    mean: Floats
    spread: Floats
    items: ItemTraits
    crowd: Crowd
    end: int
    tuning: Tuning


def pairs_of(
    purchases: Purchases, first: int, until: int, *, end: int, half_lives: tuple[float, ...]
) -> Pairs:
    """The pairs of members `first` ≤ … < `until`, from what was bought before day `end`."""
    member, item, day = purchases.part(first, until, before=end)
    if not len(member):
        none = np.zeros(0, "int64")
        return Pairs(none, none, none, none, none, tuple(np.zeros(0, "float32") for _ in half_lives))
    starts = np.flatnonzero(np.append(True, (member[1:] != member[:-1]) | (item[1:] != item[:-1])))
    ends = np.append(starts[1:], len(member))
    age = (end - day).astype("float32")
    decayed = tuple(np.add.reduceat(np.exp2(-age / np.float32(life)), starts) for life in half_lives)
    return Pairs(member[starts], item[starts], ends - starts, day[starts], day[ends - 1], decayed)


def item_traits(purchases: Purchases, *, end: int, tuning: Tuning) -> ItemTraits:
    """One pass over everybody, chunk by chunk."""
    n = purchases.items
    buyers, again, spans, gaps, late, before = (np.zeros(n) for _ in range(6))
    for first in range(0, purchases.members, tuning.chunk * 40):
        member, item, day = purchases.part(first, first + tuning.chunk * 40, before=end)
        if not len(member):
            continue
        starts = np.flatnonzero(np.append(True, (member[1:] != member[:-1]) | (item[1:] != item[:-1])))
        ends = np.append(starts[1:], len(member))
        kind, times = item[starts], ends - starts
        buyers += np.bincount(kind, minlength=n)
        repeated = times > 1
        again += np.bincount(kind[repeated], minlength=n)
        span = (day[ends - 1] - day[starts])[repeated] / (times[repeated] - 1)
        spans += np.bincount(kind[repeated], np.log(span), n)
        gaps += np.bincount(kind[repeated], minlength=n)
        lately = np.maximum.reduceat(np.where(day >= end - 28, 1, 0), starts)
        earlier = np.maximum.reduceat(np.where((day >= end - 84) & (day < end - 28), 1, 0), starts)
        late += np.bincount(kind, lately, n)
        before += np.bincount(kind, earlier, n)
    interval = np.exp((spans + np.log(_UNKNOWN_INTERVAL)) / (gaps + 1))
    return ItemTraits(
        repeat=((again + 1) / (buyers + 8)).astype("float32"),
        trend=np.log((late + 1) / (before / 2 + 1)).astype("float32"),
        interval=interval.astype("float32"),
        rarity=np.maximum(0.3, np.log(max(2, purchases.members) / (1 + buyers))).astype("float32"),
    )


def crowd_of(purchases: Purchases, *, end: int, items: ItemTraits, tuning: Tuning) -> Crowd:
    """Up to `tuning.crowd` members, drawn by chance from those who bought enough to resemble somebody."""
    amounts = np.zeros(purchases.members, "int64")
    for first in range(0, purchases.members, tuning.chunk * 40):
        member, _, _ = purchases.part(first, first + tuning.chunk * 40, before=end)
        found = np.bincount(member)
        amounts[first : first + len(found)] = found
    places = np.flatnonzero(amounts >= 5)
    if len(places) > tuning.crowd:
        places = np.sort(np.random.default_rng(tuning.seed).choice(places, tuning.crowd, replace=False))
    tastes, recents = [], []
    for first in range(0, purchases.members, tuning.chunk * 40):
        until = min(first + tuning.chunk * 40, purchases.members)
        mine = places[(places >= first) & (places < until)] - first
        if len(mine):
            tastes.append(tastes_of(purchases, first, until, end=end, items=items, tuning=tuning)[mine])
            member, item, day = purchases.part(first, until, before=end)
            lately = day >= end - tuning.neighbour_days
            recent = _matrix(member[lately], item[lately], (until - first, purchases.items))
            recents.append(recent[mine])
    if not tastes:
        empty = sparse.csr_matrix((0, purchases.items), dtype="float32")
        return Crowd.of(places, empty.T.tocsr(), empty)
    return Crowd.of(places, sparse.vstack(tastes, "csr").T.tocsr(), sparse.vstack(recents, "csr"))


def tastes_of(
    purchases: Purchases, first: int, until: int, *, end: int, items: ItemTraits, tuning: Tuning
) -> sparse.csr_matrix:
    """Members × items: logs of decayed counts, rare things weighing more, every row of length 1."""
    pairs = pairs_of(purchases, first, until, end=end, half_lives=(tuning.neighbour_half_life,))
    weight = np.log1p(pairs.decayed[0]) * items.rarity[pairs.item]
    rows = until - first
    length = np.sqrt(np.bincount(pairs.member, weight * weight, rows))
    length[length == 0] = 1
    weight = (weight / length[pairs.member]).astype("float32")
    return sparse.csr_matrix((weight, (pairs.member, pairs.item)), shape=(rows, purchases.items))


def _matrix(member: Ints, item: Ints, shape: tuple[int, int]) -> sparse.csr_matrix:
    found = sparse.csr_matrix((np.ones(len(member), "float32"), (member, item)), shape=shape)
    found.data[:] = 1  # repetitions were summed
    return found


def neighbours_share(
    tastes: sparse.csr_matrix, first: int, crowd: Crowd, tuning: Tuning
) -> sparse.csr_matrix:
    """Members × items: the share of her neighbours who bought it lately, those more alike counting more."""
    rows, k = tastes.shape[0], min(tuning.neighbours, len(crowd.places) - 1)
    if k < 1:
        return sparse.csr_matrix(tastes.shape, dtype="float32")
    alike = crowd.alike(tastes)
    own = np.flatnonzero((crowd.places >= first) & (crowd.places < first + rows))
    alike[crowd.places[own] - first, own] = 0  # nobody is her own neighbour
    # who is as alike as the last of them counts as well
    row, nearest, weight = largest(alike, k, least=float(np.finfo("float32").tiny))
    counts = np.bincount(row, minlength=rows)
    weight /= np.bincount(row, weight, rows).astype("float32")[row]
    who = sparse.csr_matrix((weight, nearest, np.append(0, np.cumsum(counts))), shape=alike.shape)
    return who @ crowd.recent


def traits_of(
    purchases: Purchases,
    first: int,
    until: int,
    *,
    end: int,
    items: ItemTraits,
    share: sparse.csr_matrix,
    tuning: Tuning,
) -> tuple[Pairs, Floats]:
    """The pairs of a chunk of members and their traits, one column each of `TRAITS`; `share`: her neighbours'."""
    pairs = pairs_of(purchases, first, until, end=end, half_lives=tuning.half_lives)
    rows = until - first
    came = visits(purchases, first, until, end)
    often, lately = came.sum(axis=1), came[:, max(0, end - 56) :].sum(axis=1)
    # her interval, drawn to the item's the fewer gaps of her own there are
    interval = (pairs.last - pairs.first + items.interval[pairs.item]) / pairs.times
    since = end - pairs.last
    due = np.log((since + 1) / (interval + 1))
    middle = pairs.decayed[1]
    total = np.bincount(pairs.member, middle, rows)
    columns = (
        *pairs.decayed,
        np.log1p(pairs.times),
        np.log1p(since),
        due,
        due * due,
        np.log1p(interval),
        items.repeat[pairs.item],
        items.trend[pairs.item],
        np.log1p(often)[pairs.member],
        np.log1p(lately)[pairs.member],
        np.log(middle / np.maximum(total[pairs.member], 1e-9) + 1e-5),
        np.log(looked_up(share, pairs.member, pairs.item) + 0.005),
        np.ones(len(pairs.member)),
    )
    return pairs, np.column_stack([np.asarray(column, "float32") for column in columns])


def visits(purchases: Purchases, first: int, until: int, end: int) -> Any:
    """Members × days before `end`: whether she bought anything."""
    member, _, day = purchases.part(first, until, before=end)
    found = np.zeros((until - first, max(end, 0)), bool)
    found[member, day] = True
    return found


def looked_up(matrix: sparse.csr_matrix, rows: Ints, columns: Ints) -> Floats:
    """The matrix' values at these places, which are in the order of its rows: so many unfolded at a time as fit."""
    values = np.zeros(len(rows), "float32")
    step = max(1, _UNFOLDED // max(1, matrix.shape[1]))
    for first in range(0, matrix.shape[0], step):
        low, high = np.searchsorted(rows, (first, first + step))
        few = matrix[first : first + step].toarray()
        values[low:high] = few[rows[low:high] - first, columns[low:high]]
    return values


def fit(purchases: Purchases, *, end: int, tuning: Tuning) -> tuple[Floats, Floats, Floats]:
    """(weights, means, spreads) fitted on what was bought again in the `horizon` days from day `end` on."""
    model = learn(purchases, end=end, tuning=tuning)
    return model.weights, model.mean, model.spread


def learn(purchases: Purchases, *, end: int, tuning: Tuning) -> AgainModel:
    """The same with the items and the crowd as they were on day `end`."""
    items = item_traits(purchases, end=end, tuning=tuning)
    crowd = crowd_of(purchases, end=end, items=items, tuning=tuning)
    traits, taken = [], []
    # equally spaced chunks until there are enough members
    starts = np.arange(0, purchases.members, tuning.chunk)
    wanted = max(1, tuning.fit_members // tuning.chunk)
    if len(starts) > wanted:
        starts = starts[np.linspace(0, len(starts) - 1, wanted).astype(int)]
    for first in starts.tolist():
        until = min(first + tuning.chunk, purchases.members)
        share = _share(purchases, first, until, end=end, items=items, crowd=crowd, tuning=tuning)
        pairs, found = traits_of(purchases, first, until, end=end, items=items, share=share, tuning=tuning)
        traits.append(found)
        taken.append(taken_of(purchases, first, until, pairs, end=end, horizon=tuning.horizon))
    x, y = np.concatenate(traits), np.concatenate(taken).astype("float32")
    mean, spread = standards(x)
    return AgainModel(logistic((x - mean) / spread, y), mean, spread, items, crowd, end, tuning)


def standards(x: Floats) -> tuple[Floats, Floats]:
    """(means, spreads) of traits, the last of which is one."""
    mean, spread = x.mean(axis=0), x.std(axis=0)
    # where all members are alike a small change is not to look like an upheaval
    spread = np.maximum(spread, _LEAST_SPREAD)
    mean[-1], spread[-1] = 0, 1
    return mean, spread


def taken_of(purchases: Purchases, first: int, until: int, pairs: Pairs, *, end: int, horizon: int) -> Ints:
    """1 for every pair that was bought again within the horizon."""
    member, item, day = purchases.part(first, until, before=end + horizon)
    after = day >= end
    keys = np.unique(member[after] * purchases.items + item[after])
    return np.isin(pairs.member * purchases.items + pairs.item, keys).astype("int64")


def logistic(x: Floats, y: Floats, *, ridge: float = _RIDGE, rounds: int = 25) -> Floats:
    """Logistic regression with a small ridge, by Newton's method; a step that makes it worse is halved."""
    weights = np.zeros(x.shape[1])
    loss = _loss(x, y, weights, ridge)
    for _ in range(rounds):
        p = expit(x @ weights.astype("float32"))
        slope = x.T @ (y - p) - ridge * weights
        bend = (x * (p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(weights))
        step = np.linalg.solve(bend.astype("float64"), slope.astype("float64"))
        for _ in range(20):
            tried = _loss(x, y, weights + step, ridge)
            if tried <= loss:
                break
            step /= 2
        else:
            break
        weights += step
        if loss - tried < 1e-7 * max(1.0, abs(loss)):
            break
        loss = tried
    return weights.astype("float32")


def _loss(x: Floats, y: Floats, weights: Any, ridge: float) -> float:
    z = (x @ weights.astype("float32")).astype("float64")
    return float(np.logaddexp(0, z).sum() - y @ z + ridge * (weights @ weights) / 2)


def model_as_of(
    purchases: Purchases, fitted: tuple[Floats, Floats, Floats], *, end: int, tuning: Tuning
) -> AgainModel:
    """Fitted weights with the items and the crowd as they are on day `end`."""
    items = item_traits(purchases, end=end, tuning=tuning)
    return AgainModel(*fitted, items, crowd_of(purchases, end=end, items=items, tuning=tuning), end, tuning)


def share_of(purchases: Purchases, first: int, until: int, model: AgainModel) -> sparse.csr_matrix:
    """Members × items: the share of her neighbours who bought it lately."""
    return _share(
        purchases, first, until, end=model.end, items=model.items, crowd=model.crowd, tuning=model.tuning
    )


def _share(
    purchases: Purchases, first: int, until: int, *, end: int, items: ItemTraits, crowd: Crowd, tuning: Tuning
) -> sparse.csr_matrix:
    tastes = tastes_of(purchases, first, until, end=end, items=items, tuning=tuning)
    return neighbours_share(tastes, first, crowd, tuning)


def score(
    purchases: Purchases, first: int, until: int, model: AgainModel, *, share: sparse.csr_matrix | None = None
) -> tuple[Pairs, Floats]:
    """The pairs of a chunk of members and the probability of each within the horizon; `share` where it is known."""
    if share is None:
        share = share_of(purchases, first, until, model)
    pairs, traits = traits_of(
        purchases, first, until, end=model.end, items=model.items, share=share, tuning=model.tuning
    )
    return pairs, expit((traits - model.mean) / model.spread @ model.weights)


def top(pairs: Pairs, scores: Floats, rows: int, *, kept: int = KEPT, among: Ints | None = None) -> TopLists:
    """Every member's best, the best first; `among`: only these of the pairs."""
    places = np.arange(len(pairs.member)) if among is None else among
    order = places[np.lexsort((-scores[places], pairs.member[places]))]
    member = pairs.member[order]
    rank = np.arange(len(member)) - np.searchsorted(member, np.arange(rows))[member]
    mine = rank < kept
    at = np.full((rows, kept), -1, "int64")
    at[member[mine], rank[mine]] = order[mine]
    if not len(pairs.member):
        return TopLists(at, np.zeros(at.shape, "float32"), at)
    return TopLists(
        np.where(at >= 0, pairs.item[at], -1), np.where(at >= 0, scores[at], 0).astype("float32"), at
    )
