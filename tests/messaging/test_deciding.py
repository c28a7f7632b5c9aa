"""The order of the decision, caps, pace, waits: without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kit.errors import Refusal
from regulars.messaging.policy import limits
from regulars.messaging.policy.deciding import Counts, Known, Verdict, Waiting, decide, in_turn, since_of
from regulars.messaging.policy.pacing import MOST_ATTEMPTS, Pace, Pacer, wait_before
from regulars.messaging.policy.reasons import REASONS, STEPS
from regulars.messaging.types import Cap, Policy, Quiet

NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)  # a Wednesday, 12:00 in Shanghai
ONE = Waiting(UUID(int=1), UUID(int=1), "marketing", ("sms", "email"), (), 50, NOON, None)
GOOD = Known(True, frozenset({"sms", "email"}), frozenset({"sms", "email"}), frozenset(), False)
FREE = Policy({}, ())


def judge(
    one: Waiting = ONE, known: Known = GOOD, counts: Counts | None = None, policy: Policy = FREE, now=NOON
):
    return decide(
        one, known, counts or Counts(), policy, now=now, tz="Asia/Shanghai", is_work_day=lambda day: True
    )


def test_each_step_comes_before_the_next():
    """One who fails everything: mended step by step, the next reason shows."""
    night = datetime(2026, 3, 4, 15, tzinfo=UTC)  # 23:00
    policy = Policy({"sms": Quiet(time(21), time(8), "abort")}, (Cap("", "day", 1),))
    full = Counts({(date(2026, 3, 4), "email"): 1})
    one = replace(ONE, channels=("sms",), expires_at=night)
    known = Known(False, frozenset(), frozenset(), frozenset({"sms"}), True)
    found = []
    for _ in range(9):
        verdict = judge(one, known, full, policy, night)
        found.append(verdict.reason or verdict.kind)
        match verdict.reason:
            case "not_a_member":
                known = replace(known, is_active=True)
            case "expired":
                one = replace(one, expires_at=None)
            case "no_address":
                known = replace(known, addresses=frozenset({"sms"}))
            case "no_consent":
                known = replace(known, consents=frozenset({"sms"}))
            case "suppressed":
                known = replace(known, suppressed=frozenset())
            case "held_out":
                known = replace(known, held_out=False)
            case "frequency_cap":
                full = Counts()
            case "quiet_hours":
                policy = FREE
    assert found == [
        "not_a_member", "expired", "no_address", "no_consent", "suppressed", "held_out", "frequency_cap",
        "quiet_hours", "go",
    ]  # fmt: skip
    steps = list(STEPS)
    order = [steps.index(REASONS[code].step) for code in found[:-1]]
    assert order == sorted(order)


def test_the_next_channel_is_taken_where_one_lacks_address_consent_or_is_closed():
    for known in (
        replace(GOOD, addresses=frozenset({"email"})),
        replace(GOOD, consents=frozenset({"email"})),
        replace(GOOD, suppressed=frozenset({"sms"})),
    ):
        verdict = judge(known=known)
        assert (verdict.kind, verdict.channel, len(verdict.log)) == ("go", "email", 1)
    assert judge(replace(ONE, tried=("sms",))).channel == "email"
    assert judge(replace(ONE, tried=("sms", "email"))).reason == "no_channel"


def test_service_messages_ask_neither_for_consent_nor_caps_nor_holdouts():
    known = replace(GOOD, consents=frozenset(), held_out=True)
    policy = Policy({"sms": Quiet(time(0), time(23, 59))}, (Cap("", "day", 0),))
    assert judge(replace(ONE, purpose="service"), known, policy=policy).kind == "go"
    # but hours that are closed for them too, and closed addresses, hold
    policy = Policy({"sms": Quiet(time(0), time(23, 59), service_too=True)}, ())
    assert judge(replace(ONE, purpose="service"), known, policy=policy).reason == "quiet_hours"
    assert (
        judge(
            replace(ONE, purpose="service", channels=("sms",)), replace(known, suppressed=frozenset({"sms"}))
        ).reason
        == "suppressed"
    )


def test_deferred_until_it_opens_unless_that_is_too_late():
    night = datetime(2026, 3, 4, 15, tzinfo=UTC)
    policy = Policy({"sms": Quiet(time(21), time(8))}, ())
    eight = datetime(2026, 3, 5, 0, tzinfo=UTC)
    assert judge(policy=policy, now=night) == Verdict(
        "wait", "sms", "quiet_hours", eight, (("sms", "quiet_hours", eight.isoformat()),)
    )
    late = judge(replace(ONE, expires_at=eight), policy=policy, now=night)
    assert (late.kind, late.reason) == ("skip", "expired")


def test_caps_count_by_business_day_week_and_month():
    counts = Counts(
        {(date(2026, 3, 1), "sms"): 2, (date(2026, 3, 2), "email"): 1, (date(2026, 3, 4), "sms"): 1}
    )
    # March 2026 began on a Sunday: the week of the 4th began on Monday the 2nd
    assert since_of("week", date(2026, 3, 4)) == date(2026, 3, 2)
    for cap, full in [
        (Cap("", "day", 2), False), (Cap("", "day", 1), True), (Cap("sms", "week", 2), False),
        (Cap("", "week", 2), True), (Cap("sms", "month", 3), True), (Cap("email", "month", 1), False),
    ]:  # fmt: skip
        assert (judge(counts=counts, policy=Policy({}, (cap,))).reason == "frequency_cap") is full, cap
    # what counts already is not in its own way
    assert (
        judge(replace(ONE, counted="sms"), counts=counts, policy=Policy({}, (Cap("", "day", 1),))).kind
        == "go"
    )


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 1000)), max_size=20))
def test_the_higher_priority_has_the_place_then_the_older(those):
    waiting = [
        replace(ONE, id=UUID(int=n), priority=p, created_at=NOON + timedelta(seconds=s))
        for n, (p, s) in enumerate(those)
    ]
    order = in_turn(waiting)
    for one, two in pairwise(order):
        assert one.priority > two.priority or (
            one.priority == two.priority and one.created_at <= two.created_at
        )


@given(st.integers(1, 500), st.integers(1, 50), st.integers(0, 60))
def test_a_rate_is_never_passed_and_the_others_come_back_one_by_one(asked, per_second, taken):
    pacer = Pacer(Pace(NOON.date(), taken, NOON), NOON, NOON + timedelta(hours=12), per_second, None)
    answers = [pacer.take() for _ in range(asked)]
    went = [answer for answer in answers if answer is None]
    assert len(went) == min(asked, per_second)
    back = [answer[0] for answer in answers if answer is not None]
    assert all(at > NOON for at in back) and back == sorted(set(back))
    assert pacer.pace.taken == taken + len(went)


def test_a_day_s_quota_ends_with_the_day():
    tomorrow = NOON + timedelta(hours=12)
    pacer = Pacer(Pace(NOON.date(), 8, NOON), NOON, tomorrow, None, 10)
    assert [pacer.take() for _ in range(3)] == [None, None, (tomorrow, "quota_day")]


def test_waits_grow_and_end():
    waits = [wait_before(n, jitter=0) for n in range(1, MOST_ATTEMPTS + 1)]
    assert [w.total_seconds() for w in waits[:3]] == [30, 60, 120] and waits[-1] is None
    assert wait_before(1, jitter=0, asked=600).total_seconds() == 600


def test_every_reason_has_its_step_and_both_languages():
    for code, reason in REASONS.items():
        assert reason.step in STEPS, code
        for text in (reason.name, reason.sentence):
            assert text.zh and text.en and text.zh != text.en


def test_a_policy_travels_as_json_and_what_is_wrong_is_named():
    value = {
        "quiet": {"sms": {"closes": "21:00", "opens": "08:00", "then": "abort", "work_days_only": True,
                          "service_too": False}},
        "caps": [{"channel": "", "period": "week", "limit": 4}],
    }  # fmt: skip
    assert limits.to_json(limits.parse(value)) == value
    assert limits.from_json(limits.to_json(limits.DEFAULT)) == limits.DEFAULT
    with pytest.raises(Refusal) as refusal:
        limits.parse(
            {
                "quiet": {"sms": {"closes": "9 pm", "opens": "24:00", "then": "defer"}, "pigeon": {},
                          "email": {"closes": "08:00", "opens": "08:00", "service_too": "yes"}},
                "caps": [{"channel": "fax", "period": "year", "limit": -1},
                         {"channel": "", "period": "day", "limit": 1}, {"channel": "", "period": "day", "limit": 2}],
                "more": 1,
            }
        )  # fmt: skip
    assert {e.field for e in refusal.value.errors} == {
        "quiet.sms.closes", "quiet.sms.opens", "quiet.pigeon", "quiet.email.opens", "quiet.email.service_too",
        "caps[0].channel", "caps[0].period", "caps[0].limit", "caps[2]", "more",
    }  # fmt: skip
