"""What the brand's filters and forms offer."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.facts.members import api as members
from regulars.facts.members.types import IDENTITY_TYPES
from regulars.flows.value import REASONS
from regulars.kit import clock
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import needs
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.members import ChoicesOut, SchemeChoiceOut, TagChoiceOut, UnitChoiceOut
from regulars.surfaces.console.shapes.shared import ChoiceOut

router = Router(tags=["Choices"])


@router.get("/choices", response=ChoicesOut, **needs("members.read"))
def get_choices(request: HttpRequest) -> Any:
    """Tiers, tags, stores, channels, units, activity types, reasons."""
    scope = scope_of(request)
    naming = Naming(scope, language(request), clock.now())
    programme = naming.programme
    return ChoicesOut(
        tiers=[naming.tier_badge(tier) for tier in naming.scheme.tiers] if naming.scheme else [],
        schemes=[
            SchemeChoiceOut(
                key=one.key, name=naming.say(one.name), tiers=[naming.tier_badge(tier) for tier in one.tiers]
            )
            for one in (programme.schemes if programme else ())
        ],
        tags=[
            TagChoiceOut(code=tag.code, name=naming.say(tag.name), colour=tag.colour)
            for tag in members.list_tags(brand_id=scope.brand_id)
        ],
        stores=[
            ChoiceOut(value=store.code, label=naming.say(store.name))
            for store in sorted(naming.stores.values(), key=lambda store: store.code)
        ],
        channels=naming.channels,
        units=[
            UnitChoiceOut(code=unit.code, name=naming.say(unit.name), kind=unit.kind, can_burn=unit.can_burn)
            for unit in (programme.units.values() if programme else ())
        ],
        activity_types=naming.types(),
        adjustment_reasons=[ChoiceOut(value=code, label=naming.say(text)) for code, text in REASONS.items()],
        identity_types=[
            ChoiceOut(value=code, label=naming.label(text))
            for code, text in IDENTITY_TYPES.items()
            if code not in ("code", "external")
        ],
    )
