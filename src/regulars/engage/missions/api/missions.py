"""Missions: kept in versions, run by members, reckoned from what counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.missions.policy import missions as policy
from regulars.engage.missions.store import missions as store
from regulars.engage.missions.types.missions import (
    MISSION,
    MISSION_STATES,
    Definition,
    Mark,
    Mission,
    MissionTally,
    Run,
    Start,
)
from regulars.kit import paging
from regulars.kit.errors import Refusal, conflict, not_found
from regulars.kit.paging import Page
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

_MOVES = {
    "draft": {"active"},
    "active": {"paused", "ended"},
    "paused": {"active", "ended"},
    "ended": set[str](),
}
CHECK_EVERY = timedelta(hours=1)


def list_missions(*, brand_id: UUID, state: str = "") -> list[Mission]:
    """The brand's missions by key."""
    with connection.cursor() as cursor:
        found = store.missions(cursor, brand_id=brand_id).values()
    return [one for one in found if not state or one.state == state]


def get_mission(*, brand_id: UUID, key: str) -> Mission:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        found = store.missions(cursor, brand_id=brand_id, keys=[key]).get(key)
    if found is None:
        raise not_found(MISSION)
    return found


def put_mission(
    *,
    scope: Scope,
    definition: Definition,
    now: datetime,
    create: bool | None = None,
    revision: int | None = None,
) -> Mission:
    """Make a mission (a draft) or change one. A change of one that is published is a new version at once: who runs it
    keeps the one she started under. Raises `key_taken`, `changed_meanwhile` (409), `not_found`, `mission_ended`.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        before = store.missions(cursor, brand_id=scope.brand_id, keys=[definition.key], lock=True).get(
            definition.key
        )
        if before is None and create is False:
            raise not_found(MISSION)
        if before is not None and create:
            raise conflict("key_taken", f"编码 {definition.key} 已存在", f"The key {definition.key} is taken")
        if before is not None and revision is not None and revision != before.revision:
            raise conflict(
                "changed_meanwhile", "其他人已修改，请刷新后再改", "Somebody else changed it; load it again"
            )
        if before is not None and before.state == "ended":
            raise conflict("mission_ended", "任务已结束，不能修改", "The mission has ended; make another")
        if before is not None and before.definition == definition:
            return before
        made = (
            Mission(definition.key, "draft", definition, 0, None, 1, now)
            if before is None
            else replace(before, definition=definition, revision=before.revision + 1, updated_at=now)
        )
        if before is not None and before.state != "draft":
            made = replace(made, live=before.live + 1)
            _publish(cursor, scope, made, now)
        store.put(cursor, brand_id=scope.brand_id, mission=made, now=now)
        _audit(scope, "mission.changed" if before else "mission.created", before, made, now)
    return made


def set_state(*, scope: Scope, key: str, state: str, now: datetime) -> Mission:
    """Publish, pause, go on, end. Raises `wrong_state` (409)."""
    with transaction.atomic(), connection.cursor() as cursor:
        before = store.missions(cursor, brand_id=scope.brand_id, keys=[key], lock=True).get(key)
        if before is None:
            raise not_found(MISSION)
        if before.state == state:
            return before
        if state not in _MOVES[before.state]:
            here, there = MISSION_STATES[before.state], MISSION_STATES.get(state, Text(state, state))
            raise Refusal(
                "wrong_state",
                Text("{here}的任务不能变为{there}", "A mission that is {here} cannot become {there}").format(
                    here=here, there=there
                ),
                status=409,
            )
        stops = policy.stops_after(before.stops, runs=state == "active", now=now)
        after = replace(before, state=state, updated_at=now, stops=stops)  # type: ignore[arg-type]
        if before.state == "draft":
            after = replace(after, live=1, live_at=now)
            _publish(cursor, scope, after, now)
        store.put(cursor, brand_id=scope.brand_id, mission=after, now=now)
        _audit(scope, f"mission.{state}", before, after, now)
    return after


def _publish(cursor: object, scope: Scope, mission: Mission, now: datetime) -> None:
    store.add_version(
        cursor,
        brand_id=scope.brand_id,
        definition=mission.definition,
        number=mission.live,
        actor=scope.actor.label,
        now=now,
    )


def list_versions(*, brand_id: UUID, key: str) -> list[tuple[int, str, datetime]]:
    """Number, author and instant of each published version, newest first."""
    with connection.cursor() as cursor:
        return store.version_rows(cursor, brand_id=brand_id, mission=key)


def definitions_of(*, brand_id: UUID, pairs: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Definition]:
    """Definitions as they were published, by mission and version."""
    with connection.cursor() as cursor:
        return store.versions(cursor, brand_id=brand_id, pairs=pairs)


def runs_of(
    *, brand_id: UUID, member_ids: Iterable[UUID], missions: Iterable[str] | None = None
) -> dict[tuple[UUID, str], list[Run]]:
    """Runs by member and mission, oldest first."""
    with connection.cursor() as cursor:
        return store.runs(cursor, brand_id=brand_id, member_ids=member_ids, missions=missions)


def save_runs(*, brand_id: UUID, runs: Sequence[Run]) -> None:
    """Write runs in the caller's transaction, members locked."""
    with connection.cursor() as cursor:
        store.save_runs(cursor, brand_id=brand_id, runs=runs)


