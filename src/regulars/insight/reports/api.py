"""Door of reports: what operators entered, goals, and reports as they were last made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.insight.reports import models, policy
from regulars.insight.reports.customers import recent_year
from regulars.insight.reports.goals import measure
from regulars.insight.reports.making import compare_group, make, make_month
from regulars.insight.reports.monthly import by_whole_months, month_of
from regulars.insight.reports.naming import named
from regulars.insight.reports.policy import (
    check_period,
    judge,
    periods_of,
    report_from_json,
    report_to_json,
)
from regulars.insight.reports.tastes import reasons
from regulars.insight.reports.types import Assumptions, Figure, Goal, Period
from regulars.insight.runs import api as runs
from regulars.kit.errors import invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

__all__ = [
    "by_whole_months", "check_period", "close_goal", "compare_group", "get_assumptions", "get_goal", "judge",
    "list_figures", "list_goals", "make", "make_month", "measure", "month_of", "named", "periods_of", "put_figure",
    "reasons", "recent_year", "report_from_json", "report_to_json", "set_assumptions", "set_goal",
]  # fmt: skip
_ROOM = "reports"
_GOAL = Text("目标", "Goal")
_MOST_GOALS = 100


def get_assumptions(*, brand_id: UUID) -> Assumptions:
    """What was stated; nothing until it is."""
    setting = runs.get_setting(brand_id=brand_id, room=_ROOM)
    return Assumptions() if setting is None else policy.check_assumptions(setting.value)


def set_assumptions(*, scope: Scope, value: Mapping[str, Any], now: datetime) -> Assumptions:
    """State them. Raises 422 naming each wrong field."""
    checked, before = policy.check_assumptions(value), get_assumptions(brand_id=scope.brand_id)
    if checked == before:
        return checked
    with transaction.atomic():
        runs.put_setting(
            brand_id=scope.brand_id, room=_ROOM, value=checked.to_json(), now=now, by=scope.actor.label
        )
        _audit(scope, "reports.assumptions_set", "assumptions", now, before.to_json(), checked.to_json())
    return checked


def list_figures(*, brand_id: UUID, first: date | None = None, last: date | None = None) -> list[Figure]:
    """What was entered for the months from `first` to `last`, in the order of months."""
    rows = models.EnteredFigure.objects.filter(brand_id=brand_id).order_by("month", "kind", "channel")
    if first is not None:
        rows = rows.filter(month__gte=first.replace(day=1))
    if last is not None:
        rows = rows.filter(month__lte=last)
    return [Figure(r.kind, r.channel, r.month, r.amount, r.by, r.at) for r in rows]


def put_figure(
    *, scope: Scope, kind: str, month: date, amount: int | None, now: datetime, channel: str = ""
) -> None:
    """Enter an amount of a month; None takes it back. Raises 422 naming each wrong field."""
    policy.check_figure(kind, channel, month, amount or 0)
    key: dict[str, Any] = {"brand_id": scope.brand_id, "kind": kind, "month": month, "channel": channel}
    with transaction.atomic():
        row = models.EnteredFigure.objects.filter(**key).first()
        before = None if row is None else row.amount
        if before == amount:
            return
        if amount is None:
            models.EnteredFigure.objects.filter(**key).delete()
        else:
            models.EnteredFigure.objects.update_or_create(
                **key, defaults={"amount": amount, "by": scope.actor.label, "at": now}
            )
        name = ":".join(one for one in (kind, month.isoformat(), channel) if one)
        _audit(scope, "reports.figure_entered", name, now, {"amount": before}, {"amount": amount})


def set_goal(
    *, scope: Scope, name: str, metric: str, target: int, first: date, last: date, now: datetime
) -> Goal:
    """A new goal. Raises 422 naming each wrong field."""
    policy.check_goal(name, metric, target, first, last)
    open_goals = models.Goal.objects.filter(brand_id=scope.brand_id, closed_at=None).count()
    if open_goals >= _MOST_GOALS:
        raise invalid_field("name", "too_many", "进行中的目标最多 100 个", "100 open goals at most")
    with transaction.atomic():
        row = models.Goal(
            brand_id=scope.brand_id, id=new_id(), name=name.strip(), metric=metric, target=target, first=first,
            last=last, by=scope.actor.label, created_at=now,
        )  # fmt: skip
        row.save(force_insert=True)
        after = {
            "name": row.name,
            "metric": metric,
            "target": target,
            "first": first.isoformat(),
            "last": last.isoformat(),
        }
        _audit(scope, "reports.goal_set", str(row.id), now, {}, after)
    return _goal_of(row)


def close_goal(*, scope: Scope, goal_id: UUID, now: datetime) -> Goal:
    """Put a goal away; once more changes nothing. Raises `not_found`."""
    goal = get_goal(brand_id=scope.brand_id, goal_id=goal_id)
    rows = models.Goal.objects.filter(brand_id=scope.brand_id, id=goal_id, closed_at=None)
    with transaction.atomic():
        if rows.update(closed_at=now):
            _audit(scope, "reports.goal_closed", str(goal_id), now, {"closed": False}, {"closed": True})
    return get_goal(brand_id=scope.brand_id, goal_id=goal.id)


def get_goal(*, brand_id: UUID, goal_id: UUID) -> Goal:
    """Raises `not_found`, for another brand's too."""
    row = models.Goal.objects.filter(brand_id=brand_id, id=goal_id).first()
    if row is None:
        raise not_found(_GOAL)
    return _goal_of(row)


def list_goals(*, brand_id: UUID, with_closed: bool = False) -> list[Goal]:
    """Goals, those that end first on top; at most two hundred."""
    rows = models.Goal.objects.filter(brand_id=brand_id).order_by("last", "id")
    if not with_closed:
        rows = rows.filter(closed_at=None)
    return [_goal_of(row) for row in rows[: 2 * _MOST_GOALS]]


def _goal_of(row: models.Goal) -> Goal:
    period = Period(row.first, row.last)
    return Goal(
        row.id, row.name, row.metric, row.target, period, row.by, row.created_at, row.closed_at is not None
    )


def _audit(
    scope: Scope, action: str, subject: str, now: datetime, before: dict[str, Any], after: dict[str, Any]
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="report",
        subject_id=subject,
        before=before,
        after=after,
        now=now,
    )
