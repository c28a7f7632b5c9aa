"""Prices per second on one core: 20 lines, 30 live promotions, 10 coupons. `python -m bench.pricing [seconds]`."""

from __future__ import annotations

import random
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from regulars.kit.text import Text
from regulars.programme.packs.api import retail_pack
from regulars.programme.pricing.api import plan_return, price
from regulars.programme.pricing.types import Cart, CartLine, Given, Priced, WalletCoupon, Wish
from regulars.programme.rules.api import parse, read_offer
from regulars.programme.rules.types import Programme

CATEGORIES = ("coffee", "bakery", "dairy", "fruit", "household", "meat", "drinks", "snacks", "care", "pets")
AT = datetime(2024, 3, 8, 4, tzinfo=UTC)  # a member day of the pack
FACTS = {
    "membership.tier": "gold",
    "membership.tier.level": "gold",
    "membership.tags": {"regular"},
    "history.orders": 12,
    "history.spend": 500_000,
}


def promotions() -> list[dict[str, Any]]:
    """Thirty, all open: five of the pack and 25 of every kind, over categories and brands."""
    made: list[dict[str, Any]] = []
    for n, category in enumerate(CATEGORIES):
        lines = {"field": "line.category", "op": "eq", "value": category}
        made += [
            {
                "key": f"price-{category}",
                "layer": "price",
                "kind": "percent",
                "factor": "0.95",
                "condition": {"field": "membership.tier", "op": "in", "value": ["gold", "diamond"]},
                "lines": lines,
            },
            {
                "key": f"full-{category}",
                "kind": "threshold",
                "steps": [{"at_least": 3000, "off": 200}, {"at_least": 8000, "off": 700}],
                "lines": lines,
                "priority": n,
            },
        ]
    made += [
        {"key": "second-half", "kind": "free_item", "buy": 1, "factor": "0.5", "lines": _brand("b1")},
        {"key": "three-for", "kind": "fixed_price", "price": 4000, "pieces": 3, "lines": _brand("b2")},
        {"key": "shipping-100", "kind": "shipping", "at_least": 10_000},
        {"key": "back", "kind": "cashback", "unit": "bonus", "rate": "0.01", "lines": _brand("b3")},
        {
            "key": "alone",
            "kind": "percent",
            "factor": "0.9",
            "lines": _brand("b4"),
            "stacking": {"mode": "exclusive", "exclusive_of": "lines"},
        },
    ]
    return [{**one, "name": one["key"]} for one in made]


def _brand(brand: str) -> dict[str, Any]:
    return {"field": "line.brand", "op": "eq", "value": brand}


def programme(coupons_per_order: int | None) -> Programme:
    pack = retail_pack()
    pack["promotions"] += promotions()
    pack["checkout"]["coupons_per_order"] = coupons_per_order
    return parse(
        pack,
        brand_id=UUID(int=1),
        version=1,
        timezone="Asia/Shanghai",
        currency="CNY",
        effective_from=datetime(2024, 1, 1, tzinfo=UTC),
    )


def wallet(live: Programme) -> list[WalletCoupon]:
    """Ten coupons of ten definitions: money off, percent with cap, categories, shipping, one that stands alone."""
    offers: list[dict[str, Any]] = [
        {"kind": "amount", "amount": 1000, "at_least": 10_000},
        {"kind": "amount", "amount": 3000, "at_least": 30_000},
        {"kind": "percent", "factor": "0.88", "cap": 5000},
        {"kind": "percent", "factor": "0.9", "lines": _category("coffee")},
        {"kind": "amount", "amount": 500, "lines": _category("dairy")},
        {"kind": "threshold", "steps": [{"at_least": 20_000, "off": 2500}]},
        {"kind": "shipping", "cap": 600},
        {"kind": "exchange", "price": 100, "lines": _category("bakery")},
        {"kind": "percent", "factor": "0.8", "cap": 8000, "stacking": {"mode": "exclusive"}},
        {"kind": "free_item", "buy": 2, "get": 1, "lines": _category("fruit")},
    ]
    return [
        WalletCoupon(
            UUID(int=100 + n),
            read_offer(live, offer, key=f"c{n}", name=Text(f"券 {n}", f"coupon {n}")),
            AT + timedelta(days=n + 1),
        )
        for n, offer in enumerate(offers)
    ]


def _category(category: str) -> dict[str, Any]:
    return {"field": "line.category", "op": "eq", "value": category}


def carts(count: int, lines: int, draw: random.Random) -> list[Cart]:
    return [
        Cart(
            "CNY",
            tuple(
                CartLine(
                    str(n),
                    f"sku-{draw.randint(1, 500)}",
                    Decimal(draw.randint(1, 4)),
                    draw.randint(300, 6000),
                    category=draw.choice(CATEGORIES),
                    brand=f"b{draw.randint(1, 12)}",
                )
                for n in range(lines)
            ),
            AT,
            shipping=1200,
            store="s-1",
            channel="store",
        )
        for _ in range(count)
    ]


def measure(live: Programme, held: list[WalletCoupon], asked: list[Cart], seconds: float) -> list[Priced]:
    given = Given(
        facts=FACTS,
        balances={"points": 4200, "principal": 20_000, "bonus": 1500},
        tiers={"level": "gold"},
        quotas={"free-shipping": 1},
    )
    wish = Wish(points="max", stored="max")
    made: list[Priced] = []
    times: list[float] = []
    took = 0.0
    while took < seconds:
        made = []
        for cart in asked:
            began = time.process_time()
            made.append(price(live.shelf, cart, held, wish, given))
            times.append(time.process_time() - began)
        took = sum(times)
    times.sort()
    proven = sum(one.found == "optimal" for one in made)
    print(
        f"{len(asked[0].lines)} lines, {len(live.shelf.promotions) + len(live.shelf.prices)} promotions, "
        f"{len(held)} coupons: {len(times) / took:,.0f} prices per second on one core; "
        f"mean {took / len(times) * 1000:.2f} ms, p95 {times[len(times) * 95 // 100] * 1000:.2f} ms of CPU; "
        f"{sum(len(one.applied) for one in made) / len(made):.1f} offers applied, "
        f"{sum(one.nodes for one in made) / len(made):.0f} nodes, {proven}/{len(made)} proven best"
    )
    return made


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    draw = random.Random(7)
    made: list[Priced] = []
    for most in (3, None):
        live = programme(most)
        held = wallet(live)
        print(f"at most {most if most is not None else 'any number of'} coupons in an order")
        made = measure(live, held, carts(200, 20, draw), seconds)
        measure(live, held[:2], carts(200, 5, draw), seconds / 3)
    began = time.process_time()
    done = 0
    while time.process_time() - began < seconds / 3:
        for one in made:
            plan_return(one, {}, {one.lines[0].line: Decimal(1)})
        done += len(made)
    print(f"returns of one piece: {done / (time.process_time() - began):,.0f} plans per second on one core")


if __name__ == "__main__":
    main()
