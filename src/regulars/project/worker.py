"""The worker: everything that falls due, over and over. Any number of workers may run beside each other."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import signal
import threading
from types import FrameType

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from regulars.kit import clock
from regulars.platform.due import api as due
from regulars.project import collector

_log = logging.getLogger(__name__)
_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 15.0


def run() -> None:
    """Work until told to stop by SIGTERM or SIGINT, which is obeyed between two pieces of work."""
    asked_to_stop = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        asked_to_stop.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    register_all()
    collector.relax()
    work_until(asked_to_stop)


def register_all() -> None:
    """Have every room and flow register its due work: rooms in `tasks.register`, flows in `due.register`."""
    names = [f"{app}.tasks" for app in settings.INSTALLED_APPS if app.startswith("regulars.")]
    flows = ("due", "imports.due", "insight.due", "subscriptions")
    for name in [*names, *(f"regulars.flows.{flow}" for flow in flows)]:
        if importlib.util.find_spec(name) is None:
            continue
        register = getattr(importlib.import_module(name), "register", None)
        if register is not None:
            register()


def work_until(asked_to_stop: threading.Event) -> None:
    """Run what is due; look again at once while there was something, otherwise after a second."""
    pause = _PAUSE_SECONDS
    while not asked_to_stop.is_set():
        done = 0
        try:
            done = due.run_all(clock.now())
            pause = _PAUSE_SECONDS
        except (OperationalError, InterfaceError) as lost:
            # the database restarts or fails over: wait longer each time, and go on when it is back
            _log.warning("the database does not answer: %s", str(lost).strip().splitlines()[:1])
            connection.close()
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
        except Exception:
            _log.exception("due work failed")
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
        close_old_connections()
        if not done:
            asked_to_stop.wait(pause)
    connection.close()
