"""Run as a program on a database: the worker's part that steps journeys, until it is killed or nothing is left."""

from __future__ import annotations

import sys
from datetime import datetime


def main(now: datetime) -> None:
    import django

    django.setup()
    from regulars.engage.journeys import api as journeys
    from regulars.flows.journeys.acting import carry_out

    print("ready", flush=True)
    while journeys.step(carry_out=carry_out, now=now, limit=5).runs:
        pass


if __name__ == "__main__":
    main(datetime.fromisoformat(sys.argv[1]))
