"""Definitions of missions, check-in, badges, boards and draws are read: their form, and what they name of the brand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from regulars.audience.segments import api as segments
from regulars.engage.missions.api import draws, missions, play
from regulars.engage.missions.policy import draws as draw_policy
from regulars.engage.missions.policy import missions as mission_policy
from regulars.engage.missions.policy import play as play_policy
from regulars.engage.missions.types.draws import Draw, DrawDefinition
from regulars.engage.missions.types.missions import Definition, Mission
from regulars.engage.missions.types.play import Badge, Board, CheckinRules
from regulars.flows import rewarding
from regulars.flows.missions import badges
from regulars.flows.missions.readymade import new_member_path
from regulars.kit.errors import ErrorList, FieldError, Refusal
from regulars.kit.reader import check_texts
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.api import check_acting
from regulars.programme.versions import api as versions
from regulars.value.budgets import api as budgets


def read_mission(*, scope: Scope, data: Any, now: datetime) -> Definition:
    """A mission's definition. Raises `invalid_input` naming every wrong field."""
    errors = ErrorList()
    check_texts(data, errors)
    errors.refuse()
    made = mission_policy.parse(data, errors)
    catalogue = versions.catalogue_of(brand_id=scope.brand_id)
    types = {choice.value for choice in catalogue.activity_types()}
    steps = []
    for place, step in enumerate(made.steps):
        path = f"steps[{place}]"
        where: Mapping[str, Any] | None = step.where
        if step.kind == "act":
            if step.activity and step.activity not in types:
                errors.add(f"{path}.activity", "unknown", "没有这种行为", "There is no such activity")
            where = check_acting(catalogue, step.where, field=f"{path}.where", errors=errors)
        else:
            _check_standing(scope, step.where, f"{path}.where", now, errors)
        rewards = _rewards(scope, _raw(data, "steps", place), f"{path}.rewards", errors)
        steps.append(replace(step, where=where, rewards=rewards))
    _check_standing(scope, made.audience, "audience", now, errors)
    _check_budget(scope, made.budget, errors)
    rewards = _rewards(scope, data, "rewards", errors)
    for name, given in [
        ("rewards", rewards),
        *((f"steps[{n}].rewards", s.rewards) for n, s in enumerate(steps)),
    ]:
        for number, one in enumerate(given):
            if one.get("mission") == made.key:
                errors.add(
                    f"{name}[{number}].mission", "itself", "不能以自己为奖励", "A mission cannot give itself"
                )
    errors.refuse()
    return replace(made, steps=tuple(steps), rewards=rewards)


def put_mission(
    *, scope: Scope, data: Any, now: datetime, create: bool | None = None, revision: int | None = None
) -> Mission:
    """Read a mission and keep it."""
    definition = read_mission(scope=scope, data=data, now=now)
    return missions.put_mission(scope=scope, definition=definition, now=now, create=create, revision=revision)


def install_new_member_path(*, scope: Scope, unit: str, now: datetime) -> list[Mission]:
    """The ready-made missions of new members that are not there yet, as drafts; each pays `unit`."""
    there = {one.key for one in missions.list_missions(brand_id=scope.brand_id)}
    types = {c.value for c in versions.catalogue_of(brand_id=scope.brand_id).activity_types()}
    made = []
    for data in new_member_path(unit):
        wanted = {step["activity"] for step in data["steps"] if step["kind"] == "act"}
        if data["key"] not in there and wanted <= types:
            made.append(put_mission(scope=scope, data=data, now=now, create=True))
    return made


def put_checkin(*, scope: Scope, data: Any, now: datetime) -> CheckinRules:
    """Read the check-in's settings and keep them."""
    errors = ErrorList()
    made = play_policy.parse_checkin(data, errors)
    rewards = _rewards(scope, data, "rewards", errors)
    ladder = tuple(
        replace(rung, rewards=_rewards(scope, _raw(data, "ladder", n), f"ladder[{n}].rewards", errors))
        for n, rung in enumerate(made.ladder)
    )
    errors.refuse()
    return play.put_checkin(scope=scope, rules=replace(made, rewards=rewards, ladder=ladder), now=now)


