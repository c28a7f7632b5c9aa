"""Every query of missions: definitions, runs, marks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.engage.missions.policy.missions import of_json
from regulars.engage.missions.types.missions import (
    Definition,
    Mark,
    Mission,
    MissionTally,
    Run,
    StepProgress,
)
from regulars.kit.sql import plain_array, text_array, time_array

_MISSION = "key, state, definition, live, live_at, revision, updated_at, stops"
_RUN = """member_id, mission, run, version, state, started_at, ends_at, progress, round, rolled_back, started_by,
          finished_at, check_at"""


def missions(
    cursor: Any, *, brand_id: UUID, keys: Iterable[str] | None = None, lock: bool = False
) -> dict[str, Mission]:
    """Missions by key; all of the brand's without `keys`."""
    cursor.execute(
        f"""SELECT {_MISSION} FROM mission WHERE brand_id = %s AND (%s OR key = ANY(%s::text[])) ORDER BY key
            {"FOR UPDATE" if lock else ""}""",
        [brand_id, keys is None, text_array(keys or ())],
    )
    found = {}
    for key, state, definition, live, live_at, revision, updated_at, stops in cursor.fetchall():
        read = of_json(_plain(definition))
        found[key] = Mission(key, state, read, live, live_at, revision, updated_at, _stops(stops))
    return found


def put(cursor: Any, *, brand_id: UUID, mission: Mission, now: datetime) -> None:
    cursor.execute(
        """INSERT INTO mission (brand_id, key, state, definition, live, live_at, revision, stops, created_at,
                                updated_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (brand_id, key) DO UPDATE
              SET state = excluded.state, definition = excluded.definition, live = excluded.live,
                  live_at = excluded.live_at, revision = excluded.revision, stops = excluded.stops,
                  updated_at = excluded.updated_at""",
        [
            brand_id, mission.key, mission.state, json.dumps(mission.definition.to_json()), mission.live,
            mission.live_at, mission.revision,
            json.dumps([[since.isoformat(), until and until.isoformat()] for since, until in mission.stops]), now, now,
        ],
    )  # fmt: skip


def add_version(
    cursor: Any, *, brand_id: UUID, definition: Definition, number: int, actor: str, now: datetime
) -> None:
    cursor.execute(
        """INSERT INTO mission_version (brand_id, mission, number, definition, actor, published_at)
           VALUES (%s, %s, %s, %s, %s, %s)""",
        [brand_id, definition.key, number, json.dumps(definition.to_json()), actor, now],
    )


def versions(
    cursor: Any, *, brand_id: UUID, pairs: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], Definition]:
    """Definitions as they were published, by mission and number."""
    wanted = sorted(set(pairs))
    if not wanted:
        return {}
    cursor.execute(
        """SELECT mission, number, definition FROM mission_version
            WHERE brand_id = %s AND (mission, number) IN (SELECT * FROM unnest(%s::text[], %s::int[]))""",
        [brand_id, text_array(m for m, _ in wanted), plain_array(n for _, n in wanted)],
    )
    return {(m, n): of_json(_plain(definition)) for m, n, definition in cursor.fetchall()}


def version_rows(cursor: Any, *, brand_id: UUID, mission: str) -> list[tuple[int, str, datetime]]:
    cursor.execute(
        """SELECT number, actor, published_at FROM mission_version WHERE brand_id = %s AND mission = %s
            ORDER BY number DESC""",
        [brand_id, mission],
    )
    return list(cursor.fetchall())


def runs(
    cursor: Any,
    *,
    brand_id: UUID,
    member_ids: Iterable[UUID],
    missions: Iterable[str] | None = None,
) -> dict[tuple[UUID, str], list[Run]]:
    """The runs of members, by member and mission, oldest first."""
    cursor.execute(
        f"""SELECT {_RUN} FROM mission_run
             WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND (%s OR mission = ANY(%s::text[]))
             ORDER BY member_id, mission, started_at, run""",
        [plain_array(member_ids), brand_id, missions is None, text_array(missions or ())],
    )
    found: dict[tuple[UUID, str], list[Run]] = {}
    for row in cursor.fetchall():
        run = _run(row)
        found.setdefault((run.member_id, run.mission), []).append(run)
    return found


