"""Values and their intervals on members whose truth is known, for they were drawn."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from regulars.insight.lifetime import api as lifetime
from regulars.insight.lifetime import fitting, spending
from regulars.insight.lifetime.types import Enough, NotEnough, Sample, Terms
from regulars.insight.lifetime.worth import MONTH

YEAR = 12 * MONTH


def people(kind: str, members: int, seed: int, ahead: float = YEAR) -> dict[str, Any]:
    """Members by the model's own story, purchase by purchase: histories of two years and what they spent after."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(200, 730, members)
    rate = rng.gamma(1.2, 1 / 60, members)
    drop = rng.beta(0.8, 6, members)
    stops = rng.exponential(1 / rng.gamma(0.8, 1 / 400, members))
    scale = rng.gamma(4, 1 / 3000, members)  # Gamma-Gamma with p 2, q 4, gamma 3000
    x, last, spent, later = (np.zeros(members) for _ in range(4))
    for m in range(members):
        at, alive = 0.0, True
        spent[m] = rng.gamma(2) / scale[m]
        while alive:
            if kind == "bg_nbd" and rng.random() < drop[m]:
                break
            at += rng.exponential(1 / rate[m])
            if at > age[m] + ahead or (kind == "pareto_nbd" and at > stops[m]):
                break
            money = rng.gamma(2) / scale[m]
            if at <= age[m]:
                x[m], last[m], spent[m] = x[m] + 1, at, spent[m] + money
            else:
                later[m] += money
    return {"x": x, "last": last, "age": age, "mean": spent / (x + 1), "later": later}


@pytest.mark.parametrize("kind", ["bg_nbd", "pareto_nbd"])
def test_values_are_right_and_intervals_hold(kind: Any) -> None:
    who = people(kind, 6000, seed=11)
    fitted = lifetime.fit_purchases(who["x"], who["last"], who["age"], kind=kind)
    spend = lifetime.fit_spend(who["x"] + 1, who["mean"])
    assert (spend.p, spend.q) == pytest.approx((2, 4), rel=0.25)
    found = lifetime.worth_of(
        fitted,
        spend,
        grouped=lifetime.group(who["x"], who["last"], who["age"]),
        mean_spend=who["mean"],
        terms=Terms(months=(12, 36), level=0.8),
    )
    assert found.value[0].sum() == pytest.approx(who["later"].sum(), rel=0.06)
    # of those who may spend at all (an interval that begins at nothing holds everybody who left)
    held = (who["later"] >= found.low[0]) & (who["later"] <= found.high[0])
    sure = found.low[0] > 0
    assert 0.77 <= held[sure].mean() <= 0.83
    assert 0.78 <= held.mean() <= 0.92
    assert (found.value[1] >= found.value[0]).all()
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()


def test_margin_and_discount() -> None:
    who = people("bg_nbd", 600, seed=3)
    fitted = lifetime.fit_purchases(who["x"], who["last"], who["age"])
    spend = lifetime.fit_spend(who["x"] + 1, who["mean"])
    grouped = lifetime.group(who["x"], who["last"], who["age"])

    def total(**terms: float) -> Any:
        return lifetime.worth_of(
            fitted, spend, grouped=grouped, mean_spend=who["mean"], terms=Terms(**terms)
        ).value.sum(axis=1)

    plain, third, later = total(), total(margin=0.3), total(discount=0.1)
    assert third == pytest.approx(plain * 0.3)
    # money comes earlier rather than later, half a year on average at the latest: 1.1^-0.5 = 0.953
    assert 0.953 < later[0] / plain[0] < 1
    assert 1.1**-1.5 < later[1] / plain[1] < 1


def samples(who: dict[str, Any], day: float, horizon: float, *, came: bool) -> Sample:
    x = who["x"]
    return Sample(
        day=day,
        repeats=x,
        recency=who["last"],
        age=who["age"],
        mean_spend=who["mean"],
        behaviour={"since": who["age"] - who["last"], "rate": (x + 1) / who["age"], "mean": who["mean"]},
        spent_before=who["mean"] * (x + 1) / np.maximum(who["age"] / 365, 1),
        days_before=365.0,
        horizon_days=horizon,
        came=who["later"] if came else None,
    )


def test_the_model_beats_the_same_as_last_year_where_members_leave() -> None:
    earlier = [
        samples(people("bg_nbd", 2500, seed, 91.0), 274.0 - 91 * n, 91.0, came=True)
        for n, seed in enumerate((1, 2, 3))
    ]
    today = samples(people("bg_nbd", 2500, 9, 91.0), 365.0, 91.0, came=False)
    found = lifetime.estimate(today=today, earlier=earlier)
    models = found.metrics["models"]
    assert models[found.chosen]["error"] < models["naive"]["error"]
    assert models[found.chosen]["rank"] > models["naive"]["rank"]
    assert abs(models["bg_nbd"]["bias"]) < 0.12
    assert found.metrics["chosen_on"] == "earlier"
    assert 0.75 < found.metrics["coverage"] < 0.92
    assert sum(found.charts["distribution"]["counts"]) == 2500
    assert len(found.charts["deciles"]) == 10
    assert found.worth.value.shape == (2, 2500)


def test_a_back_test_learns_nothing_from_after_its_day() -> None:
    """What came after the back-test's day is made absurd in samples that end later: the forecasts stay the same."""
    held = samples(people("bg_nbd", 800, 1, 91.0), 274.0, 91.0, came=True)
    fine = samples(people("bg_nbd", 800, 2, 91.0), 183.0, 91.0, came=True)
    late = samples(people("bg_nbd", 800, 4, 91.0), 230.0, 91.0, came=True)
    absurd = samples({**people("bg_nbd", 800, 4, 91.0), "later": np.full(800, 1e9)}, 230.0, 91.0, came=True)
    today = samples(people("bg_nbd", 800, 9, 91.0), 365.0, 91.0, came=False)
    one, other = (
        lifetime.estimate(today=today, earlier=[held, fine, middle]).metrics["models"]
        for middle in (late, absurd)
    )
    assert one == other


