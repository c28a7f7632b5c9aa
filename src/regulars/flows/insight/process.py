"""The process of one brand's nightly run that a worker started: `python -m regulars.flows.insight.process BRAND LEASE`.

A process of its own, so that its memory returns, and a nice one, so that nobody waits for it.
"""

from __future__ import annotations

import os
import sys
from typing import Any
from uuid import UUID


def main() -> None:
    from regulars.flows.imports.writer import end_with

    end_with(os.getppid())
    os.nice(10)
    import django

    django.setup()
    from regulars.flows.imports.running import holder
    from regulars.flows.insight import turns
    from regulars.insight.runs import api as runs
    from regulars.kit import clock

    turn = runs.get_turn(brand_id=UUID(sys.argv[1]))
    if turn is None or str(turn.lease) != sys.argv[2]:
        return
    turn = runs.hand_over(turn=turn, now=clock.now(), holder=holder())
    if turn is not None:
        turns.run_turn(turn=turn, clock=clock.now, only=turn.steps)


def apart(where: dict[str, Any], brand_id: UUID, clock: Any, parent: int) -> None:
    """Started by multiprocessing from a process that goes on: all steps on the database described by `where`."""
    from regulars.flows.imports.writer import end_with

    end_with(parent)
    os.nice(5)
    import django
    from django.conf import settings

    settings.DATABASES["default"].update(where)
    django.setup()
    from django.db import connection

    from regulars.flows.insight import turns

    try:
        turns.run_here(brand_id=brand_id, clock=clock)
    finally:
        connection.close()


if __name__ == "__main__":
    main()
