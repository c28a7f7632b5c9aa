"""What a campaign brought: treated members against those held out, as plain figures. Arrays in, JSON out.

Everybody assigned counts in her arm, whether the message reached her or not (intention to treat): who could be reached
differs from who could not, and nobody knows who of the held out could have been.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regulars.insight.measures import api as measures
from regulars.insight.measures.types import Difference, TooFew

FEW = 30
SPLIT_WARNS = 0.001
Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Group:
    """Members by what they did: money net of refunds and discounts in minor units, the same before."""

    orders: Column
    money: Column
    discount: Column
    before: Column

    @property
    def rows(self) -> int:
        return int(self.money.size)

    @property
    def buyers(self) -> int:
        return int((self.orders > 0).sum())

    def margin(self, permille: int) -> Column:
        """What is left of each one's orders: the margin on list prices, less what was taken off them."""
        return (self.money + self.discount) * (permille / 1000) - self.discount

    def summary(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "buyers": self.buyers,
            "orders": int(self.orders.sum()),
            "money": round(float(self.money.sum())),
            "discount": round(float(self.discount.sum())),
            "rate": self.buyers / self.rows if self.rows else None,
            "money_per": float(self.money.mean()) if self.rows else None,
            "orders_per": float(self.orders.mean()) if self.rows else None,
        }


def joined(groups: Sequence[Group]) -> Group:
    if not groups:
        nothing = np.zeros(0)
        return Group(nothing, nothing, nothing, nothing)
    return Group(
        *(
            np.concatenate([getattr(one, name) for one in groups])
            for name in ("orders", "money", "discount", "before")
        )
    )


def compare(treated: Group, control: Group, *, adjust: bool, margin_permille: int | None) -> dict[str, Any]:
    """Every metric's difference with its interval; `adjust` takes out what the time before explains (CUPED)."""
    shares = measures.difference_in_shares((treated.buyers, treated.rows), (control.buyers, control.rows))
    found: dict[str, Any] = {
        "conversion": _told(shares),
        "orders": _told(measures.difference_in_means(treated.orders, control.orders)),
        "money_plain": _told(measures.difference_in_means(treated.money, control.money)),
        "money": _told(_difference(treated, control, treated.money, control.money, adjust)),
    }
    if margin_permille is not None:
        found["margin"] = _told(
            _difference(
                treated, control, treated.margin(margin_permille), control.margin(margin_permille), adjust
            )
        )
    return found


def total(
    uplift: Mapping[str, Any],
    treated: Group,
    control: Group,
    *,
    points_cost: int | None,
    message_cost: int | None,
) -> dict[str, Any]:
    """What it brought in all: the difference for each times how many were treated, the cost, and the return.

    `margin` is after discounts, so their difference is no second cost of it; of the return it is part of what was
    spent. Where margin or a cost is not known, nothing is made of it.
    """
    many = treated.rows
    discount = max(0.0, float(treated.discount.mean() - control.discount.mean()) * many)
    found: dict[str, Any] = {
        "treated": many,
        "money": _times(uplift["money"], many),
        "margin": _times(uplift["margin"], many) if "margin" in uplift else None,
        "cost": {"discount": round(discount), "points": points_cost, "messages": message_cost},
        "net": None,
        "roi": None,
    }
    if found["margin"] is None:
        return found
    paid = (points_cost or 0) + (message_cost or 0)
    net = {key: value - paid for key, value in found["margin"].items()}
    found["net"] = net
    spent = paid + round(discount)
    if spent > 0:
        found["roi"] = {key: value / spent for key, value in net.items()}
    return found


def split_of(counts: Mapping[str, int], shares: Mapping[str, float]) -> dict[str, Any]:
    """Whether members fell into the arms as they should have; where not, something took some of them out."""
    arms = [arm for arm in shares if shares[arm] > 0]
    p_value = measures.sample_ratio([counts.get(arm, 0) for arm in arms], [shares[arm] for arm in arms])
    whole = sum(counts.get(arm, 0) for arm in arms)
    return {
        "p_value": p_value,
        "warns": p_value < SPLIT_WARNS,
        "arms": [
            {
                "arm": arm,
                "got": counts.get(arm, 0),
                "expected": round(whole * shares[arm] / sum(shares.values())),
            }
            for arm in arms
        ],
    }


def verdict_of(uplift: Mapping[str, Any] | None, treated: Group, control: Group, *, split_warns: bool) -> str:
    """`split`, `no_holdout`, `too_few`, `no_orders`, `up`, `down` or `unclear`."""
    if control.rows == 0:
        return "no_holdout"
    if split_warns:
        return "split"
    if uplift is None or min(treated.rows, control.rows) < FEW:
        return "too_few"
    if treated.buyers + control.buyers == 0:
        return "no_orders"
    money = uplift["money"]
    if money["low"] > 0:
        return "up"
    return "down" if money["high"] < 0 else "unclear"


def try_compare(
    treated: Group, control: Group, *, adjust: bool, margin_permille: int | None
) -> dict[str, Any] | None:
    """`compare`, or None where a group is too small for any."""
    try:
        return compare(treated, control, adjust=adjust, margin_permille=margin_permille)
    except TooFew:
        return None


def _difference(treated: Group, control: Group, first: Column, second: Column, adjust: bool) -> Difference:
    if not adjust:
        return measures.difference_in_means(first, second)
    return measures.cuped(first, second, treated_before=treated.before, control_before=control.before)


def _told(difference: Difference) -> dict[str, Any]:
    told = difference.to_json()
    told["detectable"] = measures.minimum_detectable(difference)
    told["relative"] = difference.difference / difference.control if difference.control else None
    return told


def _times(told: Mapping[str, Any], many: int) -> dict[str, int]:
    return {
        "value": round(told["difference"] * many),
        "low": round(told["low"] * many),
        "high": round(told["high"] * many),
    }
