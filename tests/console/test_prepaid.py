"""Prepaid value in the console: sold at the till, seen on the member's page, reported."""

from __future__ import annotations

import csv
import io
import itertools

import pytest
from tests.console.world import enrol_members

from regulars.facts.members import api as members

_keys = itertools.count()


def key() -> str:
    return f"key-{next(_keys):08d}"


@pytest.fixture
def two(shop):
    enrol_members(shop, 2)
    named = members.names_of(scope=shop.scope, member_ids=shop.members[-2:])
    return [named[id_][0] for id_ in shop.members[-2:]]


@pytest.fixture
def owner(desk):
    her = desk("owner")
    her.put("/prepaid/definitions/ladder/spring", {"state": "active", "definition": {
        "name": {"zh": "春季", "en": "Spring"}, "rungs": [{"pay": 50_000, "bonus": 5_000}]}})  # fmt: skip
    her.put("/prepaid/definitions/package/spa", {"state": "active", "definition": {
        "name": {"zh": "水疗", "en": "Spa"}, "sessions": 5, "price": 50_000, "transferable": True,
        "freeze_days": 5}})  # fmt: skip
    return her


def test_a_members_tab_after_each_act(owner, two):
    ann, ben = two
    base = f"/members/{ann}"
    assert [d["name"] for d in owner.get("/prepaid/definitions")] == ["Spring", "Spa"]
    tab = owner.post(
        f"{base}/top-ups", {"ladder": "spring", "amount": 50_000, "method": "card", "key": key()}, expect=201
    )
    assert {u["unit"]: u["available"] for u in tab["units"] if u["available"]} == {
        "principal": 50_000,
        "bonus": 5_000,
    }
    top_up = tab["top_ups"][0]
    tab = owner.post(
        f"{base}/top-ups/{top_up['id']}/refunds", {"amount": 10_000, "reason": "x", "key": key()}
    )
    assert (tab["top_ups"][0]["refundable"], tab["repayments"][0]["bonus"]) == (40_000, 1_000)
    tab = owner.post(f"{base}/packages", {"package": "spa", "method": "card", "key": key()}, expect=201)
    spa = tab["packages"][0]
    tab = owner.post(f"{base}/packages/{spa['id']}/uses", {"sessions": 2, "key": key()}, expect=201)
    assert (tab["packages"][0]["left"], tab["uses"][0]["can_undo"]) == (3, True)
    tab = owner.post(f"{base}/package-uses/{tab['uses'][0]['id']}/undo", {"key": key()})
    assert (tab["packages"][0]["left"], tab["uses"][0]["can_undo"]) == (5, False)
    tab = owner.post(f"{base}/packages/{spa['id']}/freeze", {"days": 2, "key": key()})
    assert (tab["packages"][0]["state_name"], tab["packages"][0]["usable"]) == ("frozen", False)
    owner.post(f"{base}/packages/{spa['id']}/unfreeze", {"key": key()})
    tab = owner.post(f"{base}/packages/{spa['id']}/transfer", {"to": ben, "key": key()})
    assert (tab["packages"][0]["state"], tab["transfers"][0]["other"]) == ("transferred", ben)
    his = owner.get(f"/members/{ben}/prepaid")["packages"][0]
    owner.post(f"/members/{ben}/packages/{his['id']}/refunds", {"reason": "x", "key": key()})
    buyer = {"kind": "person", "name": "x", "document": "other", "number": "1", "contact": "1"}
    assert owner.put(f"{base}/buyer", buyer)["buyer"] is True
    answer = owner.client.get(
        f"/api/console{base}/evidence?format=pdf", headers={"X-Regulars-Brand": owner.brand}
    )
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF-")


