"""Which user the server runs as. PostgreSQL refuses root, so root's server runs as a user without rights."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from regulars.project.embedded.cluster import Cluster, binaries
from regulars.project.plainly import PlainError

_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH, _CAP_SETPCAP = 1, 2, 8
_DEMOTE = Path(__file__).with_name("demote.py")


@dataclass(frozen=True, slots=True)
class Account:
    """The user the server runs as; -1 is the one we are."""

    uid: int
    gid: int
    capability: int = -1


def server_account(cluster: Cluster) -> Account:
    """Ourselves; for root the user who owns the cluster already, or one without rights."""
    if os.geteuid() != 0:
        return Account(-1, -1)
    uid, gid = _unprivileged()
    with contextlib.suppress(FileNotFoundError):
        found = cluster.pgdata.stat()
        if found.st_uid != 0:
            uid, gid = found.st_uid, found.st_gid
    paths = (cluster.root, cluster.socket_directory.parent, binaries())
    reachable = all(_may_enter(path, uid, gid) for path in paths)
    return Account(uid, gid, -1 if reachable else _passing_right())


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
        if held >> capability & 1 and held >> _CAP_SETPCAP & 1:
            return capability
    raise PlainError(
        zh="以 root 运行时,数据目录和程序目录必须允许其他用户进入;请换一个目录,或以普通用户运行。",
        en="Run by root, the data directory and the program's directory must be open to other users; "
        "use another directory or run as an ordinary user.",
    )


def command_as(account: Account, program: Path, *arguments: str, death_signal: int = 0) -> list[str]:
    """The command line that starts `program` as the account."""
    who = [str(account.uid), str(account.gid), str(account.capability), str(death_signal), str(os.getpid())]
    return [sys.executable, "-I", "-S", str(_DEMOTE), *who, str(program), *arguments]


def server_environment() -> dict[str, str]:
    """What of our environment the server gets to see."""
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "TMPDIR", "TZDIR")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}
