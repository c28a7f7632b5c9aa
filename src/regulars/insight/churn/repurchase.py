"""When a member buys in a category again: her own gaps, drawn towards the category's where she has few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from regulars.insight.churn.types import Due, Numbers, Pairs

_LEAST_GAPS = 30  # of a category, for a mean of its own
_LAPSED = 2.5  # gaps without a purchase: she no longer buys in that category
_SOON = 14  # days
_SEED = 5
_AHEAD = 90  # days: what is farther off is not told


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """Gaps by category: the mean logarithm, its spread within a member, how many of a member's own weigh as much."""

    mean: Numbers
    spread: Numbers
    weight: Numbers


def usual_gaps(pairs: Pairs, categories: int) -> Usual:
    """What gaps are like in each category, by moments.

    Gaps are taken as log-normal around each member's mean, and those means as normal around the category's; the weight
    is the variance within members over that between them. Categories with few gaps take all categories' figures.
    """
    within, between, mean, _ = _moments(pairs, np.zeros(pairs.member.size, dtype=np.int64), 1)
    each_within, each_between, each_mean, many = _moments(pairs, pairs.category, categories)
    own = many >= _LEAST_GAPS
    return Usual(
        np.where(own, each_mean, mean[0]),
        np.sqrt(np.maximum(np.where(own, each_within, within[0]), 1e-2)),
        np.where(own, _strength(each_within, each_between), _strength(within, between)[0]),
    )


def waits(pairs: Pairs, usual: Usual) -> tuple[Numbers, Numbers]:
    """For each pair the middle gap, and how many more days it is until a purchase is as likely to have come as not.

    Her own mean is drawn towards the category's; what is left is the median of the log-normal gap of which `since` days
    have passed already: the longer she is overdue, the later she is expected.
    """
    weight = usual.weight[pairs.category]
    drawn = (pairs.gaps * pairs.mean_log + weight * usual.mean[pairs.category]) / (pairs.gaps + weight)
    spread = usual.spread[pairs.category] * np.sqrt(1 + 1 / (pairs.gaps + weight))
    still = ndtr((drawn - np.log(np.maximum(pairs.since, 0.5))) / spread)
    later = np.exp(drawn - spread * ndtri(np.maximum(still / 2, 1e-12)))
    return np.asarray(np.exp(drawn)), np.asarray(np.maximum(later - pairs.since, 0))


def due(*, today: Pairs, members: int, categories: int, earlier: Pairs | None = None) -> Due:
    """For each member the category due next, among those she still buys in; `earlier` pairs are for the back-test."""
    gap, left = waits(today, usual_gaps(today, categories))
    live = (today.since <= _LAPSED * gap) & (left <= _AHEAD)
    order = np.lexsort((today.category[live], left[live], today.member[live]))
    rows = np.flatnonzero(live)[order]
    first = np.ones(rows.size, dtype=bool)
    first[1:] = today.member[rows][1:] != today.member[rows][:-1]
    picked = rows[first]
    category = np.full(members, -1, dtype=np.int64)
    in_days = np.full(members, np.nan)
    category[today.member[picked]] = today.category[picked]
    in_days[today.member[picked]] = np.round(left[picked])
    metrics: dict[str, Any] = {
        "pairs": int(today.member.size),
        "live": int(live.sum()),
        "members": int(picked.size),
    }
    if earlier is not None and earlier.next_in is not None and earlier.member.size:
        metrics["test"] = back_test(earlier, categories)
    return Due(category, in_days, metrics)


def back_test(pairs: Pairs, categories: int) -> dict[str, Any]:
    """Due dates told earlier against when members bought: error in days of those who did, and hits within two weeks.

    Beside it the category's own gap for everybody, and the member's own mean gap as it stands.
    """
    assert pairs.next_in is not None
    usual = usual_gaps(pairs, categories)
    gap, left = waits(pairs, usual)
    said = {
        "model": left,
        "category": np.maximum(np.exp(usual.mean[pairs.category]) - pairs.since, 0),
        "own": np.maximum(np.exp(pairs.mean_log) - pairs.since, 0),
    }
    found: dict[str, Any] = {}
    came = np.isfinite(pairs.next_in)
    live = pairs.since <= _LAPSED * gap
    rows = live & came
    soon = pairs.next_in < _SOON
    many = int((live & (said["model"] < _SOON)).sum())
    lots = np.random.default_rng(_SEED).permutation(
        int(live.sum())
    )  # many are overdue alike: no order among them
    for name, left in said.items():
        soonest = np.flatnonzero(live)[np.lexsort((lots, left[live]))[:many]]
        named = live & (left < _SOON)
        found[name] = {
            "rows": int(rows.sum()),
            "error_days": float(np.abs(left[rows] - pairs.next_in[rows]).mean()) if rows.any() else None,
            "named": int(named.sum()),
            "hit": float(soon[named].mean()) if named.any() else None,
            # of the as many soonest as the model names
            "hit_alike": float(soon[soonest].mean()) if many else None,
        }
    found["rate"] = float(soon[live].mean()) if live.any() else None
    return found


def _moments(pairs: Pairs, kind: Any, kinds: int) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Variance within and between members, mean and number of gaps, by kind."""

    def total(values: Any) -> Numbers:
        return np.asarray(np.bincount(kind, weights=values, minlength=kinds), dtype=np.float64)

    many, rows = total(pairs.gaps), total(np.ones_like(pairs.gaps))
    with np.errstate(divide="ignore", invalid="ignore"):
        within = total(pairs.spread_log) / np.maximum(many - rows, 1)
        # of members' means, each counting once, less what their own few gaps scatter them
        mean = total(pairs.mean_log) / np.maximum(rows, 1)
        scatter = total((pairs.mean_log - mean[kind]) ** 2) / np.maximum(rows - 1, 1)
        between = scatter - within * total(1 / pairs.gaps) / np.maximum(rows, 1)
    return within, between, mean, many


def _strength(within: Numbers, between: Numbers) -> Numbers:
    return np.asarray(np.clip(within / np.maximum(between, 1e-6), 0.3, 30))
