"""Orders per second through the whole intake, beside pgbench and COPY on the same server in the same run.

`python -m bench.intake [--members N] [--orders N] [--writers N]`. Ten live rules (the retail pack), five lines an
order, batches of 1 000: keys, locks, decisions, activities, entries, lots, balances, tiers, outbox, commit.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import ground

CATEGORIES = ("coffee", "bakery", "dairy", "fruit", "household", "frozen", "drinks")


def orders(ids: list[Any], count: int, seed: int) -> list[Any]:
    """Orders of five lines by random members, in time order, as a file import or a batch post has them."""
    from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn

    rng = random.Random(seed)
    first = datetime.now(UTC) - timedelta(seconds=count / 1000)
    made = []
    for n in range(count):
        lines = tuple(
            LineIn(
                sku=f"sku{rng.randrange(5000)}",
                amount=rng.randrange(100, 6000),
                category=rng.choice(CATEGORIES),
            )
            for _ in range(5)
        )
        made.append(
            ActivityIn(
                type="order",
                member=MemberRef(id=rng.choice(ids)),
                occurred_at=first + timedelta(milliseconds=n),
                source=f"bench{seed}",
                store=f"S{rng.randrange(20)}",
                order=OrderIn(number=f"{seed}-{n}", lines=lines),
            )
        )
    return made


def _write(seed: int, share: tuple[int, int], members: int, count: int, results: Any, start: Any) -> None:
    import django

    django.setup()
    from regulars.flows.intake import api as intake
    from regulars.kit.errors import Refusal
    from regulars.project import collector

    scope, ids = ground.brand_with_members(members)
    ids = ids[share[0] :: share[1]]
    made = orders(ids, count, seed)
    now = datetime.now(UTC)
    refused = [
        r
        for r in intake.post(scope=scope, activities=made[:1000], now=now, brief=True)
        if isinstance(r, Refusal)
    ]
    collector.relax()
    start.wait()
    began, used = time.perf_counter(), time.process_time()
    for at in range(1000, count, 1000):
        refused += [
            r
            for r in intake.post(scope=scope, activities=made[at : at + 1000], now=now, brief=True)
            if isinstance(r, Refusal)
        ]
    ended = time.perf_counter()
    results.put((count - 1000, began, ended, time.process_time() - used, len(refused)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=60_000)
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    with ground.server() as cluster:
        began = time.perf_counter()
        ground.brand_with_members(given.members)
        print(f"members ready: {given.members} ({time.perf_counter() - began:.0f} s)")
        if given.profile:
            _profile(given)
            return
        print(
            f"pgbench before: {ground.pgbench(cluster):.0f} tps; "
            f"COPY: {ground.copy_rows_per_second(cluster):.0f} rows/s"
        )
        for writers in sorted({1, given.writers}):
            run(cluster, given.members, given.orders, writers)
        print(f"pgbench after: {ground.pgbench(cluster):.0f} tps")


def run(cluster: Any, members: int, count: int, writers: int) -> float:
    context = multiprocessing.get_context("spawn")
    results, start = context.Queue(), context.Barrier(writers + 1)
    seed = int(time.time()) % 10_000_000
    processes = [
        context.Process(
            target=_write, args=(seed + i, (i, writers), members, count // writers, results, start)
        )
        for i in range(writers)
    ]
    for process in processes:
        process.start()
    start.wait()
    server, wal = ground.server_seconds(cluster), ground.wal_bytes(cluster)
    answers = [results.get() for _ in processes]
    server, wal = ground.server_seconds(cluster) - server, ground.wal_bytes(cluster) - wal
    for process in processes:
        process.join()
    total, seconds = sum(a[0] for a in answers), max(a[2] for a in answers) - min(a[1] for a in answers)
    print(
        f"{writers} writer(s): {total / seconds:.0f} orders/s "
        f"({total} in {seconds:.1f} s, {sum(a[4] for a in answers)} refused)"
    )
    print(
        f"CPU an order: Python {1e6 * sum(a[3] for a in answers) / total:.0f} us, "
        f"PostgreSQL {1e6 * server / total:.0f} us; log {wal / total / 1000:.1f} kB an order"
    )
    return float(total / seconds)


def _profile(given: Any) -> None:
    import cProfile
    import pstats

    from regulars.flows.intake import api as intake

    scope, ids = ground.brand_with_members(given.members)
    from regulars.project import collector

    collector.relax()
    made = orders(ids, 11_000, int(time.time()) % 10_000_000)
    now = datetime.now(UTC)
    intake.post(scope=scope, activities=made[:1000], now=now, brief=True)
    profiler = cProfile.Profile()
    profiler.enable()
    intake.post(scope=scope, activities=made[1000:], now=now, brief=True)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(35)


if __name__ == "__main__":
    main()
