"""Everybody's past by the warehouse is what the ledger and the tier history say of each member and day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.insight.given import buyers

from regulars.flows.insight.tiers import count_by_day
from regulars.insight.warehouse import api as warehouse
from regulars.value.ledger import api as ledger
from regulars.value.tiers import api as tiers

FIRST = datetime(2024, 3, 1, 2, tzinfo=UTC)
ACCOUNTS = ("available", "pending", "held", "debt")


def test_balances_at_any_instant_and_as_known_then(shop: Any) -> None:
    from tests.intake.world import burn, order, refund

    ids = buyers(shop, 4, FIRST)
    late = FIRST + timedelta(days=30)
    shop.one(burn(ids[3], "b", 2, FIRST + timedelta(days=5)))
    shop.one(refund(ids[3], "r", "o3", FIRST + timedelta(days=6)))
    # it happened on the second day and is told a month later
    shop.one(order(ids[0], "late", 5000, at=FIRST + timedelta(days=1)), now=late)
    warehouse.export(brand_id=shop.scope.brand_id, now=late)
    seen = set()
    with warehouse.open_warehouse(brand_id=shop.scope.brand_id) as house:
        for days in (0, 2, 5, 7, 40):
            for known in (None, FIRST + timedelta(days=20)):
                at = FIRST + timedelta(days=days, hours=1)
                found = house.rows(warehouse.balances_at(house.table("entries"), at, known))
                mine = {(one["member_id"], one["unit"], one["account"]): one["amount"] for one in found}
                theirs = {}
                for member in ids:
                    then = ledger.get_balances_as_of(
                        brand_id=shop.scope.brand_id, member_id=member, at=at, known_at=known
                    )
                    for unit, account in then.items():
                        for name in ACCOUNTS:
                            amount = getattr(account, name) * (-1 if name == "debt" else 1)
                            if amount:
                                theirs[str(member), unit, name] = amount
                assert mine == theirs, (days, known)
                seen.add(tuple(sorted(mine.items())))
    assert len(seen) >= 5  # they do differ from instant to instant


def test_members_per_tier_on_any_day(shop: Any) -> None:
    """Silver takes 1 000 yuan, gold 5 000: one member rises twice, one at once, one never; a day has no change."""
    from tests.intake.world import order

    a, b, _ = (shop.member(f"1380000000{n}", FIRST) for n in range(3))
    shop.one(order(a, "1", 100_000, at=FIRST + timedelta(days=1)))
    shop.one(order(b, "2", 600_000, at=FIRST + timedelta(days=3)))
    shop.one(order(a, "3", 500_000, at=FIRST + timedelta(days=3)))
    warehouse.export(brand_id=shop.scope.brand_id, now=FIRST + timedelta(days=9))
    with warehouse.open_warehouse(brand_id=shop.scope.brand_id) as house:
        steps = house.rows(warehouse.tier_steps(house.table("tiers")))
    first, last = date(2024, 3, 1), date(2024, 3, 6)
    counted = count_by_day(steps, first, last)["main"]
    assert counted == {"normal": [3, 2, 2, 1, 1, 1], "silver": [0, 1, 1, 0, 0, 0], "gold": [0, 0, 0, 2, 2, 2]}
    days = [first + timedelta(days=n) for n in range(6)]
    told = tiers.count_members_by_day(scope=shop.scope, scheme="main", days=days, tz="Asia/Shanghai")
    for n, day in enumerate(days):
        assert told[day] == {tier: line[n] for tier, line in counted.items() if line[n]}
    # a window that begins later starts with all that came before
    assert count_by_day(steps, date(2024, 3, 5), last)["main"]["gold"] == [2, 2]
