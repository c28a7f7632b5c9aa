"""A rule, unit, tier scheme or benefit in a sentence, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.conditions.api import describe as describe_condition
from regulars.conditions.api import parse_condition
from regulars.kit.text import Language
from regulars.programme.pricing.types import Offer
from regulars.programme.rules import wording as say
from regulars.programme.rules.describe_gifts import (
    budget_text,
    campaign_name,
    campaign_text,
    cap_text,
    grant_text,
)
from regulars.programme.rules.dump import show_ratio
from regulars.programme.rules.selling import offer_text
from regulars.programme.rules.types import (
    GRANTS,
    Benefit,
    Campaign,
    Cap,
    Expiry,
    ExtendExpiryEffect,
    MemberDays,
    PointsEffect,
    Programme,
    Qualification,
    Rule,
    TagEffect,
    Tier,
    TierScheme,
    TierStepEffect,
    Unit,
)

_TRIGGERS: dict[str, tuple[str, str]] = {
    "order": ("下单", "an order"),
    "order_delivered": ("订单签收", "a delivered order"),
    "refund": ("退款", "a refund"),
    "checkin": ("签到", "a check-in"),
    "enrol": ("入会", "joining"),
}


def describe(
    thing: Rule | Unit | TierScheme | Tier | Benefit | Campaign | Offer,
    programme: Programme,
    language: Language,
) -> str:
    """One sentence (for a tier scheme: a few) without a full stop at its end; for a tier, what it takes."""
    if isinstance(thing, Rule):
        return _rule(thing, programme, language)
    if isinstance(thing, Unit):
        return _unit(thing, programme, language)
    if isinstance(thing, TierScheme):
        return _scheme(thing, programme, language)
    if isinstance(thing, Tier):
        return _tier(thing, programme, language)
    if isinstance(thing, Campaign):
        return campaign_text(thing, programme, language)
    if isinstance(thing, Offer):
        return offer_text(thing, programme, language)
    return _benefit(thing, programme, language)


def condition_text(
    wire: Mapping[str, Any] | None, programme: Programme, language: Language, *, of_line: bool = False
) -> str:
    """A condition's sentence; empty for "always"."""
    if not wire:
        return ""
    catalogue = programme.plan.catalogue
    parsed = parse_condition(data=wire, catalogue=catalogue, of_line=of_line)
    return describe_condition(condition=parsed, catalogue=catalogue, lang=language)


def member_days_text(days: MemberDays, language: Language) -> str:
    """`每月 8 日、周三`; `the 8th of every month and Wednesdays`."""
    parts = []
    if days.days_of_month:
        parts.append(say.days_of_month(days.days_of_month, language))
    if days.weekdays:
        parts.append(("每" if language == "zh" and not parts else "") + say.weekdays(days.weekdays, language))
    return say.listed(parts, language) if parts else ""


def expiry_text(expiry: Expiry, language: Language) -> str:
    """`自获得起第 12 个月月底失效`; `expire at the end of the 12th month after earning`."""
    zh = language == "zh"
    if expiry.kind == "never":
        return "永久有效" if zh else "no expiry"
    if expiry.kind == "fixed":
        assert expiry.on is not None
        on = say.day(expiry.on, language)
        return f"{on}之后失效" if zh else f"expire after {on}"
    if expiry.kind == "inactivity_months":
        months = say.counted(expiry.n, "个月", "month", language)
        return (
            f"连续 {months}无任何行为则全部失效" if zh else f"all expire after {months} without any activity"
        )
    months_counted = expiry.kind == "rolling_months"
    if months_counted and expiry.round_up == "month":
        if zh:
            return f"获得后第 {expiry.n} 个月月底失效"
        return f"expire at the end of the {say.ordinal(expiry.n)} month after earning"
    span = say.counted(
        expiry.n,
        "个月" if months_counted else "天",
        "month" if months_counted else "day",
        language,
    )
    ends = {
        "none": ("", ""),
        "month": ("当月月底", " at the end of the month"),
        "quarter": ("当季季末", " at the end of the quarter"),
        "year": ("当年年底", " at the end of the year"),
    }[expiry.round_up]
    if zh:
        return f"获得 {span}后{'的' + ends[0] if ends[0] else ''}失效"
    return f"expire {span} after earning{',' + ends[1] if ends[1] else ''}"


