"""Door of egress: one request to somebody else's server, guarded.

The name is resolved here, each address is checked, and the connection goes to the very address that was checked: a
name that answers differently the second time gains nothing. Redirects are not followed, proxies of the environment
are not used, answers are read to a limit, and all of it has one deadline.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any

import certifi
import urllib3
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection

from regulars.kit.errors import ErrorList
from regulars.platform.egress import policy
from regulars.platform.egress.policy import Network, Target

__all__ = ["Answer", "Failed", "check_url", "connect", "request"]
_READ = 8192


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is cut at the limit asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    milliseconds: int


class Failed(Exception):
    """No answer. `code`: bad_url, private_address, unresolved, refused, timeout, tls, broken."""

    def __init__(self, code: str, detail: str, milliseconds: int = 0) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail[:300]
        self.milliseconds = milliseconds


class _Watch:
    """Ends a request when its time is over, whatever it waits for: who sends a byte now and then keeps nobody waiting.

    `connected`: the connection stands, so that what fails from then on may have reached the other side.
    """

    def __init__(self, seconds: float) -> None:
        self.is_over = self.connected = False
        self._held: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def hold(self, sock: socket.socket) -> None:
        with self._lock:
            self._held = sock.dup()
            if self.is_over:
                self._shut()

    def release(self) -> None:
        """The request is over: so is its connection, also where nobody read to the end of the answer."""
        self._timer.cancel()
        with self._lock:
            self._shut()
            if self._held is not None:
                self._held.close()
                self._held = None

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            self._shut()

    def _shut(self) -> None:
        if self._held is not None:
            with suppress(OSError):  # it is closed already
                self._held.shutdown(socket.SHUT_RDWR)


class _Watched:
    """A connection that its request's watch can end."""

    def __init__(self, *given: Any, watch: _Watch, **options: Any) -> None:
        super().__init__(*given, **options)
        self.watch = watch

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        self.watch.hold(made)
        return made

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.watch.connected = True


class _Plain(_Watched, HTTPConnection):
    pass


class _Secure(_Watched, HTTPSConnection):
    pass


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


def check_url(*, url: str, field: str, errors: ErrorList) -> None:
    """Add what is wrong with an address that requests shall go to; names are resolved only when one is made."""
    policy.check_url(url, field, errors, networks=_networks())


def _networks() -> tuple[Network, ...]:
    """Those the operator opened, `REGULARS_ALLOWED_NETWORKS`."""
    return _parsed(settings.ALLOWED_NETWORKS)


def request(
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    timeout: float = 15.0,
    limit: int = 65536,
) -> Answer:
    """Send one request and give the answer whatever its status. Raises `Failed` where there is none `timeout` seconds
    after the connection was begun."""
    begun = monotonic()
    try:
        target = policy.target_of(url)
    except (ValueError, UnicodeError) as error:
        raise Failed("bad_url", str(error)) from error
    address = _resolve(target, _networks())
    watch = _Watch(timeout)
    pool = _pool(target, address, timeout, watch)
    try:
        answer = pool.urlopen(
            method,
            target.path,
            body=body or None,
            headers={"Host": target.authority, "User-Agent": "Regulars", **headers},
            redirect=False,
            retries=False,
            preload_content=False,
            assert_same_host=False,
        )
        content = _read(answer, limit, watch)
        return Answer(answer.status, dict(answer.headers), content, _since(begun))
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _failed(error, watch, timeout, _since(begun)) from error
    finally:
        watch.release()
        pool.close()


def _failed(error: Exception, watch: _Watch, timeout: float, milliseconds: int) -> Failed:
    if watch.is_over and watch.connected:
        return Failed("timeout", f"no whole answer within {timeout:g} s", milliseconds)
    if isinstance(error, urllib3.exceptions.SSLError) and not watch.connected:
        return Failed("tls", str(error), milliseconds)
    # refused, or nobody there: nothing was sent
    if isinstance(error, urllib3.exceptions.ConnectTimeoutError) or (watch.is_over and not watch.connected):
        return Failed("refused", "the connection was refused", milliseconds)
    if isinstance(error, (urllib3.exceptions.TimeoutError, TimeoutError)):
        return Failed("timeout", f"no whole answer within {timeout:g} s", milliseconds)
    return Failed("broken", str(error), milliseconds)


def connect(*, host: str, port: int, timeout: float = 15.0) -> socket.socket:
    """A connection for what is not HTTP, to an address that was checked as `request` does. Raises `Failed`."""
    begun = monotonic()
    try:
        name = host if ":" in host else host.encode("idna").decode()
    except UnicodeError as error:
        raise Failed("bad_url", "not a host") from error
    addresses = _resolve_all(Target("tcp", name, port, ""), _networks())
    for last, address in enumerate(addresses, start=1):
        try:
            return socket.create_connection((address, port), timeout=timeout)
        except TimeoutError as error:
            raise Failed("timeout", f"no connection within {timeout:g} s", _since(begun)) from error
        except OSError as error:
            if last == len(addresses):
                raise Failed("refused", "the connection was refused", _since(begun)) from error
    raise Failed("unresolved", f"{host} has no address")


def _pool(target: Target, address: str, timeout: float, watch: _Watch) -> urllib3.HTTPConnectionPool:
    times = urllib3.Timeout(connect=min(5.0, timeout), read=timeout)
    if target.scheme == "http":
        return _PlainPool(address, target.port, timeout=times, maxsize=1, watch=watch)
    return _SecurePool(
        address,
        target.port,
        timeout=times,
        maxsize=1,
        server_hostname=target.host,
        assert_hostname=target.host,
        ca_certs=certifi.where(),
        cert_reqs="CERT_REQUIRED",
        watch=watch,
    )


def _read(answer: urllib3.BaseHTTPResponse, limit: int, watch: _Watch) -> bytes:
    content = b""
    while len(content) < limit:
        part = answer.read1(_READ) if hasattr(answer, "read1") else answer.read(_READ)
        if watch.is_over:
            raise TimeoutError
        if not part:
            break
        content += part
    return content[:limit]


def _resolve(target: Target, allowed: Sequence[Network]) -> str:
    return _resolve_all(target, allowed)[0]


def _resolve_all(target: Target, allowed: Sequence[Network]) -> list[str]:
    """Addresses that may be asked; every one the name has must be allowed, or none is used."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Failed("unresolved", f"{target.host} has no address") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not policy.is_allowed(address, allowed):
            raise Failed("private_address", f"{target.host} leads into a private network")
    return list(dict.fromkeys(addresses))


def _since(begun: float) -> int:
    return round((monotonic() - begun) * 1000)


@lru_cache(maxsize=4)
def _parsed(text: str) -> tuple[Network, ...]:
    return policy.parse_networks(text)
