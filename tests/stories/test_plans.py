"""A paid plan, from the button to the last day, with a provider that calls back over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import requests
from tests.stories.world import PROGRAMME, Story, name, open_story

from regulars.flows import payments as paying
from regulars.flows.plans import api as plan_flow
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.payments import api as payments
from regulars.platform.payments.tasks import call_back
from regulars.value.plans import api as plans
from regulars.value.plans.types import NewSaving

PLAN = {
    "key": "prime",
    "state": "active",
    "name": {"zh": "尊享会员", "en": "Prime"},
    "prices": {"month": 3000, "quarter": 8000, "year": 30000},
    "trial_days": 7,
    "benefits": [
        {"key": "free-coffee", "name": name("free coffee"), "kind": "product", "quota": 1, "period": "week"}
    ],
    "retry_days": [1, 3],
    "pause": {"max_days": 20, "times": 2},
    "transferable": True,
    "refund": {"rule": "unused_days", "full_within_days": 0, "minus_savings": False},
}
BIG = {
    **PLAN,
    "key": "black",
    "name": {"zh": "黑金会员", "en": "Black"},
    "prices": {"month": 9000, "year": 90000},
}


class Till:
    """What a shop with plans does, and the worker's turns."""

    def __init__(self, story: Story, base: str) -> None:
        self.story, self.base, self.scope = story, base, story.scope
        self.brand = organisations.get_brand(brand_id=story.scope.brand_id)

    def account(self, **settings: str) -> None:
        payments.put_account(
            scope=self.scope,
            key="sim",
            provider="simulator",
            name=Text("模拟", "Simulated"),
            values=settings,
            now=clock.now(),
        )

    def post(self, path: str, body: Any = None) -> Any:
        return self.story.call.post(path, body, Idempotency_Key=self.story.key())

    def refused(self, path: str, body: Any = None) -> str:
        answer = self.story.call.refused("POST", path, body or {}, Idempotency_Key=self.story.key())
        return str(answer["code"])

    def work(self) -> None:
        """Everything that is due now, until nothing is left, as the worker would."""
        for _ in range(10):
            now = clock.now()
            if not (plan_flow.renew_due(now) + paying.settle_due(now) + call_back(now)):
                return

    def buy(self, member: str, plan: str = "prime", period: str = "month", **more: Any) -> Any:
        return self.post(f"/members/{member}/subscriptions", {"plan": plan, "period": period, **more})

    def press(self, url: str, outcome: str = "paid") -> str:
        """The payer on the provider's page: over HTTP, with its form."""
        browser = requests.Session()
        page = browser.get(url, timeout=10)
        assert page.status_code == 200, page.text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token, page.text
        form = {"csrfmiddlewaretoken": token[1], "outcome": outcome}
        done = browser.post(url, data=form, timeout=10)
        assert done.status_code == 200, done.text
        return done.text

    def held(self, member: str) -> Any:
        items = self.story.call.get(f"/members/{member}/subscriptions")["items"]
        return items[0] if items else None

    def payment(self, outcome: Any) -> Any:
        return self.story.call.get(f"/payments/{outcome['payment']['id']}")

    def notices(self, outcome: Any) -> list[str]:
        member = UUID(outcome["payment"]["member_id"])
        found = payments.get_payment(
            scope=self.scope, member_id=member, payment_id=UUID(outcome["payment"]["id"])
        )
        return [one.result for one in payments.list_notices(scope=self.scope, payment=found)]

    def tags(self, member: str) -> list[str]:
        found: list[str] = self.story.call.get(f"/members/{member}")["tags"]
        return found


@pytest.fixture
def till(live_server: Any, settings: Any, set_clock: Callable[[datetime], None]) -> Till:
    settings.PUBLIC_URL = live_server.url
    story = open_story(set_clock, PROGRAMME, "2025-01-31 12:00")
    till = Till(story, live_server.url)
    for definition in (PLAN, BIG):
        plans.apply_definition(scope=story.scope, definition=definition, now=clock.now())
    return till


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
    assert "已关闭" in requests.get(made["payment"]["action"]["url"], timeout=5).text
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


