"""Promotions of a cart, their order, their windows and their budgets; see `carts` for how to read a row."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pricing.carts import FULL, compare
from tests.pricing.till import AT, Sale, of

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
