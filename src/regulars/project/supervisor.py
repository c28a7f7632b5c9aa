"""What `regulars serve` does: the embedded database, migrations, web and worker, each brought back when it dies.

The supervisor itself loads no Django. Its children are in sessions of their own, so that Ctrl-C reaches only the
supervisor, which then stops them in order: web, worker, database. Should it be killed itself, the kernel ends them.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from regulars.project.database import data_directory, demo_note, is_embedded
from regulars.project.embedded import lifecycle
from regulars.project.embedded.cluster import Cluster
from regulars.project.opening import require_reachable
from regulars.project.parentage import ending_with_parent
from regulars.project.plainly import PlainError, say

_TICK_SECONDS = 0.2
_WEB_MAY_TAKE_SECONDS = 90.0
_CHILD_MAY_TAKE_TO_STOP_SECONDS = 8.0
_LONGEST_BACKOFF_SECONDS = 10.0
_STEADY_AFTER_SECONDS = 30.0


class _Stop(Exception):
    """Somebody asked us to stop."""


@dataclass(slots=True)
class _Child:
    """One kept process and when to start it again."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    not_before: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(
            ending_with_parent(self.command), stdin=subprocess.DEVNULL, start_new_session=True
        )
        self.started_at = time.monotonic()

    def tend(self) -> None:
        """Start it again when it has died, later and later if it keeps dying."""
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                if now - self.started_at > _STEADY_AFTER_SECONDS:
                    self.failures = 0
                return
            self.process = None
            backoff = min(_LONGEST_BACKOFF_SECONDS, 0.25 * 2**self.failures) if self.failures else 0.0
            self.failures += 1
            self.not_before = now + backoff
            _tell(
                zh=f"{self.name} 进程意外结束({code}),正在重新启动。",
                en=f"The {self.name} process ended ({code}); starting it again.",
            )
        if now >= self.not_before:
            self.start()

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_until_stopped(self) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(_CHILD_MAY_TAKE_TO_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass(slots=True)
class Supervisor:
    """`host` and `port` to listen on; `demo`: fill the demo brand first; `web` and `worker`: which of them to run."""

    host: str
    port: int
    demo: bool = False
    demo_options: list[str] = field(default_factory=list)
    web: bool = True
    worker: bool = True
    _children: list[_Child] = field(default_factory=list)
    _running: subprocess.Popen[bytes] | None = None
    _database_not_before: float = 0.0

    def run(self) -> None:
        """Start everything, keep it up, and return when asked to stop, with everything stopped."""
        require_free_port(self.host, self.port)
        data = data_directory()
        os.environ["REGULARS_DATA"] = str(data)
        os.environ["HOST"], os.environ["PORT"] = self.host, str(self.port)
        os.environ["REGULARS_STATIC_ROOT"] = str(data / "static")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _raise_stop)
        try:
            with _alone(data), self._database():
                try:
                    self._prepare()
                    self._start_children()
                    self._announce()
                    self._keep()
                finally:
                    self._stop_children()
        except _Stop:
            _tell(zh="已停止。", en="Stopped.")

    @contextlib.contextmanager
    def _database(self) -> Iterator[None]:
        if not is_embedded():
            require_reachable(os.environ["DATABASE_URL"])
            yield
            return
        with lifecycle.using(Cluster.at(data_directory())):
            yield

    def _prepare(self) -> None:
        self._call("migrate", "--quiet")
        if self.demo:
            self._call("demo", "--if-empty", *self.demo_options)

    def _call(self, *words: str) -> None:
        """Run one of our commands to its end; its own sentence stands when it refuses."""
        self._running = subprocess.Popen(ending_with_parent(_command(*words)), start_new_session=True)
        try:
            while (code := self._running.poll()) is None:
                time.sleep(_TICK_SECONDS / 4)
                self._tend_database()
        except _Stop:
            self._running.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._running.wait(_CHILD_MAY_TAKE_TO_STOP_SECONDS)
            if self._running.poll() is None:
                self._running.kill()
                self._running.wait()
            raise
        if code != 0:
            raise PlainError(
                zh=f"“regulars {words[0]}”没有成功,未启动服务。",
                en=f"'regulars {words[0]}' did not succeed; nothing was started.",
                exit_code=code if code > 0 else 1,
            )

    def _start_children(self) -> None:
        if self.web:
            self._children.append(_Child("web", [sys.executable, "-m", "regulars.project.web"]))
        if self.worker:
            self._children.append(_Child("worker", _command("worker", "--supervised")))
        for child in self._children:
            child.start()
        deadline = time.monotonic() + _WEB_MAY_TAKE_SECONDS
        while self.web and not is_healthy(self.host, self.port):
            if time.monotonic() > deadline or any(child.failures > 3 for child in self._children):
                raise PlainError(
                    zh="网站没有启动成功;上面的输出说明了原因。",
                    en="The web server did not come up; the output above says why.",
                )
            self._tend()
            time.sleep(0.05)

    def _keep(self) -> None:
        while True:
            time.sleep(_TICK_SECONDS)
            self._tend()

    def _tend(self) -> None:
        self._tend_database()
        for child in self._children:
            child.tend()

    def _tend_database(self) -> None:
        if not is_embedded():
            return
        cluster = Cluster.at(data_directory())
        if cluster.may_be_running() or time.monotonic() < self._database_not_before:
            return
        _tell(zh="数据库进程意外结束,正在重新启动。", en="The database process ended; starting it again.")
        try:
            lifecycle.start(cluster, dies_with_us=True)
        except PlainError as refusal:
            # killed once more while it came up, or a full disk: say so and go on trying
            print(refusal, flush=True)
            self._database_not_before = time.monotonic() + 2.0

    def _stop_children(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.wait_until_stopped()

    def _announce(self) -> None:
        base = os.environ.get("REGULARS_PUBLIC_URL") or f"http://{_shown(self.host)}:{self.port}"
        _tell(
            zh="\n常客已就绪。\n",
            en="\nRegulars is ready.\n",
        )
        if self.web:
            print(f"  {say(zh='控制台', en='console ')}  {base}/console/")
            print(f"  {say(zh='接口文档', en='API docs')}  {base}/api/docs")
        try:
            print(demo_note().read_text(encoding="utf-8").replace("{base}", base).rstrip())
        except FileNotFoundError:
            _tell(
                zh="  第一个员工账号：regulars createstaff；演示品牌：regulars demo",
                en="  the first staff account: regulars createstaff; a demo brand: regulars demo",
            )
        _tell(zh="\n按 Ctrl-C 停止。", en="\nCtrl-C stops it.")


def require_free_port(host: str, port: int) -> None:
    """Raise PlainError when somebody listens there already, or when we may not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except PermissionError:
            raise PlainError(
                zh=f"没有权限监听端口 {port};请用 PORT 指定 1024 以上的端口。",
                en=f"Port {port} may not be used without rights; set PORT to one above 1024.",
            ) from None
        except OSError:
            raise PlainError(
                zh=f"端口 {port} 已被占用;请停止占用它的程序,或用 PORT 指定另一个端口。",
                en=f"Port {port} is in use; stop the program that uses it, or set PORT to another.",
            ) from None


def is_healthy(host: str, port: int) -> bool:
    """Whether the web server answers and reaches the database."""
    connection = http.client.HTTPConnection(_shown(host), port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _shown(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 it is only compared


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "regulars.surfaces.cli.main", *words]


def _tell(*, zh: str, en: str) -> None:
    print(say(zh=zh, en=en), flush=True)


def _raise_stop(number: int, frame: FrameType | None) -> None:
    raise _Stop


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Only one supervisor works on a data directory."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        handle = os.open(data / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        raise PlainError(
            zh=f"无法写入数据目录 {data};请检查权限,或用 REGULARS_DATA 指定另一个目录。",
            en=f"The data directory {data} cannot be written; check its permissions or set REGULARS_DATA to another.",
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PlainError(
                zh=f"另一个 regulars serve 正在使用数据目录 {data}。",
                en=f"Another regulars serve uses the data directory {data}.",
            ) from None
        yield
    finally:
        os.close(handle)
