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
SEEN_FROM = 10_000  # of very many rows so many show where the likelihood is highest
_SEED = 11
_FARTHEST = 14.0  # of a parameter's logarithm: what runs away stops here and is told as not converged
_STARTS = {
    "bg_nbd": [(0.5, 0.5, 0.8, 2.5), (1.5, 0.5, 0.3, 5.0)],
    "pareto_nbd": [(0.6, 0.5, 0.6, 0.5), (1.5, 0.2, 0.3, 2.0)],
}
_EXACTLY = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8, "maxcor": 20}
_TIMES = {"bg_nbd": (1,), "pareto_nbd": (1, 3)}  # which parameters are times


@dataclass(frozen=True, slots=True)
class Found:
    """Where the likelihood is highest."""

    parameters: Numbers
    value: float
    steps: int
    converged: bool


Both = Callable[[Numbers], tuple[float, Numbers]]


def maximise(
    both: Both, *, starts: Sequence[Sequence[float]], rows: float, few: tuple[Both, float] | None = None
) -> Found:
    """The best of the starts. `both` gives the log-likelihood and its gradient by parameter.

    `few`: the same of a part of very many rows, and their number. Where the top lies, and how the likelihood falls
    around it, is then seen from these; all of them say where exactly it is, in a few steps.
    """
    cost = _cost(both, rows)
    if few is not None:
        near = maximise(few[0], starts=starts, rows=few[1])
        starts = [tuple(near.parameters)]
        best = _from_near(cost, _cost(*few), np.log(near.parameters))
        if best is not None:
            return _found(*best, rows)
    best = None
    for start in starts:
        found = minimize(
            cost,
            np.log(np.asarray(start, dtype=np.float64)),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-_FARTHEST, _FARTHEST)] * len(start),
            options=_EXACTLY,
        )
        if best is None or found.fun < best[1] - 1e-9:
            best = (found.x, found.fun, found.jac, found.nit)
    assert best is not None
    return _found(*best, rows)


def _cost(both: Both, rows: float) -> Both:
    """What is made least: minus the mean log-likelihood, by the parameters' logarithms."""

    def cost(logs: Numbers) -> tuple[float, Numbers]:
        parameters = np.exp(logs)
        value, slopes = both(parameters)
        if not np.isfinite(value):
            return 1e10, np.zeros_like(logs)
        return -value / rows, -slopes * parameters / rows

    return cost


def _from_near(cost: Both, seen: Both, near: Numbers) -> tuple[Numbers, float, Numbers, int] | None:
    """The least near what is `seen` to be least, looked for along axes on which `seen` is as steep in all directions.

    None where it is flat in one, or what was found lies at the edge: then there is no such shortcut.
    """
    if (np.abs(near) > _FARTHEST - 1).any():
        return None
    step = 1e-4 * np.eye(near.size)
    bend = np.array([seen(near + one)[1] - seen(near - one)[1] for one in step]) / 2e-4
    sizes, ways = np.linalg.eigh((bend + bend.T) / 2)
    if sizes[0] < 1e-7 * sizes[-1]:
        return None
    axes = ways / np.sqrt(sizes)

    def along(moved: Numbers) -> tuple[float, Numbers]:
        value, slopes = cost(near + axes @ moved)
        return value, axes.T @ slopes

    found = minimize(along, np.zeros(near.size), jac=True, method="L-BFGS-B", options=_EXACTLY)
    logs = near + axes @ found.x
    if not np.isfinite(found.fun) or found.fun >= 1e10 or (np.abs(logs) > _FARTHEST).any():
        return None
    return logs, float(found.fun), np.linalg.solve(axes.T, found.jac), int(found.nit)


def _found(logs: Numbers, value: float, slopes: Numbers, steps: int, rows: float) -> Found:
    inside = (np.abs(logs) < _FARTHEST - 1e-6).all()
    return Found(np.exp(logs), -float(value) * rows, int(steps), bool(inside and np.abs(slopes).max() < 1e-4))


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
    some = _some(scaled)
    found = maximise(
        lambda parameters: model.log_likelihood(parameters, scaled),
        starts=starts,
        rows=grouped.weight.sum(),
        few=None if some is None else (lambda given: model.log_likelihood(given, some), some.weight.sum()),
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


def _some(histories: Histories) -> Histories | None:
    """A part of very many histories, drawn by chance; None where there are not so many."""
    if histories.repeats.size <= 2 * SEEN_FROM:
        return None
    some = np.random.default_rng(_SEED).choice(histories.repeats.size, SEEN_FROM, replace=False)
    return Histories(
        histories.repeats[some], histories.recency[some], histories.age[some], histories.weight[some],
        np.arange(SEEN_FROM),
    )  # fmt: skip


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
