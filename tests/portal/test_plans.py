"""Her plan in the portal: choosing, paying, what it gives and saved, leaving. Nobody else's."""

from __future__ import annotations

import pytest
from tests.portal.world import Browser

from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.payments import api as payments
from regulars.value.plans import api as plans

OTHER = "13900139000"
PRIME = {
    "key": "prime",
    "state": "active",
    "name": {"zh": "尊享会员", "en": "Prime"},
    "prices": {"month": 3000, "year": 30000},
    "trial_days": 7,
    "programme_benefits": ["birthday-pack"],
    "benefits": [
        {
            "key": "coffee",
            "name": {"zh": "咖啡", "en": "Coffee"},
            "kind": "product",
            "quota": 2,
            "period": "week",
        }
    ],
}


@pytest.fixture
def shopper(brand, signed_in):
    payments.put_account(
        scope=brand.scope,
        key="sim",
        provider="simulator",
        name=Text("模拟", "Simulated"),
        values={"outcome": "ask"},
        now=clock.now(),
    )
    plans.apply_definition(scope=brand.scope, definition=PRIME, now=clock.now())
    brand.enrol(name="Ana", language="en")
    return signed_in()


def pay(shopper, made, outcome="paid"):
    url = made["payment"]["action"]["url"]
    account, number = url.split("/pay/simulator/")[1].split("?")[0].split("/")
    payments.simulated_press(
        account_id=account, number=number, token=url.split("t=")[1], outcome=outcome, now=clock.now()
    )
    return shopper.call("POST", f"payments/{made['payment']['id']}/check").json()


def test_she_buys_a_plan_and_sees_what_it_gives(shopper):
    shown = shopper.get("plans")
    assert (shown["can_try"], shown["can_pay"], shown["current"]) == (True, True, None)
    (plan,) = shown["plans"]
    assert [one["key"] for one in plan["benefits"]] == ["birthday-pack", "coffee"]
    assert shopper.get("plan")["subscription"] is None
    answer = shopper.call("POST", "plan", {"plan": "prime", "period": "month", "key": "p1"})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["payment"]["state_name"], made["payment"]["shown"]) == ("Waiting for payment", "¥30.00")
    assert shopper.get("plan")["payment"]["id"] == made["payment"]["id"]
    assert pay(shopper, made)["state"] == "paid"
    mine = shopper.get("plan")
    assert (mine["subscription"]["plan_name"], mine["subscription"]["state_name"]) == ("Prime", "Active")
    coffee = next(one for one in mine["plan"]["benefits"] if one["key"] == "coffee")
    assert (coffee["quota"], coffee["remaining"]) == ("2 a week", 2)
    assert mine["savings"]["sentence"] == ""
    assert [(one["kind_name"], one["paid_shown"]) for one in mine["receipts"]] == [("Bought", "¥30.00")]
    assert shopper.get("plans")["can_try"] is False
    off = shopper.call("POST", "plan/renewal", {"on": False, "key": "p2"}).json()
    assert off["subscription"]["auto_renew"] is False
    back = shopper.get("plan/refund")
    assert "paid back" in back["sentence"] or "nothing" in back["sentence"]
    left = shopper.call("POST", "plan/refund", {"key": "p3"}).json()
    assert left["subscription"]["state_name"] == "Cancelled"


def test_she_tries_once_and_changes(shopper):
    assert shopper.call("POST", "plan/trial", {"plan": "prime", "key": "t1"}).status_code == 201
    assert shopper.get("plan")["subscription"]["state_name"] == "Trial"
    quote = shopper.get("plan/change?plan=prime&period=year")
    assert (quote["due"], quote["at_once"]) == (30000, True)
    made = shopper.call("POST", "plan/change", {"plan": "prime", "period": "year", "key": "t2"}).json()
    pay(shopper, made)
    assert shopper.get("plan")["subscription"]["period"] == "year"
    refused = shopper.call("POST", "plan/pause", {"key": "t3"})
    assert (refused.status_code, refused.json()["code"]) == (409, "pause_not_offered")


def test_a_payment_that_fails_or_is_given_up(shopper):
    made = shopper.call("POST", "plan", {"plan": "prime", "period": "month", "key": "f1"}).json()
    assert pay(shopper, made, "failed")["state_name"] == "Failed"
    made = shopper.call("POST", "plan", {"plan": "prime", "period": "month", "key": "f2"}).json()
    closed = shopper.call("POST", f"payments/{made['payment']['id']}/close").json()
    assert closed["state_name"] == "Closed"
    assert shopper.get("plan") | {"savings": None} == {
        "subscription": None, "plan": None, "savings": None, "payment": None, "receipts": [],
    }  # fmt: skip


def test_nobody_sees_or_pays_the_plan_of_another(brand, shopper):
    made = shopper.call("POST", "plan", {"plan": "prime", "period": "month", "key": "n1"}).json()
    brand.enrol(OTHER)
    other = Browser(brand.slug).open()
    other.ask_code(OTHER)
    other.give_code(brand.last_code(), OTHER)
    for method, path in (
        ("GET", f"payments/{made['payment']['id']}"),
        ("POST", f"payments/{made['payment']['id']}/check"),
        ("POST", f"payments/{made['payment']['id']}/close"),
        ("GET", "plan/refund"),
    ):
        assert other.call(method, path).status_code == 404, path
    assert other.get("plan")["payment"] is None
    stranger = Browser(brand.slug).open()
    for path in ("plan", "plans", f"payments/{made['payment']['id']}"):
        assert stranger.call("GET", path).status_code == 401
