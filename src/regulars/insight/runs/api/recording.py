"""Runs as they are begun, followed and ended, and the settings of a brand for a room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.insight.runs import models
from regulars.insight.runs.types import Run, Setting
from regulars.kit import paging
from regulars.kit.errors import not_found
from regulars.kit.ids import new_id
from regulars.kit.paging import Page
from regulars.kit.text import Text

_RUN = Text("运行记录", "Run")
_INTERRUPTED = Text("运行中断，未完成", "Interrupted before it was finished")


def begin(
    *,
    brand_id: UUID,
    kind: str,
    now: datetime,
    as_of: datetime | None = None,
    period_from: date | None = None,
    period_to: date | None = None,
    params: Mapping[str, Any] | None = None,
) -> Run:
    """A run starts. One of the same kind that never ended was interrupted, and says so from now on."""
    models.ModelRun.objects.filter(brand_id=brand_id, kind=kind, state="running").update(
        state="failed", finished_at=now, problem_zh=_INTERRUPTED.zh, problem_en=_INTERRUPTED.en
    )
    row = models.ModelRun(
        brand_id=brand_id,
        id=new_id(),
        kind=kind,
        as_of=as_of or now,
        started_at=now,
        period_from=period_from,
        period_to=period_to,
        params=dict(params or {}),
    )
    row.save(force_insert=True)
    return _run_of(row)


def progress(*, run: Run, share: float) -> None:
    """So much of the run is done, from 0 to 1."""
    _rows(run).update(progress=round(max(0.0, min(1.0, share)), 4))


def finish(
    *,
    run: Run,
    now: datetime,
    rows: int,
    metrics: Mapping[str, Any] | None = None,
    charts: Mapping[str, Any] | None = None,
    **columns: Any,
) -> None:
    """The run is done. `columns` may set as_of, period_from, period_to and params, known only by now."""
    _rows(run).update(
        state="done",
        finished_at=now,
        rows=rows,
        metrics=dict(metrics or {}),
        charts=dict(charts or {}),
        progress=1.0,
        **columns,
    )


def lack(
    *, run: Run, now: datetime, problem: Text, rows: int = 0, metrics: Mapping[str, Any] | None = None
) -> None:
    """There is too little data: `problem` says how much there is and how much it takes."""
    _rows(run).update(
        state="lacking",
        finished_at=now,
        rows=rows,
        metrics=dict(metrics or {}),
        problem_zh=problem.zh,
        problem_en=problem.en,
        progress=1.0,
    )


def fail(*, run: Run, now: datetime, problem: Text) -> None:
    """The run did not come to its end."""
    _rows(run).update(
        state="failed", finished_at=now, problem_zh=problem.zh[:2000], problem_en=problem.en[:2000]
    )


def discard(*, run: Run) -> None:
    """Forget a run that another record stands for."""
    models.ModelRun.objects.filter(brand_id=run.brand_id, id=run.id).delete()


def latest(*, brand_id: UUID, kind: str, finished: bool = True) -> Run | None:
    """The newest run that ended well (or that data lacked for); with `finished=False` the newest in any state."""
    rows = models.ModelRun.objects.filter(brand_id=brand_id, kind=kind).order_by("-id")
    if finished:
        rows = rows.filter(state__in=["done", "lacking"])
    row = rows.first()
    return None if row is None else _run_of(row)


def latest_of_each(*, brand_id: UUID, finished: bool = True) -> dict[str, Run]:
    """`latest` of every kind there is, without charts, for the page of freshness."""
    rows = models.ModelRun.objects.filter(brand_id=brand_id)
    if finished:
        rows = rows.filter(state__in=["done", "lacking"])
    rows = rows.order_by("kind", "-id").distinct("kind").defer("charts")
    return {row.kind: _run_of(row, charts=False) for row in rows}


def get_run(*, brand_id: UUID, run_id: UUID) -> Run:
    """Raises `not_found`, for another brand's too."""
    row = models.ModelRun.objects.filter(brand_id=brand_id, id=run_id).first()
    if row is None:
        raise not_found(_RUN)
    return _run_of(row)


def list_runs(
    *, brand_id: UUID, kind: str | None = None, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[Run]:
    """Newest first, without charts."""
    rows = models.ModelRun.objects.filter(brand_id=brand_id).order_by("-id").defer("charts")
    if kind is not None:
        rows = rows.filter(kind=kind)
    after = paging.decode_id(cursor)
    if after:
        rows = rows.filter(id__lt=after)
    found = [_run_of(row, charts=False) for row in rows[: limit + 1]]
    return paging.cut(found, limit, lambda run: (run.id,))


def get_setting(*, brand_id: UUID, room: str) -> Setting | None:
    """What the brand has set for a room; None: nothing, the room's defaults hold."""
    row = models.InsightSetting.objects.filter(brand_id=brand_id, room=room).first()
    return None if row is None else Setting(row.value, row.changed_at, row.changed_by)


def put_setting(*, brand_id: UUID, room: str, value: Mapping[str, Any], now: datetime, by: str) -> None:
    """Keep what the room has checked."""
    models.InsightSetting.objects.update_or_create(
        brand_id=brand_id, room=room, defaults={"value": dict(value), "changed_at": now, "changed_by": by}
    )


def _rows(run: Run) -> Any:
    return models.ModelRun.objects.filter(brand_id=run.brand_id, id=run.id, state="running")


def _run_of(row: models.ModelRun, *, charts: bool = True) -> Run:
    left_out = {"problem", "progress"} | (set() if charts else {"charts"})
    same = {f.name: getattr(row, f.name) for f in fields(Run) if f.name not in left_out}
    return Run(**same, problem=Text(row.problem_zh, row.problem_en), progress=float(row.progress))
