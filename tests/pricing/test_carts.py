"""Carts with their figures reckoned by hand: promotions, prices, pieces, shipping, cashback, windows, budgets.

Amounts are fen. `pay` is what is paid in money, `lines` that by line, `off` what each offer took off.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.pricing.till import AT, MEMBER_DAY, Sale, check_sums, of, tier

FULL = {"kind": "threshold", "steps": [{"at_least": 20_000, "off": 2000}]}
GOLD_95 = {"key": "gold-95", "kind": "price_discount", "factor": "0.95"}
GOLD_SHIPS = {"key": "ships", "kind": "free_shipping", "quota": 2, "period": "month"}


def compare(sale: Sale, wanted: dict[str, Any]) -> None:
    """The price against a row of a table; what the row leaves out is not looked at, but for the sums."""
    priced = sale.price()
    check_sums(priced)
    found = {
        "pay": priced.payable,
        "lines": tuple(line.payable for line in priced.lines),
        "off": {sale.name_of(a.ref): a.amount for a in priced.applied if not a.cashback},
        "ship": priced.shipping.payable,
        "points": priced.points,
        "stored": dict(priced.stored),
        "cash": dict(priced.cashback),
        "cash_lines": tuple(sum(a for _, a in line.cashback) for line in priced.lines),
        "earns": tuple(line.earns_on for line in priced.lines),
        "refused": {sale.name_of(r.ref): r.code for r in priced.refused},
        "found": priced.found,
    }
    assert {key: found[key] for key in wanted} == wanted


CARTS: dict[str, tuple[Sale, dict[str, Any]]] = {
    "list price": (Sale([("tea", 1, 1000), ("tea", 2, 500)]), {"pay": 1500, "lines": (1000, 500), "off": {}}),
    # 满 200 减 20. 2000 × 12000 / 20000 = 1200, × 8000 = 800
    "threshold reached to the fen": (
        Sale([("tea", 1, 12_000), ("tea", 1, 8000)], {"full": FULL}),
        {"pay": 18_000, "lines": (10_800, 7200), "off": {"full": 2000}},
    ),
    "threshold one fen short": (
        Sale([("tea", 1, 19_999)], {"full": FULL}),
        {"pay": 19_999, "off": {}, "refused": {"full": "below_amount"}},
    ),
    "the higher of two steps": (
        Sale(
            [("tea", 1, 15_000), ("tea", 1, 15_000)],
            {
                "full": {
                    "kind": "threshold",
                    "steps": [{"at_least": 20_000, "off": 2000}, {"at_least": 30_000, "off": 5000}],
                }
            },
        ),
        {"pay": 25_000, "lines": (12_500, 12_500)},
    ),
    # every 100: 350 / 100 = 3 times 10 = 30, capped at 25
    "every threshold with a cap": (
        Sale(
            [("tea", 1, 35_000)],
            {
                "every": {
                    "kind": "threshold",
                    "every": True,
                    "cap": 2500,
                    "steps": [{"at_least": 10_000, "off": 1000}],
                }
            },
        ),
        {"pay": 32_500},
    ),
    # 1999 × 0.2 = 399.8 → 400
    "two pieces, 20 % off": (
        Sale(
            [("tea", 2, 1999)],
            {
                "two": {
                    "kind": "threshold",
                    "measure": "quantity",
                    "steps": [{"at_least": 2, "factor": "0.8"}],
                }
            },
        ),
        {"pay": 1599},
    ),
    "one piece of two": (
        Sale(
            [("tea", 1, 1999)],
            {
                "two": {
                    "kind": "threshold",
                    "measure": "quantity",
                    "steps": [{"at_least": 2, "factor": "0.8"}],
                }
            },
        ),
        {"pay": 1999, "refused": {"two": "below_pieces"}},
    ),
    # 100 × 3333 / 10000 = 33.33, 33.33, 33.34: floors leave 1 fen, the largest remainder is the third's
    "odd fen to the largest remainder": (
        Sale(
            [("tea", 1, 3333), ("tea", 1, 3333), ("tea", 1, 3334)],
            {"less": {"kind": "amount", "amount": 100}},
        ),
        {"pay": 9900, "lines": (3300, 3300, 3300)},
    ),
    "equal remainders: the first line": (
        Sale([("tea", 1, 1), ("tea", 1, 1), ("tea", 1, 1)], {"less": {"kind": "amount", "amount": 1}}),
        {"pay": 2, "lines": (0, 1, 1)},
    ),
    # 1001 × 0.15 = 150.15 → 150
    "percent": (Sale([("tea", 1, 1001)], {"p": {"kind": "percent", "factor": "0.85"}}), {"pay": 851}),
    # 999 × 0.5 = 499.5 → 500
    "percent rounds half up": (
        Sale([("tea", 1, 999)], {"p": {"kind": "percent", "factor": "0.5"}}),
        {"pay": 499, "off": {"p": 500}},
    ),
    # 10000 × 0.2 = 2000, capped at 1000: 600 and 400
    "percent with a cap": (
        Sale([("tea", 1, 6000), ("tea", 1, 4000)], {"p": {"kind": "percent", "factor": "0.8", "cap": 1000}}),
        {"pay": 9000, "lines": (5400, 3600)},
    ),
    "all for nothing": (
        Sale([("tea", 1, 1234)], {"p": {"kind": "percent", "factor": 0}}),
        {"pay": 0, "off": {"p": 1234}},
    ),
    "more off than there is": (
        Sale([("tea", 1, 200), ("tea", 1, 100)], {"less": {"kind": "amount", "amount": 500}}),
        {"pay": 0, "lines": (0, 0), "off": {"less": 300}},
    ),
    "a free line in a cart": (
        Sale([("tea", 1, 0), ("tea", 1, 1000)], {"less": {"kind": "amount", "amount": 100}}),
        {"pay": 900, "lines": (0, 900)},
    ),
    "nothing to lower": (
        Sale([("tea", 1, 0)], {"less": {"kind": "amount", "amount": 100}, "full": FULL}),
        {"pay": 0, "off": {}, "refused": {"less": "no_effect", "full": "below_amount"}},
    ),
    "only its own lines": (
        Sale(
            [("coffee", 1, 6000), ("tea", 1, 6000)],
            {"less": {"kind": "amount", "amount": 1000, "lines": of("coffee")}},
        ),
        {"pay": 11_000, "lines": (5000, 6000)},
    ),
    "least amount of its own lines": (
        Sale(
            [("coffee", 1, 6000), ("tea", 1, 6000)],
            {"less": {"kind": "amount", "amount": 1000, "lines": of("coffee"), "at_least": 10_000}},
        ),
        {"pay": 12_000, "refused": {"less": "below_amount"}},
    ),
    "no such goods": (
        Sale([("tea", 1, 6000)], {"less": {"kind": "amount", "amount": 1000, "lines": of("coffee")}}),
        {"pay": 6000, "refused": {"less": "no_lines"}},
    ),
    # promotions one after the other: 10000 − 10 % = 9000, − 500 = 8500 (priority 1 before 0)
    "joint promotions by priority": (
        Sale(
            [("tea", 1, 10_000)],
            {
                "a": {"kind": "amount", "amount": 500},
                "p": {"kind": "percent", "factor": "0.9", "priority": 1},
            },
        ),
        {"pay": 8500, "off": {"p": 1000, "a": 500}},
    ),
    # 10000 − 500 = 9500, − 10 % = 8550
    "the other way round": (
        Sale(
            [("tea", 1, 10_000)],
            {
                "a": {"kind": "amount", "amount": 500, "priority": 1},
                "p": {"kind": "percent", "factor": "0.9"},
            },
        ),
        {"pay": 8550, "off": {"a": 500, "p": 950}},
    ),
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
    # Windows, first orders, budgets
    "closed at this time": (
        Sale(
            [("tea", 1, 1000)],
            {
                "weekend": {"kind": "amount", "amount": 100, "weekdays": [6, 7]},
                "morning": {"kind": "amount", "amount": 100, "dayparts": [["07:00", "10:00"]]},
                "over": {"kind": "amount", "amount": 100, "ends_at": "2026-03-01T00:00:00+08:00"},
                "later": {"kind": "amount", "amount": 100, "starts_at": "2026-04-01T00:00:00+08:00"},
                "noon": {"kind": "amount", "amount": 100, "dayparts": [["11:00", "13:00"]]},
            },
        ),
        {
            "pay": 900,
            "off": {"noon": 100},
            "refused": {
                "weekend": "wrong_day",
                "morning": "outside_hours",
                "over": "ended",
                "later": "not_started",
            },
        },
    ),
    "first order": (
        Sale(
            [("tea", 1, 5000)],
            {"new": {"kind": "amount", "amount": 1000, "first_order": True}},
            given={"first_order": True},
        ),
        {"pay": 4000},
    ),
    "not her first order": (
        Sale([("tea", 1, 5000)], {"new": {"kind": "amount", "amount": 1000, "first_order": True}}),
        {"pay": 5000, "refused": {"new": "first_order"}},
    ),
    "a budget that reaches": (
        Sale(
            [("tea", 1, 5000)],
            {"b": {"kind": "amount", "amount": 500, "budget": "spring"}},
            given={"budgets": {"spring": 500}},
        ),
        {"pay": 4500, "off": {"b": 500}},
    ),
    "a budget that does not": (
        Sale(
            [("tea", 1, 5000)],
            {"b": {"kind": "amount", "amount": 500, "budget": "spring"}},
            given={"budgets": {"spring": 499}},
        ),
        {"pay": 5000, "off": {}, "refused": {"b": "budget_used"}},
    ),
    # the first takes 200 of 300: 100 do not reach for the second, but for the third
    "three offers of one budget": (
        Sale(
            [("tea", 1, 5000)],
            {
                "a": {"kind": "amount", "amount": 200, "budget": "spring"},
                "b": {"kind": "amount", "amount": 200, "budget": "spring"},
                "c": {"kind": "amount", "amount": 100, "budget": "spring"},
            },
            given={"budgets": {"spring": 300}},
        ),
        {"pay": 4700, "off": {"a": 200, "c": 100}, "refused": {"b": "budget_used"}},
    ),
    "declined": (
        Sale(
            [("tea", 1, 5000)],
            {"a": {"kind": "amount", "amount": 200}},
            wish={"without": frozenset({"promotion:a"})},
        ),
        {"pay": 5000, "refused": {"a": "declined"}},
    ),
}


@pytest.mark.parametrize("name", CARTS)
def test_carts(name: str) -> None:
    compare(*CARTS[name])


def test_switched_off_is_not_spoken_of() -> None:
    sale = Sale([("tea", 1, 1000)], {"off": {"kind": "amount", "amount": 100, "enabled": False}})
    compare(sale, {"pay": 1000, "refused": {}})


def test_dayparts_over_midnight_belong_to_the_day_they_began_on() -> None:
    night = {"kind": "amount", "amount": 100, "weekdays": [2], "dayparts": [["22:00", "02:00"]]}
    one_in_the_night = AT.replace(day=10, hour=17)  # Wednesday 01:00 in Shanghai
    compare(Sale([("tea", 1, 1000)], {"n": night}, at=one_in_the_night), {"pay": 900})
    compare(
        Sale([("tea", 1, 1000)], {"n": night | {"weekdays": [3]}}, at=one_in_the_night),
        {"refused": {"n": "wrong_day"}},
    )
