"""The mall and appointments at the desk, as their pages ask for them."""

from __future__ import annotations

import pytest

from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn
from regulars.surfaces import member_pass

MUG = {
    "name": {"zh": "马克杯", "en": "Mug"}, "kind": "goods", "category": "家居",
    "price": {"unit": "points", "points": 100}, "state": "active",
}  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32


@pytest.fixture
def ann(shop):
    """A member with 1 000 points and more."""
    from tests.console.world import enrol_members

    enrol_members(shop, 1)
    [member] = shop.members[:1]
    order = OrderIn(number="BIG", lines=(LineIn(sku="A", amount=100_000),))
    shop.post(ActivityIn("order", MemberRef(id=member), shop.now, source="pos", order=order))
    return shop.code_of(member)


def test_from_the_catalogue_to_the_counter(shop, desk, ann):
    owner = desk("owner")
    made = owner.put("/rewards/mug", {"definition": MUG})
    assert made["name"] == "Mug" and made["state"] == "active" and "100" in made["price"]
    assert owner.put("/rewards/mug/stock", {"stock": 3})["left"] == 3
    wrong = owner.put("/rewards/mug", {"definition": {**MUG, "price": {"points": -1}}}, expect=422)
    assert wrong["errors"][0]["field"] == "price.points"
    assert owner.get("/rewards")["counts"] == {"draft": 0, "active": 1, "paused": 0, "ended": 0}
    assert owner.get("/rewards/choices")["categories"] == ["家居"]
    clerk = desk("clerk")
    [offer] = clerk.get(f"/members/{ann}/offers")
    assert offer["can"]
    store = owner.get("/rewards/choices")["stores"][0]["value"]
    order = clerk.post(f"/members/{ann}/redemptions", {"key": "redeem-1", "reward": "mug", "store": store})
    assert order["can"] == ["verify", "cancel"] and order["member_code"] == ann
    found = clerk.post("/redemptions/find", {"code": order["code"]})
    assert found["id"] == order["id"]
    path = f"/members/{ann}/redemptions/{order['id']}"
    handed = clerk.post(f"{path}/verify", {"key": "verify-1", "store": store})
    assert handed["state"] == "verified" and handed["can"] == ["undo"]
    assert clerk.post(f"{path}/undo", {"key": "undo-001"})["state"] == "placed"
    refused = clerk.post(f"{path}/cancel", {"key": "cancel-1"}, expect=403)
    assert refused["data"]["permission"] == "rewards.fulfil"
    assert owner.post(f"{path}/cancel", {"key": "cancel-1", "reason": "broken"})["state"] == "cancelled"
    assert owner.get("/redemptions/counts")["cancelled"] == 1
    assert [o["state"] for o in owner.get("/redemptions?state=cancelled")["items"]] == ["cancelled"]
    assert owner.get("/rewards/report")["items"][0]["cancelled"] == 1
    said = [e["action_name"] for e in owner.get("/audit?action=redemption.")["items"]]
    assert said == [
        "Redemption · cancelled",
        "Redemption · use undone",
        "Redemption · handed out",
        "Redemption · placed",
    ]


def test_addresses_are_for_whom_they_are(shop, desk, ann):
    owner = desk("owner")
    owner.put("/rewards/mug", {"definition": {**MUG, "fulfilment": "ship"}})
    home = {"name": "张三", "phone": "13800138000", "region": "上海", "street": "南京西路 1 号"}
    order = owner.post(f"/members/{ann}/redemptions", {"key": "redeem-1", "reward": "mug", "address": home})
    path = f"/members/{ann}/redemptions/{order['id']}"
    assert owner.get(path)["address"]["street"] == "南京西路 1 号"
    assert desk("operator").get(path)["address"] is None
    for role, seen in (("owner", True), ("operator", False)):
        sheet = desk(role).client.get(
            "/api/console/redemptions/export", headers={"X-Regulars-Brand": shop.brand.slug}
        )
        text = b"".join(sheet.streaming_content).decode()
        assert ("南京西路" in text) is seen and "mug" in text


def test_pictures_and_codes(shop, desk):
    from django.core.files.uploadedfile import SimpleUploadedFile

    owner = desk("owner")
    film = {**MUG, "kind": "virtual_code"}
    owner.put("/rewards/film", {"definition": film})
    assert owner.post("/rewards/film/codes", {"codes": "A1\n\nB2\nA1\n"}) == {"added": 2, "duplicates": 1}
    assert owner.get("/rewards/film")["left"] == 2
    token = owner.client.cookies["csrftoken"].value
    answer = owner.client.post(
        "/api/console/rewards/film/picture",
        {"file": SimpleUploadedFile("film.png", PNG, "image/png")},
        headers={"X-Regulars-Brand": shop.brand.slug, "X-CSRFToken": token},
    )
    assert answer.status_code == 200 and answer.json()["has_picture"]
    shown = owner.client.get(
        "/api/console/rewards/film/picture", headers={"X-Regulars-Brand": shop.brand.slug}
    )
    assert b"".join(shown.streaming_content) == PNG


def test_a_day_of_the_store(shop, desk, ann):
    owner = desk("owner")
    store = owner.get("/bookings/choices")["stores"][0]["value"]
    amy = {
        "name": {"zh": "艾米", "en": "Amy"}, "kind": "adviser", "store": store, "state": "active",
        "weekly": [{"weekday": day, "from": "00:00", "to": "00:00"} for day in range(1, 8)],
    }  # fmt: skip
    care = {
        "name": {"zh": "护理", "en": "Care"}, "minutes": 60, "resources": ["amy"], "lead_minutes": 0, "state": "active",
        "checkin_before_minutes": 1440,
    }  # fmt: skip
    owner.put("/resources/amy", {"definition": amy})
    owner.put("/services/care", {"definition": care})
    clerk = desk("clerk")
    slots = [s for s in clerk.get(f"/services/care/slots?days=2&member={ann}") if s["can"]]
    first = slots[1]
    body = {"key": "book-0001", "service": "care", "resource": "amy", "starts_at": first["starts_at"]}
    booked = clerk.post(f"/members/{ann}/bookings", body)
    assert booked["state_name"] == "Booked" and "cancel" in booked["can"]
    calendar = clerk.get(f"/stores/{store}/calendar?day={first['day']}")
    assert [one["id"] for one in calendar["items"]] == [booked["id"]]
    assert calendar["columns"][0]["hours"] == [{"start": "00:00", "end": "00:00"}]
    from regulars.kit import clock

    token = member_pass.issue(brand_id=shop.brand.id, member_id=shop.members[0], now=clock.now())
    here = clerk.post("/bookings/check-in", {"key": "door-0001", "store": store, "text": token})
    assert here["state"] == "checked_in"
    mine = clerk.get(f"/members/{ann}/bookings")
    assert mine["blocked_until"] is None and mine["items"][0]["state"] == "checked_in"
