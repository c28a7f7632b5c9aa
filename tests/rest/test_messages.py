"""Asking for messages by the public API, what became of them, limits, the holdout, closed addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from tests.rest.shop import Shop

from regulars.kit import clock
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.sending import handing
from regulars.messaging.types import Content
from regulars.platform.organisations.types import Actor


@pytest.fixture
def template(shop: Shop) -> str:
    """An approved template with an own variable."""
    contents = {
        "inbox": {"zh": Content("{{ what }}", "有{{ what }}"), "en": Content("{{ what }}", "{{ what }}!")}
    }
    messaging.save_template(
        scope=shop.scope, code="news", name=Text("消息", "News"), purpose="service", contents=contents,
        samples={"what": "新品"}, now=clock.now(),
    )  # fmt: skip
    made = messaging.submit_template(scope=shop.scope, code="news", now=clock.now())
    colleague = replace(shop.scope, actor=Actor("staff", new_id(), "Colleague"))
    number = made.latest.number  # type: ignore[union-attr]
    messaging.decide_template(scope=colleague, code="news", number=number, approve=True, now=clock.now())
    return "news"


def one(member: str, **more: Any) -> dict[str, Any]:
    return {
        "member": {"id": member},
        "template": "news",
        "purpose": "service",
        "values": {"what": "新品"},
        **more,
    }


def test_asked_twice_with_one_key_it_goes_once(shop: Shop, template: str) -> None:
    member = shop.enrol()
    body = {"messages": [one(member), one(member, priority=90)], "source": "shop"}
    first = shop.call.post("/messages", body, Idempotency_Key="a")
    again = shop.call.post("/messages", body, Idempotency_Key="a")
    assert (first["new"], again["new"]) == (2, 0)
    assert [item["id"] for item in first["items"]] == [item["id"] for item in again["items"]]
    handing.deliver_all(clock.now())
    found = shop.call.get(f"/messages/{first['items'][0]['id']}")
    assert (found["send"]["state"], found["send"]["source"], found["body"]) == ("sent", "api:shop", "有新品")
    assert [step["result"] for step in found["decision"]][:3] == ["passed", "passed", "not_asked"]
    assert [step["outcome"] for step in found["steps"]] == ["sent"]
    assert len(shop.call.get("/messages?state=sent")["items"]) == 2
    assert shop.call.get(f"/messages?member={member}&reason=no_consent")["items"] == []
    counts = shop.call.get("/messages/counts?days=1")["items"]
    assert [(c["state"], c["channel"], c["count"]) for c in counts] == [("sent", "inbox", 2)]


def test_what_is_wrong_is_named_and_nothing_is_asked(shop: Shop, template: str) -> None:
    member = shop.enrol()
    body = {"messages": [one(member), one(member, template="none"), one(str(UUID(int=7)))]}
    problem = shop.call.refused("POST", "/messages", body, Idempotency_Key="a")
    assert {(e["field"], e["code"]) for e in problem["errors"]} == {
        ("messages[1].template", "unknown_template"), ("messages[2].member", "member_not_found"),
    }  # fmt: skip
    body = {"messages": [one(member), one(member, purpose="marketing")]}
    problem = shop.call.refused("POST", "/messages", body, Idempotency_Key="a")
    assert [(e["field"], e["code"], e["message"]) for e in problem["errors"]] == [
        ("messages[1].purpose", "not_the_template's", "The template is for another purpose: service")
    ]
    for wrong in (
        {"messages": []}, {"messages": [one(member, channels=["pigeon"])]}, {"messages": [one(member, priority=101)]},
        {"messages": [one(member)], "source": "No Spaces"},
    ):  # fmt: skip
        assert shop.call.refused("POST", "/messages", wrong, Idempotency_Key="b")["status"] == 422
    assert shop.call.refused("POST", "/messages", {"messages": [one(member)]})["status"] == 422
    assert shop.call.get("/messages")["items"] == []


def test_what_has_not_gone_is_taken_back(shop: Shop, template: str) -> None:
    member = shop.enrol()
    body = {"messages": [one(member, not_before="2100-01-01T00:00:00Z")]}
    id_ = shop.call.post("/messages", body, Idempotency_Key="a")["items"][0]["id"]
    taken = shop.call.post(f"/messages/{id_}/withdraw")
    assert (taken["send"]["state"], taken["send"]["reason"]) == ("skipped", "withdrawn")
    assert taken["decision"][0]["result"] == "stopped" and taken["sentence"]


def test_limits_are_read_and_set(shop: Shop) -> None:
    before = shop.call.get("/messages/policy")
    assert before["quiet"]["sms"] == {
        "closes": "21:00", "opens": "08:00", "then": "defer", "work_days_only": False, "service_too": True,
    } and before["updated_at"] is None  # fmt: skip
    cap = {"channel": "", "period": "week", "limit": 3}
    after = shop.call("PUT", "/messages/policy", {"quiet": {}, "caps": [cap]}).ok()
    assert after["caps"] == [cap] and after["quiet"] == {} and after["updated_by"]
    wrong = {
        "quiet": {"sms": {"closes": "25:00", "opens": "08:00"}},
        "caps": [{"period": "year", "limit": 1}],
    }
    problem = shop.call.refused("PUT", "/messages/policy", wrong)
    assert {e["field"] for e in problem["errors"]} == {"quiet.sms.closes", "caps[0].period"}
    assert shop.call.get("/messages/holdout")["percent"] == 0
    set_ = shop.call("PUT", "/messages/holdout", {"percent": 5, "reason": "to measure"}).ok()
    assert (set_["percent"], set_["reason"]) == (5, "to measure")
    assert (
        shop.call.refused("PUT", "/messages/holdout", {"percent": 5, "reason": ""})["errors"][0]["field"]
        == "reason"
    )


def test_addresses_are_closed_and_opened(shop: Shop) -> None:
    given = {"channel": "sms", "address": "138 0013 8000", "note": "she asked"}
    made = shop.call.post("/messages/suppressions", given)
    assert (made["masked"], made["reason"]) == ("138****8000", "by_hand")
    assert shop.call.refused("POST", "/messages/suppressions", given)["code"] == "suppressed"
    found = shop.call.get("/messages/suppressions?address=%2B8613800138000")["items"]
    assert [row["id"] for row in found] == [made["id"]]
    path = f"/messages/suppressions/sms/{made['id']}"
    assert shop.call.refused("DELETE", path)["status"] == 422
    assert shop.foreign.refused("DELETE", f"{path}?note=x")["status"] == 404
    assert shop.call("DELETE", f"{path}?note=mistake").status == 204
    assert shop.call.get("/messages/suppressions")["items"] == []
