"""Queued imports are taken up by whichever worker comes first, each in a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from regulars.flows.imports import running
from regulars.platform.due import api as due
from regulars.platform.imports import api as jobs
from regulars.platform.imports.types import Job

_KEPT = timedelta(days=7)
_processes: list[subprocess.Popen[bytes]] = []


def run_next(now: datetime) -> int:
    """Start the next import, one at a time for each worker. Its process ends with this one."""
    _processes[:] = [process for process in _processes if process.poll() is None]
    if _processes:
        return 0
    job = jobs.claim_next(now=now, holder="starting") or _orphan(now)
    if job is None or job.lease is None:
        return 0
    command = [sys.executable, "-m", "regulars.flows.imports.process", str(job.id), str(job.lease)]
    _processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
    return 1


def _orphan(now: datetime) -> Job | None:
    """An import whose runner is known to be dead, so that nobody need wait for its lease to end."""
    for job_id, holder in jobs.holders(now=now):
        if running.is_gone(holder):
            return jobs.take(job_id=job_id, now=now, holder="starting", from_holder=holder)
    return None


def sweep(now: datetime) -> int:
    """Remove what was read for imports that nobody has gone on with for a week; it can be read again."""
    swept = 0
    for directory in (Path(settings.FILES_DIRECTORY) / "imports").glob("*"):
        if directory.stat().st_mtime < (now - _KEPT).timestamp():
            shutil.rmtree(directory, ignore_errors=True)
            swept += 1
    return swept


def register() -> None:
    due.register("imports.run", run_next, every_seconds=1)
    due.register("imports.sweep", sweep, every_seconds=24 * 3600)
