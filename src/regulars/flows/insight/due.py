"""Every brand's insight runs once a business day, and when somebody asks, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime

from regulars.flows.insight.api import next_night
from regulars.insight.runs import api as runs
from regulars.platform.due import api as due
from regulars.platform.organisations import api as organisations

_processes: list[subprocess.Popen[bytes]] = []


def run_next(now: datetime) -> int:
    """Start the next brand's run, one at a time for each worker. Its process ends with this one."""
    _processes[:] = [process for process in _processes if process.poll() is None]
    if _processes:
        return 0
    turn = runs.claim(now=now, holder="starting")
    if turn is None:
        return 0
    command = [sys.executable, "-m", "regulars.flows.insight.process", str(turn.brand_id), str(turn.lease)]
    _processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
    return 1


def know_brands(now: datetime) -> int:
    """New brands get their turns."""
    return runs.schedule(turns=[(brand.id, next_night(brand, now)) for brand in organisations.list_brands()])


def register() -> None:
    due.register("insight.brands", know_brands, every_seconds=60)
    due.register("insight.run", run_next, every_seconds=2)
