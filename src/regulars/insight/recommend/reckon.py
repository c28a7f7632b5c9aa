"""Everybody's lists, chunk by chunk: memory depends on the crowd and the items, not on the members."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from regulars.insight.recommend import again, discover, due
from regulars.insight.recommend.types import Floats, Purchases, Tuning

Told = Callable[[float], None]
_DUE_KEPT = 10


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
    for first in range(0, purchases.members, tuning.chunk):
        until = min(first + tuning.chunk, purchases.members)
        rows = until - first
        pairs, scores = again.score(purchases, first, until, model)
        intervals = np.rint(due.interval_of(pairs, model.items)).astype("int64")

        def entries(
            at: Any,
            pairs: again.Pairs = pairs,
            scores: Floats = scores,
            intervals: Any = intervals,
        ) -> list[list[list[Any]]]:
            found = []
            for row in at.tolist():
                mine = [place for place in row if place >= 0]
                found.append(
                    [
                        [skus[item], p, times, zero + last, interval]
                        for item, p, times, last, interval in zip(
                            pairs.item[mine].tolist(),
                            np.round(scores[mine].astype("float64"), 4).tolist(),
                            pairs.times[mine].tolist(),
                            pairs.last[mine].tolist(),
                            intervals[mine].tolist(),
                            strict=True,
                        )
                    ]
                )
            return found

        best = again.top(pairs, scores, rows)
        near = due.due_lists(pairs, scores, model.items, rows, end=end, kept=_DUE_KEPT)
        new: list[list[list[Any]]] = [[] for _ in range(rows)]
        if finds is not None:
            top = discover.top(purchases, first, until, finds)
            why = discover.because(purchases, first, until, finds, top)
            known = np.bincount(pairs.member, minlength=rows) > 0
            for row in np.flatnonzero(known).tolist():
                new[row] = [
                    [skus[item], round(score, 3), skus[reason] if reason >= 0 else None]
                    for item, score, reason in zip(
                        top.items[row].tolist(), top.scores[row].tolist(), why[row].tolist(), strict=True
                    )
                    if item >= 0
                ]
        yield Piece(first, entries(best.at), new, entries(near.at))
        told(until / purchases.members)
