"""A programme's offers in the order in which they apply; the benefits that lower prices among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from fractions import Fraction

from regulars.kit.text import Text
from regulars.programme.pricing.board import order_of
from regulars.programme.pricing.types import Checkout, Offer, PercentOff, Shelf, ShippingOff


def make_shelf(
    *,
    offers: Sequence[Offer],
    checkout: Checkout,
    timezone: str,
    currency: str,
    is_member_day: Callable[[date], bool],
) -> Shelf:
    """`offers` are the programme's: prices, promotions and benefits, on or off. `timezone` is business time."""
    categories = {c.code: place for place, c in enumerate(checkout.categories)}
    live = sorted([o for o in offers if o.enabled], key=lambda offer: order_of(offer, categories))
    shipping = [o for o in live if o.source == "benefit"]
    return Shelf(
        prices=tuple([o for o in live if o.source == "price"]),
        promotions=tuple([o for o in live if o.source == "promotion"]),
        benefits=tuple(sorted(shipping, key=lambda o: o.quota is not None)),  # what is unlimited goes first
        checkout=checkout,
        timezone=timezone,
        currency=currency,
        is_member_day=is_member_day,
        fields_used=frozenset().union(*[o.fields_used for o in live]),
    )


def price_benefit(
    *, key: str, name: Text, scheme: str, tiers: Collection[str], paid: Fraction, quota: bool
) -> Offer:
    """A tier's price: the share `paid` of every line."""
    return Offer(
        key=key,
        name=name,
        source="price",
        action=PercentOff(paid),
        definition={},
        quota=key if quota else None,
        tiers=(scheme, frozenset(tiers)),
    )


def shipping_benefit(*, key: str, name: Text, scheme: str, tiers: Collection[str], quota: bool) -> Offer:
    """A tier's free shipping."""
    return Offer(
        key=key,
        name=name,
        source="benefit",
        action=ShippingOff(),
        definition={},
        quota=key if quota else None,
        tiers=(scheme, frozenset(tiers)),
    )
