"""The price that came of it, and what a return gives back.

What a price makes many of are msgspec structs: they take a tenth of the time of frozen dataclasses to make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from regulars.kit.text import Text
from regulars.programme.pricing.types.offers import Back, OfferKind, Source


class Applied(Struct, frozen=True):
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


class Refused(Struct, frozen=True):
    """An offer or wish that was not used, and why: a stable code (see `refusals.REASONS`), its data, and the sentence.

    `ref` is the offer's, or `points`, `stored`, `gift`.
    """

    ref: str
    name: Text
    code: str
    data: Mapping[str, Any]
    text: Text


class PricedLine(Struct, frozen=True):
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


class Priced(Struct, frozen=True):
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


class ReturnedLine(Struct, frozen=True):
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
