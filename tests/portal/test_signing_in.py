"""Coming in by a code, joining, going out; and everything that must not let anybody in."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from tests.portal.world import BEGAN, PHONE, Browser, freeze, make_brand

from regulars.facts.consents import api as consents
from regulars.facts.members import api as members
from regulars.facts.members.types import ById, IdentityIn
from regulars.kit import clock
from regulars.messaging import api as messaging
from regulars.platform.organisations import api as organisations


def test_a_member_signs_in_and_out(brand, browser, signed_in):
    brand.enrol(name="Ana")
    assert browser.get("front")["member"] is None
    signed_in()
    front = browser.get("front")
    assert front["member"]["name"] == "Ana"
    assert browser.get("card")["tier"]["name"] == "Normal"
    assert browser.call("DELETE", "session").status_code == 204
    assert browser.call("GET", "card").status_code == 401
    assert browser.get("front")["member"] is None


def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites(brand, browser, signed_in):
    brand.enrol()
    signed_in()
    cookie = browser.client.cookies[f"member_{brand.slug}"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert "regulars" not in browser.client.cookies  # the staff's session is another


def test_signing_out_ends_the_session_on_the_server_too(brand, browser, signed_in):
    brand.enrol()
    signed_in()
    stolen = browser.client.cookies[f"member_{brand.slug}"].value
    browser.call("DELETE", "session")
    browser.client.cookies[f"member_{brand.slug}"] = stolen
    assert browser.call("GET", "card").status_code == 401


def test_a_session_is_good_for_one_brand_only(brand, browser, signed_in):
    other = make_brand(f"{brand.slug}-b", brand.scope.organisation_id)
    brand.enrol()
    signed_in()
    visitor = Browser(other.slug).open()
    visitor.client.cookies[f"member_{other.slug}"] = browser.client.cookies[f"member_{brand.slug}"].value
    assert visitor.call("GET", "card").status_code == 401


def test_nothing_tells_whether_a_number_is_a_member_s(brand, browser):
    brand.enrol(PHONE)
    stranger = Browser(brand.slug).open()
    known, unknown = browser.ask_code(PHONE), stranger.ask_code("13900139000")
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    wrong = [b.give_code("000000", a) for b, a in ((browser, PHONE), (stranger, "13900139000"))]
    assert wrong[0].status_code == wrong[1].status_code == 422
    without_id = [{k: v for k, v in a.json().items() if k != "instance"} for a in wrong]
    assert without_id[0] == without_id[1]
    again = [b.ask_code(a) for b, a in ((browser, PHONE), (stranger, "13900139000"))]
    assert [a.status_code for a in again] == [429, 429]
    assert again[0].json()["code"] == again[1].json()["code"] == "too_many_attempts"


def test_the_code_comes_in_the_language_of_the_page(brand):
    for language, words in (("zh-CN", "验证码"), ("en", "your code is")):
        browser = Browser(brand.slug, language).open()
        browser.ask_code("13700137000" if language == "en" else PHONE)
        assert words in messaging.list_messages(scope=brand.scope).items[0].body


def test_joining_keeps_how_she_came_and_to_what_she_agreed(brand, browser):
    browser.ask_code()
    assert browser.give_code(brand.last_code()).json() == {"outcome": "enrol"}
    answer = browser.join(
        values={"name": "安娜", "birthday": "1990-02-28"},
        store="S1",
        source="table-7",
        recruiter="K7",
        marketing=["sms"],
    )
    assert answer.json() == {"outcome": "signed_in"}
    [member] = members.resolve(
        organisation_id=brand.scope.organisation_id,
        brand_id=brand.scope.brand_id,
        refs=[ById(identity=IdentityIn("phone", PHONE))],
    )
    card = members.get_card(scope=brand.scope, member_id=member)
    store = organisations.stores_of(brand_id=brand.scope.brand_id)["S1"]
    assert (card.store_id, card.touchpoint, card.recruiter, card.channel) == (store.id, "table-7", "K7", "h5")
    assert card.profile.name == "安娜" and card.profile.birthday == "1990-02-28"
    assert card.identities[0].verified_at is not None
    acts = consents.history(scope=brand.scope, member_id=member).items
    assert [(act.purpose, act.channel, act.granted, act.version, act.source) for act in acts] == [
        ("marketing", "sms", True, "1", "portal"),
        ("terms", "", True, "1", "portal"),
    ]
    shown = browser.get("front")["consent"]
    assert [line for line in acts[1].text.en.splitlines() if line] == shown["paragraphs"]


def test_nobody_joins_without_a_proven_address(brand, browser):
    assert browser.join().json()["code"] == "not_proven"
    browser.ask_code()
    assert browser.join().json()["code"] == "not_proven"
    browser.give_code(brand.last_code())
    assert browser.join("13900139000").json()["code"] == "not_proven"  # another number than the proven one
    assert browser.join().json() == {"outcome": "signed_in"}
    assert browser.join().json()["code"] == "not_proven"  # used up


def test_what_the_form_lacks_is_said_by_field_and_the_proof_stays_good(brand, browser):
    browser.ask_code()
    browser.give_code(brand.last_code())
    answer = browser.join(values={"name": " "}).json()
    assert [e["field"] for e in answer["errors"]] == ["values.name"]
    answer = browser.join(values={"name": "Ana", "birthday": "2190-01-01"}).json()
    assert [e["field"] for e in answer["errors"]] == ["values.birthday"]
    answer = browser.join(values={"name": "Ana", "status": "left"}).json()
    assert [(e["field"], e["code"]) for e in answer["errors"]] == [("values.status", "unknown_field")]
    answer = browser.join(consent_version="0").json()
    assert [e["code"] for e in answer["errors"]] == ["consent_changed"]
    assert browser.join().json() == {"outcome": "signed_in"}


def test_a_member_of_a_sister_brand_joins_with_the_same_identity(brand, browser):
    sister = make_brand(f"{brand.slug}-b", brand.scope.organisation_id)
    known = sister.enrol(PHONE, name="Ana")
    browser.ask_code()
    assert browser.give_code(brand.last_code()).json() == {"outcome": "enrol"}
    browser.join(values={"name": "Anna B"})
    card = members.get_card(scope=brand.scope, member_id=known)
    assert set(card.brands) == {brand.scope.brand_id, sister.scope.brand_id}
    assert card.profile.name == "Ana"  # what she said before stays


def test_somebody_who_left_is_told_so_only_after_the_code(brand, browser):
    member = brand.enrol()
    members.update_member(scope=brand.scope, member_id=member, changes={"status": "left"}, now=BEGAN)
    assert browser.ask_code().status_code == 202
    assert browser.give_code("000000").json()["code"] == "invalid_input"
    answer = browser.give_code(brand.last_code())
    assert (answer.status_code, answer.json()["code"]) == (409, "member_left")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "codes", {"kind": "phone", "address": PHONE}),
        ("POST", "session", {"kind": "phone", "address": PHONE, "code": "123456"}),
        ("POST", "enrolment", {"kind": "phone", "address": PHONE, "values": {}, "consent_version": "1"}),
        ("DELETE", "session", None),
        ("PATCH", "profile", {"values": {"name": "X"}}),
        ("POST", "identifiers/codes", {"kind": "phone", "address": PHONE}),
        ("POST", "identifiers", {"kind": "phone", "address": PHONE, "code": "123456"}),
    ],
)
def test_every_write_from_another_site_is_refused(brand, browser, signed_in, method, path, body):
    brand.enrol()
    signed_in()
    for token in ("", "x" * 64):
        answer = browser.call(method, path, body, **{"X-CSRFToken": token})
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


@pytest.mark.parametrize(
    "path", ["card", "pass", "benefits", "points", "history", "orders", "profile", "identifiers"]
)
def test_a_visitor_sees_nothing_that_is_a_member_s(brand, browser, path):
    brand.enrol()
    answer = browser.call("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (401, "signed_out")
    assert answer["Content-Type"] == "application/problem+json"


def test_a_brand_that_is_none_is_not_found(browser):
    assert Browser("nobody").call("GET", "front").status_code == 404
    assert browser.client.get("/h/nobody/").status_code == 404


def test_input_of_the_wrong_shape_is_said_in_the_reader_s_language(brand):
    browser = Browser(brand.slug, "zh-CN").open()
    answer = browser.call("POST", "codes", {"kind": "fax", "address": PHONE, "extra": 1})
    assert answer.status_code == 422
    assert {(e["field"], e["message"]) for e in answer.json()["errors"]} == {
        ("kind", "不是可选的值"),
        ("extra", "没有这个字段"),
    }
    answer = browser.ask_code("不是号码")
    assert answer.json()["errors"][0]["message"] == "手机号格式不正确"


def test_no_code_and_no_number_reaches_the_log(brand, browser, caplog):
    caplog.set_level(logging.DEBUG)
    browser.ask_code()
    code = brand.last_code()
    browser.give_code(code)
    browser.join(values={"name": "Zaphod"})
    text = json.dumps(
        [r.getMessage() for r in caplog.records if not r.name.startswith(("django.db", "asyncio"))]
    )
    assert code not in text and PHONE not in text and "Zaphod" not in text


def test_a_second_way_to_sign_in_is_added_by_its_own_code(brand, browser, signed_in):
    brand.enrol()
    signed_in()
    mail = "ana@example.org"
    assert browser.call("POST", "identifiers/codes", {"kind": "email", "address": mail}).status_code == 202
    code = brand.last_code()
    # a code for adding does not sign anybody in
    stranger = Browser(brand.slug).open()
    assert stranger.give_code(code, mail, "email").status_code == 422
    answer = browser.call("POST", "identifiers", {"kind": "email", "address": mail, "code": code})
    assert [(i["kind"], i["shown"], i["verified"]) for i in answer.json()["items"]] == [
        ("phone", "138****8000", True),
        ("email", "a***@example.org", True),
    ]
    with freeze(clock.now() + timedelta(seconds=61)):
        stranger.ask_code(mail, "email")
        assert stranger.give_code(brand.last_code(), mail, "email").json() == {"outcome": "signed_in"}


def test_somebody_else_s_number_cannot_be_added(brand, browser, signed_in):
    brand.enrol()
    brand.enrol("13900139000")
    signed_in()
    browser.call("POST", "identifiers/codes", {"kind": "phone", "address": "13900139000"})
    answer = browser.call(
        "POST", "identifiers", {"kind": "phone", "address": "13900139000", "code": brand.last_code()}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "identity_taken")
