"""Everybody's lists, chunk by chunk: memory depends on the crowd and the items, not on the members."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from regulars.insight.recommend import again, discover, due
from regulars.insight.recommend.types import Floats, Ints, Purchases, TopLists, Tuning

Told = Callable[[float], None]
_DUE_KEPT = 10
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """The lists of the members `first` ≤ …: entries as they are stored, in the order of the members."""

    first: int
    buy_again: list[list[list[Any]]]
    discover: list[list[list[Any]]]
    due: list[list[list[Any]]]


def lists(
    purchases: Purchases,
    skus: list[str],
    *,
    first_day: date,
    fitted: tuple[Floats, Floats, Floats],
    tuning: Tuning,
    told: Told = lambda share: None,
) -> Iterator[Piece]:
    """Everybody's lists as of the end of the data, with the weights `again.fit` found."""
    end = purchases.days
    model = again.model_as_of(purchases, fitted, end=end, tuning=tuning)
    finds = discover.fit(purchases, end=end, tuning=tuning)
    zero = (first_day - date(1970, 1, 1)).days

    def piece(first: int) -> Piece:
        until = min(first + tuning.chunk, purchases.members)
        pairs, scores = again.score(purchases, first, until, model)
        intervals = np.rint(due.interval_of(pairs, model.items)).astype("int64")
        hers = _Hers(skus, zero, pairs, scores, intervals)
        best = again.top(pairs, scores, until - first)
        near = due.due_lists(pairs, scores, model.items, until - first, end=end, kept=_DUE_KEPT)
        new: list[list[list[Any]]] = [[] for _ in range(until - first)]
        if finds is not None:
            top = discover.top(purchases, first, until, finds)
            why = discover.because(purchases, first, until, finds, top)
            new = _found(skus, top, why, np.bincount(pairs.member, minlength=until - first) > 0)
        return Piece(first, hers.entries(best), new, hers.entries(near))

    starts = range(0, purchases.members, tuning.chunk)
    # most of a piece is reckoned without the interpreter's lock: two at a time, while others are written
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        ahead: deque[Future[Piece]] = deque(pool.submit(piece, first) for first in starts[:_AT_ONCE])
        for number in range(len(starts)):
            made = ahead.popleft().result()
            if number + _AT_ONCE < len(starts):
                ahead.append(pool.submit(piece, starts[number + _AT_ONCE]))
            yield made
            told(min(1.0, (made.first + tuning.chunk) / purchases.members))


@dataclass(frozen=True, slots=True, eq=False)
class _Hers:
    """Things members bought before, as entries of lists."""

    skus: list[str]
    zero: int
    pairs: again.Pairs
    scores: Floats
    intervals: Ints

    def entries(self, lists: TopLists) -> list[list[list[Any]]]:
        """For each row of lists made of the pairs its entries."""
        at = lists.at
        assert at is not None
        places = at[at >= 0]
        columns = (
            [self.skus[item] for item in self.pairs.item[places].tolist()],
            np.round(self.scores[places].astype("float64"), 4).tolist(),
            self.pairs.times[places].tolist(),
            (self.zero + self.pairs.last[places]).tolist(),
            self.intervals[places].tolist(),
        )
        return _parted([list(entry) for entry in zip(*columns, strict=True)], (at >= 0).sum(axis=1))


def _found(skus: list[str], top: TopLists, why: Ints, known: Any) -> list[list[list[Any]]]:
    """Things they never had, as entries; nothing for those of whom nothing is known."""
    there = (top.items >= 0) & known[:, None]
    entries = [
        [skus[item], score, skus[reason] if reason >= 0 else None]
        for item, score, reason in zip(
            top.items[there].tolist(),
            np.round(top.scores[there].astype("float64"), 3).tolist(),
            why[there].tolist(),
            strict=True,
        )
    ]
    return _parted(entries, there.sum(axis=1))


def _parted(entries: list[list[Any]], counts: Ints) -> list[list[list[Any]]]:
    ends = np.cumsum(counts).tolist()
    return [entries[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
