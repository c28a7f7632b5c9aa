"""Queued imports are taken up by whichever worker comes first, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime

from regulars.flows.imports import running
from regulars.platform.due import api as due
from regulars.platform.imports import api as jobs
from regulars.platform.imports.types import Job

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


def register() -> None:
    due.register("imports.run", run_next, every_seconds=1)
