"""The worker: everything that falls due, over and over. Any number of workers may run beside each other.

What is due by the clock is looked for once a second. Between, and after each piece of longer work, it looks ten times a
second whether something was written to the outbox, and lets those who hear it act at once: one question of a few
microseconds where nothing was. Nothing depends on that look; what it misses is found when its time comes.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import signal
import threading
from time import monotonic
from types import FrameType

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from regulars.kit import clock
from regulars.platform.due import api as due
from regulars.platform.outbox import api as outbox
from regulars.project import collector

_log = logging.getLogger(__name__)
_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 15.0
_LOOK_SECONDS = 0.1
_LOOK_SHARE = 4  # after looking it leaves the outbox alone for four times as long as that took


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


class Watch:
    """Sees that something was written to the outbox, and has those who hear it act before their time."""

    def __init__(self) -> None:
        self._moment = ""
        self._rest_until = 0.0

    def look(self) -> None:
        """Look, unless it was just done. A failure is not this look's to mend: the next turn meets it."""
        began = monotonic()
        if began < self._rest_until:
            return
        try:
            moment = outbox.moment()
            if moment != self._moment:
                heard = due.hearing()
                names = [name for one in outbox.with_news(names=list(heard)) for name in heard[one]]
                if names:
                    due.run_at_once(clock.now(), names=names)
                self._moment = moment  # of before: what came meanwhile is seen by the next look
        except (OperationalError, InterfaceError):
            connection.close()
        except Exception:
            _log.exception("looking for news failed")
        ended = monotonic()
        self._rest_until = ended + max(_LOOK_SECONDS, _LOOK_SHARE * (ended - began))


def work_until(asked_to_stop: threading.Event) -> None:
    """Run what is due; look again at once while there was something, otherwise after a second."""
    pause = _PAUSE_SECONDS
    watch = Watch()
    while not asked_to_stop.is_set():
        done, well = 0, False
        try:
            done = due.run_all(clock.now(), between=watch.look)
            pause, well = _PAUSE_SECONDS, True
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
            _rest(asked_to_stop, pause, watch if well else None)
    connection.close()


def _rest(asked_to_stop: threading.Event, seconds: float, watch: Watch | None) -> None:
    """Wait, with an ear for news."""
    end = monotonic() + seconds
    while (left := end - monotonic()) > 0 and not asked_to_stop.wait(
        left if watch is None else min(left, _LOOK_SECONDS)
    ):
        if watch is not None:
            watch.look()
