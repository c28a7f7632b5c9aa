"""Waiting for another connection to be in the middle of its statement."""

from __future__ import annotations

import time

from django.db import connection


def wait_until_asleep() -> None:
    """Until another connection sleeps in the database: what is cancelled then is cancelled in its statement."""
    _wait("wait_event = 'PgSleep'", "nobody sleeps")


def wait_until_locked() -> None:
    """Until another connection waits for a lock: what it waits for is held till this one is done."""
    _wait("wait_event_type = 'Lock'", "nobody waits")


def _wait(what: str, otherwise: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # in a transaction the first look would stay
            cursor.execute(
                f"""SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                       AND pid <> pg_backend_pid() AND state = 'active' AND {what}"""
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError(otherwise)
