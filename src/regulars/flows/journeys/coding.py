"""Journeys in programme as code: what is published, or drafted where nothing was, there and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.api import NO_NOTE
from regulars.engage.journeys.types import Journey, State
from regulars.flows.journeys.publishing import publish
from regulars.kit.errors import ErrorList, Refusal, conflict, invalid_field
from regulars.kit.reader import Node
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope

_PARTS: Mapping[str, Any] = {"nodes": [], "edges": [], "settings": {}}
_STATES = ("draft", "running", "paused", "stopped")
_FIELDS = ("key", "name", "note", "state", *_PARTS)


def export_definitions(*, brand_id: UUID) -> list[dict[str, Any]]:
    """Every journey that is not archived: what is published (the draft where nothing was), those that others begin
    before these, else by code."""
    found = {}
    for one in sorted(journeys.list_journeys(brand_id=brand_id), key=lambda one: one.code):
        data = _data(one)
        said: dict[str, Any] = {"key": one.code, "name": one.name.to_json()}
        if one.note.zh or one.note.en:
            said["note"] = one.note.to_json()
        said["state"] = one.state
        found[one.code] = said | _parts(data)
    placed: dict[str, dict[str, Any]] = {}
    for code in found:
        _place(code, found, placed, set())
    return list(placed.values())


def _place(
    code: str, found: Mapping[str, dict[str, Any]], placed: dict[str, dict[str, Any]], on_the_way: set[str]
) -> None:
    if code in placed or code in on_the_way or code not in found:
        return
    for node in found[code].get("nodes", ()):
        if isinstance(node, Mapping) and node.get("kind") == "journey":
            _place(str(node.get("journey")), found, placed, on_the_way | {code})
    placed[code] = found[code]


def _data(journey: Journey) -> Mapping[str, Any]:
    if journey.version:
        return journeys.get_version(journey=journey, number=journey.version).definition
    return journey.draft or {}


def apply_definition(*, scope: Scope, definition: Any, now: datetime) -> Journey:
    """Create the journey of a definition's key, or change it. A new one is a draft unless the definition says its
    state; one that is published stays so, and what differs becomes its next version.

    Raises `invalid_input` with every wrong field, `draft_pending` (409) where someone is at work on another draft, and
    `forbidden` for who may not publish.
    """
    errors = ErrorList()
    node = Node(definition, "", errors, _FIELDS)
    code, name, note = node.code("key"), node.text("name", most=80), node.text("note", NO_NOTE)
    state = node.choice("state", _STATES) if node.has("state") else ""
    data = {part: node.values.get(part) or empty for part, empty in _PARTS.items()}
    errors.refuse()
    with transaction.atomic():
        found = _find(scope.brand_id, code)
        wanted = state or (found.state if found else "draft")
        if found is None:
            found = journeys.create(scope=scope, code=code, name=name, note=note, definition=data, now=now)
        else:
            found = _change(scope, found, name, note, data, now)
        if wanted == "draft":
            if found.version:
                raise invalid_field(
                    "state",
                    "is_published",
                    "旅程已发布，不能再是草稿",
                    "It is published and no draft any more",
                )
            return found
        if found.draft is not None and _parts(found.draft) == _parts(data):
            found = publish(scope=scope, code=code, now=now)
        for step in _steps(found.state, wanted):
            found = journeys.set_state(scope=scope, code=code, state=step, now=now)
        return found


def _change(
    scope: Scope, found: Journey, name: Text, note: Text, data: Mapping[str, Any], now: datetime
) -> Journey:
    differs = _parts(_data(found)) != _parts(data)
    if differs and found.version and found.draft is not None and _parts(found.draft) != _parts(data):
        raise conflict(
            "draft_pending",
            "该旅程有未发布的修改，请先发布或放弃",
            "It has changes that are not published; publish or discard them first",
        )
    return journeys.change(
        scope=scope, code=found.code, name=name, note=note, definition=data if differs else None, now=now
    )


def _steps(state: State, wanted: str) -> Sequence[State]:
    """The states to go through from one to another."""
    if state == wanted:
        return ()
    return ("running", "paused") if (state, wanted) == ("stopped", "paused") else (wanted,)  # type: ignore[return-value]


def _find(brand_id: UUID, code: str) -> Journey | None:
    try:
        return journeys.get_journey(brand_id=brand_id, code=code)
    except Refusal:
        return None


def _parts(data: Mapping[str, Any]) -> dict[str, Any]:
    return {part: data[part] for part in _PARTS if data.get(part)}
