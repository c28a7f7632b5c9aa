"""The one next thing on the card: what has its own hour goes first, a coupon that ends before what could be gained."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.portal.world import Browser, freeze

from regulars.flows.bookings import api as booking_flow
from regulars.flows.coupons import api as coupon_flow
from regulars.kit.text import Text
from regulars.platform.payments import api as payments
from regulars.value.bookings import api as bookings
from regulars.value.prepaid import api as prepaid

NOON = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0)  # 12:00 in Shanghai


@pytest.fixture
def member(brand):
    for definition in (
        {
            "type": "resource",
            "key": "amy",
            "state": "active",
            "name": {"zh": "艾米", "en": "Amy"},
            "kind": "adviser",
            "store": "S1",
            "weekly": [{"weekday": day, "from": "10:00", "to": "18:00"} for day in range(1, 8)],
        },
        {
            "type": "service",
            "key": "care",
            "state": "active",
            "name": {"zh": "护理", "en": "Care"},
            "minutes": 60,
            "resources": ["amy"],
        },
    ):
        bookings.apply_definition(scope=brand.scope, definition=definition, now=NOON)
    return brand.enrol(name="Ana", language="en")


def test_a_booking_of_tomorrow_then_a_payment_then_a_coupon(brand, member):
    coupon_flow.put_definition(
        scope=brand.scope,
        definition={
            "key": "ten",
            "name": {"zh": "十元券", "en": "Ten off"},
            "state": "active",
            "offer": {"kind": "amount", "amount": 1000},
            "validity": {"kind": "after_claim", "days": 3},
            "claim": {"channels": ["issue"]},
        },
        now=NOON,
    )
    payments.put_account(
        scope=brand.scope,
        key="sim",
        provider="simulator",
        name=Text("模拟", "Simulated"),
        values={"outcome": "ask"},
        now=NOON,
    )
    prepaid.put_definition(
        scope=brand.scope,
        kind="ladder",
        key="usual",
        state="active",
        definition={"name": {"zh": "充值", "en": "Top-up"}, "rungs": [{"pay": 20_000}]},
        now=NOON,
    )
    with freeze(NOON):
        browser = Browser(brand.slug).open()
        browser.ask_code()
        browser.give_code(brand.last_code())
        assert browser.get("card")["next"]["kind"] == "first_order"
        coupon_flow.issue_now(
            scope=brand.scope, definition="ten", member_ids=[member], key="next-thing", now=NOON
        )
        told = browser.get("card")["next"]
        last = (NOON + timedelta(days=2)).date().isoformat()
        assert (told["kind"], told["sentence"], told["on"]) == ("coupon", "Ten off", last)
        begun = browser.call(
            "POST", "shop", {"kind": "ladder", "what": "usual", "amount": 20_000, "key": "press-one"}
        )
        assert begun.status_code == 201
        told = browser.get("card")["next"]
        assert (told["kind"], told["amount"]) == ("pay", 20_000)
        booking_flow.book(
            scope=brand.scope,
            member_id=member,
            service="care",
            resource="amy",
            starts_at=NOON + timedelta(hours=22),  # 10:00 tomorrow
            key="book-one",
            now=NOON,
            source="portal",
        )
        told = browser.get("card")["next"]
        tomorrow = (NOON + timedelta(days=1)).date().isoformat()
        assert (told["kind"], told["on"]) == ("booking", tomorrow)
        assert told["sentence"] == "10:00 · Care · West Nanjing Road"
