"""The mall and appointments on a member's phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from regulars.value.bookings import api as bookings
from regulars.value.rewards import api as rewards

if TYPE_CHECKING:
    from tests.portal.world import Brand, Browser

MUG = {
    "key": "mug", "name": {"zh": "马克杯", "en": "Mug"}, "kind": "goods", "state": "active",
    "price": {"unit": "points", "points": 100}, "limit": {"count": 1, "period": "month"},
}  # fmt: skip
FILM = {**MUG, "key": "film", "kind": "virtual_code", "name": {"zh": "电影票", "en": "Film"}}


@pytest.fixture
def phone(brand: Brand, signed_in: Callable[..., Browser]) -> Browser:
    """A signed-in member with at least 300 points, and a mall of two rewards."""
    now = datetime.now(UTC)
    member = brand.enrol()
    brand.order(member, "N1", 50_000, at=now - timedelta(days=40))
    for definition in (MUG, FILM):
        rewards.apply_definition(scope=brand.scope, definition=definition, now=now)
    rewards.import_codes(scope=brand.scope, key="film", codes=["CODE-1"], now=now)
    return signed_in()


def send(phone: Browser, path: str, body: Any, expect: int = 200) -> Any:
    answer = phone.call("POST", path, body)
    assert answer.status_code == expect, answer.content.decode()
    return answer.json() if answer.content else None


def test_she_redeems_and_takes_back(phone: Browser) -> None:
    mall = phone.get("mall")
    before = mall["balances"]["points"]
    assert [(r["key"], r["can"]) for r in mall["rewards"]] == [("film", True), ("mug", True)]
    shown = phone.get("mall/mug")
    assert shown["limit"] == "At most 1 a month" and shown["price"] == "100 points"
    order = send(phone, "mall/mug/redemptions", {"key": "browser-1"})
    assert order["can_cancel"] and len(order["code"]) == 8
    assert send(phone, "mall/mug/redemptions", {"key": "browser-1"})["id"] == order["id"]
    refused = send(phone, "mall/mug/redemptions", {"key": "browser-2"}, expect=409)
    assert refused["code"] == "limit_reached"
    assert phone.get("mall/mug")["why_not"][0]["code"] == "limit_reached"
    assert phone.get("mall")["balances"]["points"] == before - 100
    assert [o["id"] for o in phone.get("redemptions")["items"]] == [order["id"]]
    send(phone, f"redemptions/{order['id']}/cancel", {"key": "browser-3"})
    assert phone.get("mall")["balances"]["points"] == before


def test_categories_have_names_in_both_languages(phone: Browser, brand: Brand) -> None:
    named = {"category": "home", "category_name": {"zh": "家居", "en": "Home and kitchen"}}
    rewards.apply_definition(scope=brand.scope, definition=MUG | named, now=datetime.now(UTC))
    rewards.apply_definition(scope=brand.scope, definition=FILM | {"category": "fun"}, now=datetime.now(UTC))
    assert phone.get("mall")["categories"] == [
        {"key": "fun", "name": "fun"},
        {"key": "home", "name": "Home and kitchen"},
    ]
    phone.language = "zh-CN"
    assert [one["name"] for one in phone.get("mall")["categories"]] == ["fun", "家居"]
    [kept] = [one for one in rewards.export_definitions(brand_id=brand.scope.brand_id) if one["key"] == "mug"]
    assert {key: kept[key] for key in named} == named


def test_her_code_is_shown_once_she_asks(phone: Browser) -> None:
    order = send(phone, "mall/film/redemptions", {"key": "browser-1"})
    assert order["can_show_codes"] and order["can_cancel"] and "CODE-1" not in str(order)
    assert send(phone, f"redemptions/{order['id']}/codes", {}) == {"codes": ["CODE-1"]}
    assert not phone.get(f"redemptions/{order['id']}")["can_cancel"]
    refused = send(phone, f"redemptions/{order['id']}/cancel", {"key": "browser-2"}, expect=409)
    assert refused["code"] == "code_shown"


def test_another_members_orders_do_not_exist(
    phone: Browser, brand: Brand, signed_in: Callable[..., Browser]
) -> None:
    order = send(phone, "mall/mug/redemptions", {"key": "browser-1"})
    phone.call("DELETE", "session")
    brand.enrol("13900139000")
    other = signed_in("13900139000")
    for method, path, body in (
        ("GET", f"redemptions/{order['id']}", None),
        ("POST", f"redemptions/{order['id']}/cancel", {"key": "browser-9"}),
        ("POST", f"redemptions/{order['id']}/codes", {}),
    ):
        assert other.call(method, path, body).status_code == 404


def test_nobody_signed_in_sees_nothing(browser: Browser) -> None:
    for path in ("mall", "mall/mug", "redemptions", "services", "services/care/slots", "bookings"):
        assert browser.call("GET", path).status_code == 401, path


def test_she_books_and_gives_back(phone: Browser, brand: Brand) -> None:
    now = datetime.now(UTC)
    weekly = [{"weekday": day, "from": "10:00", "to": "12:00"} for day in range(1, 8)]
    for definition in (
        {
            "type": "resource", "key": "amy", "state": "active", "name": {"zh": "艾米", "en": "Amy"}, "kind": "adviser",
            "store": "S1", "weekly": weekly,
        },
        {
            "type": "service", "key": "care", "state": "active", "name": {"zh": "护理", "en": "Care"}, "minutes": 60,
            "resources": ["amy"],
        },
    ):  # fmt: skip
        bookings.apply_definition(scope=brand.scope, definition=definition, now=now)
    [service] = phone.get("services")
    assert service["stores"][0]["code"] == "S1" and service["resources"][0]["name"] == "Amy"
    slot = [s for s in phone.get("services/care/slots?days=4") if s["can"]][-1]
    assert slot["time"] in ("10:00", "11:00")
    body = {"key": "browser-1", "service": "care", "resource": "amy", "starts_at": slot["starts_at"]}
    booked = send(phone, "bookings", body)
    assert booked["can_cancel"] and booked["time"] == slot["time"]
    mine = phone.get("bookings")
    assert [b["id"] for b in mine["items"]] == [booked["id"]] and mine["blocked_until"] is None
    assert send(phone, f"bookings/{booked['id']}/cancel", {"key": "browser-2"})["state"] == "cancelled"
