"""The embedded PostgreSQL comes up again whatever was killed, and keeps what it acknowledged."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from regulars.project.embedded import accounts, lifecycle
from regulars.project.embedded.cluster import Cluster, binaries
from regulars.project.embedded.tuning import settings
from regulars.project.plainly import PlainError


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster.at(tmp_path / "data")
    yield made
    lifecycle.stop(made)


def _make_table(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int PRIMARY KEY, filler text)")


def _connected(cluster: Cluster) -> psycopg.Connection:
    """A postmaster that has lost a child says so a moment later, and restarts by itself: try again for a while."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError):
            connection = psycopg.connect(cluster.url())
            with contextlib.suppress(psycopg.OperationalError):
                connection.execute("SELECT pg_sleep(0.03)")
                return connection
        time.sleep(0.05)
    raise AssertionError("the server did not come back")


def _kill(cluster: Cluster, what: str, rng: random.Random) -> None:
    postmaster = cluster.postmaster_pid()
    assert postmaster is not None
    everything = list(cluster.processes())
    children = [process for process in everything if process.pid != postmaster]
    match what:
        case "postmaster":
            os.kill(postmaster, signal.SIGKILL)
        case "everything":
            for process in everything:
                with contextlib.suppress(psutil.Error):
                    process.kill()
        case "children":
            for process in children:
                with contextlib.suppress(psutil.Error):
                    process.kill()
        case "one child, then the postmaster":
            with contextlib.suppress(psutil.Error):
                rng.choice(children).kill()
            time.sleep(rng.uniform(0, 0.05))
            os.kill(postmaster, signal.SIGKILL)
        case "one child":
            with contextlib.suppress(psutil.Error):
                rng.choice(children).kill()


@pytest.mark.slow
def test_fifty_hard_kills_lose_nothing_and_every_start_comes_up(cluster: Cluster) -> None:
    """A writer commits all the time, a busy backend holds on to shared memory; both are cut off in full flight."""
    rng = random.Random(20)
    ways = ["postmaster", "everything", "children", "one child, then the postmaster", "one child"]
    lifecycle.start(cluster)
    _make_table(cluster)
    acknowledged: list[int] = []
    for round_ in range(50):
        stop_writing = threading.Event()

        def write(stop_writing: threading.Event = stop_writing, first: int = round_ * 100_000) -> None:
            with (
                contextlib.suppress(psycopg.Error),
                psycopg.connect(cluster.url(), autocommit=True) as connection,
            ):
                for number in range(first, first + 100_000):
                    if stop_writing.is_set():
                        return
                    connection.execute("INSERT INTO kept VALUES (%s, repeat('x', 500))", [number])
                    acknowledged.append(number)

        def linger() -> None:
            with contextlib.suppress(psycopg.Error), psycopg.connect(cluster.url()) as connection:
                connection.execute("SELECT count(*) FROM generate_series(1, 100000000)")

        threads = [threading.Thread(target=write), threading.Thread(target=linger)]
        for thread in threads:
            thread.start()
        time.sleep(rng.uniform(0.05, 0.25))
        _kill(cluster, ways[round_ % len(ways)], rng)
        if round_ % 7 == 6:
            time.sleep(rng.uniform(0, 0.1))
            lifecycle.stop(cluster)
        lifecycle.start(cluster)
        stop_writing.set()
        for thread in threads:
            thread.join(60)
        with _connected(cluster) as connection:
            found = {row[0] for row in connection.execute("SELECT n FROM kept").fetchall()}
        assert set(acknowledged) <= found, f"round {round_}"
    assert len(acknowledged) > 50


