"""Door of lifetime: what members will be worth, fitted to their brand's own history. Pure: arrays in, arrays out."""

from __future__ import annotations

from regulars.insight.lifetime.estimate import estimate
from regulars.insight.lifetime.fitting import (
    alive,
    expected_purchases,
    fit_histories,
    fit_purchases,
)
from regulars.insight.lifetime.histories import group
from regulars.insight.lifetime.spending import expected_spend, fit_spend
from regulars.insight.lifetime.worth import worth_of

__all__ = [
    "alive",
    "estimate",
    "expected_purchases",
    "expected_spend",
    "fit_histories",
    "fit_purchases",
    "fit_spend",
    "group",
    "worth_of",
]
