"""What a message costs by its channel: stated by the brand, so that a return can count it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.insight.runs import api as runs
from regulars.kit.errors import ErrorList
from regulars.messaging.types import CHANNELS
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

ROOM = "campaigns"


@dataclass(frozen=True, slots=True)
class Costs:
    """What a message costs by its channel, in minor units; a channel that is not stated counts nothing."""

    message_cost: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        return {"message_cost": dict(self.message_cost)}


def get_costs(*, brand_id: UUID) -> Costs:
    """What the brand has stated."""
    kept = runs.get_setting(brand_id=brand_id, room=ROOM)
    return Costs({}) if kept is None else Costs(dict(kept.value.get("message_cost") or {}))


def set_costs(*, scope: Scope, value: Mapping[str, Any], now: datetime) -> Costs:
    """State them. Raises `invalid_input` naming each wrong field."""
    scope.require("campaigns.write")
    errors = ErrorList()
    given = value.get("message_cost") or {}
    for channel, cost in given.items() if isinstance(given, Mapping) else ():
        if channel not in CHANNELS:
            errors.add(
                f"message_cost.{channel}"[:80], "unknown_choice", "没有这个通道", "There is no such channel"
            )
        elif isinstance(cost, bool) or not isinstance(cost, int) or not 0 <= cost <= 100_000:
            errors.add(f"message_cost.{channel}", "out_of_range", "应为 0 到 100000 的整数", "0 to 100000")
    errors.refuse()
    before, made = get_costs(brand_id=scope.brand_id), Costs(dict(given))
    if before == made:
        return made
    with transaction.atomic():
        runs.put_setting(
            brand_id=scope.brand_id, room=ROOM, value=made.to_json(), now=now, by=scope.actor.label
        )
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="campaigns.costs_set",
            subject_type="campaigns",
            subject_id=scope.brand_id,
            before=before.to_json(),
            after=made.to_json(),
            now=now,
        )
    return made
