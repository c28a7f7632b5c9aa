"""RFM: how recently, how often and for how much members bought, scored from 1 to 5, and the eight groups of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from regulars.kit.text import Text

SCORES = 5
Method = Literal["quantiles", "cuts"]

# (recency high, frequency high, money high) → group. The names are those the field uses.
GROUPS: dict[str, tuple[tuple[bool, bool, bool], Text]] = {
    "champions": ((True, True, True), Text("重要价值", "Champions")),
    "promising": ((True, False, True), Text("重要发展", "High-value new")),
    "keep": ((False, True, True), Text("重要保持", "High-value fading")),
    "win_back": ((False, False, True), Text("重要挽留", "High-value lapsing")),
    "regular": ((True, True, False), Text("一般价值", "Frequent, small baskets")),
    "new": ((True, False, False), Text("一般发展", "Recent, small baskets")),
    "fading": ((False, True, False), Text("一般保持", "Fading, small baskets")),
    "lapsed": ((False, False, False), Text("一般挽留", "Lapsed, small baskets")),
}
# members without a purchase in the period have no score
NONE = "none"
NO_GROUP = Text("期内未购", "No purchase in the period")


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
