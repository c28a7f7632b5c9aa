"""What returns give back: pieces by hand, and by property: any pieces in any order add up to the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pricing.carts import FULL, GOLD_95, GOLD_SHIPS
from tests.pricing.test_best import sales
from tests.pricing.till import GIFT, STORED, Sale, of

from regulars.kit.errors import Refusal
from regulars.programme.pricing.api import plan_return
from regulars.programme.pricing.types import SHIPPING, Priced, ReturnPlan

ONE = Decimal(1)
POINTS = {"points": {"unit": "points", "points": 100, "minor": 100, "step": 100}}


def give_back(priced: Priced, pieces: Sequence[Mapping[str, Any] | None]) -> list[ReturnPlan]:
    """One return after the other; None gives back all that is left."""
    gone: dict[str, Decimal] = {}
    plans = []
    for piece in pieces:
        wanted = None if piece is None else {line: Decimal(n) for line, n in piece.items()}
        plan = plan_return(priced, gone, wanted)
        for line in plan.lines:
            gone[line.line] = gone.get(line.line, Decimal(0)) + line.quantity
        plans.append(plan)
    return plans


def test_three_pieces_one_by_one() -> None:
    """1000 for three after 100 off: 900. 900 × 1/3 = 300, × 2/3 = 600; the discount 33.3 → 33, 66.7 → 67, 100."""
    priced = Sale([("tea", 3, 1000)], {"less": {"kind": "amount", "amount": 100}}).price()
    plans = give_back(priced, [{"1": 1}, {"1": 1}, {"1": 1}])
    assert [plan.payable for plan in plans] == [300, 300, 300]
    assert [plan.lines[0].discounts[0][1] for plan in plans] == [33, 34, 33]
    assert [plan.lines[0].list for plan in plans] == [333, 334, 333]
    assert [plan.whole for plan in plans] == [False, False, True]


def test_odd_fen_in_pieces() -> None:
    """1000 for three: 333.3 → 333, 666.7 → 667, 1000: 333, 334, 333. Two at once: 667."""
    priced = Sale([("tea", 3, 1000)]).price()
    assert [p.payable for p in give_back(priced, [{"1": 1}, {"1": 1}, {"1": 1}])] == [333, 334, 333]
    assert [p.payable for p in give_back(priced, [{"1": 2}, {"1": 1}])] == [667, 333]


def test_goods_by_weight_in_pieces() -> None:
    """0.532 kg for 1330: 0.132 kg are 330."""
    priced = Sale([("fruit", "0.532", 1330)]).price()
    assert [p.payable for p in give_back(priced, [{"1": "0.132"}, None])] == [330, 1000]


def test_everything_at_once_in_two_pieces() -> None:
    """The cart of `test_coupons_and_tenders`: line 1 holds 20000 list, 1000 tier price, 1600 threshold, 800 coupon,
    800 points, 8000 principal, 600 bonus, 7200 money; line 2 a quarter of that each.
    """
    sale = Sale(
        [("tea", 1, 20_000), ("tea", 1, 5000)],
        {"full": FULL},
        {"c": {"kind": "percent", "factor": "0.9", "cap": 1000, "budget": "spring"}},
        benefits=[GOLD_95, GOLD_SHIPS],
        checkout=POINTS | STORED,
        tier="gold",
        shipping=1000,
        wish={"points": 1000, "stored": "max"},
        balances={"points": 1500, "principal": 10_000, "bonus": 750},
        given={"quotas": {"ships": 1}},
    )
    first, second = give_back(sale.price(), [{"1": 1}, {"2": 1}])
    assert (first.payable, first.points, first.stored) == (7200, 800, {"principal": 8000, "bonus": 600})
    assert (first.coupons, first.quotas, first.budgets, first.whole) == ((), {}, {"spring": 800}, False)
    assert (second.payable, second.points, second.stored) == (1800, 200, {"principal": 2000, "bonus": 150})
    # with the second piece nothing is left of the lines they were used on
    assert (second.coupons, second.quotas, second.budgets) == ((UUID(int=1),), {"ships": 1}, {"spring": 200})
    assert second.whole
    assert [line.line for line in second.lines] == ["2", SHIPPING]


def test_a_coupon_comes_back_with_its_own_lines() -> None:
    sale = Sale(
        [("coffee", 2, 2000), ("tea", 1, 1000)],
        coupons={"c": {"kind": "amount", "amount": 500, "lines": of("coffee")}},
    )
    plans = give_back(sale.price(), [{"1": 1}, {"1": 1}, {"2": 1}])
    assert [plan.coupons for plan in plans] == [(), (UUID(int=1),), ()]
    assert [plan.payable for plan in plans] == [750, 750, 1000]


def test_a_coupon_that_never_comes_back() -> None:
    sale = Sale([("tea", 1, 1000)], coupons={"c": {"kind": "amount", "amount": 500, "returns": "never"}})
    (plan,) = give_back(sale.price(), [None])
    assert (plan.coupons, plan.payable, plan.whole) == ((), 500, True)


def test_a_gift_keeps_its_coupon_until_what_was_bought_for_it_is_back() -> None:
    sale = Sale(
        [("coffee", 2, 2000), ("cake", 1, 300)],
        coupons={"c": {"kind": "free_item", "buy": 2, "lines": of("coffee"), "gift": of("cake")}},
    )
    plans = give_back(sale.price(), [{"2": 1}, {"1": 2}])
    assert [plan.coupons for plan in plans] == [(), (UUID(int=1),)]
    assert [plan.payable for plan in plans] == [0, 2000]


def test_shipping_comes_back_with_the_whole_order() -> None:
    sale = Sale([("tea", 2, 1000)], shipping=500)
    plans = give_back(sale.price(), [{"1": 1}, {"1": 1}])
    assert [plan.payable for plan in plans] == [500, 1000]


def test_shipping_may_stay_with_the_shop() -> None:
    sale = Sale([("tea", 1, 1000)], shipping=500, checkout={"shipping_returns": "never"})
    (plan,) = give_back(sale.price(), [None])
    assert plan.payable == 1000


def test_shipping_may_be_given_back_by_name() -> None:
    priced = Sale([("tea", 2, 1000)], shipping=500).price()
    plans = give_back(priced, [{SHIPPING: 1}, None])
    assert [plan.payable for plan in plans] == [500, 1000]


def test_cashback_is_taken_back_in_pieces() -> None:
    """5 % of 1999 are 99; of the first of two pieces 49.5 → 50, then 49."""
    sale = Sale([("tea", 2, 1999)], {"b": {"kind": "cashback", "unit": "bonus", "rate": "0.05"}})
    plans = give_back(sale.price(), [{"1": 1}, {"1": 1}])
    assert [plan.cashback for plan in plans] == [{"bonus": 50}, {"bonus": 49}]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"9": ONE}, "unknown_line"),
        ({"1": Decimal(3)}, "more_than_left"),
        ({"1": Decimal(-1)}, "out_of_range"),
        ({"1": Decimal("NaN")}, "out_of_range"),
        ({SHIPPING: Decimal(2)}, "more_than_left"),
    ],
)
def test_what_cannot_go_back(wanted: dict[str, Decimal], code: str) -> None:
    priced = Sale([("tea", 2, 1000)], shipping=100).price()
    with pytest.raises(Refusal) as refused:
        plan_return(priced, {}, wanted)
    assert [error.code for error in refused.value.errors] == [code]


def test_nothing_is_left_after_the_whole() -> None:
    priced = Sale([("tea", 2, 1000)], shipping=100).price()
    plans = give_back(priced, [None, None])
    assert (plans[1].payable, plans[1].lines, plans[1].coupons) == (0, (), ())


def paid(sale: Sale) -> Sale:
    return replace(
        sale,
        checkout={**sale.checkout, **POINTS, **STORED, **GIFT},
        wish={"points": "max", "stored": 700, "gift": "max"},
        balances={"points": 730, "principal": 500, "bonus": 333, "gift": 111},
    )


@st.composite
def returns(draw: st.DrawFn) -> tuple[Priced, list[dict[str, Decimal]]]:
    priced = paid(draw(sales())).price()
    singles = [line.line for line in priced.lines for _ in range(int(line.quantity))]
    order = draw(st.permutations(singles))
    pieces: list[dict[str, Decimal]] = [{}]
    for line in order:
        if draw(st.booleans()):
            pieces.append({})
        pieces[-1][line] = pieces[-1].get(line, Decimal(0)) + 1
    return priced, pieces


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(returns())
def test_pieces_add_up_to_the_whole(case: tuple[Priced, list[dict[str, Decimal]]]) -> None:
    priced, pieces = case
    plans = give_back(priced, pieces)
    assert all(plan.payable >= 0 and plan.points >= 0 for plan in plans)
    assert [plan.whole for plan in plans] == [False] * (len(plans) - 1) + [True]
    every = [*priced.lines, priced.shipping]
    for name in ("payable", "points", "points_money", "principal", "bonus", "gift", "earns_on", "list"):
        for line in every:
            back = [getattr(one, name) for plan in plans for one in plan.lines if one.line == line.line]
            assert min(back, default=0) >= 0
            assert sum(back) == getattr(line, name)
    for line in every:
        for place, (_, amount) in enumerate(line.discounts):
            back = [one.discounts[place][1] for plan in plans for one in plan.lines if one.line == line.line]
            assert sum(back) == amount
    assert sum(plan.payable for plan in plans) == priced.payable
    for unit in {u for plan in plans for u in plan.stored} | set(priced.stored):
        assert sum(plan.stored.get(unit, 0) for plan in plans) == priced.stored.get(unit, 0)
    for unit in {u for plan in plans for u in plan.cashback} | set(priced.cashback):
        assert sum(plan.cashback.get(unit, 0) for plan in plans) == priced.cashback.get(unit, 0)
    spent = sum(a.amount + a.cashback for a in priced.applied if a.budget == "spring")
    assert sum(plan.budgets.get("spring", 0) for plan in plans) == spent
    coupons = [coupon for plan in plans for coupon in plan.coupons]
    assert sorted(coupons) == sorted(a.coupon for a in priced.applied if a.coupon is not None)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(returns(), st.randoms())
def test_the_order_of_returns_does_not_matter(
    case: tuple[Priced, list[dict[str, Decimal]]], shuffle: Any
) -> None:
    """After the same pieces in any order the same was given back, also when it is not yet the whole."""
    priced, pieces = case
    part = pieces[:-1]
    other = list(part)
    shuffle.shuffle(other)

    def totals(plans: list[ReturnPlan]) -> dict[str, tuple[int, ...]]:
        found: dict[str, list[int]] = {}
        for plan in plans:
            for line in plan.lines:
                sums = found.setdefault(line.line, [0, 0, 0, 0, 0])
                for place, name in enumerate(("payable", "points", "principal", "bonus", "gift")):
                    sums[place] += getattr(line, name)
        return {line: tuple(sums) for line, sums in found.items()}

    assert totals(give_back(priced, part)) == totals(give_back(priced, other))
