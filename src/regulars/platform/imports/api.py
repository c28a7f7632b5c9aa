"""Door of import jobs: keep them, lease them to one runner at a time, move their checkpoints, keep their errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import F

from regulars.kit import paging
from regulars.kit.errors import not_found
from regulars.kit.ids import new_id
from regulars.kit.paging import Page
from regulars.kit.sql import plain_array, text_array
from regulars.kit.text import Text
from regulars.platform.due import api as due
from regulars.platform.imports import models
from regulars.platform.imports.types import LIVE, Counts, Job, LeaseLost, RowErrors
from regulars.platform.organisations.types import Scope

LEASE = timedelta(seconds=30)
_IMPORT = Text("导入任务", "Import")


def create_job(*, scope: Scope, kind: str, now: datetime, **columns: Any) -> Job:
    """A new job, not started; `columns` are those of the table that differ from their defaults."""
    row = models.ImportJob(
        id=new_id(),
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        kind=kind,
        actor_kind=scope.actor.kind,
        actor_id=scope.actor.id,
        actor_label=scope.actor.label,
        store_ids=None if scope.store_ids is None else sorted(scope.store_ids),
        created_at=now,
        **columns,
    )
    row.save(force_insert=True)
    return _job_of(row, Counts())


def get_job(*, job_id: UUID, brand_id: UUID | None = None, lock: bool = False) -> Job:
    """Raises `not_found`, for another brand's too."""
    rows = models.ImportJob.objects.filter(id=job_id)
    if brand_id is not None:
        rows = rows.filter(brand_id=brand_id)
    row = (rows.select_for_update(no_key=True) if lock else rows).first()
    if row is None:
        raise not_found(_IMPORT)
    return _jobs([row])[0]


def list_jobs(
    *,
    brand_id: UUID,
    states: Sequence[str] = (),
    origin: str | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[Job]:
    """Newest first."""
    rows = models.ImportJob.objects.filter(brand_id=brand_id).order_by("-id")
    if states:
        rows = rows.filter(state__in=states)
    if origin is not None:
        rows = rows.filter(origin=origin)
    after = paging.decode_id(cursor)
    if after:
        rows = rows.filter(id__lt=after)
    return paging.cut(_jobs(list(rows[: limit + 1])), limit, lambda job: (job.id,))


def change_job(*, job_id: UUID, **columns: Any) -> None:
    """Set columns of the row; for callers who hold its lock."""
    models.ImportJob.objects.filter(id=job_id).update(**columns)


def begin_anew(*, job_id: UUID) -> None:
    """Forget positions and errors, for a run from the beginning."""
    models.ImportShard.objects.filter(job_id=job_id).delete()
    models.ImportError.objects.filter(job_id=job_id).delete()
    models.ImportJob.objects.filter(id=job_id).update(
        run=F("run") + 1, rows_total=None, rows_read=0, items_total=None, shards=0, stage=""
    )


def claim_next(*, now: datetime, holder: str) -> Job | None:
    """For a worker: the next job that is queued or whose runner is gone, leased to the caller; or None."""
    taken = due.claim(
        table="import_job",
        key=("id",),
        now=now,
        limit=1,
        lease_seconds=LEASE.total_seconds(),
        where="state IN ('queued', 'running') AND origin = 'file'",
    )
    return _lease(taken[0][0], now, holder) if taken else None


def take(*, job_id: UUID, now: datetime, holder: str, from_holder: str | None = None) -> Job | None:
    """Lease this job to the caller if nobody works on it, or only `from_holder`, who is known to be gone."""
    rows = models.ImportJob.objects.filter(id=job_id, state__in=LIVE)
    free = rows.filter(lease__isnull=True) | rows.filter(next_run_at__lte=now)
    if from_holder is not None:
        free = free | rows.filter(holder=from_holder)
    if not free.update(next_run_at=now + LEASE, lease=new_id()):
        return None
    return _lease(job_id, now, holder)


def holders(*, now: datetime) -> list[tuple[UUID, str]]:
    """(job, holder) of all leases that have not ended yet."""
    rows = models.ImportJob.objects.filter(next_run_at__gt=now, state="running", origin="file")
    return list(rows.values_list("id", "holder"))


def _lease(job_id: UUID, now: datetime, holder: str) -> Job:
    row = models.ImportJob.objects.get(id=job_id)
    row.state, row.lease, row.holder = "running", new_id(), holder
    row.started_at = row.started_at or now
    row.ended_at, row.problem_zh, row.problem_en = None, "", ""
    row.attempts += 1
    row.save(
        update_fields=[
            "state", "lease", "holder", "started_at", "ended_at", "problem_zh", "problem_en", "attempts"
        ]
    )  # fmt: skip
    return get_job(job_id=job_id)


def beat(*, job: Job, now: datetime, **columns: Any) -> None:
    """The runner is alive: the lease goes on; columns may be set with it. Raises `LeaseLost`."""
    rows = models.ImportJob.objects.filter(id=job.id, lease=job.lease, state="running")
    if not rows.update(next_run_at=now + LEASE, beat_at=now, **columns):
        raise LeaseLost


def require_lease(*, job: Job) -> None:
    """Within a batch's transaction: raises `LeaseLost` unless the job is still this runner's."""
    if not models.ImportJob.objects.filter(id=job.id, lease=job.lease, state="running").exists():
        raise LeaseLost


def finish(*, job: Job, state: str, now: datetime, problem: Text | None = None) -> None:
    """End the run in a state. Harmless when the lease was lost."""
    problem = problem or Text("", "")
    models.ImportJob.objects.filter(id=job.id, lease=job.lease, state="running").update(
        state=state,
        ended_at=now,
        beat_at=now,
        next_run_at=None,
        lease=None,
        problem_zh=problem.zh[:2000],
        problem_en=problem.en[:2000],
    )


def positions(*, job_id: UUID, shards: int) -> list[Counts]:
    """Where each writer stands; rows are made for those that have not begun."""
    models.ImportShard.objects.bulk_create(
        [models.ImportShard(job_id=job_id, shard=n) for n in range(shards)], ignore_conflicts=True
    )
    rows = models.ImportShard.objects.filter(job_id=job_id).order_by("shard")
    return [Counts(r.position, r.applied, r.duplicate, r.waiting, r.failed) for r in rows]


def advance(*, job_id: UUID, shard: int, by: Counts) -> None:
    """Move a writer's checkpoint on, in the transaction of the batch it stands for."""
    models.ImportShard.objects.filter(job_id=job_id, shard=shard).update(
        position=F("position") + by.position,
        applied=F("applied") + by.applied,
        duplicate=F("duplicate") + by.duplicate,
        waiting=F("waiting") + by.waiting,
        failed=F("failed") + by.failed,
    )


def add_errors(*, job_id: UUID, errors: Iterable[RowErrors]) -> None:
    """Keep what is wrong with rows; a row that has errors already keeps the first ones."""
    batch = list(errors)
    if batch:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO import_error (job_id, row, errors) SELECT %s, r, e "
                "FROM unnest(%s::bigint[], %s::jsonb[]) AS x(r, e) ON CONFLICT DO NOTHING",
                [
                    job_id,
                    plain_array(e.row for e in batch),
                    text_array(orjson.dumps(e.errors).decode() for e in batch),
                ],
            )


