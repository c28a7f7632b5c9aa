"""kill -9 of the import and of PostgreSQL half-way: started again, the ledger is what one clean run gives."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg
import pytest
from tests.crash.test_posting import ROOT, ask
from tests.project.test_supervisor import Served, _environment

pytestmark = pytest.mark.slow

MEMBERS, ORDERS = 40, 6000


def write_file(path: Path) -> int:
    """Orders of one or two lines; gives the points of them all, one a yuan, floored once an order."""
    choice, points = random.Random(3), 0
    now = datetime.now(UTC)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["订单号", "手机号", "时间", "商品编码", "金额"])
        for number in range(ORDERS):
            at = now - timedelta(hours=20) + timedelta(seconds=5 * number)
            amounts = [choice.randrange(1, 50_000) for _ in range(choice.choice((1, 2)))]
            points += sum(amounts) // 100
            phone = f"138{choice.randrange(MEMBERS):08d}"
            for line, amount in enumerate(amounts):
                rows.writerow(
                    [f"F{number}", phone, at.isoformat(), f"S{line}", f"{amount // 100}.{amount % 100:02d}"]
                )
    return points


def start_import(data: Path, file: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "regulars.surfaces.cli.main", "import", "orders", str(file), "--brand", "tea"],
        cwd=ROOT,
        env=_environment(data),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def posted(served: Served) -> int:
    try:
        with psycopg.connect(served.cluster.url(), connect_timeout=30) as connection:
            row = connection.execute("SELECT count(*) FROM activity WHERE type = 'order'").fetchone()
            return int(row[0]) if row else 0
    except psycopg.OperationalError:
        return -1


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for one in family:
        one.kill()
    process.wait()


def test_an_import_survives_its_own_death_and_the_database_s(tmp_path: Path) -> None:
    served = Served(tmp_path / "data")
    try:
        served.wait_until_healthy()
        ask(served.data, "open", str(MEMBERS))
        file = tmp_path / "orders.csv"
        points = write_file(file)
        before, blows = 0, 0
        for blow in ("import", "database", "import"):
            running = start_import(served.data, file)
            deadline = time.monotonic() + 180
            while running.poll() is None and time.monotonic() < deadline and posted(served) < before + 500:
                time.sleep(0.01)
            if running.poll() is not None:
                break
            if blow == "import":
                kill_tree(running)
            else:
                dead = served.cluster.postmaster_pid()
                assert dead is not None
                os.kill(dead, signal.SIGKILL)
                running.wait(90)
                served._wait(lambda d=dead: served.cluster.postmaster_pid() not in (None, d), "the database")
                served.wait_until_healthy()
            blows += 1
            before = max(before, posted(served))
        assert blows >= 2, "it was over before it could be killed"
        last = start_import(served.data, file)
        said, _ = last.communicate(timeout=300)
        assert last.returncode == 0, said.decode()
        books = ask(served.data, "state")
        assert books["differences"] == []
        assert len(books["orders"]) == ORDERS and set(books["orders"].values()) == {1}
        assert sum(books["points"].values()) == points
        assert books["announced"] == len(books["activities"])
    finally:
        if served.process.poll() is None:
            served.process.terminate()
            served.process.wait(60)
