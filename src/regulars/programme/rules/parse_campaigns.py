"""Caps, and the campaigns of rules that share them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regulars.programme.rules.plan import earns_by_amount, multiplies
from regulars.programme.rules.reader import Node
from regulars.programme.rules.types import Benefit, BenefitEffect, Campaign, Cap, PointsEffect, Rule

_CAP = ("period", "times", "amount")
_CAMPAIGN = ("key", "name", "caps")
_PERIODS = ("day", "week", "month", "year", "ever")
MAX_CAMPAIGNS = 200


def read_caps(node: Node, nothing_to_cap: bool) -> tuple[Cap, ...]:
    """The caps of a rule or campaign, one a period."""
    found: list[Cap] = []
    for child in node.children("caps", _CAP, most=len(_PERIODS)):
        period = child.choice("period", _PERIODS)
        if any(c.period == period for c in found):
            child.bad("period", "duplicate", "同一周期请合并为一条", "Join the caps of one period into one")
        times = child.integer("times", least=1, default=None)
        amount = child.integer("amount", least=1, default=None)
        if not child.has("times") and not child.has("amount"):
            child.bad("times", "required", "次数与数额至少填一个", "Give the times or the amount")
        if amount is not None and nothing_to_cap:
            child.bad(
                "amount",
                "nothing_to_cap",
                "该规则不发放价值，不能限制数额",
                "The rule gives no value that an amount could cap",
            )
        if period:
            found.append(Cap(period, times, amount))
    return tuple(found)


def parse_campaigns(whole: Node) -> tuple[Campaign, ...]:
    """Every campaign that could be read, in the order given."""
    found: list[Campaign] = []
    for node in whole.children("campaigns", _CAMPAIGN, most=MAX_CAMPAIGNS):
        key = node.code("key")
        if any(c.key == key for c in found):
            node.bad("key", "duplicate", f"活动 {key} 重复", f"Campaign {key} is given twice")
        found.append(Campaign(key or "", node.text("name"), read_caps(node, False)))
    return tuple(found)


def check_campaigns(
    whole: Node,
    campaigns: Sequence[Campaign],
    rules: Sequence[Rule],
    benefits: Mapping[str, Benefit],
) -> None:
    """What rules name must be there; an amount that caps several rules must be of one unit."""
    units: dict[str, set[str]] = {c.key: set() for c in campaigns}
    for place, rule in enumerate(rules):
        if rule.campaign is not None:
            if rule.campaign not in units:
                known = ", ".join(units) or "–"
                whole.errors.add(
                    f"rules[{place}].campaign",
                    "unknown_campaign",
                    f"没有活动 {rule.campaign}，可用：{known}",
                    f"There is no campaign {rule.campaign}; known: {known}",
                )
            else:
                units[rule.campaign] |= {e.unit for e in rule.effects if isinstance(e, PointsEffect)}
        for number, effect in enumerate(rule.effects):
            if not isinstance(effect, BenefitEffect) or not effect.benefit:
                continue
            benefit = benefits.get(effect.benefit)
            if benefit is None or benefit.quota is None:
                whole.errors.add(
                    f"rules[{place}].effects[{number}].benefit",
                    "unknown_benefit" if benefit is None else "no_quota",
                    f"没有权益 {effect.benefit}" if benefit is None else "该权益没有次数限制，无需加送",
                    f"There is no benefit {effect.benefit}"
                    if benefit is None
                    else "The benefit has no quota, so there is nothing to add to",
                )
    for place, campaign in enumerate(campaigns):
        if len(units[campaign.key]) > 1 and any(c.amount is not None for c in campaign.caps):
            whole.errors.add(
                f"campaigns[{place}].caps",
                "mixed_units",
                "活动内的规则发放不同单位，不能限制数额",
                "Its rules give different units, so an amount cannot cap them together",
            )


def check_multipliers(rules: list[tuple[Node, Rule]]) -> None:
    """Multipliers work on what other rules earn by amount, so they stand in rules and stacking groups of their own."""
    by_amount = {
        (rule.trigger, effect.unit)
        for _, rule in rules
        for effect in rule.effects
        if isinstance(effect, PointsEffect) and effect.mode == "per_amount"
    }
    groups = {rule.stacking_group for _, rule in rules if earns_by_amount(rule)} - {None}
    for node, rule in rules:
        if not multiplies(rule):
            continue
        if earns_by_amount(rule):
            node.bad(
                "effects",
                "mixed_modes",
                "按金额发放与翻倍请分成两条规则",
                "Earning by amount and multiplying must be two rules",
            )
        if rule.stacking_group in groups:
            node.bad(
                "stacking_group",
                "mixed_modes",
                "同一互斥组内不能既有按金额发放又有翻倍",
                "A stacking group cannot hold both rules that earn by amount and multipliers",
            )
        for i, effect in enumerate(rule.effects):
            if (
                isinstance(effect, PointsEffect)
                and effect.mode == "multiply"
                and effect.unit
                and (rule.trigger, effect.unit) not in by_amount
            ):
                node.errors.add(
                    f"{node.at('effects')}[{i}].unit",
                    "nothing_to_multiply",
                    "同一触发行为下没有按金额发放该单位的规则，无可翻倍",
                    "No rule of the same trigger earns this unit by amount, so there is nothing to multiply",
                )
