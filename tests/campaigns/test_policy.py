"""Decisions of campaigns: definitions, arms, schedules, the test of variants. No database."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest
from tests.campaigns.given import definition_of, fields_of, message, variant

from regulars.audience.holdouts import api as holdouts
from regulars.engage.campaigns.policy import arms, testing
from regulars.engage.campaigns.policy.definition import parse
from regulars.engage.campaigns.policy.schedule import next_after, upcoming
from regulars.engage.campaigns.policy.testing import Moments
from regulars.engage.campaigns.types import Schedule, Trial

SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"


def ids(count: int, seed: int = 1) -> list[UUID]:
    chance = random.Random(seed)
    return [UUID(int=chance.getrandbits(128)) for _ in range(count)]


def test_what_a_definition_says_comes_back_as_it_was() -> None:
    made = parse(
        definition_of(
            audience={"segments": ["vip"], "exclude": ["new"], "sample_percent": 50},
            variants=[variant("a", **message()), variant("b", **message())],
            trial={"percent": 30, "hours": 12, "metric": "money", "otherwise": "split"},
            schedule={"kind": "recurring", "every": "week", "weekdays": [5, 1], "time": "09:30"},
            goal={"metric": "conversion", "target": 120},
            holdout_percent=10,
        )
    )
    assert parse(made.to_json()) == made
    assert made.schedule.weekdays == (1, 5)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"audience": {}}, ("audience", "required")),
        ({"audience": {"everybody": True, "segments": ["x"]}}, ("audience.everybody", "contradiction")),
        (
            {"audience": {"everybody": True, "sample_percent": 5, "sample_count": 5}},
            ("audience.sample_count", "contradiction"),
        ),
        ({"audience": {"everybody": "yes"}}, ("audience.everybody", "not_a_flag")),
        ({"audience": {"segments": "vip"}}, ("audience.segments", "bad_segments")),
        ({"variants": []}, ("variants", "out_of_range")),
        ({"variants": [variant("a"), variant("a")]}, ("variants[1].key", "repeated")),
        ({"variants": [variant("holdout")]}, ("variants[0].key", "bad_code")),
        ({"variants": [{"key": "a"}]}, ("variants[0]", "nothing_offered")),
        ({"variants": [variant("a", rewards="points")]}, ("variants[0].rewards", "bad_rewards")),
        (
            {"variants": [variant("a", message={"template": ""})]},
            ("variants[0].message.template", "required"),
        ),
        ({"holdout_percent": 51}, ("holdout_percent", "out_of_range")),
        ({"trial": {"percent": 20}}, ("trial", "needs_variants")),
        ({"stratify": "rfm_group"}, ("stratify", "needs_holdout")),
        (
            {"stratify": "rfm_group", "holdout_percent": 5, "schedule": {"kind": "recurring"}},
            ("stratify", "not_recurring"),
        ),
        ({"schedule": {"kind": "recurring", "every": "week"}}, ("schedule.weekdays", "required")),
        ({"schedule": {"kind": "recurring", "every": "month"}}, ("schedule.days", "required")),
        ({"schedule": {"kind": "recurring", "time": "24:00"}}, ("schedule.time", "bad_time")),
        ({"schedule": {"at": "2026-03-01T10:00:00"}}, ("schedule.at", "bad_instant")),
        (
            {"schedule": {"kind": "recurring", "first": "2026-03-02", "last": "2026-03-01"}},
            ("schedule.last", "before_first"),
        ),
        ({"goal": {"metric": "conversion"}}, ("goal.target", "required")),
        ({"window_days": 0}, ("window_days", "out_of_range")),
        ({"budget": "Spring!"}, ("budget", "bad_code")),
        ({"prize": 1}, ("prize", "unknown_field")),
    ],
)
def test_each_wrong_field_is_named(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert expected in fields_of(lambda: parse(definition_of(**changes)))


def test_a_definition_that_is_no_object_is_refused() -> None:
    assert ("definition", "required") in fields_of(lambda: parse([1]))


def test_arms_have_their_shares_and_know_nothing_of_each_other() -> None:
    many = ids(40_000)
    definition = parse(
        definition_of(
            variants=[variant("a", share=1, **message()), variant("b", share=3, **message())],
            trial={"percent": 40},
        )
    )
    held = holdouts.held("salt", many, 20)
    fell = {one: arms.arm_of(definition, "salt", one) for one in many}
    # four standard deviations of a share p of 40 000 are 4 sqrt(p (1-p) / 40 000): a hundredth at most
    assert abs(len(held) / 40_000 - 0.2) < 0.01
    assert abs(sum(wave == 1 for _, wave in fell.values()) / 40_000 - 0.4) < 0.01
    tested = [arm for arm, wave in fell.values() if wave == 1]
    assert abs(tested.count("b") / len(tested) - 0.75) < 0.015
    of_held = [fell[one] for one in held]
    assert abs(sum(wave == 1 for _, wave in of_held) / len(of_held) - 0.4) < 0.025
    assert {one: arms.arm_of(definition, "salt", one) for one in many} == fell
    other = sum(arms.arm_of(definition, "another", one)[1] == fell[one][1] for one in many)
    assert abs(other / 40_000 - (0.4 * 0.4 + 0.6 * 0.6)) < 0.012  # as two who never heard of each other agree
    shares = arms.expected_shares(definition)
    assert abs(sum(shares.values()) - 1) < 1e-12


def test_the_order_of_turns_says_nothing_of_when_somebody_joined() -> None:
    many = sorted(ids(5000))
    places = [arms.place_of("salt", one) for one in many]
    assert abs(stats.spearmanr(range(5000), places).statistic) < 0.06
    assert min(places) >= 0 and max(places) < 2**31


def test_the_rest_get_the_winner_or_what_was_said() -> None:
    one = ids(1)[0]
    both = [variant("a", **message()), variant("b", **message())]

    def rest(otherwise: str, winner: str) -> str:
        definition = parse(definition_of(variants=both, trial={"otherwise": otherwise}))
        return arms.arm_of_rest(definition, "salt", one, winner)

    assert rest("none", "b") == "b"
    assert rest("none", "none") == ""
    assert rest("first", "none") == "a"
    assert rest("split", "none") in ("a", "b")


def test_an_hour_that_the_clock_skips_comes_later_and_one_that_comes_twice_counts_once() -> None:
    daily = Schedule("recurring", every="day", time="02:30")
    # Berlin, 29 March 2026: 02:00 becomes 03:00; 02:30 is reckoned with the offset before, 01:30 UTC
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert upcoming(daily, before, BERLIN, 3) == [
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        datetime(2026, 3, 30, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 31, 0, 30, tzinfo=UTC),
    ]
    # 25 October 2026: 03:00 becomes 02:00, 02:30 comes at 00:30 and 01:30 UTC
    autumn = upcoming(daily, datetime(2026, 10, 24, 12, tzinfo=UTC), BERLIN, 2)
    assert autumn == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]


def test_the_thirty_first_is_the_last_day_of_every_month() -> None:
    monthly = Schedule("recurring", every="month", days=(31,), time="10:00")
    found = upcoming(monthly, datetime(2027, 12, 31, 3, tzinfo=UTC), SHANGHAI, 3)
    assert [(one.month, one.day) for one in found] == [(1, 31), (2, 29), (3, 31)]  # 2028 is a leap year
    assert found[0] == datetime(2028, 1, 31, 2, tzinfo=UTC)


def test_a_schedule_ends_after_its_last_day() -> None:
    last = datetime(2026, 3, 2).date()
    weekly = Schedule("recurring", every="week", weekdays=(1,), time="10:00", last=last)
    assert next_after(weekly, datetime(2026, 3, 1, tzinfo=UTC), SHANGHAI) == datetime(
        2026, 3, 2, 2, tzinfo=UTC
    )
    assert next_after(weekly, datetime(2026, 3, 2, 2, tzinfo=UTC), SHANGHAI) is None


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**9).map(lambda n: datetime.fromtimestamp(1_700_000_000 + n / 10, tz=UTC)),
    st.sampled_from(["day", "week", "month"]),
    st.sampled_from([SHANGHAI, BERLIN, "America/New_York"]),
)
def test_the_next_occurrence_is_always_later(after: datetime, every: Any, tz: str) -> None:
    schedule = Schedule("recurring", every=every, weekdays=(2, 7), days=(1, 30), time="23:50")
    found = next_after(schedule, after, tz)
    assert found is not None and found > after
    assert next_after(schedule, found, tz) > found  # type: ignore[operator]


def moments(values: list[int]) -> Moments:
    return Moments(len(values), sum(v > 0 for v in values), sum(values), sum(v * v for v in values))


def test_the_tests_of_variants_agree_with_statsmodels_and_scipy() -> None:
    chance = np.random.default_rng(3)
    for _ in range(20):
        first = (chance.exponential(2000, 150) * (chance.random(150) < 0.3)).astype(int).tolist()
        second = (chance.exponential(2400, 90) * (chance.random(90) < 0.4)).astype(int).tolist()
        one, other = moments(first), moments(second)
        expected = proportions_ztest([one.buyers, other.buyers], [one.rows, other.rows])[1]
        assert testing.two_proportions(one, other)[1] == pytest.approx(expected, rel=1e-9)
        expected = stats.ttest_ind(first, second, equal_var=False).pvalue
        assert testing.welch(one, other)[1] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "x"), [(0.5, 0.5, 0.3), (45.2, 0.5, 0.97), (3, 7, 0.2), (900, 0.5, 0.999)]
)
def test_the_incomplete_beta_agrees_with_scipy(a: float, b: float, x: float) -> None:
    assert testing.incomplete_beta(a, b, x) == pytest.approx(stats.beta.cdf(x, a, b), rel=1e-10)


def test_a_winner_beats_everybody_and_there_may_be_none() -> None:
    trial = Trial(min_sample=100)
    good, bad = Moments(1000, 150, 0, 0), Moments(1000, 80, 0, 0)
    assert testing.judge(trial, {"a": bad, "b": good}).winner == "b"
    alike = testing.judge(trial, {"a": bad, "b": Moments(1000, 85, 0, 0)})
    assert (alike.winner, alike.why) == ("none", "no_difference")
    few = testing.judge(trial, {"a": Moments(99, 0, 0, 0), "b": good})
    assert (few.winner, few.why) == ("none", "too_few")
    # two good ones beat the third and not each other
    tied = testing.judge(trial, {"a": good, "b": Moments(1000, 149, 0, 0), "c": bad})
    assert tied.winner == "none" and tied.threshold == pytest.approx(0.05 / 3)


def test_where_there_is_no_difference_a_winner_is_named_in_no_more_than_alpha_of_tests() -> None:
    chance = np.random.default_rng(11)
    for count in (2, 4):
        trial, wrong = Trial(min_sample=100, alpha_permille=50), 0
        drawn = chance.binomial(500, 0.1, size=(1000, count))
        for row in drawn:
            figures = {f"v{n}": Moments(500, int(buyers), 0, 0) for n, buyers in enumerate(row)}
            wrong += testing.judge(trial, figures).winner != "none"
        # 5 % of 1000 and three standard deviations (3 sqrt(1000 · 0.05 · 0.95) = 21)
        assert wrong <= 71
