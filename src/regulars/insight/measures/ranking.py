"""Lists of things against what was taken afterwards."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence

import numpy as np

from regulars.insight.measures.types import TooFew

Lists = Sequence[Sequence[Hashable]]
Taken = Sequence[Collection[Hashable]]


def recall_at(recommended: Lists, taken: Taken, *, k: int = 10) -> float:
    """The mean over members who took something of: how much of that was among the first `k` of their list.

    Of more than `k` taken, all could not be among them; the measure counts against all taken, as TIFU-kNN's paper
    (Hu et al. 2020) and its followers do.
    """
    return _mean(
        [_found(first, set(one), k) / len(set(one)) for first, one in _with_takers(recommended, taken)]
    )


def ndcg_at(recommended: Lists, taken: Taken, *, k: int = 10) -> float:
    """The mean over members who took something of the discounted gain of their list over the best list's.

    A thing taken at place i of the list gains 1 / log2(i + 1) (Järvelin and Kekäläinen 2002, yes/no relevance).
    """
    discount = 1 / np.log2(np.arange(2, k + 2))
    best = np.cumsum(discount)
    return _mean(
        [
            float(sum(discount[place] for place, thing in enumerate(_unique(first)[:k]) if thing in wanted))
            / float(best[min(len(wanted), k) - 1])
            for first, one in _with_takers(recommended, taken)
            for wanted in [set(one)]
        ]
    )


def _found(first: Sequence[Hashable], wanted: set[Hashable], k: int) -> int:
    return len(wanted.intersection(_unique(first)[:k]))


def _unique(things: Sequence[Hashable]) -> list[Hashable]:
    return list(dict.fromkeys(things))


def _with_takers(recommended: Lists, taken: Taken) -> list[tuple[Sequence[Hashable], Collection[Hashable]]]:
    return [(first, one) for first, one in zip(recommended, taken, strict=True) if len(one)]


def _mean(values: list[float]) -> float:
    if not values:
        raise TooFew("nobody took anything")
    return sum(values) / len(values)
