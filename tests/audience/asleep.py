"""Waiting for another connection to be in the middle of its statement."""

from __future__ import annotations

import time

from django.db import connection


def wait_until_asleep() -> None:
    """Until another connection sleeps in the database: what is cancelled then is cancelled in its statement."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                      AND pid <> pg_backend_pid() AND state = 'active' AND wait_event = 'PgSleep'"""
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody sleeps")
