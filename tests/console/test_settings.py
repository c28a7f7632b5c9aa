"""Stores, fields, activity types, brand, people, roles, keys, the audit log, messages, imports, the dashboard."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.console.world import PASSWORD, buy, enrol_members


def test_stores_regions_and_the_qr_code_of_a_store(shop, desk):
    owner = desk("owner")
    given = {
        "name": {"zh": "深圳南山店", "en": "Shenzhen Nanshan"},
        "region": "south",
        "city": "深圳",
        "tags": [],
    }
    made = owner.put("/stores/SZ001", {**given, "is_open": True})
    assert (made["region_name"], made["enrol_url"]) == (
        "South",
        f"http://127.0.0.1:8000/h/{shop.brand.slug}/?s=SZ001",
    )
    assert owner.put("/stores/SZ001", {**given, "is_open": False})["is_open"] is False
    wrong = owner.put("/stores/SZ002", {**given, "region": "moon"}, expect=422)
    assert wrong["errors"][0]["field"] == "region"
    picture = owner.client.get(
        "/api/console/stores/SZ001/qr.svg", headers={"X-Regulars-Brand": shop.brand.slug}
    )
    assert picture.content.startswith(b"<svg") and picture["Content-Type"] == "image/svg+xml"
    assert owner.post("/regions", {"code": "north", "name": {"zh": "华北", "en": "North"}}, expect=201)
    taken = owner.post("/regions", {"code": "north", "name": {"zh": "华北", "en": "North"}}, expect=409)
    assert taken["code"] == "code_taken"
    log = owner.get("/audit?action=store.")["items"]
    assert log[0]["before"] == {"is_open": True} and log[0]["after"] == {"is_open": False}


def test_fields_and_activity_types_are_declared_changed_and_retired(desk):
    owner = desk("owner")
    field = {"type": "date", "label": {"zh": "宝宝生日", "en": "Baby’s birthday"}, "in_portal": True}
    assert owner.put("/fields/baby_birthday", field)["shown"] == "Baby’s birthday"
    assert owner.put("/fields/baby_birthday", {**field, "type": "text"}, expect=409)["code"] == "type_fixed"
    assert owner.put("/fields/baby_birthday", {**field, "archived": True})["archived"] is True
    kind = {
        "name": {"zh": "写评价", "en": "Review"},
        "fields": [{"key": "stars", "type": "int", "label": {"zh": "星级", "en": "Stars"}, "required": True}],
    }
    assert owner.put("/activity-types/review", kind)["fields"][0]["key"] == "stars"
    retyped = {**kind, "fields": [{**kind["fields"][0], "type": "text"}]}
    assert owner.put("/activity-types/review", retyped, expect=409)["code"] == "type_changed"
    owner.put("/activity-types/review", {**kind, "archived": True})
    codes = [one["code"] for one in owner.get("/activity-types")]
    assert "review" not in codes and "order" in codes
    assert {one["action"] for one in owner.get("/audit?action=activity_type.")["items"]} == {
        "activity_type.create", "activity_type.archive"
    }  # fmt: skip


def test_the_brand_is_changed_but_not_its_currency_or_address(desk):
    owner = desk("owner")
    brand = owner.get("/brand")
    given = {name: brand[name] for name in ("name", "timezone", "words", "consent", "consent_version")}
    changed = owner.put(
        "/brand", {**given, "theme": {"accent": "#884422"}, "words": {"headline_zh": "欢迎回来"}}
    )
    assert (changed["theme"], changed["currency"]) == ({"accent": "#884422"}, "CNY")
    assert owner.put("/brand", {**given, "theme": {"accent": "url(x)"}}, expect=422)["errors"][0][
        "field"
    ] == ("theme.accent")
    assert (
        owner.put("/brand", {**given, "currency": "USD"}, expect=422)["errors"][0]["code"]
        == "extra_forbidden"
    )


def test_people_get_roles_at_stores_and_no_more_than_ones_own(shop, desk):
    owner = desk("owner")
    made = owner.post(
        "/staff",
        {
            "email": f"li@{shop.brand.slug}.example", "name": "李店长", "password": PASSWORD,
            "grants": [{"role": "clerk", "brand": shop.brand.slug, "store": "SH001"}],
        },
        expect=201,
    )  # fmt: skip
    assert made["grants"][0]["place_name"] == "Shanhai Coffee · Shanghai Jing'an"
    shop.emails["li"] = made["email"]
    assert desk("li").get("/session")["brands"][0]["stores_limited"] is True
    weak = owner.post(
        "/staff", {"email": "x@y.example", "name": "弱", "password": "short", "grants": []}, expect=422
    )
    assert weak["errors"][0]["field"] == "password"
    owner.put(f"/staff/{made['id']}/password", {"password": "a brand new phrase"}, expect=204)
    assert owner.patch(f"/staff/{made['id']}", {"active": False})["active"] is False
    me = owner.get("/session")["staff"]["id"]
    assert owner.patch(f"/staff/{me}", {"active": False}, expect=409)["code"] == "last_owner"


def test_roles_are_made_used_and_deleted(desk):
    owner = desk("owner")
    made = owner.put(
        "/roles/care", {"name": {"zh": "关怀专员", "en": "Care"}, "permissions": ["members.read"]}
    )
    assert (made["name"], made["builtin"]) == ("Care", False)
    builtin = owner.put("/roles/clerk", {"name": {"zh": "x", "en": "x"}, "permissions": []}, expect=409)
    assert builtin["code"] == "builtin_role"
    owner.delete("/roles/care", expect=204)
    assert "care" not in {one["key"] for one in owner.get("/roles")["roles"]}


def test_a_key_is_shown_once_and_revoked(desk):
    owner = desk("owner")
    made = owner.post("/api-keys", {"name": "收银", "permissions": ["activities.write"]}, expect=201)
    assert made["secret"].startswith(made["key"]["prefix"])
    assert made["secret"] not in json.dumps(owner.get("/api-keys"))
    used = owner.client.get("/api/v1/programme", headers={"Authorization": f"Bearer {made['secret']}"})
    assert used.status_code in (200, 403, 404)
    assert owner.delete(f"/api-keys/{made['key']['id']}")["revoked_at"] is not None
    beyond = owner.post("/api-keys", {"name": "越权", "permissions": ["staff.manage"]}, expect=422)
    assert beyond["errors"][0]["field"] == "permissions"


def test_the_dashboard_counts_what_happened(shop, desk):
    enrol_members(shop, 12)
    buy(shop, 4)
    home = desk("operator").get("/home?days=365")
    assert (home["members"], home["joined"]["value"]) == (12, 12)
    assert home["orders"]["value"] == sum(one["orders"] for one in home["series"]) > 12
    assert home["amount"]["value"] == sum(one["amount"] for one in home["series"])
    assert home["earned"]["value"] == sum(one["earned"] for one in home["points"])
    assert home["burned"]["value"] == sum(one["burned"] for one in home["points"]) == 90
    assert sum(one["members"] for one in home["tiers"]) == 12
    assert home["stores"] and home["stores"][0]["amount"] >= home["stores"][-1]["amount"]
    listed = desk("operator").get("/members?limit=50")["items"]
    assert home["outstanding"] == sum(one["points"] for one in listed)
    assert len(desk("operator").get("/home?days=30")["series"]) == 30


def test_messages_are_read_masked(shop, desk):
    from regulars.messaging import api as messaging

    messaging.send(
        brand=shop.brand,
        channel="sms",
        to="+8613800138000",
        template="one_time_code",
        values={"code": "123456", "minutes": 5},
        language="zh",
        now=shop.now,
    )
    (clear,) = desk("owner").get("/messages?channel=sms")["items"]
    (masked,) = desk("operator").get("/messages")["items"]
    assert "123456" in clear["body"] and clear["to"] == "+8613800138000"
    assert masked["to"] != clear["to"] and "*" in masked["to"]
    assert desk("owner").get("/messages?channel=email")["items"] == []


def test_a_file_is_uploaded_previewed_mapped_and_queued(shop, desk):
    from django.core.files.uploadedfile import SimpleUploadedFile

    owner = desk("owner")
    rows = "订单号,手机号,时间,金额\nA1,13800138000,2026-01-02 10:00,88.50\nA2,13800138000,2026-01-03,abc\n"
    answer = owner.client.post(
        "/api/console/imports",
        {"kind": "orders", "file": SimpleUploadedFile("订单.csv", rows.encode(), "text/csv")},
        headers={
            "X-Regulars-Brand": shop.brand.slug,
            "X-CSRFToken": owner.client.cookies["csrftoken"].value,
        },
    )
    assert answer.status_code == 201, answer.content
    job = answer.json()
    assert (job["state"], job["file_name"], job["may_start"]) == ("ready", "订单.csv", True)
    shown = owner.get(f"/imports/{job['id']}/preview")
    assert shown["headers"] == ["订单号", "手机号", "时间", "金额"] and shown["sample"][0][3] == "88.50"
    assert job["mapping"]["columns"]["number"] == "订单号"
    wrong = owner.post(
        f"/imports/{job['id']}/start", {"mapping": {"columns": {"number": "订单号"}}, "dry": True}, expect=422
    )
    assert {one["field"] for one in wrong["errors"]} >= {"mapping.amount", "mapping.phone"}
    queued = owner.post(f"/imports/{job['id']}/start", {"mapping": job["mapping"], "dry": True})
    assert queued["state"] == "queued"
    assert [one["id"] for one in owner.get("/imports?status=running")["items"]] == [job["id"]]
    assert owner.post(f"/imports/{job['id']}/cancel")["state"] == "cancelled"
    targets = {one["kind"]: one for one in owner.get("/imports/targets")}
    assert "attribute.roast" in {one["key"] for one in targets["members"]["columns"]}
    assert {one["action"] for one in owner.get("/audit?action=import.")["items"]} == {
        "import.create", "import.check", "import.cancel"
    }  # fmt: skip


def test_the_log_is_filtered_by_day_and_exported(shop, desk):
    owner = desk("owner")
    owner.put("/tags/quiet", {"name": {"zh": "安静", "en": "Quiet"}})
    assert owner.get("/audit?action=tag.create")["items"][0]["subject_id"] == "quiet"
    tomorrow = (shop.now + timedelta(days=2)).date().isoformat()
    assert owner.get(f"/audit?since={tomorrow}")["items"] == []
    answer = owner.client.get(
        "/api/console/audit/export?action=tag.create",
        headers={"X-Regulars-Brand": shop.brand.slug, "Accept-Language": "en"},
    )
    assert "quiet" in b"".join(answer).decode()
