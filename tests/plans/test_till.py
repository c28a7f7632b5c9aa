"""A plan at the till: its price and its free delivery are in the quote of who has it, and of nobody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from tests.checkout.world import line
from tests.rest.shop import Shop, open_shop

from regulars.flows import payments as paying
from regulars.flows.plans import api as plan_flow
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.payments import api as payments
from regulars.value.plans import api as plans

pytestmark = pytest.mark.django_db
PLAN: dict[str, Any] = {
    "key": "prime",
    "state": "active",
    "name": "Prime",
    "prices": {"month": 3000},
    "benefits": [{"key": "prime-price", "name": "Prime price", "kind": "price_discount", "factor": "0.9"}],
}


def test_the_plans_price_is_in_the_quote() -> None:
    shop: Shop = open_shop()
    plans.apply_definition(scope=shop.scope, definition=PLAN, now=shop.now)
    payments.put_account(
        scope=shop.scope,
        key="sim",
        provider="simulator",
        name=Text("模拟", "Simulated"),
        values={"outcome": "paid"},
        now=shop.now,
    )
    ann, ben = shop.enrol("13800138000"), shop.enrol("13800138001")
    made = plan_flow.buy(
        scope=shop.scope, member_id=UUID(ann), plan="prime", period="month", key="k", now=clock.now()
    )
    assert made.payment is not None
    paying.check(payment=made.payment, now=clock.now())

    def quote(member: str) -> Any:
        cart = {"lines": [line("A", 10_000, 1, "tea")], "store": "S1"}
        return shop.call.post("/quotes", {"cart": cart, "member": {"id": member}})["price"]

    with_plan, without = quote(ann), quote(ben)
    # a tenth of 100.00 less for whoever has the plan; what else comes off is the same for both
    assert [one["amount"] for one in with_plan["applied"] if one["ref"] == "benefit:prime-price"] == [1000]
    assert "benefit:prime-price" not in {one["ref"] for one in without["applied"]}
    assert with_plan["payable"] == without["payable"] - 1000

    # what is bought is told as saved; what comes back was not saved
    cart = {"lines": [line("A", 10_000, 2, "tea")], "store": "S1"}
    token = shop.call.post("/quotes", {"cart": cart, "member": {"id": ann}})["token"]
    sold = shop.call.post("/checkouts", {"token": token, "number": "P1"}, Idempotency_Key="p1")

    def saved() -> int:
        return plans.get_savings(
            brand_id=shop.scope.brand_id,
            member_id=UUID(ann),
            held=None,
            currency="CNY",
            timezone="Asia/Shanghai",
        ).total

    assert saved() == 2000
    back = {"number": "R1", "lines": [{"line": 1, "quantity": 1}]}
    shop.call.post(f"/checkouts/{sold['id']}/returns", back, Idempotency_Key="r1")
    assert saved() == 1000
    shop.call.post(f"/checkouts/{sold['id']}/returns", {"number": "R2"}, Idempotency_Key="r2")
    assert saved() == 0
