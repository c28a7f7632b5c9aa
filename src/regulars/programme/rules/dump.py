"""A programme back to its JSON, in one canonical form: keys in a fixed order, defaults left out, numbers exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from regulars.programme.pricing.api import checkout_json
from regulars.programme.rules.types import (
    Benefit,
    BenefitEffect,
    Campaign,
    Cap,
    CouponEffect,
    Effect,
    Expiry,
    ExtendExpiryEffect,
    PointsEffect,
    Programme,
    Qualification,
    Rule,
    RuleBudget,
    TagEffect,
    TierScheme,
    TierStepEffect,
    Unit,
)
from regulars.programme.rules.types.acts import MessageEffect, PlayEffect, TaskEffect, WebhookEffect

FORMAT = 1
NAMED = {"badge": "badge", "mission": "mission", "draw_chance": "draw"}  # where an effect says which one


def dump(programme: Programme) -> dict[str, Any]:
    """The definition; parsing it gives the same programme, and dumping that gives the same definition."""
    return _without_empty(
        {
            "format": FORMAT,
            "name": programme.name.to_json() if programme.name.zh else None,
            "words": {key: word.to_json() for key, word in programme.words.items()},
            "units": [unit_json(u) for u in programme.units.values()],
            "member_days": _without_empty(
                {
                    "days_of_month": sorted(programme.member_days.days_of_month),
                    "weekdays": sorted(programme.member_days.weekdays),
                }
            ),
            "schemes": [scheme_json(s) for s in programme.schemes],
            "campaigns": [campaign_json(c) for c in programme.campaigns],
            "rules": [dict(r.definition) for r in programme.rules],
            "benefits": [benefit_json(b) for b in programme.benefits],
            "promotions": [dict(o.definition) for o in programme.promotions],
            "checkout": checkout_json(programme.checkout),
        }
    )


def unit_json(unit: Unit) -> dict[str, Any]:
    return _without_empty(
        {
            "code": unit.code,
            "name": unit.name.to_json(),
            "kind": unit.kind,
            "expiry": expiry_json(unit.expiry),
            "claw_back": None if unit.claw_back == "debt" else unit.claw_back,
            "can_burn": None if unit.can_burn else False,
        }
    )


def expiry_json(expiry: Expiry) -> dict[str, Any]:
    return _without_empty(
        {
            "kind": expiry.kind,
            "n": expiry.n or None,
            "round_up": None if expiry.round_up == "none" else expiry.round_up,
            "on": None if expiry.on is None else expiry.on.isoformat(),
        }
    )


def rule_json(
    rule: Rule, condition: Mapping[str, Any] | None, lines: Sequence[Mapping[str, Any] | None]
) -> dict[str, Any]:
    """The rule's definition from its parts; `condition` and `lines` (one per effect) are in wire form."""
    return _without_empty(
        {
            "key": rule.key,
            "name": rule.name.to_json(),
            "trigger": rule.trigger,
            "enabled": None if rule.enabled else False,
            "condition": condition,
            "effects": [_effect_json(e, w) for e, w in zip(rule.effects, lines, strict=True)],
            "priority": rule.priority or None,
            "starts_at": None if rule.starts_at is None else rule.starts_at.isoformat(),
            "ends_at": None if rule.ends_at is None else rule.ends_at.isoformat(),
            "weekdays": None if rule.weekdays is None else sorted(rule.weekdays),
            "dayparts": [[f"{a:%H:%M}", f"{b:%H:%M}"] for a, b in rule.dayparts],
            "member_day": rule.member_day or None,
            "caps": [_cap_json(c) for c in rule.caps],
            "stacking_group": rule.stacking_group,
            "budget": None if rule.budget is None else budget_json(rule.budget),
            "campaign": rule.campaign,
        }
    )


def budget_json(budget: RuleBudget) -> str | dict[str, Any]:
    """The key alone where a firing costs what it usually does."""
    usual = Fraction(0 if budget.cost else 1)
    if budget == RuleBudget(budget.key):
        return budget.key
    return _without_empty(
        {
            "key": budget.key,
            "worth": None if budget.worth == usual else show_ratio(budget.worth),
            "cost": budget.cost or None,
        }
    )


def campaign_json(campaign: Campaign) -> dict[str, Any]:
    return _without_empty(
        {
            "key": campaign.key,
            "name": campaign.name.to_json(),
            "caps": [_cap_json(c) for c in campaign.caps],
        }
    )


