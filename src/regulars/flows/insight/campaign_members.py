"""What the members of a run's arms ordered, out of the warehouse: one statement for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from regulars.engage.campaigns.types import HOLDOUT, PROGRAMME
from regulars.flows.insight.campaign_figures import Group
from regulars.insight.warehouse.api import Warehouse
from regulars.kit.periods import zone

Listed = Sequence[tuple[UUID, str, int]]
_NAME = "campaign_arms"
# What was refunded of an order is gone, and so is that part of what was taken off it.
_KEPT = "(o.amount - o.refunded)"
_OFF = f"(CASE WHEN o.amount > 0 THEN o.discount * {_KEPT}::DOUBLE / o.amount ELSE 0 END)"


def groups_of(
    house: Warehouse, listed: Listed, *, first: datetime, until: datetime, before: datetime
) -> dict[tuple[str, int], Group]:
    """By arm and wave, a row for each member: orders, money and discounts of the period, money of the time before."""
    if not listed:
        return {}
    _put(house, listed)
    rows = house.duck.execute(
        f"""SELECT a.arm, a.wave,
                   count(o.order_id) FILTER (WHERE o.occurred_at >= $first
                                               AND (o.amount = 0 OR o.refunded < o.amount)) AS orders,
                   coalesce(sum({_KEPT}) FILTER (WHERE o.occurred_at >= $first), 0)::DOUBLE AS money,
                   coalesce(sum({_OFF}) FILTER (WHERE o.occurred_at >= $first), 0)::DOUBLE AS discount,
                   coalesce(sum({_KEPT}) FILTER (WHERE o.occurred_at < $first), 0)::DOUBLE AS before
              FROM {_NAME} a LEFT JOIN orders o
                ON o.member_id = a.member_id AND o.occurred_at >= $before AND o.occurred_at < $until
             GROUP BY a.member_id, a.arm, a.wave""",
        {"first": first, "before": before, "until": until},
    ).fetchnumpy()
    arms, waves = np.asarray(rows["arm"]).astype(str), np.asarray(rows["wave"])
    found = {}
    for arm, wave in sorted(set(zip(arms.tolist(), waves.tolist(), strict=True))):
        mine = (arms == arm) & (waves == wave)
        found[arm, int(wave)] = Group(
            *(
                np.asarray(rows[name], dtype=np.float64)[mine]
                for name in ("orders", "money", "discount", "before")
            )
        )
    return found


def days_of(
    house: Warehouse, listed: Listed, *, first: datetime, until: datetime, timezone: str
) -> list[dict[str, Any]]:
    """Money per member up to the end of each business day, treated and held out: how the difference came to be."""
    if not listed or until <= first:
        return []
    _put(house, listed)
    rows = house.duck.execute(
        f"""SELECT o.local_day, a.arm = $holdout AS held, sum({_KEPT})::BIGINT
              FROM {_NAME} a JOIN orders o
                ON o.member_id = a.member_id AND o.occurred_at >= $first AND o.occurred_at < $until
             WHERE a.arm <> $programme GROUP BY 1, 2""",
        {"first": first, "until": until, "holdout": HOLDOUT, "programme": PROGRAMME},
    ).fetchall()
    sums: dict[tuple[date, bool], int] = {(day, held): int(money) for day, held, money in rows}
    held = sum(arm == HOLDOUT for _, arm, _ in listed)
    treated = sum(arm not in (HOLDOUT, PROGRAMME) for _, arm, _ in listed)
    made, total = [], [0, 0]
    day, last = (
        first.astimezone(zone(timezone)).date(),
        (until - timedelta(microseconds=1)).astimezone(zone(timezone)).date(),
    )
    while day <= last:
        total = [total[0] + sums.get((day, False), 0), total[1] + sums.get((day, True), 0)]
        made.append(
            {
                "day": day.isoformat(),
                "treated": total[0] / treated if treated else None,
                "holdout": total[1] / held if held else None,
            }
        )
        day += timedelta(days=1)
    return made


def _put(house: Warehouse, listed: Listed) -> None:
    """The arms as a table beside the warehouse's."""
    import pyarrow as pa

    house.duck.register(
        f"{_NAME}_given",
        pa.table(
            {
                "member_id": [str(one[0]) for one in listed],
                "arm": [one[1] for one in listed],
                "wave": pa.array([one[2] for one in listed], pa.int8()),
            }
        ),
    )
    house.duck.execute(
        f"CREATE OR REPLACE TEMP TABLE {_NAME} AS SELECT member_id::UUID AS member_id, arm, wave FROM {_NAME}_given"
    )
    house.duck.unregister(f"{_NAME}_given")