def test_a_second_start_joins_and_two_starters_make_one_server(cluster: Cluster) -> None:
    outcomes: list[bool] = []
    threads = [threading.Thread(target=lambda: outcomes.append(lifecycle.start(cluster))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, False, True]


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(cluster: Cluster) -> None:
    lifecycle.start(cluster)
    _kill(cluster, "everything", random.Random(1))
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        pid_file = cluster.pgdata / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert lifecycle.start(cluster) is True
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_shared_memory_that_is_still_being_let_go_is_waited_for(cluster: Cluster) -> None:
    """A dying process has lost its command line, by which it is known, a moment before its memory."""
    lifecycle.start(cluster)
    segment = (cluster.pgdata / "postmaster.pid").read_text().splitlines()[6].split()[1]
    program = (
        "import ctypes, sys; libc = ctypes.CDLL(None); libc.shmat.restype = ctypes.c_void_p\n"
        f"assert libc.shmat({segment}, None, 0) != ctypes.c_void_p(-1).value\n"
        "print('attached', flush=True); sys.stdin.read()\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdin is not None and holder.stdout is not None
    assert holder.stdout.readline() == b"attached\n"
    _kill(cluster, "everything", random.Random(1))
    with ThreadPoolExecutor(1) as beside:
        start = beside.submit(lifecycle.start, cluster)
        while "still in use" not in cluster.log.read_text() and not start.done():
            time.sleep(0.02)
        refused_first = not start.done()
        holder.stdin.close()
        assert start.result() is True
    holder.wait()
    holder.stdout.close()
    assert refused_first


def test_a_creation_that_was_cut_off_is_begun_again(cluster: Cluster) -> None:
    (cluster.root / "data.new" / "base").mkdir(parents=True)
    assert lifecycle.start(cluster) is True
    assert not (cluster.root / "data.new").exists()


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(tmp_path: Path) -> None:
    cluster = Cluster.at(tmp_path / ("long-" * 30) / "数据")
    assert str(cluster.socket_directory).startswith("/tmp/regulars-")
    try:
        lifecycle.start(cluster)
        with psycopg.connect(cluster.url()) as connection:
            assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert stat.S_IMODE(cluster.socket_directory.stat().st_mode) == 0o700
    finally:
        lifecycle.stop(cluster)
        shutil.rmtree(cluster.socket_directory)


def test_a_socket_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    cluster = Cluster.at(tmp_path / ("long-" * 30))
    cluster.socket_directory.symlink_to(tmp_path)
    try:
        with pytest.raises(PlainError, match=r"belongs to another user|属于别的用户"):
            lifecycle.start(cluster)
    finally:
        cluster.socket_directory.unlink()
    assert cluster.postmaster_pid() is None


def test_the_last_user_to_leave_stops_the_server(cluster: Cluster) -> None:
    with lifecycle.using(cluster):
        with lifecycle.using(cluster):
            assert lifecycle.is_ready(cluster)
        assert lifecycle.is_ready(cluster)
    assert cluster.postmaster_pid() is None


def test_a_server_started_to_be_kept_outlives_its_users(cluster: Cluster) -> None:
    lifecycle.start(cluster, keep=True)
    with lifecycle.using(cluster):
        pass
    assert lifecycle.is_ready(cluster)


def test_the_server_ends_when_its_starter_is_killed(cluster: Cluster) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from regulars.project.embedded import lifecycle; from regulars.project.embedded.cluster import Cluster\n"
        "with lifecycle.using(Cluster.at(Path(sys.argv[1]))):\n    print('up', flush=True); time.sleep(60)\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(cluster.root.parent)], stdout=subprocess.PIPE
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == b"up\n"
    starter.kill()
    starter.wait()
    starter.stdout.close()
    deadline = time.monotonic() + 60
    while list(cluster.processes()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(cluster.processes()) == []
    assert lifecycle.start(cluster) is True


def test_commits_wait_for_the_disk_and_the_application_is_no_superuser(cluster: Cluster) -> None:
    lifecycle.start(cluster)
    with psycopg.connect(cluster.url()) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[index]
            for name in (
                "fsync",
                "synchronous_commit",
                "full_page_writes",
                "data_checksums",
                "listen_addresses",
            )
        }
        superuser = connection.execute(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "listen_addresses": "",
    }
    assert superuser == (False,)


def test_an_unusable_data_directory_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PlainError) as raised:
        lifecycle.start(Cluster.at(tmp_path / "file"))
    assert str(tmp_path / "file") in raised.value.en
    assert "\n" not in raised.value.en


def test_memory_is_shared_out_by_what_there_is(tmp_path: Path) -> None:
    """An eighth of the memory, between 64 MB and 4 GB."""
    for ram_gb, expected in ((0.25, "64MB"), (8, "1024MB"), (24, "3072MB"), (256, "4096MB")):
        assert settings(root=tmp_path, memory_bytes=int(ram_gb * 2**30))["shared_buffers"] == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another user")
def test_root_runs_the_server_as_another_user_even_below_closed_directories(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A clone below /root, which nobody else may enter: neither the data nor PostgreSQL's own programs."""
    closed = Path(
        tempfile.mkdtemp(prefix="regulars-closed-", dir="/root" if os.access("/root", os.W_OK) else None)
    )
    closed.chmod(0o700)
    package = binaries().parents[1]
    shutil.copytree(package / "pginstall18", closed / package.name / "pginstall18")
    shutil.copytree(package.with_suffix(".libs"), closed / package.with_suffix(".libs").name)
    for module in (accounts, lifecycle):
        monkeypatch.setattr(module, "binaries", lambda: closed / package.name / "pginstall18" / "bin")
    cluster = Cluster.at(closed / "data")
    try:
        lifecycle.start(cluster)
        pid = cluster.postmaster_pid()
        assert pid is not None
        assert psutil.Process(pid).uids().real == cluster.pgdata.stat().st_uid != 0
        assert accounts.server_account(cluster).capability in (1, 2)
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n")
        _kill(cluster, "postmaster", random.Random(2))
        lifecycle.start(cluster)
        with psycopg.connect(cluster.url()) as connection:
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (1000,)
    finally:
        lifecycle.stop(cluster)
        shutil.rmtree(closed)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another user")
def test_an_ordinary_user_runs_it_as_herself() -> None:
    home = Path(tempfile.mkdtemp(prefix="regulars-user-"))
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    # she may read this interpreter and package wherever they are, as she might her own
    herself = accounts.Account(nobody.pw_uid, nobody.pw_gid, 2)

    def say(word: str) -> str:
        command = accounts.command_as(herself, Path(sys.executable), "-m", "regulars.project.embedded", word)
        environment = {
            **accounts.server_environment(),
            "REGULARS_DATA": str(home / "data"),
            "HOME": str(home),
        }
        return subprocess.run(
            command, env=environment, cwd=home, check=True, capture_output=True, text=True
        ).stdout

    cluster = Cluster.at(home / "data")
    try:
        assert say("start").strip() == cluster.url()
        pid = cluster.postmaster_pid()
        assert pid is not None
        assert psutil.Process(pid).uids().real == nobody.pw_uid
        say("stop")
        assert cluster.postmaster_pid() is None
    finally:
        lifecycle.stop(cluster)
        shutil.rmtree(home)


class _Vanishing:
    """A child of the cluster that goes while it is being looked at, as any may while its server stops."""

    def __init__(self, cluster: Cluster, answers: int) -> None:
        self.words = [[f"postgres: {cluster.name}: startup "]] * answers

    def status(self) -> str:
        return psutil.STATUS_RUNNING

    def cmdline(self) -> list[str]:
        if not self.words:
            raise psutil.NoSuchProcess(1)
        return self.words.pop()


@pytest.mark.parametrize("answers", range(4))
def test_a_process_may_vanish_while_it_is_looked_at(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, answers: int
) -> None:
    monkeypatch.setattr(psutil, "process_iter", lambda: iter([_Vanishing(cluster, answers)]))
    assert cluster.is_recovering() is (answers > 0)
    assert len(list(cluster.processes())) == (answers > 1)  # whether it is the postmaster is asked first
