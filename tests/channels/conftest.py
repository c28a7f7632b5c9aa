"""A receiver of HTTP on this machine, a real SMTP server, a brand, envelopes."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from tests.webhooks.conftest import Receiver, receiver

from regulars.kit.ids import new_id
from regulars.messaging import types

__all__ = ["Receiver", "receiver"]


@dataclass
class Mailbox:
    """What came in. `refuse` says an answer by recipient, behind which it hangs up with `hangs_up`; `drop` closes the
    connection after the text was sent; `last` is what is said to the text before it hangs up."""

    port: int = 0
    ca: str = ""
    got: list[bytes] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    last: str = ""
    hangs_up: bool = False
    users: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return await self._last(server, self.refuse[address]) if self.hangs_up else self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.got.append(envelope.original_content or b"")
        if self.drop:
            server.transport.abort()
        return await self._last(server, self.last) if self.last else "250 OK"

    async def _last(self, server: SMTP, answer: str) -> str:
        """The last words before it hangs up."""
        await server.push(answer)
        server.transport.close()
        return answer

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append((data.login, data.password))
        return AuthResult(success=data.password == b"right")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    place = tmp_path_factory.mktemp("tls")
    key, cert = place / "key.pem", place / "cert.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out",
            str(cert), "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture
def mailbox(settings: Any, certificate: tuple[Path, Path]) -> Iterator[Mailbox]:
    """STARTTLS is required, and signing in after it."""
    settings.ALLOWED_NETWORKS = "127.0.0.0/8, ::1/128"
    box = Mailbox()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, certificate))
    controller = Controller(
        box, hostname="127.0.0.1", port=free_port(), require_starttls=True, tls_context=context,
        auth_required=True, authenticator=box.authenticate, enable_SMTPUTF8=False,
    )  # fmt: skip
    controller.start()
    box.port = controller.port
    box.ca = certificate[0].read_text()
    yield box
    controller.stop()


def envelope(to: str, **more: Any) -> types.Envelope:
    given: dict[str, Any] = {
        "id": new_id(), "brand_id": UUID(int=7), "channel": "email", "language": "zh", "subject": "晨光好礼",
        "body": "您好", "purpose": "marketing", "template": "hello", "version": 3, **more,
    }  # fmt: skip
    return types.Envelope(to=to, **given)
