"""Households at the desk, whose phone a member of staff has, what forms offer by name, and the code that is scanned."""

from __future__ import annotations

import itertools

import pytest
from tests.console.test_plans import SIM, open_plan
from tests.console.world import enrol_members

from regulars.facts.members import api as members
from regulars.flows import value

_keys = itertools.count()


def key() -> str:
    return f"home-{next(_keys):08d}"


@pytest.fixture
def three(shop):
    enrol_members(shop, 3)
    named = members.names_of(scope=shop.scope, member_ids=shop.members[-3:])
    value.adjust(
        scope=shop.scope, member_id=shop.members[-3], unit="points", amount=500, reason="goodwill", comment="x",
        key="head", now=shop.now,
    )  # fmt: skip
    return [named[id_][0] for id_ in shop.members[-3:]]


def test_a_household_is_made_drawn_of_and_left(desk, three):
    head, her, other = three
    owner = desk("owner")
    base = f"/members/{head}/household"
    assert owner.get(base)["enabled"] is False
    refused = owner.post(f"{base}/members", {"member": her}, expect=409)
    assert refused["code"] == "households_off"
    owner.put(
        "/prepaid/definitions/settings/settings",
        {"state": "active", "definition": {"household": {"enabled": True, "units": ["points"], "most": 1}}},
    )
    made = owner.post(f"{base}/members", {"member": her})
    assert (made["heads"], made["head"], [one["code"] for one in made["members"]]) == (True, head, [her])
    assert made["units"] == [{"unit": "points", "name": "points", "money": False, "available": 500}]
    assert owner.post(f"{base}/members", {"member": other}, expect=409)["code"] == "household_full"
    sent = {"unit": "points", "amount": 120, "key": key()}
    drawn = owner.post(f"/members/{her}/household/draws", sent, expect=201)
    assert owner.post(f"/members/{her}/household/draws", sent, expect=201) == drawn, (
        "once, however often asked"
    )
    # 500 − 120 stay with the head, 120 are hers
    assert (drawn["heads"], drawn["head"], drawn["units"][0]["available"]) == (False, head, 380)
    balance = next(one for one in owner.get(f"/members/{her}")["balances"] if one["unit"] == "points")
    assert balance["available"] == 120
    too_much = {"unit": "points", "amount": 381, "key": key()}
    assert (
        owner.post(f"/members/{her}/household/draws", too_much, expect=409)["code"] == "insufficient_balance"
    )
    assert owner.delete(f"{base}/members/{other}", expect=404)["code"] == "not_found"
    assert owner.delete(f"{base}/members/{her}")["members"] == []
    owner.post(f"{base}/members", {"member": her})
    owner.delete(f"/members/{her}/household", expect=204)
    assert owner.get(base)["head"] is None
    desk("auditor").post(f"{base}/members", {"member": her}, expect=403)


def test_whose_phone_is_known_shows_and_the_phone_does_not(desk, shop):
    owner = desk("owner")
    clerk = next(one for one in owner.get("/staff") if one["email"] == shop.emails["clerk"])
    assert clerk["has_phone"] is False
    owner.put(f"/staff/{clerk['id']}/phone", {"phone": "13800000001"}, expect=204)
    after = owner.get("/staff")
    assert {one["email"]: one["has_phone"] for one in after}[shop.emails["clerk"]] is True
    assert "13800000001" not in str(after)
    owner.put(f"/staff/{clerk['id']}/phone", {"phone": None}, expect=204)
    assert not any(one["has_phone"] for one in owner.get("/staff"))


def test_forms_offer_what_there_is_by_name(desk):
    owner = desk("owner")
    owner.put("/prepaid/definitions/package/spa", {"state": "active", "definition": {
        "name": {"zh": "水疗", "en": "Spa"}, "sessions": 5, "price": 50_000}})  # fmt: skip
    open_plan(owner)
    offers = desk("clerk").get("/choices/offers")
    assert offers["packages"] == [{"value": "spa", "label": "Spa"}]
    assert offers["plans"] == [{"value": "prime", "label": "Prime"}]
    assert "birthday-pack" in {one["value"] for one in offers["benefits"]}
    owner.post("/plans/prime/state", {"state": "ended"})
    assert owner.get("/choices/offers")["plans"] == []


def test_the_code_of_a_payment_is_there_while_it_can_be_paid(desk, three):
    owner = desk("owner")
    open_plan(owner)
    owner.put("/payment-accounts/sim", {**SIM, "is_default": True})
    bought = owner.post(
        f"/members/{three[0]}/plan", {"plan": "prime", "period": "month", "key": key()}, expect=201
    )
    path = f"/api/console/payments/{bought['payment']['id']}/qr.svg"
    answer = owner.client.get(path, headers={"X-Regulars-Brand": owner.brand})
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml"), answer.content
    assert b"<svg" in answer.content
    owner.post(f"/payments/{bought['payment']['id']}/close", {"key": key()})
    answer = owner.client.get(path, headers={"X-Regulars-Brand": owner.brand})
    assert answer.status_code == 404
