"""An import as people see it: how far, how fast, how long yet, and what may be done."""

from __future__ import annotations

from datetime import datetime

from regulars.flows.imports.types import ImportView, Mapping
from regulars.platform.imports.types import LIVE, RESUMABLE, STARTABLE, Job

_SURE_SECONDS = 1.0


def view_of(job: Job, now: datetime) -> ImportView:
    reading = job.stage in ("", "reading")
    total = job.rows_total if reading else job.items_total
    done = job.rows_read if reading else job.counts.position
    rate = _rate(job, done, now)
    left = None
    if job.state == "running" and rate and total is not None:
        left = max(0, total - done) / rate
    counts = job.counts
    return ImportView(
        id=job.id,
        kind=job.kind,
        origin=job.origin,
        file_name=job.file_name,
        size=job.file_size,
        state=job.state,
        stage=job.stage,
        dry=job.dry,
        created_by=job.actor_label,
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        mapping=Mapping.from_json(job.mapping),
        rows=job.rows_total,
        total=total,
        done=done,
        applied=counts.applied,
        duplicate=counts.duplicate,
        waiting=counts.waiting,
        failed=counts.failed,
        rate=rate,
        seconds_left=left,
        has_error_file=counts.failed > 0 and job.file_id is not None,
        problem=job.problem,
        may_start=job.state in STARTABLE and job.origin == "file",
        may_pause=job.state in LIVE,
        may_resume=job.state in RESUMABLE and job.origin == "file",
        may_cancel=job.state in (*LIVE, "paused"),
    )


def _rate(job: Job, done: int, now: datetime) -> float | None:
    """Per second since the present stage was begun or taken up again."""
    if job.stage_started_at is None:
        return None
    until = now if job.state == "running" else (job.ended_at or now)
    seconds = (until - job.stage_started_at).total_seconds()
    return (done - job.stage_from) / seconds if seconds >= _SURE_SECONDS and done > job.stage_from else None
