"""Due work of payments: the simulator's callbacks, and forgetting old notices."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from regulars.platform.due import api as due
from regulars.platform.payments import api

# What was not believed is of interest for a month, what was for as long as a payment can be disputed.
_REFUSED_DAYS, _KEPT_DAYS = 30, 750
_BATCH = 2000


def call_back(now: datetime) -> int:
    return api.run_simulator(now=now)


def prune(now: datetime) -> int:
    """Forget notices that have had their time; gives how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM payment_notice WHERE id IN (
              SELECT id FROM payment_notice
               WHERE received_at < %s OR (received_at < %s AND result IN ('bad_signature', 'malformed'))
               LIMIT %s)
            """,
            [now - timedelta(days=_KEPT_DAYS), now - timedelta(days=_REFUSED_DAYS), _BATCH],
        )
        return int(cursor.rowcount)


def register() -> None:
    due.register("payments.simulator", call_back, every_seconds=1)
    due.register("payments.prune", prune, every_seconds=3600)
