"""Appointments over HTTP: free slots, booking, the QR code at the door, the waiting list."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from regulars.flows.bookings import api as flow
from regulars.kit import clock
from regulars.surfaces import member_pass

if TYPE_CHECKING:
    from tests.stories.world import Story


@pytest.fixture
def salon(story: Story) -> Story:
    """Amy is at S1 on weekdays from 10 to 12; it is Monday, 6 January 2025."""
    weekly = [{"weekday": day, "from": "10:00", "to": "12:00"} for day in range(1, 6)]
    amy = {
        "name": {"zh": "艾米", "en": "Amy"},
        "kind": "adviser",
        "store": "S1",
        "weekly": weekly,
        "state": "active",
    }
    care = {"name": {"zh": "护理", "en": "Care"}, "minutes": 60, "resources": ["amy"], "state": "active"}
    story.call("PUT", "/resources/amy", {"definition": amy}).ok()
    story.call("PUT", "/services/care", {"definition": care}).ok()
    return story


def slot(hour: str, day: str = "2025-01-07") -> dict[str, str]:
    return {"service": "care", "resource": "amy", "starts_at": f"{day}T{hour}:00+08:00"}


def test_from_free_slot_to_the_door(salon: Story) -> None:
    ann, bob = salon.enrol("13800138000"), salon.enrol("13800138001")
    found = salon.call.get(f"/services/care/slots?first=2025-01-07&days=1&member={ann}")["items"]
    assert [(s["starts_at"], s["left"], s["can"]) for s in found] == [
        ("2025-01-07T02:00:00Z", 1, True), ("2025-01-07T03:00:00Z", 1, True),
    ]  # fmt: skip
    made = salon.call("POST", f"/members/{ann}/bookings", slot("10:00"), Idempotency_Key="k")
    assert made.status == 201
    assert salon.call("POST", f"/members/{ann}/bookings", slot("10:00"), Idempotency_Key="k").status == 200
    full = salon.call.refused("POST", f"/members/{bob}/bookings", slot("10:00"), Idempotency_Key="b")
    assert (full["status"], full["code"]) == (409, "slot_full")
    waiting = salon.call.post(f"/members/{bob}/waiting", slot("10:00"))
    assert waiting["state"] == "waiting"
    # at the door, five to ten
    salon.say("2025-01-07 09:55")
    scope = salon.scope
    code = member_pass.issue(brand_id=scope.brand_id, member_id=UUID(ann), now=clock.now())
    here = salon.call.post("/stores/S1/check-ins", {"text": code}, Idempotency_Key="door")
    assert here["state"] == "checked_in"
    acts = salon.call.get(f"/members/{ann}/activities")["items"]
    assert [a["type"] for a in acts] == ["checkin"]
    day = salon.call.get("/stores/S1/calendar?day=2025-01-07")["items"]
    assert [(b["member_id"], b["state"]) for b in day] == [(ann, "checked_in")]
    stranger = member_pass.issue(brand_id=scope.brand_id, member_id=UUID(bob), now=clock.now())
    none = salon.call.refused("POST", "/stores/S1/check-ins", {"text": stranger}, Idempotency_Key="door2")
    assert (none["status"], none["code"]) == (404, "no_booking_now")


def test_who_waited_is_offered_what_came_free(salon: Story) -> None:
    ann, bob = salon.enrol("13800138000"), salon.enrol("13800138001")
    mine = salon.call.post(f"/members/{ann}/bookings", slot("10:00"), Idempotency_Key="k")
    salon.call.post(f"/members/{bob}/waiting", slot("10:00"))
    salon.call.post(f"/members/{ann}/bookings/{mine['id']}/cancel", {}, Idempotency_Key="c")
    [offer] = salon.call.get(f"/members/{bob}/bookings")["items"]
    assert offer["state"] == "offered" and offer["offer_until"] == "2025-01-06T05:00:00Z"
    taken = salon.call.post(f"/members/{bob}/bookings/{offer['id']}/accept", {}, Idempotency_Key="a")
    assert taken["state"] == "booked"
    assert salon.call.get(f"/members/{bob}/waiting")["items"] == []
    salon.say("2025-01-07 12:00")
    assert flow.settle_bookings(clock.now()) == 1
    assert salon.call.get(f"/members/{bob}/bookings")["items"][0]["state"] == "no_show"
