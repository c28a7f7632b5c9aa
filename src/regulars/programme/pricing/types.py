"""A cart, what may lower its price, what may pay for it, and the price that came of it. Frozen, and without a clock.

Money is an integer of the currency's smallest unit. A line is named by the shop (`line`), an offer by its `ref`:
`promotion:<key>`, `benefit:<key>` or `coupon:<id of the issued coupon>`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

Source = Literal["price", "promotion", "coupon", "benefit"]
OfferKind = Literal[
    "amount", "percent", "threshold", "fixed_price", "exchange", "free_item", "shipping", "cashback"
]
Back = Literal["whole", "never"]
Predicate = Callable[[Mapping[str, Any]], bool]

SHIPPING = "shipping"  # the name under which shipping stands among the lines of a return
MAX_LINES, MAX_WALLET = 500, 500


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


# How a brand's checkout works.


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


# What is asked.


@dataclass(frozen=True, slots=True)
class CartLine:
    """`amount` is the whole line's at list price. `facts` holds what else conditions may ask (custom line fields)."""

    line: str
    sku: str
    quantity: Decimal
    amount: int
    name: str = ""
    category: str | None = None
    department: str | None = None
    brand: str | None = None
    tags: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cart:
    """`at` is aware. `store` is the store's code. `lines` have different names (`line`)."""

    currency: str
    lines: tuple[CartLine, ...]
    at: datetime
    shipping: int = 0
    store: str = ""
    channel: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class WalletCoupon:
    """One issued coupon that could be used. `expires_at` is the first instant at which it no longer can."""

    id: UUID
    offer: Offer
    expires_at: datetime | None = None
    code: str = ""
    usable_from: datetime | None = None

    @property
    def ref(self) -> str:
        return f"coupon:{self.id}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the member wants to use. `coupons` "best", or the ids chosen (no others are used). The wallet's coupons of
    the presented `codes` are used first wherever they have an effect; "best" then fills up. Points are units; stored
    value and gift cards are minor units; `without` names offers (`promotion:…`, `benefit:…`) she declines.
    """

    coupons: tuple[UUID, ...] | Literal["best"] = "best"
    codes: tuple[str, ...] = ()
    points: int | Literal["max"] = 0
    stored: int | Literal["max"] = 0
    gift: int | Literal["max"] = 0
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Given:
    """What the world knows when the price is made.

    `facts`: member.*, membership.*, history.*, store.* by field key, `streak` and `window` among them, as
    `rules.api.offer_facts` reads them. `balances`: available by unit. `tiers`: the member's tier by scheme.
    `quotas`: uses left by benefit key (no entry: unlimited); an entry above 0 lets her use a benefit that her tier does
    not give. `budgets`: minor units left by budget key (no entry:
    unlimited). `excluded`: reason code by ref, for what others already know cannot be used (a frozen member).
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    balances: Mapping[str, int] = field(default_factory=dict)
    tiers: Mapping[str, str] = field(default_factory=dict)
    quotas: Mapping[str, int] = field(default_factory=dict)
    budgets: Mapping[str, int] = field(default_factory=dict)
    first_order: bool = False
    excluded: Mapping[str, str] = field(default_factory=dict)


# What is answered.


@dataclass(frozen=True, slots=True)
class Applied:
    """An offer that was used. `amount` is what it took off (shipping and all), `cashback` what it will give in `unit`.

    `lines` are the names of the lines it lowered or counted (SHIPPING among them), by which a return gives it back.
    """

    ref: str
    key: str
    name: Text
    source: Source
    kind: OfferKind
    amount: int
    lines: tuple[str, ...]
    coupon: UUID | None = None
    quota: str | None = None
    budget: str | None = None
    cashback: int = 0
    unit: str = ""
    returns: Back = "whole"


@dataclass(frozen=True, slots=True)
class Refused:
    """An offer or wish that was not used, and why: a stable code (see `refusals.REASONS`), its data, and the sentence.

    `ref` is the offer's, or `points`, `stored`, `gift`.
    """

    ref: str
    name: Text
    code: str
    data: Mapping[str, Any]
    text: Text


@dataclass(frozen=True, slots=True)
class PricedLine:
    """list = Σ discounts + points_money + principal + bonus + gift + payable, exactly.

    `discounts` are (ref, amount) in the order applied. `points` are the units behind `points_money`. `earns_on` is
    what the line's earning reckons with. `cashback`: (ref, amount).
    """

    line: str
    sku: str
    quantity: Decimal
    list: int
    discounts: tuple[tuple[str, int], ...]
    points_money: int
    points: int
    principal: int
    bonus: int
    gift: int
    payable: int
    earns_on: int
    cashback: tuple[tuple[str, int], ...] = ()

    @property
    def net(self) -> int:
        """What it costs after all offers, before tenders."""
        return self.list - sum(amount for _, amount in self.discounts)


@dataclass(frozen=True, slots=True)
class Priced:
    """The price of a cart. `shipping` is a line like the others (named SHIPPING, quantity 1; it earns nothing).

    `price` is what the goods and shipping cost after offers; `payable` what is left to pay in money. `points` are
    burned in `points_unit`; `stored` says what to burn by unit (principal, bonus, gift). `found` says whether the
    combination of coupons is proven the best there is ("optimal") or the best that was found ("heuristic"), or was
    chosen by the member ("chosen"). `nodes` is what the search cost.
    """

    currency: str
    lines: tuple[PricedLine, ...]
    shipping: PricedLine
    applied: tuple[Applied, ...]
    refused: tuple[Refused, ...]
    list: int
    discount: int
    price: int
    points: int
    points_unit: str
    points_money: int
    stored: Mapping[str, int]
    payable: int
    cashback: Mapping[str, int]  # by unit
    found: Literal["optimal", "heuristic", "chosen"]
    nodes: int
    units: tuple[str, str, str] = ("", "", "")  # of principal, bonus and gift
    shipping_returns: Back = "whole"


# What a return gives back.


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """What one line of a return gives back, component by component, as in `PricedLine`."""

    line: str
    sku: str
    quantity: Decimal
    list: int
    discounts: tuple[tuple[str, int], ...]
    points_money: int
    points: int
    principal: int
    bonus: int
    gift: int
    payable: int
    earns_on: int
    cashback: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnPlan:
    """What one return gives back. `payable` is money; `points` go to `points_unit`, `stored` by unit.

    `coupons` and `quotas` come back with this piece. `budgets`: what flows back into budgets, by key. `cashback`:
    what was given and is taken back, by unit. `whole`: after it nothing of the order is left.
    """

    lines: tuple[ReturnedLine, ...]
    payable: int
    points: int
    points_unit: str
    points_money: int
    stored: Mapping[str, int]
    coupons: tuple[UUID, ...]
    quotas: Mapping[str, int]
    budgets: Mapping[str, int]
    cashback: Mapping[str, int]
    whole: bool
