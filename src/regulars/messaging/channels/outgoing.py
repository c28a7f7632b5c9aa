"""A message as a call of somebody's own server, signed as webhooks are (Standard Webhooks); the id is the send's."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from regulars.kit.errors import ErrorList
from regulars.kit.text import Text
from regulars.messaging.channels import wire
from regulars.messaging.channels.wire import Access, BadSetting, Clock, Refused
from regulars.messaging.types import BulkChannel, Delivery, Envelope
from regulars.messaging.wording import AccountField
from regulars.platform.egress import api as egress
from regulars.platform.webhooks import api as webhooks


@dataclass(frozen=True, slots=True)
class _Outgoing:
    values: Mapping[str, str]
    clock: Clock
    is_local = False
    is_idempotent = True
    batch = 10

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        return [self._one(envelope) for envelope in envelopes]

    def _one(self, envelope: Envelope) -> Delivery:
        at = self.clock()
        body = wire.json_body(
            {
                "specversion": "1.0",
                "id": str(envelope.id),
                "type": "message.send",
                "source": f"urn:regulars:brand:{envelope.brand_id}",
                "time": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                "datacontenttype": "application/json",
                "data": {
                    "member_id": str(envelope.member_id or envelope.to),
                    "language": envelope.language,
                    "purpose": envelope.purpose,
                    "template": envelope.template,
                    "version": envelope.version,
                    "subject": envelope.subject,
                    "body": envelope.body,
                    "fields": dict(envelope.parameters),
                },
            }
        )
        headers = {
            "Content-Type": "application/json",
            **webhooks.sign(id_=str(envelope.id), at=at, body=body, secrets=[self.values["secret"]]),
        }
        try:
            answer = egress.request(
                method="POST",
                url=self.values["url"],
                headers=headers,
                body=body,
                timeout=wire.TIMEOUT_SECONDS,
            )
        except egress.Failed as failed:
            return Delivery("retry", error=f"{failed.code}: {failed.detail}"[:300])
        if 200 <= answer.status < 300:
            return Delivery("sent", reference=str(envelope.id))
        if answer.status in (404, 410):
            return Delivery("failed", error=f"status {answer.status}", reason="refused")
        return Delivery("retry", error=f"status {answer.status}")


class WebhookProvider:
    code: str = "webhook"
    channel: str = "webhook"
    name: Text = Text("Webhook", "Webhook")
    per_second: int | None = 50
    receipts: bool = True
    has_token: bool = False
    fields: tuple[AccountField, ...] = (
        AccountField("url", Text("地址", "Address"), required=True),
        AccountField(
            "secret", Text("签名密钥（whsec_…）", "Signing secret (whsec_…)"), secret=True, required=True
        ),
    )  # fmt: skip

    def connect(self, values: Mapping[str, str], token: str, clock: Clock) -> BulkChannel:
        errors = ErrorList()
        egress.check_url(url=values["url"], field="url", errors=errors)
        if errors:
            raise BadSetting("url", errors.errors[0].message)
        try:
            if len(base64.b64decode(values["secret"].removeprefix("whsec_"), validate=True)) < 16:
                raise ValueError
        except ValueError:
            raise BadSetting(
                "secret",
                Text(
                    "须为 whsec_ 加上至少 16 字节的 Base64",
                    "This is whsec_ and the Base64 of 16 bytes or more",
                ),
            ) from None
        return _Outgoing(values, clock)

    def grant(self, values: Mapping[str, str], clock: Clock) -> Access:
        raise Refused("no_token")

    def check(self, values: Mapping[str, str], token: str, clock: Clock) -> None:
        """Somebody answers there, whatever it says to an empty HEAD."""
        try:
            egress.request(method="HEAD", url=values["url"], headers={}, timeout=10)
        except egress.Failed as failed:
            raise Refused(failed.code, failed.detail) from failed
