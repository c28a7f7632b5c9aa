"""What the intake says to input that is wrong, early, twice or too much; and that nothing changed by it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.stories.world import Story


@pytest.fixture
def ann(story: Story) -> str:
    member = story.enrol("13800000001")
    story.post(story.order(member, "N0", 10_000))
    return member


def field_errors(problem: dict[str, Any]) -> dict[str, str]:
    assert (problem["status"], problem["code"]) == (422, "invalid_input")
    return {error["field"]: error["code"] for error in problem["errors"]}


def test_a_refund_larger_than_the_order(story: Story, ann: str) -> None:
    story.post(story.order(ann, "N1", lines=[{"sku": "A", "amount": 9_000, "quantity": 3}]))
    story.post(story.refund(ann, "R1", "N1", [{"line": 1, "quantity": 2}]))
    unchanged = story.nothing_changed_since(ann)
    problem = story.refused(story.refund(ann, "R2", "N1", [{"line": 1, "quantity": 2}]))
    assert (problem["status"], problem["code"]) == (422, "refund_exceeds_order")
    assert problem["data"] == {"field": "refund.lines[1].quantity", "left": "1"}
    assert "1 left" in problem["title"]
    unknown = story.refused(story.refund(ann, "R3", "N1", [{"line": 2}]))
    assert field_errors(unknown) == {"refund.lines[0].line": "unknown_line"}
    unchanged()
    # the number of a refused refund is free: put right, it goes through
    story.post(story.refund(ann, "R2", "N1", [{"line": 1, "quantity": 1}]))
    assert story.balance(ann) == (100, 0, 0, 0)
    all_back = story.refused(story.refund(ann, "R4", "N1"))
    assert all_back["code"] == "refund_exceeds_order"


def test_an_unknown_store(story: Story, ann: str) -> None:
    unchanged = story.nothing_changed_since(ann)
    problem = story.refused(story.order(ann, "N1", 100, store="S9"))
    assert field_errors(problem) == {"store": "unknown_store"}
    unchanged()


NO_QUANTITY = [-1, 0, "0", -0.5, 1e30, "0.0000001", "NaN"]


@pytest.mark.parametrize("quantity", NO_QUANTITY)
def test_quantities_that_are_none(story: Story, ann: str, quantity: Any) -> None:
    unchanged = story.nothing_changed_since(ann)
    lines = [{"sku": "A", "amount": 100}, {"sku": "B", "amount": 100, "quantity": quantity}]
    problem = story.refused(story.order(ann, "N1", lines=lines))
    assert list(field_errors(problem)) == ["order.lines[1].quantity"]
    unchanged()


@pytest.mark.parametrize("quantity", NO_QUANTITY)
def test_refunds_of_quantities_that_are_none(story: Story, ann: str, quantity: Any) -> None:
    story.post(story.order(ann, "N1", 100))
    unchanged = story.nothing_changed_since(ann)
    refund = story.refund(ann, "R1", "N1", [{"line": 1, "quantity": quantity}])
    assert list(field_errors(story.refused(refund))) == ["refund.lines[0].quantity"]
    unchanged()


@pytest.mark.parametrize("amount", [-1, 1.5, "100", None, 10**18])
def test_amounts_that_are_none(story: Story, ann: str, amount: Any) -> None:
    unchanged = story.nothing_changed_since(ann)
    problem = story.refused(story.order(ann, "N1", lines=[{"sku": "A", "amount": amount}]))
    (field,) = field_errors(problem)
    assert field.startswith("order.lines[") and field.endswith("amount")
    unchanged()


def test_the_future_and_the_stone_age(story: Story, ann: str) -> None:
    unchanged = story.nothing_changed_since(ann)
    assert field_errors(story.refused(story.order(ann, "N1", 100, when="2025-01-06 12:06"))) == {
        "occurred_at": "in_future"
    }
    assert field_errors(story.refused(story.order(ann, "N1", 100, when="1999-12-31 12:00"))) == {
        "occurred_at": "too_old"
    }
    zoneless = story.order(ann, "N1", 100) | {"occurred_at": "2025-01-06T12:00:00"}
    assert list(field_errors(story.refused(zoneless))) == ["occurred_at"]
    unchanged()
    # five minutes of a till's clock running ahead are nothing
    story.post(story.order(ann, "N1", 100, when="2025-01-06 12:05"))


def test_a_currency_that_is_not_the_programme_s(story: Story, ann: str) -> None:
    unchanged = story.nothing_changed_since(ann)
    assert field_errors(story.refused(story.order(ann, "N1", 100, currency="USD"))) == {
        "order.currency": "wrong_currency"
    }
    unchanged()
    story.post(story.order(ann, "N1", 100, currency="CNY"))


def test_ten_megabytes(story: Story, ann: str) -> None:
    """Exactly 10 MB of JSON are read; one byte more is not."""
    most = 10 * 1024 * 1024
    body = json.dumps({"activities": [story.order(ann, "N1", 100)]})
    full = body + " " * (most - len(body))
    answer = story.call("POST", "/activities/batch", full)
    assert answer.ok()["items"][0]["receipt"]["earned"]["points"] == 1
    unchanged = story.nothing_changed_since(ann)
    for path in ("/activities", "/activities/batch"):
        problem = story.call.refused("POST", path, full + " ")
        assert problem["status"] == 413
    # 10 MB of one number, of brackets, of a name: refused, not suffered
    for garbage in ("9" * most, "[" * most, '{"type": "' + "x" * (most - 12) + '"}', "\x00" * most):
        assert story.call.refused("POST", "/activities", garbage)["status"] in (400, 422)
    unchanged()


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "{", '{"type": "order"}', "\xff", '{"type": NaN}', "[" * 100_000]
)
def test_what_is_no_activity(story: Story, ann: str, body: str) -> None:
    unchanged = story.nothing_changed_since(ann)
    for path in ("/activities", "/activities/batch"):
        problem = story.call.refused("POST", path, body.encode("latin-1"))
        assert problem["status"] in (400, 415, 422) and problem["code"]
    unchanged()


def test_all_that_is_wrong_is_said_at_once_in_the_caller_s_language(story: Story, ann: str) -> None:
    wrong = story.order(ann, "N1", 100, store="S9", when="2026-01-01 00:00", currency="EUR")
    english = story.refused(wrong)
    assert set(field_errors(english)) == {"occurred_at", "store", "order.currency"}
    chinese = story.refused(wrong, Accept_Language="zh-CN")
    assert field_errors(chinese) == field_errors(english)
    said = {e["field"]: e["message"] for e in chinese["errors"]}
    assert said["store"] == "没有门店 S9" and "CNY" in said["order.currency"]
    assert chinese["title"] == "输入有误" and english["title"] == "The input has errors"


def test_types_and_fields_nobody_declared(story: Story, ann: str) -> None:
    unchanged = story.nothing_changed_since(ann)
    assert field_errors(story.refused(story.activity("yoga", ann, key="y1"))) == {"type": "unknown_type"}
    assert field_errors(story.refused(story.activity("adjust", ann, key="a1", data={}))) == {
        "type": "unknown_type"
    }
    assert field_errors(story.refused(story.activity("order", ann, key="k"))) == {"order": "required"}
    extra = story.order(ann, "N1", 100) | {"note": "x"}
    assert field_errors(story.refused(extra)) == {"note": "unknown_field"}
    assert field_errors(story.refused(story.activity("checkin", ann))) == {"key": "required"}
    story.call(
        "PUT",
        "/activity-types/yoga",
        {
            "name": {"zh": "瑜伽", "en": "Yoga"},
            "fields": [
                {
                    "key": "minutes",
                    "type": "int",
                    "label": {"zh": "分钟", "en": "Minutes"},
                    "required": True,
                    "minimum": 1,
                }
            ],
        },
    ).ok()
    for data, code in (
        ({}, "required"),
        ({"minutes": 0}, None),
        ({"minutes": "ten"}, None),
        ({"hours": 1}, None),
    ):
        errors = field_errors(story.refused(story.activity("yoga", ann, key="y1", data=data)))
        assert errors and all(field.startswith("data.") for field in errors)
        assert code is None or errors["data.minutes"] == code
    unchanged()
    story.post(story.activity("yoga", ann, key="y1", data={"minutes": 45}))


def test_members_that_are_none(story: Story, ann: str) -> None:
    order = story.order(ann, "N1", 100)
    nobody = story.refused(order | {"member": {"id": "01234567-89ab-7def-8123-456789abcdef"}})
    assert nobody["status"] == 404
    stranger = story.refused(order | {"member": {"identity": {"type": "phone", "value": "13900000009"}}})
    assert stranger["status"] == 404
    story.post(order | {"member": {"identity": {"type": "phone", "value": "+86 138 0000 0001"}}})


def test_the_same_again_and_another_under_its_name(story: Story, ann: str) -> None:
    order = story.order(ann, "N1", 12_300)
    first = story.call("POST", "/activities", order)
    assert first.status == 201
    again = story.call("POST", "/activities", order)
    assert again.status == 200
    assert again.ok() == first.ok() | {"duplicate": True}
    unchanged = story.nothing_changed_since(ann)
    assert story.refused(story.order(ann, "N1", 12_301))["status"] == 409
    ben = story.enrol("13800000002")
    assert story.refused(story.order(ben, "N1", 12_300))["status"] == 409
    unchanged()
    assert story.balance(ben) == (0, 0, 0, 0)
    # the same number of another source is another order
    story.post(story.order(ben, "N1", 100) | {"source": "web"})


def test_idempotency_key_header(story: Story, ann: str) -> None:
    checkin = story.activity("checkin", ann)
    first = story.post(checkin, Idempotency_Key="till-7:42")
    again = story.call("POST", "/activities", checkin, Idempotency_Key="till-7:42")
    assert again.status == 200 and again.ok()["activity_id"] == first["activity_id"]
    other = story.activity("checkin", ann, "2025-01-06 11:00")
    problem = story.refused(other, Idempotency_Key="till-7:42")
    assert (problem["status"], problem["code"]) == (409, "idempotency_conflict")
    assert field_errors(story.refused(checkin | {"key": "a"}, Idempotency_Key="b")) == {"key": "two_keys"}
    assert story.refused(checkin, Idempotency_Key="x" * 129)["status"] == 422


def test_a_batch_with_bad_items_loses_none_of_the_others(story: Story, ann: str) -> None:
    items = story.batch(
        story.order(ann, "N1", 10_000),
        story.order(ann, "N2", 10_000, store="S9"),
        {"type": "order", "nonsense": True},
        story.order(ann, "N1", 10_000),
        story.order(ann, "N1", 1),
        story.refund(ann, "R1", "N1"),
        story.refund(ann, "R2", "N1"),
        story.order(ann, "N3", 5_000, channel="app"),
    )
    said = [item["problem"]["code"] if "problem" in item else item["receipt"]["status"] for item in items]
    assert said == [
        "applied",
        "invalid_input",
        "invalid_input",
        "applied",
        "idempotency_conflict",
        "applied",
        "refund_exceeds_order",
        "applied",
    ]
    assert items[3]["receipt"]["duplicate"] is True
    # 100 of before, N1 came and went, N3: 50 and 20 on delivery
    assert story.balance(ann) == (150, 20, 0, 0)
    story.books_balance()


@pytest.mark.parametrize("count", [0, 10_001])
def test_batches_that_are_too_small_or_too_large(story: Story, ann: str, count: int) -> None:
    unchanged = story.nothing_changed_since(ann)
    problem = story.call.refused("POST", "/activities/batch", {"activities": [{}] * count})
    assert field_errors(problem) == {"activities": "bad_length"}
    unchanged()


def test_keys_that_are_none(story: Story, ann: str) -> None:
    order = story.order(ann, "N1", 100)
    for token in (None, "", "rk_live_nonsense", "rk_live_" + "x" * 60):
        call = type(story.call)(token)
        assert call.refused("POST", "/activities", order)["status"] == 401
    assert story.balance(ann) == (100, 0, 0, 0)
