"""What four weeks teach: how likely she buys again what she had, and which of the things she never had. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.insight.recommend import again, discover, ranking
from regulars.insight.recommend.types import Floats, Purchases, Tuning


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """`again`: weights, means and spreads of buy again; `order`: those of discover, None where too little was taken.

    `finds`: discover as of the day on which the weeks began, for whoever asks how good it would have been.
    """

    again: tuple[Floats, Floats, Floats]
    order: ranking.Fitted | None
    finds: discover.DiscoverModel | None


def learn(purchases: Purchases, *, end: int, tuning: Tuning) -> Learnt:
    """From what was taken in the `horizon` days from day `end` on, by those of whom something was known before."""
    model = again.learn(purchases, end=end, tuning=tuning)
    finds = discover.fit(purchases, end=end, tuning=tuning)
    order = None if finds is None else ranking.fit(purchases, finds, model, tuning=tuning)
    return Learnt((model.weights, model.mean, model.spread), order, finds)
