"""An export killed with signal 9 between a file and its row, at each place where that can happen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from regulars.insight.warehouse import api as warehouse

AT = datetime(2024, 3, 31, 22, 30, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_nothing_half_is_left(real_db: None, place: Path, at: int) -> None:
    """The places are after the files of activities, entries, tier changes and members."""
    from tests.intake.world import order, points, programme, rule, world

    shop = world(programme([rule("base", points())]))
    member = shop.member("13800000001")
    for number in range(3):
        shop.one(order(member, str(number), 1000, at=AT + timedelta(days=20 * number)))
    where = {k: v for k, v in settings.DATABASES["default"].items() if isinstance(v, (str, int)) and v != ""}
    where["NAME"] = connection.settings_dict["NAME"]
    words = ["tests.insight.killed", json.dumps(where), str(shop.scope.brand_id), str(place), str(at)]
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": "src"},
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "files\n"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def orders() -> list[tuple[int, int]]:
        with warehouse.open_warehouse(brand_id=shop.scope.brand_id) as house:
            rows: list[tuple[int, int]] = house.duck.execute(
                "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM entries)"
            ).fetchall()
        return rows

    files = len(list(place.rglob("[!.]*/*/*.parquet")))
    known = sum(table.files for table in warehouse.get_status(brand_id=shop.scope.brand_id).tables)
    assert files > known
    # with the files of the first source there is nothing to read, later the sources that were committed
    assert orders()[0][0] == (0 if at == 1 else 3)

    done = warehouse.export(brand_id=shop.scope.brand_id, now=AT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM entry")
        (entries,) = cursor.fetchone()
    assert orders() == [(3, entries)]
    status = warehouse.get_status(brand_id=shop.scope.brand_id)
    assert len(list(place.rglob("[!.]*/*/*.parquet"))) == sum(table.files for table in status.tables)
    assert (done.rows.get("orders", 0) == 3) == (at == 1)