def put_marks(*, brand_id: UUID, marks: Sequence[tuple[UUID, str, str, Mark]]) -> None:
    """Write what counted for (member, mission, run); an amount of 0 counts no more."""
    with connection.cursor() as cursor:
        store.put_marks(cursor, brand_id=brand_id, marks=marks)


def marks_of(
    *, brand_id: UUID, runs: Iterable[tuple[UUID, str, str]]
) -> dict[tuple[UUID, str, str], list[Mark]]:
    """What counted, by run."""
    with connection.cursor() as cursor:
        return store.marks_of_runs(cursor, brand_id=brand_id, runs=runs)


def marked(*, brand_id: UUID, acts: Sequence[tuple[UUID, UUID]]) -> set[tuple[UUID, str, str, str, UUID]]:
    """(member, mission, run, step, activity) of what these (member, activity) counted for."""
    with connection.cursor() as cursor:
        return store.marked_runs(cursor, brand_id=brand_id, acts=acts)


def start_missions(
    *, brand_id: UUID, starts: Sequence[Start], joined: dict[UUID, datetime], timezone: str, now: datetime
) -> dict[tuple[UUID, str], str]:
    """Start missions for members, whoever their audience is, in the caller's transaction, members locked. Gives for
    each (member, key) an empty text, or why not: `mission_not_active`, `mission_already`, `mission_over`.
    """
    with connection.cursor() as cursor:
        known = store.missions(cursor, brand_id=brand_id, keys={one.mission for one in starts})
        runs = store.runs(
            cursor, brand_id=brand_id, member_ids={one.member_id for one in starts}, missions=list(known)
        )
        made: list[Run] = []
        said: dict[tuple[UUID, str], str] = {}
        for one in starts:
            mission = known.get(one.mission)
            if mission is None or mission.state != "active" or mission.live_at is None:
                said[one.member_id, one.key] = "mission_not_active"
                continue
            hers = runs.setdefault((one.member_id, one.mission), [])
            if any(run.started_by == one.key for run in hers):
                said[one.member_id, one.key] = ""
                continue
            definition = mission.definition
            opened = policy.opening(
                definition,
                at=now,
                live_at=mission.live_at,
                joined_at=joined.get(one.member_id, now),
                runs=hers,
                timezone=timezone,
            )
            if opened is None:
                ends = policy.window(definition, timezone)[1]
                over = ends is not None and now >= ends
                said[one.member_id, one.key] = "mission_over" if over else "mission_already"
                continue
            run = Run(
                one.member_id,
                one.mission,
                opened.run,
                mission.live,
                "running",
                opened.started_at,
                opened.ends_at,
                started_by=one.key,
                check_at=now if any(step.kind == "state" for step in definition.steps) else None,
            )
            hers.append(run)
            made.append(run)
            said[one.member_id, one.key] = ""
        store.save_runs(cursor, brand_id=brand_id, runs=made)
    return said


def withdraw(*, brand_id: UUID, starts: Sequence[tuple[UUID, str]]) -> int:
    """End what was started under these (member, key) and is not done."""
    with connection.cursor() as cursor:
        return store.withdraw(cursor, brand_id=brand_id, starts=starts)


def expire_due(now: datetime) -> int:
    """Due work: end a batch of runs whose time is over."""
    with transaction.atomic(), connection.cursor() as cursor:
        return store.expire(cursor, now=now, limit=5000)


def tally(*, brand_id: UUID, keys: Iterable[str]) -> dict[str, MissionTally]:
    """What became of missions, by key."""
    with connection.cursor() as cursor:
        return store.tallies(cursor, brand_id=brand_id, keys=keys)


def tally_steps(*, brand_id: UUID, key: str) -> dict[str, int]:
    """How many runs have done each step of a mission."""
    with connection.cursor() as cursor:
        return store.steps_done(cursor, brand_id=brand_id, mission=key)


def list_runs(
    *, brand_id: UUID, key: str, state: str = "", cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[Run]:
    """Who runs a mission, the latest first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    after = paging.decode_at(cursor)
    with connection.cursor() as db:
        rows = store.page_of_runs(
            db,
            brand_id=brand_id,
            mission=key,
            state=state,
            before=after,
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda run: [run.started_at.isoformat(), str(run.member_id)])


def _audit(scope: Scope, action: str, before: Mission | None, after: Mission, now: datetime) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="mission",
        subject_id=after.key,
        before={"state": before.state, **before.definition.to_json()} if before else None,
        after={"state": after.state, **after.definition.to_json()},
        now=now,
    )
