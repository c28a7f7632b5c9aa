"""What rules share and what they have other rooms give, in words."""

from __future__ import annotations

from regulars.kit.text import Language, Text
from regulars.programme.rules import wording as say
from regulars.programme.rules.dump import show_ratio
from regulars.programme.rules.types import (
    BenefitEffect,
    Campaign,
    Cap,
    CouponEffect,
    GrantEffect,
    PointsEffect,
    Programme,
    RuleBudget,
)
from regulars.programme.rules.types.acts import MessageEffect, PlayEffect, TaskEffect, WebhookEffect


def grant_text(effect: GrantEffect, programme: Programme, language: Language) -> str:
    """`送优惠券 spring-10 2 张`; `2 coupons spring-10`."""
    zh = language == "zh"
    if isinstance(effect, CouponEffect):
        kept = "" if effect.void_on_refund else ("（退款不收回）" if zh else " (kept after a refund)")
        if zh:
            return f"送优惠券“{effect.definition}”{effect.count} 张{kept}"
        count = f"{effect.count} coupons" if effect.count != 1 else "the coupon"
        return f"{count} “{effect.definition}”{kept}"
    if not isinstance(effect, BenefitEffect):
        return _act_text(effect, language)
    name = next(
        (b.name.in_language(language) for b in programme.benefits if b.key == effect.benefit), effect.benefit
    )
    days = say.counted(effect.days, "天", "day", language)
    kept = "" if effect.void_on_refund else ("，退款不收回" if zh else ", kept after a refund")
    if zh:
        return f"加送“{name}”{effect.uses} 次（{days}内有效{kept}）"
    return f"{say.counted(effect.uses, '', 'more use', language)} of “{name}” within {days}{kept}"


_CHANNELS: dict[str, Text] = {
    "email": Text("邮件", "e-mail"),
    "sms": Text("短信", "text message"),
    "wechat": Text("微信", "WeChat"),
    "wecom": Text("企业微信", "WeCom"),
    "push": Text("App 推送", "app push"),
    "inbox": Text("站内信", "inbox"),
    "webhook": Text("Webhook", "webhook"),
    "task": Text("门店待办", "staff task"),
}
_TASKS: dict[str, Text] = {
    "call": Text("电话回访", "a call"),
    "visit": Text("到店回访", "a visit"),
    "wecom": Text("企业微信联系", "a WeCom message"),
    "service": Text("售后服务", "after-sales service"),
    "other": Text("待办", "a task"),
}


def _act_text(effect: MessageEffect | TaskEffect | WebhookEffect | PlayEffect, language: Language) -> str:
    """What others are told or asked to do."""
    zh = language == "zh"
    if isinstance(effect, MessageEffect):
        ways = [_CHANNELS[c].in_language(language) if c in _CHANNELS else c for c in effect.channels]
        how = ("，依次尝试" + "、".join(ways) if zh else f", by {', then '.join(ways)}") if ways else ""
        kind = "" if effect.purpose == "service" else ("（营销）" if zh else " (marketing)")
        kept = "" if effect.cancel_on_refund else ("，退款也照发" if zh else ", even after a refund")
        return (
            f"发送消息“{effect.template}”{kind}{how}{kept}"
            if zh
            else f"the message “{effect.template}”{kind}{how}{kept}"
        )
    if isinstance(effect, TaskEffect):
        title, what = effect.title.in_language(language), _TASKS[effect.kind].in_language(language)
        days = say.counted(effect.days, "天", "day", language)
        if effect.days == 0:
            return f"门店待办：{what}“{title}”（当天）" if zh else f"{what} for staff the same day: “{title}”"
        return f"门店待办：{what}“{title}”（{days}后）" if zh else f"{what} for staff after {days}: “{title}”"
    if isinstance(effect, WebhookEffect):
        return f"通知 Webhook 事件 rule.{effect.event}" if zh else f"the webhook event rule.{effect.event}"
    kept = "" if effect.void_on_refund else ("（退款不收回）" if zh else " (kept after a refund)")
    if effect.kind == "badge":
        return f"授予徽章“{effect.code}”{kept}" if zh else f"the badge “{effect.code}”{kept}"
    if effect.kind == "mission":
        return f"开启任务“{effect.code}”{kept}" if zh else f"the start of the mission “{effect.code}”{kept}"
    chances = say.counted(effect.count, "次", "chance", language)
    return (
        f"送“{effect.code}”抽奖机会 {chances}{kept}" if zh else f"{chances} in the draw “{effect.code}”{kept}"
    )


def campaign_name(key: str, programme: Programme, language: Language) -> str:
    """The campaign's name; its key where this version no longer has it."""
    return next((c.name.in_language(language) for c in programme.campaigns if c.key == key), key)


def budget_text(budget: RuleBudget, programme: Programme, language: Language) -> str:
    zh = language == "zh"
    costs = []
    if budget.cost:
        cost = say.money(budget.cost, programme.currency, language)
        costs.append(f"每次计 {cost}" if zh else f"{cost} each time")
    if budget.worth not in (0, 1):
        rate = show_ratio(budget.worth)
        costs.append(f"每单位计 {rate} 最小货币单位" if zh else f"{rate} minor units for each unit given")
    said = f"预算“{budget.key}”用完即止" if zh else f"until the budget “{budget.key}” is used up"
    if not costs:
        return said
    return f"{said}（{'，'.join(costs)}）" if zh else f"{said} ({', '.join(costs)})"


def campaign_text(campaign: Campaign, programme: Programme, language: Language) -> str:
    zh = language == "zh"
    rules = [r for r in programme.rules if r.campaign == campaign.key]
    names = say.listed([f"“{r.name.in_language(language)}”" for r in rules], language) if rules else ""
    units = [e.unit for r in rules for e in r.effects if isinstance(e, PointsEffect)]
    caps = [cap_text(cap, units, programme, language) for cap in campaign.caps]
    said = campaign.name.in_language(language)
    if zh:
        return "，".join([f"{said}：规则{names}" if names else f"{said}：尚无规则", *caps])
    return "; ".join([f"{said}: the rules {names}" if names else f"{said}: no rules yet", *caps])


def cap_text(cap: Cap, units: list[str], programme: Programme, language: Language) -> str:
    zh = language == "zh"
    period = say.PERIODS[cap.period][0].in_language(language)
    parts = []
    if cap.times is not None:
        parts.append(say.times(cap.times, language))
    if cap.amount is not None:
        parts.append(say.amount_of(programme, cap.amount, units[0], language) if units else f"{cap.amount:,}")
    if zh:
        return f"{period}最多 {'、'.join(parts)}"
    return f"at most {' and '.join(parts)} {period}"