def scheme_json(scheme: TierScheme) -> dict[str, Any]:
    fixed = scheme.anchor == "fixed"
    return _without_empty(
        {
            "key": scheme.key,
            "name": scheme.name.to_json(),
            "tiers": [
                _without_empty(
                    {
                        "code": t.code,
                        "name": t.name.to_json(),
                        "rank": t.rank,
                        "qualify": [_qualification_json(q) for q in t.qualify],
                        "need": t.need,
                        "keep": None if t.keep is None else [_qualification_json(q) for q in t.keep],
                        "colour": t.colour or None,
                    },
                    keep=("keep",) if t.keep is not None else (),
                )
                for t in scheme.tiers
            ],
            "validity_months": scheme.validity_months,
            "anchor": scheme.anchor,
            "fixed_month": scheme.fixed_month if fixed else None,
            "fixed_day": scheme.fixed_day if fixed else None,
            "on_end": scheme.on_end,
            "grace_days": scheme.grace_days or None,
            "refund_demotes": scheme.refund_demotes or None,
        }
    )


def benefit_json(benefit: Benefit) -> dict[str, Any]:
    return _without_empty(
        {
            "key": benefit.key,
            "name": benefit.name.to_json(),
            "kind": benefit.kind,
            "scheme": benefit.scheme,
            "tiers": sorted(benefit.tiers),
            "description": benefit.description.to_json() if benefit.description.zh else None,
            "factor": None if benefit.factor == 1 else show_ratio(benefit.factor),
            "unit": benefit.unit or None,
            "quota": benefit.quota,
            "period": None if benefit.quota is None else benefit.period,
            "undo_minutes": None if benefit.undo_minutes == 1440 else benefit.undo_minutes,
        }
    )


def show_ratio(value: Fraction) -> str:
    """`1.25`, or `4/3` where no decimal is exact."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"


def _effect_json(effect: Effect, lines: Mapping[str, Any] | None) -> dict[str, Any]:
    if isinstance(effect, PointsEffect):
        return _without_empty(
            {
                "type": "points",
                "unit": effect.unit,
                "mode": effect.mode,
                "amount": effect.amount or None,
                "per": effect.per if effect.mode == "per_amount" else None,
                "factor": show_ratio(effect.factor) if effect.mode == "multiply" else None,
                "table": dict(sorted(effect.table.items())),
                "lines": lines,
                "pending": None
                if effect.pending is None
                else _without_empty({"until": effect.pending.until, "days": effect.pending.days or None}),
                "expiry": None if effect.expiry is None else expiry_json(effect.expiry),
                "limit": effect.limit,
            }
        )
    if isinstance(effect, TagEffect):
        return _without_empty({"type": "tag", "tag": effect.tag, "remove": effect.remove or None})
    if isinstance(effect, TierStepEffect):
        return _without_empty(
            {
                "type": "tier_step",
                "scheme": effect.scheme,
                "steps": effect.steps or None,
                "tier": effect.tier,
            }
        )
    if isinstance(effect, CouponEffect):
        return _without_empty(
            {
                "type": "coupon",
                "definition": effect.definition,
                "count": None if effect.count == 1 else effect.count,
                "void_on_refund": None if effect.void_on_refund else False,
            }
        )
    if isinstance(effect, BenefitEffect):
        return _without_empty(
            {
                "type": "benefit",
                "benefit": effect.benefit,
                "uses": effect.uses,
                "days": effect.days,
                "void_on_refund": None if effect.void_on_refund else False,
            }
        )
    if isinstance(effect, MessageEffect):
        return _without_empty(
            {
                "type": "message",
                "template": effect.template,
                "channels": list(effect.channels),
                "purpose": None if effect.purpose == "service" else effect.purpose,
                "cancel_on_refund": None if effect.cancel_on_refund else False,
            }
        )
    if isinstance(effect, TaskEffect):
        return _without_empty(
            {
                "type": "task",
                "kind": effect.kind,
                "title": effect.title.to_json(),
                "script": effect.script.to_json() if effect.script.zh else None,
                "days": None if effect.days == 1 else effect.days,
            }
        )
    if isinstance(effect, WebhookEffect):
        return {"type": "webhook", "event": effect.event}
    if isinstance(effect, PlayEffect):
        return _without_empty(
            {
                "type": effect.kind,
                NAMED[effect.kind]: effect.code,
                "count": None if effect.count == 1 else effect.count,
                "void_on_refund": None if effect.void_on_refund else False,
            }
        )
    assert isinstance(effect, ExtendExpiryEffect)
    return {"type": "extend_expiry", "unit": effect.unit, "months": effect.months}


def _cap_json(cap: Cap) -> dict[str, Any]:
    return _without_empty({"period": cap.period, "times": cap.times, "amount": cap.amount})


def _qualification_json(qualification: Qualification) -> dict[str, Any]:
    return {"metric": qualification.metric, "at_least": qualification.at_least}


def _without_empty(values: dict[str, Any], *, keep: tuple[str, ...] = ()) -> dict[str, Any]:
    return {k: v for k, v in values.items() if k in keep or (v is not None and v != [] and v != {})}