def save_runs(cursor: Any, *, brand_id: UUID, runs: Sequence[Run]) -> None:
    """Add runs or write what became of them."""
    if not runs:
        return
    cursor.execute(
        """INSERT INTO mission_run (member_id, brand_id, mission, run, version, state, started_at, ends_at, progress,
                                    round, rolled_back, started_by, finished_at, check_at)
           SELECT v.member_id, %s, v.mission, v.run, v.version, v.state, v.started_at, v.ends_at, v.progress, v.round,
                  v.rolled_back, v.started_by, v.finished_at, v.check_at
             FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::int[], %s::text[], %s::timestamptz[],
                         %s::timestamptz[], %s::jsonb[], %s::int[], %s::int[], %s::text[], %s::timestamptz[],
                         %s::timestamptz[])
                  AS v(member_id, mission, run, version, state, started_at, ends_at, progress, round, rolled_back,
                       started_by, finished_at, check_at)
           ON CONFLICT (member_id, brand_id, mission, run) DO UPDATE
              SET state = excluded.state, started_at = excluded.started_at, ends_at = excluded.ends_at,
                  progress = excluded.progress, round = excluded.round,
                  rolled_back = excluded.rolled_back, finished_at = excluded.finished_at,
                  check_at = excluded.check_at""",
        [
            brand_id,
            plain_array(r.member_id for r in runs),
            text_array(r.mission for r in runs),
            text_array(r.run for r in runs),
            plain_array(r.version for r in runs),
            text_array(r.state for r in runs),
            time_array(r.started_at for r in runs),
            time_array(r.ends_at for r in runs),
            text_array(json.dumps(_progress(r)) for r in runs),
            plain_array(r.round for r in runs),
            plain_array(r.rolled_back for r in runs),
            text_array(r.started_by for r in runs),
            time_array(r.finished_at for r in runs),
            time_array(r.check_at for r in runs),
        ],
    )


def put_marks(cursor: Any, *, brand_id: UUID, marks: Sequence[tuple[UUID, str, str, Mark]]) -> None:
    """Write marks of (member, mission, run); one of amount 0 is taken away."""
    if not marks:
        return
    cursor.execute(
        """INSERT INTO mission_mark (member_id, brand_id, mission, run, step, activity_id, amount, place, occurred_at)
           SELECT v.member_id, %s, v.mission, v.run, v.step, v.activity_id, v.amount, v.place, v.occurred_at
             FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s::bigint[], %s::text[],
                         %s::timestamptz[]) AS v(member_id, mission, run, step, activity_id, amount, place, occurred_at)
           ON CONFLICT (member_id, brand_id, mission, run, step, activity_id)
              DO UPDATE SET amount = excluded.amount, place = excluded.place""",
        [
            brand_id,
            plain_array(m for m, _, _, _ in marks),
            text_array(mission for _, mission, _, _ in marks),
            text_array(run for _, _, run, _ in marks),
            text_array(mark.step for *_, mark in marks),
            plain_array(mark.activity_id for *_, mark in marks),
            plain_array(mark.amount for *_, mark in marks),
            text_array(mark.place for *_, mark in marks),
            time_array(mark.occurred_at for *_, mark in marks),
        ],
    )


def marks_of_runs(
    cursor: Any, *, brand_id: UUID, runs: Iterable[tuple[UUID, str, str]]
) -> dict[tuple[UUID, str, str], list[Mark]]:
    """What counted, by run."""
    wanted = list(runs)
    found: dict[tuple[UUID, str, str], list[Mark]] = {pair: [] for pair in wanted}
    if not wanted:
        return found
    cursor.execute(
        """SELECT m.member_id, m.mission, m.run, m.step, m.activity_id, m.occurred_at, m.amount, m.place
             FROM mission_mark m
             JOIN unnest(%s::uuid[], %s::text[], %s::text[]) AS v(member_id, mission, run)
               ON m.member_id = v.member_id AND m.mission = v.mission AND m.run = v.run
            WHERE m.brand_id = %s""",
        [
            plain_array(m for m, _, _ in wanted),
            text_array(mission for _, mission, _ in wanted),
            text_array(run for _, _, run in wanted),
            brand_id,
        ],
    )
    for member, mission, run, *rest in cursor.fetchall():
        found[member, mission, run].append(Mark(*rest))
    return found


def marked_runs(
    cursor: Any, *, brand_id: UUID, acts: Sequence[tuple[UUID, UUID]]
) -> set[tuple[UUID, str, str, str, UUID]]:
    """(member, mission, run, step, activity) of what activities (member, activity) counted for."""
    if not acts:
        return set()
    cursor.execute(
        """SELECT m.member_id, m.mission, m.run, m.step, m.activity_id FROM mission_mark m
             JOIN unnest(%s::uuid[], %s::uuid[]) AS v(member_id, activity_id)
               ON m.member_id = v.member_id AND m.activity_id = v.activity_id
            WHERE m.brand_id = %s""",
        [plain_array(m for m, _ in acts), plain_array(a for _, a in acts), brand_id],
    )
    return set(cursor.fetchall())


