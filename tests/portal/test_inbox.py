"""Her messages in the portal: her own only, newest first, read when seen.

A first order of ¥267 on 15 May 2025: 267 points, 100 for the first, 50 for more than ¥100. These 417 end with 31 May
2026.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from tests.portal.world import PHONE, Browser, freeze, make_brand

from regulars.flows import notices
from regulars.kit.ids import new_id
from regulars.messaging import api as messaging
from regulars.messaging.types import Notice
from regulars.platform.organisations import api as organisations

OTHER = "13900139000"


def at(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def shopper(brand, signed_in):
    member = brand.enrol(name="Ana", language="en")
    brand.order(member, "A1", 26_700, at=at(5, 15, 2025))
    for day in (at(5, 1), at(5, 24)):
        assert notices.send_due(day) == 1
    with freeze(at(5, 24)):
        yield signed_in()


def test_she_reads_what_she_was_told_newest_first(shopper):
    assert shopper.get("inbox/unread") == {"unread": 2}
    page = shopper.get("inbox")
    assert [(m["kind"], m["subject"], m["body"], m["read"]) for m in page["items"]] == [
        ("value_expiring", "417 points expire soon", "417 points expire on 31 May 2026, in 7 days.", False),
        ("value_expiring", "417 points expire soon", "417 points expire on 31 May 2026, in 30 days.", False),
    ]
    assert page["next_cursor"] is None
    newest, oldest = (m["id"] for m in page["items"])
    assert shopper.call("POST", "inbox/read", {"up_to": oldest}).json() == {"unread": 1}
    assert [m["read"] for m in shopper.get("inbox")["items"]] == [False, True]
    assert shopper.call("POST", "inbox/read", {"up_to": newest}).json() == {"unread": 0}
    assert [m["read"] for m in shopper.get("inbox")["items"]] == [True, True]
    assert shopper.get("inbox/unread") == {"unread": 0}


def test_nobody_reads_or_marks_the_messages_of_another(brand, shopper):
    brand.enrol(OTHER)
    other = Browser(brand.slug).open()
    other.ask_code(OTHER)
    assert other.give_code(brand.last_code(), OTHER).json() == {"outcome": "signed_in"}
    assert other.get("inbox") == {"items": [], "next_cursor": None}
    newest = shopper.get("inbox")["items"][0]["id"]
    assert other.call("POST", "inbox/read", {"up_to": newest}).json() == {"unread": 0}
    assert shopper.get("inbox/unread") == {"unread": 2}
    stranger = Browser(brand.slug).open()
    for method, path in (("GET", "inbox"), ("GET", "inbox/unread"), ("POST", "inbox/read")):
        assert stranger.call(method, path, {"up_to": newest}).status_code == 401


def test_a_member_of_two_brands_reads_each_brand_s_messages_there(brand, shopper):
    other = make_brand(f"{brand.slug}-b", brand.scope.organisation_id)
    other.enrol(PHONE)
    browser = Browser(other.slug).open()
    browser.ask_code()
    assert browser.give_code(other.last_code()).json() == {"outcome": "signed_in"}
    assert browser.get("inbox")["items"] == []


def test_a_write_from_another_site_is_refused(shopper):
    newest = shopper.get("inbox")["items"][0]["id"]
    answer = shopper.call("POST", "inbox/read", {"up_to": newest}, **{"X-CSRFToken": ""})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert shopper.get("inbox/unread") == {"unread": 2}


@pytest.mark.parametrize("body", [{}, {"up_to": "x"}, {"up_to": None}, {"ids": []}])
def test_bad_input_marks_nothing(shopper, body):
    assert shopper.call("POST", "inbox/read", body).status_code == 422
    assert shopper.call("GET", "inbox?cursor=x").status_code == 422
    assert shopper.get("inbox/unread") == {"unread": 2}


def test_codes_sent_by_text_message_are_not_in_the_inbox(shopper):
    assert {m["kind"] for m in shopper.get("inbox")["items"]} == {"value_expiring"}


def test_a_long_inbox_comes_page_by_page(brand, browser, signed_in):
    member: UUID = brand.enrol()
    given = [
        Notice(member, "test", str(n), "value_expiring", "en", {"amount": n, "unit": "P", "day": "D", "left": "L"})
        for n in range(45)
    ]  # fmt: skip
    of = organisations.get_brand(brand_id=brand.scope.brand_id)
    assert messaging.send_many(brand=of, notices=given, now=at(5, 1)) == 45
    assert messaging.send_many(brand=of, notices=given + given[:3], now=at(5, 2)) == 0
    with freeze(at(5, 2)):
        signed_in()
        seen: list[str] = []
        path = "inbox"
        while True:
            page = browser.get(path)
            assert len(page["items"]) <= 20
            seen += [m["body"].split()[0] for m in page["items"]]
            if page["next_cursor"] is None:
                break
            path = f"inbox?cursor={page['next_cursor']}"
    assert seen == [str(n) for n in range(44, -1, -1)]
    assert messaging.mark_read(scope=brand.scope, member_id=new_id(), up_to=new_id(), now=at(5, 2)) == 0


def test_who_changes_the_language_of_the_portal_is_written_to_in_it(brand, signed_in):
    member = brand.enrol(name="Ana", language="en")
    brand.order(member, "A1", 26_700, at=at(5, 15, 2025))
    with freeze(at(5, 24)):
        phone = signed_in()
        phone.language = "zh-CN"
        assert phone.call("PATCH", "profile", {"values": {}}).status_code == 200
        assert notices.send_due(at(5, 24)) == 1
        assert [m["subject"] for m in phone.get("inbox")["items"]] == ["417 积分即将到期"]
