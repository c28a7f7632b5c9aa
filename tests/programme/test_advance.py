"""Counters of a member's state, reckoned by hand."""

from __future__ import annotations

from datetime import date

from tests.programme.making import BASE, checkin, local, member, order, programme, rule

from regulars.programme.rules.api import apply, apply_refund, decide
from regulars.programme.rules.types import Act, MemberState, Programme


def after(live: Programme, *happened: Act) -> MemberState:
    state = member()
    for act in happened:
        apply(live, state, act, decide(live, state, act))
    return state


def test_orders_spend_and_visits() -> None:
    state = after(
        programme(BASE),
        order(1000, at="2026-05-06T09:00"),
        order(500, at="2026-05-06T21:00"),  # the same day: one visit
        checkin("2026-05-06T22:00"),
        checkin("2026-05-08T09:00"),
        order(250, at="2026-05-09T00:00"),
    )
    assert (state.orders, state.spend, state.visits) == (3, 1750, 3)
    assert (state.first_order_at, state.last_order_at) == (
        local("2026-05-06T09:00"),
        local("2026-05-09T00:00"),
    )
    assert (state.last_visit_on, state.last_at) == (date(2026, 5, 9), local("2026-05-09T00:00"))


def test_refunds_lower_the_spend_only() -> None:
    state = after(programme(BASE), order(1000))
    apply_refund(state, amount=400, occurred_at=local("2026-05-07T10:00"))
    assert (state.orders, state.spend, state.refunds) == (1, 600, 1)
    assert state.last_at == local("2026-05-07T10:00")


def test_a_refund_does_not_open_a_cap_again() -> None:
    live = programme(rule("once", caps=[{"period": "ever", "times": 1}]))
    state = after(live, order(1000))
    apply_refund(state, amount=1000, occurred_at=local("2026-05-07T10:00"))
    assert decide(live, state, order(1000, at="2026-05-08T10:00")).earns == ()


def test_streaks_by_business_day() -> None:
    live = programme(rule("r", trigger="checkin"))
    state = after(live, *[checkin(f"2026-05-0{d}T09:00") for d in (1, 2, 3)], checkin("2026-05-03T23:00"))
    assert state.streaks == {"checkin": (date(2026, 5, 3), 3)}
    assert after(live, checkin("2026-05-01T09:00"), checkin("2026-05-03T09:00")).streaks == {
        "checkin": (date(2026, 5, 3), 1)
    }


def test_used_caps_of_past_periods_are_forgotten() -> None:
    live = programme(rule("r", caps=[{"period": "day", "times": 2}, {"period": "year", "times": 9}]))
    state = after(live, order(1, at="2026-05-06T09:00"), order(1, at="2026-05-07T09:00"))
    assert state.caps == {"r": {"2026-05-07": [1, 10], "2026": [2, 20]}}


def test_what_windows_no_longer_reach_is_forgotten() -> None:
    condition = {"window": {"days": 7, "activity": "order"}, "agg": "count", "op": "gte", "value": 3}
    live = programme(rule("r", condition=condition))
    state = after(
        live,
        order(1, at="2026-05-01T23:59"),
        order(2, at="2026-05-02T00:00"),
        order(3, at="2026-05-08T09:00"),
    )
    # seven business days up to the 8th begin on the 2nd
    assert state.recent == {"order": [(local("2026-05-02T00:00"), 2), (local("2026-05-08T09:00"), 3)]}


def test_tags() -> None:
    live = programme(rule("r", {"type": "tag", "tag": "a"}, {"type": "tag", "tag": "b", "remove": True}))
    state = member(tags={"b", "c"})
    apply(live, state, order(1), decide(live, state, order(1)))
    assert state.tags == {"a", "c"}
