"""What the brand's filters and forms offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.engage.missions.api import draws, missions, play
from regulars.facts.members import api as members
from regulars.facts.members.types import IDENTITY_TYPES
from regulars.flows.value import REASONS
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import needs
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.choices import (
    ChoicesOut,
    OfferChoicesOut,
    SchemeChoiceOut,
    TagChoiceOut,
    UnitChoiceOut,
)
from regulars.surfaces.console.shapes.shared import ChoiceOut
from regulars.value.bookings import api as bookings
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons
from regulars.value.plans import api as plans
from regulars.value.prepaid import api as prepaid
from regulars.value.rewards import api as rewards

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


@router.get("/choices/offers", response=OfferChoicesOut, **needs("members.read"))
def get_offer_choices(request: HttpRequest) -> Any:
    """What the brand puts on offer, by name: where a form names one of them by its key. Ended ones are left out."""
    scope, now = scope_of(request), clock.now()
    naming, brand_id = Naming(scope, language(request), now), scope.brand_id

    def named(of: Iterable[tuple[str, Text, str]]) -> list[ChoiceOut]:
        return [
            ChoiceOut(value=key, label=naming.say(name) or key) for key, name, state in of if state != "ended"
        ]

    services = bookings.list_services(scope=scope)
    found = rewards.list_rewards(scope=scope, now=now)
    sold = {
        kind: named(
            (row.key, Text.from_json(row.definition.get("name") or row.key), row.state)
            for row in prepaid.list_definitions(brand_id=brand_id, kind=kind)
        )
        for kind in ("ladder", "package", "stamp_card")
    }
    programme = naming.programme
    return OfferChoicesOut(
        packages=sold["package"],
        ladders=sold["ladder"],
        stamp_cards=sold["stamp_card"],
        coupons=named((one.key, one.name, one.state) for one in coupons.list_definitions(brand_id=brand_id)),
        budgets=named((one.key, one.name, one.state) for one in budgets.list_budgets(brand_id=brand_id)),
        rewards=named((one.terms.key, one.terms.name, one.state) for one in found),
        reward_categories=sorted({one.terms.category for one in found if one.terms.category}),
        services=named((one.terms.key, one.terms.name, one.state) for one in services),
        service_categories=sorted({one.terms.category for one in services if one.terms.category}),
        plans=named(
            (one.key, one.terms.name, one.state) for one in plans.list_plans(brand_id=brand_id, now=now)
        ),
        benefits=[
            ChoiceOut(value=one.key, label=naming.say(one.name))
            for one in (programme.benefits if programme else ())
        ],
        templates=[
            ChoiceOut(value=one.code, label=naming.say(one.name))
            for one in messaging.list_templates(brand_id=brand_id)
        ],
        badges=named((one.key, one.name, one.state) for one in play.list_badges(brand_id=brand_id)),
        missions=named(
            (one.key, one.definition.name, one.state) for one in missions.list_missions(brand_id=brand_id)
        ),
        draws=named((one.key, one.definition.name, one.state) for one in draws.list_draws(brand_id=brand_id)),
    )
