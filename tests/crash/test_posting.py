"""kill -9 of whatever is posting, ten times: the books balance, and nothing that was acknowledged is missing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.crash.tills import Till, Told
from tests.project.test_supervisor import Served, _environment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def ask(data: Path, *words: str) -> Any:
    """Run `tests.crash.shop` beside the installation."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.shop", *words],
        cwd=ROOT,
        env={**_environment(data), "DJANGO_SETTINGS_MODULE": "regulars.project.settings"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    found = Served(tmp_path / "data")
    found.wait_until_healthy()
    yield found
    if found.process.poll() is None:
        found.process.terminate()
        found.process.wait(60)


def kill_a_web_process(served: Served) -> None:
    """One of those that answer."""
    victim = served.children("regulars.project.web")[-1]
    victim.kill()
    served.wait_until_replaced([victim], "regulars.project.web")


def kill_the_web(served: Served) -> None:
    """The one that listens; those that answer go with it."""
    victims = served.children("regulars.project.web")
    victims[0].kill()
    served.wait_until_replaced(victims, "regulars.project.web")


def kill_the_worker(served: Served) -> None:
    victims = served.children("worker --supervised")
    victims[0].kill()
    served.wait_until_replaced(victims, "worker --supervised")


def kill_postgresql(served: Served) -> None:
    """The postmaster, in the middle of commits."""
    dead = served.cluster.postmaster_pid()
    assert dead is not None
    os.kill(dead, signal.SIGKILL)
    served._wait(lambda: served.cluster.postmaster_pid() not in (None, dead), "brings the database back")


def kill_a_backend(served: Served) -> None:
    """One of PostgreSQL's own processes: the server then throws everybody out and recovers by itself."""
    postmaster = served.cluster.postmaster_pid()
    backends = [
        p for p in served.cluster.processes() if p.pid != postmaster and "regulars" in "".join(p.cmdline())
    ]
    if backends:
        backends[-1].kill()


KILLS = [
    kill_postgresql,
    kill_a_web_process,
    kill_the_worker,
    kill_postgresql,
    kill_the_web,
    kill_a_backend,
    kill_postgresql,
    kill_a_web_process,
    kill_the_worker,
    kill_postgresql,
]


def test_ten_kills_lose_nothing_that_was_acknowledged(served: Served) -> None:
    shop = ask(served.data, "open", "30")
    told, stop = Told(), threading.Event()
    tills = [
        Till(f"t{n}", f"http://127.0.0.1:{served.port}", shop["token"], shop["members"], told, stop)
        for n in range(4)
    ]
    threads = [threading.Thread(target=till.run) for till in tills]
    for thread in threads:
        thread.start()
    before = 0
    try:
        for kill in KILLS:
            # let them sell for a moment, and something be acknowledged since the last blow
            deadline = time.monotonic() + 180
            while len(told.orders) <= before + 20 and time.monotonic() < deadline:
                time.sleep(0.02)
            assert len(told.orders) > before, f"nothing sold before {kill.__name__}: {served.log.read_text()}"
            kill(served)
            served.wait_until_healthy()
            before = len(told.orders)
        time.sleep(0.5)
    finally:
        stop.set()
        for thread in threads:
            thread.join(240)
    assert told.strange == []
    assert told.failures > 0, "nobody noticed a blow: were they dealt?"

    books = ask(served.data, "state")
    assert books["differences"] == []
    # each acknowledged order is there, once, with the points that it was said to earn; and nothing else is
    assert {number for number in told.orders if books["orders"].get(number) != 1} == set()
    assert told.activities - set(books["activities"]) == set()
    assert {m: p for m, p in books["points"].items() if p} == {m: p for m, p in told.points.items() if p}
    assert len(books["orders"]) == len(told.orders)
    # one event an activity, for all that reads them later
    assert books["announced"] == len(books["activities"])


def test_a_killed_installation_starts_again_with_all_it_said(tmp_path: Path) -> None:
    """The supervisor itself and PostgreSQL with it, at once, in the middle of selling; then a plain new start."""
    data = tmp_path / "data"
    served = Served(data)
    served.wait_until_healthy()
    shop = ask(data, "open", "10")
    told, stop = Told(), threading.Event()
    tills = [
        Till(f"u{n}", f"http://127.0.0.1:{served.port}", shop["token"], shop["members"], told, stop)
        for n in range(3)
    ]
    threads = [threading.Thread(target=till.run) for till in tills]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 180
    while len(told.orders) < 100 and time.monotonic() < deadline:
        time.sleep(0.02)
    postmaster = served.cluster.postmaster_pid()
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)
    served.process.kill()
    served.process.wait()
    stop.set()
    for till in tills:
        till.give_up.set()
    for thread in threads:
        thread.join(60)
    again = Served(data)
    try:
        again.wait_until_healthy()
        books = ask(data, "state")
        assert books["differences"] == []
        assert {number for number in told.orders if books["orders"].get(number) != 1} == set()
        assert told.activities - set(books["activities"]) == set()
    finally:
        again.process.terminate()
        again.process.wait(60)
