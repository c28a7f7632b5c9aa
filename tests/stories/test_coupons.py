"""Coupons over the public API: claimed, verified within a budget, undone, given away, brought as codes, and over."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.rest.shop import Caller
from tests.stories.world import Story, at

from regulars.flows.coupons import api as flow
from regulars.kit import clock
from regulars.platform.apikeys import api as apikeys
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons

pytestmark = pytest.mark.django_db


def put(story: Story, key: str = "tea20", **settings: Any) -> None:
    """¥20 off, 30 days from the claim, to be changed by `settings`."""
    given: dict[str, Any] = {
        "key": key,
        "name": {"zh": "二十元券", "en": "Twenty off"},
        "state": "active",
        "offer": {"kind": "amount", "amount": 2000},
        "validity": {"kind": "after_claim", "days": 30},
        "claim": {"channels": ["portal", "code", "issue"]},
    }
    flow.put_definition(scope=story.scope, definition=given | settings, now=clock.now())


def put_budget(story: Story, amount: int) -> None:
    given = {"key": "winter", "name": {"zh": "冬季", "en": "Winter"}, "kind": "amount", "amount": amount}
    budgets.apply_definition(scope=story.scope, definition=given, now=clock.now())


def claim(story: Story, member: str, **body: str) -> dict[str, Any]:
    given: dict[str, str] = body or {"definition": "tea20"}
    coupon: dict[str, Any] = story.call.post(f"/members/{member}/coupons", given, Idempotency_Key=story.key())
    return coupon


def verify(story: Story, key: str | None = None, **body: Any) -> Any:
    given = {"store": "S1", **body}
    return story.call("POST", "/coupons/verifications", given, Idempotency_Key=key or story.key())


def refused(answer: Any) -> str:
    assert answer.status >= 400, answer
    code: str = json.loads(answer.content)["code"]
    return code


def left(story: Story) -> tuple[int, int]:
    (use,) = story.call.get("/budgets")["items"][0]["use"]
    return use["taken"], use["left"]


def figures(story: Story, key: str = "tea20") -> tuple[int, int, int | None]:
    found = story.call.get(f"/coupon-definitions/{key}")
    return found["issued"], found["used"], found["left"]


def test_a_budget_of_fifty_yuan_and_coupons_of_twenty(story: Story) -> None:
    """3 coupons of 20 within 50: two are used (40 of 50, which is 80 % and is announced), the third wants 20 of 10."""
    put_budget(story, 5_000)
    put(story, limits={"total": 3, "per_member": 1}, budgets=["winter"], worth=2_000)
    ann, bob, eve, joe = (story.enrol(f"1380000000{n}") for n in range(4))
    mine = {member: claim(story, member) for member in (ann, bob, eve)}
    # 6 January and 29 days more: 4 February is the last day
    assert mine[ann]["expires_at"] == "2025-02-04T16:00:00Z"
    sold_out = story.call.refused(
        "POST", f"/members/{joe}/coupons", {"definition": "tea20"}, Idempotency_Key="j"
    )
    assert (sold_out["status"], sold_out["code"]) == (409, "coupon_sold_out")
    assert sold_out["title"] == "All of “Twenty off” are taken"
    again = story.call.refused(
        "POST", f"/members/{ann}/coupons", {"definition": "tea20"}, Idempotency_Key="again"
    )
    assert again["code"] == "coupon_member_limit"
    assert figures(story) == (3, 0, 0)

    code = story.call.post(f"/members/{ann}/coupons/{mine[ann]['id']}/code")["code"]
    assert len(code.replace("-", "")) == 16
    first = verify(story, "v1", code=code.lower(), order="POS-1")
    assert first.status == 201
    used = first.ok()["coupon"]
    assert (used["state"], used["store"], used["amount"], used["order"]) == ("used", "S1", 2_000, "POS-1")
    assert left(story) == (2_000, 3_000)
    repeat = verify(story, "v1", code=code.lower(), order="POS-1")
    assert (repeat.status, repeat.ok()["coupon"]["id"]) == (200, used["id"])
    assert refused(verify(story, "v1", code=code, order="POS-2")) == "idempotency_conflict"
    assert refused(verify(story, code=code)) == "coupon_used"
    assert verify(story, member=bob, coupon_id=mine[bob]["id"]).status == 201
    assert left(story) == (4_000, 1_000)
    third = verify(story, member=eve, coupon_id=mine[eve]["id"])
    assert refused(third) == "budget_used_up"
    assert left(story) == (4_000, 1_000)
    (hers,) = story.call.get(f"/members/{eve}/coupons")["items"]
    assert (hers["state"], hers["why_not"]) == ("claimed", None)
    assert story.call.get("/budgets")["items"][0]["use"][0]["alerted"] is True
    with connection.cursor() as cursor:
        cursor.execute("SELECT topic FROM outbox WHERE topic LIKE 'budget.%%'")
        assert cursor.fetchall() == [("budget.alert",)]
    assert figures(story) == (3, 2, 0)


def test_undone_in_time_by_who_may(story: Story) -> None:
    """30 minutes: at 12:30 it is undone, at 12:31 only by whoever may undo late. The budget has it back exactly."""
    put_budget(story, 5_000)
    put(story, budgets=["winter"], worth=1_999)
    ann = story.enrol("13800000001")
    id_ = claim(story, ann)["id"]
    till = Caller(
        apikeys.create_key(
            scope=story.scope, name="till", permissions=frozenset({"coupons.use"}), now=clock.now()
        ).token
    )

    def undo(caller: Caller) -> Any:
        return caller("POST", f"/members/{ann}/coupons/{id_}/undo", {}, Idempotency_Key=story.key())

    assert refused(undo(till)) == "coupon_not_verified"
    verify(story, member=ann, coupon_id=id_).ok()
    assert left(story) == (1_999, 3_001)
    story.say("2025-01-06 12:30")
    assert undo(till).ok()["state"] == "claimed"
    assert left(story) == (0, 5_000)
    assert figures(story) == (1, 0, None)
    verify(story, member=ann, coupon_id=id_, amount=1).ok()
    story.say("2025-01-06 13:01")
    late = undo(till)
    assert (late.status, refused(late)) == (403, "forbidden")
    assert undo(story.call).ok()["state"] == "claimed"
    assert left(story) == (0, 5_000)
    voided = story.call.post(
        f"/members/{ann}/coupons/{id_}/void", {"comment": "wrong member"}, Idempotency_Key="v"
    )
    assert (voided["state"], voided["why_not"]["code"]) == ("void", "coupon_void")
    assert figures(story) == (0, 0, None)


def test_days_hours_stores_and_members_of_an_offer(story: Story) -> None:
    """Mondays to Fridays from 9 to 17 at S1: Monday noon is good, 17:00 and Saturday are not."""
    hours = {"weekdays": [1, 2, 3, 4, 5], "dayparts": [["09:00", "17:00"]]}
    at_s1 = {"field": "store.code", "op": "in", "value": ["S1"]}
    put(story, offer={"kind": "amount", "amount": 2000, "condition": at_s1, **hours})
    story.call("PUT", "/stores/S2", {"name": {"zh": "二店", "en": "Second"}}).ok()
    ann = story.enrol("13800000001")
    id_ = claim(story, ann)["id"]

    def why() -> str | None:
        (coupon,) = story.call.get(f"/members/{ann}/coupons")["items"]
        return coupon["why_not"] and coupon["why_not"]["code"]

    assert why() is None
    assert refused(verify(story, member=ann, coupon_id=id_, store="S2")) == "coupon_shut"
    story.say("2025-01-06 17:00")
    assert why() == "outside_hours"
    shut = verify(story, member=ann, coupon_id=id_)
    assert refused(shut) == "coupon_shut"
    assert "not at this time of day" in shut.content.decode()
    story.say("2025-01-11 12:00")
    assert why() == "wrong_day"
    chinese = Caller(story.call.token, language="zh-CN")
    said = chinese.refused(
        "POST",
        "/coupons/verifications",
        {"member": ann, "coupon_id": id_, "store": "S1"},
        Idempotency_Key="zh",
    )
    assert said["title"] == "“二十元券”现在不可用：今天不可用"
    story.say("2025-01-13 09:00")
    assert verify(story, member=ann, coupon_id=id_).status == 201


def test_a_gift_goes_to_whoever_takes_it(story: Story) -> None:
    put(story, transferable=True, gift_hours=24)
    put(story, "plain")
    ann, bob, eve = (story.enrol(f"1380000000{n}") for n in range(3))
    id_ = claim(story, ann)["id"]
    gift = story.call.post(f"/members/{ann}/coupons/{id_}/gift", {"message": "喝茶"}, Idempotency_Key="g")
    assert datetime.fromisoformat(gift["expires_at"]) == at("2025-01-07 12:00")
    same = story.call.post(f"/members/{ann}/coupons/{id_}/gift", {"message": "喝茶"}, Idempotency_Key="g")
    assert same["token"] == gift["token"]
    assert gift["coupon"]["why_not"]["code"] == "coupon_being_given"
    assert refused(verify(story, member=ann, coupon_id=id_)) == "coupon_being_given"
    own = story.call.refused("POST", f"/members/{ann}/gifts", {"token": gift["token"]})
    assert own["code"] == "gift_own"
    taken = story.call.post(f"/members/{bob}/gifts", {"token": gift["token"].lower()})
    assert taken["expires_at"] == gift["coupon"]["expires_at"]
    assert story.call.post(f"/members/{bob}/gifts", {"token": gift["token"]})["id"] == taken["id"]
    late = story.call.refused("POST", f"/members/{eve}/gifts", {"token": gift["token"]})
    assert (late["status"], late["code"]) == (409, "gift_gone")
    assert [c["state"] for c in story.call.get(f"/members/{ann}/coupons")["items"]] == ["gifted"]
    # one that nobody takes comes back by itself after 24 hours
    again = story.call.post(f"/members/{bob}/coupons/{taken['id']}/gift", {}, Idempotency_Key="h")
    story.say("2025-01-07 12:00")
    assert coupons.release_due(clock.now()) == 1
    assert (
        story.call.refused("POST", f"/members/{eve}/gifts", {"token": again["token"]})["code"] == "gift_gone"
    )
    assert verify(story, member=bob, coupon_id=taken["id"]).status == 201
    assert figures(story) == (1, 1, None)
    plain = claim(story, eve, definition="plain")["id"]
    answer = story.call.refused("POST", f"/members/{eve}/coupons/{plain}/gift", {}, Idempotency_Key="p")
    assert answer["code"] == "coupon_not_transferable"


def test_codes_are_worth_one_coupon_each(story: Story) -> None:
    put(story, words=["TEA26"], limits={"per_member": 2})
    ann, bob = story.enrol("13800000001"), story.enrol("13800000002")
    made = story.call.post("/coupon-definitions/tea20/codes", {"count": 3}, Idempotency_Key="c")
    again = story.call.post("/coupon-definitions/tea20/codes", {"count": 3}, Idempotency_Key="c")
    assert again["id"] == made["id"]
    kept = story.call.post(
        "/coupon-definitions/tea20/codes", {"count": 1, "reserved_for": "press"}, Idempotency_Key="d"
    )

    def listed(batch: str) -> list[dict[str, str]]:
        answer = story.call("GET", f"/coupon-batches/{batch}/codes.csv")
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    rows = listed(made["id"])
    assert [row["state"] for row in rows] == ["free"] * 3
    first, second, third = (row["code"] for row in rows)
    by_code = story.call("POST", f"/members/{ann}/coupons", {"code": first}, Idempotency_Key="code")
    retried = story.call("POST", f"/members/{ann}/coupons", {"code": first}, Idempotency_Key="code")
    assert (by_code.status, by_code.ok()["source"], retried.status) == (201, "code", 200)
    other = story.call.refused("POST", f"/members/{ann}/coupons", {"code": second}, Idempotency_Key="code")
    assert (other["status"], other["code"]) == (409, "idempotency_conflict")
    taken = story.call.refused("POST", f"/members/{bob}/coupons", {"code": first}, Idempotency_Key="b")
    assert (taken["status"], taken["code"]) == (409, "code_used")
    wrong = second[:-1] + ("A" if second[-1] != "A" else "B")
    assert (
        story.call.refused("POST", f"/members/{bob}/coupons", {"code": wrong}, Idempotency_Key="w")["status"]
        == 404
    )
    (reserved,) = (row["code"] for row in listed(kept["id"]))
    answer = story.call.refused("POST", f"/members/{bob}/coupons", {"code": reserved}, Idempotency_Key="r")
    assert answer["code"] == "code_reserved"
    by_word = story.call("POST", f"/members/{ann}/coupons", {"code": "TEA26"}, Idempotency_Key="word")
    retried = story.call("POST", f"/members/{ann}/coupons", {"code": "TEA26"}, Idempotency_Key="word")
    assert (by_word.status, by_word.ok()["source"], retried.status) == (201, "word:TEA26", 200)
    assert retried.ok()["id"] == by_word.ok()["id"]
    again = story.call.refused("POST", f"/members/{ann}/coupons", {"code": "TEA26"}, Idempotency_Key="again")
    assert again["code"] == "coupon_member_limit"
    assert claim(story, bob, code="TEA26")["source"] == "word:TEA26"
    # a till that scans a code nobody has claimed asks who brings it
    assert refused(verify(story, code=second)) == "code_needs_member"
    assert verify(story, code=second, member=bob).status == 201
    assert story.call.post("/coupon-codes/lookup", {"code": second})["coupon"]["state"] == "used"
    assert refused(verify(story, code=second, member=bob)) == "coupon_used"
    assert coupons.void_batch(scope=story.scope, batch_id=UUID(made["id"]), now=clock.now()) == 1
    assert refused(verify(story, code=third, member=ann)) == "code_void"
    assert [row["state"] for row in sorted(listed(made["id"]), key=lambda r: r["state"])] == [
        "bound", "bound", "void",
    ]  # fmt: skip


def test_issued_to_few_and_to_a_segment(story: Story) -> None:
    put(story, limits={"per_member": 1, "per_person": 1})
    people = [story.enrol(f"138000000{n:02}") for n in range(12)]
    story.call("PUT", "/tags/vip", {"name": {"zh": "贵宾", "en": "VIP"}}).ok()
    story.call.post("/members/tags", {"members": people[:5], "add": ["vip"]})

    def issue(key: str, *members: str) -> list[str]:
        body = {"members": list(members)}
        items = story.call.post("/coupon-definitions/tea20/issues", body, Idempotency_Key=key)["items"]
        return [item["result"] for item in items]

    assert issue("a", people[0], "phone:13800000001", "nobody", people[0]) == [
        "issued", "issued", "member_not_found", "issued",
    ]  # fmt: skip
    assert issue("a", people[0], people[2]) == ["repeated", "issued"]
    assert issue("b", people[0]) == ["coupon_member_limit"]
    job = story.call.post("/coupon-definitions/tea20/bulk-issues", {"tag": "vip"}, Idempotency_Key="vip")
    assert (job["state"], job["total"]) == ("queued", 5)
    assert (
        story.call.post("/coupon-definitions/tea20/bulk-issues", {"tag": "vip"}, Idempotency_Key="vip")["id"]
        == job["id"]
    )
    while flow.run_due(clock.now()):
        pass
    done = story.call.get(f"/coupon-issues/{job['id']}")
    assert (done["state"], done["issued"], done["refused"]) == ("done", 2, {"coupon_member_limit": 3})
    everybody = story.call.post("/coupon-definitions/tea20/bulk-issues", {}, Idempotency_Key="all")
    while flow.run_portion(now=clock.now(), size=5):
        pass
    done = story.call.get(f"/coupon-issues/{everybody['id']}")
    assert (done["seen"], done["issued"]) == (12, 7)
    assert figures(story)[0] == 12


def test_time_ends_coupons(story: Story) -> None:
    put(story)
    ann = story.enrol("13800000001")
    id_ = claim(story, ann)["id"]
    story.say("2025-02-04 23:59")
    assert coupons.expire_due(clock.now()) == 0
    story.say("2025-02-05 00:00")
    (coupon,) = story.call.get(f"/members/{ann}/coupons")["items"]
    assert (coupon["state"], coupon["why_not"]["code"]) == ("claimed", "coupon_expired")
    assert refused(verify(story, member=ann, coupon_id=id_)) == "coupon_expired"
    assert coupons.expire_due(clock.now()) == 1
    (coupon,) = story.call.get(f"/members/{ann}/coupons?state=expired")["items"]
    assert coupon["ended_at"] == "2025-02-04T16:00:00Z"
    with connection.cursor() as cursor:
        cursor.execute("SELECT topic, occurred_at FROM outbox WHERE topic LIKE 'coupon.%%' ORDER BY id")
        assert cursor.fetchall() == [
            ("coupon.claimed", at("2025-01-06 12:00")),
            ("coupon.expired", at("2025-02-05 00:00")),
        ]


def test_frozen_members_claim_and_use_nothing(story: Story) -> None:
    put(story)
    ann = story.enrol("13800000001")
    id_ = claim(story, ann)["id"]
    story.call("PATCH", f"/members/{ann}", {"status": "frozen"}).ok()
    answer = story.call.refused(
        "POST", f"/members/{ann}/coupons", {"definition": "tea20"}, Idempotency_Key="f"
    )
    assert answer["code"] == "membership_not_active"
    assert refused(verify(story, member=ann, coupon_id=id_)) == "membership_not_active"
