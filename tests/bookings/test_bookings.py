"""Bookings through their flow: who may book what, what comes of it, who is offered what came free."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from regulars.facts.activity import api as activities
from regulars.flows.bookings import api as flow
from regulars.kit.errors import Refusal
from regulars.messaging import api as messaging
from regulars.value.bookings import api as bookings

if TYPE_CHECKING:
    from tests.bookings.given import Salon


TEN = {"name": {"zh": "十次卡", "en": "Ten"}, "sessions": 10, "price": 99_900, "days": 365}


def at(text: str):  # type: ignore[no-untyped-def]
    from tests.bookings.given import at

    return at(text)


def refused(call) -> Refusal:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal) as raised:
        call()
    return raised.value


def test_a_booking_takes_its_time(salon: Salon) -> None:
    salon.service()
    salon.service("short", minutes=30, step_minutes=30)
    ann, bob = salon.mall.member(), salon.mall.member()
    assert [t for t, _ in salon.free("2026-05-14")] == [
        "10:00", "11:00", "13:00", "14:00", "15:00", "16:00", "17:00",
    ]  # fmt: skip
    booked = salon.book(ann, "2026-05-14 11:00").booking
    assert (booked.state, booked.name.en, booked.resource_name.en) == ("booked", "Care", "Amy")
    assert ("11:00", 0) in salon.free("2026-05-14") and ("10:00", 1) in salon.free("2026-05-14")
    # the other service of the same adviser knows: half past eleven is taken too
    hours = ("10:30", "11:00", "11:30", "13:00")
    assert [(t, n) for t, n in salon.free("2026-05-14", service="short") if t in hours] == [
        ("10:30", 1), ("11:00", 0), ("11:30", 0), ("13:00", 1),
    ]  # fmt: skip
    assert refused(lambda: salon.book(bob, "2026-05-14 11:30", service="short")).code == "slot_full"
    assert refused(lambda: salon.book(bob, "2026-05-14 11:15")).code == "not_a_slot"
    assert refused(lambda: salon.book(bob, "2026-05-16 11:00")).code == "not_a_slot"  # a Saturday
    salon.cancel(ann, booked.id)
    assert salon.book(bob, "2026-05-14 11:30", service="short").booking.state == "booked"


def test_the_same_key_is_the_same_booking(salon: Salon) -> None:
    salon.service()
    ann = salon.mall.member()
    first = salon.book(ann, "2026-05-14 11:00", key="one")
    again = salon.book(ann, "2026-05-14 11:00", key="one")
    assert again.repeated and again.booking.id == first.booking.id
    assert refused(lambda: salon.book(ann, "2026-05-14 13:00", key="one")).code == "idempotency_conflict"


def test_higher_tiers_book_earlier(salon: Salon) -> None:
    """Two days ahead for all, five more for gold: on the 13th she may book the 20th, others until the 15th."""
    salon.service(open_days=2, early_days={"gold": 5})
    ann, gold = salon.mall.member(), salon.gold()
    why = refused(lambda: salon.book(ann, "2026-05-18 11:00"))
    assert why.code == "not_open_yet" and why.data["day"] == "2026-05-16"
    assert salon.book(gold, "2026-05-20 11:00").booking.state == "booked"
    assert refused(lambda: salon.book(gold, "2026-05-21 11:00")).code == "not_open_yet"
    assert salon.book(ann, "2026-05-15 11:00").booking.state == "booked"


def test_limits_of_one_member(salon: Salon) -> None:
    salon.service(lead_minutes=90, most_open=2, cancel_minutes=120)
    salon.resource("ben")
    salon.service("other", resources=["ben"])
    ann = salon.mall.member()
    assert refused(lambda: salon.book(ann, "2026-05-13 13:00")).code == "too_soon"
    first = salon.book(ann, "2026-05-13 14:00").booking
    assert (
        refused(lambda: salon.book(ann, "2026-05-13 14:00", service="other", resource="ben")).code
        == "overlaps"
    )
    salon.book(ann, "2026-05-14 14:00")
    assert refused(lambda: salon.book(ann, "2026-05-15 14:00")).code == "too_many_open"
    # she herself until two hours before, staff always
    mine = salon.mall.as_member(ann)
    late = at("2026-05-13 12:01")
    assert refused(lambda: salon.cancel(ann, first.id, scope=mine, now=late)).code == "cancel_too_late"
    ended = salon.cancel(ann, first.id, now=late).booking
    assert ended.state == "cancelled" and ended.late


def test_moving_keeps_her_place_until_she_has_the_other(salon: Salon) -> None:
    salon.service(most_open=1)
    ann, bob = salon.mall.member(), salon.mall.member()
    mine = salon.book(ann, "2026-05-14 10:00").booking
    salon.book(bob, "2026-05-14 11:00")

    def move(starts: str, key: str):  # type: ignore[no-untyped-def]
        return flow.move(
            scope=salon.scope, member_id=ann, booking_id=mine.id, resource="amy", starts_at=at(starts), key=key,
            now=salon.now,
        )  # fmt: skip

    assert refused(lambda: move("2026-05-14 11:00", "m1")).code == "slot_full"
    assert ("10:00", 0) in salon.free("2026-05-14")
    moved = move("2026-05-14 13:00", "m2").booking
    assert moved.moved_from == mine.id
    assert {("10:00", 1), ("13:00", 0)} <= set(salon.free("2026-05-14"))


def test_checking_in_is_an_activity(salon: Salon) -> None:
    salon.service(checkin_before_minutes=30)
    ann = salon.mall.member()
    booked = salon.book(ann, "2026-05-14 10:00").booking

    def come(when: str, key: str = "here"):  # type: ignore[no-untyped-def]
        return flow.check_in_now(scope=salon.scope, member_id=ann, store="S1", key=key, now=at(when))

    assert refused(lambda: come("2026-05-14 09:29")).code == "no_booking_now"
    here = come("2026-05-14 09:30")
    assert here.booking.state == "checked_in" and here.booking.id == booked.id
    assert come("2026-05-14 09:31").repeated
    [done] = activities.list_activities(brand_id=salon.scope.brand_id, member_id=ann).items
    assert (done.type, done.id) == ("checkin", here.booking.activity_id)
    assert flow.settle_bookings(at("2026-05-15 00:00")) == 0


def test_two_no_shows_block(salon: Salon) -> None:
    """Two within 30 days: no booking for 7 days, counted from the business day on which the second was marked."""
    salon.service(grace_minutes=30, no_show={"count": 2, "within_days": 30, "block_days": 7}, most_open=5)
    ann = salon.mall.member()
    salon.book(ann, "2026-05-14 10:00")
    salon.book(ann, "2026-05-15 10:00")
    assert flow.settle_bookings(at("2026-05-14 10:29")) == 0
    assert flow.settle_bookings(at("2026-05-14 10:30")) == 1
    assert bookings.blocked_until(scope=salon.scope, member_id=ann) is None
    assert flow.settle_bookings(at("2026-05-15 10:30")) == 1
    assert bookings.blocked_until(scope=salon.scope, member_id=ann) == at("2026-05-22 00:00")
    why = refused(lambda: salon.book(ann, "2026-05-22 10:00", now=at("2026-05-21 23:59")))
    assert why.code == "blocked" and why.data["day"] == "2026-05-22"
    assert salon.book(ann, "2026-05-25 10:00", now=at("2026-05-22 00:00")).booking.state == "booked"
    # one more is the first of a new count
    assert flow.settle_bookings(at("2026-05-25 10:30")) == 1
    assert bookings.blocked_until(scope=salon.scope, member_id=ann) == at("2026-05-22 00:00")


def test_the_waiting_list_serves_tiers_then_time(salon: Salon) -> None:
    """A, then gold, then B wait for what X has. X cancels: gold is offered it for an hour, then A, then B."""
    salon.service(offer_minutes=60)
    x, a, gold, b = salon.mall.member(), salon.mall.member(), salon.gold(), salon.mall.member()
    held = salon.book(x, "2026-05-15 10:00").booking
    assert refused(lambda: salon.wait(a, "2026-05-15 11:00")).code == "slot_free"
    first = salon.wait(a, "2026-05-15 10:00")
    assert salon.wait(a, "2026-05-15 10:00").id == first.id
    salon.wait(gold, "2026-05-15 10:00", now=salon.now + timedelta(minutes=1))
    salon.wait(b, "2026-05-15 10:00", now=salon.now + timedelta(minutes=2))
    ranks = [(w.member_id, w.rank) for w in bookings.list_waiting(scope=salon.scope, since=salon.now)]
    assert ranks == [(gold, 2), (a, 0), (b, 0)]
    salon.cancel(x, held.id)
    [offer] = bookings.list_of_member(scope=salon.scope, member_id=gold).items
    assert offer.state == "offered" and offer.offer_until == salon.now + timedelta(hours=1)
    assert ("10:00", 0) in salon.free("2026-05-15")
    assert [m.template for m in messaging.list_inbox(scope=salon.scope, member_id=gold).items] == [
        "booking_offer"
    ]
    later = salon.now + timedelta(hours=1)
    why = refused(
        lambda: flow.accept(scope=salon.scope, member_id=gold, booking_id=offer.id, key="a", now=later)
    )
    assert why.code == "offer_lapsed"
    assert flow.settle_bookings(later) == 1
    [hers] = bookings.list_of_member(scope=salon.scope, member_id=a).items
    taken = flow.accept(scope=salon.scope, member_id=a, booking_id=hers.id, key="a2", now=later)
    assert taken.booking.state == "booked"
    assert [w.member_id for w in bookings.list_waiting(scope=salon.scope, since=salon.now)] == [b]
    assert bookings.list_of_member(scope=salon.scope, member_id=b).items == []
    flow.settle_bookings(at("2026-05-15 10:00"))
    assert bookings.list_waiting(scope=salon.scope, since=salon.now) == []


def test_nobody_jumps_the_list(salon: Salon) -> None:
    """A party of two waits for a class with one place left: others join the list behind them."""
    salon.resource("yoga", kind="class", capacity=3)
    salon.service("yoga", resources=["yoga"])
    ann, bob, eve = salon.mall.member(), salon.mall.member(), salon.mall.member()
    salon.book(ann, "2026-05-14 10:00", service="yoga", resource="yoga", places=2)
    salon.wait(bob, "2026-05-14 10:00", service="yoga", resource="yoga", places=2)
    why = refused(lambda: salon.book(eve, "2026-05-14 10:00", service="yoga", resource="yoga"))
    assert why.code == "waiting_first"
    salon.wait(eve, "2026-05-14 10:00", service="yoga", resource="yoga")


def test_reminders_come_a_day_and_two_hours_before(salon: Salon) -> None:
    salon.service()
    ann = salon.mall.member()
    salon.book(ann, "2026-05-15 10:00")
    told = lambda: len(messaging.list_inbox(scope=salon.scope, member_id=ann).items)  # noqa: E731
    flow.remind(at("2026-05-14 09:59"))
    assert told() == 0
    flow.remind(at("2026-05-14 10:00"))
    flow.remind(at("2026-05-14 10:01"))
    assert told() == 1
    flow.remind(at("2026-05-15 08:00"))
    assert told() == 2
    flow.remind(at("2026-05-15 09:59"))
    assert told() == 2


def test_sessions_are_used_on_coming_and_by_not_coming(salon: Salon) -> None:
    """Ten sessions: coming takes one, not coming two; who has none left owes nothing."""
    from regulars.flows.prepaid import api as prepaid_flow
    from regulars.value.prepaid import api as prepaid

    salon.service(package="ten", sessions=1, no_show={"count": 9, "sessions": 2})
    ann, bob = salon.mall.member(), salon.mall.member()
    prepaid.put_definition(
        scope=salon.scope, kind="package", key="ten", definition=TEN, state="active", now=salon.now
    )
    prepaid_flow.buy_package(
        scope=salon.scope, member_id=ann, package="ten", method="cash", key="buy", now=salon.now
    )
    assert salon.mall.balance(ann, "sessions")[0] == 10
    first = salon.book(ann, "2026-05-14 10:00").booking
    salon.book(ann, "2026-05-14 11:00")
    salon.book(bob, "2026-05-14 13:00")
    here = flow.check_in(
        scope=salon.scope, member_id=ann, booking_id=first.id, key="x", now=at("2026-05-14 10:00")
    )
    assert here.booking.session_id is not None
    assert salon.mall.balance(ann, "sessions")[0] == 9
    assert flow.settle_bookings(at("2026-05-14 14:00")) == 2
    assert salon.mall.balance(ann, "sessions")[0] == 7
    salon.mall.books_balance()


def test_definitions_come_back_as_they_went(salon: Salon) -> None:
    salon.resource(exceptions=[{"date": "2026-10-01", "hours": []}])
    salon.service(early_days={"gold": 3}, no_show={"count": 3}, remind_minutes=[60])
    kept = bookings.export_definitions(brand_id=salon.scope.brand_id)
    assert [one["type"] for one in kept] == ["resource", "service"]
    for one in kept:
        bookings.apply_definition(scope=salon.scope, definition=one, now=salon.now)
    assert bookings.export_definitions(brand_id=salon.scope.brand_id) == kept


def test_every_wrong_field_is_said_at_once(salon: Salon) -> None:
    why = refused(
        lambda: salon.service(
            minutes=7, resources=["nobody"], early_days={"lead": 1}, no_show={"count": 0}, more=1
        )
    )
    assert {e.field for e in why.errors} == {
        "minutes",
        "resources[0]",
        "early_days.lead",
        "no_show.count",
        "more",
    }
    why = refused(
        lambda: salon.resource(
            store="S9",
            weekly=[
                {"weekday": 1, "from": "10:00", "to": "12:00"},
                {"weekday": 1, "from": "11:00", "to": "13:00"},
            ],
        )
    )
    assert {e.code for e in why.errors} == {"unknown_store", "overlap"}
