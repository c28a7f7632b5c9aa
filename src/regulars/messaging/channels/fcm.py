"""App push by Firebase Cloud Messaging (HTTP v1): one device by its registration token.

An access token is asked for with an assertion that the service account's key signs (RFC 7523), and lasts an hour.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from regulars.kit.text import Text
from regulars.messaging.channels import wire
from regulars.messaging.channels.wire import Access, BadSetting, Clock, Refused
from regulars.messaging.types import BulkChannel, Delivery, Envelope
from regulars.messaging.wording import AccountField

HOST = "https://fcm.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE_SECONDS = 3600
_KEPT_SECONDS = 86_400  # for a device that is off
_PROJECT = re.compile(r"^[a-z0-9][a-z0-9.:-]{0,62}$")
# a token of no device: what a check sends to, validated only
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What the file of a service account says."""

    project: str
    email: str
    key_id: str
    key: str
    token_uri: str


def read_account(text: str) -> ServiceAccount:
    """Raises `BadSetting`."""
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict) or data.get("type") != "service_account":
        raise _bad("请粘贴服务账号的完整 JSON 文件", "Paste the whole JSON file of the service account")
    for name in ("project_id", "client_email", "private_key", "token_uri"):
        if not isinstance(data.get(name), str) or not data[name].strip():
            raise _bad(f"文件中缺少 {name}", f"The file has no {name}")
    if not data["token_uri"].startswith(("https://", "http://")) or not _PROJECT.match(data["project_id"]):
        raise _bad("文件内容无法使用", "What the file says cannot be used")
    return ServiceAccount(
        data["project_id"],
        data["client_email"],
        str(data.get("private_key_id", "")),
        data["private_key"],
        data["token_uri"],
    )


def assertion(account: ServiceAccount, now: datetime) -> str:
    """A signed claim to be the service account, good for an hour. Raises `BadSetting`."""
    at = int(now.timestamp())
    header = {"alg": "RS256", "typ": "JWT", **({"kid": account.key_id} if account.key_id else {})}
    claims = {
        "iss": account.email, "scope": _SCOPE, "aud": account.token_uri, "iat": at, "exp": at + _LIFE_SECONDS,
    }  # fmt: skip
    signed = f"{_part(wire.json_body(header))}.{_part(wire.json_body(claims))}"
    return f"{signed}.{_part(_key_of(account).sign(signed.encode(), PKCS1v15(), SHA256()))}"


@dataclass(frozen=True, slots=True)
class _Fcm:
    project: str
    endpoint: str
    token: str
    clock: Clock
    is_local = False
    is_idempotent = False
    batch = 10

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        return [self._one(envelope) for envelope in envelopes]

    def _one(self, envelope: Envelope) -> Delivery:
        until = int(self.clock().timestamp()) + _KEPT_SECONDS
        notification = {"title": envelope.subject, "body": envelope.body}
        found = self.call(
            {
                "message": {
                    "token": envelope.to,
                    "notification": {name: text for name, text in notification.items() if text},
                    "data": {"send": str(envelope.id), "url": str(envelope.extra.get("url", ""))},
                    "android": {"ttl": f"{_KEPT_SECONDS}s"},
                    "apns": {"headers": {"apns-expiration": str(until)}},
                }
            }
        )
        if isinstance(found, Delivery):
            return found
        if "error" not in found and found.get("name"):
            return Delivery("sent", reference=str(found["name"]))
        return _meaning(found)

    def call(self, body: Mapping[str, Any]) -> dict[str, Any] | Delivery:
        return wire.call(
            url=f"{self.endpoint}/v1/projects/{self.project}/messages:send",
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
            body=wire.json_body(body),
        )


