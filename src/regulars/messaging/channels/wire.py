"""What adapters have in common: one request to a provider, and what its answer or silence means for a message."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from regulars.kit.text import Text
from regulars.messaging.types import BulkChannel, Delivery
from regulars.messaging.wording import AccountField
from regulars.platform.egress import api as egress

Clock = Callable[[], datetime]
TIMEOUT_SECONDS = 15.0
# The request never reached anybody: it may be made again without a second message.
_NOT_SENT = frozenset({"bad_url", "private_address", "unresolved", "refused", "tls"})
_LATER_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Access:
    """A token that a provider gave for a while."""

    token: str
    seconds: int


class Provider(Protocol):
    """A way to run a channel. `connect` raises `BadSetting` for one that cannot work. Where it `has_token`, `grant`
    asks for an access token; that and `check`, a harmless question, raise `Refused`."""

    code: str
    channel: str
    name: Text
    fields: tuple[AccountField, ...]
    per_second: int | None
    receipts: bool
    has_token: bool

    def connect(self, values: Mapping[str, str], token: str, clock: Clock) -> BulkChannel: ...
    def grant(self, values: Mapping[str, str], clock: Clock) -> Access: ...
    def check(self, values: Mapping[str, str], token: str, clock: Clock) -> None: ...


class Refused(Exception):
    """A provider said no, or nothing. `message` may be shown to staff and holds no secret."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message[:300]


class BadSetting(ValueError):
    """A setting of an account that cannot work, and why, in words for who typed it."""

    def __init__(self, field: str, message: Text) -> None:
        super().__init__(message.en)
        self.field = field
        self.message = message


def call(
    *,
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    method: str = "POST",
    repeatable: bool = False,
) -> dict[str, Any] | Delivery:
    """The provider's JSON answer, or what its lack of one means. `repeatable`: the same message handed over twice is
    one at the provider, so silence is no doubt."""
    try:
        answer = egress.request(method=method, url=url, headers=headers, body=body, timeout=TIMEOUT_SECONDS)
    except egress.Failed as failed:
        sure = failed.code in _NOT_SENT or repeatable
        return Delivery("retry" if sure else "uncertain", error=f"{failed.code}: {failed.detail}"[:300])
    given = {name.lower(): text for name, text in answer.headers.items()}.get("retry-after", "")
    after = float(given) if given.isdecimal() and len(given) < 6 else None
    if answer.status in (429, 503):
        return Delivery("retry", error=f"status {answer.status}", retry_in_seconds=after)
    if answer.status >= 500:
        return Delivery(
            "retry" if repeatable else "uncertain", error=f"status {answer.status}", retry_in_seconds=after
        )
    try:
        found = json.loads(answer.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        if answer.status in (401, 403):
            return not_allowed(f"status {answer.status}")
        said = f"status {answer.status} without an answer"
        if answer.status >= 400:
            return Delivery("failed", error=said, reason="refused")
        return Delivery("uncertain", error=said)
    return {"_status": answer.status, **found}


def not_allowed(said: str) -> Delivery:
    """The account's own fault, which its operator mends: no message is lost by it."""
    return Delivery("retry", error=f"the account was refused: {said}"[:300], retry_in_seconds=_LATER_SECONDS)


def ask(
    *, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"", method: str = "POST"
) -> dict[str, Any]:
    """A question that sends nothing to anybody. Raises `Refused`."""
    found = call(url=url, headers=headers or {}, body=body, method=method, repeatable=True)
    if isinstance(found, Delivery):
        raise Refused("no_answer", found.error)
    return found


def json_body(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
