"""The door of what journeys do with the rest: check and publish, start by hand, dry runs, due work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.types import REASONS, Definition, DryRun, Entered, Entry
from regulars.flows.journeys.acting import carry_out
from regulars.flows.journeys.coding import apply_definition, export_definitions
from regulars.flows.journeys.due import register
from regulars.flows.journeys.messages import messages_of, messages_of_runs
from regulars.flows.journeys.publishing import Checked, check, publish
from regulars.flows.journeys.telling import sentences
from regulars.flows.journeys.triggers import hear, listen
from regulars.flows.journeys.vocabulary import vocabulary
from regulars.kit.errors import ErrorList, conflict
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

__all__ = [
    "Checked",
    "apply_definition",
    "carry_out",
    "check",
    "dry_run",
    "export_definitions",
    "hear",
    "listen",
    "messages_of",
    "messages_of_runs",
    "publish",
    "read_loosely",
    "register",
    "remove",
    "say_reason",
    "sentences",
    "start",
    "vocabulary",
]


def start(
    *,
    scope: Scope,
    code: str,
    member_id: UUID,
    key: str = "",
    data: Mapping[str, Any] | None = None,
    now: datetime,
) -> Entered:
    """Let a member into a journey by its `call` trigger. The same key starts the same run, once.

    Raises `not_found`, `not_running` (409), `not_callable` (409).
    """
    journey = journeys.get_journey(brand_id=scope.brand_id, code=code)
    live = {
        one.id: definition for one, definition in journeys.live_journeys(brand_id=scope.brand_id, now=now)
    }
    definition = live.get(journey.id)
    if definition is None:
        raise conflict("not_running", "旅程未在运行", "The journey does not run")
    node = next((one for one in definition.triggers if one.trigger and one.trigger.on == "call"), None)
    if node is None:
        raise conflict(
            "not_callable", "该旅程没有“接口发起”触发", "The journey has no trigger of the kind call"
        )
    entry = Entry(member_id, f"call:{key or new_id()}", key, {"values": dict(data)} if data else {})
    with transaction.atomic():
        entered = journeys.enter(
            brand=organisations.get_brand(brand_id=scope.brand_id),
            journey=journey,
            trigger=node,
            entries=[entry],
            now=now,
        )
        if entered.runs and scope.actor.kind == "staff":  # systems start very many; those are among the runs
            _record(scope, "journey.start_member", code, {"member": str(member_id), "key": key}, now)
    return entered


def remove(*, scope: Scope, code: str, member_id: UUID, now: datetime) -> int:
    """Take a member out of a journey; gives how many runs of hers that ended."""
    journey = journeys.get_journey(brand_id=scope.brand_id, code=code)
    ended = journeys.leave(journey=journey, member_ids=[member_id], reason="removed", now=now)
    if ended:
        _record(scope, "journey.remove_member", code, {"member": str(member_id), "runs": ended}, now)
    return ended


def _record(scope: Scope, action: str, code: str, after: Mapping[str, Any], now: datetime) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="journey",
        subject_id=code,
        after=dict(after),
        now=now,
    )


def dry_run(
    *,
    scope: Scope,
    code: str,
    member_id: UUID,
    days: int,
    data: Any = None,
    trigger: str = "",
    happens: Mapping[str, timedelta] | None = None,
    now: datetime,
) -> tuple[Definition, DryRun]:
    """What would happen to a member in the next days, by the definition given, else the draft, else what is live.

    Raises `invalid_input` for a definition that cannot be read.
    """
    journey = journeys.get_journey(brand_id=scope.brand_id, code=code)
    if data is None:
        data = journey.draft
    if data is None:
        data = journeys.get_version(journey=journey, number=journey.version).definition
    errors = ErrorList()
    definition = journeys.read_definition(brand_id=scope.brand_id, data=data, errors=errors, now=now)
    errors.refuse()
    assert definition is not None
    return definition, journeys.dry_run(
        brand=organisations.get_brand(brand_id=scope.brand_id),
        journey=journey,
        definition=definition,
        member_id=member_id,
        trigger=trigger,
        days=days,
        happens=happens or {},
        facts={},
        now=now,
    )


def read_loosely(*, brand_id: UUID, data: Any, now: datetime) -> Definition | None:
    """A definition from its JSON, None where it cannot be read."""
    return journeys.read_definition(brand_id=brand_id, data=data, errors=ErrorList(), now=now)


def say_reason(reason: str) -> Text:
    """Why a run ended, in words."""
    return REASONS.get(reason, Text(reason, reason))