def test_a_renewal_is_announced_charged_tried_again_and_ends(till: Till) -> None:
    till.account(outcome="paid", fail_charges="0")
    member = till.story.enrol("13800138000")
    till.buy(member)
    till.work()
    assert till.held(member)["ends_on"] == "2025-02-28"
    for day in ("2025-02-21 10:00", "2025-02-25 10:00", "2025-02-27 10:00"):
        till.story.say(day)
        till.work()
        till.work()
    kinds = _inbox(till, member)
    assert kinds == ["plan_renewing"] * 3
    till.story.say("2025-02-28 00:01")
    till.work()
    held = till.held(member)
    # charged by agreement; the day of the month it began on is kept: 31 March
    assert (held["state"], held["starts_on"], held["ends_on"]) == ("active", "2025-02-28", "2025-03-31")
    # now charges fail: on the day, and on the retries one and three days later
    till.account(outcome="paid", charge_outcome="failed")
    till.story.say("2025-03-31 00:01")
    till.work()
    assert till.held(member)["state"] == "past_due"
    assert "plan-prime" in till.tags(member)  # benefits go on while it is tried
    for day in ("2025-04-01 00:01", "2025-04-03 00:01"):
        till.story.say(day)
        till.work()
        assert till.held(member)["state"] == "past_due"
    till.story.say("2025-04-04 00:01")
    till.work()
    held = till.held(member)
    assert (held["state"], held["end_reason"]) == ("ended", "unpaid")
    assert "plan-prime" not in till.tags(member)
    states = [p.state for p in payments.list_payments(scope=till.scope).items]
    assert states == ["failed", "failed", "failed", "paid", "paid"]  # newest first


def test_a_retry_that_succeeds_leaves_no_gap(till: Till) -> None:
    till.account(outcome="paid", fail_charges="1")
    member = till.story.enrol("13800138000")
    till.buy(member)
    till.work()
    till.story.say("2025-02-28 00:01")
    till.work()
    assert till.held(member)["state"] == "past_due"
    till.story.say("2025-03-01 00:01")
    till.work()
    held = till.held(member)
    assert (held["state"], held["starts_on"], held["ends_on"]) == ("active", "2025-02-28", "2025-03-31")


def test_a_renewal_that_cannot_be_charged_is_asked_for(till: Till) -> None:
    till.account(outcome="ask")
    member = till.story.enrol("13800138000")
    made = till.buy(member, auto_renew=False)  # so there is no agreement to charge by
    till.press(made["payment"]["action"]["url"])
    till.work()
    path = f"/members/{member}/subscriptions/{till.held(member)['id']}"
    assert till.post(f"{path}/renewal", {"on": True})["subscription"]["auto_renew"] is True
    till.story.say("2025-02-28 00:01")
    till.work()
    assert till.held(member)["state"] == "past_due"
    assert _inbox(till, member)[0] == "plan_payment_due"
    newest = payments.list_payments(scope=till.scope).items[0]
    assert (newest.state, newest.channel, newest.amount) == ("pending", "page", 3000)
    till.story.say("2025-03-02 18:00")
    till.press(newest.action.url)
    till.work()
    held = till.held(member)
    assert (held["state"], held["starts_on"], held["ends_on"]) == ("active", "2025-02-28", "2025-03-31")
    assert (
        len(payments.list_payments(scope=till.scope).items) == 2
    )  # the retry of 1 March asked for the same one


def test_a_worker_that_was_away_does_not_make_up_for_missed_tries_in_one_go(till: Till) -> None:
    till.account(outcome="paid", charge_outcome="failed")
    member = till.story.enrol("13800138000")
    till.buy(member)
    till.work()
    till.story.say("2025-03-20 12:00")  # three weeks after the end, past every retry
    till.work()
    assert till.held(member)["state"] == "past_due"
    till.account(outcome="paid")
    till.story.say("2025-03-21 12:01")
    till.work()
    held = till.held(member)
    assert (held["state"], held["starts_on"], held["ends_on"]) == ("active", "2025-02-28", "2025-03-31")


