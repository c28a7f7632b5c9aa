"""Pareto/NBD (Schmittlein, Morrison and Colombo 1987): she buys at random times and stops at a random time.

The likelihood's two hypergeometric functions stand for one integral over the time she stopped at:

    s * integral from t_x to T of (alpha + t)^-(r+x) (beta + t)^-(s+1) dt

which is taken here by Gauss and Legendre after a change of variable that follows the integrand's own decay. It cannot
overflow, nothing cancels, and the gradient comes from the same nodes. The tests hold it against the closed form of
Fader and Hardie's note of 2005.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import digamma, gammaln

from regulars.insight.lifetime.histories import per_count
from regulars.insight.lifetime.types import Histories, Numbers

NAMES = ("r", "alpha", "s", "beta")
_NODES, _WEIGHTS = (
    (np.polynomial.legendre.leggauss(24)[0] + 1) / 2,
    np.polynomial.legendre.leggauss(24)[1] / 2,
)
_AT_ONCE = 16_384  # histories, so that the nodes' arrays stay in the processor's cache


def log_likelihood(parameters: Numbers, histories: Histories) -> tuple[float, Numbers]:
    """The weighted sum of the log-likelihood and its gradient."""
    r, alpha, s, beta = parameters
    counts, place = per_count(histories.repeats)
    by_count = gammaln(r + counts) - gammaln(r)
    slope_by_count = digamma(r + counts) - digamma(r)
    total, slopes = 0.0, np.zeros(4)
    for first in range(0, histories.repeats.size, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        x, now, weight = histories.repeats[part], histories.age[part], histories.weight[part]
        scale, gone, (by_r, by_alpha, by_s, by_beta) = _stopped(parameters, x, histories.recency[part], now)
        log_a, log_b = np.log(alpha + now), np.log(beta + now)
        still = -(r + x) * log_a - s * log_b
        left = np.log(s) + scale + np.log(np.maximum(gone, 1e-300))
        either = np.logaddexp(still, left)
        here = np.exp(still - either)
        away = (1 - here) / np.maximum(
            gone, 1e-300
        )  # times a slope of the integral is the slope of its logarithm
        total += float(weight @ (by_count[place[part]] + r * np.log(alpha) + s * np.log(beta) + either))
        slopes += [
            weight @ (slope_by_count[place[part]] + np.log(alpha) - here * log_a + away * by_r),
            weight @ (r / alpha - here * (r + x) / (alpha + now) + away * by_alpha),
            weight @ (np.log(beta) - here * log_b + (1 - here) / s + away * by_s),
            weight @ (s / beta - here * s / (beta + now) + away * by_beta),
        ]
    return total, slopes


def alive(parameters: Any, histories: Histories) -> Numbers:
    """The chance that she has not stopped, by history."""
    r, alpha, s, beta = parameters
    found = np.empty(histories.repeats.size)
    for first in range(0, found.size, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        x, now = histories.repeats[part], histories.age[part]
        scale, gone, _ = _stopped(parameters, x, histories.recency[part], now)
        still = -(r + x) * np.log(alpha + now) - s * np.log(beta + now)
        left = np.log(s) + scale + np.log(np.maximum(gone, 1e-300))
        found[part] = np.exp(still - np.logaddexp(still, left))
    return found


def expected(parameters: Any, histories: Histories, ahead: float) -> Numbers:
    """Purchases expected within `ahead`, by history (equation 41 of the 2005 note)."""
    r, alpha, s, beta = parameters
    if abs(s - 1) < 1e-6:
        s = 1 + 1e-6
    now = histories.age
    kept = np.exp((s - 1) * (np.log(beta + now) - np.log(beta + now + ahead)))
    rate = (r + histories.repeats) * (beta + now) / (alpha + now)
    return np.asarray(alive((r, alpha, s, beta), histories) * rate / (s - 1) * (1 - kept))


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
    r, alpha, s, beta = parameters
    shape = (repeats.size, draws)
    rate = rng.gamma(np.broadcast_to((r + repeats)[:, None], shape)) / (alpha + age)[:, None]
    stop = rng.gamma(s, size=shape) / (beta + age)[:, None]
    lifetime = rng.exponential(size=shape) / np.maximum(stop, 1e-300)
    lifetime[rng.random(shape) >= chance[:, None]] = 0
    counts, so_far, before = [], np.zeros(shape), 0.0
    for until in ahead:
        so_far = so_far + rng.poisson(rate * (np.minimum(lifetime, until) - np.minimum(lifetime, before)))
        counts.append(so_far)
        before = until
    return np.stack(counts)


def _stopped(
    parameters: Any, x: Numbers, last: Numbers, now: Numbers
) -> tuple[Numbers, Numbers, tuple[Numbers, Numbers, Numbers, Numbers]]:
    """The integral: the logarithm of its scale, its value over that, and its slopes over that, by history.

    With k = r + s + x and c so that (1 + u/c)^-(k+1) falls as the integrand does at t_x, what is left over that is a
    smooth function of w = 1 / (1 + u/c). Integrated is over w to the power g, 1 for short histories and growing with k,
    so that no node is lost where the integrand of a long history has vanished.
    """
    r, alpha, s, beta = parameters
    one, other, k = alpha + last, beta + last, r + s + x
    c = (k + 1) / ((r + x) / one + (s + 1) / other)
    g = np.maximum(k / 8, 1)
    least = np.exp(-g * np.log1p((now - last) / c))
    logs = np.log(least[:, None] + (1 - least)[:, None] * _NODES)
    log_base = -logs / g[:, None]  # log(1 + u/c)
    after = c[:, None] * np.expm1(log_base)
    log_one = np.log1p(after / one[:, None])
    log_other = np.log1p(after / other[:, None])
    level = (
        np.exp(
            (k / g - 1)[:, None] * logs
            + (k + 1)[:, None] * log_base
            - (r + x)[:, None] * log_one
            - (s + 1) * log_other
        )
        * _WEIGHTS
    )
    value = level.sum(axis=1)
    wide = c / g * (1 - least)
    scale = -(r + x) * np.log(one) - (s + 1) * np.log(other)
    slopes = (
        -wide * (np.log(one) * value + (level * log_one).sum(axis=1)),
        -wide * (r + x) * (level / (one[:, None] + after)).sum(axis=1),
        -wide * (np.log(other) * value + (level * log_other).sum(axis=1)),
        -wide * (s + 1) * (level / (other[:, None] + after)).sum(axis=1),
    )
    return scale, wide * value, slopes
