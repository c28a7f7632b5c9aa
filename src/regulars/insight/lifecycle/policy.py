"""Stages decided for one member, and rules checked. `stages` says the same for everybody at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from regulars.insight.lifecycle.types import RULE_NAMES, KocWeights, StageRules
from regulars.kit.errors import ErrorList

# name → (least, most)
_BOUNDS: dict[str, tuple[float, float]] = {
    "growing_purchases": (2, 100),
    "mature_purchases": (3, 1000),
    "mature_days": (0, 3650),
    "slipping_days": (2, 3650),
    "slipping_factor": (0, 50),
    "slipping_least_days": (1, 3650),
    "rhythm_purchases": (3, 100),
    "dormant_days": (3, 3650),
    "lost_days": (4, 7300),
    "won_back_days": (1, 3650),
}
# The first has to be less than the second (at most, for the last pair).
_ORDER = (
    ("growing_purchases", "mature_purchases"),
    ("slipping_days", "dormant_days"),
    ("dormant_days", "lost_days"),
)


def check_rules(value: Mapping[str, Any]) -> StageRules:
    """Rules as given; what is left out keeps its default. Refuses every wrong field at once (422)."""
    errors = ErrorList()
    known = {f.name: f.default for f in fields(StageRules)}
    for name in value:
        if name not in known:
            errors.add(name, "unknown_field", "没有这个阈值", "There is no such threshold")
    found: dict[str, Any] = {}
    for name, default in known.items():
        given = value.get(name, default)
        least, most = _BOUNDS[name]
        whole = name != "slipping_factor"
        if isinstance(given, bool) or not isinstance(given, int | float) or (whole and given != int(given)):
            errors.add(name, "not_a_number", "应为数字", "This has to be a number")
        elif not least <= given <= most:
            errors.add(
                name, "out_of_range", f"应在 {least:g} 到 {most:g} 之间", f"From {least:g} to {most:g}"
            )
        else:
            found[name] = int(given) if whole else float(given)
    for low, high in _ORDER:
        if low in found and high in found and found[low] >= found[high]:
            other = RULE_NAMES[low]
            errors.add(high, "wrong_order", f"应大于「{other.zh}」", f"Has to be more than “{other.en}”")
    if {"slipping_least_days", "slipping_days"} <= set(found) and (
        found["slipping_least_days"] > found["slipping_days"]
    ):
        other = RULE_NAMES["slipping_days"]
        errors.add("slipping_least_days", "wrong_order", f"不应大于「{other.zh}」", f"At most “{other.en}”")
    errors.refuse()
    return StageRules(**found)


def check_weights(value: Mapping[str, Any]) -> KocWeights:
    """Weights of the KOC score: whole numbers from 0 that add up to 100."""
    errors = ErrorList()
    found: dict[str, int] = {}
    for one in fields(KocWeights):
        given = value.get(one.name, one.default)
        if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= 100:
            errors.add(one.name, "out_of_range", "应为 0 到 100 的整数", "A whole number from 0 to 100")
        else:
            found[one.name] = given
    if len(found) == len(fields(KocWeights)) and sum(found.values()) != 100:
        errors.add("quality", "not_a_hundred", "三项权重之和应为 100", "The weights have to add up to 100")
    errors.refuse()
    return KocWeights(**found)


def stage_on(purchases: Sequence[date], day: date, rules: StageRules) -> str:
    """The stage on `day` of somebody who bought on these days."""
    bought = sorted({one for one in purchases if one <= day})
    if not bought:
        return "prospect"
    first, last, count = bought[0], bought[-1], len(bought)
    silent = (day - last).days
    if silent > rules.lost_days:
        return "lost"
    if silent > rules.dormant_days:
        return "dormant"
    if silent > slips_after(count, (last - first).days, rules):
        return "slipping"
    returns = [b for a, b in itertools.pairwise(bought) if (b - a).days > rules.dormant_days]
    if returns and (day - returns[-1]).days <= rules.won_back_days:
        return "won_back"
    if count >= rules.mature_purchases and (day - first).days >= rules.mature_days:
        return "mature"
    return "growing" if count >= rules.growing_purchases else "new"


def slips_after(count: int, span_days: int, rules: StageRules) -> int:
    """After how many silent days she slips: by her own usual gap where it is known, at most `slipping_days`."""
    if not rules.slipping_factor or count < rules.rhythm_purchases:
        return rules.slipping_days
    own = math.ceil(rules.slipping_factor * span_days / (count - 1))
    return min(rules.slipping_days, max(rules.slipping_least_days, own))


def score_koc(parts: Mapping[str, float | None], weights: KocWeights) -> int:
    """0 to 100: the weighted mean of the parts that are known of anybody (each 0 to 100), rounded half up."""
    known = {name: value for name, value in parts.items() if value is not None}
    weight: dict[str, int] = {name: getattr(weights, name) for name in known}
    total = sum(weight.values())
    if not total:
        return 0
    mean = sum(value * weight[name] for name, value in known.items()) / total
    return math.floor(mean + 0.5)
