"""Coupons and budgets as the console's pages ask for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.console.world import enrol_members

from regulars.platform.organisations import api as organisations

KEY = "key-of-the-page-1"
TEA: dict[str, Any] = {
    "name": {"zh": "十元券", "en": "Ten off"},
    "state": "active",
    "offer": {"kind": "amount", "amount": 1000},
    "validity": {"kind": "after_claim", "days": 30},
    "limits": {"total": 100, "per_member": 1},
    "claim": {"channels": ["portal", "code", "issue"]},
}
BUDGET = {"name": {"zh": "春季", "en": "Spring"}, "amount": 2_500, "create": True}


@pytest.fixture(autouse=True)
def _files_of_the_test(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIRECTORY = tmp_path / "files"


def make(owner: Any, **more: Any) -> Any:
    return owner.put("/coupon-definitions/tea", {"definition": TEA | more, "create": True})


def test_a_definition_is_made_changed_and_paused(shop, desk):
    owner = desk("owner")
    made = make(owner)
    assert (made["state_name"], made["issued"], made["left"], made["free_codes"]) == ("Active", 0, 100, 0)
    assert made["sentence"].endswith(
        "; good for 30 days, the day it is had included; 100 in all; 1 for each member; can be claimed in the portal; "
        "can be had by code."
    )
    assert "10.00" in made["sentence"] or "¥10" in made["sentence"], made["sentence"]
    taken = owner.put("/coupon-definitions/tea", {"definition": TEA, "create": True}, expect=409)
    assert taken["code"] == "key_taken"
    changed = owner.put(
        "/coupon-definitions/tea",
        {"definition": made["definition"] | {"worth": 5}, "revision": made["revision"]},
    )
    assert changed["definition"]["worth"] == 5
    stale = owner.put(
        "/coupon-definitions/tea", {"definition": TEA, "revision": made["revision"]}, expect=409
    )
    assert stale["code"] == "changed_meanwhile"
    wrong = TEA | {"offer": {"kind": "amount", "amount": -1}, "budgets": ["none"], "claim": {"tiers": ["x"]}}
    refused = owner.put("/coupon-definitions/cake", {"definition": wrong, "create": True}, expect=422)
    assert {"budgets[0]", "claim.tiers"} < {e["field"] for e in refused["errors"]}
    assert any(e["field"].startswith("offer") for e in refused["errors"])
    assert owner.post("/coupon-definitions/tea/state", {"state": "paused"})["state"] == "paused"
    assert [one["key"] for one in owner.get("/coupon-definitions")] == ["tea"]
    written = [e for e in owner.get("/audit")["items"] if e["action"].startswith("coupon_definition.")]
    actions = [e["action"] for e in written]
    assert actions == ["coupon_definition.changed"] * 2 + ["coupon_definition.created"]
    options = owner.get("/coupon-definitions/options")
    assert [c["value"] for c in options["channels"]] == ["portal", "code", "issue"]


def test_issuing_by_filter_and_by_list(shop, desk):
    enrol_members(shop, 6)
    owner = desk("owner")
    make(owner)
    everybody = owner.post("/coupon-definitions/tea/issues/preview", {})
    count = everybody["members"]
    assert count >= 6
    codes = [shop.code_of(m) for m in shop.members[-2:]]
    asked = {"members": [*codes, "NOBODY"]}
    assert owner.post("/coupon-definitions/tea/issues/preview", asked) == {
        "members": 2,
        "unknown": ["NOBODY"],
    }
    few = owner.post(
        "/coupon-definitions/tea/issues", {"segment": {"members": codes}, "key": KEY}, expect=201
    )
    assert (few["state"], few["issued"], few["by"]) == ("done", 2, shop.emails["owner"])
    again = owner.post(
        "/coupon-definitions/tea/issues", {"segment": {"members": codes}, "key": KEY}, expect=201
    )
    assert again["id"] == few["id"]
    rest = owner.post("/coupon-definitions/tea/issues", {"segment": {}, "key": KEY + "b"}, expect=201)
    assert (rest["issued"], rest["refused"]) == (
        count - 2,
        [{"code": "coupon_member_limit", "name": rest["refused"][0]["name"], "count": 2}],
    )
    assert [one["id"] for one in owner.get("/coupon-issues?definition=tea")] == [rest["id"], few["id"]]


def test_verified_at_the_store_and_undone(shop, desk):
    enrol_members(shop, 1)
    owner, clerk = desk("owner"), desk("clerk")
    owner.put("/budgets/spring", BUDGET)
    make(owner, budgets=["spring"], worth=1_000)
    member = shop.code_of(shop.members[0])
    owner.post("/coupon-definitions/tea/issues", {"segment": {"members": [member]}, "key": KEY}, expect=201)
    found = clerk.post("/coupons/lookup", {"text": member})
    (coupon,) = found["coupons"]
    assert (found["kind"], coupon["may_verify"], coupon["may_void"]) == ("member", True, False)
    limit = shop_limit(shop)
    stores = organisations.stores_of(brand_id=shop.brand.id).values()
    own = next(store.code for store in stores if limit is None or store.id in limit)
    body = {"member": member, "coupon_id": coupon["id"], "store": own, "key": KEY}
    used = clerk.post("/coupons/verifications", body, expect=201)
    assert (used["state"], used["store"]["code"], used["may_undo"]) == ("used", own, True)
    assert clerk.post("/coupons/verifications", body, expect=201)["id"] == used["id"]
    (budget,) = owner.get("/budgets")
    assert (budget["taken"], budget["left"], [u["value"] for u in budget["used_by"]]) == (
        1_000,
        1_500,
        ["tea"],
    )
    back = clerk.post(f"/members/{member}/coupons/{used['id']}/undo", {"key": KEY})
    assert back["state"] == "claimed"
    assert owner.get("/budgets/spring")["taken"] == 0
    (take,) = owner.get("/budgets/spring/takes")["items"]
    assert (take["amount"], take["given_back"]) == (1_000, 1_000)
    clerk.post(f"/members/{member}/coupons/{used['id']}/void", {"comment": "x", "key": KEY}, expect=403)
    gone = owner.post(f"/members/{member}/coupons/{used['id']}/void", {"comment": "wrong", "key": KEY})
    assert (gone["state"], gone["why_not_code"]) == ("void", "coupon_void")
    assert owner.get(f"/members/{member}/coupons?state=void")["items"][0]["id"] == used["id"]


def shop_limit(shop: Any) -> frozenset[Any] | None:
    """The stores where the clerk may verify."""
    from regulars.platform.staff import api as staff

    access = staff.get_access(staff_id=shop.staff_ids["clerk"], brand_id=shop.brand.id)
    return access.stores["coupons.use"]


def test_codes_are_made_imported_and_downloaded(shop, desk):
    owner = desk("owner")
    make(owner)
    made = owner.post("/coupon-definitions/tea/codes", {"count": 5, "key": KEY}, expect=201)
    assert (made["free"], made["origin_name"]) == (5, "Made here")
    kept = owner.post(
        "/coupon-definitions/tea/codes", {"count": 2, "reserved_for": "press", "key": KEY + "b"}, expect=201
    )
    assert owner.post(f"/coupon-batches/{kept['id']}/release")["changed"] == 2
    client: Client = owner.client
    headers = {"X-Regulars-Brand": shop.brand.slug, "X-CSRFToken": client.cookies["csrftoken"].value}
    answer = client.get(f"/api/console/coupon-batches/{made['id']}/codes.csv", headers=headers)
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert (lines[0], len(lines), len(lines[1].split(",")[0])) == ("code,state,claimed_at", 6, 19)
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("partner.csv", "券码\nP-1\nP-1\nP-2\n".encode("gb18030"))
    answer = client.post(
        "/api/console/coupon-definitions/tea/codes/import",
        {"file": file},
        headers=headers | {"Accept-Language": "en"},
    )
    assert answer.status_code == 201, answer.content
    done = answer.json()
    assert (done["added"], done["refused"], done["errors"][0]["code"]) == (2, 1, "twice")
    answer = client.get(f"/api/console/coupon-codes/errors/{done['error_file']}", headers=headers)
    assert b"P-1" in b"".join(answer.streaming_content)
    listed = owner.get("/coupon-definitions/tea/codes")["items"]
    assert [(b["count"], b["free"]) for b in listed] == [(2, 2), (2, 2), (5, 5)]
    assert owner.get("/coupon-definitions/tea")["free_codes"] == 9


def test_budgets_are_edited_and_announce_themselves(shop, desk):
    from regulars.value.budgets import api as budgets
    from regulars.value.budgets.types import Take

    owner = desk("owner")
    made = owner.put("/budgets/spring", BUDGET)
    assert (made["period_name"], made["state_name"], made["left"]) == ("Ever", "Active", 2_500)
    assert owner.put("/budgets/spring", BUDGET, expect=409)["code"] == "key_taken"
    fixed = owner.put("/budgets/spring", BUDGET | {"create": False, "period": "day"}, expect=409)
    assert fixed["code"] == "budget_fixed"
    wrong = owner.put("/budgets/spring", BUDGET | {"create": False, "alert_percent": 0}, expect=422)
    assert wrong["errors"][0]["field"] == "alert_percent"
    assert budgets.take(brand_id=shop.brand.id, takes=[Take("spring", 2_000, "o1")], now=shop.now) == []
    (alert,) = owner.get("/budgets/alerts")
    assert (alert["level"], alert["message"]) == ("alert", "80% of the budget “Spring” are taken")
    desk("clerk").put("/budgets/spring", BUDGET, expect=403)
