"""A whole night's scores of everybody: RFM, value, churn and intent, recommendations, stages and KOC.

    python -m bench.night [members] [orders] [percent of the orders that go back whole]

Members stand in PostgreSQL, their orders and lines in the warehouse's own form, with a realistic skew; the steps are
the product's, one after the other in one process as at night, scores and lists written back. Beside it, in the same
run: pgbench and COPY. The export from the outbox and the facts, which are not scores, have benches of their own.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench import ground

MONTHS = 18
FIRST, NOW = date(2023, 7, 1), datetime(2025, 1, 1, 3, tzinfo=UTC)
STEPS = ("rfm", "lifetime", "churn", "recommend", "lifecycle")
SLUG = "night"
MEMORY = os.environ.setdefault("REGULARS_INSIGHT_MEMORY", "4GB")


def make(place: Path, members: int, orders: int, returned: int = 0) -> None:
    """Orders by month with one to three lines of 5 000 products; three of five lines are of what she buys anyway. Of
    two in a hundred orders a half goes back at once, of `returned` in a hundred all within a fortnight."""
    import duckdb

    duck = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(place / "spill")})
    duck.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false; SELECT setseed(0.4)")
    duck.execute(
        f"CREATE TABLE person AS SELECT (row_number() OVER (ORDER BY member_id) * 7919) % {members} AS place, "
        f"member_id "
        f"FROM read_csv('{place}/ids.csv', header = false, columns = {{'member_id': 'UUID'}})"
    )
    duck.execute(
        f"""COPY (SELECT member_id, place::VARCHAR AS code, TIMESTAMPTZ '{FIRST}' AS joined_at,
                         DATE '{FIRST}' AS joined_day, 'store' AS channel, '' AS touchpoint, 'S1' AS store,
                         NULL::VARCHAR AS recruiter, 'normal' AS tier, 'active' AS status,
                         true AS profiling FROM person)
            TO '{place}/members-all.parquet' (FORMAT parquet)"""
    )
    for month in range(MONTHS):
        first = date(FIRST.year + (FIRST.month - 1 + month) // 12, (FIRST.month - 1 + month) % 12 + 1, 1)
        duck.execute(
            f"""CREATE OR REPLACE TABLE act AS
                SELECT member_id, person.place, uuid() AS order_id, day::TIMESTAMPTZ AS occurred_at, day AS local_day,
                       amount, 1 + floor(random() * 3)::INTEGER AS line_count
                  FROM (SELECT floor({members} * pow(random(), 2.5))::BIGINT AS place,
                               DATE '{first}' + floor(random() * 28)::INTEGER AS day,
                               floor(800 / (0.02 + random()))::BIGINT AS amount
                          FROM range({orders // MONTHS})) AS drawn JOIN person USING (place)"""
        )
        duck.execute(
            f"""COPY (SELECT member_id, order_id, occurred_at, local_day, 12::TINYINT AS local_hour, amount,
                             0::BIGINT AS discount, line_count::DOUBLE AS quantity, 'S' || place % 20 AS store,
                             'store' AS channel, place % 7 = 0 AS coupon_used, line_count FROM act)
                TO '{place}/orders-{first:%Y-%m}.parquet' (FORMAT parquet)"""
        )
        duck.execute(
            f"""COPY (SELECT member_id, order_id, occurred_at, local_day, 'p' || item AS sku, 'p' || item AS name,
                             'c' || item % 120 AS category, 'd' || item % 12 AS department, '' AS brand,
                             amount // line_count AS amount, 1.0::DOUBLE AS quantity, 0::BIGINT AS discount
                        FROM (SELECT *, CASE WHEN random() < 0.6
                                             THEN hash(place, floor(random() * random() * 20)) % 5000
                                             ELSE floor(5000 * pow(random(), 2)) END::BIGINT AS item
                                FROM act, range(3) AS n(k) WHERE k < line_count) AS line)
                TO '{place}/lines-{first:%Y-%m}.parquet' (FORMAT parquet)"""
        )
        duck.execute(
            f"""COPY (SELECT member_id, order_id, uuid() AS refund_id, occurred_at,
                             CASE WHEN whole THEN local_day + (2 + hash(order_id, 3) % 12)::INTEGER ELSE local_day
                              END AS local_day, CASE WHEN whole THEN amount ELSE amount // 2 END AS amount
                        FROM (SELECT *, hash(order_id, 7) % 100 < {returned} AS whole FROM act)
                       WHERE whole OR hash(order_id) % 50 = 0)
                TO '{place}/refunds-{first:%Y-%m}.parquet' (FORMAT parquet)"""
        )
    duck.close()


def night(place: Path, answer: Any) -> None:
    try:
        _steps(place, answer)
    finally:
        answer.put(None)


def _steps(place: Path, answer: Any) -> None:
    import django

    django.setup()
    from regulars.flows.insight import nightly
    from regulars.insight.warehouse import duck as ducks
    from regulars.insight.warehouse.reading import Warehouse, declare
    from regulars.insight.warehouse.types import Part
    from regulars.platform.organisations import api as organisations

    brand = organisations.find_brand(slug_or_id=SLUG)
    assert brand is not None
    parts = [
        (Part(uuid4(), table, None, path.name, 0, 0), str(path))
        for table in ("orders", "lines", "refunds", "members")
        for path in sorted(place.glob(f"{table}-*.parquet"))
    ]
    for step in nightly.STEPS:
        if step.key not in STEPS:
            continue
        began, used = time.perf_counter(), time.process_time()
        with ducks.connect(brand.id) as duck:
            declare(duck, parts)
            done = step.run(brand, Warehouse(brand.id, duck, NOW), NOW, lambda share: None)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        answer.put((step.key, time.perf_counter() - began, time.process_time() - used, memory, done.rows))


def main(members: int, orders: int, returned: int = 0) -> None:
    with ground.server() as cluster:
        print(f"pgbench {ground.pgbench(cluster, seconds=5):,.0f} TPS")
        print(f"COPY {ground.copy_rows_per_second(cluster):,.0f} rows a second")
        _people(members)
        place = Path(tempfile.mkdtemp(prefix="regulars-night-"))
        try:
            began = time.perf_counter()
            _ids(place, members)
            make(place, members, orders, returned)
            size = sum(path.stat().st_size for path in place.glob("*.parquet")) / 2**30
            took = time.perf_counter() - began
            print(
                f"{members:,} members, {orders:,} orders, {returned} % back: {size:.1f} GB made in {took:.0f} s",
                flush=True,
            )
            context = multiprocessing.get_context("spawn")
            answer = context.Queue()
            child = context.Process(target=night, args=(place, answer))
            child.start()
            wall = cpu = 0.0
            while told := answer.get():
                step, seconds, used, memory, rows = told
                wall, cpu = wall + seconds, cpu + used
                print(
                    f"{step:10} {seconds:7.1f} s {used:7.1f} s of CPU, at most {memory:6,.0f} MB so far, {rows:,} rows",
                    flush=True,
                )
            child.join()
            print(f"all of it  {wall:7.1f} s {cpu:7.1f} s of CPU")
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _people(count: int) -> None:
    from django.db import connection

    from regulars.kit.text import Text
    from regulars.platform.organisations import api as organisations

    brand = organisations.find_brand(slug_or_id=SLUG)
    if brand is None:
        organisation = organisations.create_organisation(name=Text("Night", "Night"), now=ground.START)
        brand = organisations.create_brand(
            organisation_id=organisation.id, slug=SLUG, name=Text("Night", "Night"), now=ground.START
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM membership WHERE brand_id = %s", [brand.id])
        there = cursor.fetchone()[0]
        cursor.execute(
            """INSERT INTO membership (member_id, brand_id, organisation_id, code, joined_at, tier, orders, spend)
               SELECT md5('night' || n)::uuid, %s, %s, 'N' || n, %s, 'normal', 0, 0
                 FROM generate_series(%s, %s) AS n""",
            [brand.id, brand.organisation_id, ground.START, there + 1, count],
        )
        cursor.execute("VACUUM (ANALYZE) membership")


def _ids(place: Path, count: int) -> None:
    from django.db import connection

    from regulars.platform.organisations import api as organisations

    brand = organisations.find_brand(slug_or_id=SLUG)
    assert brand is not None
    with connection.cursor() as cursor, (place / "ids.csv").open("wb") as out:
        query = (
            f"COPY (SELECT member_id FROM membership WHERE brand_id = '{brand.id}' "
            f"AND substr(code, 2)::integer <= {count}) TO STDOUT"
        )
        with cursor.copy(query) as copy:
            for data in copy:
                out.write(data)


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:]]
    main(*(asked or (1_000_000, 20_000_000)))
