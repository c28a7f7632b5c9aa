"""The process of one import that a worker started: `python -m regulars.flows.imports.process JOB LEASE`."""

from __future__ import annotations

import os
import sys
from uuid import UUID


def main() -> None:
    from regulars.flows.imports.writer import end_with

    end_with(os.getppid())
    import django

    django.setup()
    from regulars.flows.imports.running import Runner, holder
    from regulars.kit import clock
    from regulars.platform.imports import api as jobs
    from regulars.platform.imports.types import LeaseLost

    job = jobs.get_job(job_id=UUID(sys.argv[1]))
    if str(job.lease) != sys.argv[2]:
        return
    try:
        jobs.beat(job=job, now=clock.now(), holder=holder())
    except LeaseLost:
        return
    Runner(job, clock=clock.now).run()


if __name__ == "__main__":
    main()
