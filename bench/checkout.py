"""Quotes and commits over HTTP, beside pgbench in the same run.

`python -m bench.checkout [--members N] [--connections 16] [--seconds 10]`. A cart of 20 lines, 30 live promotions, 10
coupons in each buyer's wallet, of which an order takes three; the product's own web server, a raw asyncio client on
the same cores. Commits are of quotes made just before; each is durable when it is answered.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from bench import ground
from bench.single import _wait_for, cpu_of, free_port

CATEGORIES = ["GROCERY", "DAIRY", "MEAT", "PRODUCE", "DRUG", "DELI", "BAKERY", "FROZEN", "NUTRITION", "PET"]


@dataclass
class Load:
    """What one round of requests came to."""

    took: list[float] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    bad: list[bytes] = field(default_factory=list)
    wall: float = 0.0
    own: float = 0.0  # the client's CPU: it shares the cores


class _Caller(asyncio.Protocol):
    """One connection that asks, waits for the answer and asks again. A protocol, not a stream: half the CPU."""

    def __init__(self, work: list[bytes], until: float, load: Load) -> None:
        self.work, self.until, self.load = work, until, load
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.began = 0.0
        self.parts: list[bytes] = []
        self.missing = -1

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._next()

    def _next(self) -> None:
        now = time.perf_counter()
        if now >= self.until or not self.work:
            self.transport.close()
            return
        self.began, self.parts, self.missing = now, [], -1
        self.transport.write(self.work.pop())

    def data_received(self, data: bytes) -> None:
        self.parts.append(data)
        if self.missing < 0:
            head = b"".join(self.parts)
            end = head.find(b"\r\n\r\n")
            if end < 0:
                return
            place = head.lower().find(b"content-length:", 0, end) + 15
            self.missing = end + 4 + int(head[place : head.index(b"\r\n", place)]) - len(head)
        else:
            self.missing -= len(data)
        if self.missing > 0:
            return
        load, got = self.load, b"".join(self.parts)
        load.took.append(time.perf_counter() - self.began)
        if got[9:11] == b"20":
            load.answers.append(got[got.index(b"\r\n\r\n") + 4 :])
        else:
            load.bad.append(got[:900])
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def drive(port: int, work: list[bytes], connections: int, seconds: float) -> Load:
    """Send requests over connections kept open until there are none or the time is over."""
    load = Load()

    async def go() -> None:
        until = time.perf_counter() + seconds
        loop = asyncio.get_running_loop()
        callers = [
            await loop.create_connection(lambda: _Caller(work, until, load), "127.0.0.1", port)
            for _ in range(connections)
        ]
        await asyncio.gather(*[caller.done for _, caller in callers])

    began, own = time.perf_counter(), time.process_time()
    asyncio.run(go())
    load.wall, load.own = time.perf_counter() - began, time.process_time() - own
    load.took.sort()
    return load


def request(port: int, key: str, path: str, body: Any, idempotency: str = "") -> bytes:
    text = json.dumps(body).encode()
    more = f"Idempotency-Key: {idempotency}\r\n" if idempotency else ""
    head = (
        f"POST /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n{more}"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text


def promotions() -> list[dict[str, Any]]:
    """Thirty of six kinds, all live, each over a category."""
    made = []
    for n in range(30):
        category = CATEGORIES[n % len(CATEGORIES)]
        action: dict[str, Any] = [
            {"kind": "percent", "factor": "0.95"},
            {"kind": "threshold", "steps": [{"at_least": 5000, "off": 300}]},
            {"kind": "amount", "amount": 100},
        ][n // len(CATEGORIES)]
        made.append(
            {
                "key": f"bench-{n}",
                "name": {"zh": f"活动{n}", "en": f"Offer {n}"},
                "lines": {"field": "line.category", "op": "eq", "value": category},
                **action,
            }
        )
    return made


def selling() -> dict[str, Any]:
    """Thirty promotions in force; points and stored value as money."""
    checkout = {
        "points": {"unit": "points", "points": 100, "minor": 100, "step": 100, "share": "0.5"},
        "stored": {"principal": "principal", "bonus": "bonus"},
        "coupons_per_order": 3,
    }
    return {"promotions": promotions(), "checkout": checkout}


def cart(rng: random.Random) -> dict[str, Any]:
    lines = [
        {
            "sku": f"sku{rng.randrange(5000)}",
            "price": rng.randrange(100, 6000),
            "quantity": rng.randrange(1, 4),
            "category": rng.choice(CATEGORIES),
        }
        for _ in range(20)
    ]
    return {"lines": lines, "store": f"S{rng.randrange(20)}", "shipping": 800}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--buyers", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    with ground.server() as cluster:
        scope, ids = ground.brand_with_members(given.members, slug="till", sections=selling())
        buyers = ids[: given.buyers]
        key = furnish(scope, buyers)
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
            print(f"pgbench before: {ground.pgbench(cluster):.0f} tps")
            measure(given, cluster, web.pid, port, key, buyers)
            print(f"pgbench after: {ground.pgbench(cluster):.0f} tps")
        finally:
            web.terminate()
            web.wait()


def furnish(scope: Any, buyers: list[Any]) -> str:
    """Ten coupon definitions, one coupon of each for every buyer; an API key."""
    from regulars.flows.coupons import api as flow
    from regulars.kit import clock
    from regulars.platform.apikeys import api as apikeys

    now = clock.now()
    for n in range(10):
        made = {
            "key": f"bench-{n}",
            "name": {"zh": f"券{n}", "en": f"Coupon {n}"},
            "state": "active",
            "offer": {"kind": "amount", "amount": 100 + 37 * n, "at_least": 1000 * n},
            "validity": {"kind": "after_claim", "days": 365},
        }
        flow.put_definition(scope=scope, definition=made, now=now)
        for start in range(0, len(buyers), 1000):
            flow.issue_now(
                scope=scope,
                definition=f"bench-{n}",
                member_ids=buyers[start : start + 1000],
                key=f"bench {now.isoformat()} {start}",
                now=now,
            )
    made_key = apikeys.create_key(
        scope=scope,
        name="bench",
        permissions=frozenset({"checkout.quote", "checkout.commit"}),
        now=now,
    )
    return str(made_key.token)


def measure(given: Any, cluster: Any, web: int, port: int, key: str, buyers: list[Any]) -> None:
    rng = random.Random(11)
    wish = {"points": "max", "stored": "max"}

    def quotes(count: int) -> list[bytes]:
        return [
            request(
                port,
                key,
                "/quotes",
                {"member": {"id": str(rng.choice(buyers))}, "cart": cart(rng), "wish": wish},
            )
            for _ in range(count)
        ]

    drive(port, quotes(200), given.connections, 3)
    used = cpu_of(web), ground.server_seconds(cluster)
    load = drive(port, quotes(int(given.seconds * 1500)), given.connections, given.seconds)
    say("quotes", load, cpu_of(web) - used[0], ground.server_seconds(cluster) - used[1], given.connections)
    each = [
        request(port, key, "/quotes", {"member": {"id": str(buyer)}, "cart": cart(rng), "wish": wish})
        for buyer in buyers
    ]
    tokens = [json.loads(answer)["token"] for answer in drive(port, each, given.connections, 60).answers]
    run = int(time.time())
    work = [
        request(port, key, "/checkouts", {"token": token, "number": f"{run}-{n}"}, f"{run}-{n}")
        for n, token in enumerate(tokens)
    ]
    used = cpu_of(web), ground.server_seconds(cluster)
    load = drive(port, work, given.connections, 60)
    say("commits", load, cpu_of(web) - used[0], ground.server_seconds(cluster) - used[1], given.connections)


def say(what: str, load: Load, web: float, server: float, connections: int) -> None:
    count = len(load.took)
    p50, p95, p99 = (1000 * load.took[int(count * share)] for share in (0.5, 0.95, 0.99))
    print(
        f"{count / load.wall:.0f} {what}/s over {connections} connections; p50 {p50:.1f} ms, p95 {p95:.1f} ms, "
        f"p99 {p99:.1f} ms; {len(load.bad)} not accepted; CPU each: web {1e6 * web / count:.0f} us, "
        f"PostgreSQL {1e6 * server / count:.0f} us, client {1e6 * load.own / count:.0f} us"
    )
    if load.bad:
        print(load.bad[0])


if __name__ == "__main__":
    main()
