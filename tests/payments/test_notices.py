"""Callbacks over the public address: kept as they came, believed once, refused when anything is wrong."""

from __future__ import annotations

import json
import logging
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from tests.rest.shop import Shop, open_shop

from regulars.flows import payments as paying
from regulars.flows.plans import api as plan_flow
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.payments import api as payments
from regulars.platform.payments import registry
from regulars.platform.payments.accounts import simulators
from regulars.platform.payments.models import PaymentAccount
from regulars.platform.payments.providers.simulator import Simulator
from regulars.platform.payments.types import Account, Payment
from regulars.surfaces import rates
from regulars.value.plans import api as plans

pytestmark = pytest.mark.django_db
KEY = "0123456789abcdef0123456789abcdef"
PLAN = {"key": "prime", "state": "active", "name": "Prime", "prices": {"month": 3000}}


@pytest.fixture
def shop() -> Shop:
    shop = open_shop()
    plans.apply_definition(scope=shop.scope, definition=PLAN, now=shop.now)
    put(shop)
    return shop


def put(shop: Shop, account: str = "sim", **values: str) -> Account:
    return payments.put_account(
        scope=shop.scope,
        key=account,
        provider="simulator",
        name=Text("模拟", "Simulated"),
        values={"key": KEY, **values},
        now=shop.now,
    )


def bought(shop: Shop, phone: str = "13800138000") -> Payment:
    member = UUID(shop.enrol(phone))
    made = plan_flow.buy(
        scope=shop.scope, member_id=member, plan="prime", period="month", key=phone, now=clock.now()
    )
    assert made.payment is not None
    return made.payment


def body_of(payment: Payment, **more: Any) -> bytes:
    told = {
        "id": "SIMN1",
        "type": "payment",
        "number": payment.number,
        "state": "paid",
        "reference": "SIM1",
        "amount": payment.amount,
        "currency": payment.currency,
        "paid_at": None,
        "agreement": "",
    }
    return json.dumps({**told, **more}).encode()


def post(
    account_id: UUID, body: bytes, *, signed_with: str = KEY, provider: str = "simulator", age: int = 0
) -> Any:
    stamp = str(int(clock.now().timestamp()) - age)
    gateway = Simulator().connect(account_id, {"key": signed_with})
    return Client(enforce_csrf_checks=True).post(
        f"/pay/notice/{provider}/{account_id}",
        data=body,
        content_type="application/json",
        headers={"X-Simulator-Timestamp": stamp, "X-Simulator-Signature": gateway.sign(stamp, body)},
    )


def now_of(shop: Shop, payment: Payment) -> Payment:
    return payments.get_payment(scope=shop.scope, member_id=payment.member_id, payment_id=payment.id)


def results(shop: Shop, payment: Payment) -> list[str]:
    return [one.result for one in payments.list_notices(scope=shop.scope, payment=payment)]


def test_a_good_notice_is_believed_once(shop: Shop) -> None:
    payment = bought(shop)
    for _ in range(3):
        answer = post(payment.account_id, body_of(payment))
        assert (answer.status_code, answer.content) == (200, b'{"code":"SUCCESS"}')
    assert now_of(shop, payment).state == "paid"
    assert results(shop, payment) == ["accepted", "duplicate", "duplicate"]
    assert len(plans.list_of_member(brand_id=shop.scope.brand_id, member_id=payment.member_id)) == 1
    # another notice about what is paid already: nothing to do
    post(payment.account_id, body_of(payment, id="SIMN2"))
    assert results(shop, payment)[-1] == "ignored"


@pytest.mark.parametrize(
    ("wrong", "result"),
    [
        ({"amount": 2999}, "wrong_amount"),
        ({"amount": 3001}, "wrong_amount"),
        ({"currency": "USD"}, "wrong_currency"),
    ],
)
def test_a_wrong_amount_or_currency_is_refused_and_kept(shop: Shop, wrong: Any, result: str) -> None:
    payment = bought(shop)
    answer = post(payment.account_id, body_of(payment, **wrong))
    assert answer.status_code == 422
    assert now_of(shop, payment).state == "pending"
    (kept,) = payments.list_notices(scope=shop.scope, payment=payment)
    assert kept.result == result
    assert json.loads(kept.body)["amount"] == wrong.get("amount", 3000)
    assert plans.list_of_member(brand_id=shop.scope.brand_id, member_id=payment.member_id) == []
    # the same id with the right amount is still believed
    assert post(payment.account_id, body_of(payment)).status_code == 200
    assert now_of(shop, payment).state == "paid"