class FcmProvider:
    code: str = "fcm"
    channel: str = "push"
    name: Text = Text("FCM 推送（Firebase）", "Firebase Cloud Messaging")
    per_second: int | None = 100
    receipts: bool = False
    has_token: bool = True
    fields: tuple[AccountField, ...] = (
        AccountField(
            "service_account", Text("服务账号 JSON", "Service account (JSON)"), secret=True, required=True,
            multiline=True,
            help=Text(
                "Firebase 控制台 › 项目设置 › 服务账号 › 生成新的私钥，粘贴下载文件的全部内容",
                "Firebase console › Project settings › Service accounts › Generate new private key: the whole file",
            ),
        ),
        AccountField(
            "endpoint", Text("接口地址", "Endpoint"),
            help=Text(
                f"留空为 {HOST}；服务器无法直连 Google 时填写自有代理的地址",
                f"Empty: {HOST}; a proxy of your own where the server does not reach Google",
            ),
        ),
        AccountField(
            "token_endpoint", Text("令牌接口地址", "Token endpoint"),
            help=Text("留空为 JSON 中的 token_uri", "Empty: the token_uri of the JSON"),
        ),
    )  # fmt: skip

    def connect(self, values: Mapping[str, str], token: str, clock: Clock) -> BulkChannel:
        return self._open(values, token, clock)

    def grant(self, values: Mapping[str, str], clock: Clock) -> Access:
        account = read_account(values["service_account"])
        form = {"grant_type": _GRANT, "assertion": assertion(account, clock())}
        found = wire.ask(
            url=values.get("token_endpoint") or account.token_uri,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
        )
        if not found.get("access_token"):
            raise Refused(str(found.get("error", "")), str(found.get("error_description", "")))
        return Access(str(found["access_token"]), int(found.get("expires_in", _LIFE_SECONDS)))

    def check(self, values: Mapping[str, str], token: str, clock: Clock) -> None:
        """A message that is only validated, to nobody: the project is there and lets the account send."""
        body = {"validate_only": True, "message": {"token": _NOBODY, "notification": {"body": "check"}}}
        found = self._open(values, token, clock).call(body)
        if isinstance(found, Delivery):
            raise Refused("no_answer", found.error)
        if "error" in found and _meaning(found).state != "failed":
            status, _, said = _error_of(found)
            raise Refused(status, said)

    def _open(self, values: Mapping[str, str], token: str, clock: Clock) -> _Fcm:
        account = read_account(values["service_account"])
        if not token:  # a key that signs gives one
            _key_of(account)
        return _Fcm(account.project, (values.get("endpoint") or HOST).rstrip("/"), token, clock)


def _meaning(found: Mapping[str, Any]) -> Delivery:
    """What an answer that is no success means for a message."""
    http = int(found.get("_status", 0))
    status, code, text = _error_of(found)
    said = f"{code or status or http}: {text}"[:300]
    if code == "UNREGISTERED" or (code == "INVALID_ARGUMENT" and _is_about_token(found)):
        return Delivery("failed", error=said, reason="bad_address")
    if code in ("QUOTA_EXCEEDED", "UNAVAILABLE"):
        return Delivery("retry", error=said, retry_in_seconds=60.0)
    if code == "THIRD_PARTY_AUTH_ERROR":  # of Apple's key at the project
        return wire.not_allowed(said)
    if http == 401 or status == "UNAUTHENTICATED":
        return Delivery("retry", error=said, reason="stale_token", retry_in_seconds=5.0)
    if http == 404 or (http == 403 and code != "SENDER_ID_MISMATCH"):
        return wire.not_allowed(said)  # no such project, or it does not let the account send
    if http < 400:
        return Delivery("uncertain", error=f"status {http} without an answer")
    return Delivery("failed", error=said, reason="refused")


def _error_of(found: Mapping[str, Any]) -> tuple[str, str, str]:
    """Google's status, FCM's own code, and the words."""
    error = found.get("error")
    if not isinstance(error, dict):
        return "", "", str(error or "")
    code = next((str(one["errorCode"]) for one in _details(found) if "errorCode" in one), "")
    return str(error.get("status", "")), code, str(error.get("message", ""))


def _is_about_token(found: Mapping[str, Any]) -> bool:
    _, _, text = _error_of(found)
    fields = {
        violation.get("field")
        for one in _details(found)
        for violation in one.get("fieldViolations", [])
        if isinstance(violation, dict)
    }
    return "message.token" in fields or (not fields and "registration token" in text)


def _details(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    error = found.get("error")
    details = error.get("details") if isinstance(error, dict) else None
    return [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []


def _key_of(account: ServiceAccount) -> RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(account.key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise _bad("文件中的 private_key 无法读取", "The private_key of the file cannot be read")
    return key


def _bad(zh: str, en: str) -> BadSetting:
    return BadSetting("service_account", Text(zh, en))


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
