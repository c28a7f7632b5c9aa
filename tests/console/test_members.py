"""Members through the console's own API: found, enrolled, read, changed, explained."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.console.world import enrol_members, order

from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, RefundIn, RefundLineIn


@pytest.fixture
def anna(desk):
    """A member enrolled at the desk."""
    made = desk("operator").post(
        "/members",
        {
            "identities": [{"type": "phone", "value": "13800138000"}], "name": "林安娜", "gender": "female",
            "birthday": "1990-05-06", "language": "zh", "channel": "store", "store": "SH001", "tags": ["vip"],
            "attributes": {"roast": "dark"},
        },
        expect=201,
    )  # fmt: skip
    return made["code"]


def test_an_enrolled_member_is_found_by_phone_tail_name_and_code(desk, anna):
    operator = desk("operator")
    for q in ("13800138000", "8000", "安娜", anna):
        assert [one["code"] for one in operator.get(f"/members?q={q}")["items"]] == [anna], q
    assert operator.get("/members?q=13900000000")["items"] == []
    (row,) = operator.get("/members?tag=vip&store=SH001&status=active")["items"]
    assert (row["tier"]["name"], row["points"], row["orders"]) == ("Normal", 0, 0)
    assert operator.get("/members?tag=beans")["items"] == []


def test_personal_data_is_masked_but_for_those_who_may_read_it(desk, anna):
    masked, clear = desk("operator").get(f"/members/{anna}"), desk("owner").get(f"/members/{anna}")
    assert (clear["profile"]["name"], clear["identities"][0]["shown"]) == ("林安娜", "+8613800138000")
    assert masked["profile"]["clear"] is False
    assert "安娜" not in masked["profile"]["name"] and "0013" not in masked["identities"][0]["shown"]


def test_the_card_says_who_she_is_and_where_she_stands(desk, anna):
    card = desk("owner").get(f"/members/{anna}")
    assert card["store"] == {"code": "SH001", "name": "Shanghai Jing'an"}
    assert card["attributes"] == [
        {
            "key": "roast", "label": "Favourite roast", "type": "enum", "value": "dark", "shown": "Dark",
            "choices": [
                {"value": "light", "label": "Light"}, {"value": "medium", "label": "Medium"},
                {"value": "dark", "label": "Dark"},
            ],
        }
    ]  # fmt: skip
    (standing,) = card["standings"]
    assert (standing["tier"]["name"], standing["next_tier"]["name"]) == ("Normal", "Silver")
    assert standing["to_next"] == [
        {"metric": "unit:growth", "label": "Growth earned", "is_money": False, "at_least": 500, "now": 0}
    ]
    assert [(one["unit"], one["available"]) for one in card["balances"]] == [("points", 0), ("growth", 0)]


def test_somebody_elses_phone_is_refused_with_its_field(desk, anna):
    operator = desk("operator")
    taken = operator.post(
        "/members", {"identities": [{"type": "phone", "value": "138 0013 8000"}]}, expect=409
    )
    assert taken["code"] == "already_member" and anna in taken["data"].values()
    wrong = operator.post("/members", {"identities": [{"type": "phone", "value": "12"}]}, expect=422)
    assert [one["field"] for one in wrong["errors"]] == ["identities[0].value"]


def test_profile_tags_identifiers_status_and_notes_are_changed_and_audited(desk, anna):
    owner = desk("owner")
    changed = owner.patch(f"/members/{anna}", {"name": "林安", "attributes": {"roast": "light"}})
    assert (changed["profile"]["name"], changed["profile"]["gender"]) == ("林安", "female")
    assert changed["attributes"][0]["shown"] == "Light"
    wrong = owner.patch(f"/members/{anna}", {"attributes": {"roast": "burnt"}}, expect=422)
    assert wrong["errors"][0]["field"] == "attributes.roast"
    assert owner.post("/tags/members", {"members": [anna], "add": ["beans"], "remove": ["vip"]}) == {
        "changed": 1
    }
    assert owner.get(f"/members/{anna}")["tags"] == ["beans"]
    with_mail = owner.post(f"/members/{anna}/identities", {"type": "email", "value": "anna@example.com"})
    mail = next(one for one in with_mail["identities"] if one["type"] == "email")
    assert len(owner.delete(f"/members/{anna}/identities/{mail['id']}")["identities"]) == 1
    assert owner.put(f"/members/{anna}/status", {"status": "frozen"})["status"] == "frozen"
    owner.post(f"/members/{anna}/notes", {"text": "喜欢靠窗的位子"}, expect=201)
    (note,) = owner.get(f"/members/{anna}/notes")
    assert (note["text"], note["author"]) == ("喜欢靠窗的位子", owner.get("/session")["staff"]["email"])
    log = owner.get("/audit?action=member.&limit=50")["items"]
    assert {one["action"] for one in log} >= {
        "member.enrol", "member.update", "member.tag", "member.add_identity", "member.remove_identity"
    }  # fmt: skip
    assert "林安" not in str(log), "the audit log keeps no names"


def test_a_tag_that_a_rule_puts_on_shows_before_anybody_named_it(shop, desk):
    """The tenth order makes a regular ("regular-customer"); the brand has declared no tag of that code."""
    enrol_members(shop, 1)
    owner = desk("owner")
    owner.delete("/tags/regular")
    tea = LineIn(sku="tea", name="白桃乌龙", category="tea", amount=2_800)
    for number in range(10):
        shop.post(order(shop, shop.members[0], f"T{number}", shop.now - timedelta(hours=20 - number), tea))
    last = owner.get("/tags")[-1]
    assert (last["code"], last["name"], last["members"], last["declared"]) == ("regular", "regular", 1, False)
    assert len(owner.get("/members?tag=regular")["items"]) == 1
    owner.put("/tags/regular", {"name": {"zh": "常客", "en": "Regular"}})
    assert {one["code"]: one["declared"] for one in owner.get("/tags")}["regular"] is True


def test_an_order_and_its_refund_explain_themselves(shop, desk):
    """250 yuan on 1 March by a new member, birthday in May: 250 points for the purchase and 100 for the first order,
    50 for a big basket (100 yuan or more). Returning the 50-yuan line takes its share of the purchase points back."""
    enrol_members(shop, 1)
    member_id, code = shop.members[0], shop.code_of(shop.members[0])
    at = shop.now - timedelta(hours=2)
    lines = (
        LineIn(sku="mug", name="马克杯", category="goods", amount=20_000),
        LineIn(sku="cake", name="蛋糕", category="bakery", amount=5_000, quantity=Decimal(2)),
    )
    refund = ActivityIn(
        type="refund",
        member=MemberRef(id=member_id),
        occurred_at=at + timedelta(hours=1),
        source="pos",
        refund=RefundIn(number="R1", order="A1", lines=(RefundLineIn(line=2),), reason="不合适"),
    )
    shop.post(order(shop, member_id, "A1", at, *lines, store="SH001"), refund)
    owner = desk("owner")
    refunded, ordered = owner.get(f"/members/{code}/timeline")["items"]
    assert (ordered["type_name"], ordered["amount"], ordered["store"]["code"]) == ("Order", 25_000, "SH001")
    assert [one["type"] for one in owner.get(f"/members/{code}/timeline?type=refund")["items"]] == ["refund"]
    why = owner.get(f"/members/{code}/activities/{ordered['id']}")
    fired = {one["rule"]: one["effects"] for one in why["rules"] if one["fired"]}
    assert fired["base-points"] == ["+250 points"]
    idle = {one["rule"]: one["reason_text"] for one in why["rules"] if not one["fired"]}
    assert idle and all(idle.values())
    assert sum(
        e["amount"] for e in why["entries"] if e["unit"] == "points" and e["account"] == "available"
    ) == (next(one["amount"] for one in why["activity"]["changes"] if one["unit"] == "points"))
    assert [line["points"] for line in why["order"]["lines"]][1] is not None
    assert why["order"]["lines"][1]["refunded_quantity"] == "2"
    assert why["order"]["refunds"][0]["reason"] == "不合适"
    back = owner.get(f"/members/{code}/activities/{refunded['id']}")
    assert any("50 points taken back (Points for purchases)" in note for note in back["notes"]), back["notes"]
    assert back["order"]["number"] == "A1"
    balance = owner.get(f"/members/{code}")["balances"][0]["available"]
    entries = owner.get(f"/members/{code}/entries?unit=points")["items"]
    assert sum(one["amount"] for one in entries if one["account"] == "available") == balance


def test_a_small_adjustment_is_posted_and_a_large_one_needs_a_second_person(desk, anna):
    operator, reviewer = desk("operator"), desk("reviewer")
    asked = {"unit": "points", "reason": "goodwill", "comment": "外送迟到", "key": "form-0001"}
    posted = operator.post(f"/members/{anna}/adjustments", {**asked, "amount": 1000}, expect=201)
    assert posted["state"] == "posted"
    again = operator.post(f"/members/{anna}/adjustments", {**asked, "amount": 1000}, expect=201)
    assert again["id"] == posted["id"], "the same form sent twice adjusts once"
    large = operator.post(
        f"/members/{anna}/adjustments", {**asked, "amount": 1001, "key": "form-0002"}, expect=201
    )
    assert (large["state"], large["own"]) == ("waiting", True)
    assert operator.get(f"/members/{anna}")["balances"][0]["available"] == 1000
    (waiting,) = reviewer.get("/adjustments?state=waiting")["items"]
    assert (waiting["member"], waiting["reason_name"], waiting["own"]) == (anna, "Goodwill", False)
    path = f"/adjustments/{anna}/{large['id']}"
    assert operator.post(path, {"approve": True}, expect=403)["data"]["permission"] == "ledger.approve"
    assert reviewer.post(path, {"approve": True, "comment": "属实"})["state"] == "posted"
    assert operator.get(f"/members/{anna}")["balances"][0]["available"] == 2001
    assert reviewer.post(path, {"approve": True}, expect=409)["code"] == "adjustment_decided"


def test_nobody_approves_her_own_adjustment(desk, anna):
    owner = desk("owner")
    large = owner.post(
        f"/members/{anna}/adjustments",
        {"unit": "points", "amount": 10_001, "reason": "campaign", "comment": "活动", "key": "form-0003"},
        expect=201,
    )
    refused = owner.post(f"/adjustments/{anna}/{large['id']}", {"approve": True}, expect=403)
    assert refused["code"] == "own_adjustment"


def test_points_are_held_captured_and_released(desk, anna):
    operator = desk("operator")
    operator.post(
        f"/members/{anna}/adjustments",
        {"unit": "points", "amount": 500, "reason": "goodwill", "comment": "补偿", "key": "form-0004"},
        expect=201,
    )
    held = [
        operator.post(
            f"/members/{anna}/holds",
            {"unit": "points", "amount": 200, "minutes": 60, "subject": "预约", "key": f"hold-000{n}"},
            expect=201,
        )
        for n in range(2)
    ]
    (balance, _) = operator.get(f"/members/{anna}")["balances"]
    assert (balance["available"], balance["held"]) == (100, 400)
    operator.post(f"/members/{anna}/holds/{held[0]['id']}/capture", {"key": "end-00001"})
    operator.post(f"/members/{anna}/holds/{held[1]['id']}/release", {"key": "end-00002"})
    card = operator.get(f"/members/{anna}")
    assert (card["balances"][0]["available"], card["balances"][0]["held"], card["holds"]) == (300, 0, [])


def test_a_pending_lot_is_made_usable_or_taken_back_once(shop, desk):
    """Two orders through the app: 5 points each ("Online order bonus") that wait for the delivery."""
    enrol_members(shop, 1)
    member_id, code = shop.members[0], shop.code_of(shop.members[0])
    tea = LineIn(sku="tea", name="白桃乌龙", category="tea", amount=2_800)
    for hours, number in ((3, "A1"), (2, "A2")):
        shop.post(order(shop, member_id, number, shop.now - timedelta(hours=hours), tea))
    operator, path = desk("operator"), f"/members/{code}/lots"
    lots = operator.get(path)
    first, second = [lot for lot in lots if lot["state"] == "pending"]
    assert (first["amount"], first["unit_name"], first["rule_name"]) == (5, "points", "Online order bonus")
    assert first["active_at"] is None and first["activity_id"]
    (before, _) = operator.get(f"/members/{code}")["balances"]
    assert before["pending"] == 10
    assert operator.post(f"{path}/{first['id']}/activate", {"key": "lot-00001"}, expect=422)
    said = {"comment": "顾客已签收", "key": "lot-00001"}
    assert desk("auditor").post(f"{path}/{first['id']}/activate", said, expect=403)
    now = operator.post(f"{path}/{first['id']}/activate", said)
    assert {lot["id"]: lot["state"] for lot in now}[first["id"]] == "active"
    left = operator.post(f"{path}/{second['id']}/cancel", {"comment": "订单异常", "key": "lot-00002"})
    assert second["id"] not in {lot["id"] for lot in left}
    assert second["id"] in {lot["id"] for lot in operator.get(f"{path}?closed=true")}
    (after, _) = operator.get(f"/members/{code}")["balances"]
    assert (after["available"], after["pending"]) == (before["available"] + 5, 0)
    again = operator.post(
        f"{path}/{second['id']}/activate", {"comment": "再来", "key": "lot-00003"}, expect=409
    )
    assert again["code"] == "lot_not_pending"


def test_a_tier_by_hand_is_locked_explained_and_unlocked(desk, anna):
    operator = desk("operator")
    given = {"tier": "gold", "reason": "集团客户", "locked": True, "key": "tier-0001"}
    card = operator.post(f"/members/{anna}/tiers/level", given)
    assert (card["standings"][0]["tier"]["name"], card["standings"][0]["locked"]) == ("Gold", True)
    change = operator.get(f"/members/{anna}/tiers")[0]
    assert (change["previous"]["name"], change["tier"]["name"], change["reason_name"]) == (
        "Normal", "Gold", "Changed by hand"
    )  # fmt: skip
    assert change["comment"] == "集团客户"
    uses = {one["key"]: one for one in card["benefits"]}
    used = operator.post(f"/members/{anna}/benefits/birthday-pack/uses", {"key": "use-00001"}, expect=201)
    assert uses["birthday-pack"]["used"] == 0
    assert next(one for one in used["benefits"] if one["key"] == "birthday-pack")["used"] == 1
    none_left = operator.post(
        f"/members/{anna}/benefits/birthday-pack/uses", {"key": "use-00002"}, expect=409
    )
    assert none_left["code"] == "benefit_used_up"
    unlocked = operator.post(f"/members/{anna}/tiers/level/unlock", {"key": "tier-0002"})
    assert unlocked["standings"][0]["locked"] is False


def test_the_list_is_paged_and_exported_without_formulas(shop, desk):
    enrol_members(shop, 7)
    operator = desk("operator")
    seen: list[str] = []
    cursor = ""
    while True:
        page = operator.get(f"/members?limit=3{cursor}")
        seen += [one["code"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 7
    answer = operator.client.get(
        "/api/console/members/export?format=csv",
        headers={"X-Regulars-Brand": shop.brand.slug, "Accept-Language": "en"},
    )
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert rows[0][:3] == ["Code", "Name", "Phone"] and [row[0] for row in rows[1:]] == seen
    assert all("*" in row[2] for row in rows[1:]), "masked like the list"
    excel = operator.client.get(
        "/api/console/members/export?format=xlsx", headers={"X-Regulars-Brand": shop.brand.slug}
    )
    assert b"".join(excel)[:2] == b"PK"
    assert desk("clerk").get("/members/export", expect=403)["data"]["permission"] == "members.export"
    assert desk("owner").get("/audit?action=member.export")["items"][0]["after"] == {
        "format": "xlsx",
        "filter": {},
    }
