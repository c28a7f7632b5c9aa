"""How much an activity earns, reckoned by hand. Amounts are fen; 1 point per 100 fen unless a test says otherwise."""

from __future__ import annotations

from msgspec.structs import force_setattr
from tests.programme.making import (
    BASE,
    COFFEE,
    earned,
    line,
    member,
    one,
    order,
    points,
    programme,
    reasons,
    rule,
)

from regulars.programme.rules.api import decide

TEA = {"field": "line.category", "op": "eq", "value": "tea"}


class TestModes:
    def test_fixed_comes_from_no_line(self) -> None:
        earn = one(points(10), act=order(599, 700))
        assert (earn.amount, earn.shares, earn.rule, earn.unit) == (10, (), "r", "points")

    def test_fixed_for_goods_is_shared_over_them(self) -> None:
        # 10 over coffee lines of 100 and 300 fen: 2.5 and 7.5; the tie goes to the earlier line → 3 and 7.
        act = order(line(100, "coffee"), line(999, "tea"), line(300, "coffee"))
        assert one(points(10, lines=COFFEE), act=act).shares == (3, 0, 7)

    def test_fixed_for_goods_that_are_not_there(self) -> None:
        decision = decide(programme(rule("r", points(10, lines=COFFEE))), member(), order(500))
        assert (decision.earns, reasons(decision)) == ((), {"r": "no_amount"})

    def test_per_amount_is_floored_once(self) -> None:
        # 5.99 + 7.00 = 12.99 → 12 points, not 5 + 7 = 12 by luck: 5.50 + 5.50 = 11, while 5 + 5 = 10.
        assert one(points(1, mode="per_amount", per=100), act=order(599, 700)).amount == 12
        assert one(points(1, mode="per_amount", per=100), act=order(550, 550)).amount == 11

    def test_per_amount_with_a_rate(self) -> None:
        # 3 points for every 2 yuan: 7.50 → 750 × 3 / 200 = 11.25 → 11
        assert one(points(3, mode="per_amount", per=200), act=order(750)).amount == 11

    def test_per_amount_on_goods(self) -> None:
        act = order(line(1550, "coffee"), line(700, "tea"))
        earn = one(points(1, mode="per_amount", per=100, lines=COFFEE), act=act)
        assert (earn.amount, earn.shares) == (15, (15, 0))

    def test_shares_follow_the_amounts(self) -> None:
        # 11 points over 333, 333, 500 (whole 1166): 3.14, 3.14, 4.72 → floors 3, 3, 4; the one left to the third.
        assert one(points(1, mode="per_amount", per=100), act=order(333, 333, 500)).shares == (3, 3, 5)

    def test_table_by_sku_then_category_times_quantity(self) -> None:
        table = {"beans": 5, "coffee": 2}
        act = order(
            line(100, "coffee", "beans", "2"),  # by sku: 5 × 2 = 10
            line(100, "coffee", "cup", "3"),  # by category: 2 × 3 = 6
            line(100, "tea", "leaf"),  # not in the table
            line(100, "coffee", "cup", "0.4"),  # 2 × 0.4 = 0.8 → 0
        )
        earn = one(points(mode="table", table=table), act=act)
        assert (earn.amount, earn.shares) == (16, (10, 6, 0, 0))

    def test_limit_of_an_effect(self) -> None:
        earn = one(points(1, mode="per_amount", per=100, limit=5), act=order(1000, 1000))
        assert (earn.amount, earn.shares) == (5, (3, 2))

    def test_an_activity_without_lines_earns_by_its_amount(self) -> None:
        act = order(type="order")
        force_setattr(act, "amount", 1234)
        earn = one(points(1, mode="per_amount", per=100), act=act)
        assert (earn.amount, earn.shares) == (12, ())

    def test_nothing_for_a_free_order(self) -> None:
        decision = decide(programme(BASE), member(), order(0))
        assert (decision.earns, reasons(decision)) == ((), {"base": "no_amount"})


