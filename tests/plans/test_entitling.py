"""What a plan gives beside the tier: ordinary benefits with quotas, prices and shipping, a tag."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from tests.rest.shop import Shop, open_shop

from regulars.flows import payments as paying
from regulars.flows.plans import api as plan_flow
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.payments import api as payments
from regulars.programme.versions import api as versions
from regulars.value.plans import api as plans

pytestmark = pytest.mark.django_db
PLAN: dict[str, Any] = {
    "key": "prime",
    "state": "active",
    "name": {"zh": "尊享会员", "en": "Prime"},
    "prices": {"month": 3000},
    "programme_benefits": ["birthday-pack"],
    "benefits": [
        {"key": "coffee", "name": "Coffee", "kind": "product", "quota": 2, "period": "week"},
        {"key": "prime-price", "name": "Prime price", "kind": "price_discount", "factor": "0.9"},
        {"key": "prime-post", "name": "Free post", "kind": "free_shipping", "quota": 1, "period": "month"},
    ],
}


@pytest.fixture
def shop() -> Shop:
    shop = open_shop()
    plans.apply_definition(scope=shop.scope, definition=PLAN, now=shop.now)
    payments.put_account(
        scope=shop.scope,
        key="sim",
        provider="simulator",
        name=Text("模拟", "Simulated"),
        values={"outcome": "paid"},
        now=shop.now,
    )
    return shop


def has_plan(shop: Shop) -> str:
    member = shop.enrol()
    made = plan_flow.buy(
        scope=shop.scope, member_id=UUID(member), plan="prime", period="month", key="k", now=clock.now()
    )
    assert made.payment is not None
    paying.check(payment=made.payment, now=clock.now())
    return member


def test_a_plans_benefit_is_used_and_its_quota_counted(shop: Shop) -> None:
    member = has_plan(shop)
    call = shop.call
    listed = {one["key"]: one for one in call.get(f"/members/{member}/benefits")["items"]}
    assert {"coffee", "birthday-pack", "prime-price"} <= listed.keys()
    assert listed["coffee"]["remaining"] == 2
    path = f"/members/{member}/benefits/coffee/uses"
    first = call.post(path, {"store": "S1"}, Idempotency_Key="u1")
    assert first["remaining"] == 1
    call.post(path, {"store": "S1"}, Idempotency_Key="u2")
    assert call.refused("POST", path, {"store": "S1"}, Idempotency_Key="u3")["code"] == "benefit_used_up"
    undone = call.post(f"/members/{member}/benefits/uses/{first['use']['id']}/undo")
    assert undone["remaining"] == 1
    other = shop.enrol("13800138001")
    refused = call.refused("POST", f"/members/{other}/benefits/coffee/uses", {}, Idempotency_Key="u4")
    assert refused["code"] == "not_found"


def test_prices_and_shipping_come_into_the_shelf_of_checkouts(shop: Shop) -> None:
    member = has_plan(shop)
    programme = versions.in_force(brand_id=shop.scope.brand_id, now=clock.now()).live
    given = plan_flow.with_plan(
        scope=shop.scope,
        member_id=UUID(member),
        programme=programme,
        tiers={"level": "normal"},
        now=clock.now(),
    )
    assert given.tiers == {"level": "normal", "plan": "prime"}
    prices = {offer.key: offer for offer in given.programme.shelf.prices}
    assert prices["prime-price"].tiers == ("plan", frozenset({"prime"}))
    shipping = {offer.key: offer.quota for offer in given.programme.shelf.benefits}
    assert shipping["prime-post"] == "prime-post"
    # the programme itself is as it was, and so is what a member without a plan gets
    assert "prime-price" not in {offer.key for offer in programme.shelf.prices}
    other = UUID(shop.enrol("13800138001"))
    same = plan_flow.with_plan(
        scope=shop.scope, member_id=other, programme=programme, tiers={"level": "normal"}, now=clock.now()
    )
    assert same.programme is programme


def test_a_rule_may_ask_for_the_plan_by_its_tag(shop: Shop) -> None:
    member = has_plan(shop)
    assert shop.call.get(f"/members/{member}")["tags"] == ["plan-prime"]
    tags = {one["code"]: one["name"]["en"] for one in shop.call.get("/tags")["items"]}
    assert tags["plan-prime"] == "Prime"


def test_definitions_go_round(shop: Shop) -> None:
    (exported,) = plans.export_definitions(brand_id=shop.scope.brand_id)
    again = plans.apply_definition(scope=shop.scope, definition=exported, now=clock.now())
    assert plans.export_definitions(brand_id=shop.scope.brand_id) == [exported]
    assert again.terms.shared == ("birthday-pack",)
    gone = {**exported, "programme_benefits": ["no-such"]}
    with pytest.raises(Exception, match="invalid_input"):
        plans.apply_definition(scope=shop.scope, definition=gone, now=clock.now())


def test_in_test_mode_nothing_is_asked_of_a_provider_and_nothing_stays(shop: Shop) -> None:
    from tests.rest.shop import ALL, Caller

    from regulars.platform.apikeys import api as apikeys

    made = apikeys.create_key(scope=shop.scope, name="t", permissions=ALL, is_test=True, now=shop.now)
    member = shop.enrol()
    told = Caller(made.token).post(
        f"/members/{member}/subscriptions", {"plan": "prime", "period": "month"}, Idempotency_Key="x"
    )
    assert (told["payment"]["state"], told["payment"]["action"]["kind"]) == ("created", "none")
    assert payments.list_payments(scope=shop.scope).items == []
