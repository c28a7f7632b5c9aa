"""Why a member is likelier to stay away than a usual one: ablation, group of fields by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from regulars.insight.churn.types import Because, Numbers
from regulars.insight.churn.words import REASONS

_MOST = 3
_LEAST = 0.1  # of log-odds: a tenth more or less likely is not worth a word


def usual(columns: Any) -> Numbers:
    """What the middle member is like; a field nobody has a value in is unknown for her too."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(columns, axis=0), dtype=np.float64)


def explain(
    columns: Any, names: Sequence[str], log_odds: Callable[[Any], Numbers]
) -> tuple[tuple[Because, ...], ...]:
    """For each member at most three reasons, the weightiest first.

    A reason weighs as much as the log-odds fall when its fields are those of the middle member and all else stays. It
    is reckoned for those alone of whom it may be said.
    """
    middle = usual(columns)
    base = log_odds(columns)
    codes: list[str] = []
    leads: list[int] = []
    weights: list[Numbers] = []
    for reason in REASONS:
        places = [names.index(field) for field in reason.fields if field in names]
        if not places:
            continue
        lead = places[0]
        rows = np.flatnonzero(_on_the_worse_side(columns[:, lead], middle[lead], reason.worse))
        if not len(rows):
            continue
        changed = columns[rows]
        changed[:, places] = middle[places]
        weight = np.zeros(len(columns))
        weight[rows] = base[rows] - log_odds(changed)
        codes.append(reason.code)
        leads.append(lead)
        weights.append(weight)
    if not codes:
        return tuple(() for _ in base)
    table = np.column_stack(weights)
    order = np.argsort(-table, axis=1)[:, :_MOST]
    best = np.take_along_axis(table, order, axis=1)
    hers = np.take_along_axis(columns, np.asarray(leads)[order], axis=1)
    usually = [_shown(middle[lead]) for lead in leads]
    return tuple(
        tuple(
            Because(codes[place], round(weight, 2), _shown(value), usually[place])
            for place, weight, value in zip(*row, strict=True)
            if weight >= _LEAST
        )
        for row in zip(order.tolist(), best.tolist(), hers.tolist(), strict=True)
    )


def _on_the_worse_side(values: Any, middle: float, worse: int) -> Any:
    """What is said must be seen in the figure beside it: nobody "comes less" whose trend is the usual one."""
    return ~np.isnan(values) & (values != middle) if not worse else (values - middle) * worse > 0


def _shown(value: Any) -> float | None:
    return None if value != value else round(float(value), 2)
