"""Door of due work: rooms and flows register tasks, workers run what is due, batches are claimed without waiting."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import connection

from regulars.platform.due import models
from regulars.platform.due.types import Task, TaskState, Work

_log = logging.getLogger(__name__)
_tasks: dict[str, Task] = {}
_BUDGET_SECONDS = 20.0
_RETRY_SECONDS = 30.0


def register(name: str, work: Work, *, every_seconds: float) -> None:
    """Have `work(now)` called about every so often by whichever worker comes first. Again replaces."""
    _tasks[name] = Task(name, work, every_seconds)


def registered() -> list[Task]:
    return list(_tasks.values())


def run_all(now: datetime, *, force: bool = False, budget_seconds: float = _BUDGET_SECONDS) -> int:
    """Run every task that is due once; gives how much was done in all.

    A task is taken by moving its `next_run_at`, so two workers share the list, and one that dies costs a task one
    turn. A task with more to do than the budget allows is due again at once. One task's failure is kept and logged
    and does not stop the others. With `force` schedules are ignored and failures raised: for tests and the CLI.
    """
    _make_known(now)
    return sum(_run(task, now, force, budget_seconds) for task in registered())


def states(now: datetime) -> list[TaskState]:
    """Every registered task's heartbeat. Late is: not finished for three periods and two minutes."""
    rows = {row.name: row for row in models.DueTask.objects.all()}
    result = []
    for task in registered():
        row = rows.get(task.name)
        slack = timedelta(seconds=3 * task.every_seconds + 120)
        last = row.finished_at if row else None
        result.append(
            TaskState(
                name=task.name,
                every_seconds=task.every_seconds,
                next_run_at=row.next_run_at if row else None,
                finished_at=last,
                done=row.done if row else 0,
                runs=row.runs if row else 0,
                last_error=row.last_error if row else "",
                failed_at=row.failed_at if row else None,
                is_late=last is None or now - last > slack,
            )
        )
    return result


def claim(
    *,
    table: str,
    key: Sequence[str],
    now: datetime,
    limit: int,
    due: str = "next_run_at",
    lease_seconds: float | None = None,
    where: str = "TRUE",
    parameters: Sequence[Any] = (),
) -> list[tuple[Any, ...]]:
    """Take up to `limit` rows whose `due` instant has come, oldest first, skipping rows others are taking.

    Without a lease the rows are locked until the caller's transaction ends, which should do the work and move `due`.
    With a lease `due` is moved ahead at once, so work may go on after a commit and is taken up again if the worker
    dies. Gives the `key` columns of each row. `table`, `key`, `due` and `where` are the caller's own SQL, never input;
    the table should have a partial index on `due`.
    """
    columns = ", ".join(key)
    picked = (
        f"SELECT {columns} FROM {table} WHERE {due} <= %s AND ({where}) "
        f"ORDER BY {due}, {columns} LIMIT %s FOR NO KEY UPDATE SKIP LOCKED"
    )
    arguments: list[Any] = [now, *parameters, limit]
    if lease_seconds is not None:
        same = " AND ".join(f"t.{column} = picked.{column}" for column in key)
        returned = ", ".join(f"t.{column}" for column in key)
        update = f"UPDATE {table} t SET {due} = %s FROM picked WHERE {same} RETURNING {returned}"
        picked = f"WITH picked AS ({picked}) {update}"
        arguments.append(now + timedelta(seconds=lease_seconds))
    with connection.cursor() as cursor:
        cursor.execute(picked, arguments)
        return [tuple(row) for row in cursor.fetchall()]


def _make_known(now: datetime) -> None:
    known = set(models.DueTask.objects.values_list("name", flat=True))
    missing = [models.DueTask(name=name, next_run_at=now) for name in _tasks if name not in known]
    if missing:
        models.DueTask.objects.bulk_create(missing, ignore_conflicts=True)


def _run(task: Task, now: datetime, force: bool, budget_seconds: float) -> int:
    rows = models.DueTask.objects.filter(name=task.name)
    turn = rows if force else rows.filter(next_run_at__lte=now)
    if not turn.update(next_run_at=now + timedelta(seconds=task.every_seconds), started_at=now):
        return 0
    total = 0
    stop = monotonic() + budget_seconds
    try:
        while done := task.work(now):
            total += done
            if monotonic() > stop and not force:
                rows.update(next_run_at=now)
                break
    except Exception as error:
        _log.exception("due task %s failed", task.name)
        retry = now + timedelta(seconds=min(task.every_seconds, _RETRY_SECONDS))
        rows.update(last_error=f"{type(error).__name__}: {error}"[:2000], failed_at=now, next_run_at=retry)
        if force:
            raise
        return total
    row = rows.get()
    rows.update(finished_at=now, done=row.done + total, runs=row.runs + 1, last_error="", failed_at=None)
    return total
