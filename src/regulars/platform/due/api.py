"""Door of due work: rooms and flows register tasks, workers run what is due, batches are claimed without waiting."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import connection
from django.db.models import F

from regulars.platform.due import models
from regulars.platform.due.types import Task, TaskState, Work

_log = logging.getLogger(__name__)
_tasks: dict[str, Task] = {}
_BUDGET_SECONDS = 20.0
_RETRY_SECONDS = 30.0
_MOST_WOKEN = 30


def register(
    name: str, work: Work, *, every_seconds: float, wakes: Sequence[str] = (), hears: str = ""
) -> None:
    """Have `work(now)` called about every so often by whichever worker comes first. Again replaces.

    When it did something, the tasks that it `wakes` have their turn at once. One that `hears` a consumer of the outbox
    is called before its time by a worker that sees news for it. Both only make things quicker: whatever was missed is
    done when its time comes.
    """
    _tasks[name] = Task(name, work, every_seconds, tuple(wakes), hears)


def registered() -> list[Task]:
    return list(_tasks.values())


def run_all(
    now: datetime,
    *,
    force: bool = False,
    budget_seconds: float = _BUDGET_SECONDS,
    between: Callable[[], None] | None = None,
) -> int:
    """Run every task that is due once, and those that one of them wakes; gives how much was done in all.

    A task is taken by moving its `next_run_at`, so two workers share the list, and one that dies costs a task one
    turn. A task with more to do than the budget allows is due again at once. One task's failure is kept and logged
    and does not stop the others. With `force` schedules are ignored and failures raised: for tests and the CLI.
    `between` is called after each piece of work, so that what is urgent need not wait for what is long.
    """
    turn = _Turn(now, force, budget_seconds, between)
    plan = _plan(now)
    total = 0
    for task in registered():
        if force or plan[task.name].next_run_at <= now:
            total += turn.run(task, scheduled=True)
    return total + turn.run_woken(plan)


def run_at_once(now: datetime, *, names: Collection[str], budget_seconds: float = _BUDGET_SECONDS) -> int:
    """Run these tasks before their time, and those they wake; gives how much was done. One whose last run failed waits
    for its time. Where there is nothing to do nothing is written."""
    turn = _Turn(now, False, budget_seconds, None, woken=set(names))
    return turn.run_woken(_plan(now))


def hearing() -> dict[str, list[str]]:
    """Consumers of the outbox and the tasks that hear them."""
    found: dict[str, list[str]] = {}
    for task in registered():
        if task.hears:
            found.setdefault(task.hears, []).append(task.name)
    return found


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


@dataclass(slots=True)
class _Turn:
    """A worker's turn: what it runs, and whom that woke."""

    now: datetime
    force: bool
    budget_seconds: float
    between: Callable[[], None] | None
    woken: set[str] = field(default_factory=set)

    def run(self, task: Task, *, scheduled: bool) -> int:
        self.woken.discard(task.name)
        done = self._run(task, scheduled)
        if done:
            self.woken.update(task.wakes)
        return done

    def run_woken(self, plan: Mapping[str, models.DueTask]) -> int:
        """Those that were woken, in the order in which they were registered; a bound keeps circles from turning."""
        total = 0
        for _ in range(_MOST_WOKEN):
            task = next((one for one in registered() if one.name in self.woken), None)
            if task is None:
                break
            row = plan[task.name]
            if row.failed_at is not None and row.next_run_at > self.now:
                self.woken.discard(task.name)  # it failed: it is tried again when its time comes
                continue
            total += self.run(task, scheduled=False)
        return total

    def _run(self, task: Task, scheduled: bool) -> int:
        now = self.now
        rows = models.DueTask.objects.filter(name=task.name)
        if scheduled:
            turn = rows if self.force else rows.filter(next_run_at__lte=now)
            if not turn.update(next_run_at=now + timedelta(seconds=task.every_seconds), started_at=now):
                return 0
        total = 0
        stop = monotonic() + self.budget_seconds
        try:
            while done := task.work(now):
                total += done
                if monotonic() > stop and not self.force:
                    rows.update(next_run_at=now)
                    break
                if self.between is not None:
                    self.between()
        except Exception as error:
            _log.exception("due task %s failed", task.name)
            retry = now + timedelta(seconds=min(task.every_seconds, _RETRY_SECONDS))
            rows.update(
                last_error=f"{type(error).__name__}: {error}"[:2000], failed_at=now, next_run_at=retry
            )
            if self.force:
                raise
            return total
        if scheduled or total:
            rows.update(
                finished_at=now, done=F("done") + total, runs=F("runs") + 1, last_error="", failed_at=None
            )
        return total


def _plan(now: datetime) -> dict[str, models.DueTask]:
    """When each task is due; those that nobody knew are due now."""
    rows = {row.name: row for row in models.DueTask.objects.only("name", "next_run_at", "failed_at")}
    missing = [models.DueTask(name=name, next_run_at=now) for name in _tasks if name not in rows]
    if missing:
        models.DueTask.objects.bulk_create(missing, ignore_conflicts=True)
    return rows | {row.name: row for row in missing}
