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
    Template(
        code="plan_renewing",
        name=Text("付费会员续费提醒", "Plan renewal notice"),
        subject=Text("{plan}将于 {day}自动续费", "{plan} renews on {day}"),
        body=Text(
            "您的{plan}将于 {day}自动续费 {price}，还有 {left}。如不需要，可在此之前关闭自动续费。",
            "{plan} renews on {day} for {price}, in {left}. If you do not want that, turn renewal off before then.",
        ),
    ),
    Template(
        code="plan_ending",
        name=Text("付费会员到期提醒", "Plan end notice"),
        subject=Text("{plan}将于 {day}到期", "{plan} ends on {day}"),
        body=Text(
            "您的{plan}将于 {day}到期，还有 {left}。",
            "{plan} ends on {day}, in {left}.",
        ),
    ),
    Template(
        code="plan_payment_due",
        name=Text("付费会员待付款", "Plan payment due"),
        subject=Text("{plan}待续费", "{plan}: payment due"),
        body=Text(
            "您的{plan}已于 {day}到期，续费 {price} 尚未支付，请在「我的会员」中完成支付。",
            "{plan} ended on {day} and its renewal for {price} is not paid yet. You can pay it under “My plan”.",
        ),
    ),
    Template(
        code="plan_ended",
        name=Text("付费会员已结束", "Plan ended"),
        subject=Text("{plan}已结束", "{plan} has ended"),
        body=Text(
            "您的{plan}已于 {day}结束，期待您再次加入。",
            "{plan} ended on {day}. You are welcome back any time.",
        ),
    ),
)
TEMPLATES: dict[str, Template] = {template.code: template for template in _BUILT_IN}
# Messages of ours that a template of the operators', once approved, says in their words: ours → theirs.
OWN = {"one_time_code": "sign-in-code"}
