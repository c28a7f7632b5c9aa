"""From the wire to the cart that pricing knows: every line checked, errors by their path. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from msgspec import UNSET

from regulars.facts.activity.types import CashbackIn, LineIn, OrderIn
from regulars.flows.checkout.types import CartIn, CartLineIn, WishIn
from regulars.kit.errors import ErrorList
from regulars.platform.organisations.types import Brand, Store
from regulars.programme.pricing.types import Cart, CartLine, Priced, Wish
from regulars.programme.rules.types import Act
from regulars.value.coupons import api as coupons

_MOST = Decimal(1_000_000)
_MOST_MONEY = 10**12
_FINEST = Decimal("0.000001")


def cart_of(given: CartIn, *, brand: Brand, stores: Mapping[str, Store], at: datetime) -> Cart:
    """Raises the refusal that names every wrong field."""
    errors = ErrorList()
    if given.currency is not UNSET and given.currency != brand.currency:
        errors.add(
            "cart.currency",
            "wrong_currency",
            f"币种应为 {brand.currency}",
            f"the programme's currency is {brand.currency}",
        )
    if given.store is not None and given.store not in stores:
        errors.add(
            "cart.store", "unknown_store", f"没有门店 {given.store}", f"there is no store {given.store}"
        )
    lines = tuple(_line(place, line, errors) for place, line in enumerate(given.lines))
    if sum(line.amount for line in lines) + given.shipping > _MOST_MONEY:
        errors.add("cart.lines", "too_much", "金额过大", "the cart comes to too much money")
    errors.refuse()
    return Cart(
        currency=brand.currency,
        lines=lines,
        at=at,
        shipping=given.shipping,
        store=given.store or "",
        channel=given.channel or "",
        source=given.source,
    )


def _line(place: int, given: CartLineIn, errors: ErrorList) -> CartLine:
    path = f"cart.lines[{place}]"
    quantity = given.quantity
    amount = 0
    if not quantity.is_finite() or not 0 < quantity <= _MOST or quantity % _FINEST:
        errors.add(
            f"{path}.quantity",
            "bad_quantity",
            "数量必须大于 0、不超过 100 万，最多 6 位小数",
            "must be above 0, at most 1 000 000, with at most 6 decimals",
        )
    elif (given.price is UNSET) == (given.amount is UNSET):
        errors.add(
            f"{path}.price",
            "one_of",
            "price（单价）与 amount（整行金额）须且只能填一个",
            "give either price (of one piece) or amount (of the line)",
        )
    elif given.amount is not UNSET:
        amount = int(given.amount)
    else:
        assert given.price is not UNSET
        amount = int((given.price * quantity).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return CartLine(
        line=str(place + 1),
        sku=given.sku,
        quantity=quantity,
        amount=amount,
        name=given.name,
        category=given.category or None,
        department=given.department or None,
        brand=given.brand or None,
        tags=given.tags,
    )


def wish_of(given: WishIn) -> Wish:
    return Wish(
        coupons=given.coupons,
        codes=tuple(dict.fromkeys(code for typed in given.codes for code in coupons.spellings(typed))),
        points=given.points,
        stored=given.stored,
        gift=given.gift,
        without=frozenset(given.without),
    )


def order_of(given: CartIn, cart: Cart, priced: Priced, number: str) -> OrderIn:
    """The order that a committed cart is: each line with what it earns on."""
    lines = tuple(
        LineIn(
            sku=line.sku,
            amount=priced_line.earns_on,
            quantity=line.quantity,
            name=line.name,
            category=line.category or "",
            department=line.department or "",
            brand=line.brand or "",
            discount=priced_line.list - priced_line.net,
            tags=line.tags,
        )
        for line, priced_line in zip(cart.lines, priced.lines, strict=True)
    )
    names = {applied.ref: applied for applied in priced.applied if applied.cashback}
    cashback = tuple(
        CashbackIn(
            ref=ref[:200],
            unit=applied.unit,
            shares=tuple(dict(line.cashback).get(ref, 0) for line in priced.lines),
        )
        for ref, applied in names.items()
    )
    by_coupon = sum(a.amount for a in priced.applied if a.source == "coupon" and a.kind != "shipping")
    return OrderIn(
        number=number,
        lines=lines,
        coupon_discount=by_coupon,
        shipping=given.shipping,
        currency=cart.currency,
        cashback=cashback,
    )


def act_of_order(order: OrderIn, cart: Cart, store_facts: Mapping[str, Any], at: datetime) -> Act:
    """The order as a decision sees it: for what it would earn."""
    lines: list[dict[str, Any]] = [
        {
            "sku": line.sku,
            "name": line.name or None,
            "category": line.category or None,
            "department": line.department or None,
            "brand": line.brand or None,
            "amount": line.amount,
            "quantity": line.quantity,
            "discount": line.discount,
            "tags": line.tags,
        }
        for line in order.lines
    ]
    return Act(
        "order",
        at,
        cart.source,
        cart.channel,
        cart.store,
        sum(line.amount for line in order.lines),
        sum(line.discount for line in order.lines),
        order.coupon_discount,
        sum((line.quantity for line in order.lines), Decimal(0)),
        tuple(lines),
        {},
        store_facts,
    )
