"""Referrals over HTTP: what integrators read and change, what a stranger's key is told, what counts as a visit."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from tests.referrals.given import SETTINGS, buys, code_of, joins, member, programme, tick
from tests.rest.shop import Shop

COMMISSION = {
    "commission": {
        "enabled": True,
        "levels": [{"code": "gold", "name": {"zh": "金牌", "en": "Gold"}, "percent": "5"}],
    }
}


def test_integrators_set_read_review_and_settle(shop: Shop, noon: Any) -> None:
    call = shop.call
    assert call.get("/referrals/settings")["version"] == 0
    put = call("PUT", "/referrals/settings", {"definition": SETTINGS | COMMISSION}).ok()
    assert put["version"] == 1
    assert put["rewards_text"]["friend"] == ["100 points"]
    wrong = call.refused(
        "PUT", "/referrals/settings", {"definition": {"window_days": "x", "rewards": {"friend": [{}]}}}
    )
    assert {e["field"] for e in wrong["errors"]} == {"window_days", "rewards.friend[0].kind"}

    ann = member(shop)
    ben, eve = joins(shop, ann, devices=["d"]), joins(shop, ann, devices=["d"])
    buys(shop, ben, "N1")
    tick(shop)
    noon.move(days=8)
    tick(shop)
    states = {row["friend"]["id"]: row["state"] for row in call.get("/referrals")["items"]}
    assert states == {str(ben): "qualified", str(eve): "refused"}
    [open_] = call.get("/referrals?unreviewed=true")["items"]
    assert open_["reason_text"] == "Other accounts have joined on this device"
    cleared = call.post(f"/members/{eve}/referral/review", {"counts": True, "note": "sisters"})
    assert (cleared["state"], cleared["cleared"]) == ("joined", True)
    assert call.refused("POST", f"/members/{eve}/referral/review", {"counts": True})["code"] == "not_refused"
    funnel = call.get("/referrals/funnel")
    assert (funnel["joined"], funnel["qualified"]) == (2, 1)
    tree = call.get(f"/members/{ann}/referral/tree")["items"]
    assert [one["depth"] for one in tree] == [0, 1, 1]
    mine = call.get(f"/members/{ann}/referral")
    assert mine["code"] == code_of(shop, ann) and mine["path"].endswith(f"/join?r={mine['code']}")
    assert call.get(f"/members/{ben}/referral")["came_by"]["recruiter"]["id"] == str(ann)
    link = call.post(f"/members/{ann}/shares", {"kind": "reward", "content": "mug"})
    assert link["path"] == f"/h/tea/mall/mug?r={link['code']}"
    assert (
        call.refused("POST", f"/members/{ann}/shares", {"kind": "reward"})["errors"][0]["field"] == "content"
    )

    call(
        "PUT", f"/promoters/{ann}", {"level": "gold", "tax_note": " note ", "staff_note": "chats a lot"}
    ).ok()
    again = call("PUT", f"/promoters/{ann}", {"level": "gold"}).ok()  # notes left out stay
    assert (again["tax_note"], again["staff_note"]) == ("note", "chats a lot")
    call.post(f"/promoters/{ann}/adjustments", {"amount": 500, "note": "welcome"})
    noon.move(days=30)
    [draft] = call.post("/commission-statements", {"month": "2026-05"})["items"]
    assert (draft["payout"], draft["tax_note"]) == (500, "note")
    path = f"/commission-statements/2026-05/{ann}"
    assert call.refused("POST", f"{path}/confirmation")["code"] == "own_draft"
    other = shop.key({"referrals.write", "referrals.read"})
    assert other.post(f"{path}/confirmation")["state"] == "confirmed"
    assert other.post(f"{path}/payment", {"reference": "T1"})["reference"] == "T1"
    assert [one["amount"] for one in call.get(path)["entries"]] == [500]
    for month in ("2026-13", "abcd-ef", "2999-01"):
        assert call("POST", "/commission-statements", {"month": month}).status == 422


def test_a_strangers_key_sees_nothing(shop: Shop) -> None:
    programme(shop, **COMMISSION)
    ann = member(shop)
    joins(shop, ann)
    shop.call("PUT", f"/promoters/{ann}", {"level": "gold"}).ok()
    foreign = shop.foreign
    assert foreign.get("/referrals")["items"] == foreign.get("/promoters")["items"] == []
    assert foreign.get("/referrals/roots")["items"] == foreign.get("/referrals/shares")["items"] == []
    assert foreign.get("/referrals/settings")["version"] == 0
    for method, path, body in (
        ("GET", f"/members/{ann}/referral", None),
        ("GET", f"/members/{ann}/referral/tree", None),
        ("POST", f"/members/{ann}/referral/review", {"counts": True}),
        ("POST", f"/members/{ann}/shares", {"kind": "join"}),
        ("PUT", f"/promoters/{ann}", {"level": "gold"}),
        ("GET", f"/promoters/{ann}/commissions", None),
        ("GET", f"/promoters/{ann}/entries", None),
        ("POST", f"/promoters/{ann}/adjustments", {"amount": 1, "note": "x"}),
        ("GET", f"/commission-statements/2026-04/{ann}", None),
        ("POST", f"/commission-statements/2026-04/{ann}/confirmation", {}),
        ("POST", f"/commission-statements/2026-04/{ann}/payment", {}),
    ):
        assert foreign(method, path, body).status == 404, path


def test_people_are_counted_and_programmes_are_not(shop: Shop) -> None:
    programme(shop)
    code = code_of(shop, member(shop))

    def visit(agent: str, client: Client, given: str = code) -> Any:
        client.get("/api/portal/tea/front")
        return client.post(
            "/api/portal/tea/visits",
            json.dumps({"code": given}),
            content_type="application/json",
            headers={"User-Agent": agent, "X-CSRFToken": client.cookies["csrftoken"].value},
        )

    phone = Client()
    person = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0"
    assert [visit(person, phone).json()["counted"] for _ in range(2)] == [True, False]
    assert visit(person, Client()).json()["counted"]
    for agent in ("Googlebot/2.1", "curl/8.0", "facebookexternalhit/1.1", ""):
        assert not visit(agent, Client()).json()["counted"], agent
    assert visit(person, Client(), "ZZZZZZZZ").status_code == 404
    assert visit(person, Client(), "'; DROP TABLE share --").status_code == 404
    assert shop.call.get("/referrals/funnel")["visitors"] == 2
