"""Start, share and stop an embedded cluster, whatever was killed before.

Every process that uses the server holds a shared lock on the file `users`; the last one to leave stops the server.
Starting and stopping are serialised by a lock on the file `lock`. Both locks are the kernel's: they fall when their
holder dies, however it dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from regulars.project.embedded.cluster import DATABASE, ROLE, Cluster, binaries
from regulars.project.embedded.tuning import settings
from regulars.project.plainly import PlainError

_RECOVERY_MAY_TAKE_SECONDS = 1800.0
_FAST_STOP_MAY_TAKE_SECONDS = 60.0
_LOG_KEPT_BYTES = 5_000_000
_SUPERUSER = "postgres"
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_DEMOTE = Path(__file__).with_name("demote.py")


@dataclass(frozen=True, slots=True)
class _Account:
    """The user the server runs as; -1 is the one we are."""

    uid: int
    gid: int
    capability: int = -1


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
        if cluster.postmaster_pid() is not None and _wait_until_ready(cluster, None):
            return False
        account = _account(cluster)
        _clear_remains(cluster)
        if not (cluster.pgdata / "PG_VERSION").exists():
            _create(cluster, account)
        _make_socket_directory(cluster, account)
        server = _launch(cluster, account, dies_with_us=dies_with_us, tuned=tuned or {})
        if not _wait_until_ready(cluster, server):
            raise PlainError(
                zh=f"内置的 PostgreSQL 没有启动成功:{_last_words(cluster)}(日志:{cluster.log})",
                en=f"The embedded PostgreSQL did not start: {_last_words(cluster)} (log: {cluster.log})",
            )
        _ensure_database(cluster)
        return True


def stop(cluster: Cluster) -> bool:
    """Stop the server, cleanly if it lets itself be stopped; False if none ran."""
    if not cluster.root.exists():
        return False
    with _locked(cluster):
        with contextlib.suppress(FileNotFoundError):
            _keep(cluster).unlink()
        pid = cluster.postmaster_pid()
        for number, patience in (
            (signal.SIGINT, _FAST_STOP_MAY_TAKE_SECONDS),
            (signal.SIGQUIT, 10.0),
        ):
            if pid is None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            if _gone(pid, patience):
                break
        _clear_remains(cluster)
        return pid is not None


def is_ready(cluster: Cluster) -> bool:
    """Whether the server answers now."""
    try:
        with psycopg.connect(cluster.url(database=_SUPERUSER, user=_SUPERUSER), connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False


# --- locks and files -------------------------------------------------------------------------------------------


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


def _make_socket_directory(cluster: Cluster, account: _Account) -> None:
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


def _give(path: Path, account: _Account) -> None:
    if account.uid >= 0:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


# --- who runs the server ---------------------------------------------------------------------------------------


def _account(cluster: Cluster) -> _Account:
    """Ourselves; for root the user who owns the cluster already, or one without rights."""
    if os.geteuid() != 0:
        return _Account(-1, -1)
    uid, gid = _unprivileged()
    with contextlib.suppress(FileNotFoundError):
        found = cluster.pgdata.stat()
        if found.st_uid != 0:
            uid, gid = found.st_uid, found.st_gid
    paths = (cluster.root, cluster.socket_directory.parent, binaries())
    reachable = all(_may_enter(path, uid, gid) for path in paths)
    return _Account(uid, gid, -1 if reachable else _passing_right())


def _unprivileged() -> tuple[int, int]:
    """The system user `regulars`, made if that is possible here; otherwise `nobody`."""
    for attempt in (1, 2):
        try:
            entry = pwd.getpwnam("regulars")
            return entry.pw_uid, entry.pw_gid
        except KeyError:
            if attempt == 1 and (useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")):
                words = [
                    useradd,
                    "--system",
                    "--user-group",
                    "--no-create-home",
                    "--home-dir",
                    "/nonexistent",
                ]
                subprocess.run(
                    [*words, "--shell", "/usr/sbin/nologin", "regulars"], check=False, capture_output=True
                )
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def _may_enter(path: Path, uid: int, gid: int) -> bool:
    """Whether the user may pass through every directory down to `path`."""
    for directory in (path, *path.parents):
        try:
            found = directory.stat()
        except FileNotFoundError:
            continue
        bit = stat.S_IXUSR if found.st_uid == uid else stat.S_IXGRP if found.st_gid == gid else stat.S_IXOTH
        if not found.st_mode & bit:
            return False
    return True


def _passing_right() -> int:
    """The smallest right of ours that lets another user pass through closed directories."""
    held = 0
    with contextlib.suppress(OSError, StopIteration, ValueError):
        status = Path("/proc/self/status").read_text().splitlines()
        held = int(next(line for line in status if line.startswith("CapPrm:")).split()[1], 16)
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if held >> capability & 1:
            return capability
    raise PlainError(
        zh="以 root 运行时,数据目录和程序目录必须允许其他用户进入;请换一个目录,或以普通用户运行。",
        en="Run by root, the data directory and the program's directory must be open to other users; "
        "use another directory or run as an ordinary user.",
    )


def _as(account: _Account, program: Path, *arguments: str, death_signal: int = 0) -> list[str]:
    who = [str(account.uid), str(account.gid), str(account.capability), str(death_signal)]
    return [sys.executable, "-I", "-S", str(_DEMOTE), *who, str(program), *arguments]


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "TMPDIR", "TZDIR")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


# --- creating and launching ------------------------------------------------------------------------------------


def _create(cluster: Cluster, account: _Account) -> None:
    """A new cluster, made aside and moved into place whole."""
    fresh = cluster.root / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    _give(fresh, account)
    words = ["-D", str(fresh), "-U", _SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-locale"]
    words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"]
    done = subprocess.run(
        _as(account, binaries() / "initdb", *words),
        capture_output=True,
        text=True,
        env=_environment(),
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


def _launch(
    cluster: Cluster, account: _Account, *, dies_with_us: bool, tuned: dict[str, str]
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
            _as(
                account,
                binaries() / "postgres",
                *words,
                death_signal=int(signal.SIGINT) if dies_with_us and sys.platform == "linux" else 0,
            ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(),
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(log)


def _wait_until_ready(cluster: Cluster, server: subprocess.Popen[bytes] | None) -> bool:
    """Wait until the server answers (a crash recovery may take long); False once its process is gone."""
    begun = time.monotonic()
    pause = 0.02
    while not is_ready(cluster):
        gone = server.poll() is not None if server else cluster.postmaster_pid() is None
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


# --- ending ----------------------------------------------------------------------------------------------------


def _clear_remains(cluster: Cluster) -> None:
    """End what a killed postmaster left behind. Its children hold the shared memory, and a pid file that names a
    process which is no postmaster of this cluster (a reused number, a zombie) would make the next start refuse."""
    remains = list(cluster.processes())
    for process in remains:
        with contextlib.suppress(psutil.Error):
            process.kill()
    _, alive = psutil.wait_procs(remains, timeout=30)
    if not alive:
        with contextlib.suppress(FileNotFoundError):
            (cluster.pgdata / "postmaster.pid").unlink()


def _gone(pid: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            # a child of ours has to be collected; anybody else's is only looked at
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def _last_words(cluster: Cluster) -> str:
    try:
        lines = cluster.log.read_text(errors="replace").strip().splitlines()[-20:]
    except OSError:
        return "?"
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
    return (fatal or lines or ["?"])[-1]
