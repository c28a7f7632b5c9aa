"""Run as a program on a database: the worker's part that sends messages, until it is killed.

`python -m tests.crash.postman BEGUN SPEED`: its clock began at BEGUN (seconds since 1970) and runs SPEED times as fast
as ours, so that leases and waits of minutes pass in seconds. Prints a line for each turn that moved something.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta


def main(begun: float, speed: float) -> None:
    import django

    django.setup()
    from regulars.messaging.sending import handing

    start = datetime.fromtimestamp(begun, UTC)
    print("ready", flush=True)
    while True:
        now = start + timedelta(seconds=(time.time() - begun) * speed)
        moved = handing.deliver(now)
        if moved:
            print(moved, flush=True)
        else:
            time.sleep(0.02)


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]))
