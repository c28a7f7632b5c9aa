"""Calendar, pro rata, refunds, pauses: reckoned by hand, and held to their sums by random examples."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.value.plans.policy.calendar import end_of
from regulars.value.plans.policy.course import (
    check_pause,
    is_entitled,
    next_due,
    next_step,
    paused_days,
)
from regulars.value.plans.policy.money import plan_change, plan_refund, split_refund, unused_share
from regulars.value.plans.policy.parse import parse, to_json
from regulars.value.plans.types import PauseTerms, RefundTerms, Subscription, Terms

TZ = "Asia/Shanghai"
TERMS = Terms(
    key="prime",
    name=Text("尊享", "Prime"),
    description=Text("", ""),
    prices={"month": 3000, "quarter": 8000, "year": 30000, "lifetime": 200000},
    pause=PauseTerms(max_days=30, times=2),
)
BLACK = Terms(
    key="black", name=Text("黑金", "Black"), description=Text("", ""), prices={"month": 9000, "year": 90000}
)


def held(**more: Any) -> Subscription:
    values: dict[str, Any] = {
        "id": new_id(), "member_id": new_id(), "brand_id": new_id(), "plan": "prime", "period": "month",
        "state": "active", "auto_renew": True, "worth": 3000, "currency": "CNY", "starts_on": date(2025, 3, 1),
        "ends_on": date(2025, 4, 1), "anchor_day": 1, "next_plan": "", "next_period": "", "retries": 0, "pauses": 0,
        "pause_days": 0, "paused_on": None, "account": "", "has_agreement": True, "due_at": None,
        "created_at": datetime(2025, 3, 1, tzinfo=UTC), "ended_at": None, "end_reason": "",
    }  # fmt: skip
    return Subscription(**{**values, **more})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(TZ))


@pytest.mark.parametrize(
    ("start", "period", "ends"),
    [
        # a month on, the same day
        (date(2025, 3, 15), "month", date(2025, 4, 15)),
        # the 31st in a month of 30 days, in February, in February of a leap year
        (date(2025, 3, 31), "month", date(2025, 4, 30)),
        (date(2025, 1, 31), "month", date(2025, 2, 28)),
        (date(2024, 1, 31), "month", date(2024, 2, 29)),
        (date(2025, 1, 29), "month", date(2025, 2, 28)),
        (date(2025, 12, 31), "month", date(2026, 1, 31)),
        (date(2025, 11, 30), "quarter", date(2026, 2, 28)),
        (date(2025, 8, 31), "quarter", date(2025, 11, 30)),
        # a year from 29 February
        (date(2024, 2, 29), "year", date(2025, 2, 28)),
        (date(2023, 2, 28), "year", date(2024, 2, 28)),
        (date(2025, 3, 1), "lifetime", None),
    ],
)
def test_periods_end_on_the_calendar(start: date, period: str, ends: date | None) -> None:
    assert end_of(start, period, start.day) == ends


def test_the_day_it_began_on_is_kept_through_short_months() -> None:
    day, found = date(2025, 1, 31), []
    for _ in range(6):
        day = end_of(day, "month", 31) or day
        found.append((day.month, day.day))
    assert found == [(2, 28), (3, 31), (4, 30), (5, 31), (6, 30), (7, 31)]
    assert end_of(end_of(date(2024, 2, 29), "year", 29) or date.min, "year", 29) == date(2026, 2, 28)
    assert end_of(date(2027, 2, 28), "year", 29) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("worth", "start", "end", "today", "share"),
    [
        # 31 days of March, 21 left with today: 3000 × 21 / 31 = 2032.258…
        (3000, date(2025, 3, 1), date(2025, 4, 1), date(2025, 3, 11), 2032),
        # 2932.14… of 28 days of February: 3000 × 27 / 28 = 2892.857… rounds up by largest remainder
        (3000, date(2025, 2, 1), date(2025, 3, 1), date(2025, 2, 2), 2893),
        # leap February: 29 days, 14 left: 3000 × 14 / 29 = 1448.27…
        (3000, date(2024, 2, 1), date(2024, 3, 1), date(2024, 2, 16), 1448),
        # the first day and the end
        (3000, date(2025, 3, 1), date(2025, 4, 1), date(2025, 3, 1), 3000),
        (3000, date(2025, 3, 1), date(2025, 4, 1), date(2025, 4, 1), 0),
        # half and half: the tie goes to the unused part, in favour of the member
        (1, date(2025, 3, 1), date(2025, 3, 3), date(2025, 3, 2), 1),
    ],
)
def test_shares_of_unused_days(worth: int, start: date, end: date, today: date, share: int) -> None:
    assert unused_share(worth, start, end, today, today_counts=True) == share


def test_an_upgrade_of_the_same_length_keeps_the_end() -> None:
    got = plan_change(held(), BLACK, "month", date(2025, 3, 11))
    # 9000 × 21/31 = 6096.77 → 6097; 3000 × 21/31 = 2032.26 → 2032; 6097 − 2032 = 4065
    assert (got.now, got.worth, got.credit, got.due) == (True, 6097, 2032, 4065)
    assert (got.starts_on, got.ends_on, got.anchor_day) == (date(2025, 3, 11), date(2025, 4, 1), 1)


def test_an_upgrade_to_a_longer_period_begins_today() -> None:
    got = plan_change(held(), TERMS, "year", date(2025, 3, 31))
    # one day of 31 is left: 3000 / 31 = 96.77 → 97 off the year's 30000
    assert (got.now, got.credit, got.due, got.worth) == (True, 97, 29903, 30000)
    assert (got.starts_on, got.ends_on, got.anchor_day) == (date(2025, 3, 31), date(2026, 3, 31), 31)
    got = plan_change(held(), TERMS, "lifetime", date(2025, 3, 1))
    assert (got.now, got.due, got.ends_on) == (True, 197000, None)


def test_what_costs_nothing_more_waits_for_the_renewal() -> None:
    yearly = held(period="year", worth=30000, ends_on=date(2026, 3, 1))
    for then, period in ((TERMS, "month"), (BLACK, "month"), (TERMS, "quarter")):
        assert plan_change(yearly, then, period, date(2025, 3, 11)).now is False
    assert plan_change(held(worth=9000, plan="black"), TERMS, "month", date(2025, 3, 11)).now is False
    with pytest.raises(Refusal) as raised:
        plan_change(held(period="lifetime", ends_on=None), TERMS, "year", date(2025, 3, 11))
    assert raised.value.code == "lifetime"


def test_a_trial_goes_over_at_the_full_price() -> None:
    trial = held(state="trial", worth=0, ends_on=date(2025, 3, 8))
    got = plan_change(trial, TERMS, "month", date(2025, 3, 3))
    assert (got.now, got.due, got.starts_on, got.ends_on) == (True, 3000, date(2025, 3, 3), date(2025, 4, 3))


@given(
    worth=st.integers(0, 10**7),
    price=st.integers(1, 10**7),
    length=st.integers(1, 400),
    used=st.integers(0, 399),
)
def test_no_fen_is_lost_or_made_by_a_change(worth: int, price: int, length: int, used: int) -> None:
    start = date(2025, 1, 1)
    today = start + timedelta(days=min(used, length - 1))
    one = held(worth=worth, starts_on=start, ends_on=start + timedelta(days=length))
    got = plan_change(one, Terms("x", Text("x", "x"), Text("", ""), {"month": price}), "month", today)
    left = unused_share(worth, start, one.ends_on or start, today, today_counts=True)
    assert 0 <= left <= worth
    if got.now:
        assert got.credit + got.due == got.worth and got.due > 0
        # paid in all = what was used of the old + what the new stands for
        assert worth + got.due == (worth - left) + got.worth


@pytest.mark.parametrize(
    ("terms", "today", "savings", "amount"),
    [
        # on 11 March, 20 days have not begun: 3000 × 20/31 = 1935.48
        (RefundTerms(), date(2025, 3, 11), 0, 1935),
        (RefundTerms(), date(2025, 3, 1), 0, 2903),  # 30 of 31
        (RefundTerms(), date(2025, 3, 31), 0, 0),
        (RefundTerms(full_within_days=7), date(2025, 3, 7), 0, 3000),
        (RefundTerms(full_within_days=7), date(2025, 3, 8), 0, 2226),  # 23 of 31: 2225.8
        (RefundTerms("none"), date(2025, 3, 2), 0, 0),
        (RefundTerms("none", full_within_days=3), date(2025, 3, 2), 0, 3000),
        (RefundTerms(minus_savings=True), date(2025, 3, 11), 500, 1435),
        (RefundTerms(minus_savings=True), date(2025, 3, 11), 5000, 0),
        (RefundTerms(), date(2025, 3, 11), 500, 1935),
    ],
)
def test_refunds(terms: RefundTerms, today: date, savings: int, amount: int) -> None:
    assert plan_refund(terms, held(), paid=3000, savings=savings, today=today).amount == amount


def test_no_refund_beyond_what_was_paid_and_none_of_a_trial() -> None:
    assert plan_refund(RefundTerms(), held(), paid=1000, savings=0, today=date(2025, 3, 11)).amount == 1000
    trial = held(state="trial", worth=0)
    assert (
        plan_refund(RefundTerms(full_within_days=9), trial, paid=0, savings=0, today=date(2025, 3, 2)).amount
        == 0
    )
    life = held(period="lifetime", ends_on=None, worth=200000)
    assert plan_refund(RefundTerms(), life, paid=200000, savings=0, today=date(2025, 3, 11)).amount == 0
    week = RefundTerms(full_within_days=7)
    assert plan_refund(week, life, paid=200000, savings=0, today=date(2025, 3, 7)).amount == 200000


def test_refunds_come_from_the_newest_payment_first() -> None:
    assert split_refund(5000, [3000, 4065]) == [935, 4065]
    assert split_refund(0, [3000]) == [0]


@given(st.lists(st.integers(0, 10**6), max_size=6), st.integers(0, 10**7))
def test_refund_parts_add_up(left: list[int], amount: int) -> None:
    amount = min(amount, sum(left))
    parts = split_refund(amount, left)
    assert sum(parts) == amount
    assert all(0 <= part <= most for part, most in zip(parts, left, strict=True))


def test_pauses_are_counted_in_days_and_times() -> None:
    check_pause(held(), TERMS, date(2025, 3, 11))
    paused = held(state="paused", paused_on=date(2025, 3, 11), pauses=1)
    assert paused_days(paused, TERMS, date(2025, 3, 16)) == 5
    assert paused_days(paused, TERMS, date(2025, 6, 1)) == 30  # never more than there are
    assert next_due(paused, TERMS, TZ, at("2025-03-11 12:00")) == at("2025-04-10 00:00")
    assert next_step(paused, TERMS, TZ, at("2025-04-09 23:59")).kind == "wait"
    assert next_step(paused, TERMS, TZ, at("2025-04-10 00:00")).kind == "resume"
    for used_up in (held(pauses=2), held(pause_days=30)):
        with pytest.raises(Refusal) as raised:
            check_pause(used_up, TERMS, date(2025, 3, 11))
        assert raised.value.code == "pauses_used_up"
    for wrong in (held(state="trial"), held(state="past_due"), held(ends_on=None)):
        with pytest.raises(Refusal):
            check_pause(wrong, TERMS, date(2025, 3, 11))


def test_what_is_due_next_over_a_whole_course() -> None:
    one = held()
    # reminders at nine in the morning, 7, 3 and 1 days before 1 April
    moments = [
        ("2025-03-01 12:00", "wait", "2025-03-25 09:00"),
        ("2025-03-25 09:00", "remind", "2025-03-29 09:00"),
        ("2025-03-29 09:30", "remind", "2025-03-31 09:00"),
        ("2025-03-31 09:00", "remind", "2025-04-01 00:00"),
    ]
    for now, step, due in moments:
        assert (next_step(one, TERMS, TZ, at(now)).kind, next_due(one, TERMS, TZ, at(now))) == (step, at(due))
    assert next_step(one, TERMS, TZ, at("2025-04-01 00:00")).kind == "renew"
    late = held(state="past_due")
    for retries, due, step in ((0, "2025-04-02", "retry"), (1, "2025-04-04", "retry"), (2, "2025-04-06", "retry"),
                               (3, "2025-04-07", "end")):  # fmt: skip
        now = held(state="past_due", retries=retries)
        assert next_due(now, TERMS, TZ, at("2025-04-01 12:00")) == at(f"{due} 00:00")
        assert next_step(now, TERMS, TZ, at(f"{due} 00:00")).kind == step
        assert next_step(now, TERMS, TZ, at(f"{due} 00:00") - timedelta(seconds=1)).kind == "wait"
    assert is_entitled(late, TERMS, date(2025, 4, 3))
    assert next_step(held(auto_renew=False), TERMS, TZ, at("2025-04-01 00:00")).kind == "end"
    trial = held(state="trial", has_agreement=False)
    assert next_step(trial, TERMS, TZ, at("2025-04-01 00:00")).kind == "end_trial"
    assert next_due(held(period="lifetime", ends_on=None), TERMS, TZ, at("2025-04-01 00:00")) is None


GOOD = {
    "key": "prime",
    "name": {"zh": "尊享", "en": "Prime"},
    "prices": {"year": 30000, "month": 3000},
    "benefits": [{"key": "coffee", "name": "coffee", "kind": "product", "quota": 1, "period": "week"}],
    "pause": {"max_days": 30, "times": 2},
}


def test_a_definition_reads_and_writes_itself() -> None:
    terms, state = parse(GOOD, benefits={})
    assert (state, list(terms.prices), terms.reminder_days, terms.retry_days) == (
        None, ["month", "year"], (7, 3, 1), (1, 3, 5),
    )  # fmt: skip
    (coffee,) = terms.own
    assert (coffee.scheme, coffee.tiers, coffee.quota) == ("plan", frozenset({"prime"}), 1)
    written = to_json(terms, GOOD["benefits"])
    again, _ = parse({"key": "prime", **written}, benefits={})
    assert again == terms and to_json(again, written["benefits"]) == written


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"key": "No Good"}, "key"),
        ({"prices": {}}, "prices"),
        ({"prices": {"week": 1}}, "prices.week"),
        ({"prices": {"month": 0}}, "prices.month"),
        ({"prices": {"month": 1.5}}, "prices.month"),
        ({"prices": {"month": True}}, "prices.month"),
        ({"name": {"zh": " "}}, "name"),
        ({"trial_days": -1}, "trial_days"),
        ({"programme_benefits": ["nothing"]}, "programme_benefits[0]"),
        ({"benefits": [{"key": "x", "name": "x", "kind": "product", "tiers": ["gold"]}]}, "benefits[0].tiers"),
        ({"benefits": [{"key": "x", "name": "x", "kind": "unknown"}]}, "benefits[0].kind"),
        ({"benefits": [{"key": "x", "name": "x", "kind": "multiplier", "factor": 2}]}, "benefits[0].kind"),
        ({"reminder_days": [3, 3]}, "reminder_days"),
        ({"retry_days": "soon"}, "retry_days"),
        ({"pause": {"max_days": 0, "times": 1}}, "pause.max_days"),
        ({"pause": {"days": 1}}, "pause"),
        ({"refund": {"rule": "all"}}, "refund.rule"),
        ({"auto_renew": "maybe"}, "auto_renew"),
        ({"state": "on"}, "state"),
        ({"surprise": 1}, "surprise"),
    ],
)  # fmt: skip
def test_wrong_definitions_name_their_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as raised:
        parse({**GOOD, **wrong}, benefits={})
    assert field in {error.field for error in raised.value.errors}
