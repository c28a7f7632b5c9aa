"""Stored value and packages bought on the phone: hers once, when they are paid; nothing otherwise."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from tests.portal.world import Browser, freeze

from regulars.flows import payments as paying
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.payments import api as payments
from regulars.platform.payments.providers.simulator import Simulator
from regulars.value.prepaid import api as prepaid

OTHER = "13900139000"
KEY = "0123456789abcdef0123456789abcdef"
TEN = {"name": {"zh": "十次卡", "en": "Ten"}, "sessions": 10, "price": 30_000, "days": 90, "per_member": 1}
LADDER = {"name": {"zh": "充值", "en": "Top-up"}, "rungs": [{"pay": 20_000, "bonus": 2_000}, {"pay": 50_000}]}


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
    for kind, key, definition in (("package", "ten", TEN), ("ladder", "usual", LADDER)):
        prepaid.put_definition(
            scope=brand.scope, kind=kind, key=key, state="active", definition=definition, now=clock.now()
        )
    brand.enrol(name="Ana", language="en")
    return signed_in()


def buy(shopper, kind="ladder", what="usual", amount=20_000, key="first-key", expect=201):
    answer = shopper.call("POST", "shop", {"kind": kind, "what": what, "amount": amount, "key": key})
    assert answer.status_code == expect, answer.content.decode()
    return answer.json()


def press(made, outcome="paid"):
    url = made["payment"]["action"]["url"]
    account, number = url.split("/pay/simulator/")[1].split("?")[0].split("/")
    payments.simulated_press(
        account_id=account, number=number, token=url.split("t=")[1], outcome=outcome, now=clock.now()
    )


def stored(shopper):
    return {one["unit"]: one["available"] for one in shopper.get("prepaid")["units"] if one["money"]}


def test_she_tops_up_and_has_it_once(shopper):
    shop = shopper.get("shop")
    assert shop["can_pay"] and shop["latest"] is None
    assert [rung["pay"] for rung in shop["ladders"][0]["rungs"]] == [20_000, 50_000]
    made = buy(shopper)
    assert buy(shopper)["id"] == made["id"]  # the same press
    assert buy(shopper, key="second-key")["payment"]["id"] == made["payment"]["id"]  # the same wish
    assert shopper.get("shop")["latest"]["state"] == "open" and stored(shopper) == {}
    press(made)
    for _ in range(3):
        assert shopper.call("POST", "shop/check").json()["latest"]["state"] == "done"
        shopper.call("POST", f"payments/{made['payment']['id']}/check")
    assert stored(shopper) == {"principal": 20_000, "bonus": 2_000}
    assert len(shopper.get("prepaid")["top_ups"]) == 1


def test_she_buys_a_package_once(shopper):
    made = buy(shopper, "package", "ten", 30_000)
    press(made)
    shopper.call("POST", "shop/check")
    [package] = shopper.get("prepaid")["packages"]
    assert (package["left"], package["state"]) == (10, "active")
    assert buy(shopper, "package", "ten", 30_000, key="again-key", expect=409)["code"] == "limit_reached"


@pytest.mark.parametrize("outcome", ["failed", "closed", "expired"])
def test_what_is_not_paid_leaves_nothing(shopper, outcome):
    made = buy(shopper)
    if outcome == "failed":
        press(made, "failed")
        shopper.call("POST", "shop/check")
    elif outcome == "closed":
        shopper.call("POST", f"payments/{made['payment']['id']}/close")
    else:
        with freeze(clock.now() + timedelta(hours=1)):
            paying.settle_due(clock.now())
    assert stored(shopper) == {} and shopper.get("shop")["latest"]["state"] == "void"
    assert shopper.get("prepaid")["top_ups"] == []
    assert buy(shopper, key="anew-key")["id"] != made["id"]


def test_another_wish_lets_the_first_go_and_late_money_goes_back(brand, shopper):
    first = buy(shopper)
    second = buy(shopper, amount=50_000, key="other-key")
    assert second["id"] != first["id"]
    closed = shopper.get(f"payments/{first['payment']['id']}")
    assert closed["state"] == "closed"
    press(second)
    shopper.call("POST", "shop/check")
    assert stored(shopper) == {"principal": 50_000}


def test_paid_on_other_terms_than_shown_goes_back(brand, shopper):
    made = buy(shopper)
    changed = LADDER | {"rungs": [{"pay": 20_000, "bonus": 1_000}]}
    prepaid.put_definition(
        scope=brand.scope, kind="ladder", key="usual", state="active", definition=changed, now=clock.now()
    )
    press(made)
    paid = shopper.call("POST", f"payments/{made['payment']['id']}/check").json()
    assert paid["state"] in ("refunding", "refunded") and stored(shopper) == {}
    assert shopper.get("shop")["latest"]["state"] == "void"


def test_the_price_must_be_the_one_that_was_shown(shopper):
    assert buy(shopper, "package", "ten", 1, expect=409)["code"] == "price_changed"
    assert buy(shopper, "ladder", "usual", 123, expect=422)["code"] == "invalid_input"
    assert buy(shopper, "package", "none", 1, expect=404)["code"] == "not_found"
    assert shopper.get("shop")["latest"] is None


def test_one_key_is_one_purchase(shopper):
    buy(shopper)
    assert buy(shopper, amount=50_000, expect=409)["code"] == "idempotency_conflict"


def test_nobody_sees_or_pays_the_purchase_of_another(brand, shopper):
    made = buy(shopper)
    brand.enrol(OTHER)
    other = Browser(brand.slug).open()
    other.ask_code(OTHER)
    other.give_code(brand.last_code(), OTHER)
    assert other.get("shop")["latest"] is None
    assert other.call("POST", f"payments/{made['payment']['id']}/check").status_code == 404
    assert Browser(brand.slug).open().call("GET", "shop").status_code == 401


def test_the_same_notice_many_times_is_one_top_up(brand, shopper):
    made = buy(shopper)
    [account] = payments.list_accounts(scope=brand.scope)
    payments.put_account(
        scope=brand.scope,
        key="sim",
        provider="simulator",
        name=account.name,
        values={"key": KEY},
        now=clock.now(),
    )
    number = made["payment"]["number"]
    for n in range(24):
        told = {
            "id": f"SIMN{n % 3}", "type": "payment", "number": number, "state": "paid", "reference": "SIM1",
            "amount": 20_000, "currency": "CNY", "paid_at": None, "agreement": "",
        }  # fmt: skip
        body, stamp = json.dumps(told).encode(), str(int(clock.now().timestamp()))
        signature = Simulator().connect(account.id, {"key": KEY}).sign(stamp, body)
        answer = Client().post(
            f"/pay/notice/simulator/{account.id}",
            data=body,
            content_type="application/json",
            headers={"X-Simulator-Timestamp": stamp, "X-Simulator-Signature": signature},
        )
        assert answer.status_code == 200
    assert stored(shopper) == {"principal": 20_000, "bonus": 2_000}
    assert len(shopper.get("prepaid")["top_ups"]) == 1
    assert shopper.get(f"payments/{made['payment']['id']}")["state"] == "paid"
