"""What points go through: earned, taken back, spent, expired, owed, held, adjusted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.stories.world import Story, staff, uuid

from regulars.flows import value
from regulars.kit import clock
from regulars.kit.errors import Refusal


def test_earn_partial_refund_burn_expiry_debt(story: Story) -> None:
    story.say("2025-01-06 12:00")
    ann = story.enrol("13800000001")
    # 3 pieces for 100.00 and one thing for 50.50: 150.50 yuan → 150 points.
    lines = [{"sku": "A", "amount": 10_000, "quantity": 3}, {"sku": "B", "amount": 5_050}]
    receipt = story.post(story.order(ann, "N1", lines=lines))
    assert receipt["earned"] == {"points": 150, "growth": 150}
    assert {o["rule"]: o.get("reason", "") for o in receipt["outcomes"]} == {
        "base": "",
        "growth": "",
        "app": "condition",
    }
    assert story.balance(ann) == (150, 0, 0, 0)

    # One piece of three comes back. Line 1 earned its share of 150: 150 · 10000/15050 = 99.67, line 2 50.33; the
    # odd point goes to the larger remainder, so 100 and 50. A third of 100, rounded down, is 33.
    story.say("2025-01-20 12:00")
    back = story.post(story.refund(ann, "R1", "N1", [{"line": 1, "quantity": 1}]))
    assert back["earned"] == {"points": -33, "growth": -33}
    assert story.balance(ann) == (117, 0, 0, 0)

    # A second order in February; points end with the 12th month after earning: those of January on 31 January 2026,
    # those of February on 28 February 2026.
    story.say("2025-02-10 12:00")
    story.post(story.order(ann, "N2", 8_000))
    assert story.expiries(ann) == [("2026-01-31", 117), ("2026-02-28", 80)]

    # 100 are spent, of the ones that end first: 17 of January's are left.
    story.say("2025-03-01 12:00")
    story.burn(ann, 100)
    assert story.balance(ann) == (97, 0, 0, 0)
    assert story.expiries(ann) == [("2026-01-31", 17), ("2026-02-28", 80)]
    problem = story.try_burn(ann, 98)
    assert problem.status == 409 and b"insufficient_balance" in problem.content

    # The last evening of January 2026 they are still there, at midnight 17 are gone.
    story.say("2026-01-31 23:59")
    story.work()
    assert story.balance(ann) == (97, 0, 0, 0)
    story.say("2026-02-01 00:00")
    story.work()
    story.work()
    assert story.balance(ann) == (80, 0, 0, 0)
    assert story.balance(ann, "growth") == (197, 0, 0, 0)  # 117 + 80: growth never ends

    # What is left of the first order comes back: it earned 150, 33 are taken already, 117 remain to be taken.
    # Of its lot 100 were spent and 17 expired; what expired is gone already. The spent 100 are taken from February's
    # 80, and 20 become a debt.
    story.say("2026-02-05 12:00")
    rest = story.post(story.refund(ann, "R2", "N1"))
    assert story.balance(ann) == (0, 0, 0, 20)
    assert rest["balances"]["points"] == {"available": 0, "pending": 0, "held": 0, "debt": 20}
    assert story.balance(ann, "growth") == (80, 0, 0, 0)

    # 15 yuan settle 15 of it; the next 45 yuan settle the other 5 and leave 40.
    story.say("2026-02-06 12:00")
    assert story.post(story.order(ann, "N3", 1_500))["balances"]["points"]["debt"] == 5
    story.post(story.order(ann, "N4", 4_500))
    assert story.balance(ann) == (40, 0, 0, 0)
    story.books_balance()


def test_points_that_paid_return_with_their_old_expiry(story: Story) -> None:
    ann = story.enrol("13800000001")
    story.post(story.order(ann, "N1", 10_000))
    story.say("2025-05-06 12:00")
    story.burn(ann, 60, order="N2")
    story.post(story.order(ann, "N2", 4_000))
    assert story.expiries(ann) == [("2026-01-31", 40), ("2026-05-31", 40)]
    story.say("2025-06-01 12:00")
    story.post(story.refund(ann, "R1", "N2"))
    # 40 earned by N2 go, the 60 that paid for it are January's again
    assert story.expiries(ann) == [("2026-01-31", 100)]
    story.books_balance()


def test_pending_points_become_active_on_delivery(story: Story) -> None:
    ann = story.enrol("13800000001")
    receipt = story.post(story.order(ann, "N1", 3_000, channel="app"))
    assert receipt["earned"]["points"] == 50
    assert story.balance(ann) == (30, 20, 0, 0)
    assert story.try_burn(ann, 31).status == 409
    # the worker does not hurry them
    story.say("2025-01-09 12:00")
    story.work()
    assert story.balance(ann) == (30, 20, 0, 0)
    story.post(story.activity("order_delivered", ann, delivery="N1"))
    assert story.balance(ann) == (50, 0, 0, 0)
    again = story.post(story.activity("order_delivered", ann, "2025-01-09 12:00", delivery="N1"))
    assert again["duplicate"] is True
    assert story.balance(ann) == (50, 0, 0, 0)
    assert story.burn(ann, 50)["balances"]["points"]["available"] == 0
    story.books_balance()


def test_pending_points_of_a_returned_order_never_become_active(story: Story) -> None:
    ann = story.enrol("13800000001")
    story.post(story.order(ann, "N1", 3_000, channel="app"))
    story.say("2025-01-08 12:00")
    story.post(story.refund(ann, "R1", "N1"))
    assert story.balance(ann) == (0, 0, 0, 0)
    story.say("2025-01-09 12:00")
    story.post(story.activity("order_delivered", ann, delivery="N1"))
    assert story.balance(ann) == (0, 0, 0, 0)
    story.books_balance()


def test_delivery_before_the_order_counts_when_the_order_comes(story: Story) -> None:
    ann = story.enrol("13800000001")
    story.say("2025-01-10 12:00")
    story.post(story.activity("order_delivered", ann, "2025-01-09 12:00", delivery="N1"))
    story.post(story.order(ann, "N1", 3_000, when="2025-01-08 12:00", channel="app"))
    assert story.balance(ann) == (50, 0, 0, 0)
    story.books_balance()


def test_hold_capture_part_and_auto_release(story: Story) -> None:
    ann = story.enrol("13800000001")
    story.post(story.order(ann, "N1", 10_000))
    held = story.call.post(
        f"/members/{ann}/holds",
        {"unit": "points", "amount": 60, "expires_in_seconds": 600},
        Idempotency_Key="h1",
    )
    assert story.balance(ann) == (40, 0, 60, 0)
    assert story.try_burn(ann, 41).status == 409
    # 25 of the 60 are taken, 35 go back
    done = story.call.post(f"/members/{ann}/holds/{held['id']}/capture", {"amount": 25}, Idempotency_Key="c1")
    assert done["state"] == "captured"
    assert story.balance(ann) == (75, 0, 0, 0)
    # asking again with the same key changes nothing, with another key it is over
    again = story.call(
        "POST", f"/members/{ann}/holds/{held['id']}/capture", {"amount": 25}, Idempotency_Key="c1"
    )
    assert again.status == 200
    late = story.call.refused("POST", f"/members/{ann}/holds/{held['id']}/capture", {}, Idempotency_Key="c2")
    assert (late["status"], late["code"]) == (409, "hold_ended")
    assert story.balance(ann) == (75, 0, 0, 0)

    # a second hold is forgotten by its till: after ten minutes it ends by itself, once
    forgotten = story.call.post(
        f"/members/{ann}/holds",
        {"unit": "points", "amount": 70, "expires_in_seconds": 600},
        Idempotency_Key="h2",
    )
    assert story.balance(ann) == (5, 0, 70, 0)
    story.say("2025-01-06 12:09")
    story.work()
    assert story.balance(ann) == (5, 0, 70, 0)
    story.say("2025-01-06 12:10")
    story.work()
    story.work()
    assert story.balance(ann) == (75, 0, 0, 0)
    holds = story.call.get(f"/members/{ann}/holds")["items"]
    assert {h["id"]: h["state"] for h in holds} == {held["id"]: "captured", forgotten["id"]: "released"}
    story.books_balance()


def test_held_points_do_not_expire_until_they_are_let_go(story: Story) -> None:
    """What is held is nobody's to lose; released after its expiry it is gone at the next look."""
    ann = story.enrol("13800000001")
    story.post(story.order(ann, "N1", 10_000))
    story.say("2026-01-31 23:00")
    story.call.post(
        f"/members/{ann}/holds",
        {"unit": "points", "amount": 60, "expires_in_seconds": 7200},
        Idempotency_Key="h1",
    )
    story.say("2026-02-01 00:30")
    story.work()
    assert story.balance(ann) == (0, 0, 60, 0)
    story.say("2026-02-01 01:00")
    story.work()
    story.say("2026-02-01 01:01")
    story.work()
    assert story.balance(ann) == (0, 0, 0, 0)
    story.books_balance()


