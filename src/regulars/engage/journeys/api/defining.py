"""Making journeys, publishing versions, starting, pausing, stopping, moving members in flight."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction

from regulars.engage.journeys.engine import plans, sweeping
from regulars.engage.journeys.policy import reading, readymade
from regulars.engage.journeys.policy.readymade import ReadyMade
from regulars.engage.journeys.store import defining, running
from regulars.engage.journeys.store import sweeping as sweeps
from regulars.engage.journeys.store.running import Tally
from regulars.engage.journeys.types import JOURNEY, Definition, Journey, JourneyVersion, State
from regulars.kit.errors import ErrorList, conflict, invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.kit.reader import check_texts
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

MOST_BYTES = 300_000
NO_NOTE = Text("", "")
_CODE = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")
_MOVES: Mapping[State, frozenset[str]] = {
    "draft": frozenset({"archived"}),
    "running": frozenset({"paused", "stopped"}),
    "paused": frozenset({"running", "stopped"}),
    "stopped": frozenset({"running", "archived"}),
    "archived": frozenset({"stopped"}),
}
_CHUNK = 5000


def list_journeys(*, brand_id: UUID, archived: bool = False) -> list[Journey]:
    """The brand's journeys, newest first."""
    with connection.cursor() as cursor:
        return defining.listed(cursor, brand_id=brand_id, archived=archived)


def names_of(*, brand_id: UUID, codes: Collection[str]) -> dict[str, Text]:
    """The names of journeys by code, archived ones too."""
    if not codes:
        return {}
    with connection.cursor() as cursor:
        return defining.names(cursor, brand_id=brand_id, codes=codes)


def get_journey(*, brand_id: UUID, code: str) -> Journey:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        return _found(defining.find(cursor, brand_id=brand_id, code=code))


def get_version(*, journey: Journey, number: int) -> JourneyVersion:
    """A published version. Raises `not_found`."""
    with connection.cursor() as cursor:
        found = defining.version(cursor, journey_id=journey.id, number=number)
    if found is None:
        raise not_found(Text("旅程版本", "Version of the journey"))
    return found


def list_versions(*, journey: Journey) -> list[JourneyVersion]:
    """Newest first."""
    with connection.cursor() as cursor:
        return defining.versions(cursor, journey_id=journey.id)


def create(
    *, scope: Scope, code: str, name: Text, note: Text = NO_NOTE, definition: Any = None, now: datetime
) -> Journey:
    """Make a journey, as a draft. A definition may still have errors. Raises `invalid_input`, `code_taken` (409)."""
    scope.require("journeys.write")
    errors = ErrorList()
    if not _CODE.fullmatch(code):
        errors.add(
            "code",
            "bad_code",
            "只能用小写字母、数字、- 和 _，最长 40",
            "Use a-z, 0-9, - and _, at most 40 characters",
        )
    _check_words(name, note, definition, errors)
    errors.refuse()
    id_ = new_id()
    with transaction.atomic(), connection.cursor() as cursor:
        made = defining.insert(
            cursor,
            id_=id_,
            brand_id=scope.brand_id,
            code=code,
            name=name,
            note=note,
            draft=definition if definition is not None else EMPTY,
            created_by=scope.actor.label,
            now=now,
        )
        if not made:
            raise conflict("code_taken", f"编码 {code} 已存在", f"The code {code} is taken", journey=code)
        _record(scope, "journey.create", code, None, {"name": name.to_json()}, now)
    return get_journey(brand_id=scope.brand_id, code=code)


EMPTY: Mapping[str, Any] = {"nodes": [], "edges": [], "settings": {}}


def change(
    *,
    scope: Scope,
    code: str,
    name: Text | None = None,
    note: Text | None = None,
    definition: Any = None,
    now: datetime,
) -> Journey:
    """Change what is given; a definition becomes the draft, errors and all. Raises `not_found`, `invalid_input`."""
    scope.require("journeys.write")
    errors = ErrorList()
    with transaction.atomic(), connection.cursor() as cursor:
        before = _found(defining.find(cursor, brand_id=scope.brand_id, code=code, lock=True))
        if before.state == "archived":
            raise conflict(
                "journey_archived", "旅程已归档，不能修改", "The journey is archived; it stays as it is"
            )
        name_ = name or before.name
        note_ = before.note if note is None else note
        _check_words(name_, note_, definition, errors)
        errors.refuse()
        values: dict[str, Any] = {"name_zh": name_.zh, "name_en": name_.en}
        values |= {"note": note_.zh, "note_en": note_.en}
        if definition is not None:
            values |= {"draft": definition, "draft_changed_at": now}
        defining.change(cursor, journey_id=before.id, now=now, **values)
        if (name_, note_) != (before.name, before.note):
            _record(
                scope,
                "journey.update",
                code,
                {"name": before.name.to_json(), "note": before.note.to_json()},
                {"name": name_.to_json(), "note": note_.to_json()},
                now,
            )
    return get_journey(brand_id=scope.brand_id, code=code)


