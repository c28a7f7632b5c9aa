"""A receiver of webhooks on this machine, and the brand of the REST tests on a database that commits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.rest.conftest import noon, shop

__all__ = ["noon", "shop"]


@dataclass
class Receiver:
    """Answers what it is told to, by path: a status, or a function of how often the path was asked."""

    port: int = 0
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    def url(self, path: str = "/in") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def messages(self, path: str = "/in") -> list[tuple[dict[str, str], bytes]]:
        return [(headers, body) for asked, headers, body in self.got if asked == path]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.ALLOWED_NETWORKS = "127.0.0.0/8"
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            answer = made.answers.get(self.path, 204)
            status, headers, content = answer if isinstance(answer, tuple) else (answer, {}, b"")
            if content == b"slow":
                time.sleep(1.5)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *given: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