def test_a_renewal_paid_after_its_whole_period_begins_today(till: Till) -> None:
    till.account(outcome="paid")
    member = till.story.enrol("13800138000")
    till.buy(member)
    till.work()
    till.story.say("2025-05-05 12:00")
    till.work()
    held = till.held(member)
    assert (held["state"], held["starts_on"], held["ends_on"]) == ("active", "2025-05-05", "2025-06-05")


def test_who_was_frozen_is_not_charged_again(till: Till) -> None:
    till.account(outcome="paid")
    member = till.story.enrol("13800138000")
    till.buy(member)
    till.work()
    till.story.call("PATCH", f"/members/{member}", {"status": "frozen"}).ok()
    till.story.say("2025-02-28 00:01")
    till.work()
    assert (till.held(member)["state"], till.held(member)["end_reason"]) == ("ended", "not_a_member")
    assert len(payments.list_payments(scope=till.scope).items) == 1


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


def test_a_trial_is_for_a_person_once(till: Till) -> None:
    till.account(outcome="paid")
    member = till.story.enrol("13800138000")
    made = till.post(f"/members/{member}/trials", {"plan": "prime"})
    assert (made["subscription"]["state"], made["subscription"]["ends_on"]) == ("trial", "2025-02-07")
    till.story.say("2025-02-07 00:01")
    till.work()
    assert (till.held(member)["state"], till.held(member)["end_reason"]) == ("ended", "trial_over")
    assert till.refused(f"/members/{member}/trials", {"plan": "prime"}) == "trial_used"
    # the same person as another member: her phone number moved to a new membership
    card = till.story.call.get(f"/members/{member}")
    till.story.call.post(f"/members/{member}/identities", {"type": "card", "value": "CARD-0001"})
    phone = next(i["id"] for i in card["identities"] if i["type"] == "phone")
    till.story.call("DELETE", f"/members/{member}/identities/{phone}").ok()
    again = till.story.enrol("13800138000")
    assert again != member
    assert till.refused(f"/members/{again}/trials", {"plan": "prime"}) == "trial_used"


def test_a_trial_goes_over_into_the_plan(till: Till) -> None:
    till.account(outcome="paid")
    member = till.story.enrol("13800138000")
    till.post(f"/members/{member}/trials", {"plan": "prime"})
    till.story.say("2025-02-03 12:00")
    till.buy(member, period="quarter")
    till.work()
    held = till.held(member)
    assert (held["state"], held["starts_on"], held["ends_on"]) == ("active", "2025-02-03", "2025-05-03")
    assert len(till.story.call.get(f"/members/{member}/subscriptions")["items"]) == 1


def test_an_upgrade_costs_the_difference_for_the_days_left_and_leaving_gives_the_rest_back(
    till: Till,
) -> None:
    till.account(outcome="paid")
    till.story.say("2025-03-01 12:00")
    member = till.story.enrol("13800138000")
    till.buy(member)  # 30.00 for 31 days, 1 to 31 March
    till.work()
    held = till.held(member)
    path = f"/members/{member}/subscriptions/{held['id']}"
    till.story.say("2025-03-11 12:00")
    # 21 of 31 days are left, today among them: 3000 × 21/31 = 2032.26, 9000 × 21/31 = 6096.77
    quote = till.story.call.get(f"{path}/change?plan=black&period=month")["change"]
    assert (quote["now"], quote["credit"], quote["worth"], quote["due"]) == (True, 2032, 6097, 4065)
    made = till.post(f"{path}/change", {"plan": "black", "period": "month"})
    till.work()
    held = till.held(member)
    assert (held["plan"], held["worth"], held["ends_on"]) == ("black", 6097, "2025-04-01")
    assert till.payment(made)["amount"] == 4065
    assert "plan-black" in till.tags(member) and "plan-prime" not in till.tags(member)
    # leaving on 21 March: 10 of those 21 days have not begun: 6097 × 10/21 = 2903.33
    till.story.say("2025-03-21 12:00")
    left = till.post(f"{path}/refund", {"reason": "moved away"})
    assert (left["refund"]["amount"], left["refund"]["unused_days"]) == (2903, 10)
    assert [one["amount"] for one in left["refunds"]] == [2903]  # all of it from the newest payment
    till.work()
    after = till.payment(made)
    assert (after["state"], after["refunded"]) == ("partly_refunded", 2903)
    assert (till.held(member)["state"], till.held(member)["end_reason"]) == ("cancelled", "refunded")


