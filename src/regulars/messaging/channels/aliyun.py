"""Text messages by Alibaba Cloud: SendSms (2017-05-25), signed ACS3-HMAC-SHA256 (signature version 3)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import quote
from uuid import uuid4

from regulars.kit.text import Text
from regulars.messaging.channels import wire
from regulars.messaging.channels.wire import Access, Clock, Refused
from regulars.messaging.types import BulkChannel, Delivery, Envelope
from regulars.messaging.wording import AccountField

ENDPOINT = "https://dysmsapi.aliyuncs.com"
_VERSION = "2017-05-25"
_BAD_ADDRESS = frozenset({"isv.MOBILE_NUMBER_ILLEGAL", "MobileNumberIllegal"})
# The account's matter, or a limit that passes: kept for later.
_LATER = frozenset(
    {
        "isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL", "isv.AMOUNT_NOT_ENOUGH",
        "isv.OUT_OF_SERVICE", "isv.ACCOUNT_ABNORMAL", "isp.SYSTEM_ERROR", "isp.RAM_PERMISSION_DENY", "Throttling",
        "Throttling.User", "InvalidAccessKeyId.NotFound", "SignatureDoesNotMatch", "Forbidden",
    }
)  # fmt: skip


def authorise(
    *,
    method: str,
    host: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    key: str,
    secret: str,
) -> str:
    """The Authorization header over these lower-case headers, `host`, and the hash of the body."""
    hashed = hashlib.sha256(body).hexdigest()
    signed = {**headers, "host": host, "x-acs-content-sha256": hashed}
    names = sorted(signed)
    canonical = "\n".join(
        (
            method,
            path,
            query_of(query),
            "".join(f"{name}:{signed[name].strip()}\n" for name in names),
            ";".join(names),
            hashed,
        )
    )
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"ACS3-HMAC-SHA256 Credential={key},SignedHeaders={';'.join(names)},Signature={signature}"


def query_of(query: Mapping[str, str]) -> str:
    return "&".join(f"{quote(k, safe='~')}={quote(query[k], safe='~')}" for k in sorted(query))


@dataclass(frozen=True, slots=True)
class _Aliyun:
    values: Mapping[str, str]
    clock: Clock
    is_local = False
    is_idempotent = False
    batch = 10

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        return [self._one(envelope) for envelope in envelopes]

    def _one(self, envelope: Envelope) -> Delivery:
        template = str(envelope.extra.get("template", "")) or self.values.get("template", "")
        sign = str(envelope.extra.get("sign", "")) or self.values.get("sign", "")
        if not template or not sign:
            return Delivery("failed", error="no approved template or signature at Aliyun", reason="refused")
        found = self.call(
            "SendSms",
            {
                "PhoneNumbers": envelope.to.removeprefix("+86").removeprefix("+"),
                "SignName": sign,
                "TemplateCode": template,
                "TemplateParam": json.dumps(dict(envelope.parameters), ensure_ascii=False),
                "OutId": str(envelope.id),
            },
        )
        if isinstance(found, Delivery):
            return found
        code = str(found.get("Code", ""))
        if code == "OK":
            return Delivery("sent", reference=str(found.get("BizId", "")))
        said = f"{code}: {found.get('Message', '')}"[:300]
        if code in _BAD_ADDRESS:
            return Delivery("failed", error=said, reason="bad_address")
        if code in _LATER or code.startswith("Throttling"):
            return Delivery("retry", error=said, retry_in_seconds=300.0)
        return Delivery("failed", error=said, reason="refused")

    def call(self, action: str, query: Mapping[str, str]) -> dict[str, object] | Delivery:
        url = self.values.get("endpoint") or ENDPOINT
        host = url.split("://", 1)[1].rstrip("/")
        headers = {
            "x-acs-action": action,
            "x-acs-version": _VERSION,
            "x-acs-date": self.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": uuid4().hex,
        }
        headers["Authorization"] = authorise(
            method="POST", host=host, path="/", query=query, headers=headers, body=b"",
            key=self.values["key"], secret=self.values["secret"],
        )  # fmt: skip
        headers["x-acs-content-sha256"] = hashlib.sha256(b"").hexdigest()
        return wire.call(url=f"{url.rstrip('/')}/?{query_of(query)}", headers=headers)


class AliyunProvider:
    code: str = "aliyun_sms"
    channel: str = "sms"
    name: Text = Text("阿里云短信", "Alibaba Cloud SMS")
    per_second: int | None = 50
    receipts: bool = True
    has_token: bool = False
    fields: tuple[AccountField, ...] = (
        AccountField("key", Text("AccessKey ID", "AccessKey ID"), required=True),
        AccountField("secret", Text("AccessKey Secret", "AccessKey secret"), secret=True, required=True),
        AccountField(
            "sign", Text("默认签名", "Default signature"),
            help=Text("阿里云已审核的签名", "A signature approved by Alibaba Cloud"),
        ),
        AccountField(
            "endpoint", Text("接口地址", "Endpoint"), help=Text(f"留空为 {ENDPOINT}", f"Empty: {ENDPOINT}")
        ),
    )  # fmt: skip

    def connect(self, values: Mapping[str, str], token: str, clock: Clock) -> BulkChannel:
        return _Aliyun(values, clock)

    def grant(self, values: Mapping[str, str], clock: Clock) -> Access:
        raise Refused("no_token")

    def check(self, values: Mapping[str, str], token: str, clock: Clock) -> None:
        found = _Aliyun(values, clock).call("QuerySmsSignList", {"PageIndex": "1", "PageSize": "1"})
        if isinstance(found, Delivery):
            raise Refused("no_answer", found.error)
        if found.get("Code") != "OK":
            raise Refused(str(found.get("Code", "")), str(found.get("Message", "")))
