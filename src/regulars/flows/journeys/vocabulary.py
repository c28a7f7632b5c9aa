"""What the editor of journeys offers: kinds of steps, and all in the brand that steps may name."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from regulars.audience.segments import api as segments
from regulars.conditions.api import FieldType, Scope
from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.types import AGAINS, KINDS, REASONS, STATES, TRIGGERS, UNITS, WAITS
from regulars.engage.tasks.types import KINDS as TASK_KINDS
from regulars.facts.activity import api as activities
from regulars.facts.members import api as members
from regulars.flows.journeys.types import Choices, Vocabulary
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import CHANNELS, PURPOSES
from regulars.programme.versions import api as versions

_PERIODS = (
    ("day", Text("每天", "a day")),
    ("week", Text("每周", "a week")),
    ("month", Text("每月", "a month")),
    ("year", Text("每年", "a year")),
)
_DATES = (FieldType.DATE, FieldType.DATETIME)
_OF_MEMBERS = (Scope.MEMBER, Scope.MEMBERSHIP, Scope.HISTORY, Scope.FACT, Scope.SCORE)


def vocabulary(*, brand_id: UUID, now: datetime) -> Vocabulary:
    """All choices of the brand now."""
    catalogue = segments.catalogue(brand_id=brand_id, now=now)
    done = {choice.value: choice.label for choice in catalogue.activity_types()}
    done |= {one.code: one.name for one in activities.list_types(brand_id=brand_id)}
    callable_ = [
        (journey.code, journey.name)
        for journey, definition in journeys.live_journeys(brand_id=brand_id, now=now)
        if any(node.trigger and node.trigger.on == "call" for node in definition.triggers)
    ]
    try:
        schemes = versions.in_force(brand_id=brand_id, now=now).live.schemes
    except Refusal:
        schemes = ()
    lists: dict[str, Choices] = {
        "kinds": tuple(KINDS.items()),
        "triggers": tuple(TRIGGERS.items()),
        "waits": tuple(WAITS.items()),
        "units": tuple(UNITS.items()),
        "agains": tuple(AGAINS.items()),
        "periods": _PERIODS,
        "reasons": tuple(REASONS.items()),
        "states": tuple(STATES.items()),
        "purposes": tuple(PURPOSES.items()),
        "task_kinds": tuple(TASK_KINDS.items()),
        "activities": tuple(done.items()),
        "segments": [
            (one.code, one.name)
            for one in segments.list_segments(brand_id=brand_id)
            if one.state != "archived"
        ],
        "tags": [(tag.code, tag.name) for tag in members.list_tags(brand_id=brand_id)],
        "templates": [(one.code, one.name) for one in messaging.list_templates(brand_id=brand_id)],
        "channels": tuple(CHANNELS.items()),
        "journeys": callable_,
        "date_fields": [
            (field.key, field.label)
            for field in catalogue
            if field.type in _DATES and field.scope in _OF_MEMBERS
        ],
    }
    return Vocabulary(
        lists, [(one.key, one.name, [(tier.code, tier.name) for tier in one.tiers]) for one in schemes]
    )
