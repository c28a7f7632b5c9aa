"""Templates, links and channel accounts as the console's pages ask."""

from __future__ import annotations

import pytest
from tests.console.world import enrol_members

pytestmark = pytest.mark.django_db
WORDS = {"sms": {"zh": {"body": "{{ member.name | default: '会员' }}您好"}, "en": {"body": "Hello"}}}
HELLO = {"name": {"zh": "问候", "en": "Hello"}, "purpose": "service", "contents": WORDS}


def test_a_template_from_draft_to_sent_by_two_people(desk):
    owner, operator = desk("owner"), desk("operator")
    made = operator.put("/templates/hello", HELLO)
    assert (made["state"], made["live"], made["problems"]) == ("draft", None, [])
    assert operator.post("/templates/hello/submit")["state"] == "submitted"
    said = operator.post("/templates/hello/decide", {"number": 1, "approve": True}, expect=403)
    assert said["code"] == "forbidden"
    done = owner.post("/templates/hello/decide", {"number": 1, "approve": True})
    assert (done["live"], done["version"]["decided_by"] != "") == (1, True)
    [row] = operator.get("/templates")
    assert (row["code"], row["label"], row["channels"]) == ("hello", "Hello", ["sms"])
    assert [one["number"] for one in operator.get("/templates/hello/versions")] == [1]
    assert operator.post("/templates/hello/archive", {"archived": True})["archived"]
    assert operator.get("/templates") == []


def test_nobody_approves_her_own(desk):
    owner = desk("owner")
    owner.put("/templates/mine", HELLO)
    owner.post("/templates/mine/submit")
    assert (
        owner.post("/templates/mine/decide", {"number": 1, "approve": True}, expect=409)["code"]
        == "own_version"
    )


def test_bad_input_names_its_field(desk):
    owner = desk("owner")
    for body, field in (
        ({**HELLO, "name": {"zh": "", "en": ""}}, "name.zh"),
        ({**HELLO, "links": {"main": "https://evil.example"}}, "links.main"),
        ({**HELLO, "samples": {"member": 1}}, "samples.member"),
    ):
        problem = owner.put("/templates/x", body, expect=422)
        assert field in [one["field"] for one in problem["errors"]], problem
    for body in ({**HELLO, "contents": {"fax": {}}}, {**HELLO, "more": 1}, {}):
        owner.put("/templates/x", body, expect=422)
    owner.put("/templates/Bad Code!", HELLO, expect=422)
    owner.get("/templates/nothing", expect=404)
    owner.put(
        "/templates/broken",
        {**HELLO, "contents": {"sms": {"zh": {"body": "{% if"}, "en": {"body": "{{ nobody }}"}}}},
    )
    fields = {one["field"]: one["line"] for one in owner.get("/templates/broken")["problems"]}
    assert fields == {"contents.sms.zh.body": 1, "contents.sms.en.body": 1}
    problem = owner.post("/templates/broken/submit", expect=422)
    assert {one["field"] for one in problem["errors"]} == set(fields)


def test_a_preview_says_words_cost_and_problems(desk):
    operator = desk("operator")
    asked = {
        "channel": "sms",
        "language": "zh",
        "content": {"body": "字" * 80, "sign": "晨"},
        "purpose": "service",
    }
    seen = operator.post("/templates/preview", asked)
    assert (
        seen["segments"] == {"encoding": "ucs2", "length": 83, "parts": 2, "per_part": 67}
        and seen["problems"] == []
    )
    seen = operator.post("/templates/preview", {**asked, "content": {"body": "一\n{{ nobody }}"}})
    assert [(one["line"], one["code"]) for one in seen["problems"]] == [(2, "unknown_variable")]


def test_a_test_goes_to_a_member_where_the_channel_has_no_address(shop, desk):
    operator = desk("operator")
    enrol_members(shop, 1)
    [row] = operator.get("/members")["items"]
    words = {"inbox": {"zh": {"body": "{{ member.code }}"}, "en": {"body": "{{ member.code }}"}}}
    operator.put("/templates/hello", {**HELLO, "contents": {**WORDS, **words}})
    asked = {"number": 1, "channel": "inbox", "language": "en"}
    refused = operator.post("/templates/hello/test", asked, expect=422)
    assert [(one["field"], one["message"]) for one in refused["errors"]] == [("member", "Choose a member")]
    for wrong in ({"member": "NOBODY"}, {"to": "anything"}):
        said = operator.post("/templates/hello/test", {**asked, **wrong}, expect=422)
        assert said["errors"][0]["field"] == "member"
    assert operator.post("/templates/hello/test", {**asked, "member": row["code"]})["state"] == "sandboxed"
    refused = operator.post("/templates/hello/test", {**asked, "channel": "sms"}, expect=422)
    assert refused["errors"][0]["field"] == "to"


def test_who_may_see_and_set_accounts(desk):
    owner, operator, clerk = desk("owner"), desk("operator"), desk("clerk")
    account = {
        "provider": "aliyun_sms",
        "name": {"zh": "短信", "en": "SMS"},
        "settings": {"key": "AK", "secret": "very-secret", "sign": "晨"},
    }
    assert operator.put("/channel-accounts/sms", account, expect=403)["code"] == "forbidden"
    made = owner.put("/channel-accounts/sms", account)
    assert made["sandbox"] and made["secrets_set"] == ["secret"] and "very-secret" not in str(made)
    assert [one["key"] for one in operator.get("/channel-accounts")] == ["sms"]
    assert operator.get("/channel-accounts/sms/receipts", expect=403)["code"] == "forbidden"
    assert "/m/receipts/" in owner.get("/channel-accounts/sms/receipts")["url"]
    clerk.get("/channel-accounts", expect=403)
    assert {one["code"] for one in owner.get("/channel-providers")} == {
        "smtp", "aliyun_sms", "tencent_sms", "wechat_official", "wechat_mini", "wecom", "jpush", "fcm", "webhook",
    }  # fmt: skip
    assert owner.delete("/channel-accounts/sms") == {"changed": 1}
    owner.delete("/channel-accounts/sms", expect=404)


def test_links_their_sites_and_the_copywriter(desk):
    owner, operator = desk("owner"), desk("operator")
    assert operator.get("/links") == [] and operator.get("/links/sites")["domains"] == []
    assert operator.put("/links/sites", {"domains": ["shop.example.com"]}, expect=403)["code"] == "forbidden"
    assert owner.put("/links/sites", {"domains": ["Shop.example.com"]})["domains"] == ["shop.example.com"]
    assert (
        owner.put("/links/sites", {"domains": ["ok.example.com", "10.0.0.1"]}, expect=422)["errors"][0][
            "field"
        ]
        == "domains[1]"
    )
    assert operator.get("/copywriter") == {"ready": False, "model": ""}
    problem = operator.post("/copywriter/proposals", {"channel": "sms", "brief": "春"}, expect=409)
    assert problem["code"] == "no_copywriter"
    assert len(operator.post("/templates/ready-made")["made"]) == 18