def test_an_adjustment_above_the_limit_needs_a_second_person(story: Story) -> None:
    ann = story.enrol("13800000001")

    def ask(amount: int, key: str) -> Any:
        body = {"unit": "points", "amount": amount, "reason": "goodwill", "comment": "long wait"}
        return story.call.post(f"/members/{ann}/adjustments", body, Idempotency_Key=key)

    # up to 10 000 at once
    assert ask(500, "a1")["state"] == "posted"
    assert story.balance(ann) == (500, 0, 0, 0)
    assert story.expiries(ann) == [("2026-01-31", 500)]
    # more waits
    waiting = ask(10_001, "a2")
    assert waiting["state"] == "waiting" and waiting["activity_id"] is None
    assert ask(10_001, "a2")["id"] == waiting["id"]
    assert story.balance(ann) == (500, 0, 0, 0)
    # a key is nobody: it cannot be the second person for itself
    body = {"approve": True}
    assert story.call("POST", f"/members/{ann}/adjustments/{waiting['id']}/approve", body).status in (
        404,
        405,
    )
    bob = staff(story.scope, "Bob")
    member, id_ = uuid(ann), uuid(waiting["id"])
    done = value.decide_adjustment(
        scope=bob, member_id=member, adjustment_id=id_, approve=True, now=clock.now()
    )
    assert (done.state, done.decided_by_label) == ("posted", "Bob")
    assert story.balance(ann) == (10_501, 0, 0, 0)
    with pytest.raises(Refusal, match="adjustment_decided"):
        value.decide_adjustment(scope=bob, member_id=member, adjustment_id=id_, approve=True, now=clock.now())
    # what a person asked for she cannot approve
    asked = value.adjust(
        scope=bob, member_id=member, unit="points", amount=-200_000, reason="fraud", comment="", key="a3",
        now=clock.now(),
    )  # fmt: skip
    assert asked.state == "waiting"
    with pytest.raises(Refusal, match="own_adjustment") as raised:
        value.decide_adjustment(
            scope=bob, member_id=member, adjustment_id=asked.id, approve=True, now=clock.now()
        )
    assert raised.value.status == 403
    rejected = value.decide_adjustment(
        scope=staff(story.scope, "Eve"),
        member_id=member,
        adjustment_id=asked.id,
        approve=False,
        now=clock.now(),
    )
    assert rejected.state == "rejected"
    assert story.balance(ann) == (10_501, 0, 0, 0)
    # below nothing nobody can adjust
    refused = story.call.refused(
        "POST",
        f"/members/{ann}/adjustments",
        {"unit": "growth", "amount": -1, "reason": "correction"},
        Idempotency_Key="a4",
    )
    assert refused["code"] == "insufficient_balance"
    story.books_balance()


def test_the_ledger_tells_the_whole_story(story: Story) -> None:
    """Entries of a member, added up by hand, are her balance; each names its activity, rule and version."""
    ann = story.enrol("13800000001")
    posted = story.post(story.order(ann, "N1", 10_000))
    story.burn(ann, 30)
    entries = story.call.get(f"/members/{ann}/entries?unit=points")["items"][::-1]
    assert [(e["kind"], e["account"], e["contra"], e["amount"], e["balance_after"]) for e in entries] == [
        ("earn", "available", "issued", 100, 100),
        ("burn", "available", "redeemed", -30, 70),
    ]
    assert (entries[0]["activity_id"], entries[0]["rule"], entries[0]["version"]) == (
        posted["activity_id"],
        "base",
        1,
    )
    why = story.call.get(f"/members/{ann}/activities/{posted['activity_id']}/explanation")
    assert {o["rule"]: o["fired"] for o in why["outcomes"]} == {"base": True, "growth": True, "app": False}
    assert all(o["sentence"] for o in why["outcomes"])
