"""Gamma-Gamma: what a purchase costs, apart from how often she buys (Fader and Hardie's note of 2013)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln

from regulars.insight.lifetime.fitting import SEEN_FROM, maximise
from regulars.insight.lifetime.types import Numbers, Spend

_STARTS = [(2.0, 3.0, 1.0), (6.0, 4.0, 0.5)]
_SEED = 11


def fit_spend(count: ArrayLike, mean: ArrayLike) -> Spend:
    """Fit to members' numbers of purchases (at least 1) and their mean cost (above 0); others are left out."""
    number, cost = np.asarray(count, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    usable = (number >= 1) & (cost > 0) & np.isfinite(cost)
    number, cost = number[usable], cost[usable]
    if number.size < 2:
        raise ValueError("at least two members who bought")
    unit = float(cost.mean())  # gamma near 1 whatever the currency
    cost = cost / unit
    rows, few = number.size, None
    if rows > 2 * SEEN_FROM:
        some = np.random.default_rng(_SEED).choice(rows, SEEN_FROM, replace=False)
        few = (_likelihood(number[some], cost[some]), SEEN_FROM)
    found = maximise(_likelihood(number, cost), starts=_STARTS, rows=rows, few=few)
    p, q, gamma = (float(one) for one in found.parameters)
    # the density of money is that of money over the unit, over the unit
    return Spend(p, q, gamma * unit, found.value - rows * float(np.log(unit)), rows, found.converged)


def _likelihood(number: Numbers, cost: Numbers) -> Callable[[Numbers], tuple[float, Numbers]]:
    """The log-likelihood and its gradient by (p, q, gamma)."""
    log_cost, total, rows = np.log(cost), number * cost, number.size
    counts, many = np.unique(number, return_counts=True)
    log_counts = np.log(counts)

    def both(parameters: Numbers) -> tuple[float, Numbers]:
        p, q, gamma = parameters
        pn = p * number
        log_sum = np.log(gamma + total)
        gammas = many @ (gammaln(p * counts + q) - gammaln(p * counts) + p * counts * log_counts)
        value = (
            gammas
            - rows * (gammaln(q) - q * np.log(gamma))
            + float(((pn - 1) * log_cost).sum())
            - float(((pn + q) * log_sum).sum())
        )
        slope_p = many @ (counts * (digamma(p * counts + q) - digamma(p * counts) + log_counts)) + number @ (
            log_cost - log_sum
        )
        slope_q = many @ digamma(p * counts + q) - rows * (digamma(q) - np.log(gamma)) - log_sum.sum()
        slope_gamma = rows * q / gamma - ((pn + q) / (gamma + total)).sum()
        return float(value), np.array([slope_p, slope_q, slope_gamma])

    return both


def expected_spend(spend: Spend, count: ArrayLike, mean: ArrayLike) -> Numbers:
    """What a purchase of each member is expected to cost: her own mean drawn towards the population's."""
    number = np.asarray(count, dtype=np.float64)
    below = spend.p * number + spend.q - 1
    drawn = (
        spend.p * (spend.gamma + number * np.asarray(mean, dtype=np.float64)) / np.where(below > 0, below, 1)
    )
    return np.where(below > 0, drawn, np.asarray(mean, dtype=np.float64))