def _rule(rule: Rule, programme: Programme, language: Language) -> str:
    zh = language == "zh"
    when = _when(rule, programme, language)
    trigger = _trigger(rule.trigger, programme, language)
    condition = condition_text(rule.definition.get("condition"), programme, language)
    wires = rule.definition.get("effects", ())
    effects = [
        _effect(effect, wires[i].get("lines") if i < len(wires) else None, programme, language)
        for i, effect in enumerate(rule.effects)
    ]
    tail = [_cap(cap, rule, programme, language) for cap in rule.caps]
    if rule.stacking_group:
        tail.append(
            f"与“{rule.stacking_group}”组内其他规则不叠加"
            if zh
            else f"does not stack with others of group “{rule.stacking_group}”"
        )
    if rule.campaign is not None:
        name = campaign_name(rule.campaign, programme, language)
        tail.append(f"属于活动“{name}”" if zh else f"part of the campaign “{name}”")
    if rule.budget is not None:
        tail.append(budget_text(rule.budget, programme, language))
    if not rule.enabled:
        tail.append("已停用" if zh else "switched off")
    if zh:
        asked = f"若{condition}" if condition else ""
        return "，".join(filter(None, [f"{when}{trigger}", asked, "；".join(effects), *tail]))
    head = f"{when}{trigger}"
    return (
        head[:1].upper() + head[1:] + (f", if {condition}," if condition else "") + " earns "
        if all(isinstance(e, PointsEffect) for e in rule.effects)
        else head[:1].upper() + head[1:] + (f", if {condition}," if condition else "") + " gives "
    ) + "; ".join([say.listed(effects, "en"), *tail])


def _when(rule: Rule, programme: Programme, language: Language) -> str:
    zh = language == "zh"
    parts: list[str] = []
    if rule.starts_at is not None or rule.ends_at is not None:
        start = "" if rule.starts_at is None else say.instant(rule.starts_at, programme.timezone, language)
        end = "" if rule.ends_at is None else say.instant(rule.ends_at, programme.timezone, language)
        if zh:
            parts.append((f"{start}起" if start else "") + (f"至 {end}前" if end else ""))
        else:
            parts.append(
                " ".join(filter(None, [f"from {start}" if start else "", f"until {end}" if end else ""]))
            )
    if rule.member_day:
        days = member_days_text(programme.member_days, language)
        word = programme.words.get("member_day")
        name = word.in_language(language) if word else ("会员日" if zh else "member day")
        parts.append(f"{name}（{days}）" if zh else f"on {name}s ({days})")
    if rule.weekdays is not None:
        days = say.weekdays(rule.weekdays, language)
        parts.append(days if zh else f"on {days}")
    if rule.dayparts:
        hours = say.hours(rule.dayparts, language)
        parts.append(hours if zh else f"between {hours.replace('–', ' and ')}")
    if not parts:
        return ""
    if zh:
        return "".join(part if part.endswith("）") else f"{part} " for part in parts)
    return f"{', '.join(parts)}, "


def _trigger(activity_type: str, programme: Programme, language: Language) -> str:
    zh = language == "zh"
    known = _TRIGGERS.get(activity_type)
    if known is not None:
        return known[0] if zh else known[1]
    for choice in programme.plan.catalogue.activity_types():
        if choice.value == activity_type:
            name: str = choice.label.in_language(language)
            return f"发生“{name}”" if zh else f"the activity “{name}”"
    return activity_type


def _effect(effect: Any, lines: Mapping[str, Any] | None, programme: Programme, language: Language) -> str:
    zh = language == "zh"
    if isinstance(effect, TagEffect):
        if effect.remove:
            return f"去掉标签“{effect.tag}”" if zh else f"the tag “{effect.tag}” taken off"
        return f"打上标签“{effect.tag}”" if zh else f"the tag “{effect.tag}”"
    if isinstance(effect, TierStepEffect):
        return _tier_step(effect, programme, language)
    if isinstance(effect, ExtendExpiryEffect):
        unit = say.unit_name(programme, effect.unit, language)
        if zh:
            return f"全部{unit}有效期延长 {effect.months} 个月"
        return f"{say.counted(effect.months, '', 'more month', language)} before {unit} expire"
    if isinstance(effect, GRANTS):
        return grant_text(effect, programme, language)
    assert isinstance(effect, PointsEffect)
    return _points(effect, lines, programme, language)


