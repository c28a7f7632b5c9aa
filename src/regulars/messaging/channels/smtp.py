"""E-mail by SMTP (RFC 5321), TLS or STARTTLS (RFC 3207), one-click unsubscribe (RFC 8058).

Connections go through `platform.egress`. A message is built by the standard library's policy, which refuses line
breaks in headers; what comes from members or templates is put on one line before.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from html.parser import HTMLParser
from typing import Any

import certifi

from regulars.kit.text import Text
from regulars.messaging.channels.wire import Access, BadSetting, Clock, Refused
from regulars.messaging.types import BulkChannel, Delivery, Envelope
from regulars.messaging.wording import AccountField
from regulars.platform.egress import api as egress

_TIMEOUT = 20.0
_BAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
# The status (RFC 3463) that a reply begins with; numbers in the words behind it are addresses of hosts, as like as not.
_STATUS = re.compile(r"[#\[(]?(5\.\d{1,3}\.\d{1,3})(?![\d.])")


class _Client(smtplib.SMTP):
    """Connects to the address that egress has checked, and to none else."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return egress.connect(host=host, port=port, timeout=timeout)


class _TlsClient(smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = egress.connect(host=host, port=port, timeout=timeout)
        return self.context.wrap_socket(plain, server_hostname=host)


@dataclass(frozen=True, slots=True)
class _Smtp:
    """One connection for a batch. A message whose fate the server did not say is in doubt, not lost."""

    values: Mapping[str, str]
    clock: Clock
    is_local = False
    is_idempotent = False
    batch = 50

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        done: list[Delivery] = []
        client: smtplib.SMTP | None = None
        try:
            for envelope in envelopes:
                if client is None:
                    try:
                        client = connect(self.values)
                    except Refused as refused:
                        rest = len(envelopes) - len(done)
                        return [*done, *[Delivery("retry", error=str(refused), retry_in_seconds=60.0)] * rest]
                outcome, alive = self._one(client, envelope)
                done.append(outcome)
                if not alive:
                    _close(client)
                    client = None
        finally:
            if client is not None:
                _close(client)
        return done

    def _one(self, client: smtplib.SMTP, envelope: Envelope) -> tuple[Delivery, bool]:
        """The outcome, and whether the connection is good for another."""
        try:
            message = build(envelope, self.values, self.clock)
        except (ValueError, IndexError) as error:
            return Delivery("failed", error=f"not a mail: {error}"[:300], reason="bad_address"), True
        said = of_her = False
        try:
            code, reply = client.mail(self.values["from"])
            if code == 250:
                of_her = True
                code, reply = client.rcpt(envelope.to)
                if code in (250, 251):
                    said = True
                    code, reply = client.data(message)
            if code == 250:
                return Delivery("sent", reference=message_id(envelope, self.values)), True
            return _refused(code, reply, of_her=of_her), _is_good(client)
        except smtplib.SMTPDataError as error:
            return _refused(error.smtp_code, error.smtp_error, of_her=True), _is_good(client)
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            state = "uncertain" if said else "retry"
            return Delivery(state, error=f"{type(error).__name__} during the talk"), False  # type: ignore[arg-type]


class SmtpProvider:
    code: str = "smtp"
    channel: str = "email"
    name: Text = Text("SMTP 邮件", "SMTP mail")
    per_second: int | None = 20
    receipts: bool = True
    has_token: bool = False
    fields: tuple[AccountField, ...] = (
        AccountField("host", Text("服务器", "Server"), required=True),
        AccountField("port", Text("端口", "Port"), required=True, default="465"),
        AccountField(
            "security", Text("加密", "Encryption"), required=True, default="tls",
            choices=(
                ("tls", Text("TLS（465）", "TLS (465)")),
                ("starttls", Text("STARTTLS（587）", "STARTTLS (587)")),
                ("none", Text("不加密（仅内网）", "None (own network only)")),
            ),
        ),
        AccountField("user", Text("用户名", "User")),
        AccountField("password", Text("密码", "Password"), secret=True),
        AccountField("from", Text("发件地址", "From address"), required=True),
        AccountField("from_name", Text("发件人名称", "From name")),
        AccountField("reply_to", Text("回复地址", "Reply-to address")),
        AccountField(
            "ca", Text("自有 CA 证书（PEM）", "Own CA certificate (PEM)"), multiline=True,
            help=Text("使用企业自签证书时填写", "For servers with a certificate of your own authority"),
        ),
    )  # fmt: skip

    def connect(self, values: Mapping[str, str], token: str, clock: Clock) -> BulkChannel:
        if not values["port"].isdecimal() or not 0 < int(values["port"]) < 65536:
            raise BadSetting("port", Text("端口为 1–65535", "A port is 1 to 65535"))
        for field in ("from", "reply_to"):
            if values.get(field):
                try:
                    _address(values[field])
                except ValueError:
                    raise BadSetting(field, Text("这不是邮箱地址", "This is not an e-mail address")) from None
        for field in ("from_name", "host"):
            if any(ord(sign) < 32 for sign in values.get(field, "")):
                raise BadSetting(field, Text("不能包含控制字符", "Control characters cannot be used here"))
        if values.get("ca"):
            try:
                _context(values)
            except (ssl.SSLError, ValueError):
                raise BadSetting(
                    "ca", Text("这不是 PEM 格式的证书", "This is not a certificate in PEM")
                ) from None
        if values["security"] == "none" and values.get("password"):
            raise BadSetting(
                "security", Text("不加密时不会发送密码", "A password is not sent without encryption")
            )
        return _Smtp(values, clock)

    def grant(self, values: Mapping[str, str], clock: Clock) -> Access:
        raise Refused("no_token")

    def check(self, values: Mapping[str, str], token: str, clock: Clock) -> None:
        client = connect(values)
        try:
            code, reply = client.noop()
            if code != 250:
                raise Refused(f"smtp_{code}", _plain(reply))
        except (smtplib.SMTPException, OSError) as error:
            raise Refused("smtp", type(error).__name__) from error
        finally:
            _close(client)


def connect(values: Mapping[str, str]) -> smtplib.SMTP:
    """A connection that is encrypted and signed in as the account says. Raises `Refused`."""
    host, port = values["host"], int(values["port"])
    domain = values["from"].rpartition("@")[2]
    try:
        client: smtplib.SMTP
        if values["security"] == "tls":
            client = _TlsClient(host, port, local_hostname=domain, timeout=_TIMEOUT, context=_context(values))
        else:
            client = _Client(host, port, local_hostname=domain, timeout=_TIMEOUT)
            if values["security"] == "starttls":
                client.starttls(context=_context(values))
        client.ehlo_or_helo_if_needed()
        if values.get("user"):
            client.login(values["user"], values.get("password", ""))
        return client
    except egress.Failed as failed:
        raise Refused(failed.code, failed.detail) from failed
    except smtplib.SMTPAuthenticationError as error:
        raise Refused("not_signed_in", f"{error.smtp_code}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise Refused("smtp", type(error).__name__) from error


def build(envelope: Envelope, values: Mapping[str, str], clock: Clock) -> bytes:
    """The message on the wire. Raises ValueError for an address that is none."""
    message = EmailMessage(policy=WIRE)
    message["From"] = Address(values.get("from_name", ""), addr_spec=_address(values["from"]))
    message["To"] = Address(addr_spec=_address(envelope.to))
    message["Subject"] = envelope.subject
    message["Message-ID"] = message_id(envelope, values)
    message["Date"] = format_datetime(clock())
    if values.get("reply_to"):
        message["Reply-To"] = Address(addr_spec=_address(values["reply_to"]))
    way_out = str(envelope.extra.get("unsubscribe", ""))
    if way_out:
        message["List-Unsubscribe"] = f"<{way_out}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    html = str(envelope.extra.get("html", ""))
    message.set_content(envelope.body or text_of(html), cte="base64" if not envelope.body.isascii() else None)
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def message_id(envelope: Envelope, values: Mapping[str, str]) -> str:
    """The same however often a message is tried, so that a second copy is known for one."""
    return f"<{envelope.id}@{values['from'].rpartition('@')[2]}>"


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("style", "head", "script")
        if tag in ("p", "br", "div", "tr", "li", "h1", "h2", "h3"):
            self.said.append("\n")
        href = dict(attrs).get("href") if tag == "a" else None
        if href:
            self.said.append(f" {href} ")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("style", "head", "script")

    def handle_data(self, data: str) -> None:
        if self.silent <= 0:
            self.said.append(" ".join(data.split()))


def text_of(html: str) -> str:
    """The words of a page, for readers that show no HTML."""
    words = _Words()
    words.feed(html)
    lines = [line.strip() for line in "".join(words.said).splitlines()]
    return "\n".join(line for line in lines if line) + "\n"


def _address(text: str) -> str:
    """Raises ValueError for what is no plain address."""
    local, at, domain = text.rpartition("@")
    if (
        not at
        or not local
        or not domain
        or len(text) > 254
        or any(ord(c) <= 32 or c in '<>()[]\\,;:"' for c in text)
    ):
        raise ValueError("not an e-mail address")
    return text


def _context(values: Mapping[str, str]) -> ssl.SSLContext:
    own = values.get("ca", "")
    return (
        ssl.create_default_context(cadata=own) if own else ssl.create_default_context(cafile=certifi.where())
    )


def _is_good(client: smtplib.SMTP) -> bool:
    """Whether a connection is good for another message; a server may hang up after a no, which stays what it said."""
    try:
        return client.rset()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _refused(code: int, reply: Any, *, of_her: bool) -> Delivery:
    """What a no means. `of_her`: the sender was accepted, so that it is about her address or the words."""
    text = _plain(reply)
    said = f"{code} {text}"
    if 400 <= code < 500:
        return Delivery("retry", error=said, retry_in_seconds=300.0 if code in (450, 451, 452) else None)
    status = _STATUS.match(text)
    unknown = of_her and status is not None and status[1] in _BAD_ADDRESS
    return Delivery("failed", error=said, reason="bad_address" if unknown else "refused")


def _plain(reply: Any) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    return " ".join(text.split())[:200]


def _close(client: smtplib.SMTP) -> None:
    with suppress(smtplib.SMTPException, OSError):
        client.quit()
    client.close()
