"""A programme's definition (JSON) to the compiled programme, strictly: every error at once, each with its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from regulars.conditions.api import Choice, FieldCatalogue, FieldDef, FieldType, Scope, retail_fields
from regulars.kit.errors import ErrorList
from regulars.kit.text import Text
from regulars.programme.rules.dump import FORMAT
from regulars.programme.rules.parse_campaigns import check_campaigns, parse_campaigns
from regulars.programme.rules.parse_rules import Read, parse_expiry, parse_rules
from regulars.programme.rules.parse_tiers import parse_benefits, parse_schemes
from regulars.programme.rules.plan import Plan, in_order
from regulars.programme.rules.reader import Node, check_texts
from regulars.programme.rules.selling import read_promotions, shelf_of
from regulars.programme.rules.types import (
    ExtendExpiryEffect,
    MemberDays,
    Programme,
    Rule,
    TierScheme,
    Unit,
    UnitKind,
)

_ALL = (
    "format", "name", "words", "units", "member_days", "schemes", "campaigns", "rules", "benefits",
    "promotions", "checkout",
)  # fmt: skip
_UNIT = ("code", "name", "kind", "expiry", "claw_back", "can_burn")
_CODE = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")
MAX_UNITS, MAX_WORDS = 30, 50


def parse(
    definition: Any,
    *,
    brand_id: UUID,
    version: int,
    timezone: str,
    currency: str,
    effective_from: datetime,
    catalogue: FieldCatalogue | None = None,
) -> Programme:
    """The programme that `definition` says, ready for `decide`.

    `catalogue` holds the fields and activity types conditions may name (default: those of every retail programme).

    Raises:
        Refusal: `invalid_input` with every error found; fields are paths such as `rules[2].effects[0].unit`.
    """
    errors = ErrorList()
    check_texts(definition, errors)
    errors.refuse()
    whole = Node(definition, "", errors, _ALL)
    if whole.integer("format", default=FORMAT) != FORMAT:
        whole.bad("format", "unknown_format", f"格式应为 {FORMAT}", f"The format must be {FORMAT}")
    base = (catalogue or retail_fields()).localised(timezone=timezone, currency=currency)
    units = _units(whole)
    schemes = parse_schemes(
        whole, units=units, activity_types={choice.value for choice in base.activity_types()}
    )
    tiers = {scheme.key: tuple(t.code for t in scheme.tiers) for scheme in schemes}
    fields = _with_tiers(base, schemes)
    read = Read()
    campaigns = parse_campaigns(whole)
    rules = parse_rules(whole, catalogue=fields, units=units, schemes=tiers, read=read)
    benefits = parse_benefits(whole, units=units, schemes=tiers)
    check_campaigns(whole, campaigns, rules, {benefit.key: benefit for benefit in benefits})
    promotions, checkout = read_promotions(whole, catalogue=fields, units=units, benefits=benefits, read=read)
    days = whole.child("member_days", ("days_of_month", "weekdays"))
    member_days = (
        MemberDays(
            days.integers("days_of_month", least=1, most=31), days.integers("weekdays", least=1, most=7)
        )
        if days is not None
        else MemberDays()
    )
    _check_member_days(whole, rules, member_days)
    name, words = whole.text("name", Text("", "")), _words(whole)
    errors.refuse()
    programme = Programme(
        brand_id=brand_id,
        version=version,
        timezone=timezone,
        currency=currency,
        units=units,
        rules=in_order(rules),
        schemes=schemes,
        benefits=benefits,
        member_days=member_days,
        effective_from=effective_from,
        fields_used=frozenset(read.fields),
        rules_of=_by_trigger(rules),
        windows=read.windows,
        streaks=frozenset(read.streaks | {"checkin"}),
        reads_lots=any(isinstance(e, ExtendExpiryEffect) for r in rules if r.enabled for e in r.effects),
        name=name,
        words=words,
        campaigns=campaigns,
        promotions=promotions,
        checkout=checkout,
        shelf=shelf_of(
            promotions, checkout, benefits, member_days=member_days, timezone=timezone, currency=currency
        ),
        budgets=frozenset(r.budget.key for r in rules if r.enabled and r.budget is not None),
    )
    return replace(programme, plan=Plan(programme, fields))


def programme_catalogue(programme: Programme) -> FieldCatalogue:
    """The fields that this programme's conditions may name: those it was parsed with and its own tiers."""
    plan: Plan = programme.plan
    return plan.catalogue


def _units(whole: Node) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for node in whole.children("units", _UNIT, most=MAX_UNITS, required=True):
        code = node.code("code")
        if code in units:
            node.bad("code", "duplicate", f"单位 {code} 重复", f"Unit {code} is given twice")
        unit = Unit(
            code=code or "",
            name=node.text("name"),
            kind=node.choice("kind", get_args(UnitKind), "points"),
            expiry=parse_expiry(node, "expiry"),
            claw_back=node.choice("claw_back", ("pending", "balance", "debt"), "debt"),
            can_burn=node.flag("can_burn", True),
        )
        if code:
            units[code] = unit
    return units


def _words(whole: Node) -> dict[str, Text]:
    value = whole.raw("words", {})
    if not isinstance(value, Mapping) or len(value) > MAX_WORDS:
        whole.bad("words", "not_an_object", f"应为不超过 {MAX_WORDS} 项的对象", f"At most {MAX_WORDS} words")
        return {}
    node = Node(value, "words", whole.errors, [str(k) for k in value])
    for key in value:
        if not _CODE.fullmatch(str(key)):
            node.bad(str(key), "bad_code", "只能用小写字母、数字、- 和 _", "Use a-z, 0-9, - and _")
    return {str(key): node.text(str(key), most=40) for key in value}


def _with_tiers(base: FieldCatalogue, schemes: tuple[TierScheme, ...]) -> FieldCatalogue:
    """`membership.tier` asks about the first scheme, `membership.tier.<scheme>` about any."""
    for index, scheme in enumerate(schemes):
        choices = tuple(Choice(t.code, t.name) for t in scheme.tiers)
        if index == 0 and "membership.tier" in base:
            base = base.with_choices("membership.tier", choices)
        key = f"membership.tier.{scheme.key}"
        if key not in base:
            base = base.extend([FieldDef(key, FieldType.ENUM, Scope.MEMBERSHIP, scheme.name, choices)])
    return base


def _check_member_days(whole: Node, rules: tuple[Rule, ...], days: MemberDays) -> None:
    if days.days_of_month or days.weekdays:
        return
    for rule in rules:
        if rule.member_day:
            whole.bad(
                "member_days",
                "required",
                f"规则 {rule.key} 用到会员日，请设置会员日",
                f"Rule {rule.key} fires on member days, so member days must be set",
            )
            return


def _by_trigger(rules: tuple[Rule, ...]) -> dict[str, tuple[Rule, ...]]:
    live = [r for r in rules if r.enabled]
    return {
        trigger: in_order(tuple(r for r in live if r.trigger == trigger))
        for trigger in dict.fromkeys(r.trigger for r in live)
    }
