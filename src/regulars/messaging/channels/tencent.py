"""Text messages by Tencent Cloud: SendSms (2021-01-11), signed TC3-HMAC-SHA256."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from regulars.kit.text import Text
from regulars.messaging.channels import wire
from regulars.messaging.channels.wire import Access, Clock, Refused
from regulars.messaging.types import BulkChannel, Delivery, Envelope
from regulars.messaging.wording import AccountField

ENDPOINT = "https://sms.tencentcloudapi.com"
_TYPE = "application/json; charset=utf-8"
_BAD_ADDRESS = frozenset(
    {
        "InvalidParameterValue.IncorrectPhoneNumber",
        "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone",
    }
)
_LATER = (
    "LimitExceeded", "RequestLimitExceeded", "InternalError", "AuthFailure", "FailedOperation.InsufficientBalance",
)  # fmt: skip


def authorise(
    *,
    service: str,
    host: str,
    action: str,
    body: bytes,
    at: datetime,
    key: str,
    secret: str,
    with_action: bool = True,
) -> str:
    """The Authorization header of a POST to `/`. The action is signed unless it is left out."""
    day, stamp = at.astimezone(UTC).strftime("%Y-%m-%d"), str(int(at.timestamp()))
    headers = {"content-type": _TYPE, "host": host}
    if with_action:
        headers["x-tc-action"] = action.lower()
    names = ";".join(headers)
    canonical = "\n".join(
        (
            "POST",
            "/",
            "",
            "".join(f"{name}:{value}\n" for name, value in headers.items()),
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    place = f"{day}/{service}/tc3_request"
    to_sign = "\n".join(("TC3-HMAC-SHA256", stamp, place, hashlib.sha256(canonical.encode()).hexdigest()))
    secret_of_day = f"TC3{secret}".encode()
    for word in (day, service, "tc3_request"):
        secret_of_day = hmac.new(secret_of_day, word.encode(), hashlib.sha256).digest()
    signature = hmac.new(secret_of_day, to_sign.encode(), hashlib.sha256).hexdigest()
    return f"TC3-HMAC-SHA256 Credential={key}/{place}, SignedHeaders={names}, Signature={signature}"


@dataclass(frozen=True, slots=True)
class _Tencent:
    values: Mapping[str, str]
    clock: Clock
    is_local = False
    is_idempotent = False
    batch = 10

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        return [self._one(envelope) for envelope in envelopes]

    def _one(self, envelope: Envelope) -> Delivery:
        template = str(envelope.extra.get("template", ""))
        sign = str(envelope.extra.get("sign", "")) or self.values.get("sign", "")
        if not template or not sign:
            return Delivery("failed", error="no approved template or signature at Tencent", reason="refused")
        found = self.call(
            "SendSms",
            {
                "PhoneNumberSet": [envelope.to],
                "SmsSdkAppId": self.values["app"],
                "SignName": sign,
                "TemplateId": template,
                "TemplateParamSet": list(envelope.parameters.values()),
                "SessionContext": str(envelope.id),
            },
        )
        if isinstance(found, Delivery):
            return found
        if "Error" in found:
            return _refused(found["Error"])
        try:
            one = found["SendStatusSet"][0]
        except (KeyError, IndexError, TypeError):
            return Delivery("uncertain", error="an answer without a status")
        if one.get("Code") == "Ok":
            return Delivery("sent", reference=str(one.get("SerialNo", "")))
        return _refused(one)

    def call(self, action: str, body: Mapping[str, object]) -> dict[str, Any] | Delivery:
        url = (self.values.get("endpoint") or ENDPOINT).rstrip("/")
        host = url.split("://", 1)[1]
        sent, at = wire.json_body(body), self.clock()
        headers = {
            "Content-Type": _TYPE,
            "X-TC-Action": action,
            "X-TC-Version": "2021-01-11",
            "X-TC-Timestamp": str(int(at.timestamp())),
            "X-TC-Region": self.values.get("region") or "ap-guangzhou",
            "Authorization": authorise(
                service="sms", host=host, action=action, body=sent, at=at, key=self.values["key"],
                secret=self.values["secret"],
            ),
        }  # fmt: skip
        found = wire.call(url=f"{url}/", headers=headers, body=sent)
        if isinstance(found, Delivery):
            return found
        inside = found.get("Response")
        return (
            inside
            if isinstance(inside, dict)
            else Delivery("uncertain", error="an answer without a response")
        )


def _refused(error: object) -> Delivery:
    code, message = (
        (str(error.get("Code", "")), str(error.get("Message", ""))) if isinstance(error, dict) else ("", "")
    )
    said = f"{code}: {message}"[:300]
    if code in _BAD_ADDRESS:
        return Delivery("failed", error=said, reason="bad_address")
    if code.startswith(_LATER):
        return Delivery("retry", error=said, retry_in_seconds=300.0)
    return Delivery("failed", error=said, reason="refused")


class TencentProvider:
    code: str = "tencent_sms"
    channel: str = "sms"
    name: Text = Text("腾讯云短信", "Tencent Cloud SMS")
    per_second: int | None = 50
    receipts: bool = True
    has_token: bool = False
    fields: tuple[AccountField, ...] = (
        AccountField("key", Text("SecretId", "SecretId"), required=True),
        AccountField("secret", Text("SecretKey", "SecretKey"), secret=True, required=True),
        AccountField("app", Text("短信应用 SdkAppId", "SMS SdkAppId"), required=True),
        AccountField("sign", Text("默认签名", "Default signature")),
        AccountField("region", Text("地域", "Region"), default="ap-guangzhou"),
        AccountField(
            "endpoint", Text("接口地址", "Endpoint"), help=Text(f"留空为 {ENDPOINT}", f"Empty: {ENDPOINT}")
        ),
    )  # fmt: skip

    def connect(self, values: Mapping[str, str], token: str, clock: Clock) -> BulkChannel:
        return _Tencent(values, clock)

    def grant(self, values: Mapping[str, str], clock: Clock) -> Access:
        raise Refused("no_token")

    def check(self, values: Mapping[str, str], token: str, clock: Clock) -> None:
        found = _Tencent(values, clock).call("DescribeSmsSignList", {"SignIdSet": [0], "International": 0})
        if isinstance(found, Delivery):
            raise Refused("no_answer", found.error)
        error = found.get("Error")
        if isinstance(error, dict) and str(error.get("Code", "")).startswith("AuthFailure"):
            raise Refused(str(error.get("Code")), str(error.get("Message", "")))
