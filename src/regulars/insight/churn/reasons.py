"""Why a member is likelier to stay away than a usual one: ablation, group of fields by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from regulars.insight.churn.types import Because, Numbers, Reason
from regulars.kit.text import Text

REASONS = (
    Reason("long_away", Text("很久没来", "Has not been for long"), ("since", "overdue"), 1),
    Reason("comes_less", Text("来得比以前少", "Comes less than before"), ("visit_trend", "days_30"), -1),
    Reason(
        "seldom",
        Text("一向来得不勤", "Never came often"),
        ("rate", "gap_mean", "days_90", "gap_max", "gap_sd", "gap_last"),
        -1,
    ),
    Reason(
        "spends_less",
        Text("花得比以前少", "Spends less than before"),
        ("spend_trend", "spend_30", "last_spend"),
        -1,
    ),
    Reason(
        "small_baskets",
        Text("消费金额低", "Spends little"),
        ("spend_rate", "spend_90", "mean_spend", "pieces"),
        -1,
    ),
    Reason("narrow", Text("买的品类少", "Buys few kinds of goods"), ("categories_90", "categories_30"), -1),
    Reason("new", Text("新客，还没养成习惯", "New, no habit yet"), ("tenure",), -1),
    Reason(
        "offers_only",
        Text("多在有优惠时购买", "Buys mostly with offers"),
        ("coupon_share", "discount_share"),
        1,
    ),
    Reason("no_visits", Text("很少打开或互动", "Seldom opens or takes part"), ("visits_90",), -1),
    Reason("refunded", Text("有过退货", "Has returned goods"), ("refunds",), 1),
    Reason(
        "where_and_when",
        Text("购买的门店或时间不固定", "Where and when she buys"),
        ("stores", "weekend_share", "online_share"),
        0,
    ),
)
BY_CODE: Mapping[str, Reason] = {one.code: one for one in REASONS}
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
) -> tuple[tuple[tuple[Because, ...], ...], dict[str, Numbers]]:
    """For each member at most three reasons, the weightiest first, and every reason's weight for all of them.

    A reason weighs as much as the log-odds fall when its fields are those of the middle member and all else stays.
    """
    middle = usual(columns)
    base = log_odds(columns)
    weights: dict[str, Numbers] = {}
    for reason in REASONS:
        places = [names.index(field) for field in reason.fields if field in names]
        if not places or all(np.array_equal(columns[:, p], np.full(len(columns), middle[p])) for p in places):
            continue
        changed = columns.copy()
        changed[:, places] = middle[places]
        weights[reason.code] = base - log_odds(changed)
    if not weights:
        return tuple(() for _ in base), {}
    codes = list(weights)
    leads = [names.index(next(f for f in BY_CODE[code].fields if f in names)) for code in codes]
    table = np.column_stack(
        [
            np.where(
                _on_the_worse_side(columns[:, lead], middle[lead], BY_CODE[code].worse), weights[code], 0
            )
            for code, lead in zip(codes, leads, strict=True)
        ]
    )
    order = np.argsort(-table, axis=1)[:, :_MOST]
    best = np.take_along_axis(table, order, axis=1)
    found = []
    for row, (places_of, weights_of) in enumerate(zip(order.tolist(), best.tolist(), strict=True)):
        found.append(
            tuple(
                Because(
                    codes[place],
                    round(weight, 2),
                    _shown(columns[row, leads[place]]),
                    _shown(middle[leads[place]]),
                )
                for place, weight in zip(places_of, weights_of, strict=True)
                if weight >= _LEAST
            )
        )
    return tuple(found), weights


def _on_the_worse_side(values: Any, middle: float, worse: int) -> Any:
    """What is said must be seen in the figure beside it: nobody "comes less" whose trend is the usual one."""
    return ~np.isnan(values) & (values != middle) if not worse else (values - middle) * worse > 0


def _shown(value: Any) -> float | None:
    return None if np.isnan(value) else round(float(value), 2)
