"""What is owed, in money; the evidence pack."""

from __future__ import annotations

import copy
import json
from datetime import date
from decimal import Decimal

from tests.intake.world import burn, order
from tests.prepaid.test_cards import batch, claim, sell
from tests.prepaid.world import Shop, at

from regulars.flows import due, lots
from regulars.flows.prepaid import api as flows
from regulars.value.prepaid.policy import liability
from regulars.value.prepaid.types import Cohort, UnitCost

NOW = at("2024-03-15 12:00")


def test_liability_by_cohort_and_what_moved(shop: Shop) -> None:
    """Points cost 0.8 fen and 25 % are never used: of 100 of January 75 are expected to be spent, 30 are, so 30/75 of
    the 25 are off: 70 − 10 = 60, × 0.8 = 48. Of March none is spent: all is owed.
    Stored value: 500 in March, of which 100 are spent: 400.00; its bonus of 50.00.
    A gift card of 200 yuan is sold and not claimed.
    """
    shop.settings(costs={"points": {"cost": "0.8", "breakage": "0.25"}})
    her = shop.member("13700000001")
    shop.one(order(her, "1", 10_000, at=at("2024-01-10 12:00")))
    shop.one(burn(her, "b", 30, at("2024-02-10 12:00")))
    shop.one(order(her, "2", 6_100, at=at("2024-03-10 12:00")))
    shop.top_up(her, 50_000, at("2024-03-11 12:00"))
    lots.burn_from(
        scope=shop.scope, member_id=her, unit="principal", amount=10_000, key="s", now=at("2024-03-12 12:00")
    )
    first, second = batch(shop, 2)
    sell(shop, first, second)
    claim(shop, her, first)
    report = flows.get_owed(scope=shop.scope, now=NOW, months=3)
    # the top-up gave 100 points as well: 161 of March, 128.8 → 129
    assert [(line.unit, line.month, line.outstanding, line.liability) for line in report.lines] == [
        ("bonus", date(2024, 3, 1), 5_000, 5_000),
        ("gift", date(2024, 3, 1), 20_000, 20_000),
        ("points", date(2024, 1, 1), 70, 48),
        ("points", date(2024, 3, 1), 161, 129),
        ("principal", date(2024, 3, 1), 40_000, 40_000),
        ("gift_unclaimed", date(2024, 3, 1), 20_000, 20_000),
    ]
    assert report.liability == 5_000 + 20_000 + 48 + 129 + 40_000 + 20_000
    assert report.card_difference == 0
    points = [
        (f.month.month, f.opening, dict(f.moved), f.closing) for f in report.flows if f.unit == "points"
    ]
    assert points == [
        (1, 0, {"issued": 100}, 100),
        (2, 100, {"redeemed": -30}, 70),
        (3, 70, {"issued": 161}, 231),
    ]
    # the bonus ends on 9 June: March, April, May, June; a quarter each
    assert [(s.month.month, s.amount) for s in report.schedule if s.unit == "bonus"] == [
        (3, 1_250), (4, 1_250), (5, 1_250), (6, 1_250),
    ]  # fmt: skip
    # what never ends is expected to be used within a year
    assert [s.amount for s in report.schedule if s.unit == "principal"] == [3_334] * 4 + [3_333] * 8
    due.settle(at("2024-06-11 12:00"))
    later = flows.get_owed(scope=shop.scope, now=at("2024-06-11 12:00"), months=1)
    bonus = next(f for f in later.flows if f.unit == "bonus")
    assert (bonus.opening, dict(bonus.moved), bonus.closing) == (5_000, {"expired": -5_000}, 0)
    shop.clean()


def test_rounding_and_the_longest_schedule() -> None:
    costs = {"p": UnitCost(Decimal("0.5"), Decimal("0.1"), 3)}
    (line,) = liability.lines([Cohort("p", date(2024, 1, 1), 1, 20, 11)], costs)
    assert (line.gross, line.liability) == (6, 5)  # 5.5 → 6; 9 of 18 are used, 1 of 2 is off: 10 × 0.5
    parts = liability.schedule(
        [("p", None, 11), ("p", date(2023, 1, 1), 4)], {"p": 8}, costs, today=date(2024, 11, 20)
    )  # 8 by 11 : 4 → 6 over three months and 2 at once
    assert [(s.month, s.amount) for s in parts] == [
        (date(2024, 11, 1), 2 + 2), (date(2024, 12, 1), 2), (date(2025, 1, 1), 2),
    ]  # fmt: skip


def test_breakage_is_taken_off_as_value_is_used() -> None:
    """Of 1000 at 1 fen a fifth is never used: 800 are expected to be, and with each 4 of them 1 of the 200 is off."""
    costs = {"p": UnitCost(breakage=Decimal("0.2"))}

    def owed(outstanding: int, expired: int = 0) -> int:
        (line,) = liability.lines([Cohort("p", date(2024, 1, 1), 1, 1000, outstanding, expired)], costs)
        return line.liability

    assert owed(1000) == 1000  # nothing is used: nothing is off
    assert owed(600) == 500  # 400 used, 100 off
    assert owed(200) == 0  # all 800 are used: the rest is not waited for
    assert owed(150) == 0  # more than was expected
    assert owed(500, expired=100) == 500  # 400 used: 100 off, and as much has expired
    assert owed(550, expired=50) == 500  # 400 used: 100 off, half of it by expiry
    assert owed(300, expired=300) == 300  # more expired than was expected to: what is left is owed
    all_broken = {"p": UnitCost(breakage=Decimal(1))}
    (line,) = liability.lines([Cohort("p", date(2024, 1, 1), 1, 1000, 1000)], all_broken)
    assert line.liability == 0


def test_the_evidence_pack_holds_together_and_can_be_printed(shop: Shop) -> None:
    shop.settings(
        contract={"zh": "第一条 余额不过期。\n第二条 可退。", "en": "1. Balances do not end."},
        contract_version="7",
    )
    her = shop.member("13700000001")
    row = shop.top_up(her, 50_000, at("2024-03-01 12:00"))
    package = shop.buy(her, at("2024-03-02 12:00"))
    shop.use(package, at("2024-03-03 12:00"))
    shop.refund(row, at("2024-03-04 12:00"), 10_000)
    pack = flows.evidence_pack(scope=shop.scope, member_id=her, now=NOW, with_buyer=True)
    assert pack["contract"]["version"] == "7"
    assert pack["balances"]["principal"]["available"] == 40_000
    assert [p["uses"][0]["store"] for p in pack["packages"]] == ["S1"]
    assert sum(e["amount"] for e in pack["entries"] if e["unit"] == "principal") == 40_000
    assert flows.holds_together(json.loads(json.dumps(pack)))
    forged = copy.deepcopy(pack)
    forged["entries"][0]["amount"] += 1
    assert not flows.holds_together(forged)
    forged = copy.deepcopy(pack)
    forged["top_ups"][0]["principal"] += 1
    assert not flows.holds_together(forged)
    for language in ("zh", "en"):
        printed = flows.render(pack, timezone="Asia/Shanghai", language=language)  # type: ignore[arg-type]
        assert printed.startswith(b"%PDF-") and len(printed) > 3_000
