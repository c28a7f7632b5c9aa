"""The same expressions on Spark: RFM and cohorts of random orders, by DuckDB and by Spark in local mode, are equal.

Needs the extra `spark` (requirements/spark.txt) and a Java runtime; `REGULARS_SPARK_MASTER` names another master than
the local one.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from regulars.insight.reports import buying
from regulars.insight.rfm import api as rfm
from regulars.insight.rfm.types import RfmSettings

pytestmark = [pytest.mark.spark, pytest.mark.slow]
LAST = date(2024, 12, 31)


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    sql = pytest.importorskip(
        "pyspark.sql", reason="pyspark is not installed: pip install -r requirements/spark.txt"
    )
    made = (
        sql.SparkSession.builder.master(os.environ.get("REGULARS_SPARK_MASTER", "local[2]"))
        .appName("regulars")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    yield made
    made.stop()


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 members, skewed: a few buy often; every twentieth order goes back, half of those whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    chance = random.Random(4)
    rows: list[tuple[str, str, date, int, int]] = []
    for member in range(400):
        for number in range(1 + int(chance.paretovariate(1.2)) % 40):
            amount = chance.randrange(100, 60_000)
            back = chance.choice([amount, amount // 2]) if chance.random() < 0.05 else 0
            day = date(2023, 10, 1) + timedelta(days=chance.randrange(480))
            rows.append((f"m{member:05}", f"o{member}-{number}", day, amount, back))
    columns = list(zip(*rows, strict=True))
    table = pa.table(
        {
            "member_id": pa.array(columns[0], pa.string()),
            "order_id": pa.array(columns[1], pa.string()),
            "local_day": pa.array(columns[2], pa.date32()),
            "amount": pa.array(columns[3], pa.int64()),
            "refunded": pa.array(columns[4], pa.int64()),
        }
    )
    place = tmp_path_factory.mktemp("spark") / "orders.parquet"
    pq.write_table(table, place)
    return place


@pytest.fixture(scope="module")
def engines(session: Any, orders: Path) -> list[Any]:
    import ibis

    duck, spark = ibis.duckdb.connect(), ibis.pyspark.connect(session)
    return [one.read_parquet(str(orders)) for one in (duck, spark)]


def rows(expression: Any) -> list[dict[str, Any]]:
    found = expression.to_pyarrow().to_pylist()
    return sorted(found, key=lambda row: str(sorted(row.items(), key=lambda item: item[0])))


@pytest.mark.parametrize("method", ["quantiles", "cuts"])
def test_rfm_is_equal(engines: list[Any], method: Any) -> None:
    settings = RfmSettings(method=method)
    found = []
    for table in engines:
        period, before = rfm.window(settings, LAST), rfm.earlier_window(settings, LAST)
        now = rfm.scores(rfm.measures(table, period), settings, period)
        then = rfm.scores(rfm.measures(table, before), settings, before)
        found.append([rows(one) for one in (now, rfm.heat(now), rfm.groups(now), rfm.flows(then, now))])
    by_duck, by_spark = found
    assert len(by_duck[0]) > 300
    assert by_spark == by_duck


def test_cohorts_are_equal(engines: list[Any]) -> None:
    by_duck, by_spark = (rows(buying.cohorts(shaped(table))) for table in engines)
    assert len(by_duck) > 50
    assert by_spark == by_duck


def shaped(table: Any) -> Any:
    from regulars.insight.reports.types import Period

    return buying.within(table, Period(date(1970, 1, 1), LAST))
