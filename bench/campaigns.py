"""A campaign to a million members: from the click that launches it to the last outcome, in the sandbox.

`python -m bench.campaigns [--members N] [--workers N]`, on a database of its own, beside pgbench and COPY in the same
run. The campaign goes to everybody by text message with 10 % held out; 5 % are in the programme's holdout. Each worker
does what a worker does: portions of the campaign, and sends that are due; consent, suppression, caps and quiet hours
are asked of each.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

from bench import demo, ground
from bench.messages import NOON, furnish, template


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", action="store_true", help="be a worker")
    given = parser.parse_args()
    if given.work:
        work()
        return
    with ground.server() as cluster:
        print(
            f"load {os.getloadavg()[0]:.1f}; pgbench {ground.pgbench(cluster, seconds=5):,.0f} tps; "
            f"COPY {ground.copy_rows_per_second(cluster):,.0f} rows/s",
            flush=True,
        )
        demo.anew(cluster)
        campaign(cluster, given.members, given.workers)
        print(
            f"load {os.getloadavg()[0]:.1f}; pgbench {ground.pgbench(cluster, seconds=5):,.0f} tps",
            flush=True,
        )


def work() -> None:
    """Be a worker until the campaign is over."""
    os.environ["DATABASE_URL"] = os.environ["BENCH_URL"]
    import django

    django.setup()
    from regulars.engage.campaigns import api as campaigns
    from regulars.flows.campaigns import api as flow
    from regulars.messaging.sending import handing
    from regulars.platform.organisations import api as organisations
    from regulars.project import collector

    collector.relax()  # as a worker does
    brand = organisations.list_brands()[0]
    tick = 0
    while True:
        # the instant moves on as it does for a worker, so that what waits a few seconds is looked at again
        now = NOON.replace(second=0) + _seconds(tick)
        tick += 1
        moved = flow.run_due(now)
        moved += handing.deliver(now)
        if not moved:
            found = campaigns.list_campaigns(brand_id=brand.id)
            if found and found[0].state == "finished":
                return
            time.sleep(0.05)


def _seconds(tick: int) -> Any:
    from datetime import timedelta

    return timedelta(seconds=tick)


def _children_seconds() -> float:
    """Processor seconds of the processes that this one began and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def campaign(cluster: Any, members: int, workers: int) -> None:
    from django.db import connection

    from regulars.audience.holdouts import api as holdouts
    from regulars.engage.campaigns import api as campaigns
    from regulars.flows.campaigns import api as flow
    from regulars.kit.ids import new_id
    from regulars.messaging import api as messaging
    from regulars.platform.organisations.types import Actor

    scope, ids = ground.brand_with_members(members, slug="campaigns")
    furnish(scope, ids)
    template(scope)
    holdouts.set_holdout(scope=scope, percent=5, reason="bench", redraw=False, now=NOON)
    messaging.put_policy(
        scope=scope,
        value={
            "quiet": {"sms": {"closes": "21:00", "opens": "08:00"}},
            "caps": [{"channel": "", "period": "week", "limit": 5}],
        },
        now=NOON,
    )
    message = {
        "template": "bench",
        "channels": ["sms"],
        "purpose": "marketing",
        "values": {"offer": "满 100 减 20"},
    }
    writer, chief = (replace(scope, actor=Actor("staff", new_id(), who)) for who in ("writer", "chief"))
    definition = {
        "audience": {"everybody": True},
        "variants": [{"key": "a", "message": message}],
        "holdout_percent": 10,
    }
    flow.create(
        scope=writer,
        code="bench",
        name={"zh": "压测", "en": "Bench"},
        note="",
        definition=definition,
        now=NOON,
    )
    flow.submit(scope=writer, code="bench", now=NOON)
    campaigns.decide(scope=chief, code="bench", approve=True, note="", now=NOON)

    environment = {**os.environ, "BENCH_URL": cluster.url(database=demo.DATABASE)}
    server, own = ground.server_seconds(cluster), _children_seconds()
    began = time.perf_counter()
    flow.launch(scope=chief, code="bench", now=NOON)
    running = [
        subprocess.Popen([sys.executable, "-m", "bench.campaigns", "--work"], env=environment)
        for _ in range(workers)
    ]
    steps: dict[str, float] = {}
    while any(one.poll() is None for one in running):
        time.sleep(0.5)
        runs = campaigns.list_runs(campaign=campaigns.get_campaign(brand_id=scope.brand_id, code="bench"))
        if runs and runs[0].state not in steps:
            steps[runs[0].state] = time.perf_counter() - began
            if runs[0].state == "sending":
                with connection.cursor() as cursor:
                    cursor.execute("ANALYZE campaign_member")
            if runs[0].state == "settling":
                with connection.cursor() as cursor:
                    cursor.execute("ANALYZE send")
    whole = time.perf_counter() - began
    run = runs[0]
    assert run.is_whole and run.audience == members, run.counts
    told = ", ".join(f"{state} after {at:.0f} s" for state, at in steps.items())
    print(
        f"{members:,} members, {workers} workers: finished after {whole:.0f} s ({members / whole:,.0f}/s); {told}; "
        f"{1e6 * (ground.server_seconds(cluster) - server) / members:.0f} µs of PostgreSQL a member, "
        f"{1e6 * (_children_seconds() - own) / members:.0f} µs of the workers; {run.counts}",
        flush=True,
    )


if __name__ == "__main__":
    main()
