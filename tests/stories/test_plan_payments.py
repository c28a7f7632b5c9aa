"""A paid plan is had when its payment is paid, whatever becomes of the callbacks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.stories.plan_till import Till, till

from regulars.flows import payments as paying
from regulars.kit import clock
from regulars.platform.payments.tasks import call_back

__all__ = ["till"]  # the fixture, which tests take by name


def test_a_plan_is_bought_when_its_payment_is_paid(till: Till) -> None:
    till.account(outcome="ask")
    member = till.story.enrol("13800138000")
    made = till.buy(member)
    assert (made["subscription"], made["payment"]["state"], made["payment"]["amount"]) == (
        None,
        "pending",
        3000,
    )
    assert till.held(member) is None
    assert "已支付" in till.press(made["payment"]["action"]["url"])
    assert till.payment(made)["state"] == "pending"  # the provider has not called back yet
    till.work()
    assert till.payment(made)["state"] == "paid"
    held = till.held(member)
    # bought on 31 January: until before 28 February, for February has no 31st
    assert (held["state"], held["starts_on"], held["ends_on"]) == ("active", "2025-01-31", "2025-02-28")
    assert till.notices(made) == ["accepted"]
    assert "plan-prime" in till.tags(member)
    given = till.story.call.get(f"/members/{member}/subscriptions/{held['id']}/periods")["items"]
    assert [(one["kind"], one["paid"]) for one in given] == [("bought", 3000)]
    assert till.refused(f"/members/{member}/subscriptions", {"plan": "black", "period": "month"}) == (
        "already_subscribed"
    )


def test_a_declined_payment_gives_nothing_and_can_be_tried_again(till: Till) -> None:
    till.account(outcome="ask")
    member = till.story.enrol("13800138000")
    first = till.buy(member)
    till.press(first["payment"]["action"]["url"], "failed")
    till.work()
    assert till.payment(first)["state"] == "failed"
    assert till.held(member) is None
    second = till.buy(member)
    assert second["payment"]["id"] != first["payment"]["id"]
    till.press(second["payment"]["action"]["url"])
    till.work()
    assert till.held(member)["state"] == "active"


def test_late_lost_and_repeated_callbacks_have_one_effect(till: Till) -> None:
    # the first two callbacks are lost, then it comes and comes again twice
    till.account(outcome="paid", delay_seconds="60", lose="2", repeat="2")
    member = till.story.enrol("13800138000")
    made = till.buy(member)
    # nobody asks the provider in this story, so that only its callbacks can tell
    call_back(clock.now())
    assert till.payment(made)["state"] == "pending"
    begin = clock.now()
    for seconds in range(60, 120, 5):
        till.story._set(begin + timedelta(seconds=seconds))
        call_back(clock.now())
    assert till.notices(made) == ["accepted", "duplicate", "duplicate"]
    assert till.held(member)["state"] == "active"
    given = till.story.call.get(f"/members/{member}/subscriptions/{till.held(member)['id']}/periods")["items"]
    assert len(given) == 1


def test_a_lost_notice_is_caught_by_asking(till: Till) -> None:
    till.account(outcome="paid", lose="12")
    member = till.story.enrol("13800138000")
    made = till.buy(member)
    assert till.payment(made)["state"] == "pending"
    till.story._set(clock.now() + timedelta(seconds=6))
    assert paying.settle_due(clock.now()) == 1
    assert till.payment(made)["state"] == "paid"
    assert till.held(member)["state"] == "active"
    assert till.notices(made) == []


def test_a_payment_nobody_made_is_closed_when_it_expires(till: Till) -> None:
    till.account(outcome="ask")
    member = till.story.enrol("13800138000")
    made = till.buy(member)
    till.story._set(clock.now() + timedelta(minutes=31))
    till.work()
    assert till.payment(made)["state"] == "closed"
    assert "已关闭" in requests.get(made["payment"]["action"]["url"], timeout=60).text
    assert till.held(member) is None


def test_asking_twice_is_one_purchase(till: Till) -> None:
    till.account(outcome="ask")
    member = till.story.enrol("13800138000")
    body = {"plan": "prime", "period": "month"}
    path = f"/members/{member}/subscriptions"
    first = till.story.call.post(path, body, Idempotency_Key="k")
    again = till.story.call("POST", path, body, Idempotency_Key="k")
    assert again.status == 200
    assert again.ok()["payment"]["id"] == first["payment"]["id"]
    other = till.story.call.refused("POST", path, {**body, "period": "year"}, Idempotency_Key="k")
    assert (other["status"], other["code"]) == (409, "idempotency_conflict")
    same = till.buy(member)  # another key, the same wish: the payment that waits
    assert same["payment"]["id"] == first["payment"]["id"]
    year = till.buy(member, period="year")  # another wish lets the first go
    assert till.payment(first)["state"] == "closed"
    till.press(year["payment"]["action"]["url"])
    till.work()
    assert till.held(member)["period"] == "year"


def test_a_provider_that_was_away_is_asked_again(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    from regulars.platform.payments.providers.simulator import SimulatorGateway
    from regulars.platform.payments.types import ProviderError

    def away(*given: Any, **more: Any) -> Any:
        raise ProviderError("unreachable", "ConnectTimeout", again=True)

    till.account(outcome="paid")
    member = till.story.enrol("13800138000")
    with monkeypatch.context() as patched:
        patched.setattr(SimulatorGateway, "create", away)
        made = till.buy(member)
        assert (made["payment"]["state"], made["payment"]["code"]) == ("created", "unreachable")
        till.story._set(clock.now() + timedelta(seconds=30))
        till.work()
        assert till.payment(made)["state"] == "created"
    till.story._set(clock.now() + timedelta(minutes=2))
    till.work()
    till.work()
    assert till.held(member)["state"] == "active"
    # one that stays away until the payment expires: closed, and nothing is had
    other = till.story.enrol("13800138001")
    monkeypatch.setattr(SimulatorGateway, "create", away)
    made = till.buy(other)
    till.story._set(clock.now() + timedelta(minutes=31))
    till.work()
    assert till.payment(made)["state"] == "closed"
