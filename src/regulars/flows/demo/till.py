"""The demo's till: a few members buy once more what they really bought last, through quote and commit.

Numbered `demo-till-…`, so that everybody sees that these sales were added. One comes back in part, one is cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from regulars.facts.activity import api as activities
from regulars.facts.activity.records import decode_body
from regulars.facts.activity.types import MemberRef, OrderIn
from regulars.flows.checkout import api as checkout
from regulars.flows.checkout.types import CartIn, CartLineIn, QuoteIn, ReturnLineIn, WishIn
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.value.checkouts.types import CheckoutRow

MEMBERS = 24
_MOST_LINES = 12


def fill(scope: Scope, members: Sequence[UUID], now: datetime) -> None:
    """Sell, once; a second call finds the numbers taken and leaves everything as it is."""
    stores = {store.id: code for code, store in organisations.stores_of(brand_id=scope.brand_id).items()}
    sold: list[CheckoutRow] = []
    for n, member_id in enumerate(members[:MEMBERS]):
        number = f"demo-till-{n + 1:03d}"
        if checkout.find(scope=scope, source="till", number=number) is not None:
            return
        page = activities.list_activities(
            brand_id=scope.brand_id, member_id=member_id, types=["order"], limit=1
        )
        order = decode_body(page.items[0]).order if page.items else None
        if order is None:
            continue
        store_id = page.items[0].store_id
        store = stores.get(store_id) if store_id else None
        cart = CartIn(lines=_lines(order), store=store, channel="store")
        wish = WishIn(points="max" if n % 3 == 0 else 0, stored="max" if n % 4 == 0 else 0)
        asked = QuoteIn(cart=cart, member=MemberRef(id=member_id), wish=wish)
        quote = checkout.quote(scope=scope, asked=asked, now=now)
        if quote.token is not None:
            try:
                done = checkout.commit(
                    scope=scope, token=quote.token, number=number, key=f"demo {number}", now=now
                )
            except Refusal:
                continue  # somebody who left, or whose value ended on this very day
            sold.append(done.row)
    if len(sold) > 1:
        _give_back(scope, sold[0], sold[1], now)


def _lines(order: OrderIn) -> tuple[CartLineIn, ...]:
    return tuple(
        CartLineIn(
            sku=line.sku,
            quantity=line.quantity,
            amount=line.amount + line.discount,
            name=line.name,
            category=line.category,
            department=line.department,
            brand=line.brand,
            tags=line.tags,
        )
        for line in order.lines[:_MOST_LINES]
    )


def _give_back(scope: Scope, returned: CheckoutRow, cancelled: CheckoutRow, now: datetime) -> None:
    checkout.take_back(
        scope=scope,
        checkout_id=returned.id,
        number="demo-return-001",
        lines=[ReturnLineIn(line=1)],
        reason="demo",
        key="demo return",
        now=now,
    )
    checkout.undo(
        scope=scope, checkout_id=cancelled.id, reopen=False, reason="demo", key="demo cancel", now=now
    )
