"""Maximum likelihood over positive parameters: in logarithms, from several starts, with exact gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from regulars.insight.lifetime import bgnbd, histories, paretonbd
from regulars.insight.lifetime.types import Histories, Kind, Numbers, Purchases

MODELS: dict[str, Any] = {"bg_nbd": bgnbd, "pareto_nbd": paretonbd}
_FARTHEST = 14.0  # of a parameter's logarithm: what runs away stops here and is told as not converged
_STARTS = {
    "bg_nbd": [(0.5, 0.5, 0.8, 2.5), (1.5, 0.5, 0.3, 5.0)],
    "pareto_nbd": [(0.6, 0.5, 0.6, 0.5), (1.5, 0.2, 0.3, 2.0)],
}
_TIMES = {"bg_nbd": (1,), "pareto_nbd": (1, 3)}  # which parameters are times


@dataclass(frozen=True, slots=True)
class Found:
    """Where the likelihood is highest."""

    parameters: Numbers
    value: float
    steps: int
    converged: bool


def maximise(
    both: Callable[[Numbers], tuple[float, Numbers]], *, starts: Sequence[Sequence[float]], rows: float
) -> Found:
    """The best of the starts. `both` gives the log-likelihood and its gradient by parameter.

    The first start is followed to its end; the others only until they are seen to lead no higher.
    """

    def cost(logs: Numbers) -> tuple[float, Numbers]:
        parameters = np.exp(logs)
        value, slopes = both(parameters)
        if not np.isfinite(value):
            return 1e10, np.zeros_like(logs)
        return -value / rows, -slopes * parameters / rows

    best: Any = None
    for start in starts:
        found = minimize(
            cost,
            np.log(np.asarray(start, dtype=np.float64)),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-_FARTHEST, _FARTHEST)] * len(start),
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8, "maxcor": 20},
        )
        if best is None or found.fun < best.fun - 1e-9:
            best = found
    slack = np.abs(best.jac).max()
    inside = (np.abs(best.x) < _FARTHEST - 1e-6).all()
    return Found(np.exp(best.x), -float(best.fun) * rows, int(best.nit), bool(inside and slack < 1e-4))


def fit_purchases(
    repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, *, kind: Kind = "bg_nbd"
) -> Purchases:
    """Fit a model of buying to members' histories; times in any one unit, which alpha and beta come back in."""
    return fit_histories(histories.group(repeats, recency, age), kind=kind)


def fit_histories(grouped: Histories, *, kind: Kind, start: Purchases | None = None) -> Purchases:
    """Fit to histories that are grouped already, from an earlier fit's parameters where there is one."""
    if grouped.members < 2 or grouped.repeats.max() == 0:
        raise ValueError("at least two members, one of whom came back")
    model = MODELS[kind]
    unit = float(grouped.age.max()) or 1.0
    scaled = Histories(
        grouped.repeats, grouped.recency / unit, grouped.age / unit, grouped.weight, grouped.place
    )
    starts: list[tuple[float, ...]] = list(_STARTS[kind])
    if start is not None:
        known = [start.parameters[name] for name in model.NAMES]
        starts = [tuple(v / unit if n in _TIMES[kind] else v for n, v in enumerate(known))]
    found = maximise(
        lambda parameters: model.log_likelihood(parameters, scaled), starts=starts, rows=grouped.weight.sum()
    )
    parameters = found.parameters.copy()
    parameters[list(_TIMES[kind])] *= unit
    # a purchase's density in days is that in units over the unit, once a repeat
    value = found.value - float(grouped.weight @ grouped.repeats) * float(np.log(unit))
    return Purchases(
        kind=kind,
        parameters=dict(zip(model.NAMES, map(float, parameters), strict=True)),
        log_likelihood=value,
        members=grouped.members,
        histories=grouped.repeats.size,
        steps=found.steps,
        converged=found.converged,
    )


def values_of(purchases: Purchases) -> tuple[float, ...]:
    """The parameters in the order of the model's formulas."""
    return tuple(purchases.parameters[name] for name in MODELS[purchases.kind].NAMES)


def alive(purchases: Purchases, grouped: Histories) -> Numbers:
    """The chance of not having stopped, by history."""
    return np.asarray(MODELS[purchases.kind].alive(values_of(purchases), grouped))


def expected_purchases(purchases: Purchases, grouped: Histories, ahead: float) -> Numbers:
    """Purchases expected within `ahead`, by history."""
    if ahead <= 0:
        return np.zeros(grouped.repeats.size)
    return np.asarray(MODELS[purchases.kind].expected(values_of(purchases), grouped, ahead))
