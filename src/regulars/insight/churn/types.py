"""Whether and when members buy again: samples, chances, reasons, due dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
HORIZONS = (7, 30, 60, 90)  # days: intent is told for 7 and 30, churn for 30, 60 and 90


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Members as they stood when a day began, and after how many days the next purchase came.

    `day` numbers the day on any scale common to a fit's samples. `known_days` is for how long after it the data goes;
    `next_in` counts from 0, infinite where none came within them. A sample of today has `known_days` 0.
    """

    day: float
    fields: Mapping[str, Numbers]
    next_in: Numbers
    known_days: float

    @property
    def members(self) -> int:
        return self.next_in.size


@dataclass(frozen=True, slots=True)
class Enough:
    """How much a fit needs: members a sample, and of those who came and who did not; samples."""

    members: int = 300
    of_each: int = 50
    samples: int = 3


class NotEnough(Exception):
    """Too little data to fit: `have` and `need` by what is counted."""

    def __init__(self, have: Mapping[str, float], need: Mapping[str, float]) -> None:
        super().__init__(f"have {dict(have)}, need {dict(need)}")
        self.have, self.need = dict(have), dict(need)


@dataclass(frozen=True, slots=True)
class Because:
    """One member's reason: by how much it moves the log-odds of no purchase, her value and the usual one."""

    code: str
    weight: float
    value: float | None
    usual: float | None

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "weight": self.weight, "value": self.value, "usual": self.usual}


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """Chances of no purchase by horizon in days, the reasons behind those of `reasons_for`, how good it all was."""

    churn: Mapping[int, Numbers]
    reasons: Sequence[Sequence[Because]]
    reasons_for: int
    metrics: Mapping[str, Any]
    charts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Members and categories they bought in on at least two days: what the days between were like.

    `gaps` counts them, `mean_log` and `spread_log` are the mean and the sum of squares around it of their logarithms,
    `since` the days since the last purchase. `next_in` as in `Sample`, None where it lies ahead.
    """

    member: NDArray[np.int64]
    category: NDArray[np.int64]
    gaps: Numbers
    mean_log: Numbers
    spread_log: Numbers
    since: Numbers
    next_in: Numbers | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """For each member the category due next (-1: none) and in how many days."""

    category: NDArray[np.int64]
    in_days: Numbers
    metrics: Mapping[str, Any]
