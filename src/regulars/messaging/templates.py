"""The messages that come with Regulars."""

from __future__ import annotations

from regulars.kit.text import Text
from regulars.messaging.types import Template

_BUILT_IN = (
    Template(
        code="one_time_code",
        name=Text("验证码", "One-time code"),
        subject=Text("{brand} 验证码", "Your code for {brand}"),
        body=Text(
            "【{brand}】验证码 {code}，{minutes} 分钟内有效。如非本人操作请忽略，不要告诉任何人。",
            "{brand}: your code is {code}. It works for {minutes} minutes. "
            "If you did not ask for it, ignore this; never tell it to anyone.",
        ),
        secret=True,
    ),
    Template(
        code="welcome",
        name=Text("入会欢迎", "Welcome"),
        subject=Text("欢迎加入 {brand}", "Welcome to {brand}"),
        body=Text(
            "{name}您好，您已成为 {brand} 会员。付款前出示会员码，每一单都会记到您的卡上。",
            "Hello {name}, you are now a member of {brand}. Show your member code before you pay and every "
            "order counts on your card.",
        ),
    ),
)
TEMPLATES: dict[str, Template] = {template.code: template for template in _BUILT_IN}