def test_going_down_waits_for_the_renewal(till: Till) -> None:
    till.account(outcome="paid")
    till.story.say("2025-03-01 12:00")
    member = till.story.enrol("13800138000")
    till.buy(member, plan="black")
    till.work()
    held = till.held(member)
    path = f"/members/{member}/subscriptions/{held['id']}"
    done = till.post(f"{path}/change", {"plan": "prime", "period": "month"})
    assert (done["payment"], done["subscription"]["next_plan"]) == (None, "prime")
    assert till.held(member)["plan"] == "black"
    till.story.say("2025-04-01 00:01")
    till.work()
    held = till.held(member)
    assert (held["plan"], held["worth"], held["ends_on"]) == ("prime", 3000, "2025-05-01")


def test_a_pause_moves_the_end_and_ends_by_itself(till: Till) -> None:
    till.account(outcome="paid")
    till.story.say("2025-03-01 12:00")
    member = till.story.enrol("13800138000")
    till.buy(member)  # until before 1 April
    till.work()
    path = f"/members/{member}/subscriptions/{till.held(member)['id']}"
    till.story.say("2025-03-11 12:00")
    till.post(f"{path}/pause")
    assert "plan-prime" not in till.tags(member)
    assert till.refused(f"{path}/pause") == "wrong_subscription_state"
    till.story.say("2025-03-16 12:00")
    till.post(f"{path}/resume")
    assert till.held(member)["ends_on"] == "2025-04-06"  # five days later
    till.post(f"{path}/pause")
    till.story.say("2025-03-31 00:01")  # 15 more days: the 20 that the plan allows are used
    till.work()
    held = till.held(member)
    assert (held["state"], held["ends_on"]) == ("active", "2025-04-21")
    assert till.refused(f"{path}/pause") == "pauses_used_up"


def test_a_plan_is_handed_on(till: Till) -> None:
    till.account(outcome="paid")
    till.story.say("2025-03-01 12:00")
    ann, ben = till.story.enrol("13800138000"), till.story.enrol("13800138001")
    till.buy(ann)
    till.work()
    path = f"/members/{ann}/subscriptions/{till.held(ann)['id']}"
    till.story.say("2025-03-10 12:00")
    till.post(f"{path}/transfer", {"to": ben})
    assert (till.held(ann)["state"], till.held(ann)["end_reason"]) == ("cancelled", "transferred")
    theirs = till.held(ben)
    assert (theirs["state"], theirs["ends_on"], theirs["auto_renew"]) == ("active", "2025-04-01", False)
    assert "plan-prime" in till.tags(ben) and "plan-prime" not in till.tags(ann)


def test_what_the_plan_saved_is_counted_once(till: Till) -> None:
    from django.db import connection

    till.account(outcome="paid")
    member = till.story.enrol("13800138000")
    till.buy(member)
    till.work()

    def save(source: str, amount: int) -> int:
        one = NewSaving(UUID(member), "free-coffee", amount, "CNY", source, clock.now())
        with connection.cursor() as cursor:
            return plans.record_saving(cursor, brand_id=till.brand.id, savings=[one])

    assert [save("O1:1", 1800), save("O1:1", 1800), save("O2:1", 700), save("R2:1", -700)] == [1, 0, 1, 1]
    told = till.story.call.get(f"/members/{member}/savings")
    assert (told["total"], told["in_period"], told["times"]) == (1800, 1800, 2)


def _inbox(till: Till, member: str) -> list[str]:
    from regulars.messaging import api as messaging

    page = messaging.list_inbox(scope=till.scope, member_id=UUID(member))
    return [message.template for message in page.items]