def _points(
    effect: PointsEffect, lines: Mapping[str, Any] | None, programme: Programme, language: Language
) -> str:
    zh = language == "zh"
    unit = say.unit_name(programme, effect.unit, language)
    goods = condition_text(lines, programme, language, of_line=True)
    if effect.mode == "fixed":
        amount = say.amount_of(programme, effect.amount, effect.unit, language)
        text = (
            f"{f'含{goods}的商品时' if goods else ''}送 {amount}"
            if zh
            else f"{amount}{f' for goods whose {goods}' if goods else ''}"
        )
    elif effect.mode == "per_amount":
        amount = say.amount_of(programme, effect.amount, effect.unit, language)
        per = say.money(effect.per, programme.currency, language)
        text = (
            f"{f'{goods}的商品' if goods else ''}每 {per}得 {amount}"
            if zh
            else f"{amount} per {per}{f' on goods whose {goods}' if goods else ''}"
        )
    elif effect.mode == "multiply":
        by = say.factor(effect.factor)
        text = (
            f"{f'{goods}的商品' if goods else ''}{unit} {by}"
            if zh
            else f"{unit} {by}{f' on goods whose {goods}' if goods else ''}"
        )
    else:
        rows = len(effect.table)
        text = (
            f"按商品表送{unit}（{rows} 项）"
            if zh
            else f"{unit} by a table of {say.counted(rows, '', 'product', language)}"
        )
        if goods:
            text += f"，限{goods}的商品" if zh else f" on goods whose {goods}"
    extra = []
    if effect.limit is not None:
        limit = say.amount_of(programme, effect.limit, effect.unit, language)
        extra.append(f"单次最多 {limit}" if zh else f"at most {limit} each time")
    if effect.pending is not None:
        if effect.pending.until == "delivered":
            extra.append("签收后生效" if zh else "usable once delivered")
        else:
            days = say.counted(effect.pending.days, "天", "day", language)
            extra.append(f"{days}后生效" if zh else f"usable after {days}")
    if effect.expiry is not None:
        extra.append(expiry_text(effect.expiry, language))
    if not extra:
        return text
    return f"{text}（{'，'.join(extra)}）" if zh else f"{text} ({', '.join(extra)})"


def _tier_step(effect: TierStepEffect, programme: Programme, language: Language) -> str:
    zh = language == "zh"
    scheme = next((s for s in programme.schemes if s.key == effect.scheme), None)
    name = scheme.name.in_language(language) if scheme else effect.scheme
    if effect.tier is None:
        return (
            f"{name}升 {effect.steps} 级"
            if zh
            else f"{say.counted(effect.steps, '', 'step', language)} up in {name}"
        )
    tier = (
        next((t.name.in_language(language) for t in scheme.tiers if t.code == effect.tier), effect.tier)
        if scheme
        else effect.tier
    )
    return f"{name}升到{tier}" if zh else f"the tier {tier} of {name}"


def _cap(cap: Cap, rule: Rule, programme: Programme, language: Language) -> str:
    units = [e.unit for e in rule.effects if isinstance(e, PointsEffect)]
    return cap_text(cap, units, programme, language)


def _unit(unit: Unit, programme: Programme, language: Language) -> str:
    zh = language == "zh"
    name = say.unit_name(programme, unit.code, language)
    claw_back = {
        "pending": ("退款只收回未生效部分", "a refund takes back only what is not yet usable"),
        "balance": ("退款收回以余额为限", "a refund takes back at most the balance"),
        "debt": (
            "退款不足部分记为欠账，由下次获得抵扣",
            "what a refund cannot take back is settled by the next earn",
        ),
    }[unit.claw_back]
    parts = [expiry_text(unit.expiry, language)]
    if not unit.can_burn:
        parts.append("不可消耗" if zh else "cannot be spent")
    parts.append(claw_back[0 if zh else 1])
    return f"{name}：{'，'.join(parts)}" if zh else f"{name[:1].upper()}{name[1:]}: {'; '.join(parts)}"