def discard_draft(*, scope: Scope, code: str, now: datetime) -> Journey:
    """Back to what is published. Raises `not_found`, `nothing_published` (409)."""
    scope.require("journeys.write")
    with transaction.atomic(), connection.cursor() as cursor:
        journey = _found(defining.find(cursor, brand_id=scope.brand_id, code=code, lock=True))
        if not journey.version:
            raise conflict("nothing_published", "还没有发布过版本", "Nothing was published yet")
        defining.change(cursor, journey_id=journey.id, now=now, draft=None, draft_changed_at=None)
    return get_journey(brand_id=scope.brand_id, code=code)


def publish(*, scope: Scope, code: str, note: str = "", now: datetime) -> Journey:
    """Make the draft the next version, which never changes; members in flight stay on theirs. The first starts it.

    Raises `invalid_input` with every error of the definition, `no_draft` (409), `not_found`.
    """
    scope.require("journeys.publish")
    brand = organisations.get_brand(brand_id=scope.brand_id)
    with transaction.atomic(), connection.cursor() as cursor:
        journey = _found(defining.find(cursor, brand_id=scope.brand_id, code=code, lock=True))
        if journey.draft is None or journey.state == "archived":
            raise conflict("no_draft", "没有待发布的草稿", "There is no draft to publish")
        definition = reading.read(journey.draft, plans.ground_of(brand_id=brand.id, now=now))
        number = journey.version + 1
        defining.add_version(
            cursor,
            journey_id=journey.id,
            number=number,
            brand_id=brand.id,
            definition=journey.draft,
            note=note[:500],
            created_by=scope.actor.label,
            now=now,
        )
        first = journey.version == 0
        defining.change(
            cursor,
            journey_id=journey.id,
            now=now,
            version=number,
            draft=None,
            draft_changed_at=None,
            priority=definition.settings.priority,
            problem="",
            **({"state": "running", "started_at": now} if first else {}),
        )
        if first or journey.state == "running":
            _plan_sweeps(cursor, journey, definition, brand.timezone, now, first=first)
        _record(
            scope,
            "journey.publish",
            code,
            {"version": journey.version},
            {"version": number, "note": note},
            now,
        )
    return get_journey(brand_id=scope.brand_id, code=code)


def set_state(*, scope: Scope, code: str, state: State, now: datetime) -> Journey:
    """Pause (nobody comes in, nobody moves on), go on, stop (all runs end, `stopped`), archive.

    What members do while it is paused is noted: waits and goals lose nothing. Raises `not_found`, `bad_state` (409).
    """
    scope.require("journeys.publish")
    brand = organisations.get_brand(brand_id=scope.brand_id)
    with transaction.atomic(), connection.cursor() as cursor:
        journey = _found(defining.find(cursor, brand_id=scope.brand_id, code=code, lock=True))
        if state == journey.state:
            return journey
        if state not in _MOVES[journey.state] or (not journey.version and state != "archived"):
            raise conflict(
                "bad_state",
                f"当前状态不能改为 {state}",
                f"A journey that is {journey.state} cannot become {state}",
                state=journey.state,
            )
        defining.change(cursor, journey_id=journey.id, now=now, state=state, closing=state == "stopped")
        if state == "running":
            found = defining.version(cursor, journey_id=journey.id, number=journey.version)
            assert found is not None
            definition = reading.read(found.definition, plans.ground_of(brand_id=brand.id, now=now))
            _plan_sweeps(cursor, journey, definition, brand.timezone, now, first=False)
        else:
            sweeps.pause(cursor, journey_id=journey.id)
        _record(scope, "journey.state", code, {"state": journey.state}, {"state": state}, now)
    return get_journey(brand_id=scope.brand_id, code=code)


