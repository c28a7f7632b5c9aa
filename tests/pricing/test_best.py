"""The best combination against all combinations, on small carts; the search's nodes on large ones."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pricing.till import Sale, check_sums, of

from regulars.programme.pricing.types import Priced

CATEGORIES = ("coffee", "tea", "cake")
Key = tuple[int, int, list[int], int, list[str]]


def key_of(sale: Sale, priced: Priced) -> Key:
    """What is best, said once more: the price, the most cashback, the sooner to expire, the fewest."""
    used = [sale.name_of(a.ref) for a in priced.applied if a.coupon is not None]
    days = sorted((sale.coupons[name].get("days", 10) for name in used), reverse=True)
    refs = sorted(a.ref for a in priced.applied if a.coupon is not None)
    return priced.price, -sum(priced.cashback.values()), days, len(used), refs


def by_trying_all(sale: Sale) -> Key:
    """The best of every set of coupons, each priced as chosen by the member; a set that is not used whole is none."""
    best: Key | None = None
    for size in range(len(sale.coupons) + 1):
        for names in combinations(sale.coupons, size):
            priced = replace(sale, use=names).price()
            used = {sale.name_of(a.ref) for a in priced.applied if a.coupon is not None}
            if used == set(names):
                key = key_of(sale, priced)
                best = key if best is None or key < best else best
    assert best is not None
    return best


def actions() -> st.SearchStrategy[dict[str, Any]]:
    amount, share = st.integers(1, 3000), st.sampled_from(["0.5", "0.8", "0.9", "0.95"])
    return st.one_of(
        st.builds(lambda a: {"kind": "amount", "amount": a}, amount),
        st.builds(lambda f: {"kind": "percent", "factor": f}, share),
        st.builds(lambda f, c: {"kind": "percent", "factor": f, "cap": c}, share, amount),
        st.builds(
            lambda least, o: {"kind": "threshold", "steps": [{"at_least": least, "off": o}]},
            st.integers(1, 6000),
            amount,
        ),
        st.builds(lambda p: {"kind": "fixed_price", "price": p}, amount),
        st.builds(lambda p: {"kind": "fixed_price", "price": p, "pieces": 2}, amount),
        st.builds(lambda p: {"kind": "exchange", "price": p}, st.integers(0, 300)),
        st.builds(lambda b, f: {"kind": "free_item", "buy": b, "factor": f}, st.integers(1, 2), share),
        st.just({"kind": "shipping"}),
        st.builds(lambda c: {"kind": "shipping", "cap": c}, st.integers(1, 600)),
        st.builds(lambda a: {"kind": "cashback", "unit": "bonus", "amount": a}, st.integers(1, 200)),
        st.builds(lambda: {"kind": "cashback", "unit": "bonus", "rate": "0.05"}),
    )


def stackings(coupon: bool) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.just({}),
        st.just({}),
        st.just({"mode": "exclusive"}),
        st.just({"mode": "exclusive", "exclusive_of": "lines"}),
        st.sampled_from([{"group": "g"}, {"group": "h"}]),
        st.sampled_from([{"category": "one"}, {"category": "two"}]),
        st.just({"skip_idle": False, "group": "g"} if not coupon else {"per_order": 2}),
    )


@st.composite
def offers(draw: st.DrawFn, coupon: bool) -> dict[str, Any]:
    offer = dict(draw(actions()))
    if draw(st.booleans()):
        offer["lines"] = of(draw(st.sampled_from(CATEGORIES)))
    if draw(st.integers(0, 3)) == 0:
        offer["at_least"] = draw(st.integers(1, 5000))
    if draw(st.integers(0, 4)) == 0:
        offer["budget"] = "spring"
    stacking = draw(stackings(coupon))
    if stacking:
        offer["stacking"] = stacking
    offer["priority"] = draw(st.integers(-1, 1))
    if coupon:
        offer["days"] = draw(st.integers(1, 4))
    return offer


@st.composite
def sales(draw: st.DrawFn, most_coupons: int = 4) -> Sale:
    lines = draw(
        st.lists(
            st.tuples(st.sampled_from(CATEGORIES), st.integers(1, 3), st.integers(0, 4000)),
            min_size=1,
            max_size=4,
        )
    )
    promotions = draw(st.lists(offers(False), max_size=3))
    coupons = draw(st.lists(offers(True), max_size=most_coupons))
    named = {f"c{n}": offer for n, offer in enumerate(coupons)}
    if coupons and draw(st.booleans()):
        named["c0#2"] = {**coupons[0], "days": draw(st.integers(1, 4))}
    return Sale(
        lines,
        {f"p{n}": offer for n, offer in enumerate(promotions)},
        named,
        benefits=[{"key": "ships", "kind": "free_shipping"}] if draw(st.booleans()) else [],
        tier=draw(st.sampled_from(["normal", "gold"])),
        checkout={
            "categories": [
                {"code": "one", "name": "one", "most": 1},
                {"code": "two", "name": "two", "most": 2},
            ],
            **draw(st.sampled_from([{}, {"coupons_per_order": 1}, {"coupons_per_order": 2}])),
        },
        shipping=draw(st.sampled_from([0, 500, 1000])),
        given={"budgets": {"spring": draw(st.integers(0, 2000))}} if draw(st.booleans()) else {},
        nodes=100_000,
    )


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(sales())
def test_no_combination_is_better(sale: Sale) -> None:
    priced = sale.price()
    check_sums(priced)
    assert priced.found == "optimal"
    assert key_of(sale, priced) == by_trying_all(sale)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(sales(), st.integers(1, 60))
def test_few_nodes_make_it_a_heuristic_that_is_never_wrong(sale: Sale, nodes: int) -> None:
    """What is found with few nodes is a combination that may be used, no better than the best, and says what it is."""
    found = replace(sale, nodes=nodes).price()
    best = sale.price()
    check_sums(found)
    assert key_of(sale, found) >= key_of(sale, best)
    if found.found == "optimal":
        assert key_of(sale, found) == key_of(sale, best)


def large(count: int) -> Sale:
    """Percents that all apply to all lines: the bounds say little, and every order of magnitude of sets is near."""
    lines = [(CATEGORIES[n % 3], 1 + n % 3, 1000 + 37 * n) for n in range(20)]
    coupons = {
        f"c{n}": {
            "kind": "percent",
            "factor": f"0.{90 + n % 9}",
            "at_least": 18_000 + 211 * n,
            "priority": n % 5,
        }
        for n in range(count)
    }
    return Sale(lines, coupons=coupons)


def test_large_wallets_stay_within_their_nodes() -> None:
    for count in (12, 30, 60):
        priced = replace(large(count), nodes=1500).price()
        check_sums(priced)
        assert priced.nodes <= 1500 + 2 * count + 10  # the last play is finished
    assert priced.found == "heuristic"


def test_a_heuristic_is_better_than_one_coupon() -> None:
    """On a wallet whose best is not proven, what is found beats every single coupon and every pair."""
    sale = large(45)
    found = replace(sale, nodes=3000).price()
    assert found.found == "heuristic"
    singles = [replace(sale, use=[name]).price().price for name in sale.coupons]
    pairs = [replace(sale, use=list(p)).price().price for p in list(combinations(sale.coupons, 2))[::29]]
    assert found.price <= min(singles)
    assert found.price <= min(pairs)


def test_a_wallet_of_one_kind_is_proven() -> None:
    """Fifty coupons that are all the same are one question."""
    coupons = {f"c#{n}": {"kind": "amount", "amount": 100, "days": n + 1} for n in range(50)}
    priced = Sale([("tea", 1, 1000)], coupons=coupons).price()
    assert priced.found == "optimal"
    assert [a.amount for a in priced.applied] == [100]
