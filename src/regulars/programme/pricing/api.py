"""The door of pricing: what a cart costs, and what a return of a part of it gives back. All pure."""

from __future__ import annotations

from regulars.programme.pricing.alone import why_not_alone
from regulars.programme.pricing.describe import Teller, goods_word, tell_checkout
from regulars.programme.pricing.dump import checkout_json
from regulars.programme.pricing.parse import OFFER_FIELDS, Terms, parse_offer, read_offer
from regulars.programme.pricing.parse_checkout import category_codes, read_checkout, read_promotions
from regulars.programme.pricing.price import price
from regulars.programme.pricing.refusals import REASONS
from regulars.programme.pricing.returns import plan_return
from regulars.programme.pricing.shelf import make_shelf, price_benefit, shipping_benefit

__all__ = [
    "OFFER_FIELDS",
    "REASONS",
    "Teller",
    "Terms",
    "category_codes",
    "checkout_json",
    "goods_word",
    "make_shelf",
    "parse_offer",
    "plan_return",
    "price",
    "price_benefit",
    "read_checkout",
    "read_offer",
    "read_promotions",
    "shipping_benefit",
    "tell_checkout",
    "why_not_alone",
]
