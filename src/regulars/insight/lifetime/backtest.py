"""Each model fitted to what was known on an earlier day, against what came after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regulars.insight.lifetime import fitting, spending, worth
from regulars.insight.lifetime.learned import Learned
from regulars.insight.lifetime.types import (
    Enough,
    Histories,
    Kind,
    NotEnough,
    Numbers,
    Purchases,
    Sample,
    Spend,
    Terms,
)
from regulars.insight.measures import api as measures

NAIVE = "naive"
_LITTLE = 1.03
_MOST_FITTED = 200_000  # members; more of them move no parameter's third digit
_SEED = 11
KINDS: tuple[Kind, ...] = ("bg_nbd", "pareto_nbd")


@dataclass(frozen=True, slots=True, eq=False)
class Fits:
    """What was fitted to a sample as it stood: histories, both models of buying, the model of spending, the trees."""

    grouped: Histories
    purchases: Mapping[Kind, Purchases]
    spend: Spend
    learned: Learned | None

    @property
    def likelier(self) -> Kind:
        return max(KINDS, key=lambda kind: self.purchases[kind].log_likelihood)


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """Forecasts of a sample's horizon by model, and the ends of the interval over the forecast, by member."""

    by_model: Mapping[str, Numbers]
    low: Numbers
    high: Numbers


def refuse_too_little(sample: Sample, enough: Enough) -> None:
    """Says what is missing before a fit is tried."""
    have = {
        "members": sample.members,
        "repeaters": int((sample.repeats > 0).sum()),
        "payers": int((sample.mean_spend > 0).sum()),
        "days": float(sample.age.max()) if sample.members else 0.0,
    }
    need = {
        "members": enough.members,
        "repeaters": enough.repeaters,
        "payers": enough.repeaters,
        "days": enough.days,
    }
    if any(have[name] < need[name] for name in need):
        raise NotEnough(have, need)


def fit(sample: Sample, samples: Sequence[Sample]) -> Fits:
    """Fit to `sample` as it stood, and learn from those of `samples` whose horizon had ended by then."""
    grouped = worth.group(sample.repeats, sample.recency, sample.age)
    few = grouped
    if sample.members > _MOST_FITTED:
        some = np.random.default_rng(_SEED).choice(sample.members, _MOST_FITTED, replace=False)
        few = worth.group(*(np.asarray(one)[some] for one in (sample.repeats, sample.recency, sample.age)))
    past = [one for one in samples if one.came is not None and one.known_on <= sample.day and one.members]
    came = sum(float(np.sum(one.came)) for one in past if one.came is not None)
    learned = Learned(past) if came > 0 and sum(one.members for one in past) >= 200 else None
    return Fits(
        grouped=grouped,
        purchases={kind: fitting.fit_histories(few, kind=kind) for kind in KINDS},
        spend=spending.fit_spend(sample.repeats + 1, sample.mean_spend),
        learned=learned,
    )


def forecast(fits: Fits, sample: Sample, *, level: float) -> Forecast:
    """Forecasts of what each member spends within the sample's horizon."""
    ahead = Terms(months=(sample.horizon_days / worth.MONTH,), level=level)
    found = {
        kind: worth.worth_of(
            fits.purchases[kind], fits.spend, grouped=fits.grouped, mean_spend=sample.mean_spend, terms=ahead
        )
        for kind in KINDS
    }
    by_model: dict[str, Numbers] = {kind: found[kind].value[0] for kind in KINDS}
    if fits.learned is not None:
        by_model["learned"] = fits.learned.forecast(sample)
        by_model["combined"] = (by_model["learned"] + by_model[fits.likelier]) / 2
    by_model[NAIVE] = naive(sample)
    base = found[fits.likelier]
    middle = np.maximum(base.value[0], 1e-300)
    return Forecast(by_model, low=base.low[0] / middle, high=base.high[0] / middle)


def naive(sample: Sample) -> Numbers:
    """The same as last year: what she spent in the year before, by the horizon's share of it."""
    return sample.spent_before * (sample.horizon_days / max(sample.days_before, 1.0))


def choose(made: Forecast, came: Numbers) -> str:
    """The model to use: the mean of two kinds of model, unless one of them erred less by more than a little.

    The mean of forecasts is seldom far from the best and often better (Bates and Granger 1969); which single one does
    best in one period is partly chance. The naive forecast is what they are held against, no candidate.
    """
    errors = {name: float(np.abs(one - came).mean()) for name, one in made.by_model.items() if name != NAIVE}
    best = min(errors, key=lambda name: errors[name])
    mean = errors.get("combined")
    return "combined" if mean is not None and mean <= errors[best] * _LITTLE else best


def accuracy(made: Forecast, came: Numbers) -> dict[str, Any]:
    """Error, bias and rank correlation of each model, as a run keeps it."""
    return {name: measures.forecast_accuracy(came, one).to_json() for name, one in made.by_model.items()}


def interval(value: Numbers, low: Numbers, high: Numbers, width: float) -> tuple[Numbers, Numbers]:
    """The interval's ends around a value, its arms `width` times as long as the histories leave open."""
    return value * np.maximum(1 - width * (1 - low), 0), value * (1 + width * (high - 1))


def width_that_holds(value: Numbers, came: Numbers, made: Forecast, level: float) -> float:
    """By how much the arms must be longer (or may be shorter) for the interval to have held `level` of what came.

    Split conformal prediction: the level's quantile of how many arms' lengths each was off (Lei et al. 2018).
    """
    down = np.maximum(value * (1 - made.low), 1e-9)
    up = np.maximum(value * (made.high - 1), 1e-9)
    off = np.where(came < value, (value - came) / down, (came - value) / up)
    return float(np.clip(np.quantile(off, min(1.0, level * (1 + 1 / off.size))), 0.25, 10))


def coverage(value: Numbers, came: Numbers, made: Forecast, width: float) -> float:
    """The share of members whose spending fell within the interval."""
    low, high = interval(value, made.low, made.high, width)
    return float(((came >= low - 0.5) & (came <= high + 0.5)).mean())
