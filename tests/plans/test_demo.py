"""The demo's plan: subscribers in every state, made once."""

from __future__ import annotations

import socket
from datetime import timedelta
from uuid import UUID

import pytest
from tests.rest.shop import open_shop

from regulars.flows import payments as paying
from regulars.flows.demo import plans as demo
from regulars.kit import clock
from regulars.platform.payments import api as payments
from regulars.platform.payments.models import PaymentNotice, SimulatedCallback
from regulars.value.plans import api as plans

pytestmark = pytest.mark.django_db


def test_the_demos_plan_is_filled_once(caplog: pytest.LogCaptureFixture) -> None:
    shop = open_shop()
    members = [UUID(shop.enrol(f"138001380{n:02}")) for n in range(24)]
    for _ in range(2):
        demo.fill(shop.scope, members, clock.now())
    stats = plans.count_by_plan(brand_id=shop.scope.brand_id)
    assert sum(n for one in stats.values() for n in one.by_state.values()) == 24
    # 5, 11, 17 and 23 try it; 1, 9 and 17 would rest, but 17 is on trial
    assert stats["prime"].by_state["trial"] == 4
    assert (
        stats["prime"].by_state["paused"] + stats.get("family", stats["prime"]).by_state.get("paused", 0) >= 2
    )
    assert {one.state for one in payments.list_payments(scope=shop.scope, limit=100).items} == {"paid"}
    # 24 less four trials were paid; the provider's callbacks came in by their own door, signed, without a web server
    calls = SimulatedCallback.objects.values_list("answered", "due_at", "tries")
    assert list(calls) == [(200, None, 1)] * 20
    assert list(PaymentNotice.objects.values_list("result", flat=True)) == ["accepted"] * 20
    assert caplog.records == []


def test_callbacks_that_nobody_takes_are_warned_of_together_and_made_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop()
    members = [UUID(shop.enrol(f"138001380{n:02}")) for n in range(5)]
    here = paying.call_back_here
    monkeypatch.setattr(paying, "call_back_here", lambda **_: 0)
    demo.fill(shop.scope, members, clock.now())
    caplog.clear()
    # an address where nothing listens (any more)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    SimulatedCallback.objects.update(url=f"http://127.0.0.1:{port}/pay/notice")
    now = clock.now()
    assert payments.run_simulator(now=now) == 5
    (record,) = caplog.records
    assert "5 callbacks" in record.getMessage()
    assert SimulatedCallback.objects.filter(answered=None, due_at__gt=now, tries=1).count() == 5
    later = now + timedelta(minutes=1)
    (account_id,) = set(SimulatedCallback.objects.values_list("account_id", flat=True))
    assert here(account_id=account_id, now=later) == 5
    assert list(SimulatedCallback.objects.values_list("answered", "due_at")) == [(200, None)] * 5
    assert {one.state for one in payments.list_payments(scope=shop.scope, limit=100).items} == {"paid"}
