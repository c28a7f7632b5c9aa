"""Also bought: what goes into the same basket more often than chance, and who is like whom. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from regulars.insight.recommend import again
from regulars.insight.recommend.types import Floats, Ints, Purchases, Tuning

FEWEST_TOGETHER = 10  # days on which somebody bought both
_LEAST_LIFT = 1.2
_MOST_ITEMS = 6000
_PER_ITEM = 10
_SURE = 1.645  # of the count of both, its lower 95 % bound is what ranks


@dataclass(frozen=True, slots=True)
class AlsoBought:
    """By row: whoever bought `item` on a day bought `other` `lift` times as often as others; `both` such days.

    `share`: of the days with `item` so many had `other` too.
    """

    item: Ints
    other: Ints
    both: Ints
    lift: Floats
    share: Floats


def also_bought(
    purchases: Purchases, *, end: int, days: int = 182, most_items: int = _MOST_ITEMS, chunk: int = 20_000
) -> AlsoBought:
    """Of the `days` before `end`; a basket is what one member bought on one day. At most ten others an item.

    The order is by the lift that the lower bound of the count gives: a pair seen twelve times does not outdo one seen
    a thousand times by luck.
    """
    counts = np.zeros(purchases.items, "int64")
    for first in range(0, purchases.members, chunk):
        _, item, day = purchases.part(first, first + chunk, before=end)
        counts += np.bincount(item[day >= end - days], minlength=purchases.items)
    columns = np.argsort(-counts, kind="stable")[:most_items]
    columns = columns[counts[columns] >= FEWEST_TOGETHER]
    place = np.full(purchases.items, -1, "int64")
    place[columns] = np.arange(len(columns))
    together = sparse.csr_matrix((len(columns), len(columns)), dtype="int32")
    baskets = 0
    for first in range(0, purchases.members, chunk):
        member, item, day = purchases.part(first, first + chunk, before=end)
        mine = day >= end - days
        rows, row = np.unique(member[mine] << 16 | day[mine], return_inverse=True)
        baskets += len(rows)
        column = place[item[mine]]
        known = column >= 0
        x = sparse.csr_matrix(
            (np.ones(known.sum(), "int32"), (row[known], column[known])), shape=(len(rows), len(columns))
        )
        together = together + x.T @ x
    pairs = together.tocoo()
    keep = (pairs.row != pairs.col) & (pairs.data >= FEWEST_TOGETHER)
    a, b, both = pairs.row[keep].astype("int64"), pairs.col[keep].astype("int64"), pairs.data[keep]
    single = counts[columns]
    chance = single[a] * single[b] / max(1, baskets)
    lift, sure = both / chance, (both - _SURE * np.sqrt(both)) / chance
    keep = sure >= _LEAST_LIFT
    a, b, both, lift, sure = a[keep], b[keep], both[keep], lift[keep], sure[keep]
    order = np.lexsort((-sure, a))
    a, b, both, lift = a[order], b[order], both[order], lift[order]
    rank = np.arange(len(a)) - np.searchsorted(a, np.arange(len(columns)))[a]
    best = rank < _PER_ITEM
    a, b, both, lift = a[best], b[best], both[best], lift[best]
    return AlsoBought(
        columns[a],
        columns[b],
        both.astype("int64"),
        lift.astype("float32"),
        (both / single[a]).astype("float32"),
    )


def similar_members(
    purchases: Purchases, seeds: Ints, *, tuning: Tuning, limit: int, end: int | None = None
) -> tuple[Ints, Floats]:
    """The members most like the seeds by what they bought, and how alike (cosine to the seeds' mean)"""
    until = purchases.days if end is None else end
    items = again.item_traits(purchases, end=until, tuning=tuning)
    centre = np.zeros(purchases.items, "float32")
    step = tuning.chunk * 40
    for first in range(0, purchases.members, step):
        mine = seeds[(seeds >= first) & (seeds < first + step)] - first
        if len(mine):
            last = min(first + step, purchases.members)
            tastes = again.tastes_of(purchases, first, last, end=until, items=items, tuning=tuning)
            centre += np.asarray(tastes[mine].sum(axis=0), "float32").ravel()
    length = float(np.sqrt(centre @ centre)) or 1.0
    alike = np.zeros(purchases.members, "float32")
    for first in range(0, purchases.members, step):
        last = min(first + step, purchases.members)
        tastes = again.tastes_of(purchases, first, last, end=until, items=items, tuning=tuning)
        alike[first:last] = tastes @ (centre / length)
    alike[seeds] = 0
    order = np.argsort(-alike, kind="stable")[:limit]
    order = order[alike[order] > 0]
    return order, alike[order]
