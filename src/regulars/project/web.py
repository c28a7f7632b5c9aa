"""The web server: python -m regulars.project.web. Addresses and sizes come from the environment (docs/settings.md)."""

from __future__ import annotations

import os

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from regulars.project.parentage import announce_parent

_STOPPING_MAY_TAKE_SECONDS = 4


def workers() -> int:
    """Web processes: `REGULARS_WEB_WORKERS`, or one per core, at least two and at most eight."""
    return int(os.environ.get("REGULARS_WEB_WORKERS") or min(8, max(2, os.cpu_count() or 2)))


def threads() -> int:
    """Threads of each: `REGULARS_WEB_THREADS`, or 16. Posts that wait in one process are written together, so more
    threads than connections a database can serve at once cost little and let a batch grow."""
    return int(os.environ.get("REGULARS_WEB_THREADS") or 16)


def main() -> None:
    """Serve until told to stop; a worker process that dies is replaced at once."""
    announce_parent()
    Server(
        "regulars.project.wsgi:application",
        address=os.environ.get("HOST") or "127.0.0.1",
        port=int(os.environ.get("PORT") or 8000),
        interface=Interfaces.WSGI,
        workers=workers(),
        blocking_threads=threads(),
        # a thread keeps its database connection; threads that end would close theirs and open it anew
        blocking_threads_idle_timeout=600,
        backlog=1024,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=_STOPPING_MAY_TAKE_SECONDS,
    ).serve()


if __name__ == "__main__":
    main()
