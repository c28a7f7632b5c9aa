"""How a brand's till works, and a programme's offers in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Literal

from regulars.kit.text import Text
from regulars.programme.pricing.types.offers import Back, Offer, Predicate


@dataclass(frozen=True, slots=True)
class StackingCategory:
    """A kind of offer; the order of categories is the order in which offers apply. At most `most` in one order."""

    code: str
    name: Text
    most: int | None = None


@dataclass(frozen=True, slots=True)
class PointsTender:
    """Points as money: `points` of them are worth `minor`. Spent in multiples of `step`, from `least` on, for at most
    the `share` of the eligible lines' amount after offers. `earns`: what they pay earns as money does.
    """

    unit: str
    points: int
    minor: int
    step: int
    least: int = 0
    share: Fraction = Fraction(1)
    lines: Predicate | None = None
    shipping: bool = False
    earns: bool = False
    lines_wire: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StoredTender:
    """Stored value 储值: `principal` was paid for, `bonus` was given. pro_rata spends them as the balances stand."""

    principal: str
    bonus: str | None = None
    order: Literal["bonus_first", "principal_first", "pro_rata"] = "bonus_first"
    principal_earns: bool = True
    bonus_earns: bool = False


@dataclass(frozen=True, slots=True)
class GiftTender:
    """Gift cards: money of the unit `unit`."""

    unit: str
    earns: bool = True


@dataclass(frozen=True, slots=True)
class Checkout:
    """A programme's settings of the till. Tenders that are None are not taken. A quote holds for `quote_minutes`."""

    categories: tuple[StackingCategory, ...] = ()
    coupons_per_order: int | None = None
    points: PointsTender | None = None
    stored: StoredTender | None = None
    gift: GiftTender | None = None
    gift_first: bool = True  # gift cards before stored value
    shipping_returns: Back = "whole"  # shipping is given back when everything was returned, or never
    quote_minutes: int = 15


@dataclass(frozen=True, slots=True)
class Shelf:
    """A programme's offers and checkout, in the order in which they apply. Made once a version by `make_shelf`."""

    prices: tuple[Offer, ...]
    promotions: tuple[Offer, ...]
    benefits: tuple[Offer, ...]
    checkout: Checkout
    timezone: str
    currency: str
    is_member_day: Callable[[date], bool]
    fields_used: frozenset[str] = frozenset()  # of these offers; a wallet's coupons name their own
