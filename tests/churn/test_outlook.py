"""Chances of no purchase and their reasons, on members whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from regulars.insight.churn import api as churn
from regulars.insight.churn import fitting
from regulars.insight.churn.reasons import REASONS, explain
from regulars.insight.churn.types import Enough, NotEnough, Sample
from regulars.insight.measures import api as measures

FIELDS = [field for one in REASONS for field in one.fields]


def drawn(seed: int, day: float, known: float, members: int = 1500, *, drift: float = 0.0) -> Sample:
    """Members who buy at a rate of their own, some of whom have left: the less often they came lately, the likelier."""
    rng = np.random.default_rng(seed)
    fields: dict[str, Any] = {name: rng.random(members) for name in FIELDS}
    rate = rng.gamma(2, 0.03, members) + 0.004
    left = rng.random(members) < 0.25
    fields["rate"] = rate * 30
    fields["gap_mean"] = 1 / rate
    fields["since"] = np.where(left, rng.uniform(20, 120, members), rng.exponential(1 / rate)).round()
    fields["overdue"] = fields["since"] * rate
    next_in = np.where(left, np.inf, np.floor(rng.exponential(1 / rate) * (1 + drift)))
    next_in[next_in >= known] = np.inf
    return Sample(day=day, fields=fields, next_in=next_in, known_days=known)


def samples(end: int = 300, **more: Any) -> list[Sample]:
    return [drawn(seed, day, end - day, **more) for seed, day in enumerate(range(0, end, 30))]


def test_chances_are_right_and_beat_the_rule() -> None:
    today = drawn(99, 300, 0)
    found = churn.outlook(today=today, earlier=samples())
    for horizon in ("7", "30", "60", "90"):
        test = found.metrics["tests"][horizon]
        assert test["model"]["auc"] > test["rule"]["auc"] + 0.02
        assert test["model"]["log_loss"] < test["rule"]["log_loss"]
        assert test["model"]["calibration_error"] < 0.05
    # told of the same number of members as the rule names, the model is right at least as often
    month = found.metrics["tests"]["30"]
    assert month["model_right"] >= month["rule_right"]


def test_the_test_is_later_than_all_it_was_learnt_on() -> None:
    found = churn.outlook(today=drawn(99, 300, 0), earlier=samples())
    for horizon, test in found.metrics["tests"].items():
        assert test["calibrated_on"] + int(horizon) <= test["day"]
        assert max(test["learned_on"]) + int(horizon) <= test["calibrated_on"]


def test_what_came_after_the_test_began_changes_nothing_it_was_told_with() -> None:
    fine = samples()
    told = churn.outlook(today=drawn(99, 300, 0), earlier=fine, horizons=(30,))
    # of the samples after the test's own day nothing may be known: here they do not exist
    test_day = told.metrics["tests"]["30"]["day"]
    cut = [one for one in fine if one.day <= test_day]
    again = churn.outlook(today=drawn(99, 300, 0), earlier=cut, horizons=(30,))
    assert told.metrics["tests"]["30"] == again.metrics["tests"]["30"]


def test_calibration_mends_chances_that_have_drifted() -> None:
    """Learnt when everybody bought twice as often: chances as learnt are too low, calibrated on a later slice right."""
    old = [drawn(n, 30.0 * n, 400 - 30 * n) for n in range(4)]
    slow = [drawn(9 + n, 150 + 30.0 * n, 250 - 30 * n, drift=1.5) for n in range(3)]
    test = drawn(50, 260, 140, drift=1.5)
    model = fitting.Model(30, old, slow[1])
    gone = test.next_in >= 30
    raw = 1 / (1 + np.exp(model.log_odds(fitting.matrix(test, model.names))))
    said = 1 - model.chance(test)
    before, after = measures.classification(gone, raw), measures.classification(gone, said)
    assert after.calibration_error < before.calibration_error / 2
    assert after.calibration_error < 0.04
    assert after.log_loss < before.log_loss


def test_what_is_known_of_nobody_is_not_learnt_from() -> None:
    """Nobody had come twice by the days that are learnt from; today the days between purchases are known of some."""
    none, some = np.full(1500, np.nan), np.arange(1500) % 40.0
    bare = [replace(one, fields={**one.fields, "gap_sd": np.zeros(1500)}) for one in samples()]
    unknown = [replace(one, fields={**one.fields, "gap_sd": none}) for one in samples()]
    today = drawn(99, 300, 0)
    today = replace(today, fields={**today.fields, "gap_sd": some})
    found = churn.outlook(today=today, earlier=unknown, horizons=(30,))
    told = churn.outlook(today=today, earlier=bare, horizons=(30,))
    np.testing.assert_array_equal(found.churn[30], told.churn[30])


def test_longer_horizons_are_never_likelier_to_stay_empty() -> None:
    found = churn.outlook(today=drawn(99, 300, 0), earlier=samples())
    assert (found.churn[7] >= found.churn[30]).all()
    assert (found.churn[30] >= found.churn[60]).all()
    assert (found.churn[60] >= found.churn[90]).all()


def test_reasons_by_hand() -> None:
    """Log-odds of one per ten days away and one per refund: the middle member was away 10 days and returned nothing."""
    names = ["since", "refunds", "stores"]
    rows = np.array([[10, 0, 1], [40, 0, 1], [10, 2, 1], [5, 0, 1], [10, 0, 1]], dtype=float)
    found = explain(rows, names, lambda r: r[:, 0] / 10 + r[:, 1])
    assert [[(b.code, b.weight) for b in one] for one in found] == [
        [],
        [("long_away", 3.0)],
        [("refunded", 2.0)],
        [],  # less long away than usual speaks for her: no reason to stay away
        [],
    ]
    assert found[1][0].value == 40
    assert found[1][0].usual == 10


def test_reasons_mean_something() -> None:
    """Members told to be at risk for being long away: made to have come lately, all else alike, they are at less risk,
    and more so than others who were told another reason."""
    today = drawn(99, 300, 0, members=3000)
    earlier = samples(members=3000)
    found = churn.outlook(today=today, earlier=earlier, horizons=(30,))
    away = np.array([bool(one) and one[0].code == "long_away" for one in found.reasons])
    assert away.sum() > 50
    fields = {name: values.copy() for name, values in today.fields.items()}
    fields["since"][:], fields["overdue"][:] = np.median(fields["since"]), np.median(fields["overdue"])
    came = churn.outlook(today=Sample(300, fields, today.next_in, 0), earlier=earlier, horizons=(30,))
    fall = found.churn[30] - came.churn[30]
    assert fall[away].mean() > 0.1
    assert fall[away].mean() > 3 * fall[~away].mean()
    # fields that say nothing of who leaves are hardly ever the first reason
    first = [one[0].code for one in found.reasons if one]
    assert sum(code in ("long_away", "seldom") for code in first) / len(first) > 0.8


def test_too_little_is_said() -> None:
    with pytest.raises(NotEnough) as said:
        churn.outlook(today=drawn(1, 90, 0), earlier=[drawn(2, 60, 30)])
    assert said.value.need
    few = [drawn(n, day, 300 - day, members=40) for n, day in enumerate(range(60, 300, 30))]
    with pytest.raises(NotEnough) as said:
        churn.outlook(today=drawn(1, 300, 0), earlier=few, enough=Enough(members=300))
    assert said.value.have["members"] == 40


def test_a_horizon_that_data_lacks_for_is_left_out_and_told() -> None:
    short = samples(
        end=200
    )  # 140 days of samples: enough for a week and a month, not for three months thrice
    found = churn.outlook(today=drawn(99, 180, 0), earlier=short)
    assert 30 in found.churn
    assert 90 not in found.churn
    assert "90" in found.metrics["lacking"]


def test_reasons_have_words() -> None:
    texts = churn.reason_texts()
    assert all(text.zh and text.en for text in texts.values())
    stored = [{"code": "long_away", "weight": 1.2}, {"code": "gone_from_the_list", "weight": 1.0}]
    assert [one["text"].en for one in churn.in_words(stored)] == ["Has not been for long"]
    assert churn.in_words(None) == []
