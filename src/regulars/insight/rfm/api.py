"""Door of RFM: settings, expressions, and what one run shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from regulars.insight.rfm.expressions import bounds, flows, groups, heat, measures, scores
from regulars.insight.rfm.policy import check_settings, earlier_window, window
from regulars.insight.rfm.types import RfmReport

__all__ = [
    "bounds",
    "check_settings",
    "earlier_window",
    "flows",
    "groups",
    "heat",
    "measures",
    "report",
    "scores",
    "window",
]

_MEASURES = (("recency", "last_day", "r"), ("frequency", "frequency", "f"), ("money", "money", "m"))


def report(
    *, scored: Any, before: Any, members: int, last: date, rows: Callable[[Any], list[dict[str, Any]]]
) -> RfmReport:
    """What the pages show. `scored` and `before` are tables of `scores`; `rows` runs an expression.

    `members`: how many members there are in all; `last`: the period's last day, from which recency counts.
    """
    named = rows(groups(scored))
    seen = []
    for name, measure, score in _MEASURES:
        for row in sorted(rows(bounds(scored, measure, score)), key=lambda row: int(row["score"])):
            least, greatest = row["least"], row["greatest"]
            if measure == "last_day":  # the latest day is the fewest days ago
                least, greatest = (last - greatest).days, (last - least).days
            seen.append(
                {
                    "measure": name,
                    "score": int(row["score"]),
                    "members": row["members"],
                    "least": int(least),
                    "greatest": int(greatest),
                }
            )
    scored_members = sum(row["members"] for row in named)
    return RfmReport(
        scored=scored_members,
        unscored=max(0, members - scored_members),
        money=sum(row["money"] for row in named),
        cells=sorted(rows(heat(scored)), key=lambda row: (row["r"], row["f"])),
        groups=sorted(named, key=lambda row: -row["money"]),
        bounds=seen,
        flows=sorted(rows(flows(before, scored)), key=lambda row: -row["members"]),
    )
