"""What members are worth over months ahead, with intervals drawn from what their histories leave open."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from regulars.insight.lifetime import fitting, histories, spending
from regulars.insight.lifetime.types import Histories, Numbers, Purchases, Spend, Terms, Worth

MONTH = 365.25 / 12  # days
_DRAWS = 500
_SEED = 20_050_401
_COUNTS = np.unique(np.concatenate([np.arange(9), np.geomspace(9, 4000, 26).round()]))


def worth_of(
    purchases: Purchases,
    spend: Spend,
    *,
    grouped: Histories,
    mean_spend: ArrayLike,
    terms: Terms,
) -> Worth:
    """The value of each member over each of the terms' months: purchases expected times what one is expected to cost,
    times margin, discounted by the quarter it falls in.

    Times of the histories are days. The interval holds the terms' level of what the member's history leaves open: how
    often she buys, whether she has stopped, what she pays. The fit's own error is not in it, which is small beside that
    from some hundred members on.
    """
    cost = np.asarray(mean_spend, dtype=np.float64)
    days = tuple(months * MONTH for months in terms.months)
    count = grouped.repeats + 1
    each = spending.expected_spend(spend, count[grouped.place], cost)
    numbers = np.stack([_discounted(purchases, grouped, until, terms.discount) for until in days])
    chance = fitting.alive(purchases, grouped)
    low, high = _bands(purchases, spend, grouped, chance, days, terms.level)
    value = numbers[:, grouped.place] * each * terms.margin
    return Worth(
        months=terms.months,
        value=value,
        low=np.minimum(low[:, grouped.place] * value, value),
        high=np.maximum(high[:, grouped.place] * value, value),
        alive=chance[grouped.place],
    )


def _discounted(purchases: Purchases, grouped: Histories, until: float, discount: float) -> Numbers:
    """Purchases expected within `until` days; with a discount each quarter's count at its middle's worth."""
    if not discount:
        return fitting.expected_purchases(purchases, grouped, until)
    steps = max(1, round(until / (3 * MONTH)))
    total, before, so_far = np.zeros(grouped.repeats.size), 0.0, np.zeros(grouped.repeats.size)
    for step in range(1, steps + 1):
        end = until * step / steps
        now = fitting.expected_purchases(purchases, grouped, end)
        total += (now - so_far) / (1 + discount) ** ((before + end) / 2 / 365.25)
        before, so_far = end, now
    return total


def _bands(
    purchases: Purchases,
    spend: Spend,
    grouped: Histories,
    chance: Numbers,
    days: tuple[float, ...],
    level: float,
) -> tuple[Numbers, Numbers]:
    """The interval's ends over the expected value, by history.

    What lies ahead hangs on a history only by its count, age and chance of being alive, so histories near each other in
    these share their draws. The money of N purchases is Gamma(pN) / Gamma(q + pn) times (gamma + what she spent so
    far): its shape does not hang on what she spent.
    """
    cell = _cells(grouped, chance)
    weight = np.bincount(cell, weights=grouped.weight)
    repeats, age, alive = (
        np.bincount(cell, weights=grouped.weight * one) / weight
        for one in (grouped.repeats, grouped.age, chance)
    )
    rng = np.random.default_rng(_SEED)
    low, high = np.empty((2, len(days), repeats.size))
    model: Any = fitting.MODELS[purchases.kind]
    for first in range(0, repeats.size, 512):
        part = slice(first, first + 512)
        counts = model.simulate(
            fitting.values_of(purchases), repeats[part], age[part], alive[part], days, _DRAWS, rng
        )
        rate = rng.gamma(
            np.broadcast_to((spend.q + spend.p * (repeats[part] + 1))[:, None], counts.shape[1:])
        )
        money = np.where(counts > 0, rng.gamma(np.maximum(spend.p * counts, 1e-9)), 0) / rate
        mean = np.maximum(money.mean(axis=2, keepdims=True), 1e-300)
        ends = np.quantile(money / mean, [(1 - level) / 2, (1 + level) / 2], axis=2)
        low[:, part], high[:, part] = ends
    return low[:, cell], high[:, cell]


def _cells(grouped: Histories, chance: Numbers) -> Any:
    """Which histories share their draws."""
    count = np.searchsorted(_COUNTS, grouped.repeats, side="right")
    edges = np.unique(np.quantile(grouped.age, np.linspace(0, 1, 13)[1:-1]))
    age = np.searchsorted(edges, grouped.age, side="right")
    alive = np.minimum((chance * 25).astype(np.int64), 24)
    return np.unique((count * 16 + age) * 32 + alive, return_inverse=True)[1]


def group(repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Histories:
    """Histories of members in days, equal ones together; parts of a day do not matter."""
    return histories.group(*(np.floor(np.asarray(one, dtype=np.float64)) for one in (repeats, recency, age)))
