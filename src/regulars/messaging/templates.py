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
    Template(
        code="redemption_shipped",
        name=Text("兑换发货", "Reward shipped"),
        subject=Text("{reward}已发货", "{reward} is on its way"),
        body=Text(
            "您兑换的{reward}已由 {carrier} 发出，运单号 {tracking}。",
            "Your {reward} was sent with {carrier}, number {tracking}.",
        ),
    ),
    Template(
        code="redemption_cancelled",
        name=Text("兑换取消", "Redemption cancelled"),
        subject=Text("{reward}的兑换已取消", "Your redemption of {reward} was cancelled"),
        body=Text(
            "您兑换的{reward}已取消，所用积分已退回，有效期不变。",
            "Your redemption of {reward} was cancelled; what you spent is back, with its expiry unchanged.",
        ),
    ),
    Template(
        code="redemption_expired",
        name=Text("兑换过期", "Redemption expired"),
        subject=Text("{reward}的兑换已过期", "Your redemption of {reward} has expired"),
        body=Text("您兑换的{reward}已过期。", "Your redemption of {reward} has expired."),
    ),
    Template(
        code="booking_reminder",
        name=Text("预约提醒", "Booking reminder"),
        subject=Text("{service}：{time}", "{service}: {time}"),
        body=Text(
            "您预约了 {time} 的{service}（{resource}，{store}）。",
            "You have booked {service} on {time} ({resource}, {store}).",
        ),
    ),
    Template(
        code="booking_offer",
        name=Text("候补通知", "Waiting-list offer"),
        subject=Text("{service} {time} 有空位了", "A place for {service} on {time}"),
        body=Text(
            "您候补的 {time} {service}（{resource}，{store}）有空位了，请在 {until} 前确认。",
            "A place came free for {service} on {time} ({resource}, {store}). Please confirm before {until}.",
        ),
    ),
    Template(
        code="booking_cancelled",
        name=Text("预约取消", "Booking cancelled"),
        subject=Text("{time} 的{service}已取消", "{service} on {time} is cancelled"),
        body=Text(
            "您预约的 {time} {service}（{resource}，{store}）已被门店取消。",
            "Your booking of {service} on {time} ({resource}, {store}) was cancelled by the store.",
        ),
    ),
)
TEMPLATES: dict[str, Template] = {template.code: template for template in _BUILT_IN}
