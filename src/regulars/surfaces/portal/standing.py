"""A member's place in the programme that is in force: its tiers and units in words, her progress."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from regulars.facts.activity import api as activities
from regulars.facts.members import states
from regulars.kit.errors import Refusal
from regulars.kit.text import Language, Text
from regulars.platform.organisations.types import Brand
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import (
    MONEY_KINDS,
    Benefit,
    Programme,
    Rule,
    TierScheme,
)
from regulars.programme.rules.types.acts import TaskEffect, WebhookEffect
from regulars.programme.versions import api as versions
from regulars.programme.versions.types import ProgrammeHistory
from regulars.surfaces.portal.shapes import UnitOut
from regulars.value.tiers import api as tiers
from regulars.value.tiers.types import TierProgress


def programmes(brand: Brand, now: datetime) -> ProgrammeHistory | None:
    """The brand's published programmes; None for a brand that has published nothing yet."""
    try:
        return versions.in_force(brand_id=brand.id, now=now)
    except Refusal as refusal:
        if refusal.code == "no_programme":
            return None
        raise


def live(brand: Brand, now: datetime) -> Programme | None:
    """The programme that decides what happens now."""
    found = programmes(brand, now)
    return found.live if found else None


def tier_scheme(programme: Programme | None) -> TierScheme | None:
    """The scheme whose tiers the card shows: the first that has any."""
    schemes = programme.schemes if programme else ()
    return next((scheme for scheme in schemes if scheme.tiers), None)


def tier_progress(
    *, brand: Brand, programme: Programme, member_id: UUID, joined_at: datetime, now: datetime
) -> TierProgress | None:
    """Her tier now, what keeps it and what reaches the next; None where the programme has no tiers."""
    scheme = tier_scheme(programme)
    if scheme is None:
        return None
    with connection.cursor() as cursor:
        kept = states.standings(cursor, brand_id=brand.id, member_id=member_id).get(scheme.key)
    standing = tiers.standing_from_json(kept) if kept else tiers.enter(scheme, joined_at, programme.timezone)
    return tiers.progress(
        scheme,
        standing,
        now=now,
        tz=programme.timezone,
        currency=programme.currency,
        names=metric_names(brand, programme),
    )


def metric_names(brand: Brand, programme: Programme) -> Mapping[str, Text]:
    """People's words for the metrics that units and declared types bring."""
    names = {f"unit:{code}": unit.name for code, unit in programme.units.items()}
    for code, declared in activities.declared_types(brand_id=brand.id).items():
        names[f"activity:{code}"] = declared.name
    return names


def rule_sentence(thing: Rule | Benefit, programme: Programme, language: Language) -> str:
    """What a rule or benefit does for her. Which other rules it does not stack with is said by what it gives; what it
    asks of staff or tells to systems is none of hers."""
    if isinstance(thing, Rule):
        if is_internal(thing):
            return ""
        wires = list(thing.definition.get("effects", ()))
        kept = [n for n, effect in enumerate(thing.effects) if not isinstance(effect, _NOT_HERS)]
        thing = dataclasses.replace(
            thing,
            stacking_group=None,
            effects=tuple(thing.effects[n] for n in kept),
            definition={**thing.definition, "effects": [wires[n] for n in kept if n < len(wires)]},
        )
    return rules.describe(thing, programme, language)


def is_internal(rule: Rule) -> bool:
    """Whether all that a rule does concerns staff and systems, so that she is not told of it."""
    return bool(rule.effects) and all(isinstance(effect, _NOT_HERS) for effect in rule.effects)


_NOT_HERS = (TaskEffect, WebhookEffect)


def unit_out(programme: Programme | None, code: str, language: Language) -> UnitOut:
    unit = programme.units.get(code) if programme else None
    return UnitOut(
        code=code,
        name=unit.name.in_language(language) if unit else code,
        money=unit is not None and unit.kind in MONEY_KINDS,
    )
