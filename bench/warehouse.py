"""RFM of everybody from the warehouse's files: the product's expressions beside plain SQL for the same scores.

`python -m bench.warehouse` makes orders with a realistic skew (few members buy much), as Parquet by month in the
warehouse's own form, 1 million members / 20 million orders or `--large` 10 million / 100 million, and removes them
after. Each measure runs in a process of its own; memory is that process's greatest resident set.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench import ground

SIZES = {"small": (1_000_000, 20_000_000), "large": (10_000_000, 100_000_000)}
MONTHS = 18
FIRST, LAST = date(2023, 7, 1), date(2024, 12, 31)

# The same scores by hand, as somebody would write them for DuckDB.
PLAIN = """
    CREATE TABLE plain AS
    WITH sold AS (
        SELECT o.member_id, o.local_day, o.amount, coalesce(r.refunded, 0) AS refunded
          FROM orders_stored AS o
          LEFT JOIN (SELECT order_id, sum(amount)::BIGINT AS refunded FROM refunds GROUP BY order_id) AS r
               USING (order_id)
         WHERE o.local_day BETWEEN DATE '2024-01-01' AND DATE '2024-12-31'),
    measured AS (
        SELECT member_id, max(local_day) AS last_day, count(*) AS frequency, sum(amount - refunded)::BIGINT AS money
          FROM sold WHERE refunded < amount GROUP BY member_id)
    SELECT *, ntile(5) OVER (ORDER BY last_day, member_id)::TINYINT AS r,
           ntile(5) OVER (ORDER BY frequency, member_id)::TINYINT AS f,
           ntile(5) OVER (ORDER BY money, member_id)::TINYINT AS m
      FROM measured"""
CHECK = "SELECT count(*), bit_xor(hash(member_id, r, f, m)), sum(money)::BIGINT FROM {}"


def make(place: Path, members: int, orders: int, memory: str) -> None:
    """Orders and refunds by month. Member k of n buys about in proportion to (k/n)^-0.6; 2 of 100 orders go back."""
    import duckdb

    duck = duckdb.connect(config={"memory_limit": memory, "temp_directory": str(place / "spill")})
    duck.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false; SELECT setseed(0.4)")
    duck.execute(
        f"CREATE TABLE person AS SELECT i AS place, uuid() AS member_id FROM range({members}) AS t(i)"
    )
    each = orders // MONTHS
    for month in range(MONTHS):
        first = date(FIRST.year + (FIRST.month - 1 + month) // 12, (FIRST.month - 1 + month) % 12 + 1, 1)
        orders_file = place / f"orders-{first:%Y-%m}.parquet"
        # what RFM does not read is constant: it takes part in no measure and would only take long to make
        duck.execute(
            f"""COPY (
                SELECT member_id, uuid() AS order_id, day::TIMESTAMPTZ AS occurred_at, day AS local_day,
                       12::TINYINT AS local_hour, amount, 0::BIGINT AS discount, 1.0::DOUBLE AS quantity, 'S1' AS store,
                       'store' AS channel, false AS coupon_used, 1::INTEGER AS line_count
                  FROM (SELECT floor({members} * pow(random(), 2.5))::BIGINT AS place,
                               DATE '{first}' + floor(random() * 28)::INTEGER AS day,
                               floor(800 / (0.02 + random()))::BIGINT AS amount
                          FROM range({each})) AS act JOIN person USING (place))
                TO '{orders_file}' (FORMAT parquet, COMPRESSION snappy)"""
        )
        duck.execute(
            f"""COPY (SELECT member_id, order_id, uuid() AS refund_id, occurred_at, local_day,
                             CASE WHEN hash(member_id) % 2 = 0 THEN amount ELSE amount // 2 END AS amount
                        FROM read_parquet('{orders_file}') WHERE hash(order_id) % 50 = 0)
                TO '{place}/refunds-{first:%Y-%m}.parquet' (FORMAT parquet, COMPRESSION zstd)"""
        )
    duck.close()


def opened(place: Path) -> Any:
    """The product's own tables over these files."""
    import django

    django.setup()
    from regulars.insight.warehouse.reading import Warehouse, declare
    from regulars.insight.warehouse.types import Part

    parts = [
        (Part(uuid4(), table, None, path.name, 0, 0), str(path))
        for table in ("orders", "refunds")
        for path in sorted(place.glob(f"{table}-*.parquet"))
    ]

    def with_duck(duck: Any) -> Warehouse:
        declare(duck, parts)
        return Warehouse(uuid4(), duck, None)

    return with_duck


def measure(place: Path, what: str, memory: str, threads: int, answer: Any) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    import duckdb

    duck = duckdb.connect(
        config={
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": str(place / "spill"),
            "preserve_insertion_order": False,
        }
    )
    duck.execute("SET TimeZone = 'UTC'")
    house = opened(place)(duck)
    from regulars.insight.rfm import api as rfm
    from regulars.insight.rfm.types import RfmSettings

    settings = RfmSettings()
    period, before = rfm.window(settings, LAST), rfm.earlier_window(settings, LAST)
    began, used = time.perf_counter(), time.process_time()
    if what == "plain":
        duck.execute(PLAIN)
    else:
        scored = house.keep("ours", rfm.scores(rfm.measures(house.table("orders"), period), settings, period))
        if what == "report":
            earlier = house.keep(
                "earlier", rfm.scores(rfm.measures(house.table("orders"), before), settings, before)
            )
            rfm.report(scored=scored, before=earlier, members=1, last=LAST, rows=house.rows)
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    check = duck.execute(CHECK.format("plain" if what == "plain" else "ours")).fetchone()
    answer.put((seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, check))


def run(place: Path, what: str, memory: str, threads: int) -> tuple[float, float, float, Any]:
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    child = context.Process(target=measure, args=(place, what, memory, threads, answer))
    child.start()
    told: tuple[float, float, float, Any] = answer.get()
    child.join()
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    members, orders = SIZES["large" if given.large else "small"]
    place = Path(tempfile.mkdtemp(prefix="regulars-warehouse-"))
    try:
        began = time.perf_counter()
        make(place, members, orders, given.memory)
        size = sum(path.stat().st_size for path in place.glob("*.parquet")) / 2**30
        print(
            f"{members:,} members, {orders:,} orders: {size:.1f} GB in {time.perf_counter() - began:.0f} s",
            flush=True,
        )
        told = {}
        for what in ("plain", "ours") if given.large else ("plain", "ours", "report"):
            seconds, cpu, memory, check = told[what] = run(place, what, given.memory, given.threads)
            print(
                f"{what:7} {seconds:7.1f} s {cpu:7.1f} s of CPU {memory:7.0f} MB  {check[0]:,} members scored"
            )
        assert len({check for _, _, _, check in told.values()}) == 1, "the scores differ"
        wall, cpu = (told["ours"][n] / told["plain"][n] for n in (0, 1))
        print(f"the same scores; expressions ÷ plain SQL: {wall:.2f} of time, {cpu:.2f} of CPU")
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    assert ground.ROOT
    main()
