"""Which variant won, from counts and sums: two-proportion z for shares, Welch's t for money. Pure, no library.

Every pair is compared; with k variants each pair is held to alpha / (k (k-1) / 2) (Bonferroni), so that a winner is
named where there is none in at most alpha of all tests. It is judged once, at the end: who looks every day and stops at
the first good one is wrong far more often.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

from regulars.engage.campaigns.types import Trial

NO_WINNER = "none"
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Moments:
    """An arm's figures: members, those who ordered, the sum of money and of its squares."""

    rows: int
    buyers: int
    money: int
    squares: int

    @property
    def rate(self) -> float:
        return self.buyers / self.rows if self.rows else 0.0

    @property
    def mean(self) -> float:
        return self.money / self.rows if self.rows else 0.0

    @property
    def variance(self) -> float:
        if self.rows < 2:
            return 0.0
        # whole numbers: no digits are lost where the mean is large and the spread small
        return (self.rows * self.squares - self.money * self.money) / (self.rows * (self.rows - 1))


@dataclass(frozen=True, slots=True)
class Pair:
    """One comparison: `difference` is `first` less `second`."""

    first: str
    second: str
    difference: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """`winner` is a variant's key or `none`; `why`: won, too_few, no_difference."""

    winner: str
    why: str
    threshold: float
    pairs: tuple[Pair, ...]
    arms: Mapping[str, Moments]

    def to_json(self) -> dict[str, Any]:
        return {
            "winner": self.winner,
            "why": self.why,
            "threshold": self.threshold,
            "pairs": [asdict(one) for one in self.pairs],
            "arms": {
                key: {
                    "rows": one.rows,
                    "buyers": one.buyers,
                    "money": one.money,
                    "rate": one.rate,
                    "mean": one.mean,
                }
                for key, one in self.arms.items()
            },
        }


def judge(trial: Trial, arms: Mapping[str, Moments]) -> Verdict:
    """The winner: better than every other by the test, or none."""
    test = two_proportions if trial.metric == "conversion" else welch
    pairs = tuple(
        Pair(first, second, *test(arms[first], arms[second]))
        for first, second in itertools.combinations(arms, 2)
    )
    threshold = trial.alpha_permille / 1000 / max(1, len(pairs))
    if len(arms) < 2 or any(one.rows < trial.min_sample for one in arms.values()):
        return Verdict(NO_WINNER, "too_few", threshold, pairs, arms)
    for key in arms:
        mine = [pair for pair in pairs if key in (pair.first, pair.second)]
        if all(
            pair.p_value < threshold and (pair.difference > 0) == (pair.first == key) and pair.difference
            for pair in mine
        ):
            return Verdict(key, "won", threshold, pairs, arms)
    return Verdict(NO_WINNER, "no_difference", threshold, pairs, arms)


def two_proportions(first: Moments, second: Moments) -> tuple[float, float]:
    """Difference of the shares and its two-sided p-value by the pooled z-test."""
    if not first.rows or not second.rows:
        return 0.0, 1.0
    difference = first.rate - second.rate
    pooled = (first.buyers + second.buyers) / (first.rows + second.rows)
    error = math.sqrt(pooled * (1 - pooled) * (1 / first.rows + 1 / second.rows))
    if not error:
        return difference, 1.0
    return difference, 2 * (1 - _NORMAL.cdf(abs(difference) / error))


def welch(first: Moments, second: Moments) -> tuple[float, float]:
    """Difference of the means and its two-sided p-value by Welch's t-test (1947)."""
    if first.rows < 2 or second.rows < 2:
        return 0.0, 1.0
    difference = first.mean - second.mean
    a, b = first.variance / first.rows, second.variance / second.rows
    if not a + b:
        return difference, 1.0 if not difference else 0.0
    degrees = (a + b) ** 2 / (a**2 / (first.rows - 1) + b**2 / (second.rows - 1))
    t = difference / math.sqrt(a + b)
    return difference, incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function by its continued fraction (Lentz; DLMF 8.17.22).

    The two-sided tail of Student's t with v degrees is I_x(v/2, 1/2) at x = v / (v + t²).
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    result = d
    for m in range(1, 10_000):
        for top in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + top * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + top / c
            c = c if abs(c) > tiny else tiny
            result *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return result
