"""BG/NBD (Fader, Hardie and Lee 2005): she buys at random times and may stop after each purchase.

Formulas and their numbers are the paper's; what is evaluated is rearranged so that long histories do not overflow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import digamma, expit, gammaln, hyp2f1

from regulars.insight.lifetime.histories import per_count
from regulars.insight.lifetime.types import Histories, Numbers

NAMES = ("r", "alpha", "a", "b")
_SURE = 200.0  # of the beta distribution's a: from here on its spread moves no expectation by half a per cent


def log_likelihood(parameters: Numbers, histories: Histories) -> tuple[float, Numbers]:
    """The weighted sum of equation (6) and its gradient."""
    r, alpha, a, b = parameters
    x, last, now, weight = histories.repeats, histories.recency, histories.age, histories.weight
    counts, place = per_count(x)
    by_count = (gammaln(r + counts) - gammaln(r) + gammaln(a + b) + gammaln(b + counts)) - (
        gammaln(b) + gammaln(a + b + counts)
    )
    log_now, log_last = np.log(alpha + now), np.log(alpha + last)
    still = -(r + x) * log_now
    left = _left(r, a, b, x, log_last)
    either = np.logaddexp(still, left)
    total = by_count[place] + r * np.log(alpha) + either
    gone = np.exp(left - either)
    here = 1 - gone
    joined = digamma(a + b) - digamma(a + b + counts)
    slope_r = (digamma(r + counts) - digamma(r))[place] + np.log(alpha) - here * log_now - gone * log_last
    slope_alpha = r / alpha - (r + x) * (here / (alpha + now) + gone / (alpha + last))
    slope_a = joined[place] + gone / a
    slope_b = (digamma(b + counts) - digamma(b) + joined)[place] - np.where(
        x > 0, gone / np.maximum(b + x - 1, 1e-300), 0
    )
    slopes = np.array([weight @ one for one in (slope_r, slope_alpha, slope_a, slope_b)])
    return float(weight @ total), slopes


def alive(parameters: Any, histories: Histories) -> Numbers:
    """The chance that she has not stopped, by history."""
    r, alpha, a, b = parameters
    x = histories.repeats
    still = -(r + x) * np.log(alpha + histories.age)
    return np.asarray(expit(still - _left(r, a, b, x, np.log(alpha + histories.recency))))


def expected(parameters: Any, histories: Histories, ahead: float) -> Numbers:
    """Purchases expected within `ahead`, by history: equation (10).

    Euler's transformation takes (alpha+T)/(alpha+T+t) to the power of r+x out of the hypergeometric function, whose own
    parameters then stay small whatever x is.
    """
    r, alpha, a, b = parameters
    if abs(a - 1) < 1e-6:
        a = 1 + 1e-6  # the formula is 0 / 0 at 1 and smooth through it
    x = histories.repeats
    later = alpha + histories.age + ahead
    if a > _SURE:
        # members hardly differ in how likely they stop: the chance is its mean, for which the sum has a plain form
        stop = a / (a + b + x)
        kept = -np.expm1(
            (r + x) * (np.log(alpha + histories.age) - np.log(alpha + histories.age + stop * ahead))
        )
        return np.asarray(kept / stop * alive(parameters, histories))
    series = hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, ahead / later)
    lost = np.exp((a - 1) * (np.log(alpha + histories.age) - np.log(later))) * series
    found = (a + b + x - 1) / (a - 1) * (1 - lost) * alive((r, alpha, a, b), histories)
    return np.asarray(np.maximum(found, 0))


def simulate(
    parameters: Any,
    repeats: Numbers,
    age: Numbers,
    chance: Numbers,
    ahead: tuple[float, ...],
    draws: int,
    rng: Any,
) -> Numbers:
    """Purchases within each of `ahead` (growing), drawn from what a history leaves open: (ahead, histories, draws)."""
    r, alpha, a, b = parameters
    shape = (repeats.size, draws)
    rate = rng.gamma(np.broadcast_to((r + repeats)[:, None], shape)) / (alpha + age)[:, None]
    stop = rng.beta(a, np.broadcast_to((b + repeats)[:, None], shape))
    most = rng.geometric(np.clip(stop, 1e-9, 1)).astype(np.float64)
    most[rng.random(shape) >= chance[:, None]] = 0
    counts, so_far, before = [], np.zeros(shape), 0.0
    for until in ahead:
        so_far = so_far + rng.poisson(rate * (until - before))
        counts.append(np.minimum(so_far, most))
        before = until
    return np.stack(counts)


def _left(r: float, a: float, b: float, x: Numbers, log_last: Numbers) -> Numbers:
    """The logarithm of the part of those who stopped after their last purchase; none without a repeat."""
    return np.where(x > 0, np.log(a) - np.log(np.where(x > 0, b + x - 1, 1)) - (r + x) * log_last, -np.inf)
