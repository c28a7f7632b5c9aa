"""Whose turn it is: every brand's insight runs once a business day and when somebody asks, by one process at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from regulars.insight.runs import models
from regulars.insight.runs.types import Turn, TurnLost
from regulars.kit.ids import new_id
from regulars.platform.due import api as due

LEASE = timedelta(minutes=1)


def schedule(*, turns: Iterable[tuple[UUID, datetime]]) -> int:
    """Have brands that have no turn yet run at their instant; those that have one keep it."""
    rows = [models.InsightTurn(brand_id=brand_id, next_run_at=at) for brand_id, at in turns]
    known = set(
        models.InsightTurn.objects.filter(brand_id__in=[row.brand_id for row in rows]).values_list(
            "brand_id", flat=True
        )
    )
    missing = [row for row in rows if row.brand_id not in known]
    models.InsightTurn.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def ask(*, brand_id: UUID, now: datetime, by: str, steps: Sequence[str] = ()) -> Turn:
    """Have the brand run as soon as a worker sees it; `steps` only, or all. While it runs, it runs again after."""
    row, _ = models.InsightTurn.objects.get_or_create(brand_id=brand_id, defaults={"next_run_at": now})
    asked = models.InsightTurn.objects.filter(brand_id=brand_id)
    # asked for twice before it ran: both; all steps are more than any
    earlier = row.steps if row.asked_at is not None else None
    wanted = [] if not steps or earlier == [] else sorted({*steps, *(earlier or ())})
    asked.update(steps=wanted, asked_at=now, asked_by=by)
    asked.filter(lease__isnull=True).update(next_run_at=now)
    return _turn_of(models.InsightTurn.objects.get(brand_id=brand_id))


def claim(*, now: datetime, holder: str) -> Turn | None:
    """For a worker: the next brand whose turn has come, leased to the caller, or None."""
    taken = due.claim(
        table="insight_turn", key=("brand_id",), now=now, limit=1, lease_seconds=LEASE.total_seconds()
    )
    return _lease(taken[0][0], now, holder) if taken else None


def take(*, brand_id: UUID, now: datetime, holder: str, gone: str | None = None) -> Turn | None:
    """Lease this brand's turn now if nobody has it (or only `gone`, who is known to be dead); None otherwise."""
    models.InsightTurn.objects.get_or_create(brand_id=brand_id, defaults={"next_run_at": now})
    rows = models.InsightTurn.objects.filter(brand_id=brand_id)
    free = rows.filter(lease__isnull=True) | rows.filter(next_run_at__lte=now)
    if gone is not None:
        free = free | rows.filter(holder=gone)
    if not free.update(next_run_at=now + LEASE, lease=new_id()):
        return None
    return _lease(brand_id, now, holder)


def hand_over(*, turn: Turn, now: datetime, holder: str) -> Turn | None:
    """From the worker that claimed it to the process that runs it; None when it is somebody else's by now."""
    return _lease(turn.brand_id, now, holder) if _mine(turn).update(next_run_at=now + LEASE) else None


def beat(*, turn: Turn, now: datetime) -> None:
    """The runner is alive. Raises `TurnLost`."""
    if not _mine(turn).update(next_run_at=now + LEASE):
        raise TurnLost


def end_turn(*, turn: Turn, now: datetime, next_run_at: datetime) -> None:
    """The run is over. What was asked for meanwhile is run at once."""
    row = _mine(turn).first()
    if row is None:
        return
    again = row.asked_at is not None and row.started_at is not None and row.asked_at > row.started_at
    _mine(turn).update(
        lease=None,
        holder="",
        ended_at=now,
        next_run_at=now if again else next_run_at,
        **({} if again else {"steps": [], "asked_at": None, "asked_by": ""}),
    )


def get_turn(*, brand_id: UUID) -> Turn | None:
    row = models.InsightTurn.objects.filter(brand_id=brand_id).first()
    return None if row is None else _turn_of(row)


def _lease(brand_id: UUID, now: datetime, holder: str) -> Turn:
    row = models.InsightTurn.objects.get(brand_id=brand_id)
    row.lease, row.holder, row.started_at = new_id(), holder, now
    row.save(update_fields=["lease", "holder", "started_at"])
    return _turn_of(row)


def _mine(turn: Turn) -> QuerySet[models.InsightTurn]:
    return models.InsightTurn.objects.filter(brand_id=turn.brand_id, lease=turn.lease)


def _turn_of(row: models.InsightTurn) -> Turn:
    return Turn(
        brand_id=row.brand_id,
        next_run_at=row.next_run_at,
        steps=tuple(row.steps),
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        started_at=row.started_at,
        ended_at=row.ended_at,
        lease=row.lease,
        holder=row.holder,
    )
