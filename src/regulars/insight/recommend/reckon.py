"""Everybody's lists, chunk by chunk: memory depends on the crowd and the items, not on the members."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np

from regulars.insight.recommend import again, discover, due, ranking
from regulars.insight.recommend.learning import Learnt
from regulars.insight.recommend.rows import Rows, Writer
from regulars.insight.recommend.types import KEPT, Ints, Purchases, TopLists, Tuning

Told = Callable[[float], None]
_DUE_KEPT = 10
_AT_ONCE = 2
_AHEAD = 40  # pieces that may wait until those before them are written


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The lists of the members `first` ≤ … < `until`: as rows to be written, and the items of each, -1 for none."""

    first: int
    until: int
    rows: Rows
    buy_again: Ints
    discover: Ints
    due: Ints


def lists(
    purchases: Purchases,
    skus: list[str],
    members: Any,
    *,
    first_day: date,
    fitted: Learnt,
    tuning: Tuning,
    brand_id: UUID,
    as_of: datetime,
    told: Told = lambda share: None,
) -> Iterator[Piece]:
    """Everybody's lists as of the end of the data, with what `learning.learn` found.

    `members`: an Arrow array of their ids as text.
    """
    end = purchases.days
    model = again.model_as_of(purchases, fitted.again, end=end, tuning=tuning)
    finds = discover.fit(purchases, end=end, tuning=tuning)
    order = None if finds is None else ranking.order_as_of(purchases, finds, fitted.order)
    writer = Writer(
        skus,
        first_day=first_day,
        days=end,
        # an interval is (last - first + the item's) / times
        longest=end + int(np.ceil(model.items.interval.max(initial=0))),
        brand_id=brand_id,
        as_of=as_of,
    )

    def piece(first: int) -> Piece:
        until = min(first + tuning.chunk, purchases.members)
        share = again.share_of(purchases, first, until, model)
        pairs, scores = again.score(purchases, first, until, model, share=share)
        intervals = np.rint(due.interval_of(pairs, model.items)).astype("int64")
        best = again.top(pairs, scores, until - first)
        near = due.due_lists(pairs, scores, model.items, until - first, end=end, kept=_DUE_KEPT)
        new, why = _nothing(until - first)
        if order is not None:
            tastes = discover.tastes(purchases, first, until, order.finds)
            new = ranking.ranked(
                purchases, first, until, pairs=pairs, share=share, tastes=tastes, order=order
            )
            new = _untried(new, purchases, first)
            why = discover.because(tastes, order.finds, new)
            new = _known(new, np.bincount(pairs.member, minlength=until - first) > 0)
        rows = writer.rows(
            members.slice(first, until - first), pairs=pairs, scores=scores, intervals=intervals, best=best,
            new=new, why=why, due=near,
        )  # fmt: skip
        return Piece(first, until, rows, best.items, new.items, near.items)

    starts = range(0, purchases.members, tuning.chunk)
    # nearly all of a piece is reckoned without the interpreter's lock: two at a time, while others are written
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        ahead: deque[Future[Piece]] = deque(pool.submit(piece, first) for first in starts[:_AHEAD])
        try:
            for number in range(len(starts)):
                made = ahead.popleft().result()
                if number + _AHEAD < len(starts):
                    ahead.append(pool.submit(piece, starts[number + _AHEAD]))
                yield made
                told(min(1.0, made.until / purchases.members))
        finally:
            for one in ahead:  # whoever stops listening does not wait for these
                one.cancel()


def _nothing(rows: int) -> tuple[TopLists, Ints]:
    none = np.full((rows, KEPT), -1, "int64")
    return TopLists(none, np.zeros(none.shape, "float32")), none


def _untried(lists: TopLists, purchases: Purchases, first: int) -> TopLists:
    """Without what she had and sent back: what comes after it moves up."""
    if purchases.sent_back is None:
        return lists
    member = first + np.arange(len(lists.items))[:, None]
    out = (lists.items >= 0) & np.isin(member * purchases.items + lists.items, purchases.sent_back)
    if not out.any():
        return lists
    order = np.argsort(out, axis=1, kind="stable")
    items, scores = np.where(out, -1, lists.items), np.where(out, 0, lists.scores)
    return TopLists(np.take_along_axis(items, order, axis=1), np.take_along_axis(scores, order, axis=1))


def _known(lists: TopLists, known: Any) -> TopLists:
    """Nothing for those of whom nothing is known."""
    return TopLists(np.where(known[:, None], lists.items, -1), lists.scores)
