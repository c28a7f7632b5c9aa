"""Messages in bulk: a campaign into the sandbox, ask to first delivery, and `kill -9` while real servers take them.

`python -m bench.messages [--members N] [--workers N] [--crash N] [--kills N]`, on a database of its own. The campaign
is marketing by text message: consent, suppression, a holdout of 5 %, a cap and quiet hours are asked of each, her code
is put into an approved Liquid template, words are kept sealed, each send is told in the outbox.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from bench import demo, ground

NOON = ground.START + timedelta(days=1, hours=4)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--crash", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--work", action="store_true", help="be a worker of the campaign")
    given = parser.parse_args()
    if given.work:
        work()
        return
    with ground.server() as cluster:
        print(
            f"load {os.getloadavg()[0]:.1f}; pgbench {ground.pgbench(cluster, seconds=5):,.0f} tps",
            flush=True,
        )
        print(f"COPY {ground.copy_rows_per_second(cluster):,.0f} rows/s", flush=True)
        demo.anew(cluster)
        if given.members:
            campaign(cluster, given.members, given.workers)
        if given.crash:
            crash(cluster, given.crash, given.kills)
        print(
            f"load {os.getloadavg()[0]:.1f}; pgbench {ground.pgbench(cluster, seconds=5):,.0f} tps",
            flush=True,
        )


def work() -> None:
    """Send what is due until nothing is."""
    os.environ["DATABASE_URL"] = os.environ["BENCH_URL"]
    import django

    django.setup()
    from regulars.messaging.sending import handing

    idle = 0
    while idle < 3:
        if handing.deliver(NOON):
            idle = 0
        else:
            idle += 1
            time.sleep(0.05)


def campaign(cluster: Any, members: int, workers: int) -> None:
    from django.db import connection

    from regulars.audience.holdouts import api as holdouts
    from regulars.messaging import api as messaging
    from regulars.messaging.sending import handing
    from regulars.platform.organisations import api as organisations

    scope, ids = ground.brand_with_members(members, slug="messages")
    brand = organisations.get_brand(brand_id=scope.brand_id)
    furnish(scope, ids)
    template(scope)
    holdouts.set_holdout(scope=scope, percent=5, reason="bench", redraw=False, now=NOON)
    cap = {"channel": "", "period": "week", "limit": 5}
    quiet = {"sms": {"closes": "21:00", "opens": "08:00"}}
    messaging.put_policy(scope=scope, value={"quiet": quiet, "caps": [cap]}, now=NOON)

    latencies = []
    for n in range(20):
        began = time.perf_counter()
        messaging.ask(brand=brand, asks=[_ask(ids[n], f"one{n}", "service")], now=NOON)
        handing.deliver(NOON)
        latencies.append(time.perf_counter() - began)
    latencies.sort()
    print(
        f"ask to delivery of one, worked off at once: median {1000 * latencies[10]:.0f} ms, "
        f"slowest of 20 {1000 * latencies[-1]:.0f} ms (a worker looks once a second)"
    )

    server, log = ground.server_seconds(cluster), ground.wal_bytes(cluster)
    began = time.perf_counter()
    new = messaging.ask(brand=brand, asks=[_ask(id_, "spring", "marketing") for id_ in ids], now=NOON)
    asked = time.perf_counter() - began
    assert new == members
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE send")
    url = cluster.url(database=demo.DATABASE)
    environment = {**os.environ, "BENCH_URL": url}
    running = [
        subprocess.Popen([sys.executable, "-m", "bench.messages", "--work"], env=environment)
        for _ in range(workers)
    ]
    cpu = [os.wait4(one.pid, 0)[2] for one in running]
    whole = time.perf_counter() - began
    tallies = {
        (t.state, t.reason): t.count for t in messaging.sends_of(brand_id=brand.id, source="campaign:bench")
    }
    assert sum(tallies.values()) == members + 20, tallies
    assert not {"queued", "sending"} & {state for state, _ in tallies}, tallies
    used = sum(one.ru_utime + one.ru_stime for one in cpu)
    print(
        f"{members:,} members, {workers} workers: asked in {asked:.1f} s, all recorded after {whole:.1f} s "
        f"({members / whole:,.0f}/s); {1e6 * used / members:.0f} µs of Python and "
        f"{1e6 * (ground.server_seconds(cluster) - server) / members:.0f} µs of PostgreSQL, "
        f"{(ground.wal_bytes(cluster) - log) / members / 1000:.1f} kB of log a message; {tallies}",
        flush=True,
    )


def _ask(member: UUID, key: str, purpose: Any) -> Any:
    from regulars.messaging.types import Ask

    return Ask(member, key, "campaign:bench", purpose, "bench", ("sms",), {"offer": "满 100 减 20"})


def furnish(scope: Any, ids: list[UUID]) -> None:
    """A telephone number and a yes to text messages for each, straight into the tables."""
    from django.db import connection

    from regulars.facts.members.store.personal import key_of, seal_identity
    from regulars.kit.ids import new_id
    from regulars.kit.sql import copy_text

    act, when = new_id(), ground.START.isoformat()
    with connection.cursor() as cursor:
        for start in range(0, len(ids), 50_000):
            numbers = [(id_, f"+8613{start + n:09d}") for n, id_ in enumerate(ids[start : start + 50_000])]
            rows = "".join(
                f"{id_}\t{key_of(scope.organisation_id, 'phone', number)}\t{scope.organisation_id}\tphone\t"
                f"\\\\x{seal_identity(id_, 'phone', number).hex()}\t138****{number[-4:]}\t{when}\n"
                for id_, number in numbers
            )
            columns = ("member_id", "key_hash", "organisation_id", "type", "value", "masked", "created_at")
            copy_text(cursor, "identity", columns, rows)
            rows = "".join(
                f"{id_}\t{scope.brand_id}\tmarketing\tsms\tt\t1\t{act}\t{when}\n" for id_, _ in numbers
            )
            columns = (
                "member_id",
                "brand_id",
                "purpose",
                "channel",
                "granted",
                "version",
                "act_id",
                "occurred_at",
            )
            copy_text(cursor, "consent_state", columns, rows)
        cursor.execute("VACUUM (ANALYZE) identity")
        cursor.execute("VACUUM (ANALYZE) consent_state")


def template(scope: Any) -> None:
    from dataclasses import replace

    from regulars.kit.ids import new_id
    from regulars.kit.text import Text
    from regulars.messaging import api as messaging
    from regulars.messaging.types import Content
    from regulars.platform.organisations.types import Actor

    body = "{{ member.code }}，您的 {{ offer }} 已到账，{{ brand.name }} 恭候光临。拒收请回复R"
    said = Content(body=body, sign="晨光")
    english = Content(
        body="{{ member.code }}, your {{ offer }} from {{ brand.name }} is here. Reply R to stop.", sign="M"
    )
    writer = replace(scope, actor=Actor("staff", new_id(), "Writer"))
    messaging.save_template(
        scope=writer, code="bench", name=Text("压测", "Bench"), purpose="marketing",
        contents={"sms": {"zh": said, "en": english}}, samples={"offer": "满 100 减 20"}, now=NOON,
    )  # fmt: skip
    made = messaging.submit_template(scope=writer, code="bench", now=NOON)
    reviewer = replace(scope, actor=Actor("staff", new_id(), "Reviewer"))
    messaging.decide_template(scope=reviewer, code="bench", number=made.latest.number, approve=True, now=NOON)


def crash(cluster: Any, messages: int, kills: int) -> None:
    """The test of tests/crash at full size: half of the messages by mail, half by HTTP."""
    from django.conf import settings
    from tests.crash import test_messages
    from tests.crash.providers import HttpProvider, MailServer

    settings.ALLOWED_NETWORKS = "127.0.0.0/8"
    mail, provider = MailServer(), HttpProvider()
    controller, server = mail.start(), provider.start()
    began = time.perf_counter()
    told = test_messages.run(
        mail,
        provider,
        members=messages // 2,
        kills=kills,
        url=cluster.url(database=demo.DATABASE),
        patience=3600,
    )
    taken = time.perf_counter() - began
    controller.stop()
    server.shutdown()
    print(f"{messages:,} messages, {told.kills} kills in {taken:.0f} s: {told.states}", flush=True)


if __name__ == "__main__":
    main()
