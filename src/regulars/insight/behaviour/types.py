"""What members did until a day, as columns, and what came after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# The fields that models of value and of churn learn from, with what each is. Money is minor units. None of them grows
# only because the data reaches farther back: what is learnt from an earlier day has to hold on a later one.
FIELDS: dict[str, str] = {
    "since": "days since the last purchase",
    "tenure": "days since the first purchase, up to 180",
    "rate": "days with a purchase, for 30 days of the last year (or since the first one)",
    "gap_mean": "mean days between purchases",
    "gap_sd": "how much the days between purchases vary",
    "gap_max": "the longest time between purchases",
    "gap_last": "days between the last two purchases",
    "overdue": "days since the last purchase over the mean gap",
    "days_30": "days with a purchase, last 30",
    "days_90": "days with a purchase, last 90",
    "visit_trend": "days with a purchase in the last 45 over those of the 45 before",
    "spend_30": "spent in the last 30 days",
    "spend_90": "spent in the last 90 days",
    "spend_rate": "spent in 30 days of the last year (or since the first purchase)",
    "mean_spend": "mean spent on a day with a purchase",
    "last_spend": "spent on the last such day over the mean",
    "spend_trend": "spent in the last 45 days over the 45 before",
    "pieces": "pieces a day with a purchase",
    "coupon_share": "share of orders with a coupon",
    "discount_share": "discounts over price before them",
    "categories_30": "different categories bought in the last 30 days",
    "categories_90": "different categories bought in the last 90 days",
    "stores": "different stores",
    "weekend_share": "share of purchases on a weekend",
    "online_share": "share of orders outside of stores",
    "visits_90": "days with something done that was no purchase, last 90: opened, checked in, played, reviewed",
    "refunds": "refunds so far",
}


class Tables(Protocol):
    """The warehouse, or anything else that has its tables as ibis expressions."""

    def table(self, name: str) -> Any: ...


@dataclass(frozen=True, slots=True, eq=False)
class Behaviour:
    """Members who had bought before `day`, one place each in every column; `fields` are FIELDS, NaN where unknown.

    `spent_before` covers `days_before` days before the day. `next_in` is after how many whole days the next purchase
    came (0: on the day itself), infinite where none came while data goes; `spent_after` is by horizon.
    """

    day: date
    members: Sequence[str]
    first_day: date
    fields: Mapping[str, Numbers]
    repeats: Numbers  # days with a purchase after the first
    recency: Numbers  # days from the first purchase to the last
    age: Numbers  # days from the first purchase to the eve of `day`
    spent_before: Numbers
    days_before: float
    next_in: Numbers
    spent_after: Mapping[int, Numbers]


@dataclass(frozen=True, slots=True, eq=False)
class CategoryGaps:
    """Members and categories they had bought in on at least two days before `day`, one place each in every column.

    `member` is the place in `Behaviour.members` of the same day, `category` that in `categories`. `gaps` counts the
    times between those days, `mean_log` and `spread_log` are the mean and the sum of squares around it of their
    logarithms; `since` and `next_in` are as in `Behaviour`.
    """

    day: date
    categories: Sequence[str]
    member: NDArray[np.int64]
    category: NDArray[np.int64]
    gaps: Numbers
    mean_log: Numbers
    spread_log: Numbers
    since: Numbers
    next_in: Numbers
