"""Missions and play in programme as code: as they are kept, with their states, there and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.engage.missions.api import draws, missions, play
from regulars.engage.missions.types.draws import DRAW_STATES, Draw, DrawDefinition
from regulars.engage.missions.types.missions import MISSION_STATES
from regulars.engage.missions.types.play import BOARD_STATES, CheckinRules
from regulars.flows.missions import editing
from regulars.kit.errors import ErrorList, invalid_field
from regulars.platform.organisations.types import Scope

THE_ONE = "checkin"  # a brand has one check-in
# what is somebody else's language, or a door's, and stays as it is
_WHOLE = ("where", "when", "audience", "rewards")


def export_badges(*, brand_id: UUID) -> list[dict[str, Any]]:
    """Every badge by its key, archived ones too."""
    found = play.list_badges(brand_id=brand_id, archived=True)
    return sorted((_short(one.to_json()) for one in found), key=lambda one: one["key"])


def apply_badge(*, scope: Scope, definition: Mapping[str, Any], now: datetime) -> None:
    editing.put_badge(scope=scope, data=definition, now=now)


def export_checkin(*, brand_id: UUID) -> list[dict[str, Any]]:
    """How the check-in works, where somebody has set it."""
    rules = play.get_checkin(brand_id=brand_id)
    return [{"key": THE_ONE} | _short(rules.to_json())] if rules != CheckinRules() else []


def apply_checkin(*, scope: Scope, definition: Mapping[str, Any], now: datetime) -> None:
    if definition.get("key") != THE_ONE:
        raise invalid_field("key", "unknown", f"只能是 {THE_ONE}", f"Must be {THE_ONE}")
    data = {name: value for name, value in definition.items() if name != "key"}
    editing.put_checkin(scope=scope, data=data, now=now)


def export_missions(*, brand_id: UUID) -> list[dict[str, Any]]:
    return [_stated(one) for one in missions.list_missions(brand_id=brand_id)]


def apply_mission(*, scope: Scope, definition: Mapping[str, Any], now: datetime) -> None:
    """Create a mission (a draft unless its state is said) or change it; who runs it keeps her version."""
    data, wanted = _parted(definition, MISSION_STATES)
    with transaction.atomic():
        made = editing.put_mission(scope=scope, data=data, now=now)
        for state in _way(made.state, wanted):
            missions.set_state(scope=scope, key=made.key, state=state, now=now)


def export_boards(*, brand_id: UUID) -> list[dict[str, Any]]:
    found = play.list_boards(brand_id=brand_id)
    return sorted((_short(one.to_json()) | {"state": one.state} for one in found), key=lambda one: one["key"])


def apply_board(*, scope: Scope, definition: Mapping[str, Any], now: datetime) -> None:
    """Create a board (a draft unless its state is said) or change it. What an open one counts stays as it is."""
    data, wanted = _parted(definition, BOARD_STATES)
    with transaction.atomic():
        made = editing.put_board(scope=scope, data=data, now=now)
        for state in _way(made.state, wanted):
            play.set_board_state(scope=scope, key=made.key, state=state, now=now)


def export_draws(*, brand_id: UUID) -> list[dict[str, Any]]:
    return [_stated(one) for one in draws.list_draws(brand_id=brand_id)]


def apply_draw(*, scope: Scope, definition: Mapping[str, Any], now: datetime) -> None:
    """Create a draw (a draft unless its state is said) or change it. One that has begun keeps the odds it published:
    `draw_begun` at what differs.
    """
    data, wanted = _parted(definition, DRAW_STATES)
    with transaction.atomic():
        made = editing.read_draw(scope=scope, data=data, now=now)
        before = next((one for one in draws.list_draws(brand_id=scope.brand_id) if one.key == made.key), None)
        if before is not None and before.live:
            _keep_odds(before.definition, made)
        kept: Draw = draws.put_draw(scope=scope, definition=made, now=now)
        for state in _way(kept.state, wanted):
            draws.set_state(scope=scope, key=kept.key, state=state, now=now)


def _keep_odds(before: DrawDefinition, after: DrawDefinition) -> None:
    """Refuse what would change what a draw promised: its prizes in their order, their odds, what they give."""
    errors = ErrorList()

    def begun(field: str) -> None:
        errors.add(
            field,
            "draw_begun",
            "抽奖已开始，已公布的奖品与概率不能通过文件修改；请新建抽奖",
            "The draw has begun and keeps the prizes and odds it published; make another draw",
        )

    if [one.key for one in before.prizes] != [one.key for one in after.prizes]:
        begun("prizes")
    else:
        for place, (old, new) in enumerate(zip(before.prizes, after.prizes, strict=True)):
            for name in ("odds", "rewards", "instead"):
                if getattr(old, name) != getattr(new, name):
                    begun(f"prizes[{place}].{name}")
            if (old.stock is None) != (new.stock is None):
                begun(f"prizes[{place}].stock")
    for name in ("pity_after", "pity_prize"):
        if getattr(before, name) != getattr(after, name):
            begun(name)
    errors.refuse(status=409)


def _parted(definition: Mapping[str, Any], states: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """What is defined, and the state that is wanted: empty where none is said."""
    data = dict(definition)
    wanted = data.pop("state", "")
    if wanted and wanted not in states:
        said = ", ".join(states)
        raise invalid_field("state", "unknown", f"只能是：{said}", f"Must be one of: {said}")
    return data, wanted


def _way(state: str, wanted: str) -> Sequence[str]:
    """The states to go through from one to another. Raises what is wrong with the field `state`."""
    if not wanted or wanted == state:
        return ()
    if wanted == "draft":
        raise invalid_field(
            "state", "is_published", "已发布，不能再是草稿", "It is published and no draft any more"
        )
    if state == "ended":
        raise invalid_field("state", "has_ended", "已结束，不能再开放", "It has ended and stays so")
    return (wanted,) if state != "draft" or wanted == "active" else ("active", wanted)


def _stated(one: Any) -> dict[str, Any]:
    return _short(one.definition.to_json()) | {"state": one.state}


def _short(data: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing; whoever reads it again has the same."""
    made = {}
    for name, value in data.items():
        if name not in _WHOLE and isinstance(value, list):
            value = [_short(one) if isinstance(one, Mapping) else one for one in value]
        if value in (None, "", [], {}, {"zh": "", "en": ""}) or value is False:
            continue
        made[name] = value
    return made
