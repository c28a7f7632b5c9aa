"""A mail server and a provider over HTTP, both real and both unreliable, that remember what reached them."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class MailServer:
    """Takes mail; now and then it says that it cannot just now, before it has taken anything."""

    busy: float = 0.03
    got: Counter[str] = field(default_factory=Counter)
    ids: dict[str, set[str]] = field(default_factory=dict)
    port: int = 0
    choice: random.Random = field(default_factory=lambda: random.Random(5))

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.choice.random() < self.busy:
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message_id = str(message_from_bytes(envelope.content)["Message-ID"])
        for address in envelope.rcpt_tos:
            self.got[address] += 1
            self.ids.setdefault(address, set()).add(message_id)
        return "250 taken"

    def start(self) -> Controller:
        """Gives the running server; `port` is where."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        return controller


@dataclass
class HttpProvider:
    """Fails a tenth, delays a tenth, and of a tenth loses the answer after it has taken the message. Like every
    provider with idempotency keys it sends a message once however often it is handed over: `got` counts what it
    sent, `handed` how often it was asked."""

    got: Counter[str] = field(default_factory=Counter)
    handed: Counter[str] = field(default_factory=Counter)
    choice: random.Random = field(default_factory=lambda: random.Random(7))
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0

    def answer(self, body: bytes, key: str) -> int:
        import json

        member = json.loads(body)["data"]["member_id"]
        with self.lock:
            luck = self.choice.random()
            if luck < 0.1:
                return 503
            again = bool(self.handed[key])
            self.handed[key] += 1
            if not again:
                self.got[member] += 1
        if luck < 0.2:
            return 500
        if luck < 0.3:
            time.sleep(0.05)
        return 200

    def start(self) -> ThreadingHTTPServer:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = provider.answer(body, self.headers["webhook-id"])
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # the other side was killed

        server = Server(("127.0.0.1", 0), Handler)
        self.port = int(server.server_address[1])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server
