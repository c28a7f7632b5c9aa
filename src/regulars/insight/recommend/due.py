"""Due: things a member takes at a steady interval, whose next time is near. Pure."""

from __future__ import annotations

import numpy as np

from regulars.insight.recommend import again
from regulars.insight.recommend.again import ItemTraits, Pairs
from regulars.insight.recommend.types import KEPT, Floats, Ints, TopLists

FEWEST_TIMES = 3
BEFORE, AFTER = 7, 14  # days overdue at most, days ahead at most
_SHORTEST = 3.0  # days: what she takes at every visit is never due


def interval_of(pairs: Pairs, items: ItemTraits) -> Floats:
    """Days between her purchases of a thing, drawn to what is usual for it as if that were one more gap."""
    found = (pairs.last - pairs.first + items.interval[pairs.item]) / pairs.times
    return np.asarray(found, "float32")


def due_in(pairs: Pairs, items: ItemTraits, *, end: int) -> Ints:
    """In how many days from day `end` each is due; negative: so many days ago."""
    return np.asarray(np.rint(pairs.last + interval_of(pairs, items) - end), "int64")


def due_lists(
    pairs: Pairs, scores: Floats, items: ItemTraits, rows: int, *, end: int, kept: int = KEPT
) -> TopLists:
    """By member what she bought `FEWEST_TIMES` or more, due between a week ago and two weeks ahead; likeliest first."""
    ahead = due_in(pairs, items, end=end)
    steady = (pairs.times >= FEWEST_TIMES) & (interval_of(pairs, items) >= _SHORTEST)
    near = np.flatnonzero(steady & (ahead >= -BEFORE) & (ahead <= AFTER))
    return again.top(pairs, scores, rows, kept=kept, among=near)
