import logging
import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.messaging import api
from regulars.messaging.types import Delivery, Envelope
from regulars.platform.organisations.types import SYSTEM, Brand, Scope

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def make_brand() -> Brand:
    return Brand(
        id=uuid4(), organisation_id=uuid4(), slug="morning", name=Text("晨光", "Morning"), currency="CNY",
        timezone="Asia/Shanghai", theme={}, is_demo=False,
    )  # fmt: skip


def scope_of(brand: Brand, *permissions: str) -> Scope:
    return Scope(brand.organisation_id, brand.id, SYSTEM, frozenset(permissions))


def send_code(brand: Brand, code: str = "135790", to: str = "138 0013 8000") -> None:
    api.send(
        brand=brand, channel="sms", to=to, template="one_time_code", values={"code": code, "minutes": 5},
        language="zh", now=NOW,
    )  # fmt: skip


def test_what_the_sandbox_holds_is_read_by_staff_and_only_of_their_brand():
    brand, other = make_brand(), make_brand()
    send_code(brand)
    send_code(other, "000000")
    page = api.list_messages(scope=scope_of(brand, "messages.read"))
    assert [(m.to, m.state, m.template) for m in page.items] == [
        ("138****8000", "sandboxed", "one_time_code")
    ]
    assert "135790" in page.items[0].body
    clear = api.list_messages(scope=scope_of(brand, "messages.read", "members.read_personal"))
    assert clear.items[0].to == "+8613800138000"
    with pytest.raises(Refusal) as refusal:
        api.list_messages(scope=scope_of(brand, "members.read"))
    assert refusal.value.status == 403


def test_neither_the_table_nor_the_log_shows_the_code_or_the_number(caplog):
    caplog.set_level(logging.DEBUG)
    brand = make_brand()
    send_code(brand, "246813")
    with connection.cursor() as cursor:
        cursor.execute("SELECT message::text FROM message")
        [(row,)] = cursor.fetchall()
    assert "246813" not in row and "13800138000" not in row
    assert "246813" not in "".join(
        r.getMessage() for r in caplog.records if not r.name.startswith("django.db")
    )


def test_a_provider_delivers_and_its_secrets_are_forgotten():
    brand, sent = make_brand(), []

    class Provider:
        def deliver(self, envelope: Envelope) -> Delivery:
            sent.append(envelope)
            return Delivery("sent", reference="abc")

    api.register_channel(kind="sms", channel=Provider())
    try:
        send_code(brand, "975310")
    finally:
        api.register_channel(kind="sms", channel=None)
    assert sent[0].to == "+8613800138000" and "975310" in sent[0].body
    [kept] = api.list_messages(scope=scope_of(brand, "messages.read")).items
    assert (kept.state, kept.body) == ("sent", "")


def test_pages_go_back_in_time_without_gaps():
    brand = make_brand()
    for n in range(7):
        send_code(brand, f"{n:06d}")
    seen, cursor = [], None
    while True:
        page = api.list_messages(scope=scope_of(brand, "messages.read"), cursor=cursor, limit=3)
        seen += [re.search(r"\d{6}", m.body)[0] for m in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"{n:06d}" for n in range(6, -1, -1)]


def test_what_is_no_number_is_refused_and_nothing_is_kept():
    brand = make_brand()
    with pytest.raises(Refusal) as refusal:
        send_code(brand, to="call me")
    assert refusal.value.errors[0].field == "to"
    assert not api.list_messages(scope=scope_of(brand, "messages.read")).items