def metric_text(qualification: Qualification, programme: Programme, language: Language) -> str:
    """`消费满 5,000 元`; `spend of at least ¥5,000`."""
    zh = language == "zh"
    kind, _, name = qualification.metric.partition(":")
    least = qualification.at_least
    if kind == "spend":
        amount = say.money(least, programme.currency, language)
        return f"消费满 {amount}" if zh else f"spend of at least {amount}"
    if kind == "unit":
        if zh:
            return f"{say.unit_name(programme, name, language)}达到 {least:,}"
        return f"at least {say.amount_of(programme, least, name, language)} earned"
    if kind == "activity":
        label = _trigger(name, programme, language)
        return f"{label}满 {least:,} 次" if zh else f"{label} at least {say.times(least, language)}"
    word = {"orders": ("下单", "单", "order"), "visits": ("到访", "天", "visit")}[kind]
    return (
        f"{word[0]}满 {least:,} {word[1]}" if zh else f"at least {say.counted(least, '', word[2], language)}"
    )


def _scheme(scheme: TierScheme, programme: Programme, language: Language) -> str:
    zh = language == "zh"
    tiers = [_tier(tier, programme, language) for tier in scheme.tiers[1:]]
    months = say.counted(scheme.validity_months, "个月", "month", language)
    anchor = {
        "tier_start": ("自升级之日起", "from the day it is reached"),
        "join": ("以入会周年为界", "to the anniversary of joining"),
        "fixed": (
            f"以每年 {scheme.fixed_month} 月 {scheme.fixed_day} 日为界",
            f"to {scheme.fixed_day} {say.MONTHS_EN[scheme.fixed_month - 1]}",
        ),
    }[scheme.anchor]
    end = {
        "one_step": ("未达标降一级", "a tier not kept goes one step down"),
        "earned": ("未达标降到实际达到的等级", "a tier not kept falls to the tier earned"),
        "never": ("不降级", "tiers are never lost"),
    }[scheme.on_end]
    grace = ""
    if scheme.grace_days and scheme.on_end != "never":
        days = say.counted(scheme.grace_days, "天", "day", language)
        grace = f"（宽限 {days}）" if zh else f" after {days} of grace"
    if zh:
        lowest = scheme.tiers[0].name.zh
        steps = "；".join(tiers)
        return f"{scheme.name.zh}：入会即为{lowest}；{steps}；有效 {months}，{anchor[0]}，到期{end[0]}{grace}"
    lowest = scheme.tiers[0].name.en
    return (
        f"{scheme.name.en}: everybody starts at {lowest}; {'; '.join(tiers)}; "
        f"valid {months} {anchor[1]}; {end[1]}{grace}"
    )


def _tier(tier: Tier, programme: Programme, language: Language) -> str:
    zh = language == "zh"
    parts = [metric_text(q, programme, language) for q in tier.qualify]
    if tier.need is None or tier.need == len(parts):
        text = say.listed(parts, language)
    elif tier.need == 1:
        text = " 或 ".join(parts) if zh else say.listed(parts, "en", last="or")
    else:
        joined = say.listed(parts, language)
        text = f"以下满足 {tier.need} 项：{joined}" if zh else f"any {tier.need} of: {joined}"
    name = tier.name.in_language(language)
    return f"{name}需{text}" if zh else f"{name} takes {text}"


def _benefit(benefit: Benefit, programme: Programme, language: Language) -> str:
    zh = language == "zh"
    scheme = next((s for s in programme.schemes if s.key == benefit.scheme), None)
    tiers = [t.name.in_language(language) for t in scheme.tiers if t.code in benefit.tiers] if scheme else []
    who = say.listed(tiers, language) if tiers else ""
    if benefit.kind == "multiplier":
        unit = say.unit_name(programme, benefit.unit, language)
        what = f"{unit} {say.factor(benefit.factor)}"
    elif benefit.kind == "price_discount":
        paid = benefit.factor
        what = (
            f"{benefit.name.zh}（{show_ratio(paid * 10)} 折）"
            if zh
            else f"{benefit.name.en} ({show_ratio((1 - paid) * 100)}% off)"
        )
    else:
        what = benefit.name.in_language(language)
    if benefit.quota is not None:
        period = say.PERIODS[benefit.period][0].in_language(language)
        count = say.times(benefit.quota, language)
        what += f"，{period} {count}" if zh else f", {count} {period}"
    return f"{who}：{what}" if zh else f"{who}: {what}"
