"""A member's place in the programme that is in force."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection

from regulars.facts.activity import api as activities
from regulars.facts.members import states
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.types import Programme, TierStanding
from regulars.programme.versions import api as versions
from regulars.value.tiers import api as tiers


def live(scope: Scope, now: datetime) -> Programme | None:
    """What decides now; None for a brand that has published nothing yet."""
    try:
        return versions.in_force(brand_id=scope.brand_id, now=now).live
    except Refusal as refusal:
        if refusal.code == "no_programme":
            return None
        raise


def required(scope: Scope, now: datetime) -> Programme:
    """What decides now. Raises `no_programme` (409)."""
    return versions.in_force(brand_id=scope.brand_id, now=now).live


def standings(
    scope: Scope, programme: Programme, member_id: UUID, joined_at: datetime
) -> dict[str, TierStanding]:
    """Her standing in each scheme; that of somebody new where she has done nothing yet."""
    with connection.cursor() as cursor:
        kept = states.standings(cursor, brand_id=scope.brand_id, member_id=member_id)
    return {
        scheme.key: tiers.standing_from_json(kept[scheme.key])
        if scheme.key in kept
        else tiers.enter(scheme, joined_at, programme.timezone)
        for scheme in programme.schemes
    }


def metric_names(scope: Scope, programme: Programme) -> dict[str, Text]:
    """People's words for the metrics that units and declared types bring."""
    names = {f"unit:{code}": unit.name for code, unit in programme.units.items()}
    for code, declared in activities.declared_types(brand_id=scope.brand_id).items():
        names[f"activity:{code}"] = declared.name
    return names
