"""The whole model of value: fits, the choice between them, the back-test, and every member's value today."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regulars.insight.lifetime import backtest, worth
from regulars.insight.lifetime.types import Enough, Estimate, NotEnough, Numbers, Sample, Terms, Worth
from regulars.insight.measures import api as measures


def estimate(
    *, today: Sample, earlier: Sequence[Sample], terms: Terms | None = None, enough: Enough | None = None
) -> Estimate:
    """Members' value from today on, with a back-test on the latest of `earlier`.

    `earlier` are the members as they stood on days before, with what came within the same horizon. The latest is the
    back-test: nothing it is forecast with is younger than its day. Which model is used, and how long the arms of
    intervals are, is decided on a sample whose horizon ended before the back-test's day, where there is one.
    Raises NotEnough.
    """
    terms, enough = terms or Terms(), enough or Enough()
    known = sorted((one for one in earlier if one.came is not None), key=lambda one: one.day)
    backtest.refuse_too_little(today, enough)
    if not known:
        raise NotEnough({"back_tests": 0}, {"back_tests": 1})
    held = known[-1]
    backtest.refuse_too_little(held, Enough(enough.members, enough.repeaters, enough.days / 2))
    came = np.asarray(held.came)

    tried = _earlier_choice(held, known, enough, terms)
    fits = backtest.fit(held, known)
    made = backtest.forecast(fits, held, level=terms.level)
    chosen, width = tried if tried and tried[0] in made.by_model else (backtest.choose(made, came), 1.0)
    covered = backtest.coverage(made.by_model[chosen], came, made, width)

    final = backtest.fit(today, known)
    now = backtest.forecast(final, today, level=terms.level)
    if chosen not in now.by_model:
        chosen = final.likelier
    kind = next((one for one in backtest.KINDS if one == chosen), final.likelier)
    purchases = final.purchases[kind]
    base = worth.worth_of(
        purchases, final.spend, grouped=final.grouped, mean_spend=today.mean_spend, terms=terms
    )
    last_width = backtest.width_that_holds(made.by_model[chosen], came, made, terms.level)
    result = _stretched(base, now.by_model[chosen], now.by_model[kind], today, terms, last_width)
    metrics = {
        "rows": today.members,
        "horizon_days": round(held.horizon_days),
        "held_day": held.day,
        "held_rows": held.members,
        "learned_rows": final.learned.rows if final.learned else 0,
        "chosen": chosen,
        "chosen_on": "earlier" if tried else "held",
        "models": backtest.accuracy(made, came),
        "level": terms.level,
        "coverage": covered,
        "coverage_unwidened": backtest.coverage(made.by_model[chosen], came, made, 1.0),
        "width": last_width,
        "purchases": {
            one.kind: {**one.parameters, "log_likelihood": one.log_likelihood, "converged": one.converged}
            for one in final.purchases.values()
        },
        "spend": {"p": final.spend.p, "q": final.spend.q, "gamma": final.spend.gamma},
        "count_spend_correlation": measures.rank_correlation(today.repeats, today.mean_spend),
        "alive": float(result.alive.mean()),
        "total": [float(one.sum()) for one in result.value],
        "months": list(terms.months),
    }
    charts = {
        "deciles": [one.to_json() for one in measures.deciles(came, made.by_model[chosen])],
        "deciles_naive": [one.to_json() for one in measures.deciles(came, made.by_model[backtest.NAIVE])],
        "distribution": distribution(result.value[0]),
        "alive": histogram(result.alive, np.linspace(0, 1, 11)),
    }
    return Estimate(purchases, final.spend, chosen, result, metrics, charts)


def _earlier_choice(
    held: Sample, known: Sequence[Sample], enough: Enough, terms: Terms
) -> tuple[str, float] | None:
    """The model and the width of intervals that did best on a sample whose horizon ended by the back-test's day."""
    before = [one for one in known if one.known_on <= held.day]
    if not before or before[-1].members < enough.members:
        return None
    sample = before[-1]
    if min(int((sample.repeats > 0).sum()), int((sample.mean_spend > 0).sum())) < enough.repeaters:
        return None
    came = np.asarray(sample.came)
    made = backtest.forecast(backtest.fit(sample, known), sample, level=terms.level)
    chosen = backtest.choose(made, came)
    return chosen, backtest.width_that_holds(made.by_model[chosen], came, made, terms.level)


def _stretched(
    base: Worth, near: Numbers, base_near: Numbers, today: Sample, terms: Terms, width: float
) -> Worth:
    """The chosen forecast of the horizon, carried on to the terms' months as the model of buying and stopping does.

    Behaviour is learnt on one horizon only; how buying fades beyond it is what that model is for. Money grows at most
    by as much as the time.
    """
    value, low, high = (np.empty_like(base.value) for _ in range(3))
    for place, months in enumerate(terms.months):
        most = months * worth.MONTH / today.horizon_days
        with np.errstate(divide="ignore", invalid="ignore"):
            growth = np.where(base_near > 0, base.value[place] / base_near, 0)
        value[place] = near * np.clip(growth, min(most, 1.0) * terms.margin * 0.5, most)
        middle = np.maximum(base.value[place], 1e-300)
        low[place], high[place] = backtest.interval(
            value[place], base.low[place] / middle, base.high[place] / middle, width
        )
    return Worth(base.months, value, low, high, base.alive)


def distribution(value: Numbers, *, parts: int = 24) -> dict[str, Any]:
    """How many members are worth how much: bins of equal width up to the 99th percentile, the rest in the last."""
    top = float(np.quantile(value, 0.99)) if value.size else 0.0
    step = _round_step(top / parts) if top > 0 else 1.0
    edges = np.arange(0, parts + 1) * step
    counts = np.histogram(np.clip(value, 0, edges[-1]), edges)[0]
    ends = {str(at): float(np.quantile(value, at)) for at in (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)}
    return {
        "edges": edges.tolist(),
        "counts": counts.tolist(),
        "quantiles": ends,
        "mean": float(value.mean()),
    }


def histogram(value: Numbers, edges: Numbers) -> dict[str, Any]:
    """Counts between the edges."""
    return {"edges": edges.tolist(), "counts": np.histogram(value, edges)[0].tolist()}


def _round_step(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten, so that the axis has round figures."""
    power = 10 ** np.floor(np.log10(step))
    return float(next(one for one in (1, 2, 5, 10) if one * power >= step) * power)
