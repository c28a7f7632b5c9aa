"""Histories of buying, fitted models, what they expect. Times are days unless said otherwise, money is minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Kind = Literal["bg_nbd", "pareto_nbd"]


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """Distinct histories of buying, with how many members have each.

    `repeats` counts days with a purchase after the first one, `recency` is the time from the first to the last of them,
    `age` the time from the first to now. `place` is where each member's history stands.
    """

    repeats: Numbers
    recency: Numbers
    age: Numbers
    weight: Numbers
    place: NDArray[np.int64]

    @property
    def members(self) -> int:
        return self.place.size


@dataclass(frozen=True, slots=True)
class Purchases:
    """A fitted model of when members buy and when they stop.

    `bg_nbd` has r, alpha, a, b (Fader, Hardie and Lee 2005), `pareto_nbd` r, alpha, s, beta (Schmittlein, Morrison and
    Colombo 1987); alpha and beta are in the unit of the histories.
    """

    kind: Kind
    parameters: Mapping[str, float]
    log_likelihood: float
    members: int
    histories: int
    steps: int
    converged: bool


@dataclass(frozen=True, slots=True)
class Spend:
    """A fitted Gamma-Gamma model of what a purchase costs (Fader and Hardie 2013): p, q, and gamma in money."""

    p: float
    q: float
    gamma: float
    log_likelihood: float
    members: int
    converged: bool

    @property
    def mean(self) -> float:
        """The population's mean of a purchase; without end where q is at most 1."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else float("inf")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a member's value is reckoned by: months ahead, share of money that is margin, discount a year."""

    months: tuple[float, ...] = (12, 36)
    margin: float = 1.0
    discount: float = 0.0
    level: float = 0.8  # of the interval


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """By member and by months ahead: the expected value with its interval; and the chance that she still buys."""

    months: tuple[float, ...]
    value: Numbers  # (months, members)
    low: Numbers
    high: Numbers
    alive: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Members as they stood at an instant: their histories, mean of a purchase, other behaviour, what came after.

    `day` numbers the instant on any scale common to a fit's samples. `spent_before` is what each spent in the year
    before (or since the data begins, `days_before` of it); `came` what each spent within `horizon_days` after, None
    where that lies ahead.
    """

    day: float
    repeats: Numbers
    recency: Numbers
    age: Numbers
    mean_spend: Numbers
    behaviour: Mapping[str, Numbers]
    spent_before: Numbers
    days_before: float
    horizon_days: float
    came: Numbers | None = None

    @property
    def known_on(self) -> float:
        """The day from which what came is known."""
        return self.day + self.horizon_days

    @property
    def members(self) -> int:
        return self.repeats.size


@dataclass(frozen=True, slots=True)
class Enough:
    """How much data a fit needs; below it nothing is said."""

    members: int = 200
    repeaters: int = 100
    days: float = 90


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """The whole model: which parts it has, which of them was chosen, how each did on the last quarter."""

    purchases: Purchases
    spend: Spend
    chosen: str
    worth: Worth
    metrics: Mapping[str, Any]
    charts: Mapping[str, Any]


class NotEnough(Exception):
    """Too little data to fit: `have` and `need` by what is counted."""

    def __init__(self, have: Mapping[str, float], need: Mapping[str, float]) -> None:
        super().__init__(f"have {dict(have)}, need {dict(need)}")
        self.have, self.need = dict(have), dict(need)
