"""One request to somebody else's server: whatever it sends, and however slowly, the time for all of it is one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest

from regulars.platform.egress import api as egress

MOST_SECONDS = 60.0


@dataclass
class Dripping:
    """Says its first words at once and then a byte now and then, until it is left or has sent all."""

    port: int = 0
    gave_up: threading.Event = field(default_factory=threading.Event)
    sent_all: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@contextmanager
def dripping(first: bytes, byte: bytes, last: bytes) -> Iterator[Dripping]:
    made = Dripping()
    listening = socket.create_server(("127.0.0.1", 0))
    made.port = listening.getsockname()[1]

    def serve() -> None:
        with suppress(OSError):
            one, _ = listening.accept()
            with one:
                one.recv(65536)
                try:
                    one.sendall(first)
                    for _ in range(int(MOST_SECONDS / 0.05)):
                        if made.gave_up.wait(0.05):
                            return
                        one.sendall(byte)
                    one.sendall(last)
                    made.sent_all.set()
                except OSError:
                    made.gave_up.set()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield made
    finally:
        made.gave_up.set()
        listening.close()


@pytest.mark.parametrize(
    ("first", "byte", "last"),
    [
        (b"", b"H", b"TTP/1.1 200 OK\r\n\r\n"),  # a status line without an end
        (b"HTTP/1.1 200 OK\r\nX: ", b"x", b"\r\nContent-Length: 0\r\n\r\n"),  # a header without an end
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x", b""),  # words without an end
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x", b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", b"0\r\n\r\n"),
    ],
)
def test_who_sends_a_byte_now_and_then_is_left_when_the_time_is_over(
    settings: object, first: bytes, byte: bytes, last: bytes
) -> None:
    settings.ALLOWED_NETWORKS = "127.0.0.0/8"  # type: ignore[attr-defined]
    with dripping(first, byte, last) as server:
        with pytest.raises(egress.Failed) as failed:
            egress.request(method="POST", url=server.url, headers={}, body=b"{}", timeout=0.5)
        assert failed.value.code == "timeout"
        assert server.gave_up.wait(MOST_SECONDS) and not server.sent_all.is_set()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 b'ok'"),
        (b"HTTP/1.1 200 OK\r\n\r\nok", "200 b'ok'"),  # words that end with the connection
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "broken"),
        (b"", "broken"),
        (b"no such protocol\r\n\r\n", "broken"),
    ],
)
def test_who_hangs_up_in_time_has_said_what_was_said(settings: object, answer: bytes, expected: str) -> None:
    settings.ALLOWED_NETWORKS = "127.0.0.0/8"  # type: ignore[attr-defined]
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        one, _ = listening.accept()
        with one:
            one.recv(65536)
            one.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    try:
        found = said(lambda: egress.request(method="POST", url=url, headers={}, body=b"{}", timeout=30.0))
    finally:
        listening.close()
    assert found == expected


def test_where_nobody_listens_nothing_was_sent(settings: object) -> None:
    settings.ALLOWED_NETWORKS = "127.0.0.0/8"  # type: ignore[attr-defined]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    assert said(lambda: egress.request(method="POST", url=url, headers={}, timeout=30.0)) == "refused"


def said(ask: Callable[[], egress.Answer]) -> str:
    try:
        answer = ask()
    except egress.Failed as failed:
        return failed.code
    return f"{answer.status} {answer.body!r}"
