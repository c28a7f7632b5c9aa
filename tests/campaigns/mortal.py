"""A worker in a process of its own, on the test's database, that is killed in the middle of whatever it does."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from tests.campaigns.given import NOW

_NAME = "a worker to be killed"
_WORKER = """
import sys, time
import django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.DATABASES["default"]["OPTIONS"]["application_name"] = sys.argv[4]
from datetime import datetime
from regulars.engage.campaigns import api as campaigns
from regulars.flows.campaigns import api as flow
from regulars.messaging import api as messaging
now = datetime.fromisoformat(sys.argv[2])
print("ready", flush=True)
while True:
    moved = (campaigns.begin_due(now=now) is not None) + flow.run_portion(now=now, size=4)
    if sys.argv[3] == "sends":
        moved += messaging.send_due(now=now)
    if not moved:
        time.sleep(0.01)
"""


@contextmanager
def killed_after(seconds: float, *, sends: bool = False) -> Iterator[None]:
    """A worker hands over for so long (and `sends`), then for as long as the block takes; then it is killed."""
    arguments = [connection.settings_dict["NAME"], NOW.isoformat(), "sends" if sends else "hands over", _NAME]
    command = [sys.executable, "-c", _WORKER, *arguments]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    try:
        assert worker.stdout.readline() == b"ready\n"
        time.sleep(seconds)
        yield
        assert worker.poll() is None, "it died by itself"
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()


def wait_for_the_dead() -> None:
    """The server may still be undoing what a killed worker held."""
    deadline = time.monotonic() + 60
    while _connections():
        assert time.monotonic() < deadline, "a killed worker still holds a connection"
        time.sleep(0.05)


def _connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s",
            [_NAME],
        )
        return int(cursor.fetchone()[0])
