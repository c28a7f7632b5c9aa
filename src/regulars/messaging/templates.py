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
        code="value_expiring",
        name=Text("到期提醒", "Expiry notice"),
        subject=Text("{amount} {unit}即将到期", "{amount} {unit} expire soon"),
        body=Text(
            "您有 {amount} {unit}将于 {day}到期，还有 {left}。",
            "{amount} {unit} expire on {day}, in {left}.",
        ),
    ),
    Template(
        code="tier_ending",
        name=Text("保级提醒", "Tier notice"),
        subject=Text("{tier}有效期至 {day}", "{tier} is yours until {day}"),
        body=Text("{sentence}。", "{sentence}."),
    ),
)
TEMPLATES: dict[str, Template] = {template.code: template for template in _BUILT_IN}