def put_badge(*, scope: Scope, data: Any, now: datetime, create: bool | None = None) -> Badge:
    errors = ErrorList()
    check_texts(data, errors)
    errors.refuse()
    made = play_policy.parse_badge(data, errors)
    _check_standing(scope, made.when, "when", now, errors)
    if made.when and badges.needs_words(made.when) and not (made.how.zh or made.how.en):
        errors.add(
            "how",
            "required",
            "条件里有人群、标签或评分，请写明会员怎样得到它",
            "The condition names segments, tags or scores: say in your words what it takes",
        )
    errors.refuse()
    with transaction.atomic():
        before = play.find_badges(brand_id=scope.brand_id, keys=[made.key]).get(made.key)
        kept = play.put_badge(scope=scope, badge=made, now=now, create=create)
        badges.changed(scope.brand_id, before, kept, now)
    return kept


def put_board(*, scope: Scope, data: Any, now: datetime, create: bool | None = None) -> Board:
    errors = ErrorList()
    check_texts(data, errors)
    errors.refuse()
    made = play_policy.parse_board(data, errors)
    catalogue = versions.catalogue_of(brand_id=scope.brand_id)
    if made.activity and made.activity not in {choice.value for choice in catalogue.activity_types()}:
        errors.add("activity", "unknown", "没有这种行为", "There is no such activity")
    where = check_acting(catalogue, made.where, field="where", errors=errors)
    prizes = tuple(
        replace(prize, rewards=_rewards(scope, _raw(data, "prizes", n), f"prizes[{n}].rewards", errors))
        for n, prize in enumerate(made.prizes)
    )
    if made.unit and made.unit not in versions.in_force(brand_id=scope.brand_id, now=now).live.units:
        errors.add("unit", "unknown", "没有这个单位", "There is no such unit")
    _check_budget(scope, made.budget, errors)
    errors.refuse()
    return play.put_board(
        scope=scope, board=replace(made, where=where, prizes=prizes), now=now, create=create
    )


def read_draw(*, scope: Scope, data: Any, now: datetime) -> DrawDefinition:
    """A draw's definition. Raises `invalid_input` naming every wrong field."""
    errors = ErrorList()
    check_texts(data, errors)
    errors.refuse()
    made: DrawDefinition = draw_policy.parse(data, errors)
    itself = frozenset({("draw_chance", made.key)})
    prizes = tuple(
        replace(
            prize, rewards=_rewards(scope, _raw(data, "prizes", n), f"prizes[{n}].rewards", errors, itself)
        )
        for n, prize in enumerate(made.prizes)
    )
    if made.unit:
        unit = versions.in_force(brand_id=scope.brand_id, now=now).live.units.get(made.unit)
        if unit is None or not unit.can_burn or unit.kind == "sessions":
            errors.add("unit", "unknown", "没有可消费的这个单位", "There is no such unit to spend")
    _check_budget(scope, made.budget, errors)
    errors.refuse()
    return replace(made, prizes=prizes)


def put_draw(*, scope: Scope, data: Any, now: datetime, create: bool | None = None) -> Draw:
    """Read a draw and keep it."""
    definition = read_draw(scope=scope, data=data, now=now)
    return draws.put_draw(scope=scope, definition=definition, now=now, create=create)


def _raw(data: Any, key: str, place: int) -> Any:
    """The member of a list of the input, where it is there."""
    items = data.get(key) if isinstance(data, Mapping) else None
    return items[place] if isinstance(items, list) and place < len(items) else {}


def _rewards(
    scope: Scope, data: Any, field: str, errors: ErrorList, also: frozenset[tuple[str, str]] = frozenset()
) -> tuple[Mapping[str, Any], ...]:
    value = data.get("rewards") if isinstance(data, Mapping) else None
    found = rewarding.read_rewards(value, brand_id=scope.brand_id, field=field, errors=errors, also=also)
    return tuple(reward.to_json() for reward in found)


def _check_standing(scope: Scope, data: Any, field: str, now: datetime, errors: ErrorList) -> None:
    if not data:
        return
    try:
        segments.holds_for(brand_id=scope.brand_id, definition=dict(data), member_ids=[], now=now)
    except Refusal as refusal:
        errors.errors += [
            FieldError(field + one.field.removeprefix("definition"), one.code, one.message)
            for one in refusal.errors or (FieldError("definition", refusal.code, refusal.message),)
        ]


def _check_budget(scope: Scope, key: str, errors: ErrorList) -> None:
    if key and key not in {one.key for one in budgets.list_budgets(brand_id=scope.brand_id)}:
        errors.add("budget", "unknown", f"没有预算 {key}", f"There is no budget {key}")
