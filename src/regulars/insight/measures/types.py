"""What measures answer with: plain numbers, so that they go into a run's metrics and charts as they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Forecast:
    """How far forecasts of an amount were from what came: `error` is the mean absolute error.

    `error_share` is the sum of absolute errors over the sum of what came, `bias` the sum of forecasts over that sum,
    less one; both are None where nothing came. `rank` is Spearman's correlation, None where one side does not vary.
    """

    rows: int
    error: float
    error_share: float | None
    bias: float | None
    rank: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Decile:
    """One tenth of the members by forecast, 1 the highest: means of what was forecast and what came.

    `share` is this tenth's part of all that came.
    """

    decile: int
    rows: int
    forecast: float
    actual: float
    share: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Bin:
    """Members whose probability lay between `low` and `high`: its mean, and how many of them it came true for."""

    low: float
    high: float
    rows: int
    forecast: float
    actual: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Classification:
    """How good probabilities of a yes were. `auc` is None where all answers are alike.

    `calibration_error` is the expected calibration error over ten equal-width bins (Naeini et al. 2015).
    """

    rows: int
    rate: float
    auc: float | None
    brier: float
    log_loss: float
    calibration_error: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between treated and held out, with its interval at `level` and the two-sided p-value.

    `variance_kept` is the variance after an adjustment over the variance before it, 1 where there was none.
    """

    treated: float
    control: float
    difference: float
    low: float
    high: float
    p_value: float
    treated_rows: int
    control_rows: int
    level: float = 0.95
    variance_kept: float = 1.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two sums over members (orders per visit, money per order), its standard error and interval."""

    value: float
    error: float
    low: float
    high: float
    rows: int
    level: float = 0.95

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class TooFew(ValueError):
    """There are too few rows, or none of one kind, for the figure to mean anything."""
