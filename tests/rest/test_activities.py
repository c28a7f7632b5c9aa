"""Posting and reading activities over HTTP: receipts, keys, batches, and every way a body can be wrong."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.rest.shop import Shop, order

from regulars.kit import clock


def earned(receipt: dict[str, Any]) -> int:
    points: int = receipt["earned"]["points"]
    return points


def test_an_order_earns_and_says_why(shop: Shop) -> None:
    member = shop.enrol()
    at = clock.now() - timedelta(hours=1)
    # 128.50 yuan at 1 point per yuan: 128; her first order: +100; 100 yuan or more: +50. It is Wednesday the 13th:
    # no member day, no weekend morning; no coffee, no birthday known.
    answer = shop.call("POST", "/activities", order(member, "N1", 12_850, at, store="S1", channel="store"))
    assert answer.status == 201
    receipt = json.loads(answer.content)
    outcomes = {o["rule"]: o for o in receipt["outcomes"]}
    assert outcomes["base-points"]["effects"][0]["amount"] == 128
    assert outcomes["first-order"]["effects"][0]["amount"] == 100
    assert receipt["earned"] == {"points": 278, "growth": 128}
    assert outcomes["birthday-month"]["reason"] == "condition"
    (shown,) = shop.call.get(f"/members/{member}/activities")["items"]
    assert (shown["type"], shown["amount"], shown["store"], shown["subject"]) == ("order", 12_850, "S1", "N1")
    assert shown["receipt"]["outcomes"] == receipt["outcomes"]
    assert "member" not in shown["body"]
    one = shop.call.get(f"/members/{member}/activities/{receipt['activity_id']}")
    assert one == shown
    why = shop.call.get(f"/members/{member}/activities/{receipt['activity_id']}/explanation")
    sentences = {o["rule"]: o["sentence"] for o in why["outcomes"]}
    assert sentences["base-points"] == "Points for purchases: +128 points"
    assert "birthday" in sentences["birthday-month"].lower()
    assert sum(e["amount"] for e in why["entries"] if e["unit"] == "points") == earned(receipt)
    shop.call.language = "zh-CN"
    said = shop.call.get(f"/members/{member}/activities/{receipt['activity_id']}/explanation")
    assert {o["rule"]: o["sentence"] for o in said["outcomes"]}["base-points"] == "消费得积分：+128 积分"


def test_the_same_order_again_answers_the_first_receipt(shop: Shop) -> None:
    member = shop.enrol()
    body = order(member, "N1", 10_000, clock.now() - timedelta(hours=1))
    first = shop.call("POST", "/activities", body)
    again = shop.call("POST", "/activities", body)
    assert (first.status, again.status) == (201, 200)
    assert json.loads(again.content) == {**json.loads(first.content), "duplicate": True}
    other = shop.call.refused("POST", "/activities", {**body, "channel": "web"})
    assert (other["status"], other["code"]) == (409, "idempotency_conflict")
    # for another member too: one order is one effect
    second = shop.enrol("13900139000")
    stolen = shop.call.refused("POST", "/activities", {**body, "member": {"id": second}})
    assert (stolen["status"], stolen["code"]) == (409, "idempotency_conflict")
    (balance, *_) = shop.call.get(f"/members/{second}/balances")["items"]
    assert balance["available"] == 0


def test_an_idempotency_key_serves_what_has_no_number(shop: Shop) -> None:
    member = shop.enrol()
    body = {"type": "checkin", "member": {"id": member}, "occurred_at": clock.now().isoformat()}
    first = shop.call("POST", "/activities", body, Idempotency_Key="visit-1")
    again = shop.call("POST", "/activities", body, Idempotency_Key="visit-1")
    assert (first.status, again.status) == (201, 200)
    other = shop.call.refused("POST", "/activities", {**body, "source": "kiosk"}, Idempotency_Key="visit-1")
    assert (other["status"], other["code"]) == (409, "idempotency_conflict")
    two = shop.call.refused("POST", "/activities", {**body, "key": "a"}, Idempotency_Key="b")
    assert two["errors"][0]["code"] == "two_keys"


def test_a_batch_gives_each_item_its_receipt_or_its_problem(shop: Shop) -> None:
    member = shop.enrol()
    at = clock.now() - timedelta(hours=2)
    items: list[Any] = [
        order(member, "N1", 10_000, at),
        {**order(member, "N2", 10_000, at), "store": "NOPE"},
        {"type": "order"},
        "nonsense",
        order("01a1ffea-2a39-73de-98db-5da5bc23468d", "N3", 100, at),
        {**order(member, "N4", 10_000, at), "member": {"identity": {"type": "phone", "value": "138"}}},
        order(member, "N5", 5_000, at + timedelta(minutes=5)),
    ]
    answers = shop.call.post("/activities/batch", {"activities": items})["items"]
    assert ["receipt" in a for a in answers] == [True, False, False, False, False, False, True]
    problems = [a["problem"] for a in answers if "problem" in a]
    assert [p["status"] for p in problems] == [422, 422, 422, 404, 422]
    assert problems[0]["errors"][0]["field"] == "store"
    assert problems[1]["errors"][0] == {"field": "member", "code": "missing", "message": "Required"}
    # 100 yuan and 50 yuan: 150 growth
    growth = [b for b in shop.call.get(f"/members/{member}/balances")["items"] if b["unit"] == "growth"]
    assert growth[0]["available"] == 150


def test_what_is_posted_may_name_a_member_in_any_of_three_ways(shop: Shop) -> None:
    member = shop.enrol()
    code = shop.call.get(f"/members/{member}")["code"]
    at = clock.now() - timedelta(hours=2)
    refs = [{"id": member}, {"code": code.lower()}, {"identity": {"type": "phone", "value": "138 0013 8000"}}]
    items = [{**order(member, f"N{n}", 100, at), "member": ref} for n, ref in enumerate(refs)]
    answers = shop.call.post("/activities/batch", {"activities": items})["items"]
    assert {a["receipt"]["member_id"] for a in answers} == {member}


GOOD: dict[str, Any] = {
    "type": "checkin",
    "member": {"code": "NOBODY1"},
    "occurred_at": "2026-05-01T12:00:00+08:00",
}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"occurred_at": None}, "occurred_at", "wrong_type"),
        ({"occurred_at": "yesterday"}, "occurred_at", "invalid"),
        ({"type": 5}, "type", "wrong_type"),
        ({"type": ""}, "type", "out_of_range"),
        ({"colour": 1}, "colour", "unknown_field"),
        ({"member": {"id": "x"}}, "member.id", "invalid"),
        ({"order": {"number": "1", "lines": [{"sku": "A"}]}}, "order.lines[0].amount", "missing"),
        (
            {"order": {"number": "1", "lines": [{"sku": "A", "amount": -1}]}},
            "order.lines[0].amount",
            "out_of_range",
        ),
        ({"order": {"number": "1", "lines": []}}, "order.lines", "out_of_range"),
        (
            {"order": {"number": "1", "lines": [{"sku": "A", "amount": 1.5}]}},
            "order.lines[0].amount",
            "wrong_type",
        ),
        (
            {"order": {"number": "1", "lines": [{"sku": "A", "amount": 1, "quantity": 0}]}},
            "order.lines[0].quantity",
            "bad_quantity",
        ),
    ],
)
def test_a_wrong_body_is_refused_with_the_path(shop: Shop, change: Any, field: str, code: str) -> None:
    problem = shop.call.refused("POST", "/activities", GOOD | change)
    assert problem["status"] == 422
    errors = {error["field"]: error for error in problem["errors"]}
    assert errors[field]["code"] == code, errors
    assert errors[field]["message"]


@pytest.mark.parametrize("path", ["/activities", "/activities/batch", "/members", "/members/tags"])
def test_bodies_that_are_no_json_too_large_or_of_another_type(shop: Shop, path: str) -> None:
    for body in ("{", "", "nul", '{"a": NaN}', "[" * 100_000, b"\xff\xfe"):
        problem = shop.call.refused("POST", path, body)
        assert problem["status"] in (400, 415, 422), body
    large = '{"activities": "' + "x" * (10 * 1024 * 1024) + '"}'
    assert shop.call.refused("POST", path, large)["status"] == 413
    typed = shop.call.refused("POST", path, "a=1", Content_Type="application/x-www-form-urlencoded")
    assert (typed["status"], typed["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "nasty", ["\x00", "a\x00b", "\ud800", "\u202e", "x" * 300, "’; DROP TABLE member; --"]
)
def test_no_text_makes_posting_fail(shop: Shop, nasty: str) -> None:
    member = shop.enrol()
    good = order(member, "N1", 100, clock.now() - timedelta(hours=1))
    bodies = [{**good, name: nasty} for name in ("type", "source", "store", "channel", "key", "delivery")]
    bodies += [{**good, "order": {**good["order"], "number": nasty}}]
    bodies += [{**good, "order": {"number": "N", "lines": [{"sku": "A", "amount": 1, name: nasty}]}} for name in
               ("sku", "name", "category", "department", "brand")]  # fmt: skip
    bodies += [
        {**good, "member": {"code": nasty}},
        {**good, "member": {"identity": {"type": nasty, "value": nasty}}},
    ]
    bodies += [
        {
            "type": "checkin",
            "member": good["member"],
            "occurred_at": good["occurred_at"],
            "data": {nasty: nasty},
        }
    ]
    for body in bodies:
        answer = shop.call("POST", "/activities", json.dumps(body))
        assert answer.status in (200, 201, 400, 404, 409, 422), (body, answer)
    answers = shop.call("POST", "/activities/batch", json.dumps({"activities": bodies}))
    assert answers.status in (200, 400), answers


def test_burns_come_in_as_activities_only_from_keys_that_may_burn(shop: Shop) -> None:
    member = shop.enrol()
    shop.call.post("/activities", order(member, "N1", 100_000, clock.now() - timedelta(hours=1)))
    burn = {
        "type": "burn",
        "member": {"id": member},
        "occurred_at": clock.now().isoformat(),
        "key": "b1",
        "burn": {"unit": "points", "amount": 10},
    }
    poster = shop.key({"activities.write"})
    refused = poster.refused("POST", "/activities", burn)
    assert (refused["status"], refused["data"]) == (403, {"permission": "ledger.burn"})
    (item,) = poster.post("/activities/batch", {"activities": [burn]})["items"]
    assert item["problem"]["status"] == 403
    assert shop.call("POST", "/activities", burn).status == 201
    internal = shop.call.refused(
        "POST", "/activities", {**GOOD, "type": "adjust", "member": {"id": member}, "key": "k"}
    )
    assert internal["status"] == 422
