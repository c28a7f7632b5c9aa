"""The process of one writer. What it is started with is imported before Django is ready, so nothing here needs it."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from typing import Any

LOST = 75  # exit code: the job is somebody else's


def run(where: dict[str, Any], job: Any, feed: Any, shard: int, clock: Any, parent: int) -> None:
    """Post one shard of a feed to the database described by `where`."""
    end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's to answer
    import django
    from django.conf import settings

    settings.DATABASES["default"].update(where)
    django.setup()
    from django.db import connection

    from regulars.flows.imports.writing import write
    from regulars.platform.imports.types import LeaseLost

    # millions of small objects live shortly and without cycles: look for garbage seldom
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    try:
        write(job, feed, shard=shard, clock=clock)
    except LeaseLost:
        sys.exit(LOST)
    finally:
        connection.close()


def end_with(parent: int) -> None:
    """Have the kernel end this process when its parent dies, however that happens (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)
