"""How long the demo takes: a year of real shopping through the importer and the live intake, beside pgbench.

`python -m bench.demo [--members N] [--writers N]`. On a server and a database of its own, made anew each time: 2 469
members, 155 848 baskets, 1.47 million lines; afterwards the books are proved.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from pathlib import Path
from typing import Any

from bench import ground

DATABASE = "bench_demo"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=0)
    parser.add_argument("--writers", type=int, default=2)
    given = parser.parse_args()
    with ground.server() as cluster:
        print(f"pgbench before: {ground.pgbench(cluster):.0f} tps", flush=True)
        anew(cluster)
        run(cluster, given.members or None, given.writers)
        print(f"pgbench after: {ground.pgbench(cluster):.0f} tps")


def anew(cluster: object) -> None:
    """An empty database with today's tables, which this process uses from here on."""
    from django.core.management import call_command
    from django.db import connection

    from regulars.project.embedded.cluster import ROLE

    with ground._connect(cluster, "postgres", user="postgres") as admin:  # autovacuum may be in it
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    connection.close()
    connection.settings_dict["NAME"] = DATABASE
    call_command("migrate", verbosity=0)


def run(cluster: Any, members: int | None, writers: int) -> None:
    from django.db import connection

    from regulars.flows.demo import api as demo
    from regulars.kit import clock
    from regulars.value.ledger import api as ledger

    stages: list[tuple[str, float]] = []

    def told(stage: str, view: object) -> None:
        if not stages or stages[-1][0] != stage:
            stages.append((stage, time.perf_counter()))

    memory = Memory()
    python, postgres = _own_seconds(), ground.server_seconds(cluster)
    began = time.perf_counter()
    with memory:
        filled = demo.fill(clock=clock.now, limit=members, writers=writers, told=told)
    ended = time.perf_counter()
    lengths = [b[1] - a[1] for a, b in zip(stages, [*stages[1:], ("", ended)], strict=True)]
    posting = sum(length for (stage, _), length in zip(stages, lengths, strict=True) if stage == "orders")
    told_all = ", ".join(
        f"{stage} {length:.1f} s" for (stage, _), length in zip(stages, lengths, strict=True)
    )
    print(
        f"demo: {filled.members} members, {filled.view.done} activities in {ended - began:.1f} s ({told_all})"
    )
    print(
        f"import: {filled.view.done / posting:.0f} activities/s by {writers} writer(s); refused {filled.view.failed}"
    )
    connection.close()
    python, postgres = _own_seconds() - python, ground.server_seconds(cluster) - postgres
    print(f"processor time: {python:.0f} s in Python, {postgres:.0f} s in PostgreSQL")
    print(
        f"memory of Python at its highest: {memory.resident} MB resident, {memory.shared_out} MB with shared pages once"
    )
    began = time.perf_counter()
    found = ledger.reconcile_books()
    print(f"reconcile: {len(found)} differences, {time.perf_counter() - began:.2f} s")


def _own_seconds() -> float:
    """Processor time of this process and of the children it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class Memory:
    """The highest sum over this process and its children: as `ps` adds it up, and with shared pages counted once."""

    def __init__(self) -> None:
        self.resident = self.shared_out = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.3):
            sums = [self._of(pid) for pid in (os.getpid(), *_children())]
            self.resident = max(self.resident, sum(rss for rss, _ in sums) // 1024)
            self.shared_out = max(self.shared_out, sum(pss for _, pss in sums) // 1024)

    @staticmethod
    def _of(pid: int) -> tuple[int, int]:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            return 0, 0
        sizes = {
            line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("Rss:", "Pss:"))
        }
        return sizes.get("Rss", 0), sizes.get("Pss", 0)


def _children() -> list[int]:
    """The writers; what keeps the database server is a child too, and is not counted."""
    found = []
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        try:
            for pid in (task / "children").read_text().split():
                if b"multiprocessing" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(int(pid))
        except OSError:
            continue
    return found


if __name__ == "__main__":
    main()