class TestMultipliers:
    def test_double_on_goods(self) -> None:
        # Base: 12.99 → 12, split 599:700 → 5.53, 6.47 → 6, 6 (the larger remainder is the first's).
        # Double on coffee: (2 − 1) × its 6.
        live = programme(BASE, rule("double", points(mode="multiply", factor=2, lines=COFFEE)))
        decision = decide(live, member(), order(line(599, "coffee"), line(700, "tea")))
        assert earned(decision) == {"base": 12, "double": 6}
        assert decision.earns[1].shares == (6, 0)

    def test_factors_add_up(self) -> None:
        # ×2 and ×3 of 10: 10 + 10 + 20 = 40, four times the base.
        live = programme(
            BASE,
            rule("two", points(mode="multiply", factor=2)),
            rule("three", points(mode="multiply", factor=3)),
        )
        decision = decide(live, member(), order(1000))
        assert earned(decision) == {"base": 10, "two": 10, "three": 20}

    def test_factor_is_exact_and_floored(self) -> None:
        # ×1.1 of 29 → 2.9 → 2; in floating point 0.1 × 30 could be 3.0000000000000004.
        live = programme(BASE, rule("tenth", points(mode="multiply", factor="1.1")))
        assert earned(decide(live, member(), order(2900)))["tenth"] == 2
        assert earned(decide(live, member(), order(3000)))["tenth"] == 3

    def test_priority_does_not_hide_the_base(self) -> None:
        live = programme(
            BASE | {"priority": -5}, rule("double", points(mode="multiply", factor=2), priority=99)
        )
        assert earned(decide(live, member(), order(1000))) == {"base": 10, "double": 10}

    def test_fixed_and_table_are_not_multiplied(self) -> None:
        live = programme(BASE, rule("gift", points(50)), rule("double", points(mode="multiply", factor=2)))
        assert earned(decide(live, member(), order(1000))) == {"base": 10, "gift": 50, "double": 10}

    def test_only_its_own_unit(self) -> None:
        growth = rule("growth", points(1, "growth", mode="per_amount", per=10))
        live = programme(BASE, growth, rule("double", points(mode="multiply", factor=2)))
        assert earned(decide(live, member(), order(1000))) == {"base": 10, "growth": 100, "double": 10}

    def test_works_on_what_was_really_earned(self) -> None:
        # The base is capped at 5 in an order; double gives 5 more, not 10.
        capped = BASE | {"effects": [points(1, mode="per_amount", per=100, limit=5)]}
        live = programme(capped, rule("double", points(mode="multiply", factor=2)))
        assert earned(decide(live, member(), order(1000))) == {"base": 5, "double": 5}

    def test_two_bases_are_multiplied_together(self) -> None:
        tea = rule("tea", points(1, mode="per_amount", per=100, lines=TEA))
        live = programme(BASE, tea, rule("double", points(mode="multiply", factor=2)))
        # 10.00 coffee + 5.00 tea: base 15 (10, 5), tea 5 (0, 5); double: 20 (10, 10).
        decision = decide(live, member(), order(line(1000, "coffee"), line(500, "tea")))
        assert earned(decision) == {"base": 15, "tea": 5, "double": 20}
        assert decision.earns[2].shares == (10, 10)

    def test_nothing_to_multiply(self) -> None:
        live = programme(BASE, rule("double", points(mode="multiply", factor=2, lines=COFFEE)))
        assert reasons(decide(live, member(), order(1000))) == {"double": "no_amount"}


class TestTierBenefits:
    BENEFITS = (
        {"key": "more", "name": "金卡 1.25 倍", "kind": "multiplier", "scheme": "level", "tiers": ["gold"],
         "unit": "points", "factor": "1.25"},
    )  # fmt: skip

    def test_multiplier_of_the_members_tier(self) -> None:
        live = programme(BASE, benefits=list(self.BENEFITS))
        # 10 × 0.25 = 2.5 → 2
        decision = decide(live, member("gold"), order(1000))
        assert earned(decision) == {"base": 10, "benefit:more": 2}
        assert decision.outcomes[-1].rule == "benefit:more"
        assert earned(decide(live, member("normal"), order(1000))) == {"base": 10}

    def test_adds_to_other_multipliers(self) -> None:
        double = rule("double", points(mode="multiply", factor=2))
        live = programme(BASE, double, benefits=list(self.BENEFITS))
        # 100 + 100 × 1 + 100 × 0.25
        decision = decide(live, member("gold"), order(10000))
        assert earned(decision) == {"base": 100, "double": 100, "benefit:more": 25}

    def test_a_member_without_standing_has_the_lowest_tier(self) -> None:
        state = member("gold")
        state.tiers.clear()
        live = programme(BASE, benefits=list(self.BENEFITS))
        assert earned(decide(live, state, order(1000))) == {"base": 10}

    def test_too_little_to_multiply_is_said(self) -> None:
        live = programme(BASE, benefits=list(self.BENEFITS))
        decision = decide(live, member("gold"), order(300))  # 3 × 0.25 = 0.75 → 0
        assert reasons(decision) == {"benefit:more": "no_amount"}
