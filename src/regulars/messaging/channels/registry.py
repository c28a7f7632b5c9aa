"""The providers that come with Regulars, by code."""

from __future__ import annotations

from regulars.kit.errors import invalid_field
from regulars.messaging.channels.aliyun import AliyunProvider
from regulars.messaging.channels.fcm import FcmProvider
from regulars.messaging.channels.jpush import JPushProvider
from regulars.messaging.channels.outgoing import WebhookProvider
from regulars.messaging.channels.smtp import SmtpProvider
from regulars.messaging.channels.tencent import TencentProvider
from regulars.messaging.channels.wechat import MiniProgram, OfficialAccount
from regulars.messaging.channels.wecom import WeComProvider
from regulars.messaging.channels.wire import Provider

_ALL: tuple[Provider, ...] = (
    SmtpProvider(), AliyunProvider(), TencentProvider(), OfficialAccount(), MiniProgram(), WeComProvider(),
    JPushProvider(), FcmProvider(), WebhookProvider(),
)  # fmt: skip
PROVIDERS: dict[str, Provider] = {one.code: one for one in _ALL}


def get(code: str) -> Provider:
    """Raises `invalid_input`."""
    found = PROVIDERS.get(code)
    if found is None:
        known = ", ".join(PROVIDERS)
        raise invalid_field("provider", "unknown_provider", f"只能是：{known}", f"must be one of: {known}")
    return found
