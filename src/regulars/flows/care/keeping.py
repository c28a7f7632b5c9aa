"""Saving and starting plans: what they name must be there; and the choice that members have about their birthday."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.audience.segments import api as segments
from regulars.engage.care import api as care
from regulars.engage.care.types import Definition, Plan
from regulars.facts.activity import api as activities
from regulars.facts.members import api as members
from regulars.facts.members.types import FieldChoice, ProfileField
from regulars.flows import rewarding
from regulars.kit.errors import ErrorList, FieldError, Refusal
from regulars.kit.reader import check_texts
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import CHANNELS
from regulars.platform.calendar import api as calendar
from regulars.platform.organisations.types import Scope
from regulars.programme.versions import api as versions
from regulars.value.budgets import api as budgets

_NOT_FOLLOWED = frozenset({"order", "refund", "order_delivered", "adjust", "hold", "burn", "burn_return"})
_CHOICES = (
    (
        "birthday_calendar",
        Text("生日按", "Birthday by"),
        (
            FieldChoice("solar", Text("公历", "Solar calendar")),
            FieldChoice("lunar", Text("农历", "Lunar calendar")),
        ),
    ),
    (
        "birthday_leap_day",
        Text("2 月 29 日生日在平年", "29 February in common years"),
        (
            FieldChoice("feb28", Text("2 月 28 日过", "On 28 February")),
            FieldChoice("mar1", Text("3 月 1 日过", "On 1 March")),
        ),
    ),
)


def put_plan(*, scope: Scope, value: object, create: bool | None = None, now: datetime) -> Plan:
    """Make a plan or change one. Raises `invalid_input` naming every wrong field, `plan_fixed`, `key_taken` (409).

    A plan that runs must be able to go on: its template is approved, its budget is open.
    """
    definition = read(scope.brand_id, value, now)
    running = any(
        one.key == definition.key and one.state == "active"
        for one in care.list_plans(brand_id=scope.brand_id)
    )
    if running:
        check_ready(scope.brand_id, definition)
    return care.put_plan(scope=scope, definition=definition, create=create, now=now)


def set_state(*, scope: Scope, key: str, state: str, now: datetime) -> Plan:
    """Start, pause or end a plan; what it names is looked at once more before it starts."""
    if state == "active":
        found = care.get_plan(brand_id=scope.brand_id, key=key)
        # one that ran goes on as it was, whatever it takes its message for
        read(scope.brand_id, found.definition.to_json(), now, purpose=found.state == "draft")
        check_ready(scope.brand_id, found.definition)
    return care.set_state(scope=scope, key=key, state=state, now=now)


def read(brand_id: UUID, value: object, now: datetime, *, purpose: bool = True) -> Definition:
    """A definition whose every name is there. A message that does not say what it is for is for what its template is
    for; with `purpose` it may not say anything else. Raises `invalid_input`.
    """
    errors = ErrorList()
    check_texts(value, errors)
    errors.refuse()
    definition = care.read_definition(value=value, errors=errors)
    if definition is None:
        errors.refuse()
        raise AssertionError("a definition that cannot be read has errors")
    rewards = rewarding.read_rewards(
        list(definition.rewards), brand_id=brand_id, field="rewards", errors=errors
    )
    if definition.message is not None:
        said, found = definition.message, ErrorList()
        if not said.purpose:
            said = replace(said, purpose=messaging.purpose_of(brand_id=brand_id, code=said.template))
            definition = replace(definition, message=said)
        messaging.check_template(
            brand_id=brand_id,
            code=said.template,
            field="message.template",
            errors=found,
            purpose=said.purpose if purpose else "",
        )
        errors.errors += [one for one in found.errors if one.code != "template_not_approved"]
        for number, channel in enumerate(said.channels):
            if channel not in CHANNELS or channel == "task":
                errors.add(f"message.channels[{number}]", "unknown_choice", "没有这个通道", "No such channel")
    if definition.audience is not None:
        _check_audience(brand_id, definition.audience, now, errors)
    if definition.budget and not any(
        b.key == definition.budget for b in budgets.list_budgets(brand_id=brand_id)
    ):
        errors.add("budget", "unknown_budget", "没有这个预算", "There is no such budget")
    _check_names(brand_id, definition, now, errors)
    errors.refuse()
    kept = {**definition.to_json(), "rewards": [one.to_json() for one in rewards]}
    return care.stored_definition(data=kept)


def check_ready(brand_id: UUID, definition: Definition) -> None:
    """Raises `invalid_input` for what keeps a plan from running now."""
    errors = ErrorList()
    if definition.message is not None:
        messaging.check_template(
            brand_id=brand_id, code=definition.message.template, field="message.template", errors=errors
        )
    if definition.budget:
        budget = budgets.get_budget(brand_id=brand_id, key=definition.budget)
        if budget.state != "active":
            errors.add("budget", "budget_not_active", "预算未启用", "The budget is not active")
    errors.refuse()


def choices_of_birthday(*, brand_id: UUID) -> bool:
    """Whether members can choose by which calendar their birthday is kept."""
    return any(field.key == "birthday_calendar" for field in members.list_fields(brand_id=brand_id))


def let_members_choose(*, scope: Scope, now: datetime) -> None:
    """Give members' profiles the choices of calendar and of the 29 February. Again is harmless."""
    there = {field.key for field in members.list_fields(brand_id=scope.brand_id, archived=True)}
    for key, label, choices in _CHOICES:
        if key not in there:
            field = ProfileField(
                key=key, type="enum", label=label, choices=choices, in_portal=True, position=90
            )
            members.put_field(scope=scope, field=field, now=now)


def _check_audience(brand_id: UUID, audience: Any, now: datetime, errors: ErrorList) -> None:
    try:
        segments.holds_for(brand_id=brand_id, definition=audience, member_ids=(), now=now)
    except Refusal as refusal:
        if not refusal.errors:
            raise
        errors.errors += [
            FieldError(f"audience{one.field.removeprefix('definition')}", one.code, one.message)
            for one in refusal.errors
        ]


def _check_names(brand_id: UUID, definition: Definition, now: datetime, errors: ErrorList) -> None:
    settings = definition.settings
    if definition.kind == "festival":
        known = calendar.list_festivals(brand_id=brand_id)
        for number, code in enumerate(settings["festivals"]):
            if code not in known:
                errors.add(
                    f"settings.festivals[{number}]",
                    "unknown_festival",
                    f"没有节日 {code}",
                    f"There is no festival {code}",
                )
    if definition.kind == "behaviour":
        code = settings["activity"]
        known_types = activities.declared_types(brand_id=brand_id)
        if code in _NOT_FOLLOWED or (code != "checkin" and code not in known_types):
            errors.add(
                "settings.activity",
                "unknown_activity",
                "没有这种行为类型，请先声明",
                "There is no such type of activity; declare it first",
            )
    if definition.kind == "visit":
        tiers = _tiers(brand_id, now)
        for number, one in enumerate(settings["cadences"]):
            for code in one["tiers"]:
                if code not in tiers:
                    errors.add(
                        f"settings.cadences[{number}].tiers",
                        "unknown_tier",
                        f"没有等级 {code}",
                        f"No tier {code}",
                    )


def _tiers(brand_id: UUID, now: datetime) -> set[str]:
    try:
        programme = versions.in_force(brand_id=brand_id, now=now).live
    except Refusal:
        return set()
    return {tier.code for scheme in programme.schemes for tier in scheme.tiers}
