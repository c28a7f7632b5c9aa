"""Journeys: due steps a second with a million enrolments, three in ten of them due; from entering to the message.

    python -m bench.journeys [enrolments]

The yardstick in the same run is the least that any engine on a table must do: claim as many due rows of the same table
in batches of the same size and move their instant, nothing else.
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import threading
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bench import ground

BATCH = 2000
WAITS = {
    "nodes": [
        {"id": "in", "kind": "trigger", "on": "call"},
        {"id": "pause", "kind": "wait", "mode": "duration", "amount": 3, "unit": "days"},
        {
            "id": "buyer",
            "kind": "branch",
            "arms": [{"key": "often", "when": {"field": "fact.orders_90", "op": "gte", "value": 2}}],
        },
        {"id": "lot", "kind": "split", "arms": [{"key": "a", "percent": 50}, {"key": "b", "percent": 50}]},
        {"id": "month", "kind": "wait", "mode": "duration", "amount": 1, "unit": "months"},
    ],
    "edges": [
        {"from": "in", "to": "pause"},
        {"from": "pause", "to": "buyer"},
        {"from": "buyer", "port": "often", "to": "lot"},
        {"from": "buyer", "port": "else", "to": "month"},
        {"from": "lot", "port": "a", "to": "month"},
        {"from": "lot", "port": "b", "to": "month"},
    ],
    "settings": {"again": "keyed"},
}
TELLS = {
    "nodes": [
        *WAITS["nodes"][:3],
        {"id": "tell", "kind": "message", "template": "hello"},
        WAITS["nodes"][4],
    ],
    "edges": [
        *WAITS["edges"][:2],
        {"from": "buyer", "port": "often", "to": "tell"},
        {"from": "buyer", "port": "else", "to": "tell"},
        {"from": "tell", "to": "month"},
    ],
    "settings": {"again": "keyed"},
}
FACTS = """
    INSERT INTO member_fact (member_id, brand_id, as_of, day, orders_90)
    SELECT member_id, brand_id, %(now)s, %(now)s::date, (random() * 4)::int FROM membership WHERE brand_id = %(brand)s
    ON CONFLICT DO NOTHING
"""
# seven of ten have ended, three wait and are due
RUNS = """
    INSERT INTO journey_run (member_id, id, brand_id, journey_id, version, node, steps, resting, since, next_run_at,
                             key, single, trigger, started_at, ended_at, reason)
    SELECT m.member_id, gen_random_uuid(), %(brand)s, %(journey)s, 1, 'pause', 0, true, %(now)s - interval '3 days',
           CASE WHEN k < 3 THEN %(now)s - (random() * 1800) * interval '1 second' END, %(key)s || k, false, 'in',
           %(now)s - interval '3 days', CASE WHEN k >= 3 THEN %(now)s END, CASE WHEN k < 3 THEN '' ELSE 'completed' END
      FROM (SELECT member_id FROM membership WHERE brand_id = %(brand)s ORDER BY member_id LIMIT %(people)s) m,
           generate_series(0, 9) k
"""
AGAIN = """
    UPDATE journey_run SET version = %s, node = 'pause', steps = 0, resting = true, waits_for = '',
                           next_run_at = %s - (random() * 1800) * interval '1 second'
     WHERE journey_id = %s AND next_run_at IS NOT NULL
