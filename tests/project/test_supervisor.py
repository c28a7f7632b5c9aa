"""regulars serve, really run: what it says when it cannot start, and what it survives."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from regulars.project.embedded.cluster import Cluster


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(data: Path, **more: str) -> dict[str, str]:
    dropped = ("DATABASE_URL", "REGULARS_", "PORT", "HOST", "DJANGO_SETTINGS_MODULE", "LANG", "LC_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    return {**kept, "REGULARS_DATA": str(data), "LANG": "en_US.UTF-8", "REGULARS_WEB_WORKERS": "2", **more}


def _refused(data: Path, *options: str, **more: str) -> str:
    """What `regulars serve` says on standard error before it gives up."""
    done = subprocess.run(
        [sys.executable, "-m", "regulars.surfaces.cli.main", "serve", *options],
        env=_environment(data, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


class Served:
    """A running `regulars serve`."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = _free_port()
        self.log = data.parent / "serve.log"
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "regulars.surfaces.cli.main", "serve"],
                env=_environment(data, PORT=str(self.port)),
                stdout=out,
                stderr=out,
            )
        self.cluster = Cluster.at(data)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=30)

    def wait_until_healthy(self) -> None:
        self._wait(lambda: self.get("/healthz").status_code == 200, "answers")

    def children(self, word: str) -> list[psutil.Process]:
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if word in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def wait_until_replaced(self, killed: list[psutil.Process], word: str) -> None:
        gone = {process.pid for process in killed}
        self._wait(
            lambda: len([p for p in self.children(word) if p.pid not in gone]) >= len(gone),
            f"brings {word} back",
        )

    def _wait(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(httpx.HTTPError, psutil.Error):
                if holds():
                    return
            time.sleep(0.05)
        raise AssertionError(f"no longer {what}: {self.log.read_text()}")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[], Served]]:
    started: list[Served] = []

    def start() -> Served:
        served = Served(tmp_path / "data")
        started.append(served)
        served.wait_until_healthy()
        return served

    yield start
    for served in started:
        if served.process.poll() is None:
            served.process.terminate()
            served.process.wait(60)


def _left_over(data: Path) -> list[str]:
    """Processes that still work on the data directory."""
    left = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get("REGULARS_DATA") == str(
                data
            ):
                left.append(" ".join(process.cmdline()))
    for process in Cluster.at(data).processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            left.append(" ".join(process.cmdline()))
    return left


def test_a_port_in_use_is_one_plain_sentence_in_the_terminals_language(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = str(taken.getsockname()[1])
        english = _refused(tmp_path, PORT=port)
        chinese = _refused(tmp_path, PORT=port, LANG="zh_CN.UTF-8")
    assert english == f"Port {port} is in use; stop the program that uses it, or set PORT to another."
    assert chinese == f"端口 {port} 已被占用;请停止占用它的程序,或用 PORT 指定另一个端口。"


def test_a_database_that_cannot_be_reached_is_one_plain_sentence_without_the_password(tmp_path: Path) -> None:
    nobody = _free_port()
    url = f"postgresql://someone:hush@127.0.0.1:{nobody}/shop"
    by_option = _refused(tmp_path, "--database-url", url, PORT=str(_free_port()))
    by_variable = _refused(tmp_path, PORT=str(_free_port()), DATABASE_URL=url)
    assert by_option == by_variable
    assert by_option == f"The database 127.0.0.1:{nobody}/shop cannot be reached: Connection refused."


def test_an_address_that_is_none_is_one_plain_sentence(tmp_path: Path) -> None:
    said = _refused(tmp_path, PORT=str(_free_port()), DATABASE_URL="mysql://x")
    assert said.startswith("DATABASE_URL is not a PostgreSQL address")


def test_a_data_directory_that_cannot_be_written_is_one_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = _refused(tmp_path / "file" / "data", PORT=str(_free_port()))
    assert said.startswith(f"The data directory {tmp_path / 'file' / 'data'} cannot be written")


@pytest.mark.slow
def test_whatever_is_killed_comes_back_and_ctrl_c_stops_everything(
    serve: Callable[[], Served], tmp_path: Path
) -> None:
    served = serve()
    said = _refused(served.data, PORT=str(_free_port()))
    assert said == f"Another regulars serve uses the data directory {served.data}."
    with psycopg.connect(served.cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")

    with psycopg.connect(served.cluster.url(), autocommit=True) as connection:
        worked = "SELECT count(*) FROM due_task WHERE finished_at IS NOT NULL AND last_error = ''"
        served._wait(lambda: (connection.execute(worked).fetchone() or [0])[0] >= 3, "works")

    web = served.children("regulars.project.web")
    assert len(web) == 3  # the one that listens, and two that answer
    for victim in (web[1], web[0]):
        victims = [victim] if victim is not web[0] else served.children("regulars.project.web")
        victim.kill()
        served.wait_until_replaced(victims, "regulars.project.web")
        served.wait_until_healthy()

    worker = served.children("worker --supervised")
    assert len(worker) == 1
    worker[0].kill()
    served.wait_until_replaced(worker, "worker --supervised")

    for _ in range(3):
        postmaster = served.cluster.postmaster_pid()
        assert postmaster is not None
        os.kill(postmaster, signal.SIGKILL)
        served._wait(
            lambda dead=postmaster: served.cluster.postmaster_pid() not in (None, dead), "the database"
        )  # type: ignore[misc]
        served.wait_until_healthy()
    for process in list(served.cluster.processes()):
        with contextlib.suppress(psutil.Error):
            process.kill()
    served._wait(lambda: served.cluster.postmaster_pid() is not None, "the database")
    served.wait_until_healthy()
    with psycopg.connect(served.cluster.url()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)

    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(60) == 0
    assert _left_over(served.data) == []
    assert served.log.read_text().strip().endswith("Stopped.")


@pytest.mark.slow
def test_nothing_outlives_a_killed_supervisor_and_the_next_start_finds_its_data(
    serve: Callable[[], Served],
) -> None:
    served = serve()
    with psycopg.connect(served.cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
    served.process.kill()
    served.process.wait()
    deadline = time.monotonic() + 60
    while _left_over(served.data) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _left_over(served.data) == []
    again = serve()
    with psycopg.connect(again.cluster.url()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)


@pytest.mark.slow
def test_terminate_while_starting_leaves_nothing_behind(tmp_path: Path) -> None:
    for pause in (0.3, 1.0, 2.0):
        served = Served(tmp_path / "data")
        time.sleep(pause)
        served.process.terminate()
        assert served.process.wait(120) in (0, -signal.SIGTERM), served.log.read_text()
        assert _left_over(served.data) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's message is Linux's")
def test_a_child_that_starts_after_its_parent_died_ends_at_once() -> None:
    program = "from regulars.project.parentage import end_with_parent as end; end(); print('lives')"
    for parent, expected in ((str(os.getpid()), (0, "lives\n")), ("1", (1, ""))):
        environment = {**os.environ, "REGULARS_END_WITH_PARENT": parent}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == expected
