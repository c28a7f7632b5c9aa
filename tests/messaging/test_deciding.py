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
    one: Waiting = ONE,
    known: Known = GOOD,
    counts: Counts | None = None,
    policy: Policy = FREE,
    now=NOON,
    unusable=(),
):
    return decide(
        one, known, counts or Counts(), policy, now=now, tz="Asia/Shanghai", is_work_day=lambda day: True,
        unusable=unusable,
    )  # fmt: skip


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
    late = judge(replace(ONE, channels=("sms",), expires_at=eight), policy=policy, now=night)
    assert (late.kind, late.reason) == ("skip", "expired")


def test_what_is_of_one_channel_lets_the_next_be_tried_and_keeps_its_reason():
    day = NOON.date()
    night = datetime(2026, 3, 4, 15, tzinfo=UTC)
    eight = datetime(2026, 3, 5, 0, tzinfo=UTC)
    own_cap = Policy({}, (Cap("", "day", 5), Cap("sms", "day", 1)))
    had = Counts({(day, "sms"): 1})
    found = judge(counts=had, policy=own_cap)
    assert found == Verdict("go", "email", "", None, (("sms", "frequency_cap", "sms/day/1"),))
    # hours that drop messages are the channel's own; so are those that would let it go too late
    drops = Policy({"sms": Quiet(time(21), time(8), "abort")}, ())
    assert judge(policy=drops, now=night) == Verdict("go", "email", "", None, (("sms", "quiet_hours", ""),))
    defers = Policy({"sms": Quiet(time(21), time(8))}, ())
    assert judge(replace(ONE, expires_at=eight), policy=defers, now=night) == Verdict(
        "go", "email", "", None, (("sms", "expired", eight.isoformat()),)
    )
    # the account is switched off
    assert judge(unusable={"sms"}) == Verdict("go", "email", "", None, (("sms", "no_channel", ""),))
    # where none is left, the first channel that could have had it says why; each keeps its own reason
    none = judge(known=replace(GOOD, addresses=frozenset({"sms"})), counts=had, policy=own_cap)
    assert none == Verdict(
        "skip", "sms", "frequency_cap", None,
        (("sms", "frequency_cap", "sms/day/1"), ("email", "no_address", "")),
    )  # fmt: skip
    both = replace(own_cap, caps=(Cap("sms", "day", 1), Cap("email", "week", 0)))
    assert judge(counts=had, policy=both).log == (
        ("sms", "frequency_cap", "sms/day/1"), ("email", "frequency_cap", "email/week/0"),
    )  # fmt: skip


def test_what_is_of_the_member_ends_it_whatever_channels_are_left():
    for known, policy in (
        (replace(GOOD, is_active=False), FREE),
        (replace(GOOD, held_out=True), FREE),
        # the cap over all channels, even where the first channel's own is full too
        (GOOD, Policy({}, (Cap("sms", "day", 1), Cap("", "day", 1)))),
    ):
        verdict = judge(known=known, counts=Counts({(NOON.date(), "sms"): 1}), policy=policy)
        assert verdict.kind == "skip" and len(verdict.log) == 1


def test_its_own_place_of_an_earlier_try_is_not_in_its_way_on_the_next_channel():
    """Refused by SMS for good, it has the only place of the day, and the week's; the next channel is asked."""
    policy = Policy({}, (Cap("", "day", 1), Cap("", "week", 1)))
    tried = replace(ONE, tried=("sms",), counted="sms", counted_on=NOON.date())
    assert judge(tried, counts=Counts({(NOON.date(), "sms"): 1}), policy=policy).channel == "email"
    # another's place is
    assert judge(tried, counts=Counts({(NOON.date(), "sms"): 2}), policy=policy).reason == "frequency_cap"
    # of a place of yesterday only the week's cap knows
    yesterday = replace(tried, counted_on=NOON.date() - timedelta(days=1))
    counts = Counts({(NOON.date() - timedelta(days=1), "sms"): 1, (NOON.date(), "push"): 1})
    assert judge(yesterday, counts=counts, policy=policy).log == (("email", "frequency_cap", "*/day/1"),)
    assert judge(yesterday, counts=counts, policy=replace(policy, caps=(Cap("", "week", 2),))).kind == "go"


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
        verdict = judge(replace(ONE, channels=("sms",)), counts=counts, policy=Policy({}, (cap,)))
        assert (verdict.reason == "frequency_cap") is full, cap
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


@pytest.mark.parametrize(
    ("ahead", "goes"), [(0.5, True), (1, False), (2, False), (2.001, True), (86_400, True)]
)
def test_a_clock_that_was_set_back_stalls_nobody(ahead, goes):
    """At one a second a place is given while the next is free within a second: none is kept further ahead than two."""
    pace = Pace(NOON.date(), 5, NOON + timedelta(seconds=ahead))
    assert (Pacer(pace, NOON, NOON + timedelta(hours=12), 1, None).take() is None) is goes


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
