"""Conditions asked in memory per second on one core. `python -m bench.conditions [seconds per figure]`."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from regulars.conditions.api import (
    compile_condition,
    compile_explain,
    describe,
    parse_condition,
    retail_fields,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
CATALOGUE = retail_fields()
CATEGORIES = ("coffee", "bakery", "dairy", "fruit", "household")


def f(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


SIMPLE: list[dict[str, Any]] = [
    f("order.amount", "gte", 10000),
    f("order.amount", "between", [5000, 20000]),
    f("membership.tier", "in", ["gold", "diamond"]),
    f("activity.channel", "eq", "store"),
    f("store.code", "ne", "S1"),
    f("history.orders", "lt", 3),
    f("order.is_first", "eq", True),
    f("membership.tags", "contains", "vip"),
    f("store.code", "in", [f"S{n}" for n in range(0, 100, 2)]),
    f("member.birthday", "is_set", None),
]
SIMPLE[-1].pop("value")

MIXED: list[dict[str, Any]] = [
    {"all": [f("order.amount", "gte", 10000), f("activity.channel", "eq", "store")]},
    {"all": [f("membership.tier", "in", ["gold", "diamond"]), f("activity.occurred_at", "weekday_in", [2])]},
    f("member.birthday", "month_is", "current"),
    f("member.birthday", "anniversary_within", {"before": 7, "after": 0}),
    {"lines": "any", "where": f("line.category", "eq", "coffee")},
    {"lines": "none", "where": f("line.category", "in", ["household", "fruit"])},
    {
        "lines": "sum",
        "of": "line.amount",
        "where": f("line.category", "eq", "dairy"),
        "op": "gte",
        "value": 5000,
    },
    {"any": [f("order.is_first", "eq", True), f("history.orders", "gte", 10)]},
    {"not": f("activity.occurred_at", "time_between", ["22:00", "06:00"])},
    f("history.last_order_at", "within_last", {"days": 30}),
]


def orders(count: int) -> list[dict[str, Any]]:
    draw = random.Random(7)
    start = datetime(2026, 3, 1, tzinfo=SHANGHAI)
    made = []
    for n in range(count):
        local = start + timedelta(seconds=n * 20)
        lines = [
            {
                "sku": f"sku-{draw.randint(1, 500)}",
                "category": draw.choice(CATEGORIES),
                "amount": draw.randint(100, 5000),
            }
            for _ in range(5)
        ]
        made.append(
            {
                "activity.local": local,
                "activity.occurred_at": local,
                "activity.channel": draw.choice(("store", "web")),
                "store.code": f"S{draw.randint(1, 100)}",
                "order.amount": sum(line["amount"] for line in lines),
                "order.quantity": Decimal(5),
                "order.is_first": draw.random() < 0.1,
                "membership.tier": draw.choice(("normal", "silver", "gold", "diamond")),
                "membership.tags": {"vip"} if draw.random() < 0.2 else set(),
                "member.birthday": date(1990, draw.randint(1, 12), draw.randint(1, 28)),
                "history.orders": draw.randint(0, 20),
                "history.last_order_at": (local - timedelta(days=draw.randint(1, 60))).astimezone(UTC),
                "lines": lines,
            }
        )
    return made


def rate(work: Callable[[list[dict[str, Any]]], None], batch: list[dict[str, Any]], seconds: float) -> float:
    """Orders per second."""
    done = 0
    begun = time.perf_counter()
    while (took := time.perf_counter() - begun) < seconds:
        work(batch)
        done += len(batch)
    return done / took


def main(seconds: float) -> None:
    batch = orders(5000)
    for name, definitions in (("ten simple rules", SIMPLE), ("ten mixed rules, 5 lines an order", MIXED)):
        trees = [parse_condition(data=data, catalogue=CATALOGUE) for data in definitions]
        tests = [compile_condition(condition=tree, catalogue=CATALOGUE) for tree in trees]
        explainers = [compile_explain(condition=tree, catalogue=CATALOGUE) for tree in trees]

        def ask(facts: list[dict[str, Any]], tests: list[Any] = tests) -> None:
            for test in tests:
                for order in facts:
                    test(order)

        def explain(facts: list[dict[str, Any]], explainers: list[Any] = explainers) -> None:
            for explainer in explainers:
                for order in facts:
                    explainer(order)

        per_second = rate(ask, batch, seconds)
        print(f"{name}: {per_second:,.0f} orders/s, {per_second * len(tests):,.0f} conditions/s")
        print(f"  with reasons: {rate(explain, batch, seconds):,.0f} orders/s")
        for tree, test in zip(trees, tests, strict=True):
            one = rate(lambda facts, test=test: [test(order) for order in facts] and None, batch, seconds / 4)
            print(f"  {1e9 / one:6.0f} ns  {describe(condition=tree, catalogue=CATALOGUE, lang='en')}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
