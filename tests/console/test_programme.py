"""Programme versions through the console: drafted, described, tried, reviewed by somebody else, published."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from tests.console.world import draft_in_review, enrol_members, order

from regulars.facts.activity.types import LineIn


@pytest.fixture
def draft(desk) -> dict[str, Any]:
    made = desk("operator").post("/programme/versions", {"note": "试一试"}, expect=201)
    assert made["state"] == "draft" and made["based_on"] == 1
    return made


def _with_rule(definition: dict[str, Any], **changes: Any) -> dict[str, Any]:
    rule = {
        "key": "lucky", "name": {"zh": "幸运单", "en": "Lucky order"}, "trigger": "order",
        "condition": {"all": [{"field": "order.amount", "op": "gte", "value": 6600}]},
        "effects": [{"type": "points", "unit": "points", "mode": "fixed", "amount": 66}],
    }  # fmt: skip
    changed = copy.deepcopy(definition)
    changed["rules"].append(rule | changes)
    return changed


def test_a_draft_goes_through_review_by_another_person_to_publication(desk, draft):
    operator, reviewer = desk("operator"), desk("reviewer")
    number = draft["number"]
    changed = _with_rule(draft["definition"])
    saved = operator.put(
        f"/programme/versions/{number}", {"definition": changed, "revision": draft["revision"]}
    )
    said = {one["key"]: one for one in saved["sentences"]}["lucky"]
    assert said["zh"] == "下单，若订单金额满 66 元，送 66 积分"
    assert said["en"] == "An order, if order amount is at least ¥66.00, earns 66 points"
    stale = operator.put(
        f"/programme/versions/{number}", {"definition": changed, "revision": draft["revision"]}, expect=409
    )
    assert stale["code"] == "stale_draft"
    (change,) = operator.get(f"/programme/diff?before=1&after={number}")["changes"]
    assert (change["kind"], change["path"]) == ("added", "rules[lucky]")
    operator.post(f"/programme/versions/{number}/submit", {"comment": "请看"})
    assert operator.post(f"/programme/versions/{number}/review", {"approve": True}, expect=403)
    assert reviewer.get(f"/programme/versions/{number}")["own"] is False
    owner = desk("owner")
    assert owner.get("/home")["drafts_waiting"] == 1
    reviewer.post(f"/programme/versions/{number}/review", {"approve": True})
    live = reviewer.post(f"/programme/versions/{number}/publish", {"comment": "上线"})
    assert live["current"] is True
    assert [one["what"] for one in live["events"]] == ["created", "submitted", "approved", "published"]
    states = {one["number"]: one["state"] for one in operator.get("/programme/versions")["items"]}
    assert states == {1: "superseded", number: "published"}
    back = operator.post("/programme/versions", {"base": 1}, expect=201)
    assert "lucky" not in {rule["key"] for rule in back["definition"]["rules"]}


def test_an_author_cannot_review_her_own_work_even_as_an_owner(desk):
    owner = desk("owner")
    made = owner.post("/programme/versions", {}, expect=201)
    owner.post(f"/programme/versions/{made['number']}/submit", {})
    refused = owner.post(f"/programme/versions/{made['number']}/review", {"approve": True}, expect=403)
    assert refused["code"] == "own_work"


def test_what_is_wrong_with_a_rule_is_said_at_its_place(desk, draft):
    operator = desk("operator")
    bad = _with_rule(
        draft["definition"], effects=[{"type": "points", "unit": "gold", "mode": "fixed", "amount": 5}]
    )
    place = len(bad["rules"]) - 1
    answer = operator.post("/programme/describe", {"definition": bad})
    assert [one["field"] for one in answer["errors"]] == [f"rules[{place}].effects[0].unit"]
    refused = operator.put(
        f"/programme/versions/{draft['number']}",
        {"definition": bad, "revision": draft["revision"]},
        expect=422,
    )
    assert refused["errors"][0]["field"] == f"rules[{place}].effects[0].unit"
    one = operator.post(
        "/programme/describe", {"definition": _with_rule(draft["definition"]), "rule": "lucky"}
    )
    assert [said["key"] for said in one["sentences"]] == ["lucky"] and one["errors"] == []


def test_a_draft_is_tried_on_a_real_order_and_on_one_made_up(shop, desk, draft):
    """A first order of 250 yuan, outside the birthday month: live 250 + 100 first + 50 big = 400; the draft adds 66."""
    enrol_members(shop, 1)
    member_id, code = shop.members[0], shop.code_of(shop.members[0])
    shop.post(
        order(
            shop, member_id, "A1", shop.now - timedelta(days=40),
            LineIn(sku="mug", category="goods", amount=25_000),
        )
    )  # fmt: skip
    operator = desk("operator")
    (ordered,) = operator.get(f"/members/{code}/timeline")["items"]
    given = {"definition": _with_rule(draft["definition"]), "member": code}
    tried = operator.post("/programme/try", {**given, "activity": ordered["id"]})
    assert tried["draft_totals"]["points"] - tried["live_totals"]["points"] == 66
    lucky = next(one for one in tried["rules"] if one["rule"] == "lucky")
    assert lucky["fired"] and lucky["effects"] == ["+66 points"]
    made_up = operator.post("/programme/try", {**given, "lines": [{"category": "goods", "amount": 1000}]})
    lucky = next(one for one in made_up["rules"] if one["rule"] == "lucky")
    assert not lucky["fired"] and "¥66.00" in lucky["reason_text"]
    assert operator.get(f"/members/{code}/timeline")["items"] == [ordered], "a trial writes nothing"
    assert operator.post("/programme/try", given, expect=422)["errors"][0]["field"] == "lines"


def test_the_builder_is_offered_this_brands_words(desk):
    schema = desk("operator").get("/programme/schema")
    keys = {field["key"] for field in schema["conditions"]["fields"]}
    assert {"order.amount", "membership.attributes.roast", "line.category"} <= keys
    assert {one["value"] for one in schema["triggers"]} >= {"order", "checkin", "tasting"}
    assert {one["value"] for one in schema["metrics"]} >= {"spend", "unit:growth", "activity:tasting"}


def test_a_brand_without_a_programme_starts_from_a_pack(open_desk, db):
    from tests.console.world import open_shop

    bare = open_shop("bare", programme=False)
    owner = open_desk(bare.emails["owner"], "bare")
    listed = owner.get("/programme/versions")
    assert listed["items"] == [] and listed["packs"][0]["key"] == "retail"
    assert owner.get("/home")["members"] == 0
    made = owner.post("/programme/versions", {"pack": "retail"}, expect=201)
    assert len(made["definition"]["rules"]) > 5


def test_a_version_in_review_waits_on_the_reviewers_first_page(shop, desk):
    number = draft_in_review(shop)
    assert desk("reviewer").get("/home")["drafts_waiting"] == 1
    rejected = desk("reviewer").post(
        f"/programme/versions/{number}/review", {"approve": False, "comment": "太贵"}
    )
    assert (rejected["state"], rejected["review_comment"]) == ("rejected", "太贵")
