"""Prices of lines and pieces, shipping and cashback; see `carts` for how to read a row."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pricing.carts import FULL, GOLD_95, GOLD_SHIPS, compare
from tests.pricing.till import MEMBER_DAY, Sale, of, tier

CARTS: dict[str, tuple[Sale, dict[str, Any]]] = {
    # Prices. 1000 × 0.05 = 50; 999 × 0.05 = 49.95 → 50: each line by itself
    "tier price": (
        Sale([("tea", 1, 1000), ("tea", 1, 999)], benefits=[GOLD_95], tier="gold"),
        {"pay": 1899, "lines": (950, 949), "off": {"gold-95": 100}},
    ),
    "not her tier": (Sale([("tea", 1, 1000)], benefits=[GOLD_95]), {"pay": 1000, "refused": {}}),
    # 2 × 990
    "member price a piece": (
        Sale(
            [("coffee", 2, 2400), ("tea", 1, 500)],
            {
                "mine": {
                    "layer": "price",
                    "kind": "fixed_price",
                    "price": 990,
                    "lines": of("coffee"),
                    "condition": tier("gold"),
                }
            },
            tier="gold",
        ),
        {"pay": 2480, "lines": (1980, 500), "off": {"mine": 420}},
    ),
    "member price above the list": (
        Sale([("coffee", 2, 1800)], {"mine": {"layer": "price", "kind": "fixed_price", "price": 990}}),
        {"pay": 1800, "refused": {"mine": "no_effect"}},
    ),
    "member price for others": (
        Sale(
            [("coffee", 1, 1000)],
            {"mine": {"layer": "price", "kind": "percent", "factor": "0.9", "condition": tier("gold")}},
        ),
        {"pay": 1000, "refused": {"mine": "condition"}},
    ),
    # coffee 1000 × 0.9 = 900 beats 950; tea has the tier's 950
    "the lowest price of each line": (
        Sale(
            [("coffee", 1, 1000), ("tea", 1, 1000)],
            {"c": {"layer": "price", "kind": "percent", "factor": "0.9", "lines": of("coffee")}},
            benefits=[GOLD_95],
            tier="gold",
        ),
        {"pay": 1850, "lines": (900, 950), "off": {"c": 100, "gold-95": 50}},
    ),
    "a price beaten everywhere": (
        Sale(
            [("coffee", 1, 1000)],
            {"c": {"layer": "price", "kind": "percent", "factor": "0.9"}},
            benefits=[GOLD_95],
            tier="gold",
        ),
        {"pay": 900, "refused": {"gold-95": "better_price"}},
    ),
    # 21000 × 0.95 = 19950: the tier's price takes the cart below the threshold
    "thresholds see prices": (
        Sale([("tea", 1, 21_000)], {"full": FULL}, benefits=[GOLD_95], tier="gold"),
        {"pay": 19_950, "refused": {"full": "below_amount"}},
    ),
    # 22000 × 0.95 = 20900 − 2000
    "tier price, then threshold": (
        Sale([("tea", 1, 22_000)], {"full": FULL}, benefits=[GOLD_95], tier="gold"),
        {"pay": 18_900, "off": {"gold-95": 1100, "full": 2000}},
    ),
    # 25 yuan a kilo × 0.532 = 13.30
    "goods by weight": (
        Sale([("fruit", "0.532", 1596)], {"kg": {"layer": "price", "kind": "fixed_price", "price": 2500}}),
        {"pay": 1330},
    ),
    "a tier price with no uses left": (
        Sale(
            [("tea", 1, 1000)],
            benefits=[GOLD_95 | {"quota": 2, "period": "month"}],
            tier="gold",
            given={"quotas": {"gold-95": 0}},
        ),
        {"pay": 1000, "refused": {"gold-95": "quota_used"}},
    ),
    "a use that a rule gave": (
        Sale([("tea", 1, 1000)], benefits=[GOLD_95], given={"quotas": {"gold-95": 1}}),
        {"pay": 950, "off": {"gold-95": 50}},
    ),
    "member day price": (
        Sale(
            [("tea", 1, 1000)],
            {"day": {"layer": "price", "kind": "percent", "factor": "0.9", "member_day": True}},
            at=MEMBER_DAY,
        ),
        {"pay": 900},
    ),
    "no member day": (
        Sale(
            [("tea", 1, 1000)],
            {"day": {"layer": "price", "kind": "percent", "factor": "0.9", "member_day": True}},
        ),
        {"pay": 1000, "refused": {"day": "not_member_day"}},
    ),
    # Pieces. 999 × 0.5 = 499.5 → 500
    "second at half price": (
        Sale([("tea", 2, 1998)], {"half": {"kind": "free_item", "buy": 1, "factor": "0.5"}}),
        {"pay": 1498},
    ),
    # dearest first: (1000, 800) lowers 800 by 400, 600 stands alone
    "second at half price over three lines": (
        Sale(
            [("tea", 1, 600), ("tea", 1, 1000), ("tea", 1, 800)],
            {"half": {"kind": "free_item", "buy": 1, "factor": "0.5"}},
        ),
        {"pay": 2000, "lines": (600, 1000, 400)},
    ),
    # 1000 over 3 pieces: 334, 333, 333. (334, 333) lowers 333 by 166.5 → 167
    "second at half price of an odd line": (
        Sale([("tea", 3, 1000)], {"half": {"kind": "free_item", "buy": 1, "factor": "0.5"}}),
        {"pay": 833},
    ),
    # 1000 1000 500 | 300 300 300: the third of each is free
    "buy two, get one": (
        Sale(
            [("tea", 2, 2000), ("tea", 1, 500), ("tea", 3, 900)],
            {"free": {"kind": "free_item", "buy": 2, "get": 1}},
        ),
        {"pay": 2600, "lines": (2000, 0, 600)},
    ),
    "buy two, get one, once": (
        Sale(
            [("tea", 2, 2000), ("tea", 1, 500), ("tea", 3, 900)],
            {"free": {"kind": "free_item", "buy": 2, "get": 1, "times": 1}},
        ),
        {"pay": 2900, "lines": (2000, 0, 900)},
    ),
    "of one item only": (
        Sale(
            [("tea", 2, 1000), ("tea", 1, 400)],
            {"free": {"kind": "free_item", "buy": 1, "same_item": True}},
        ),
        {"pay": 900, "lines": (500, 400)},
    ),
    "one piece has no second": (
        Sale([("tea", 1, 1000)], {"free": {"kind": "free_item", "buy": 1}}),
        {"pay": 1000, "refused": {"free": "below_pieces"}},
    ),
    "a gift with two": (
        Sale(
            [("coffee", 2, 2000), ("cake", 1, 300)],
            {"gift": {"kind": "free_item", "buy": 2, "lines": of("coffee"), "gift": of("cake")}},
        ),
        {"pay": 2000, "lines": (2000, 0)},
    ),
    # five coffees free two cakes, the cheapest first: 300 and 300 of the second line
    "gifts as often as bought": (
        Sale(
            [("coffee", 5, 5000), ("cake", 1, 500), ("cake", 2, 600)],
            {"gift": {"kind": "free_item", "buy": 2, "lines": of("coffee"), "gift": of("cake")}},
        ),
        {"pay": 5500, "lines": (5000, 500, 0)},
    ),
    "the gift is not in the cart": (
        Sale(
            [("coffee", 2, 2000)],
            {"gift": {"kind": "free_item", "buy": 2, "lines": of("coffee"), "gift": of("cake")}},
        ),
        {"pay": 2000, "refused": {"gift": "no_lines"}},
    ),
    # three of four pieces at 4000 for 9900: 12000 − 9900 = 2100 off
    "three for 99": (
        Sale([("tea", 4, 16_000)], {"three": {"kind": "fixed_price", "price": 9900, "pieces": 3}}),
        {"pay": 13_900},
    ),
    # 2100 × 5000 / 12000 = 875, × 4000 = 700, × 3000 = 525
    "three for 99 over lines": (
        Sale(
            [("tea", 1, 5000), ("tea", 1, 4000), ("tea", 1, 3000)],
            {"three": {"kind": "fixed_price", "price": 9900, "pieces": 3}},
        ),
        {"pay": 9900, "lines": (4125, 3300, 2475)},
    ),
    "two at five yuan each, no more": (
        Sale([("tea", 3, 3000)], {"two": {"kind": "fixed_price", "price": 500, "limit": 2}}),
        {"pay": 2000},
    ),
    # Shipping
    "free shipping from 50": (
        Sale([("tea", 1, 5000)], {"s": {"kind": "shipping", "at_least": 5000}}, shipping=1000),
        {"pay": 5000, "ship": 0, "off": {"s": 1000}},
    ),
    "five yuan off shipping": (
        Sale([("tea", 1, 1000)], {"s": {"kind": "shipping", "cap": 500}}, shipping=1200),
        {"pay": 1700, "ship": 700},
    ),
    "her tier ships free": (
        Sale(
            [("tea", 1, 1000)],
            benefits=[GOLD_SHIPS],
            tier="gold",
            shipping=800,
            given={"quotas": {"ships": 2}},
        ),
        {"pay": 1000, "ship": 0, "off": {"ships": 800}},
    ),
    "no free shipping left": (
        Sale(
            [("tea", 1, 1000)],
            benefits=[GOLD_SHIPS],
            tier="gold",
            shipping=800,
            given={"quotas": {"ships": 0}},
        ),
        {"pay": 1800, "refused": {"ships": "quota_used"}},
    ),
    "no use is wasted without shipping": (
        Sale([("tea", 1, 1000)], benefits=[GOLD_SHIPS], tier="gold", given={"quotas": {"ships": 2}}),
        {"pay": 1000, "off": {}, "refused": {"ships": "no_effect"}},
    ),
    "what does not end goes before what is counted": (
        Sale(
            [("tea", 1, 1000)],
            benefits=[GOLD_SHIPS, {"key": "always", "kind": "free_shipping"}],
            tier="gold",
            shipping=800,
            given={"quotas": {"ships": 2}},
        ),
        {"pay": 1000, "off": {"always": 800}, "refused": {"ships": "no_effect"}},
    ),
    # Cashback. 1999 × 0.05 = 99.95 → 99
    "cashback rounds down": (
        Sale(
            [("coffee", 1, 1999), ("tea", 1, 500)],
            {"back": {"kind": "cashback", "unit": "bonus", "rate": "0.05", "lines": of("coffee")}},
        ),
        {"pay": 2499, "cash": {"bonus": 99}, "cash_lines": (99, 0)},
    ),
    "cashback of an amount, by line": (
        Sale(
            [("tea", 1, 1000), ("tea", 1, 2000)],
            {"back": {"kind": "cashback", "unit": "points", "amount": 300}},
        ),
        {"pay": 3000, "cash": {"points": 300}, "cash_lines": (100, 200)},
    ),
    # 5000 − 1000 = 4000, 10 % back
    "cashback of what is paid": (
        Sale(
            [("tea", 1, 5000)],
            {
                "back": {"kind": "cashback", "unit": "bonus", "rate": "0.1", "priority": 9},
                "less": {"kind": "amount", "amount": 1000},
            },
        ),
        {"pay": 4000, "cash": {"bonus": 400}},
    ),
    "cashback with a cap": (
        Sale(
            [("tea", 1, 5000)],
            {"back": {"kind": "cashback", "unit": "bonus", "rate": "0.1", "cap": 120}},
        ),
        {"cash": {"bonus": 120}},
    ),
}


@pytest.mark.parametrize("name", CARTS)
def test_carts(name: str) -> None:
    compare(*CARTS[name])
