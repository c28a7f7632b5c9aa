"""Saving and launching a campaign: what it names must be there, and is looked at again before anything begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.audience.holdouts import api as holdouts
from regulars.audience.segments import api as segments
from regulars.engage.campaigns import api as campaigns
from regulars.engage.campaigns.types import Campaign, Definition, Message, Variant
from regulars.flows import rewarding
from regulars.kit.errors import ErrorList, FieldError, Refusal
from regulars.messaging import api as messaging
from regulars.messaging.types import CHANNELS
from regulars.platform.organisations.types import Scope
from regulars.value.budgets import api as budgets


@dataclass(frozen=True, slots=True)
class Counted:
    """How many an audience is now: found, after the sample, held out by the programme and by the campaign, treated.

    Of large audiences the parts are reckoned from the shares; who is in which is settled at the launch.
    """

    found: int
    sampled: int
    programme: int
    holdout: int
    treated: int
    estimated: bool


def create(
    *, scope: Scope, code: str, name: Mapping[str, Any], note: str, definition: object, now: datetime
) -> Campaign:
    """A new draft. Raises `invalid_input` naming every wrong field, `code_taken` (409)."""
    made = _checked(scope.brand_id, definition, now)
    return campaigns.create(scope=scope, code=code, name=name, note=note, definition=made, now=now)


def update(
    *,
    scope: Scope,
    code: str,
    name: Mapping[str, Any] | None = None,
    note: str | None = None,
    definition: object | None = None,
    now: datetime,
) -> Campaign:
    """Change one that was not launched. Raises `invalid_input`, `campaign_launched` (409)."""
    made = None if definition is None else _checked(scope.brand_id, definition, now)
    return campaigns.update(scope=scope, code=code, name=name, note=note, definition=made, now=now)


def copy(*, scope: Scope, code: str, new_code: str, now: datetime) -> Campaign:
    """A draft like this one, with a salt and so a holdout of its own."""
    found = campaigns.get_campaign(brand_id=scope.brand_id, code=code)
    schedule = found.definition.schedule
    definition = found.definition
    if schedule.kind == "once" and schedule.at is not None and schedule.at <= now:
        definition = replace(definition, schedule=replace(schedule, at=None))
    return campaigns.create(
        scope=scope, code=new_code, name=found.name.to_json(), note=found.note, definition=definition, now=now
    )


def submit(*, scope: Scope, code: str, now: datetime) -> Campaign:
    """Ask for approval of what can be launched as it stands: templates are approved, budgets are open."""
    found = campaigns.get_campaign(brand_id=scope.brand_id, code=code)
    check(scope.brand_id, found.definition, now, ready=True)
    return campaigns.submit(scope=scope, code=code, now=now)


def launch(*, scope: Scope, code: str, now: datetime) -> Campaign:
    """Begin, now or at its instant; what it names is looked at once more."""
    found = campaigns.get_campaign(brand_id=scope.brand_id, code=code)
    check(scope.brand_id, found.definition, now, ready=True)
    return campaigns.launch(scope=scope, code=code, now=now)


def count_audience(*, scope: Scope, definition: object, now: datetime) -> Counted:
    """How many it would be now, and how they split. Raises `invalid_input`, `too_slow` (422)."""
    made = read_for_counting(definition)
    errors = ErrorList()
    check_audience(scope.brand_id, made, now, errors)
    errors.refuse()
    seen = segments.preview(
        scope=scope, definition=campaigns.condition_of(audience=made.audience), now=now, sample=0
    )
    audience = made.audience
    sampled = seen.count
    if audience.sample_percent is not None:
        sampled = round(seen.count * audience.sample_percent / 100)
    elif audience.sample_count is not None:
        sampled = min(seen.count, audience.sample_count)
    percent = (
        holdouts.get_holdout(brand_id=scope.brand_id).percent
        if campaigns.heeds_programme(definition=made)
        else 0
    )
    programme = round(sampled * percent / 100)
    held = round((sampled - programme) * made.holdout_percent / 100)
    return Counted(seen.count, sampled, programme, held, sampled - programme - held, seen.estimated)


def read_for_counting(definition: object) -> Definition:
    """While the offer is not written yet the audience can be counted."""
    given = dict(definition) if isinstance(definition, Mapping) else {}
    kept = {name: given[name] for name in ("audience", "holdout_percent") if name in given}
    offer = [{"key": "a", "message": {"template": "x", "purpose": "marketing"}}]
    return campaigns.read_definition(data={**kept, "variants": offer})


def _checked(brand_id: UUID, definition: object, now: datetime) -> Definition:
    made = campaigns.read_definition(data=definition)
    check(brand_id, made, now)
    return made


def check(brand_id: UUID, definition: Definition, now: datetime, *, ready: bool = False) -> None:
    """Whether all that it names is there; with `ready` also whether it can be used now. Raises `invalid_input`."""
    errors = ErrorList()
    check_audience(brand_id, definition, now, errors)
    for number, variant in enumerate(definition.variants):
        _check_variant(brand_id, variant, f"variants[{number}]", errors, ready=ready)
    if definition.budget:
        _check_budget(brand_id, definition.budget, errors, ready=ready)
    errors.refuse()


def check_audience(brand_id: UUID, definition: Definition, now: datetime, errors: ErrorList) -> None:
    audience = definition.audience
    for field, codes in (("segments", audience.segments), ("exclude", audience.exclude)):
        for code in codes:
            try:
                found = segments.get_segment(brand_id=brand_id, code=code)
            except Refusal:
                errors.add(
                    f"audience.{field}", "unknown_segment", f"没有人群 {code}", f"There is no segment {code}"
                )
                continue
            if found.state == "archived":
                errors.add(
                    f"audience.{field}",
                    "segment_archived",
                    f"人群 {code} 已归档",
                    f"The segment {code} is archived",
                )
    if audience.condition:
        try:
            segments.holds_for(brand_id=brand_id, definition=audience.condition, member_ids=(), now=now)
        except Refusal as refusal:
            for one in refusal.errors:
                field = f"audience.condition{one.field.removeprefix('definition')}"
                errors.errors.append(FieldError(field, one.code, one.message))
            if not refusal.errors:
                raise


def _check_variant(brand_id: UUID, variant: Variant, field: str, errors: ErrorList, *, ready: bool) -> None:
    if variant.rewards:
        rewarding.read_rewards(
            [dict(one) for one in variant.rewards], brand_id=brand_id, field=f"{field}.rewards", errors=errors
        )
        if variant.cost:
            errors.add(
                f"{field}.cost",
                "not_with_rewards",
                "有奖励的版本按奖励成本计入预算，不用另填",
                "Where there are rewards the budget counts what they cost",
            )
    if variant.message is not None:
        _check_message(brand_id, variant.message, f"{field}.message", errors, ready=ready)


def _check_message(brand_id: UUID, message: Message, field: str, errors: ErrorList, *, ready: bool) -> None:
    for channel in message.channels:
        if channel not in CHANNELS:
            known = ", ".join(CHANNELS)
            errors.add(
                f"{field}.channels", "unknown_choice", f"应为其中之一：{known}", f"Must be one of: {known}"
            )
    before = len(errors.errors)
    messaging.check_template(
        brand_id=brand_id,
        code=message.template,
        field=f"{field}.template",
        errors=errors,
        purpose=message.purpose,
    )
    if not ready:  # a draft may name a template that is not approved yet
        errors.errors[before:] = [
            one for one in errors.errors[before:] if one.code != "template_not_approved"
        ]


def _check_budget(brand_id: UUID, key: str, errors: ErrorList, *, ready: bool) -> None:
    try:
        found = budgets.get_budget(brand_id=brand_id, key=key)
    except Refusal:
        errors.add("budget", "unknown_budget", "没有这个预算", "There is no such budget")
        return
    if ready and found.state != "active":
        errors.add("budget", "budget_not_active", "预算未启用", "The budget is not active")