"""
CLAIM = """
    WITH picked AS (
        SELECT member_id, id FROM journey_run WHERE journey_id = %s AND next_run_at <= %s ORDER BY next_run_at LIMIT %s
           FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE journey_run r SET next_run_at = %s FROM picked p WHERE r.member_id = p.member_id AND r.id = p.id
"""


def step_all(now: datetime, limit: int = BATCH) -> tuple[int, int]:
    """Step until nothing is due; gives runs and nodes."""
    from regulars.engage.journeys import api as journeys
    from regulars.flows.journeys.acting import carry_out

    runs = nodes = 0
    while (done := journeys.step(carry_out=carry_out, now=now, limit=limit)).runs:
        runs, nodes = runs + done.runs, nodes + done.nodes
    return runs, nodes


def in_process(now: datetime, ready: Any, answer: Any) -> None:
    import django

    django.setup()
    from regulars.flows.journeys import acting  # noqa: F401 - what is read once is not what is measured

    ready.wait()
    began = time.time()
    answer.put((*step_all(now), began, time.time()))


def main(count: int) -> None:
    with ground.server() as cluster:
        from django.db import connection, connections

        from regulars.engage.journeys import api as journeys
        from regulars.flows.journeys import acting  # noqa: F401 - what is read once is not what is measured
        from regulars.kit import clock
        from regulars.kit.ids import new_id
        from regulars.kit.text import Text

        print(f"pgbench {ground.pgbench(cluster, seconds=5):,.0f} TPS")
        people = count // 10
        scope, _ = ground.brand_with_members(people, slug="journeys")
        now = clock.now()
        with connection.cursor() as cursor:
            cursor.execute(FACTS, {"brand": scope.brand_id, "now": now})

        code = f"b{new_id().hex[-10:]}"
        journeys.create(scope=scope, code=code, name=Text(code, code), definition=WAITS, now=now)
        journey = journeys.publish(scope=scope, code=code, now=now)
        given = {"brand": scope.brand_id, "journey": journey.id, "now": now, "key": code, "people": people}
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(RUNS, given)
            cursor.execute("VACUUM (ANALYZE) journey_run")
        print(f"filled {count:,} enrolments in {time.perf_counter() - began:.0f} s")

        def again(version: int) -> None:
            """The enrolments that wait are due once more."""
            with connection.cursor() as cursor:
                cursor.execute(AGAIN, [version, now, journey.id])
                cursor.execute("DELETE FROM journey_action WHERE journey_id = %s", [journey.id])
                cursor.execute("DELETE FROM send WHERE source = %s", [f"journey:{code}"])
                for table in ("journey_run", "journey_action", "send"):
                    cursor.execute(f"VACUUM (ANALYZE) {table}")

        began, moved = time.perf_counter(), 0
        with connection.cursor() as cursor:
            while True:
                cursor.execute(CLAIM, [journey.id, now, BATCH, now + timedelta(days=30)])
                if not cursor.rowcount:
                    break
                moved += cursor.rowcount
        took = time.perf_counter() - began
        print(f"yardstick: claimed and moved {moved:,} of {count:,} rows: {moved / took:,.0f} rows/s")

        for version, name in ((1, "wait, branch, split, wait"), (2, "wait, branch, message, wait")):
            if version == 2:
                journeys.change(scope=scope, code=code, definition=TELLS, now=now)
                journeys.publish(scope=scope, code=code, now=now)
            again(version)
            server, began = ground.server_seconds(cluster), time.perf_counter()
            cpu = time.process_time()
            runs, nodes = step_all(now)
            took = time.perf_counter() - began
            print(
                f"{name}, 1 worker: {runs:,} runs, {nodes:,} nodes in {took:.1f} s: {runs / took:,.0f} runs/s, "
                f"{nodes / took:,.0f} steps/s ({(time.process_time() - cpu) / nodes * 1e6:.0f} + "
                f"{(ground.server_seconds(cluster) - server) / nodes * 1e6:.0f} µs of CPU a step)"
            )
            again(version)
            connections.close_all()
            context = multiprocessing.get_context("spawn")
            answer: Any = context.Queue()
            ready = context.Barrier(2)
            workers = [context.Process(target=in_process, args=(now, ready, answer)) for _ in range(2)]
            for worker in workers:
                worker.start()
            done = [answer.get() for _ in workers]
            took = max(one[3] for one in done) - min(one[2] for one in done)
            for worker in workers:
                worker.join()
            nodes = sum(one[1] for one in done)
            print(
                f"{name}, 2 workers: {sum(one[0] for one in done):,} runs in {took:.1f} s: "
                f"{nodes / took:,.0f} steps/s"
            )
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM journey_run WHERE journey_id = %s", [journey.id])
            cursor.execute("DELETE FROM send WHERE source = %s", [f"journey:{code}"])
        journeys.set_state(scope=scope, code=code, state="stopped", now=now)
        latency(scope)


def latency(scope: Any, times: int = 10) -> None:
    """From the order that brings a member into a live segment to her first message, with a worker beside."""
    from django.db import connection

    from regulars.audience.segments import api as segments
    from regulars.audience.segments.types import SegmentDraft
    from regulars.engage.journeys import api as journeys
    from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn
    from regulars.flows.intake import api as intake
    from regulars.flows.journeys import triggers
    from regulars.kit import clock
    from regulars.kit.ids import new_id
    from regulars.kit.text import Text
    from regulars.platform.due import api as due
    from regulars.platform.outbox import api as outbox
    from regulars.project import worker

    code = f"l{new_id().hex[-10:]}"
    spent = {"field": "history.spend", "op": "gte", "value": 100_000}
    segments.create(scope=scope, draft=SegmentDraft(code, Text(code, code), "live", spent), now=clock.now())
    segments.refresh(brand_id=scope.brand_id, code=code, now=clock.now())
    definition = {
        "nodes": [
            {"id": "in", "kind": "trigger", "on": "segment_entered", "segment": code},
            {"id": "hi", "kind": "message", "template": "hello"},
        ],
        "edges": [{"from": "in", "to": "hi"}],
        "settings": {"again": "after_exit"},
    }
    outbox.subscribe(name=triggers.CONSUMER, from_start=False)
    journeys.create(scope=scope, code=code, name=Text(code, code), definition=definition, now=clock.now())
    journeys.publish(scope=scope, code=code, now=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member_id FROM membership WHERE brand_id = %s AND spend < 1000 ORDER BY member_id DESC LIMIT %s",
            [scope.brand_id, times],
        )
        chosen: list[UUID] = [row[0] for row in cursor.fetchall()]
    stop = threading.Event()
    worker.register_all()
    beside = threading.Thread(target=worker.work_until, args=(stop,))
    beside.start()
    since = clock.now()
    while any(
        one.finished_at is None or one.finished_at < since
        for one in due.states(clock.now())
        if one.every_seconds < 60
    ):
        time.sleep(0.5)  # a worker that has just started does first what nobody did for long
    took = []
    for place, member_id in enumerate(chosen):
        time.sleep(0.37 * (place % 4))
        began = time.perf_counter()
        order = ActivityIn(
            type="order",
            member=MemberRef(id=member_id),
            occurred_at=clock.now(),
            order=OrderIn(number=f"{code}-{place}", lines=(LineIn(sku="a", amount=150_000),)),
        )
        intake.post(scope=scope, activities=[order], now=clock.now())
        while True:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT 1 FROM send WHERE member_id = %s AND source = %s", [member_id, f"journey:{code}"]
                )
                if cursor.fetchone():
                    break
            if time.perf_counter() - began > 60:
                break
            time.sleep(0.01)
        took.append(time.perf_counter() - began)
    stop.set()
    beside.join()
    journeys.set_state(scope=scope, code=code, state="stopped", now=clock.now())
    segments.set_state(scope=scope, code=code, state="archived", now=clock.now())
    print(
        f"from the order to the message that was asked for: median {statistics.median(took):.2f} s, "
        f"longest {max(took):.2f} s of {len(took)}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
