"""Single-order REST posts from many connections, every answer durable, beside pgbench in the same run.

`python -m bench.single [--members N] [--connections 32] [--seconds 10]`. The product's own web server; the client is
a raw asyncio one, so that it takes as little of the two cores as Python can.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import psutil

from bench import ground
from bench.intake import CATEGORIES


def bodies(ids: list[Any], count: int) -> list[bytes]:
    rng = random.Random(7)
    run = int(time.time())
    made = []
    for n in range(count):
        lines = [
            {
                "sku": f"sku{rng.randrange(5000)}",
                "amount": rng.randrange(100, 6000),
                "category": rng.choice(CATEGORIES),
            }
            for _ in range(5)
        ]
        made.append(
            json.dumps(
                {
                    "type": "order",
                    "member": {"id": str(rng.choice(ids))},
                    "occurred_at": datetime.now(UTC).isoformat(),
                    "source": f"single{run}",
                    "order": {"number": f"{run}-{n}", "lines": lines},
                }
            ).encode()
        )
    return made


class _Caller(asyncio.Protocol):
    """One connection that posts, waits for the answer and posts again. A protocol, not a stream: half the CPU."""

    def __init__(
        self, head: bytes, work: list[bytes], until: float, took: list[float], bad: list[bytes]
    ) -> None:
        self.head, self.work, self.until, self.took, self.bad = head, work, until, took, bad
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.began, self.got = 0.0, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._next()

    def _next(self) -> None:
        now = time.perf_counter()
        if now >= self.until or not self.work:
            self.transport.close()
            return
        body = self.work.pop()
        self.began, self.got = now, b""
        self.transport.write(b"%s%d\r\n\r\n%s" % (self.head, len(body), body))

    def data_received(self, data: bytes) -> None:
        self.got += data
        end = self.got.find(b"\r\n\r\n")
        if end < 0:
            return
        place = self.got.lower().find(b"content-length:", 0, end) + 15
        if len(self.got) < end + 4 + int(self.got[place : self.got.index(b"\r\n", place)]):
            return
        self.took.append(time.perf_counter() - self.began)
        if not self.got.startswith(b"HTTP/1.1 201"):
            self.bad.append(self.got[:40] + self.got[end : end + 200])
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def _load(
    port: int, key: str, work: list[bytes], connections: int, seconds: float
) -> tuple[list[float], list[bytes]]:
    took: list[float] = []
    bad: list[bytes] = []
    until = time.perf_counter() + seconds
    head = (
        f"POST /api/v1/activities HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode()
    loop = asyncio.get_running_loop()
    callers = [
        await loop.create_connection(lambda: _Caller(head, work, until, took, bad), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*[caller.done for _, caller in callers])
    return took, bad


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    with ground.server() as cluster:
        scope, ids = ground.brand_with_members(given.members)
        from regulars.kit import clock
        from regulars.platform.apikeys import api as apikeys

        key = apikeys.create_key(
            scope=scope, name="bench", permissions=frozenset({"activities.write"}), now=clock.now()
        )
        port = free_port()
        environment = {
            **os.environ,
            "PORT": str(port),
            "REGULARS_RATE_PER_KEY": "0",
            "REGULARS_RATE_PER_ADDRESS": "0",
        }
        web = subprocess.Popen([sys.executable, "-m", "regulars.project.web"], env=environment)
        try:
            _wait_for(port)
            run(given, cluster, web.pid, port, key.token, ids, 3)
            print(f"pgbench before: {ground.pgbench(cluster):.0f} tps")
            run(given, cluster, web.pid, port, key.token, ids, given.seconds)
            print(f"pgbench after: {ground.pgbench(cluster):.0f} tps")
        finally:
            web.terminate()
            web.wait()


def cpu_of(process: int) -> float:
    """Seconds of CPU that a process and its children have used."""
    family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
    return sum(sum(p.cpu_times()[:2]) for p in family)


def run(given: Any, cluster: Any, web: int, port: int, key: str, ids: list[Any], seconds: float) -> None:
    work = bodies(ids, int(seconds * 4000))
    server = int((cluster.pgdata / "postmaster.pid").read_text().split()[0])
    used = cpu_of(web), cpu_of(server)
    began, own = time.perf_counter(), time.process_time()
    took, bad = asyncio.run(_load(port, key, work, given.connections, seconds))
    wall, own = time.perf_counter() - began, time.process_time() - own
    took.sort()
    p50, p95, p99 = (1000 * took[int(len(took) * share)] for share in (0.5, 0.95, 0.99))
    print(
        f"{len(took) / wall:.0f} posts/s over {given.connections} connections; "
        f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms; {len(bad)} not accepted"
    )
    web_cpu, server_cpu = cpu_of(web) - used[0], cpu_of(server) - used[1]
    print(
        f"CPU a post: web {1e6 * web_cpu / len(took):.0f} us, PostgreSQL {1e6 * server_cpu / len(took):.0f} us, "
        f"client {1e6 * own / len(took):.0f} us"
    )
    if bad:
        print(bad[0])


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.1)


if __name__ == "__main__":
    main()
