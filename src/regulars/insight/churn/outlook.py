"""All of churn and intent for one brand: models by horizon, each tested on a later time beside the simple rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regulars.insight.churn import reasons
from regulars.insight.churn.fitting import Model, matrix
from regulars.insight.churn.types import HORIZONS, Because, Enough, NotEnough, Numbers, Outlook, Sample
from regulars.insight.churn.words import RULE_DAYS
from regulars.insight.measures import api as measures


def outlook(
    *,
    today: Sample,
    earlier: Sequence[Sample],
    horizons: Sequence[int] = HORIZONS,
    enough: Enough | None = None,
) -> Outlook:
    """Members' chances of no purchase within each horizon from today, with reasons.

    `earlier` are members as they stood on days before. For a horizon the test is the latest of them whose horizon is
    over; what is tested was calibrated on one whose horizon was over by then, and learnt on those whose horizon was
    over by the calibration's day. What is told of today is made in the same way, one step later. Raises NotEnough.
    """
    enough = enough or Enough()
    known = sorted(earlier, key=lambda one: one.day)
    churn: dict[int, Numbers] = {}
    tested: dict[str, Any] = {}
    charts: dict[str, Any] = {}
    models: dict[int, Model] = {}
    lacking: dict[str, Any] = {}
    for horizon in horizons:
        try:
            told = _test(horizon, known, enough)
        except NotEnough as short:
            lacking[str(horizon)] = {"have": short.have, "need": short.need}
            continue
        tested[str(horizon)] = told["metrics"]
        charts[f"reliability_{horizon}"] = told["reliability"]
        samples, later, _ = _parts(horizon, known, today, enough)
        models[horizon] = Model(horizon, samples, later)
        churn[horizon] = 1 - models[horizon].chance(today)
    if not churn:
        raise NotEnough(**next(iter(lacking.values())))
    churn = _in_order(churn)
    why_for = _told_apart_best(tested, [h for h in churn if h >= 30] or list(churn))
    names = models[why_for].names
    because = reasons.explain(matrix(today, names), names, lambda rows: -models[why_for].log_odds(rows))
    metrics = {
        "rows": today.members,
        "tests": tested,
        "lacking": lacking,
        "reasons_for": why_for,
        "rule_days": RULE_DAYS,
        "calibration": {str(h): model.calibration.kind for h, model in models.items()},
        "learned_rows": {str(h): model.rows for h, model in models.items()},
        "expected": {str(h): float(one.mean()) for h, one in churn.items()},
    }
    charts["reasons"] = _counts(because, churn[why_for])
    for horizon, chance in churn.items():
        edges = np.linspace(0, 1, 21)
        charts[f"distribution_{horizon}"] = {
            "edges": edges.tolist(),
            "counts": np.histogram(chance, edges)[0].tolist(),
        }
    return Outlook(churn, because, why_for, metrics, charts)


def _parts(
    horizon: int, known: Sequence[Sample], at: Sample, enough: Enough
) -> tuple[list[Sample], Sample, dict[str, float]]:
    """What a model told at `at` may be learnt on and calibrated on. Raises NotEnough."""
    over = [one for one in known if one.known_days >= horizon and one.day + horizon <= at.day]
    later = over[-1] if over else None
    samples = [one for one in over if later is not None and one.day + horizon <= later.day]
    rows = sum(one.members for one in samples)
    came = sum(int((one.next_in < horizon).sum()) for one in samples)
    have = {
        "members": float(later.members if later else 0),
        "came": float(came),
        "stayed_away": float(rows - came),
        "samples": float(len(samples) + (later is not None)),
    }
    need = {
        "members": float(enough.members),
        "came": float(enough.of_each),
        "stayed_away": float(enough.of_each),
        "samples": float(enough.samples - 1),
    }
    if later is None or any(have[name] < need[name] for name in need):
        raise NotEnough(have, need)
    return samples, later, have


def _test(horizon: int, known: Sequence[Sample], enough: Enough) -> dict[str, Any]:
    """The model as it would have told at the latest sample whose horizon is over, and the rule, against what came."""
    over = [one for one in known if one.known_days >= horizon]
    if not over:
        raise NotEnough({"samples": 0.0}, {"samples": float(enough.samples)})
    test = over[-1]
    samples, later, _ = _parts(horizon, known, test, enough)
    model = Model(horizon, samples, later)
    gone = test.next_in >= horizon
    said = 1 - model.chance(test)
    raw = 1 / (1 + np.exp(model.log_odds(matrix(test, model.names))))
    rule = _rule(test)
    ruled = _rates(_rule(later), later.next_in >= horizon)[rule.astype(int)]
    flagged = int(rule.sum())
    surest = np.argsort(-said, kind="stable")[:flagged]
    return {
        "metrics": {
            "day": test.day,
            "rows": test.members,
            "learned_on": [one.day for one in samples],
            "calibrated_on": later.day,
            "model": measures.classification(gone, said).to_json(),
            "uncalibrated": measures.classification(gone, raw).to_json(),
            "rule": measures.classification(gone, ruled).to_json(),
            # of as many members as the rule names, how many really stayed away
            "flagged": flagged,
            "rule_right": float(gone[rule].mean()) if flagged else None,
            "model_right": float(gone[surest].mean()) if flagged else None,
        },
        "reliability": [one.to_json() for one in measures.reliability(gone, said, equal_rows=True)],
    }


def _rule(sample: Sample) -> Any:
    return np.asarray(sample.fields["since"]) >= RULE_DAYS


def _rates(rule: Any, gone: Any) -> Numbers:
    """How many stayed away of those the rule does not name, and of those it names."""
    return np.array(
        [gone[rule == named].mean() if (rule == named).any() else gone.mean() for named in (False, True)]
    )


def _in_order(churn: Mapping[int, Numbers]) -> dict[int, Numbers]:
    """Who buys within 30 days buys within 60: each chance of none is at most that of the shorter horizon."""
    found: dict[int, Numbers] = {}
    least: Numbers | None = None
    for horizon in sorted(churn):
        least = churn[horizon] if least is None else np.minimum(least, churn[horizon])
        found[horizon] = least
    return found


def _told_apart_best(tested: Mapping[str, Any], horizons: Sequence[int]) -> int:
    """The horizon that splits members most evenly: there a reason is of most use."""
    return min(horizons, key=lambda h: abs(tested[str(h)]["model"]["rate"] - 0.5))


def _counts(because: Sequence[Sequence[Because]], chance: Numbers) -> dict[str, Any]:
    """How often each reason is the first, among the fifth of members likeliest to stay away and among all."""
    line = float(np.quantile(chance, 0.8)) if chance.size else 1.0
    risky = Counter(one[0].code for one, c in zip(because, chance.tolist(), strict=True) if one and c >= line)
    everybody = Counter(one[0].code for one in because if one)
    return {"line": line, "risky": dict(risky.most_common()), "all": dict(everybody.most_common())}
