"""Whatever is bought and however it comes back: nothing is made, lost or left behind.

Carts, wishes and pieces are drawn at random; every example runs on the database and is rolled back.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.checkout.world import line

if TYPE_CHECKING:
    from tests.checkout.world import Till

COUPONS: list[dict[str, Any]] = [
    {"kind": "amount", "amount": 777},
    {"kind": "percent", "factor": "0.85", "cap": 1500},
    {"kind": "threshold", "steps": [{"at_least": 9900, "off": 1001}]},
    {"kind": "exchange", "price": 0, "pieces": 1, "stacking": {"mode": "exclusive"}},
    {"kind": "shipping"},
    {"kind": "cashback", "unit": "points", "rate": "0.03"},
]
POT = {"key": "pot", "name": {"zh": "预算", "en": "Pot"}, "kind": "amount", "amount": 100_000_000}

quantities = st.sampled_from(["1", "2", "3", "0.5", "1.333"])
lines = st.lists(
    st.builds(
        line,
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 20_000),
        quantities,
        st.sampled_from(["tea", "ware", ""]),
    ),
    min_size=1,
    max_size=5,
)
tenders = st.one_of(st.just("max"), st.integers(0, 3_000))


@pytest.fixture
def stocked(till: Till) -> Till:
    from regulars.kit import clock
    from regulars.value.budgets import api as budgets

    budgets.apply_definition(scope=till.scope, definition=POT, now=clock.now())
    till.give("points", 990)
    till.give("principal", 1000)
    till.give("bonus", 333)
    till.give("gift", 555)
    for n, offer in enumerate(COUPONS):
        till.coupon(f"c{n}", offer, budgets=["pot"])
    return till


def world_of(till: Till) -> dict[str, Any]:
    """All that a checkout can move."""
    from regulars.kit import clock
    from regulars.value.budgets import api as budgets

    left = budgets.left(brand_id=till.scope.brand_id, keys=["pot"], now=clock.now())["pot"]
    coupons = till.call.get(f"/members/{till.member}/coupons")["items"]
    lots = till.call.get(f"/members/{till.member}/lots")["items"]
    return {
        "balances": till.balances(),
        "coupons": sorted((c["id"], c["state"]) for c in coupons),
        "budget": left.left,
        "lots": sorted((lot["unit"], lot["remaining"], lot["expires_at"]) for lot in lots),
    }


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    cart=lines, shipping=st.integers(0, 1500), points=tenders, stored=tenders, gift=tenders, data=st.data()
)
def test_what_is_bought_and_all_returned_leaves_the_world_as_it_was(
    stocked: Till,
    cart: list[dict[str, Any]],
    shipping: int,
    points: int | str,
    stored: int | str,
    gift: int | str,
    data: st.DataObject,
) -> None:
    with transaction.atomic():
        before = world_of(stocked)
        quote = stocked.quote(*cart, shipping=shipping, points=points, stored=stored, gift=gift)
        price = quote["price"]
        for each in [*price["lines"], price["shipping"]]:
            parts = [d["amount"] for d in each["discounts"]]
            parts += [each[p] for p in ("points_money", "principal", "bonus", "gift", "payable")]
            assert all(part >= 0 for part in parts)
            assert sum(parts) == each["list"]
        assert world_of(stocked) == before
        done = stocked.commit(quote)
        assert done["payable"] == price["payable"]
        backs = []
        left = [Decimal(one["quantity"]) for one in cart]
        for _ in range(data.draw(st.integers(0, 4))):
            n = data.draw(st.integers(0, len(cart) - 1))
            if left[n] > 0:
                piece = min(left[n], Decimal(data.draw(quantities)))
                backs.append(stocked.back(done, (n + 1, str(piece))))
                left[n] -= piece
        if any(left):
            backs.append(stocked.back(done))
        assert backs[-1]["whole"]
        assert sum(back["payable"] for back in backs) == done["payable"]
        assert sum(back["points"] for back in backs) == price["points"]
        for unit, amount in price["stored"].items():
            assert sum(back["stored"].get(unit, 0) for back in backs) == amount
        assert world_of(stocked) == before
        stocked.is_sound()
        transaction.set_rollback(True)


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cart=lines, points=tenders, stored=tenders, again=lines)
def test_what_is_reopened_and_cancelled_leaves_the_world_as_it_was(
    stocked: Till,
    cart: list[dict[str, Any]],
    points: int | str,
    stored: int | str,
    again: list[dict[str, Any]],
) -> None:
    with transaction.atomic():
        before = world_of(stocked)
        first = stocked.commit(stocked.quote(*cart, points=points, stored=stored), "N")
        stocked.undo(first, "reopen")
        assert world_of(stocked) == before
        second = stocked.commit(stocked.quote(*again, points=points, stored=stored), "N")
        stocked.undo(second)
        assert world_of(stocked) == before
        stocked.is_sound()
        transaction.set_rollback(True)
