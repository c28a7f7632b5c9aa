"""Members over HTTP: enrol, find, change; tags, custom fields, notes; what the brand has set up."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.rest.shop import ALL, Shop

from regulars.kit import clock
from regulars.kit.ids import new_id
from regulars.surfaces import member_pass

PHONE = {"type": "phone", "value": "138 0013 8000"}


def test_enrolment_over_http(shop: Shop) -> None:
    call = shop.call
    given = {
        "identities": [PHONE, {"type": "wechat_openid", "value": "oAbC_123456", "verified": True}],
        "name": "张小明",
        "birthday": "1990-03-08",
        "store": "S1",
        "channel": "store",
        "touchpoint": "qr:S1",
        "recruiter": "E07",
    }
    first = call("POST", "/members", given, Idempotency_Key="e1")
    again = call("POST", "/members", given, Idempotency_Key="e1")
    assert (first.status, again.status) == (201, 200)
    enrolled = json.loads(first.content)
    assert (enrolled["outcome"], enrolled["tier"], enrolled["joined_at"]) == (
        "created",
        "normal",
        "2026-05-13T04:00:00Z",
    )
    member = call.get(f"/members/{enrolled['member_id']}")
    assert (member["profile"]["name"], member["store"], member["recruiter"]) == ("张小明", "S1", "E07")
    assert {i["type"]: bool(i["verified_at"]) for i in member["identities"]} == {
        "phone": False,
        "wechat_openid": True,
    }
    # the same member by every name she has
    for name in (
        enrolled["code"],
        enrolled["code"].lower(),
        "phone:13800138000",
        "wechat_openid:oAbC_123456",
    ):
        assert call.get(f"/members/{name}")["member_id"] == enrolled["member_id"]
    taken = call.refused("POST", "/members", {"identities": [PHONE]})
    assert (taken["status"], taken["code"], taken["data"]["identity_type"]) == (
        409,
        "already_member",
        "phone",
    )
    call.language = "zh-CN"
    assert call.refused("POST", "/members", {"identities": [PHONE]})["title"] == "该手机号已是会员"
    wrong = call.refused(
        "POST", "/members", {"identities": [{"type": "phone", "value": "12"}], "attributes": {"x": 1}}
    )
    assert {e["field"] for e in wrong["errors"]} == {"identities[0].value", "attributes.x"}
    unknown = call.refused("POST", "/members", {"identities": [PHONE], "store": "NOPE"})
    assert unknown["errors"][0]["field"] == "store"
    extra = call.refused("POST", "/members", {"identities": [PHONE], "vip": True})
    assert (extra["errors"][0]["field"], extra["errors"][0]["message"]) == ("vip", "没有这个字段")


def test_a_batch_of_enrolments(shop: Shop) -> None:
    rows: list[Any] = [
        {"identities": [{"type": "phone", "value": f"1380000000{n}"}], "store": "S1" if n else "NOPE"}
        for n in range(3)
    ]
    items = shop.call.post("/members/batch", {"members": [*rows, rows[1]]})["items"]
    assert ["ok" if i["enrolled"] else i["problem"]["code"] for i in items] == [
        "invalid_input", "ok", "ok", "duplicate_in_batch",
    ]  # fmt: skip
    assert len(shop.call.get("/members")["items"]) == 2


def test_personal_data_is_masked_for_keys_that_may_not_read_it(shop: Shop) -> None:
    member = shop.enrol(name="张小明", birthday="1990-03-08", address="静安区")
    masked = shop.key(ALL - {"members.read_personal"})
    answer = masked("GET", f"/members/{member}")
    said = answer.content.decode()
    for secret in ("小明", "138001", "03-08", "静安"):
        assert secret not in said
    shown = answer.ok()
    assert (shown["profile"]["name"], shown["identities"][0]["masked"]) == ("张**", "138****8000")
    (row,) = masked.get("/members?q=13800138000")["items"]
    assert (row["name"], row["phone"]) == ("张**", "138****8000")


def test_members_are_listed_filtered_and_paged(shop: Shop, noon: Any) -> None:
    for n in range(5):
        noon.move(minutes=1)
        shop.enrol(
            f"1380000000{n}", name=f"张{n}", store="S1" if n % 2 else None, channel="h5" if n < 2 else "store"
        )
    get = shop.call.get

    def names(query: str) -> list[str]:
        return [m["name"] for m in get(f"/members?{query}")["items"]]

    assert names("store=S1") == ["张3", "张1"]
    assert names("channel=h5") == ["张1", "张0"]
    assert names("q=0003") == ["张3"]
    assert names("tier=normal&status=active&joined_from=2026-05-13T04:04:00Z") == ["张4", "张3"]
    page = get("/members?limit=3")
    assert [m["name"] for m in page["items"]] == ["张4", "张3", "张2"]
    rest = get(f"/members?limit=3&cursor={page['next_cursor']}")
    assert ([m["name"] for m in rest["items"]], rest["next_cursor"]) == (["张1", "张0"], None)
    assert shop.call.refused("GET", "/members?store=NOPE")["status"] == 422
    assert shop.call.refused("GET", "/members?limit=500")["errors"][0]["field"] == "limit"


def test_a_member_is_changed_field_by_field(shop: Shop) -> None:
    call = shop.call
    field = {"type": "enum", "label": {"zh": "肤质", "en": "Skin"},
             "choices": [{"value": "dry", "label": {"zh": "干性", "en": "Dry"}}]}  # fmt: skip
    call("PUT", "/profile-fields/skin", field).ok()
    member = shop.enrol(name="张小明")
    path = f"/members/{member}"
    changed = call("PATCH", path, {"gender": "male", "attributes": {"skin": "dry"}}).ok()
    assert (changed["profile"]["name"], changed["profile"]["gender"]) == ("张小明", "male")
    # name, gender and skin of name, gender, birthday, skin
    assert (changed["attributes"], changed["completion_percent"]) == ({"skin": "dry"}, 75)
    wrong = call.refused("PATCH", path, {"attributes": {"skin": "wet"}})
    assert wrong["errors"] == [
        {"field": "attributes.skin", "code": "bad_choice", "message": "Must be one of dry"}
    ]
    assert call("PATCH", path, {"name": None, "attributes": {"skin": None}}).ok()["completion_percent"] == 25
    frozen = call("PATCH", path, {"status": "frozen"}).ok()
    assert frozen["status"] == "frozen"


def test_identities_tags_and_notes(shop: Shop) -> None:
    call = shop.call
    member = shop.enrol()
    other = shop.enrol("13900139000")
    path = f"/members/{member}"
    card = call.post(f"{path}/identities", {"type": "card", "value": "vip-0001"})
    added = next(i for i in card["identities"] if i["type"] == "card")
    assert call.get("/members/card:VIP0001")["member_id"] == member
    taken = call.refused("POST", f"/members/{other}/identities", {"type": "card", "value": "VIP 0001"})
    assert (taken["status"], taken["code"]) == (409, "identity_taken")
    proven = call.post(f"{path}/identities/{added['id']}/verify")
    assert next(i for i in proven["identities"] if i["id"] == added["id"])["verified_at"]
    assert call.refused("DELETE", f"/members/{other}/identities/{added['id']}")["status"] == 404
    assert len(call("DELETE", f"{path}/identities/{added['id']}").ok()["identities"]) == 1

    call("PUT", "/tags/vip", {"name": {"zh": "贵宾", "en": "VIP"}, "colour": "#ffaa00"}).ok()
    assert call.post("/members/tags", {"members": [member, other], "add": ["vip"]}) == {"changed": 2}
    assert len(call.get("/members?tag=vip")["items"]) == 2
    unknown = call.refused("POST", "/members/tags", {"members": [member], "add": ["nope"]})
    assert unknown["errors"][0]["field"] == "add[0]"
    assert call("DELETE", "/tags/vip").status == 204

    call.post(f"{path}/notes", {"text": "喜欢靠窗的位置"})
    (note,) = call.get(f"{path}/notes")["items"]
    assert (note["text"], note["author"].startswith("tea key")) == ("喜欢靠窗的位置", True)


def test_what_the_brand_has_set_up(shop: Shop) -> None:
    call = shop.call
    programme = call.get("/programme")
    assert (programme["version"], programme["currency"]) == (1, "CNY")
    sentences = {(s["part"], s["key"]): s["sentence"] for s in programme["sentences"]}
    assert sentences["rule", "base-points"]
    assert programme["definition"]["units"][0]["code"] == "points"
    fields = call.get("/programme/fields")
    assert "order.amount" in json.dumps(fields)
    put = call("PUT", "/stores/S2", {"name": {"zh": "二店", "en": "Second"}, "city": "上海"}).ok()
    assert (put["code"], put["city"]) == ("S2", "上海")
    assert [s["code"] for s in call.get("/stores")["items"]] == ["S1", "S2"]
    yoga = {
        "name": {"zh": "瑜伽", "en": "Yoga"},
        "fields": [
            {"key": "minutes", "type": "int", "label": {"zh": "分钟", "en": "minutes"}, "required": True}
        ],
    }
    declared = call("PUT", "/activity-types/yoga", yoga).ok()
    assert declared["fields"][0]["key"] == "minutes"
    member = shop.enrol()
    act = {"type": "yoga", "member": {"id": member}, "occurred_at": "2026-05-13T03:00:00Z", "key": "y1"}
    missing = call.refused("POST", "/activities", {**act, "data": {}})
    assert missing["errors"][0]["field"] == "data.minutes"
    assert call("POST", "/activities", {**act, "data": {"minutes": 45}}).status == 201
    assert call("DELETE", "/activity-types/yoga").status == 204
    gone = call.refused("POST", "/activities", {**act, "key": "y2", "data": {"minutes": 45}})
    assert gone["errors"][0]["field"] == "type"
    system = call.refused("PUT", "/activity-types/order", yoga)
    assert system["errors"][0]["code"] == "reserved"


def test_unknown_addresses_and_methods_are_problems_too(shop: Shop) -> None:
    assert shop.call.refused("GET", "/nothing")["status"] == 404
    assert shop.call.refused("DELETE", "/members")["status"] == 405
    assert shop.call.refused("GET", "/members/not-a-member")["code"] == "member_not_found"


def test_a_till_reads_the_pass_on_a_phone(shop: Shop) -> None:
    call = shop.call
    enrolled = json.loads(call("POST", "/members", {"identities": [PHONE]}).content)
    member, brand, now = UUID(enrolled["member_id"]), shop.scope.brand_id, clock.now()
    fresh = member_pass.issue(brand_id=brand, member_id=member, now=now)
    read = call("POST", "/members/pass", {"text": fresh})
    assert (read.status, json.loads(read.content)["code"]) == (200, enrolled["code"])
    old = member_pass.issue(brand_id=brand, member_id=member, now=now - timedelta(seconds=80))
    assert call.refused("POST", "/members/pass", {"text": old})["code"] == "pass_expired"
    foreign = member_pass.issue(brand_id=new_id(), member_id=member, now=now)
    assert call.refused("POST", "/members/pass", {"text": foreign})["code"] == "not_a_pass"
