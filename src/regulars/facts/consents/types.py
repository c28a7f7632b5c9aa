"""Consents as the rest of the program sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from regulars.kit.text import Language, Text

Purpose = Literal["terms", "marketing"]
Source = Literal["portal", "store", "staff", "api", "import", "unsubscribe", "provider"]

PURPOSES: dict[str, Text] = {
    "terms": Text("会员协议与隐私", "Membership terms and privacy"),
    "marketing": Text("营销消息", "Marketing messages"),
}
# Each is agreed to by itself. Terms have no channel.
CHANNELS: dict[str, Text] = {
    "sms": Text("短信", "text message"),
    "email": Text("邮件", "e-mail"),
    "wechat": Text("微信", "WeChat"),
    "wecom": Text("企业微信", "WeCom"),
    "push": Text("App 推送", "app push"),
    "phone": Text("电话", "phone call"),
}
SOURCES: dict[str, Text] = {
    "portal": Text("会员端", "member portal"),
    "store": Text("门店", "store"),
    "staff": Text("员工代办", "staff"),
    "api": Text("接口", "API"),
    "import": Text("导入", "import"),
    "unsubscribe": Text("退订链接", "unsubscribe link"),
    "provider": Text("通道退订", "the channel's own opt-out"),
}


@dataclass(frozen=True, slots=True)
class ConsentIn:
    """One yes or no. `version` and `text` are what she was shown; `occurred_at` may lie in the past (an import)."""

    purpose: Purpose
    channel: str
    granted: bool
    version: str
    text: Text
    occurred_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What holds for a purpose and channel."""

    purpose: str
    channel: str
    granted: bool
    version: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """An entry of the ledger, with the text that was agreed to."""

    id: UUID
    purpose: str
    channel: str
    granted: bool
    version: str
    text: Text
    text_hash: str
    language: Language
    source: Source
    actor: str
    note: str
    occurred_at: datetime
    recorded_at: datetime