def test_cards_are_a_file_once(owner, two):
    ann, ben = two
    batch = {"code": "gift", "name": {"zh": "礼", "en": "Gift"}, "face": 10_000, "count": 2}
    owner.post("/gift-card-batches", batch, expect=201)
    answer = owner.client.post(
        "/api/console/gift-card-batches/gift/cards",
        headers={"X-Regulars-Brand": owner.brand, "X-CSRFToken": owner.client.cookies["csrftoken"].value},
    )
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 3
    owner.post("/gift-card-batches/gift/cards", expect=409)
    number, pin = rows[1][1], rows[1][2]
    sold = owner.post(
        "/gift-cards/sales", {"numbers": [number, rows[2][1]], "method": "card", "key": key()}, expect=201
    )
    assert {card["state"] for card in sold} == {"active"}
    tab = owner.post(f"/members/{ann}/gift-cards", {"number": number, "pin": pin, "key": key()}, expect=201)
    card = tab["cards"][0]
    assert (card["left"], card["holder"], card["batch_name"]) == (10_000, ann, "Gift")
    owner.post(f"/members/{ann}/gift-cards/{card['id']}/give", {"to": ben, "key": key()})
    assert owner.get(f"/members/{ben}/prepaid")["cards"][0]["left"] == 10_000
    assert owner.post("/gift-cards/lookups", {"number": rows[2][1]})["state"] == "active"
    void = owner.post("/gift-cards/void", {"number": rows[2][1], "reason": "lost"})
    assert void["state_name"] == "void"
    assert owner.post("/gift-card-batches/gift/void", {"reason": "x"}) == {"changed": 0}
    assert owner.get("/gift-card-batches")["items"][0]["states"] == {"claimed": 1, "void": 1}
    assert [c["ending"] for c in owner.get("/gift-card-batches/gift/cards?state=void")["items"]] == [
        rows[2][1][-4:]
    ]


def test_liability_and_its_files(owner, two):
    owner.post(
        f"/members/{two[0]}/top-ups",
        {"ladder": "spring", "amount": 50_000, "method": "card", "key": key()},
        expect=201,
    )
    report = owner.get("/reports/liability?months=2")
    assert {one["unit"]: one["amount"] for one in report["by_unit"]} == {"principal": 50_000, "bonus": 5_000}
    for what, least in (("cohorts", 3), ("schedule", 13), ("flows", 3)):
        address = f"/api/console/reports/liability/export?what={what}&format=csv&months=2"
        answer = owner.client.get(address, headers={"X-Regulars-Brand": owner.brand})
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        assert len(text.splitlines()) >= least
    answer = owner.client.get(
        "/api/console/reports/liability/export", headers={"X-Regulars-Brand": owner.brand}
    )
    assert b"".join(answer.streaming_content).startswith(b"PK")


def test_a_clerk_sells_and_uses_but_does_not_give_back(desk, owner, two):
    clerk, base = desk("clerk"), f"/members/{two[0]}"
    body = {"ladder": "spring", "amount": 50_000, "method": "card", "key": key()}
    sold = clerk.post(f"{base}/top-ups", body | {"store": "SH001"}, expect=201)
    clerk.post(
        f"{base}/top-ups/{sold['top_ups'][0]['id']}/refunds", {"reason": "x", "key": key()}, expect=403
    )
    clerk.put("/prepaid/definitions/ladder/x", {"state": "active", "definition": {}}, expect=403)


def test_a_sold_card_is_paid_back_before_anybody_binds_it(desk, owner, two):
    """Face 100 yuan, sold for 95: 95 go back at most."""
    batch = {"code": "gift", "name": {"zh": "礼", "en": "Gift"}, "face": 10_000, "price": 9_500, "count": 1}
    owner.post("/gift-card-batches", batch, expect=201)
    answer = owner.client.post(
        "/api/console/gift-card-batches/gift/cards",
        headers={"X-Regulars-Brand": owner.brand, "X-CSRFToken": owner.client.cookies["csrftoken"].value},
    )
    number = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))[1][1]
    clerk = desk("clerk")
    sale = {"numbers": [number], "method": "cash", "store": "SH001", "key": key()}
    assert clerk.post("/gift-cards/sales", sale, expect=201)[0]["price"] == 9_500
    sent = {"number": number, "amount": 9_501, "method": "cash", "reason": "a present too many", "key": key()}
    clerk.post("/gift-cards/refunds", sent, expect=403)
    assert owner.post("/gift-cards/refunds", sent, expect=422)["errors"][0]["field"] == "amount"
    sent = {**sent, "amount": 9_500, "reference": "R-7", "key": key()}
    card = owner.post("/gift-cards/refunds", sent, expect=201)
    assert (card["state"], card["refund"]["money"], card["refund"]["reference"]) == ("void", 9_500, "R-7")
    assert owner.post("/gift-cards/refunds", sent, expect=201) == card
    again = owner.post("/gift-cards/refunds", {**sent, "key": key()}, expect=409)
    assert (again["code"], again["data"]["state"]) == ("card_not_active", "void")
    assert owner.post("/gift-cards/lookups", {"number": number})["refund"]["method"] == "cash"
    (entry,) = owner.get("/audit?action=gift_card.refund")["items"]
    assert (entry["action_name"], entry["after"]["money"]) == ("Gift card · refunded", 9_500)
