"""A paid plan is tried, changed, left, paused and handed on; and what it saved."""

from __future__ import annotations

from uuid import UUID

from tests.stories.plan_till import Till, till

from regulars.kit import clock
from regulars.value.plans import api as plans
from regulars.value.plans.types import NewSaving

__all__ = ["till"]  # the fixture, which tests take by name


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
