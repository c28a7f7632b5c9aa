"""Decisions per second on one core: ten live rules, orders of five lines. `python -m bench.decide [seconds]`."""

from __future__ import annotations

import random
import sys
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from regulars.programme.packs.api import retail_pack
from regulars.programme.rules.api import apply, decide, parse
from regulars.programme.rules.types import Act, MemberState, Programme, TierStanding

TIERS = ("normal", "silver", "gold", "diamond")
CATEGORIES = ("coffee", "bakery", "dairy", "fruit", "household")


def programme() -> Programme:
    return parse(
        retail_pack(),
        brand_id=UUID(int=1),
        version=1,
        timezone="Asia/Shanghai",
        currency="CNY",
        effective_from=datetime(2024, 1, 1, tzinfo=UTC),
    )


def members(count: int, draw: random.Random) -> list[MemberState]:
    joined = datetime(2024, 1, 1, tzinfo=UTC)
    return [
        MemberState(
            member_id=UUID(int=n),
            joined_at=joined,
            facts={"member.birthday": date(1990, draw.randint(1, 12), draw.randint(1, 28))},
            tags=set(),
            orders=draw.randint(0, 20),
            tiers={"level": TierStanding(draw.choice(TIERS), joined, None)},
        )
        for n in range(count)
    ]


def orders(count: int, draw: random.Random) -> list[Act]:
    start = datetime(2024, 3, 1, tzinfo=UTC)
    made = []
    for n in range(count):
        lines = tuple(
            {
                "sku": f"sku-{draw.randint(1, 500)}",
                "category": draw.choice(CATEGORIES),
                "department": "GROCERY",
                "brand": "National",
                "amount": draw.randint(100, 5000),
                "quantity": Decimal(draw.randint(1, 3)),
                "discount": 0,
                "tags": (),
            }
            for _ in range(5)
        )
        made.append(
            Act(
                type="order",
                occurred_at=start + timedelta(minutes=30 * n),
                source="pos",
                channel="store",
                store="s-1",
                amount=sum(line["amount"] for line in lines),
                lines=lines,
            )
        )
    return made


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    draw = random.Random(7)
    live = programme()
    acts = orders(1000, draw)
    rules = len(live.rules_of["order"])
    for label, with_apply in (("decide", False), ("decide + apply", True)):
        done, earned, took = 0, 0, 0.0
        while took < seconds:
            states = members(1000, draw)
            began = time.perf_counter()
            for state, act in zip(states, acts, strict=True):
                decision = decide(live, state, act)
                earned += len(decision.earns)
                if with_apply:
                    apply(live, state, act, decision)
            took += time.perf_counter() - began
            done += len(acts)
        rate = done / took
        print(
            f"{label}: {rate:,.0f} per second on one core "
            f"({len(live.rules)} rules, {rules} on orders, 5 lines, {earned / done:.1f} earns an order)"
        )


if __name__ == "__main__":
    main()
