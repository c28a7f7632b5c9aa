"""Balances, burns, holds, adjustments, tiers and benefits over HTTP, with figures worked out by hand.

The retail pack gives 1 point and 1 growth value per yuan, 100 points for the first order and 50 for an order of
100 yuan or more. Points end with the 12th month after earning; silver takes 500 growth, gold 2 000.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from tests.rest.shop import Shop, order

from regulars.kit import paging


@pytest.fixture
def member(shop: Shop, noon: Any) -> str:
    """She joined at noon; an hour later she bought for 600 yuan: 600 + 100 + 50 = 750 points, 600 growth."""
    id_ = shop.enrol()
    noon.move(hours=1)
    shop.call.post("/activities", order(id_, "N1", 60_000, noon.at))
    noon.move(hours=1)
    return id_


def points(shop: Shop, member: str, as_of: datetime | None = None) -> dict[str, int]:
    query = f"?as_of={as_of.isoformat().replace('+', '%2B')}" if as_of else ""
    items = shop.call.get(f"/members/{member}/balances{query}")["items"]
    found = next(b for b in items if b["unit"] == "points")
    return {name: found[name] for name in ("available", "pending", "held", "debt")}


def test_value_is_spent_returned_held_captured_and_adjusted(shop: Shop, member: str, noon: Any) -> None:
    call = shop.call
    assert points(shop, member) == {"available": 750, "pending": 0, "held": 0, "debt": 0}

    burn = call.post(f"/members/{member}/burns", {"unit": "points", "amount": 200}, Idempotency_Key="b1")
    assert points(shop, member)["available"] == 550
    again = call("POST", f"/members/{member}/burns", {"unit": "points", "amount": 200}, Idempotency_Key="b1")
    assert (again.status, json.loads(again.content)["activity_id"]) == (200, burn["activity_id"])
    other = call.refused(
        "POST", f"/members/{member}/burns", {"unit": "points", "amount": 1}, Idempotency_Key="b1"
    )
    assert (other["status"], other["code"]) == (409, "idempotency_conflict")
    low = call.refused(
        "POST", f"/members/{member}/burns", {"unit": "points", "amount": 551}, Idempotency_Key="b2"
    )
    assert (low["status"], low["code"]) == (409, "insufficient_balance")
    assert low["data"] == {"unit": "points", "available": 550, "wanted": 551}
    growth = call.refused(
        "POST", f"/members/{member}/burns", {"unit": "growth", "amount": 1}, Idempotency_Key="b3"
    )
    assert growth["status"] in (409, 422)

    hold = call.post(f"/members/{member}/holds", {"unit": "points", "amount": 100}, Idempotency_Key="h1")
    assert (hold["state"], hold["amount"]) == ("held", 100)
    assert points(shop, member) == {"available": 450, "pending": 0, "held": 100, "debt": 0}
    captured = call.post(
        f"/members/{member}/holds/{hold['id']}/capture", {"amount": 60}, Idempotency_Key="c1"
    )
    assert captured["state"] == "captured"
    assert points(shop, member) == {"available": 490, "pending": 0, "held": 0, "debt": 0}
    ended = call.refused("POST", f"/members/{member}/holds/{hold['id']}/release", Idempotency_Key="r1")
    assert (ended["status"], ended["code"]) == (409, "hold_ended")

    path = f"/members/{member}/burns/{burn['activity_id']}/returns"
    call.post(path, {"amount": 50, "reason": "wrong gift"}, Idempotency_Key="u1")
    assert points(shop, member)["available"] == 540

    given = {"unit": "points", "amount": 20, "reason": "goodwill", "comment": "waited long"}
    posted = call.post(f"/members/{member}/adjustments", given, Idempotency_Key="a1")
    assert posted["state"] == "posted"
    assert points(shop, member)["available"] == 560
    noon.move(minutes=1)
    repeat = call("POST", f"/members/{member}/adjustments", given, Idempotency_Key="a1")
    assert (repeat.status, json.loads(repeat.content)) == (200, posted)
    large = call.post(f"/members/{member}/adjustments", {**given, "amount": 20_000}, Idempotency_Key="a2")
    assert large["state"] == "waiting"
    assert points(shop, member)["available"] == 560
    listed = call.get(f"/members/{member}/adjustments")["items"]
    assert [a["state"] for a in listed] == ["waiting", "posted"]

    # earned and given in May 2026: spendable to the end of May 2027
    expiries = call.get(f"/members/{member}/expiries?unit=points")["items"]
    assert expiries == [{"unit": "points", "last_day": "2027-05-31", "amount": 560}]
    lots = call.get(f"/members/{member}/lots?unit=points")["items"]
    assert sum(lot["remaining"] for lot in lots) == 560


def test_the_ledger_is_paged_and_adds_up(shop: Shop, member: str) -> None:
    for n in range(5):
        shop.call.post(f"/members/{member}/burns", {"unit": "points", "amount": 10}, Idempotency_Key=f"b{n}")
    entries: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = shop.call.get(f"/members/{member}/entries?unit=points&limit=3{cursor}")
        entries += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len({e["id"] for e in entries}) == len(entries)
    assert sum(e["amount"] for e in entries if e["account"] == "available") == 700  # 750 − 5 × 10
    assert [e["kind"] for e in entries[:5]] == ["burn"] * 5
    assert entries[0]["balance_after"] == 700
    bad = shop.call.refused("GET", f"/members/{member}/entries?cursor=oops")
    assert (bad["status"], bad["errors"][0]["code"]) == (422, "bad_cursor")


@pytest.mark.parametrize("part", ["x", "NaN", None])
@pytest.mark.parametrize("path", ["/members/{member}/entries", "/gift-card-batches"])
def test_a_forged_cursor_is_refused(shop: Shop, member: str, path: str, part: str | None) -> None:
    asked = f"{path.format(member=member)}?cursor={paging.encode([part])}"
    problem = shop.call.refused("GET", asked)
    assert (problem["status"], problem["errors"][0]["field"]) == (422, "cursor")


def test_any_past_instant_can_be_asked(shop: Shop, member: str, noon: Any) -> None:
    before, after = noon.at.replace(hour=4, minute=30), noon.at
    noon.move(hours=1)
    shop.call.post(f"/members/{member}/burns", {"unit": "points", "amount": 700}, Idempotency_Key="b")
    assert points(shop, member, before)["available"] == 0
    assert points(shop, member, after)["available"] == 750
    assert points(shop, member)["available"] == 50
    naive = shop.call.refused("GET", f"/members/{member}/balances?as_of=2026-05-13T12:00:00")
    assert naive["status"] == 422


def test_every_write_of_value_wants_a_key(shop: Shop, member: str) -> None:
    for path, body in [
        (f"/members/{member}/burns", {"unit": "points", "amount": 1}),
        (f"/members/{member}/holds", {"unit": "points", "amount": 1}),
        (f"/members/{member}/adjustments", {"unit": "points", "amount": 1, "reason": "goodwill"}),
    ]:
        problem = shop.call.refused("POST", path, body)
        assert (problem["status"], problem["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert points(shop, member)["available"] == 750


def test_tiers_tell_where_she_stands_and_what_is_next(shop: Shop, member: str, noon: Any) -> None:
    call = shop.call
    (level,) = call.get(f"/members/{member}/tiers")["items"]
    assert (level["scheme"], level["tier"], level["name"]["zh"]) == ("level", "silver", "银卡会员")
    # 600 of the 2 000 growth that gold takes
    (part,) = level["to_next"]["parts"]
    assert (level["to_next"]["tier"], part["have"], part["missing"]) == ("gold", 600, 1_400)
    assert "1,400" in " ".join(level["sentences"])
    history = call.get(f"/members/{member}/tiers/history")["items"]
    assert [(h["reason"], h["previous"], h["tier"]) for h in history] == [
        ("upgraded", "normal", "silver"),
        ("joined", "", "normal"),
    ]
    (then,) = call.get(f"/members/{member}/tiers/as-of?at=2026-05-13T04:30:00Z")["items"]
    assert then["tier"] == "normal"
    (earlier,) = call.get(f"/members/{member}/tiers/as-of?at=2026-05-13T03:00:00Z")["items"]
    assert earlier["tier"] is None

    path = f"/members/{member}/tiers/level"
    unknown = call.refused("POST", path, {"tier": "platinum", "comment": "match"}, Idempotency_Key="t0")
    assert unknown["errors"][0]["field"] == "tier"
    call.post(
        path,
        {"tier": "diamond", "reason": "match", "comment": "matched", "locked": True},
        Idempotency_Key="t1",
    )
    (level,) = call.get(f"/members/{member}/tiers")["items"]
    assert (level["tier"], level["locked"]) == ("diamond", True)
    assert call.get(f"/members/{member}")["tier"] == "diamond"
    call.post(f"{path}/unlock", {"comment": "over"}, Idempotency_Key="t2")
    (level,) = call.get(f"/members/{member}/tiers")["items"]
    assert level["locked"] is False


def test_benefits_are_used_up_and_given_back(shop: Shop, member: str) -> None:
    call = shop.call
    allowed = {b["key"]: b for b in call.get(f"/members/{member}/benefits")["items"]}
    assert set(allowed) == {"silver-multiplier", "free-shipping", "birthday-pack"}
    assert (allowed["free-shipping"]["quota"], allowed["free-shipping"]["remaining"]) == (2, 2)
    assert allowed["silver-multiplier"]["automatic"]
    path = f"/members/{member}/benefits/free-shipping/uses"
    first = call("POST", path, {"store": "S1"}, Idempotency_Key="u1")
    again = call("POST", path, {"store": "S1"}, Idempotency_Key="u1")
    assert (first.status, again.status) == (201, 200)
    used = json.loads(first.content)
    assert (used["remaining"], used["use"]["store"], used["use"]["period"]) == (1, "S1", "2026-05")
    assert call.post(path, Idempotency_Key="u2")["remaining"] == 0
    over = call.refused("POST", path, {}, Idempotency_Key="u3")
    assert (over["status"], over["code"]) == (409, "benefit_used_up")
    undone = call.post(f"/members/{member}/benefits/uses/{used['use']['id']}/undo")
    assert (undone["remaining"], undone["use"]["undone_at"] is not None) == (1, True)
    uses = call.get(f"/members/{member}/benefits/uses")["items"]
    assert len(uses) == 2
    not_hers = call.refused("POST", f"/members/{member}/benefits/priority/uses", {}, Idempotency_Key="p")
    assert not_hers["status"] in (403, 404, 409)
    nowhere = call.refused("POST", path, {"store": "NOPE"}, Idempotency_Key="u4")
    assert nowhere["errors"][0]["field"] == "store"
