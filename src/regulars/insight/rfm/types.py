"""RFM: how recently, how often and for how much members bought, scored from 1 to 5, and the eight groups of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from regulars.conditions import api as conditions
from regulars.kit.text import Text

SCORES = 5
Method = Literal["quantiles", "cuts"]

_NAMES: dict[str, Text] = {one.value: one.label for one in conditions.RFM_GROUPS}
# (recency high, frequency high, money high) → group
_HIGH: dict[tuple[bool, bool, bool], str] = {
    (True, True, True): "champions",
    (True, False, True): "promising",
    (False, True, True): "keep",
    (False, False, True): "win_back",
    (True, True, False): "regular",
    (True, False, False): "new",
    (False, True, False): "fading",
    (False, False, False): "lapsed",
}
GROUPS: dict[str, tuple[tuple[bool, bool, bool], Text]] = {
    key: (high, _NAMES[key]) for high, key in _HIGH.items()
}
# members without a purchase in the period have no score
NONE = "none"
NO_GROUP = _NAMES[NONE]


@dataclass(frozen=True, slots=True)
class RfmSettings:
    """How a brand scores.

    `months`: the period that counts, up to the day before. `method` "quantiles": each fifth of the members has a
    score; "cuts": by own bounds, four ascending numbers each: a score is 1 plus the bounds that are reached. For
    recency the bounds are days since the last purchase and fewer are better; money is in minor units. `high_from`:
    the score from which a member counts as high when groups are named. `compare_months`: how far back the period
    lies that this one is compared with.
    """

    months: int = 12
    method: Method = "quantiles"
    recency_cuts: tuple[int, ...] = (7, 30, 60, 120)
    frequency_cuts: tuple[int, ...] = (2, 4, 8, 16)
    money_cuts: tuple[int, ...] = (10_000, 50_000, 100_000, 300_000)
    high_from: int = 4
    compare_months: int = 3

    def to_json(self) -> dict[str, Any]:
        return {
            "months": self.months,
            "method": self.method,
            "recency_cuts": list(self.recency_cuts),
            "frequency_cuts": list(self.frequency_cuts),
            "money_cuts": list(self.money_cuts),
            "high_from": self.high_from,
            "compare_months": self.compare_months,
        }


@dataclass(frozen=True, slots=True)
class Window:
    """The business days that count, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class RfmReport:
    """What one run shows: plain JSON rows of the heat map, the groups, the cut points seen and the migration."""

    scored: int
    unscored: int
    money: int
    cells: list[dict[str, Any]] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    bounds: list[dict[str, Any]] = field(default_factory=list)
    flows: list[dict[str, Any]] = field(default_factory=list)
