"""What a cart is paid with: points, stored value, gift cards; see `carts` for how to read a row."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pricing.carts import FULL, GOLD_95, GOLD_SHIPS, HUNDRED, compare, percent
from tests.pricing.till import GIFT, POINTS, STORED, Sale, of

POINTS_100 = {"points": {"unit": "points", "points": 100, "minor": 100, "step": 100}}

CARTS: dict[str, tuple[Sale, dict[str, Any]]] = {
    # Points
    "points: all she has, by the step": (
        Sale([("tea", 1, 5000)], checkout=POINTS_100, wish={"points": "max"}, balances={"points": 3050}),
        {"pay": 2000, "points": 3000},
    ),
    # half of 5001 is 2500
    "points: at most half": (
        Sale(
            [("tea", 1, 5001)],
            checkout={"points": {**POINTS_100["points"], "share": "0.5"}},
            wish={"points": "max"},
            balances={"points": 9999},
        ),
        {"pay": 2501, "points": 2500, "refused": {}},
    ),
    "points: more wished than the share": (
        Sale(
            [("tea", 1, 5000)],
            checkout={"points": {**POINTS_100["points"], "share": "0.5"}},
            wish={"points": 4000},
            balances={"points": 9999},
        ),
        {"pay": 2500, "points": 2500, "refused": {"points": "points_share"}},
    ),
    "points: fewer than the least": (
        Sale(
            [("tea", 1, 5000)],
            checkout={"points": {**POINTS_100["points"], "least": 1000}},
            wish={"points": "max"},
            balances={"points": 900},
        ),
        {"pay": 5000, "points": 0, "refused": {"points": "points_least"}},
    ),
    "points: rounded down to the step": (
        Sale([("tea", 1, 5000)], checkout=POINTS_100, wish={"points": 250}, balances={"points": 900}),
        {"pay": 4800, "points": 200, "refused": {"points": "points_step"}},
    ),
    "points: more wished than there are": (
        Sale([("tea", 1, 5000)], checkout=POINTS_100, wish={"points": 2000}, balances={"points": 950}),
        {"pay": 4100, "points": 900, "refused": {"points": "points_balance"}},
    ),
    # three points are two fen: 99 of 100 points are 66 fen
    "points: three for two fen": (
        Sale(
            [("tea", 1, 100)],
            checkout={"points": {"unit": "points", "points": 3, "minor": 2}},
            wish={"points": "max"},
            balances={"points": 100},
        ),
        {"pay": 34, "points": 99},
    ),
    # 1000 × 3333 / 10000 = 333.3, 333.3, 333.4
    "points: odd fen": (
        Sale(
            [("tea", 1, 3333), ("tea", 1, 3333), ("tea", 1, 3334)],
            checkout=POINTS,
            wish={"points": 1000},
            balances={"points": 1000},
        ),
        {"pay": 9000, "lines": (3000, 3000, 3000), "earns": (3000, 3000, 3000)},
    ),
    "points: what they pay earns": (
        Sale(
            [("tea", 1, 5000)],
            checkout={"points": {**POINTS_100["points"], "earns": True}},
            wish={"points": 1000},
            balances={"points": 1000},
        ),
        {"pay": 4000, "earns": (5000,)},
    ),
    "points: for tea only": (
        Sale(
            [("coffee", 1, 5000), ("tea", 1, 1000)],
            checkout={"points": {**POINTS_100["points"], "lines": of("tea")}},
            wish={"points": "max"},
            balances={"points": 9000},
        ),
        {"pay": 5000, "lines": (5000, 0), "points": 1000},
    ),
    "points: none": (
        Sale(HUNDRED, checkout=POINTS_100, wish={"points": "max"}),
        {"pay": 10_000, "refused": {"points": "points_none"}},
    ),
    "points: not taken here": (
        Sale(HUNDRED, wish={"points": "max"}, balances={"points": 900}),
        {"pay": 10_000, "refused": {"points": "not_taken"}},
    ),
    "points: not for shipping": (
        Sale(
            [("tea", 1, 100)],
            checkout=POINTS_100,
            shipping=800,
            wish={"points": "max"},
            balances={"points": 900},
        ),
        {"pay": 800, "points": 100, "ship": 800},
    ),
    # Stored value and gift cards
    "stored value: bonus first": (
        Sale(HUNDRED, checkout=STORED, wish={"stored": "max"}, balances={"principal": 8000, "bonus": 500}),
        {"pay": 1500, "stored": {"principal": 8000, "bonus": 500}, "earns": (9500,)},
    ),
    "stored value: principal first": (
        Sale(
            HUNDRED,
            checkout={"stored": {**STORED["stored"], "order": "principal_first"}},
            wish={"stored": 6000},
            balances={"principal": 5000, "bonus": 2000},
        ),
        {"pay": 4000, "stored": {"principal": 5000, "bonus": 1000}},
    ),
    # 999 × 9000 / 10000 = 899.1, × 1000 = 99.9
    "stored value: as the balances stand": (
        Sale(
            HUNDRED,
            checkout={"stored": {**STORED["stored"], "order": "pro_rata"}},
            wish={"stored": 999},
            balances={"principal": 9000, "bonus": 1000},
        ),
        {"pay": 9001, "stored": {"principal": 899, "bonus": 100}},
    ),
    "stored value: more wished than there is": (
        Sale(HUNDRED, checkout=STORED, wish={"stored": 6000}, balances={"principal": 5000}),
        {"pay": 5000, "refused": {"stored": "balance"}},
    ),
    "stored value: more wished than is due": (
        Sale([("tea", 1, 1000)], checkout=STORED, wish={"stored": 6000}, balances={"principal": 9000}),
        {"pay": 0, "stored": {"principal": 1000}, "refused": {"stored": "nothing_to_pay"}},
    ),
    "stored value pays for shipping": (
        Sale(
            [("tea", 1, 1000)],
            checkout=STORED,
            shipping=500,
            wish={"stored": "max"},
            balances={"principal": 2000},
        ),
        {"pay": 0, "stored": {"principal": 1500}, "earns": (1000,)},
    ),
    "gift card, then stored value": (
        Sale(
            [("tea", 1, 3000)],
            checkout=STORED | GIFT,
            wish={"stored": "max", "gift": "max"},
            balances={"principal": 5000, "gift": 2000},
        ),
        {"pay": 0, "stored": {"principal": 1000, "gift": 2000}, "earns": (3000,)},
    ),
    "stored value, then gift card": (
        Sale(
            [("tea", 1, 3000)],
            checkout=STORED | GIFT | {"gift_first": False},
            wish={"stored": "max", "gift": "max"},
            balances={"principal": 2500, "gift": 2000},
        ),
        {"pay": 0, "stored": {"principal": 2500, "gift": 500}},
    ),
    # gold: 19000 + 4750 = 23750; full: − 1600 − 400 = 17400 + 4350; coupon 10 % = 2175, capped at 1000: − 800 − 200
    # = 16600 + 4150; shipping 1000 by her tier; 1000 points: − 800 − 200 = 15800 + 3950; stored 10750 of 19750:
    # 8600 + 2150 (bonus 600 + 150); left 7200 + 1800
    "everything at once": (
        Sale(
            [("tea", 1, 20_000), ("tea", 1, 5000)],
            {"full": FULL},
            {"c": percent("0.9", cap=1000)},
            benefits=[GOLD_95, GOLD_SHIPS],
            checkout=POINTS_100 | STORED,
            tier="gold",
            shipping=1000,
            wish={"points": 1000, "stored": "max"},
            balances={"points": 1500, "principal": 10_000, "bonus": 750},
            given={"quotas": {"ships": 1}},
        ),
        {
            "pay": 9000,
            "lines": (7200, 1800),
            "off": {"gold-95": 1250, "full": 2000, "c": 1000, "ships": 1000},
            "points": 1000,
            "stored": {"principal": 10_000, "bonus": 750},
            "earns": (15_200, 3800),
            "refused": {},
        },
    ),
}


@pytest.mark.parametrize("name", CARTS)
def test_carts(name: str) -> None:
    compare(*CARTS[name])


def test_there_are_enough_of_them() -> None:
    from tests.pricing import test_coupons, test_prices, test_promotions

    every = (CARTS, test_coupons.CARTS, test_prices.CARTS, test_promotions.CARTS)
    assert sum(len(carts) for carts in every) >= 60
