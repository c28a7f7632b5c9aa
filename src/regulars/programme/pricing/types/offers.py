"""What may lower a price: what it gives, when, on which goods, and beside what it may stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from fractions import Fraction
from typing import Any, Literal

from regulars.conditions.types import Reason
from regulars.kit.text import Text

Source = Literal["price", "promotion", "coupon", "benefit"]
OfferKind = Literal[
    "amount", "percent", "threshold", "fixed_price", "exchange", "free_item", "shipping", "cashback"
]
Back = Literal["whole", "never"]
Predicate = Callable[[Mapping[str, Any]], bool]
Explain = Callable[[Mapping[str, Any]], Sequence[Reason]]


# What an offer gives. All of them reckon on the amounts that offers before them have left.


@dataclass(frozen=True, slots=True)
class AmountOff:
    """`amount` off the eligible lines together (代金券、立减), never more than they come to."""

    amount: int


@dataclass(frozen=True, slots=True)
class PercentOff:
    """`paid` is the share that is paid (85 折 is 0.85); at most `cap` off. Rounded half up once, over all lines."""

    paid: Fraction
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """From `at_least` (minor units, or pieces) on: `off` minor units, or the share `paid`."""

    at_least: int
    off: int = 0
    paid: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """满减. Of the steps reached the one that takes most off counts, or (`every`, 每满) the only step as often as it is
    reached.

    `measure` says what reaches a step: the eligible lines' amount, or their pieces (2 件 8 折). At most `cap` off.
    """

    steps: tuple[Step, ...]  # lowest first
    measure: Literal["amount", "quantity"] = "amount"
    every: bool = False
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class FixedPrice:
    """`price` for every `pieces` eligible pieces (会员价 1 件, 99 元 3 件), the dearest first, at most `limit` pieces.

    A line of a broken quantity (goods by weight) has its price per unit of quantity and takes part only where
    `pieces` is 1 and there is no limit.
    """

    price: int
    pieces: int = 1
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """兑换券: `pieces` eligible pieces, the dearest first, for `price` each (0: free)."""

    price: int = 0
    pieces: int = 1


@dataclass(frozen=True, slots=True)
class FreeItem:
    """Of every `buy` + `get` eligible pieces, dearest first, the `get` cheapest cost only the share `paid`.

    Buy 1 get 1 free: (1, 1, 0). Second at half price: (1, 1, 1/2). `same_item` counts each sku for itself. With
    `gift`, every `buy` eligible pieces free `get` pieces of the lines that `gift` holds for (买赠); those must be in
    the cart and are not counted as bought. At most `times` times.
    """

    buy: int
    get: int
    paid: Fraction = Fraction(0)
    same_item: bool = False
    gift: Predicate | None = None
    times: int | None = None


@dataclass(frozen=True, slots=True)
class ShippingOff:
    """Shipping for nothing, or at most `cap` off it."""

    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Cashback:
    """返利: the order costs the same; `amount`, or the share `rate` of what is paid for the eligible lines (rounded
    down, at most `cap`), is given afterwards in `unit`.
    """

    unit: str
    amount: int = 0
    rate: Fraction = Fraction(0)
    cap: int | None = None


Action = AmountOff | PercentOff | Threshold | FixedPrice | Exchange | FreeItem | ShippingOff | Cashback


@dataclass(frozen=True, slots=True)
class Windows:
    """When an offer is open: an instant from `starts_at` (included) to `ends_at` (not), on these weekdays (1 Monday …
    7 Sunday), in these dayparts of business time, on member days only.

    A daypart over midnight belongs to the day it began on.
    """

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    weekdays: frozenset[int] | None = None
    dayparts: tuple[tuple[time, time], ...] = ()
    member_day: bool = False


@dataclass(frozen=True, slots=True)
class Stacking:
    """Beside what an offer may stand. Prices (tier, member, exclusive) and shipping benefits never conflict.

    mode `joint`: beside every other. `exclusive`: with no other promotion or coupon, on the whole order
    (`exclusive_of` "order") or on the lines it lowers ("lines": others leave those lines out). Of one `group` only
    one. `category` names a stacking category of the checkout, which has an order and a limit. `per_order`: how many
    issued coupons of this key one order takes. With `skip_idle` False an offer whose conditions hold takes its place
    (in group, category, limit) even where it lowers nothing, and a coupon so chosen is used up.
    """

    mode: Literal["joint", "exclusive"] = "joint"
    exclusive_of: Literal["order", "lines"] = "order"
    group: str | None = None
    category: str | None = None
    per_order: int = 1
    skip_idle: bool = True


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may lower a price, compiled. `definition` is its canonical JSON.

    Eligible lines are those `lines` holds for (None: all). The offer is open when its windows are, `condition` holds
    (None: always), `first_order` fits and the eligible lines come to `at_least` minor units and `at_least_pieces`.
    Of one layer (prices, promotions, coupons, benefits) the categories' order rules, then priority (higher first),
    then key. `quota` and `budget` are the keys under which `Given` says what is left. `returns` says whether the
    coupon or quota comes back once all the lines it lowered were returned.
    """

    key: str
    name: Text
    source: Source
    action: Action
    definition: Mapping[str, Any]
    lines: Predicate | None = None
    condition: Predicate | None = None
    why_not: Explain | None = None  # why the condition does not hold
    windows: Windows = Windows()
    stacking: Stacking = Stacking()
    first_order: bool = False
    at_least: int = 0
    at_least_pieces: int = 0
    priority: int = 0
    quota: str | None = None
    budget: str | None = None
    returns: Back = "whole"
    enabled: bool = True
    lines_key: str = ""  # offers whose line conditions say the same share it
    tiers: tuple[str, frozenset[str]] | None = None  # benefits: the scheme, and the tiers that have it
    fields_used: frozenset[str] = frozenset()

    @property
    def kind(self) -> OfferKind:
        return KINDS[type(self.action)]


KINDS: Mapping[type[Any], OfferKind] = {
    AmountOff: "amount",
    PercentOff: "percent",
    Threshold: "threshold",
    FixedPrice: "fixed_price",
    Exchange: "exchange",
    FreeItem: "free_item",
    ShippingOff: "shipping",
    Cashback: "cashback",
}
