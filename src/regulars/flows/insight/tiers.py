"""The nightly step of tier history: how many members were in which tier at the end of every day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from regulars.flows.insight.types import StepResult, Told
from regulars.insight.warehouse import api as warehouse
from regulars.insight.warehouse.api import Warehouse
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand

KIND = "tiers"
_MOST_DAYS = 1100  # three years by the day


def run(brand: Brand, house: Warehouse, now: datetime, told: Told) -> StepResult:
    last = now.astimezone(zone(brand.timezone)).date() - timedelta(days=1)
    steps = house.rows(warehouse.tier_steps(house.table("tiers")))
    if not any(step["day"] <= last for step in steps):
        return StepResult(
            lacking=Text("还没有完整的一天有等级记录", "There is no whole day with tier records yet")
        )
    first = max(min(step["day"] for step in steps), last - timedelta(days=_MOST_DAYS - 1))
    schemes = count_by_day(steps, first, last)
    return StepResult(
        rows=len(steps),
        charts={"first": first.isoformat(), "last": last.isoformat(), "schemes": schemes},
        period_from=first,
        period_to=last,
    )


def count_by_day(steps: list[dict[str, Any]], first: date, last: date) -> dict[str, dict[str, list[int]]]:
    """Scheme → tier → members at the end of each day from `first` to `last`."""
    by_tier: dict[tuple[str, str], dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for step in steps:
        by_tier[step["scheme"], step["tier"]][max(step["day"], first)] += step["n"]
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    counted: dict[str, dict[str, list[int]]] = {}
    for (scheme, tier), moves in by_tier.items():
        total, line = 0, []
        for day in days:
            total += moves.get(day, 0)
            line.append(total)
        counted.setdefault(scheme, {})[tier] = line
    return counted
