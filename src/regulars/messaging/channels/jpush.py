"""App push by JPush (REST API v3): one device by its registration id."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars.kit.text import Text
from regulars.messaging.channels import wire
from regulars.messaging.channels.wire import Access, Clock, Refused
from regulars.messaging.types import BulkChannel, Delivery, Envelope
from regulars.messaging.wording import AccountField

HOST = "https://api.jpush.cn"
_BAD_ADDRESS = frozenset({1011})  # no device of this audience
_LATER = frozenset({1000, 1004, 1005, 1020, 2002})


@dataclass(frozen=True, slots=True)
class _JPush:
    values: Mapping[str, str]
    is_local = False
    is_idempotent = False
    batch = 10

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        return [self._one(envelope) for envelope in envelopes]

    def _one(self, envelope: Envelope) -> Delivery:
        extras = {"send": str(envelope.id), "url": str(envelope.extra.get("url", ""))}
        body = {
            "platform": "all",
            "audience": {"registration_id": [envelope.to]},
            "notification": {
                "android": {"alert": envelope.body, "title": envelope.subject, "extras": extras},
                "ios": {"alert": {"title": envelope.subject, "body": envelope.body}, "extras": extras},
            },
            "options": {
                "time_to_live": 86400,
                "apns_production": self.values.get("apns") != "development",
            },
        }
        found = self.call("/v3/push", body)
        if isinstance(found, Delivery):
            return found
        if "error" not in found:
            return Delivery("sent", reference=str(found.get("msg_id", "")))
        error = found["error"] if isinstance(found["error"], dict) else {}
        code, said = int(error.get("code", 0)), f"{error.get('code')}: {error.get('message', '')}"[:300]
        if code in _BAD_ADDRESS:
            return Delivery("failed", error=said, reason="bad_address")
        if code in _LATER:
            return Delivery("retry", error=said, retry_in_seconds=60.0)
        return Delivery("failed", error=said, reason="refused")

    def call(self, path: str, body: Mapping[str, object]) -> dict[str, object] | Delivery:
        host = (self.values.get("endpoint") or HOST).rstrip("/")
        pair = base64.b64encode(f"{self.values['key']}:{self.values['secret']}".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {pair}"}
        return wire.call(url=f"{host}{path}", headers=headers, body=wire.json_body(body))


class JPushProvider:
    code: str = "jpush"
    channel: str = "push"
    name: Text = Text("极光推送", "JPush")
    per_second: int | None = 10
    receipts: bool = False
    has_token: bool = False
    fields: tuple[AccountField, ...] = (
        AccountField("key", Text("AppKey", "AppKey"), required=True),
        AccountField("secret", Text("Master Secret", "Master secret"), secret=True, required=True),
        AccountField(
            "apns", Text("iOS 环境", "iOS environment"), default="production",
            choices=(("production", Text("生产", "Production")), ("development", Text("开发", "Development"))),
        ),
        AccountField(
            "endpoint", Text("接口地址", "Endpoint"), help=Text(f"留空为 {HOST}", f"Empty: {HOST}")
        ),
    )  # fmt: skip

    def connect(self, values: Mapping[str, str], token: str, clock: Clock) -> BulkChannel:
        return _JPush(values)

    def grant(self, values: Mapping[str, str], clock: Clock) -> Access:
        raise Refused("no_token")

    def check(self, values: Mapping[str, str], token: str, clock: Clock) -> None:
        """A push that is only validated, to nobody: JPush says whether the key is good, or that there is nobody."""
        body = {"platform": "all", "audience": {"registration_id": ["0"]}, "notification": {"alert": "check"}}
        found = _JPush(values).call("/v3/push/validate", body)
        if isinstance(found, Delivery):
            raise Refused("no_answer", found.error)
        error = found.get("error")
        if isinstance(error, dict) and error.get("code") not in (1003, 1011):
            raise Refused(str(error.get("code")), str(error.get("message", "")))