def expire(cursor: Any, *, now: datetime, limit: int) -> int:
    """End the runs whose time is over; gives how many."""
    cursor.execute(
        """UPDATE mission_run r SET state = 'expired', check_at = NULL
             FROM (SELECT member_id, brand_id, mission, run FROM mission_run
                    WHERE state = 'running' AND ends_at <= %s ORDER BY ends_at LIMIT %s
                      FOR NO KEY UPDATE SKIP LOCKED) AS d
            WHERE r.member_id = d.member_id AND r.brand_id = d.brand_id AND r.mission = d.mission
              AND r.run = d.run""",
        [now, limit],
    )
    return int(cursor.rowcount)


def withdraw(cursor: Any, *, brand_id: UUID, starts: Sequence[tuple[UUID, str]]) -> int:
    """End running runs that were started under these (member, key)."""
    if not starts:
        return 0
    cursor.execute(
        """UPDATE mission_run r SET state = 'withdrawn', check_at = NULL
             FROM unnest(%s::uuid[], %s::text[]) AS v(member_id, key)
            WHERE r.member_id = v.member_id AND r.brand_id = %s AND r.started_by = v.key AND r.state = 'running'""",
        [plain_array(m for m, _ in starts), text_array(k for _, k in starts), brand_id],
    )
    return int(cursor.rowcount)


def tallies(cursor: Any, *, brand_id: UUID, keys: Iterable[str]) -> dict[str, MissionTally]:
    cursor.execute(
        """SELECT mission, count(DISTINCT member_id), count(*), count(*) FILTER (WHERE state = 'running'),
                  count(*) FILTER (WHERE state = 'finished'), count(*) FILTER (WHERE state = 'expired'),
                  count(*) FILTER (WHERE state = 'withdrawn'), coalesce(sum(rolled_back), 0)::bigint
             FROM mission_run WHERE brand_id = %s AND mission = ANY(%s::text[]) GROUP BY mission""",
        [brand_id, text_array(keys)],
    )
    return {row[0]: MissionTally(*row[1:]) for row in cursor.fetchall()}


def steps_done(cursor: Any, *, brand_id: UUID, mission: str) -> dict[str, int]:
    """How many runs have done each step."""
    cursor.execute(
        """SELECT s.key, count(*) FROM mission_run r CROSS JOIN LATERAL jsonb_each(r.progress) AS s(key, value)
            WHERE r.brand_id = %s AND r.mission = %s AND s.value ->> 'done_at' IS NOT NULL GROUP BY s.key""",
        [brand_id, mission],
    )
    return dict(cursor.fetchall())


def page_of_runs(
    cursor: Any,
    *,
    brand_id: UUID,
    mission: str,
    state: str,
    before: tuple[str, str] | None,
    limit: int,
) -> list[Run]:
    """Runs of a mission, the latest started first."""
    cursor.execute(
        f"""SELECT {_RUN} FROM mission_run
             WHERE brand_id = %s AND mission = %s AND (%s = '' OR state = %s)
               AND (%s::timestamptz IS NULL OR (started_at, member_id) < (%s::timestamptz, %s::uuid))
             ORDER BY started_at DESC, member_id DESC LIMIT %s""",
        [
            brand_id, mission, state, state, before[0] if before else None, before[0] if before else None,
            before[1] if before else None, limit,
        ],
    )  # fmt: skip
    return [_run(row) for row in cursor.fetchall()]


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _stops(value: Any) -> tuple[tuple[datetime, datetime | None], ...]:
    return tuple(
        (datetime.fromisoformat(since), datetime.fromisoformat(until) if until else None)
        for since, until in _plain(value)
    )


def _progress(run: Run) -> dict[str, Any]:
    return {
        key: {
            "value": step.value,
            "done_at": step.done_at.isoformat() if step.done_at else None,
            "round": step.round,
        }
        for key, step in run.steps.items()
    }


def _run(row: Sequence[Any]) -> Run:
    member, mission, run, version, state, started, ends, progress, round_, back, by, finished, check = row
    steps = {
        key: StepProgress(
            one["value"],
            datetime.fromisoformat(one["done_at"]) if one["done_at"] else None,
            one.get("round", 0),
        )
        for key, one in _plain(progress).items()
    }
    return Run(member, mission, run, version, state, started, ends, steps, round_, back, by, finished, check)
