"""A paid plan renews itself, asks to be renewed, or ends."""

from __future__ import annotations

from tests.stories.plan_till import Till, till

from regulars.platform.payments import api as payments

__all__ = ["till"]  # the fixture, which tests take by name


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
    kinds = till.inbox(member)
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
    assert till.inbox(member)[0] == "plan_payment_due"
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
