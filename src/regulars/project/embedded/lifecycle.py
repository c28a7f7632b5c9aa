"""Start, share and stop an embedded cluster, whatever was killed before.

Every process that uses the server holds a shared lock on the file `users`; the last one to leave stops the server.
Starting and stopping are serialised by a lock on the file `lock`. Both locks are the kernel's: they fall when their
holder dies, however it dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from regulars.project.embedded.accounts import Account, command_as, server_account, server_environment
from regulars.project.embedded.cluster import DATABASE, PORT, ROLE, Cluster, binaries
from regulars.project.embedded.tuning import settings
from regulars.project.plainly import PlainError

_RECOVERY_MAY_TAKE_SECONDS = 1800.0
_FAST_STOP_MAY_TAKE_SECONDS = 60.0
_DYING_MAY_TAKE_SECONDS = 30.0
_LOG_KEPT_BYTES = 5_000_000
_SUPERUSER = "postgres"


@contextlib.contextmanager
def using(
    cluster: Cluster, *, dies_with_us: bool = True, tuned: dict[str, str] | None = None
) -> Iterator[Cluster]:
    """The cluster, running; started if it did not, and stopped by the last of its users to leave.

    `dies_with_us`: a server started here is told to stop when this process dies without a word. `tuned`: server
    settings that differ from `tuning.settings`.
    """
    _make_root(cluster)
    users = _open(cluster.root / "users")
    try:
        fcntl.flock(users, fcntl.LOCK_SH)
        start(cluster, dies_with_us=dies_with_us, tuned=tuned)
        yield cluster
    finally:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            if not _keep(cluster).exists():
                stop(cluster)
        finally:
            os.close(users)


def start(
    cluster: Cluster,
    *,
    dies_with_us: bool = False,
    keep: bool = False,
    tuned: dict[str, str] | None = None,
) -> bool:
    """Bring the server up and wait until it answers; False if it already did.

    `keep`: leave it running when its last user has gone, until `stop`. Raises PlainError with the server's own last
    words if it does not come up.
    """
    _make_root(cluster)
    with _locked(cluster):
        if keep:
            _keep(cluster).touch()
        running = cluster.postmaster_pid()
        if running is not None:
            if not cluster.is_stopping() and _wait_until_ready(cluster, None):
                return False
            _end(cluster, running)
        account = server_account(cluster)
        _clear_remains(cluster)
        if not (cluster.pgdata / "PG_VERSION").exists():
            _create(cluster, account)
        _make_socket_directory(cluster, account)
        _bring_up(cluster, account, dies_with_us=dies_with_us, tuned=tuned or {})
        try:
            _ensure_database(cluster)
        except psycopg.OperationalError as lost:
            raise PlainError(
                zh="内置的 PostgreSQL 刚启动又意外结束。",
                en="The embedded PostgreSQL ended just after it came up.",
            ) from lost
        return True


def stop(cluster: Cluster) -> bool:
    """Stop the server, cleanly if it lets itself be stopped; False if none ran."""
    if not cluster.root.exists():
        return False
    with _locked(cluster):
        with contextlib.suppress(FileNotFoundError):
            _keep(cluster).unlink()
        pid = cluster.postmaster_pid()
        if pid is not None:
            _end(cluster, pid)
        _clear_remains(cluster)
        return pid is not None


def is_ready(cluster: Cluster) -> bool:
    """Whether the server answers now."""
    try:
        with psycopg.connect(cluster.url(database=_SUPERUSER, user=_SUPERUSER), connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False


def _keep(cluster: Cluster) -> Path:
    return cluster.root / "keep"


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextlib.contextmanager
def _locked(cluster: Cluster) -> Iterator[None]:
    handle = _open(cluster.root / "lock")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make_root(cluster: Cluster) -> None:
    try:
        cluster.root.mkdir(parents=True, exist_ok=True)
        if not os.access(cluster.root, os.W_OK | os.X_OK):
            raise PermissionError
    except OSError:
        raise PlainError(
            zh=f"无法写入数据目录 {cluster.root.parent};请检查权限,或用 REGULARS_DATA 指定另一个目录。",
            en=f"The data directory {cluster.root.parent} cannot be written; "
            "check its permissions or set REGULARS_DATA to another.",
        ) from None


def _make_socket_directory(cluster: Cluster, account: Account) -> None:
    directory = cluster.socket_directory
    owner = account.uid if account.uid >= 0 else os.geteuid()
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)
        _give(directory, account)
    found = directory.lstat()
    # Another user's directory, or a link, under /tmp would let that user stand between us and the server.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, 0 if os.geteuid() == 0 else owner):
        raise PlainError(
            zh=f"{directory} 属于别的用户,无法用作数据库套接字目录;请把 REGULARS_DATA 设为较短的路径。",
            en=f"{directory} belongs to another user and cannot hold the database's socket; "
            "set REGULARS_DATA to a shorter path.",
        )
    _give(directory, account)
    directory.chmod(0o700)


def _give(path: Path, account: Account) -> None:
    if account.uid >= 0:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _create(cluster: Cluster, account: Account) -> None:
    """A new cluster, made aside and moved into place whole."""
    fresh = cluster.root / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    _give(fresh, account)
    words = ["-D", str(fresh), "-U", _SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-locale"]
    words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"]
    done = subprocess.run(
        command_as(account, binaries() / "initdb", *words),
        capture_output=True,
        text=True,
        env=server_environment(),
        cwd="/",
        check=False,
    )
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        said = (done.stderr.strip().splitlines() or ["initdb"])[-1]
        raise PlainError(
            zh=f"无法创建内置数据库:{said}", en=f"The embedded database could not be created: {said}"
        )
    fresh.rename(cluster.pgdata)


def _bring_up(cluster: Cluster, account: Account, *, dies_with_us: bool, tuned: dict[str, str]) -> None:
    """Launch the server and wait for it. A killed process keeps its shared memory for a moment after it has become
    invisible (its command line is gone before its memory is), so a server that finds it in use is tried again."""
    deadline = time.monotonic() + _DYING_MAY_TAKE_SECONDS
    while True:
        server = _launch(cluster, account, dies_with_us=dies_with_us, tuned=tuned)
        if _wait_until_ready(cluster, server):
            return
        said = _last_words(cluster, server.pid)
        if "pre-existing shared memory block" not in said or time.monotonic() > deadline:
            raise PlainError(
                zh=f"内置的 PostgreSQL 没有启动成功:{said}(日志:{cluster.log})",
                en=f"The embedded PostgreSQL did not start: {said} (log: {cluster.log})",
            )
        time.sleep(0.1)
        _clear_remains(cluster)


def _launch(
    cluster: Cluster, account: Account, *, dies_with_us: bool, tuned: dict[str, str]
) -> subprocess.Popen[bytes]:
    words = ["-D", str(cluster.pgdata), "-c", f"cluster_name={cluster.name}"]
    words += [
        "-c",
        f"unix_socket_directories={cluster.socket_directory}",
        "-c",
        "unix_socket_permissions=0700",
    ]
    for name, value in (settings(root=cluster.root) | tuned).items():
        words += ["-c", f"{name}={value}"]
    with contextlib.suppress(FileNotFoundError):
        if cluster.log.stat().st_size > _LOG_KEPT_BYTES:
            cluster.log.replace(cluster.log.with_name("log.1"))
    log = os.open(cluster.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            command_as(
                account,
                binaries() / "postgres",
                *words,
                death_signal=int(signal.SIGINT) if dies_with_us and sys.platform == "linux" else 0,
            ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=server_environment(),
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(log)


def _wait_until_ready(cluster: Cluster, server: subprocess.Popen[bytes] | None) -> bool:
    """Wait until the server answers (a crash recovery may take long); False once it is gone or going."""
    begun = time.monotonic()
    pause = 0.02
    while not is_ready(cluster):
        if server:
            gone = server.poll() is not None
        else:
            gone = cluster.postmaster_pid() is None or cluster.is_stopping()
        if gone or time.monotonic() - begun > _RECOVERY_MAY_TAKE_SECONDS:
            return False
        time.sleep(pause)
        pause = min(pause * 1.3, 0.25)
    return True


def _ensure_database(cluster: Cluster) -> None:
    """The application's role, which is no superuser, and its database."""
    with psycopg.connect(cluster.url(database=_SUPERUSER, user=_SUPERUSER), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(ROLE)))
            connection.execute(sql.SQL("GRANT pg_monitor TO {}").format(sql.Identifier(ROLE)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            names = sql.Identifier(DATABASE), sql.Identifier(ROLE)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*names))