def move_members(
    *, scope: Scope, code: str, from_version: int | None = None, missing: str = "stay", now: datetime
) -> tuple[int, int, int]:
    """Move members in flight on other versions to the published one, by the id of the node where they are.

    Those whose node is not there, or is of another kind, stay on theirs (`missing` = `stay`) or end (`exit`, reason
    `migrated`). Gives (moved, stayed, ended). Raises `not_found`, `bad_state`.
    """
    scope.require("journeys.publish")
    if missing not in ("stay", "exit"):
        raise invalid_field("missing", "unknown_choice", "应为 stay 或 exit", "Must be stay or exit")
    journey = get_journey(brand_id=scope.brand_id, code=code)
    if not journey.version:
        raise conflict("nothing_published", "还没有发布过版本", "Nothing was published yet")
    ground = plans.ground_of(brand_id=scope.brand_id, now=now)
    by_number = {one.number: one for one in list_versions(journey=journey)}
    to = reading.read(by_number[journey.version].definition, ground)
    others = [n for n in by_number if n != journey.version and from_version in (None, n)]
    moved = ended = 0
    for number in others:
        old = _kinds(by_number[number].definition)
        nodes = [id_ for id_, node in to.nodes.items() if old.get(id_) == node.kind]
        moved += _move(journey, number, to, nodes)
        if missing == "exit":
            ended += _end_strangers(journey, number, nodes, now)
    with connection.cursor() as cursor:
        stayed = running.on_other_versions(
            cursor, journey_id=journey.id, version=journey.version, from_version=from_version
        )
    _record(
        scope, "journey.move_members", code, None,
        {"to": journey.version, "from": from_version, "moved": moved, "stayed": stayed, "ended": ended}, now,
    )  # fmt: skip
    return moved, stayed, ended


def _move(journey: Journey, number: int, to: Definition, nodes: list[str]) -> int:
    activities = {id_: to.nodes[id_].wait.activity for id_ in nodes if to.nodes[id_].wait}  # type: ignore[union-attr]
    moved = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            rows = running.move(
                cursor,
                journey_id=journey.id,
                to=journey.version,
                from_version=number,
                nodes=nodes,
                activities=activities,
                limit=_CHUNK,
            )
            tally = Tally()
            for version, node in rows:
                tally.add(journey.id, version, node, ">")
                tally.add(journey.id, journey.version, node, "<")
            running.count(cursor, tally, slot=0)
        moved += len(rows)
        if len(rows) < _CHUNK:
            return moved


def _end_strangers(journey: Journey, number: int, nodes: list[str], now: datetime) -> int:
    ended = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            runs = running.strangers(
                cursor,
                journey_id=journey.id,
                to=journey.version,
                from_version=number,
                nodes=nodes,
                limit=_CHUNK,
            )
            tally = Tally()
            for version, node in running.end_runs(cursor, runs=runs, reason="migrated", now=now):
                tally.add(journey.id, version, node, "!migrated")
            running.count(cursor, tally, slot=0)
        ended += len(runs)
        if len(runs) < _CHUNK:
            return ended


def _kinds(definition: Mapping[str, Any]) -> dict[str, str]:
    return {node["id"]: node["kind"] for node in definition["nodes"]}


def _plan_sweeps(
    cursor: Any, journey: Journey, definition: Definition, tz: str, now: datetime, *, first: bool
) -> None:
    sweeps.plan(
        cursor,
        journey_id=journey.id,
        brand_id=journey.brand_id,
        sweeps=sweeping.planned(definition, now=now, tz=tz, first=first),
    )


def _found(journey: Journey | None) -> Journey:
    if journey is None:
        raise not_found(JOURNEY)
    return journey


def _check_words(name: Text, note: Text, definition: Any, errors: ErrorList) -> None:
    if not (name.zh.strip() or name.en.strip()):
        errors.add("name", "required", "请填写名称", "A journey needs a name")
    elif max(len(name.zh), len(name.en)) > 80:
        errors.add("name", "too_long", "最多 80 字", "At most 80 characters")
    if max(len(note.zh), len(note.en)) > 500:
        errors.add("note", "too_long", "最多 500 字", "At most 500 characters")
    if definition is None:
        return
    if not isinstance(definition, Mapping):
        errors.add("definition", "not_an_object", "应为对象", "Must be an object")
        return
    check_texts(definition, errors)
    if not errors and len(msgspec.json.encode(definition)) > MOST_BYTES:
        errors.add("definition", "too_large", "旅程定义过大", "The definition is too large")


def _record(
    scope: Scope,
    action: str,
    code: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    now: datetime,
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="journey",
        subject_id=code,
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
        now=now,
    )


def list_ready_made(*, brand_id: UUID) -> list[tuple[ReadyMade, bool]]:
    """The ready-made journeys, and whether the brand has each already (archived ones are there)."""
    there = {one.code for one in list_journeys(brand_id=brand_id, archived=True)}
    return [(one, one.code in there) for one in readymade.ready_made()]


def install_ready_made(*, scope: Scope, codes: Collection[str] | None = None, now: datetime) -> list[Journey]:
    """Make the ready-made journeys that are not there yet, all or those of the codes, as drafts; gives those."""
    scope.require("journeys.write")
    return [
        create(
            scope=scope,
            code=one.code,
            name=one.name,
            note=one.note,
            definition=one.definition,
            now=now,
        )
        for one, there in list_ready_made(brand_id=scope.brand_id)
        if not there and (codes is None or one.code in codes)
    ]