def test_forged_old_and_foreign_notices_change_nothing(shop: Shop) -> None:
    payment = bought(shop)
    other = put(shop, "other", key="f" * 32)
    assert post(payment.account_id, body_of(payment), signed_with="x" * 32).status_code == 401
    assert post(payment.account_id, body_of(payment), age=400).status_code == 401
    # signed by another account of the brand, about a payment that is not its own
    assert post(other.id, body_of(payment), signed_with="f" * 32).status_code == 422
    assert post(new_id(), body_of(payment)).status_code == 404
    assert post(payment.account_id, body_of(payment), provider="alipay").status_code == 404
    assert post(payment.account_id, body_of(payment, number="0" * 32)).status_code == 422
    assert post(payment.account_id, b"{}").status_code == 422
    assert post(payment.account_id, b"x" * 70_000).status_code == 413
    assert now_of(shop, payment).state == "pending"
    from regulars.platform.payments.models import PaymentNotice

    kept = sorted(PaymentNotice.objects.values_list("result", flat=True))
    assert kept == ["bad_signature", "bad_signature", "malformed", "unknown_payment", "unknown_payment"]


def test_notices_are_kept_encrypted_and_shown_to_few(shop: Shop) -> None:
    payment = bought(shop)
    post(payment.account_id, body_of(payment, agreement="SECRET-AGREEMENT"))
    from regulars.platform.payments.models import PaymentNotice

    assert b"SECRET" not in bytes(PaymentNotice.objects.get().body)
    from dataclasses import replace

    few = replace(shop.scope, permissions=frozenset({"payments.read"}))
    (shown,) = payments.list_notices(scope=few, payment=payment)
    assert shown.body == ""