def _clear_remains(cluster: Cluster) -> None:
    """End what a killed postmaster left behind. Its children hold the shared memory, and a lock file that names a
    process which is no postmaster of this cluster (a reused number, a zombie) would make the next start refuse."""
    remains = list(cluster.processes())
    for process in remains:
        with contextlib.suppress(psutil.Error):
            process.kill()
    _, alive = psutil.wait_procs(remains, timeout=30)
    if alive:
        return
    socket = cluster.socket_directory / f".s.PGSQL.{PORT}"
    for left in (cluster.pgdata / "postmaster.pid", socket, socket.with_name(f"{socket.name}.lock")):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            left.unlink()


def _end(cluster: Cluster, pid: int) -> None:
    """Stop the postmaster: cleanly, with a last checkpoint, unless it is recovering from a crash. Asked to stop then,
    PostgreSQL 18 can wait for ever; stopped at once it loses nothing, since the log it recovers from stays."""
    begun = time.monotonic()
    number = signal.SIGINT if is_ready(cluster) or cluster.is_stopping() else signal.SIGQUIT
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        while not _gone(pid):
            waited = time.monotonic() - begun
            if number == signal.SIGINT and (
                waited > _FAST_STOP_MAY_TAKE_SECONDS or (waited > 0.5 and cluster.is_recovering())
            ):
                number = signal.SIGQUIT
                os.kill(pid, number)
            elif waited > _FAST_STOP_MAY_TAKE_SECONDS + 10:
                return
            time.sleep(0.02)


def _gone(pid: int) -> bool:
    try:
        # a child of ours has to be collected; anybody else's is only looked at
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _last_words(cluster: Cluster, pid: int) -> str:
    """What that server process wrote last, its fatal line if there is one."""
    try:
        lines = cluster.log.read_text(errors="replace").strip().splitlines()[-50:]
    except OSError:
        return "?"
    own = [line for line in lines if f"[{pid}]" in line]
    fatal = [line for line in own if "FATAL" in line or "PANIC" in line]
    return (fatal or own or lines or ["?"])[-1]