def test_too_little_is_said_and_nothing_made_up() -> None:
    few = samples(people("bg_nbd", 50, 1, 91.0), 365.0, 91.0, came=True)
    with pytest.raises(NotEnough) as said:
        lifetime.estimate(today=few, earlier=[few])
    assert said.value.have["members"] == 50
    assert said.value.need["members"] == 200
    plenty = samples(people("bg_nbd", 400, 1, 91.0), 365.0, 91.0, came=False)
    with pytest.raises(NotEnough) as said:
        lifetime.estimate(today=plenty, earlier=[], enough=Enough(members=100, repeaters=50))
    assert said.value.need == {"back_tests": 1}


def test_who_gives_everything_away_is_told_that_nobody_paid() -> None:
    free = {**people("bg_nbd", 400, 1, 91.0), "mean": np.zeros(400), "later": np.zeros(400)}
    today = samples(free, 365.0, 91.0, came=False)
    with pytest.raises(NotEnough) as said:
        lifetime.estimate(today=today, earlier=[samples(free, 274.0, 91.0, came=True)])
    assert (said.value.have["payers"], said.value.need["payers"]) == (0, 100)
    assert said.value.have["members"] == 400


def test_quarters_without_any_money_teach_nothing_and_stop_nothing() -> None:
    """The shop was closed for all of the two quarters before the last one, or for the last one."""
    closed = [
        samples({**people("bg_nbd", 500, n, 91.0), "later": np.zeros(500)}, day, 91.0, came=True)
        for n, day in ((1, 183.0), (2, 92.0))
    ]
    open_ = samples(people("bg_nbd", 500, 3, 91.0), 274.0, 91.0, came=True)
    today = samples(people("bg_nbd", 500, 9, 91.0), 365.0, 91.0, came=False)
    found = lifetime.estimate(today=today, earlier=[open_, *closed])
    assert found.chosen in ("bg_nbd", "pareto_nbd")  # there is nothing that behaviour could be learnt from
    held = samples({**people("bg_nbd", 500, 3, 91.0), "later": np.zeros(500)}, 274.0, 91.0, came=True)
    last = lifetime.estimate(today=today, earlier=[held, replace(open_, day=183.0)])
    for one in (found, last):
        assert np.isfinite(one.worth.value).all() and (one.worth.value >= 0).all()
        json.dumps([one.metrics, one.charts], allow_nan=False)  # as a run keeps them


def test_what_is_known_of_nobody_is_not_learnt_from() -> None:
    """Nobody had come twice by the days that are learnt from, so that no days between purchases are known."""

    def without(sample: Sample) -> Sample:
        nothing = {"gap_mean": np.full(sample.members, np.nan)}
        return replace(sample, behaviour={**sample.behaviour, **nothing})

    def with_some(sample: Sample) -> Sample:
        return replace(sample, behaviour={**sample.behaviour, "gap_mean": np.arange(sample.members) % 40.0})

    earlier = [
        samples(people("bg_nbd", 500, n, 91.0), day, 91.0, came=True)
        for n, day in ((1, 274.0), (2, 183.0), (3, 92.0))
    ]
    today = samples(people("bg_nbd", 500, 9, 91.0), 365.0, 91.0, came=False)
    bare = lifetime.estimate(today=today, earlier=earlier)
    found = lifetime.estimate(today=with_some(today), earlier=[without(one) for one in earlier])
    np.testing.assert_array_equal(found.worth.value, bare.worth.value)


def test_of_very_many_a_part_shows_the_way_and_all_say_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits by the short way are those by the long one, to the last digit that anybody would read."""
    random = np.random.default_rng(3)
    members = 4000
    rate, stop = random.gamma(1.2, size=members) / 30, random.gamma(0.8, size=members) / 400
    age = random.integers(30, 540, members).astype(float)
    life = np.minimum(random.exponential(1 / stop), age)
    repeats = random.poisson(rate * life).astype(float)
    recency = np.where(
        repeats > 0, np.floor(life * random.random(members) ** (1 / np.maximum(repeats, 1))), 0
    )
    repeats[recency == 0] = 0
    mean = np.maximum(1, random.gamma(6, size=members) * 500 / random.gamma(4, size=members))

    def fits() -> list[list[float]]:
        found = [fitting.fit_purchases(repeats, recency, age, kind=kind) for kind in ("bg_nbd", "pareto_nbd")]
        spend = spending.fit_spend(repeats + 1, mean)
        assert spend.converged and all(one.converged for one in found)
        return [
            *([one.log_likelihood, *one.parameters.values()] for one in found),
            [spend.log_likelihood, spend.p, spend.q, spend.gamma],
        ]

    long = fits()
    steps: list[int] = []
    short = fitting._from_near
    monkeypatch.setattr(fitting, "_from_near", lambda *given: steps.append(1) or short(*given))
    for module in (fitting, spending):
        monkeypatch.setattr(module, "SEEN_FROM", 800)
    for one, other in zip(fits(), long, strict=True):
        assert one[0] == pytest.approx(other[0], rel=1e-9)
        assert one[1:] == pytest.approx(other[1:], rel=1e-3)
    assert len(steps) == 3
    # where the likelihood has no top, but runs away along an edge, it is looked for the long way
    monkeypatch.setattr(fitting, "_FARTHEST", 1.0)
    assert short(lambda logs: (0.0, logs), lambda logs: (0.0, logs), np.ones(2)) is None
