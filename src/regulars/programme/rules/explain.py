"""Why a rule fired or did not, in a sentence for a receipt. Failing conditions are looked into only here, on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regulars.conditions.api import compile_explain, parse_condition
from regulars.kit.text import Language
from regulars.programme.rules import wording as say
from regulars.programme.rules.describe import condition_text, member_days_text
from regulars.programme.rules.describe_gifts import campaign_name, grant_text
from regulars.programme.rules.plan import Plan
from regulars.programme.rules.types import (
    Act,
    Earn,
    Grant,
    MemberState,
    Outcome,
    Programme,
    Rule,
)


def facts_of(programme: Programme, state: MemberState, act: Act) -> dict[str, Any]:
    """What `decide` let conditions see of this activity."""
    plan: Plan = programme.plan
    local = act.occurred_at.astimezone(plan.zone)
    return plan.facts(state, act, local, local.date())


def explain_outcome(
    outcome: Outcome,
    programme: Programme,
    language: Language,
    *,
    earns: Sequence[Earn] = (),
    facts: Mapping[str, Any] | None = None,
    grants: Sequence[Grant] = (),
) -> str:
    """One sentence: what the rule gave (with the decision's `earns` and `grants`), or why it gave nothing.

    With `facts` (see `facts_of`) a condition is explained by the parts that failed, without them by what it wants.
    """
    name = outcome_name(outcome.rule, programme, language)
    zh = language == "zh"
    if outcome.fired:
        gained: dict[str, int] = {}
        for earn in earns:
            if earn.rule == outcome.rule:
                gained[earn.unit] = gained.get(earn.unit, 0) + earn.amount
        what = say.listed(
            [f"+{say.amount_of(programme, n, unit, language)}" for unit, n in gained.items()]
            or [grant_text(g.effect, programme, language) for g in grants if g.rule == outcome.rule]
            or ["已生效" if zh else "applied"],
            language,
        )
    else:
        what = _reason(outcome, programme, language, facts)
    return f"{name}：{what}" if zh else f"{name}: {what}"


def outcome_name(rule: str, programme: Programme, language: Language) -> str:
    """The name of the rule or benefit an outcome speaks of; its key where this version no longer has it."""
    if rule.startswith("benefit:"):
        key = rule.removeprefix("benefit:")
        return next((b.name.in_language(language) for b in programme.benefits if b.key == key), key)
    found = _rule(rule, programme)
    return rule if found is None else found.name.in_language(language)


def _rule(key: str, programme: Programme) -> Rule | None:
    return next((r for r in programme.rules if r.key == key), None)


def _reason(
    outcome: Outcome, programme: Programme, language: Language, facts: Mapping[str, Any] | None
) -> str:
    zh = language == "zh"
    detail = outcome.detail
    rule = _rule(outcome.rule, programme)
    if rule is not None:
        closed = _closed(outcome.reason, rule, programme, language)
        if closed:
            return closed
    if outcome.reason == "cap_reached":
        period = say.PERIODS[detail["period"]][1].in_language(language)
        limits = []
        if "times" in detail:
            limits.append(say.times(detail["times"], language))
        if "amount" in detail:
            limits.append(f"{detail['amount']:,}")
        shown = say.listed(limits, language, last="or")
        if "campaign" in detail:
            whole = campaign_name(str(detail["campaign"]), programme, language)
            return (
                f"活动“{whole}”{period}已达上限 {shown}"
                if zh
                else f"the limit of {shown} {period} of the campaign “{whole}” is reached"
            )
        return f"{period}已达上限 {shown}" if zh else f"the limit of {shown} {period} is reached"
    if outcome.reason == "stacking":
        by = outcome_name(str(detail.get("by", "")), programme, language)
        return f"已享受“{by}”，不叠加" if zh else f"“{by}” applied instead; they do not stack"
    if outcome.reason == "budget_used_up":
        budget = str(detail.get("budget", ""))
        return f"活动预算（{budget}）已用完" if zh else f"the budget ({budget}) is used up"
    if outcome.reason == "condition":
        return _condition(outcome.rule, programme, language, facts)
    return "没有符合条件的商品或金额" if zh else "there was nothing in the activity that it counts"


def _closed(reason: str, rule: Rule, programme: Programme, language: Language) -> str:
    """Why the calendar or the clock kept the rule from firing; empty for other reasons."""
    zh = language == "zh"
    if reason == "wrong_day" and rule.weekdays is not None:
        days = say.weekdays(rule.weekdays, language)
        return f"仅{days}有效" if zh else f"only on {days}"
    if reason == "not_member_day":
        days = member_days_text(programme.member_days, language)
        return f"当天不是会员日（{days}）" if zh else f"it was not a member day ({days})"
    if reason == "not_started" and rule.starts_at is not None:
        shown = say.instant(rule.starts_at, programme.timezone, language)
        return f"{shown}才开始" if zh else f"it starts on {shown}"
    if reason == "ended" and rule.ends_at is not None:
        shown = say.instant(rule.ends_at, programme.timezone, language)
        return f"已于 {shown}结束" if zh else f"it ended on {shown}"
    if reason == "outside_hours":
        hours = say.hours(rule.dayparts, language)
        return f"仅 {hours} 有效" if zh else f"only at {hours}"
    return ""


def _condition(key: str, programme: Programme, language: Language, facts: Mapping[str, Any] | None) -> str:
    zh = language == "zh"
    rule = _rule(key, programme)
    wire = rule.definition.get("condition") if rule is not None else None
    if not wire:
        return "不满足条件" if zh else "its condition did not hold"
    if facts is not None:
        plan: Plan = programme.plan
        explainer = plan.explainers.get(key)
        if explainer is None:
            parsed = parse_condition(data=wire, catalogue=plan.catalogue)
            explainer = plan.explainers[key] = compile_explain(condition=parsed, catalogue=plan.catalogue)
        reasons = explainer(facts)
        if reasons:
            return ("；" if zh else "; ").join(r.text.in_language(language) for r in reasons)
    wanted = condition_text(wire, programme, language)
    return f"需满足：{wanted}" if zh else f"it wants: {wanted}"
