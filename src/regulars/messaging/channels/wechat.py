"""WeChat: template messages of an official account, subscribe messages of a mini program.

An access token is asked for by `stable_token`, which gives the same one to all who ask while it is good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars.kit.text import Text
from regulars.messaging.channels import wire
from regulars.messaging.channels.wire import Access, BadSetting, Clock, Refused
from regulars.messaging.types import BulkChannel, Delivery, Envelope
from regulars.messaging.wording import AccountField

HOST = "https://api.weixin.qq.com"
STALE = frozenset({40001, 40014, 42001})
_BAD_ADDRESS = frozenset({40003})
_REFUSED_BY_HER = frozenset({43004, 43101, 43108})
_LATER = frozenset({-1, 45009, 45011, 45047, 40013, 40125, 40164, 61024})


def fetch_token(*, values: Mapping[str, str]) -> Access:
    """Raises `Refused`."""
    host = (values.get("endpoint") or HOST).rstrip("/")
    found = wire.ask(
        url=f"{host}/cgi-bin/stable_token",
        headers={"Content-Type": "application/json"},
        body=wire.json_body(
            {"grant_type": "client_credential", "appid": values["app"], "secret": values["secret"]}
        ),
    )
    if not found.get("access_token"):
        raise Refused(str(found.get("errcode", "")), str(found.get("errmsg", "")))
    return Access(str(found["access_token"]), int(found.get("expires_in", 7200)))


def outcome_of(found: dict[str, Any] | Delivery, reference: Callable[[dict[str, Any]], str]) -> Delivery:
    """What an answer of WeChat's means."""
    if isinstance(found, Delivery):
        return found
    code = int(found.get("errcode", 0) or 0)
    if code == 0:
        return Delivery("sent", reference=reference(found))
    said = f"{code}: {found.get('errmsg', '')}"[:300]
    if code in STALE:
        return Delivery("retry", error=said, reason="stale_token", retry_in_seconds=5.0)
    if code in _BAD_ADDRESS:
        return Delivery("failed", error=said, reason="bad_address")
    if code in _LATER:
        return Delivery("retry", error=said, retry_in_seconds=300.0)
    return Delivery("failed", error=said, reason="not_followed" if code in _REFUSED_BY_HER else "refused")


@dataclass(frozen=True, slots=True)
class _WeChat:
    values: Mapping[str, str]
    token: str
    is_mini: bool
    is_local = False
    is_idempotent = False
    batch = 10

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        return [self._one(envelope) for envelope in envelopes]

    def _one(self, envelope: Envelope) -> Delivery:
        host = (self.values.get("endpoint") or HOST).rstrip("/")
        body: dict[str, Any] = {
            "touser": envelope.to,
            "template_id": str(envelope.extra.get("template", "")),
            "data": {name: {"value": value} for name, value in envelope.parameters.items()},
        }
        url = str(envelope.extra.get("url", ""))
        if self.is_mini:
            path = "message/subscribe/send"
            body |= {
                "page": url,
                "miniprogram_state": self.values.get("state") or "formal",
                "lang": "zh_CN" if envelope.language == "zh" else "en_US",
            }
        else:
            path = "message/template/send"
            # the same message within ten minutes is one to WeChat
            body["client_msg_id"] = envelope.id.hex
            if url:
                body["url"] = url
            if self.values.get("mini_app"):
                body["miniprogram"] = {
                    "appid": self.values["mini_app"],
                    "pagepath": self.values.get("mini_page", ""),
                }
        found = wire.call(
            url=f"{host}/cgi-bin/{path}?access_token={self.token}",
            headers={"Content-Type": "application/json; charset=utf-8"},
            body=wire.json_body(body),
        )
        return outcome_of(found, lambda answer: str(answer.get("msgid", "") or envelope.id.hex))


_COMMON = (
    AccountField("app", Text("AppID", "App ID"), required=True),
    AccountField("secret", Text("AppSecret", "App secret"), secret=True, required=True),
    AccountField(
        "endpoint", Text("接口地址", "Endpoint"), help=Text(f"留空为 {HOST}", f"Empty: {HOST}")
    ),
)  # fmt: skip


class OfficialAccount:
    code: str = "wechat_official"
    channel: str = "wechat"
    name: Text = Text("微信服务号模板消息", "WeChat official account")
    per_second: int | None = 100
    receipts: bool = True
    has_token: bool = True
    fields: tuple[AccountField, ...] = (
        *_COMMON,
        AccountField("mini_app", Text("跳转小程序 AppID", "Mini program to open")),
        AccountField("mini_page", Text("小程序页面", "Its page")),
        AccountField(
            "token", Text("消息推送 Token", "Token of message push"), secret=True,
            help=Text("用于校验微信推送的送达事件", "Checks the events that WeChat pushes"),
        ),
        AccountField(
            "aes_key", Text("EncodingAESKey", "EncodingAESKey"), secret=True,
            help=Text("安全模式必填，43 位", "Needed in safe mode, 43 characters"),
        ),
    )  # fmt: skip

    def connect(self, values: Mapping[str, str], token: str, clock: Clock) -> BulkChannel:
        if values.get("aes_key") and len(values["aes_key"]) != 43:
            raise BadSetting(
                "aes_key", Text("EncodingAESKey 为 43 位", "An EncodingAESKey has 43 characters")
            )
        return _WeChat(values, token, False)

    def grant(self, values: Mapping[str, str], clock: Clock) -> Access:
        return fetch_token(values=values)

    def check(self, values: Mapping[str, str], token: str, clock: Clock) -> None:
        """That a token was given is what there is to know."""


class MiniProgram:
    code: str = "wechat_mini"
    channel: str = "wechat"
    name: Text = Text("微信小程序订阅消息", "WeChat mini program")
    per_second: int | None = 100
    receipts: bool = False
    has_token: bool = True
    fields: tuple[AccountField, ...] = (
        *_COMMON,
        AccountField(
            "state", Text("小程序版本", "Version of the mini program"), default="formal",
            choices=(
                ("formal", Text("正式版", "Formal")),
                ("trial", Text("体验版", "Trial")),
                ("developer", Text("开发版", "Developer")),
            ),
        ),
    )  # fmt: skip

    def connect(self, values: Mapping[str, str], token: str, clock: Clock) -> BulkChannel:
        return _WeChat(values, token, True)

    def grant(self, values: Mapping[str, str], clock: Clock) -> Access:
        return fetch_token(values=values)

    def check(self, values: Mapping[str, str], token: str, clock: Clock) -> None:
        """That a token was given is what there is to know."""
