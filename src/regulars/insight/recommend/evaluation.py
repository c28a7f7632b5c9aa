"""How good the lists would have been: the last four weeks are held out, and what came is counted. Pure.

Never by chance: everything is fitted on what was known when the four weeks began. Beside each list stand what was
most bought by all, and what she bought most herself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from regulars.insight.measures import api as measures
from regulars.insight.measures.types import TooFew
from regulars.insight.recommend import again, discover, learning, ranking
from regulars.insight.recommend.types import SHOWN, Accuracy, Floats, Ints, Purchases, Tuning

_MOST_MEMBERS = 10_000


@dataclass(frozen=True, slots=True)
class Evaluation:
    """By question (`again`, `next_visit`, `new`, `all`) and by list (`model`, `own`, `popular`) the accuracy."""

    results: dict[str, dict[str, Accuracy]]
    members: int
    covered: dict[str, int]  # by list: so many different products were shown to anybody

    def to_json(self) -> dict[str, Any]:
        return {
            "questions": {
                question: {
                    name: {"members": one.members, "recall": one.recall, "ndcg": one.ndcg}
                    for name, one in lists.items()
                }
                for question, lists in self.results.items()
            },
            "members": self.members,
            "covered": self.covered,
            "at": SHOWN,
        }


def evaluate(
    purchases: Purchases,
    *,
    end: int,
    tuning: Tuning,
    finds: discover.DiscoverModel | None = None,
) -> Evaluation:
    """Fit on what came before day `end` (`finds`: discover as of that day), recommend, and look at the days after.

    Questions: `again`, which of the things she had before did she take again; `next_visit`, the same of the first day
    on which she came; `all`, everything she took; `new`, things she never had.
    """
    learnt = learning.learn(purchases, end=end - tuning.horizon, tuning=tuning)
    model = again.model_as_of(purchases, learnt.again, end=end, tuning=tuning)
    found = finds or discover.fit(purchases, end=end, tuning=tuning)
    order = None if found is None else ranking.order_as_of(purchases, found, learnt.order)
    popular = _popular(purchases, end)
    chunks = [
        (first, min(first + tuning.chunk, purchases.members))
        for first in range(0, purchases.members, tuning.chunk)
    ]
    most = max(1, _MOST_MEMBERS // tuning.chunk)
    if len(chunks) > most:
        chunks = [chunks[place] for place in np.linspace(0, len(chunks) - 1, most).astype(int)]
    taken: dict[str, list[Any]] = {question: [] for question in ("again", "next_visit", "all", "new")}
    lists: dict[str, list[Any]] = {name: [] for name in ("again", "own", "popular", "new", "new_popular")}
    for first, until in chunks:
        rows = until - first
        share = again.share_of(purchases, first, until, model)
        pairs, scores = again.score(purchases, first, until, model, share=share)
        lists["again"] += again.top(pairs, scores, rows, kept=SHOWN).items.tolist()
        lists["own"] += again.top(pairs, _own(pairs), rows, kept=SHOWN).items.tolist()
        lists["popular"] += [popular[:SHOWN].tolist()] * rows
        before = _things(pairs.member, pairs.item, rows)
        member, item, day = purchases.part(first, until, before=end + tuning.horizon)
        after = day >= end
        member, item, day = member[after], item[after], day[after]
        came = np.full(rows, np.iinfo("int64").max)
        np.minimum.at(came, member, day)
        everything = _things(member, item, rows)
        visit = _things(member[day == came[member]], item[day == came[member]], rows)
        for mine, then, own in zip(everything, visit, before, strict=True):
            taken["all"].append(mine)
            taken["again"].append(mine & own)
            taken["next_visit"].append(then)
            taken["new"].append(mine - own)
        unknown = [[int(i) for i in popular if i not in own][:SHOWN] for own in before]
        lists["new_popular"] += unknown
        if order is not None:
            likes = discover.tastes(purchases, first, until, order.finds)
            top = ranking.ranked(purchases, first, until, pairs=pairs, share=share, tastes=likes, order=order)
            lists["new"] += top.items[:, :SHOWN].tolist()
    shown = {name: [[i for i in one if i >= 0] for one in rows] for name, rows in lists.items()}
    results = {
        question: {
            name: _accuracy(shown[key], taken[question])
            for name, key in (("model", "again"), ("own", "own"), ("popular", "popular"))
        }
        for question in ("again", "next_visit", "all")
    }
    if found is not None:
        results["new"] = {
            "model": _accuracy(shown["new"], taken["new"]),
            "popular": _accuracy(shown["new_popular"], taken["new"]),
        }
    return Evaluation(
        results,
        sum(1 for one in taken["all"] if one),
        {
            name: len({i for one in shown[key] for i in one})
            for name, key in (("buy_again", "again"), ("discover", "new"))
        },
    )


def _accuracy(lists: list[list[int]], taken: list[set[int]]) -> Accuracy:
    try:
        return Accuracy(
            sum(1 for one in taken if one),
            round(measures.recall_at(lists, taken, k=SHOWN), 4),
            round(measures.ndcg_at(lists, taken, k=SHOWN), 4),
        )
    except TooFew:
        return Accuracy(0, 0.0, 0.0)


def _own(pairs: again.Pairs) -> Floats:
    """Her most-bought: on how many days, the later last."""
    return np.asarray(pairs.times + pairs.last / 1e6, "float64")


def _popular(purchases: Purchases, end: int) -> Ints:
    """The most-bought things of the last eight weeks, enough of them for those who had many already."""
    columns, _ = discover.columns_of(purchases, end=end, tuning=Tuning(discover_share=0), most=1000)
    return columns


def _things(member: Ints, item: Ints, rows: int) -> list[set[int]]:
    order = np.argsort(member, kind="stable")
    bounds = np.searchsorted(member[order], np.arange(1, rows))
    return [set(piece.tolist()) for piece in np.split(item[order], bounds)]
