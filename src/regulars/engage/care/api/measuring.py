"""What came of it: who bought within the window after her occasion, acted on or held out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from regulars.engage.care.models import CarePlan
from regulars.engage.care.store import marks, plans
from regulars.engage.care.types import Plan
from regulars.platform.due import api as due

_BATCH = 1000
_WEIGH_EVERY = timedelta(hours=6)


def measure_due(*, now: datetime) -> int:
    """Due work: look at what members bought since their marks, a batch; gives how many marks. Daily until settled."""
    with transaction.atomic():
        keys = [
            (row[0], row[1], row[2])
            for row in due.claim(
                table="care_mark",
                key=("member_id", "plan_id", "occasion"),
                due="measure_at",
                now=now,
                limit=_BATCH,
            )
        ]
        if keys:
            with connection.cursor() as cursor:
                since = marks.oldest_at(cursor, keys=keys) or now
                marks.measure(cursor, keys=keys, since=since, now=now, again_at=now + timedelta(days=1))
    return len(keys)


def figures_of(*, plan: Plan, timezone: str) -> dict[str, Any]:
    """Counts by arm and month, straight from the marks."""
    with connection.cursor() as cursor:
        arms = {
            row[0]: {
                "marks": row[1],
                "settled": row[2],
                "bought": row[3],
                "settled_bought": row[4],
                "spend": row[5],
                "cost": row[6],
                "members": row[7],
            }
            for row in marks.figures(cursor, plan_id=plan.id)
        }
        months = [
            {"month": month, "reached": reached, "bought": bought}
            for month, reached, bought in marks.months(cursor, plan_id=plan.id, timezone=timezone)
        ]
    return {"arms": arms, "months": months}


def plans_to_weigh(*, now: datetime, limit: int = 20) -> list[Plan]:
    """Plans that were started and whose results are the oldest, six hours and more."""
    rows = CarePlan.objects.exclude(state="draft").order_by("results_at")
    old = rows.filter(results_at__lt=now - _WEIGH_EVERY) | rows.filter(results_at__isnull=True)
    return [plans.view(row) for row in old[:limit]]


def keep_results(*, plan: Plan, results: Mapping[str, Any], now: datetime) -> None:
    plans.change(brand_id=plan.brand_id, key=plan.key, results=dict(results), results_at=now)