def test_secrets_never_leave_the_room(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    from regulars.platform.audit.models import AuditRow

    with caplog.at_level(logging.DEBUG):
        account = put(shop, "sim", outcome="paid")
        payment = bought(shop)
        post(payment.account_id, body_of(payment))
    assert account.secrets == ("key",)
    assert KEY not in repr(account) and KEY not in caplog.text
    assert KEY.encode() not in bytes(PaymentAccount.objects.get(id=account.id).secrets)
    assert all(KEY not in json.dumps([row.before, row.after]) for row in AuditRow.objects.all())
    # a changed account keeps the secrets that are not given again
    changed = payments.put_account(
        scope=shop.scope,
        key="sim",
        provider="simulator",
        name=Text("新名", "Renamed"),
        values={"outcome": "ask"},
        now=shop.now,
    )
    assert simulators()[changed.id].key == KEY


def test_an_account_with_mistakes_is_refused_by_field(shop: Shop) -> None:
    with pytest.raises(Refusal) as raised:
        payments.put_account(
            scope=shop.scope,
            key="Wrong Key",
            provider="wechat",
            name=Text("", "x"),
            values={"mchid": "1", "unknown": "x"},
            now=shop.now,
        )
    fields = {error.field for error in raised.value.errors}
    assert {"key", "name.zh", "settings.unknown", "settings.appid", "settings.private_key"} <= fields
    with pytest.raises(Refusal) as raised:
        put(shop, "bad", delay_seconds="soon")
    assert raised.value.errors[0].field == "settings.delay_seconds"


def test_notices_have_a_rate_of_their_own(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    account = put(shop, "sim")
    rates.forget()
    monkeypatch.setattr(rates, "_NOTICES_PER_ADDRESS", 0.5)  # ten at once, then one every two seconds
    answers = [post(account.id, b"{}").status_code for _ in range(15)]
    rates.forget()
    assert answers[0] == 422 and answers[-1] == 429


def test_a_refund_is_no_more_than_was_paid(shop: Shop) -> None:
    put(shop, outcome="paid")
    payment = bought(shop)
    paying.check(payment=payment, now=clock.now())
    call = shop.call
    path = f"/payments/{payment.id}"
    assert call.get(path)["state"] == "paid"
    after = call.post(f"{path}/refunds", {"amount": 1000, "reason": "goodwill"}, Idempotency_Key="r1")
    assert (after["state"], after["refunded"]) == ("partly_refunded", 1000)
    again = call.post(f"{path}/refunds", {"amount": 1000, "reason": "goodwill"}, Idempotency_Key="r1")
    assert again["refunded"] == 1000
    wrong = call.refused("POST", f"{path}/refunds", {"amount": 999}, Idempotency_Key="r1")
    assert (wrong["status"], wrong["code"]) == (409, "idempotency_conflict")
    much = call.refused("POST", f"{path}/refunds", {"amount": 2001}, Idempotency_Key="r2")
    assert (much["code"], much["data"]["left"]) == ("not_refundable", 2000)
    after = call.post(f"{path}/refunds", {"amount": 2000}, Idempotency_Key="r3")
    assert (after["state"], after["refunded"]) == ("refunded", 3000)
    assert [one["amount"] for one in after["refunds"]] == [1000, 2000]


def test_a_refund_the_provider_refuses_gives_the_money_back_to_the_payment(shop: Shop) -> None:
    put(shop, outcome="paid", refund_outcome="failed")
    payment = bought(shop)
    paying.check(payment=payment, now=clock.now())
    after = shop.call.post(f"/payments/{payment.id}/refunds", {"amount": 1000}, Idempotency_Key="r1")
    assert (after["state"], after["refunded"], after["refunding"]) == ("paid", 0, 0)
    assert after["refunds"][0]["state"] == "failed"


def test_money_for_what_is_no_longer_wanted_goes_back(shop: Shop) -> None:
    payment = bought(shop)
    # she buys for a year instead, and the closing of the first is lost: it gets paid all the same
    order = plans.get_order(member_id=payment.member_id, order_id=payment.subject_id)
    plans.end_order(order=order, state="void")
    assert post(payment.account_id, body_of(payment)).status_code == 200
    after = now_of(shop, payment)
    assert (after.state, after.refunding) == ("refunding", 3000)
    assert plans.list_of_member(brand_id=shop.scope.brand_id, member_id=payment.member_id) == []
    # the simulated provider knows of no payment, so pay there first, as the payer did
    simulators()[payment.account_id].press(payment.number, outcome="paid", now=clock.now())
    from datetime import timedelta

    paying.settle_due(clock.now() + timedelta(seconds=21))
    assert now_of(shop, payment).state == "refunded"


class Coins:
    """A provider from outside: everything is the simulator's but the name."""

    def __init__(self) -> None:
        self._simulator = Simulator()

    code = "coins"
    name = Text("硬币", "Coins")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._simulator, name)


def test_a_provider_comes_by_an_entry_point(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    class Point:
        name = "coins"

        def load(self) -> Any:
            return Coins

    class Broken(Point):
        def load(self) -> Any:
            raise ImportError("gone")

    monkeypatch.setattr(registry, "entry_points", lambda group: [Broken(), Point()])
    registry.providers.cache_clear()
    try:
        assert [one.code for one in payments.list_providers()] == ["simulator", "wechat", "alipay", "coins"]
        made = payments.put_account(
            scope=shop.scope,
            key="coins",
            provider="coins",
            name=Text("硬币", "Coins"),
            values={"key": KEY},
            now=shop.now,
        )
        assert made.provider == "coins"
    finally:
        registry.providers.cache_clear()


def test_the_simulators_pages_are_not_for_guessing(shop: Shop) -> None:
    payment = bought(shop)
    url = payment.action.url.split("/pay/")[1]
    assert Client().get(f"/pay/{url}").status_code == 200
    assert Client().get(f"/pay/{url[:-1]}{'0' if url[-1] != '0' else '1'}").status_code == 404
    assert Client(enforce_csrf_checks=True).post(f"/pay/{url}", {"outcome": "paid"}).status_code == 403


def test_a_foreign_key_sees_no_payment(shop: Shop) -> None:
    payment = bought(shop)
    assert shop.foreign.refused("GET", f"/payments/{payment.id}")["code"] == "not_found"
