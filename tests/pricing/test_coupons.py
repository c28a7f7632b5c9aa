"""Coupons beside promotions and beside each other, chosen and found; see `carts` for how to read a row."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pricing.carts import FULL, GOLD_95, GOLD_SHIPS, HUNDRED, compare, off, percent
from tests.pricing.till import Sale, of

ALONE = {"stacking": {"mode": "exclusive"}}
LINES_ALONE = {"stacking": {"mode": "exclusive", "exclusive_of": "lines"}}
GROUP = {"stacking": {"group": "g"}}
CASH = {"code": "cash", "name": "cash", "most": 1}

CARTS: dict[str, tuple[Sale, dict[str, Any]]] = {
    "a coupon": (Sale(HUNDRED, coupons={"c": off(1000)}), {"pay": 9000, "off": {"c": 1000}}),
    "a coupon below its least amount": (
        Sale([("tea", 1, 9000)], coupons={"c": off(1000, at_least=10_000)}),
        {"pay": 9000, "refused": {"c": "below_amount"}},
    ),
    "a coupon out of date": (
        Sale(HUNDRED, coupons={"c": off(1000, days=-1)}),
        {"pay": 10_000, "refused": {"c": "expired"}},
    ),
    # promotions first: 20000 − 2000 = 18000, then the coupon's 10 % = 1800
    "promotion, then coupon": (
        Sale([("tea", 1, 20_000)], {"full": FULL}, {"c": percent("0.9")}),
        {"pay": 16_200, "off": {"full": 2000, "c": 1800}},
    ),
    # the dearest: 500, not one of 600 / 2
    "exchange of the dearest": (
        Sale(
            [("cake", 2, 600), ("cake", 1, 500), ("tea", 1, 900)],
            coupons={"x": {"kind": "exchange", "lines": of("cake")}},
        ),
        {"pay": 1500, "lines": (600, 0, 900)},
    ),
    "exchange for one yuan": (
        Sale([("cake", 1, 500)], coupons={"x": {"kind": "exchange", "price": 100}}),
        {"pay": 100},
    ),
    # 1000 over three pieces: 334, 333, 333; the dearest is free
    "exchange of an odd piece": (
        Sale([("cake", 3, 1000)], coupons={"x": {"kind": "exchange"}}),
        {"pay": 666},
    ),
    "shipping coupon": (
        Sale([("tea", 1, 1000)], coupons={"s": {"kind": "shipping"}}, shipping=1200),
        {"pay": 1000, "ship": 0},
    ),
    "her tier ships free: the coupon is kept": (
        Sale(
            [("tea", 1, 1000)],
            coupons={"s": {"kind": "shipping"}},
            benefits=[GOLD_SHIPS],
            tier="gold",
            shipping=1200,
            given={"quotas": {"ships": 1}},
        ),
        {"pay": 1000, "off": {"ships": 1200}, "refused": {"s": "better_combination"}},
    ),
    "free shipping used up: the coupon is used": (
        Sale(
            [("tea", 1, 1000)],
            coupons={"s": {"kind": "shipping"}},
            benefits=[GOLD_SHIPS],
            tier="gold",
            shipping=1200,
            given={"quotas": {"ships": 0}},
        ),
        {"pay": 1000, "off": {"s": 1200}, "refused": {"ships": "quota_used"}},
    ),
    "a cashback coupon is worth using": (
        Sale(HUNDRED, coupons={"b": {"kind": "cashback", "unit": "bonus", "amount": 500}}),
        {"pay": 10_000, "cash": {"bonus": 500}},
    ),
    # Exclusive. alone 20000 − 2500 = 17500; the promotion alone 18000
    "an exclusive coupon that is better": (
        Sale([("tea", 1, 20_000)], {"full": FULL}, {"c": off(2500) | ALONE}),
        {"pay": 17_500, "off": {"c": 2500}, "refused": {"full": "exclusive"}},
    ),
    "an exclusive coupon that is worse": (
        Sale([("tea", 1, 20_000)], {"full": FULL}, {"c": off(1500) | ALONE}),
        {"pay": 18_000, "off": {"full": 2000}, "refused": {"c": "better_combination"}},
    ),
    # 1500 alone, or 900 + 700 together
    "two joint coupons beat an exclusive one": (
        Sale(HUNDRED, coupons={"a": off(900), "b": off(700), "x": off(1500) | ALONE}),
        {"pay": 8400, "off": {"a": 900, "b": 700}, "refused": {"x": "exclusive"}},
    ),
    "a tier's price stands beside an exclusive coupon": (
        Sale(HUNDRED, coupons={"c": off(2500) | ALONE}, benefits=[GOLD_95], tier="gold"),
        {"pay": 7000, "off": {"gold-95": 500, "c": 2500}},
    ),
    # alone 7500; together 9000 − 2000 = 7000
    "together they beat an exclusive promotion": (
        Sale(HUNDRED, {"x": percent("0.75") | ALONE, "p": percent("0.9")}, {"c": off(2000)}),
        {"pay": 7000, "off": {"p": 1000, "c": 2000}, "refused": {"x": "better_combination"}},
    ),
    "an exclusive promotion wins": (
        Sale(HUNDRED, {"x": percent("0.75") | ALONE, "p": percent("0.9")}, {"c": off(1000)}),
        {"pay": 7500, "off": {"x": 2500}, "refused": {"p": "exclusive", "c": "exclusive"}},
    ),
    # coffee 20 % alone; tea takes the 10 %, and the coupon finds only coffee
    "exclusive on its lines": (
        Sale(
            [("coffee", 1, 10_000), ("tea", 1, 10_000)],
            {"x": percent("0.8", lines=of("coffee")) | LINES_ALONE, "p": percent("0.9", priority=9)},
            {"c": off(1000, lines=of("coffee"))},
        ),
        {"pay": 17_000, "lines": (8000, 9000), "refused": {"c": "lines_taken"}},
    ),
    # the coupon's 30 % on coffee keeps the promotion to tea: 7000 + 9000, better than 9000 + 9000
    "a coupon exclusive on its lines": (
        Sale(
            [("coffee", 1, 10_000), ("tea", 1, 10_000)],
            {"p": percent("0.9")},
            {"c": percent("0.7", lines=of("coffee")) | LINES_ALONE},
        ),
        {"pay": 16_000, "lines": (7000, 9000), "off": {"p": 1000, "c": 3000}},
    ),
    "one promotion of a group: the first by priority": (
        Sale(HUNDRED, {"a": percent("0.95", priority=1) | GROUP, "b": percent("0.9") | GROUP}),
        {"pay": 9500, "refused": {"b": "group"}},
    ),
    "an idle promotion leaves its group": (
        Sale(HUNDRED, {"a": FULL | GROUP | {"priority": 1}, "b": percent("0.9") | GROUP}),
        {"pay": 9000, "refused": {"a": "below_amount"}},
    ),
    "an idle promotion that keeps its place": (
        Sale(
            HUNDRED,
            {
                "a": FULL | {"stacking": {"group": "g", "skip_idle": False}, "priority": 1},
                "b": percent("0.9") | GROUP,
            },
        ),
        {"pay": 10_000, "refused": {"a": "below_amount", "b": "group"}},
    ),
    "one coupon of a group: the best": (
        Sale(HUNDRED, coupons={"a": off(1000) | GROUP, "b": off(1500) | GROUP}),
        {"pay": 8500, "off": {"b": 1500}, "refused": {"a": "group"}},
    ),
    # coupon 1000 without the promotion's 500
    "a coupon keeps a promotion of its group out": (
        Sale(HUNDRED, {"p": percent("0.95") | GROUP}, {"c": off(1000) | GROUP}),
        {"pay": 9000, "off": {"c": 1000}, "refused": {"p": "group"}},
    ),
    "a promotion better than the coupon of its group": (
        Sale(HUNDRED, {"p": percent("0.8") | GROUP}, {"c": off(1000) | GROUP}),
        {"pay": 8000, "off": {"p": 2000}, "refused": {"c": "better_combination"}},
    ),
    "one of a category": (
        Sale(
            HUNDRED,
            coupons={
                "a": off(1000, stacking={"category": "cash"}),
                "b": off(1200, stacking={"category": "cash"}),
                "s": off(300),
            },
            checkout={"categories": [CASH]},
        ),
        {"pay": 8500, "off": {"b": 1200, "s": 300}, "refused": {"a": "category"}},
    ),
    # 10000 × 0.9 = 9000 − 1000
    "hierarchy: percent first": (
        Sale(
            HUNDRED,
            coupons={
                "a": off(1000, stacking={"category": "money"}),
                "b": percent("0.9", stacking={"category": "share"}),
            },
            checkout={"categories": [{"code": "share", "name": "s"}, {"code": "money", "name": "m"}]},
        ),
        {"pay": 8000, "off": {"b": 1000, "a": 1000}},
    ),
    # 10000 − 1000 = 9000 × 0.9
    "hierarchy: money first": (
        Sale(
            HUNDRED,
            coupons={
                "a": off(1000, stacking={"category": "money"}),
                "b": percent("0.9", stacking={"category": "share"}),
            },
            checkout={"categories": [{"code": "money", "name": "m"}, {"code": "share", "name": "s"}]},
        ),
        {"pay": 8100, "off": {"a": 1000, "b": 900}},
    ),
    "one coupon an order: the better": (
        Sale(HUNDRED, coupons={"a": off(900), "b": off(1000)}, checkout={"coupons_per_order": 1}),
        {"pay": 9000, "off": {"b": 1000}, "refused": {"a": "coupons_per_order"}},
    ),
    "no coupons here": (
        Sale(HUNDRED, coupons={"a": off(900)}, checkout={"coupons_per_order": 0}),
        {"pay": 10_000, "refused": {"a": "coupons_per_order"}},
    ),
    "one of a kind: the one that expires sooner": (
        Sale(HUNDRED, coupons={"c": off(500, days=5), "c#2": off(500, days=3)}),
        {"pay": 9500, "off": {"c#2": 500}, "refused": {"c": "per_order"}},
    ),
    "two of a kind": (
        Sale(
            HUNDRED,
            coupons={
                "c": off(500, stacking={"per_order": 2}),
                "c#2": off(500, stacking={"per_order": 2}),
                "c#3": off(500, stacking={"per_order": 2}, days=30),
            },
        ),
        {"pay": 9000, "off": {"c": 500, "c#2": 500}, "refused": {"c#3": "per_order"}},
    ),
    "equal price: what expires later is kept": (
        Sale(
            HUNDRED,
            coupons={"a": off(1000, days=30), "b": off(1000, days=3)},
            checkout={"coupons_per_order": 1},
        ),
        {"pay": 9000, "off": {"b": 1000}},
    ),
    # two that expire on day 3 and 4 do what the one of day 30 does
    "equal price: two that expire sooner": (
        Sale(
            [("tea", 1, 1000)],
            coupons={"a": off(1000, days=30), "b": off(500, days=3), "c": off(500, days=4)},
        ),
        {"pay": 0, "off": {"b": 500, "c": 500}, "refused": {"a": "no_effect"}},
    ),
    "no coupon is wasted": (
        Sale([("tea", 1, 4000)], coupons={"a": off(1000), "b": off(5000)}),
        {"pay": 0, "off": {"b": 4000}, "refused": {"a": "no_effect"}},
    ),
    # a first: 9000, and b's threshold of 10000 is missed. b alone: 7000
    "two coupons may cost more than one": (
        Sale(
            HUNDRED,
            coupons={
                "a": percent("0.9"),
                "b": {"kind": "threshold", "steps": [{"at_least": 10_000, "off": 3000}]},
            },
        ),
        {"pay": 7000, "off": {"b": 3000}, "refused": {"a": "better_combination"}},
    ),
    # b first by its priority: 7000, then a's 10 %
    "the hierarchy lets both count": (
        Sale(
            HUNDRED,
            coupons={
                "a": percent("0.9"),
                "b": {"kind": "threshold", "steps": [{"at_least": 10_000, "off": 3000}], "priority": 1},
            },
        ),
        {"pay": 6300, "off": {"b": 3000, "a": 700}, "found": "optimal"},
    ),
    "chosen by the member": (
        Sale(HUNDRED, coupons={"a": off(500), "b": off(2000)}, use=["a"]),
        {"pay": 9500, "found": "chosen", "refused": {"b": "not_chosen"}},
    ),
    "none chosen": (
        Sale(HUNDRED, {"p": off(100)}, {"a": off(500)}, use=[]),
        {"pay": 9900, "found": "chosen", "refused": {"a": "not_chosen"}},
    ),
    "chosen two of a group: the first counts": (
        Sale(HUNDRED, coupons={"a": off(500) | GROUP, "b": off(2000) | GROUP}, use=["a", "b"]),
        {"pay": 9500, "refused": {"b": "group"}},
    ),
    "chosen without effect": (
        Sale([("tea", 1, 500)], coupons={"a": off(500), "b": off(100)}, use=["a", "b"]),
        {"pay": 0, "off": {"a": 500}, "refused": {"b": "no_effect"}},
    ),
    "chosen without effect, and used up": (
        Sale(
            [("tea", 1, 500)],
            coupons={"a": off(500), "b": off(100, stacking={"skip_idle": False})},
            use=["a", "b"],
        ),
        {"pay": 0, "off": {"a": 500, "b": 0}},
    ),
    "a presented code goes first": (
        Sale(
            HUNDRED,
            coupons={"a": off(500, code="X1"), "b": off(2000)},
            checkout={"coupons_per_order": 1},
            wish={"codes": ("X1",)},
        ),
        {"pay": 9500, "off": {"a": 500}, "refused": {"b": "coupons_per_order"}},
    ),
    "a presented code, and the best beside it": (
        Sale(
            HUNDRED,
            coupons={"a": off(500, code="X1"), "b": off(2000), "c": off(100)},
            checkout={"coupons_per_order": 2},
            wish={"codes": ("X1",)},
        ),
        {"pay": 7500, "off": {"a": 500, "b": 2000}, "found": "optimal"},
    ),
    # 10 % are 1000, which the budget has not; after the 2000 they are 800, which it has
    "a coupon that fits its budget beside another": (
        Sale(
            HUNDRED,
            coupons={"b": percent("0.9", budget="spring"), "a": off(2000, priority=1)},
            given={"budgets": {"spring": 900}},
        ),
        {"pay": 7200, "off": {"a": 2000, "b": 800}, "found": "optimal"},
    ),
    "a coupon of a spent budget": (
        Sale(
            HUNDRED,
            coupons={"a": off(1500, budget="spring"), "b": off(1000)},
            checkout={"coupons_per_order": 1},
            given={"budgets": {"spring": 400}},
        ),
        {"pay": 9000, "off": {"b": 1000}},
    ),
}


@pytest.mark.parametrize("name", CARTS)
def test_carts(name: str) -> None:
    compare(*CARTS[name])