def list_errors(*, job_id: UUID, limit: int = 50) -> list[RowErrors]:
    """The first wrong rows of the file."""
    rows = models.ImportError.objects.filter(job_id=job_id).order_by("row")[:limit]
    return [RowErrors(r.row, tuple(r.errors)) for r in rows]


def each_error(*, job_id: UUID, batch: int = 5000) -> Iterator[RowErrors]:
    """All wrong rows in the order of the file."""
    last = -1
    while True:
        rows = list(models.ImportError.objects.filter(job_id=job_id, row__gt=last).order_by("row")[:batch])
        yield from (RowErrors(r.row, tuple(r.errors)) for r in rows)
        if len(rows) < batch:
            return
        last = rows[-1].row


def _jobs(rows: list[models.ImportJob]) -> list[Job]:
    counts: dict[UUID, Counts] = {}
    for shard in models.ImportShard.objects.filter(job_id__in=[row.id for row in rows]):
        mine = Counts(shard.position, shard.applied, shard.duplicate, shard.waiting, shard.failed)
        counts[shard.job_id] = counts.get(shard.job_id, Counts()).plus(mine)
    return [_job_of(row, counts.get(row.id, Counts())) for row in rows]


def _job_of(row: models.ImportJob, counts: Counts) -> Job:
    same = (
        "id", "organisation_id", "brand_id", "kind", "origin", "state", "dry", "stage", "file_id", "file_name",
        "file_size", "mapping", "actor_kind", "actor_id", "actor_label", "created_at", "started_at", "ended_at",
        "stage_started_at", "stage_from", "beat_at", "rows_total", "rows_read", "items_total",
        "shards", "run", "attempts", "lease", "holder",
    )  # fmt: skip
    return Job(
        **{name: getattr(row, name) for name in same},
        store_ids=None if row.store_ids is None else frozenset(row.store_ids),
        problem=Text(row.problem_zh, row.problem_en),
        counts=counts,
    )
