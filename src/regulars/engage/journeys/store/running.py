"""Runs as the engine moves them: claimed, walked, written; each a statement for however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from regulars.kit.sql import plain_array, text_array, time_array

SLOTS = 8


@dataclass(frozen=True, slots=True)
class DueRun:
    """A run whose time has come. `tries`: how often it failed since it last moved."""

    member_id: UUID
    id: UUID
    version: int
    node: str
    steps: int
    resting: bool
    arrived: bool
    due_at: datetime
    trigger: str
    data: Mapping[str, Any]
    tries: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a run is after a step."""

    member_id: UUID
    id: UUID
    node: str
    steps: int
    waits_for: str
    since: datetime
    next_run_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class NewRun:
    member_id: UUID
    id: UUID
    key: str
    data: Mapping[str, Any]


@dataclass(slots=True)
class Tally:
    """What is counted in a transaction, written once at its end: the rows are shared by all who walk."""

    runs: dict[tuple[UUID, int, str, str], int] = field(default_factory=dict)

    def add(self, journey_id: UUID, version: int, node: str, way: str = "", count: int = 1) -> None:
        key = (journey_id, version, node, way)
        self.runs[key] = self.runs.get(key, 0) + count


def claim(cursor: Any, *, journey_id: UUID, now: datetime, limit: int) -> list[DueRun]:
    """Lock runs of a journey whose time has come, oldest first, passing over those that others hold.

    As `due.claim` does, in the order of the index alone: very many may be due at one instant, and to put those in an
    order would read all of them for each batch.
    """
    cursor.execute(
        """SELECT member_id, id, version, node, steps, resting, arrived, next_run_at, trigger, data::text, tries
             FROM journey_run WHERE journey_id = %s AND next_run_at <= %s ORDER BY next_run_at LIMIT %s
              FOR NO KEY UPDATE SKIP LOCKED""",
        [journey_id, now, limit],
    )
    decode = msgspec.json.decode
    return [
        DueRun(*[*row[:9], decode(row[9]) if row[9] != "{}" else {}, row[10]]) for row in cursor.fetchall()
    ]


def advance(cursor: Any, moved: Sequence[Moved], *, now: datetime) -> None:
    """Write where runs are now: resting until their next instant, or ended with a reason."""
    cursor.execute(
        """UPDATE journey_run r
              SET node = v.node, steps = v.steps, waits_for = v.waits_for, since = v.since, next_run_at = v.next_run_at,
                  reason = v.reason, ended_at = CASE WHEN v.next_run_at IS NULL THEN %s::timestamptz END,
                  resting = v.next_run_at IS NOT NULL, arrived = FALSE, tries = 0, problem = ''
             FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::int[], %s::text[], %s::timestamptz[],
                         %s::timestamptz[], %s::text[])
                  AS v(member_id, id, node, steps, waits_for, since, next_run_at, reason)
            WHERE r.member_id = v.member_id AND r.id = v.id""",
        [
            now,
            plain_array(m.member_id for m in moved),
            plain_array(m.id for m in moved),
            text_array(m.node for m in moved),
            plain_array(m.steps for m in moved),
            text_array(m.waits_for for m in moved),
            time_array(m.since for m in moved),
            time_array(m.next_run_at for m in moved),
            text_array(m.reason for m in moved),
        ],
    )


def failed(cursor: Any, *, run: DueRun, problem: str, again: datetime) -> None:
    cursor.execute(
        """UPDATE journey_run SET tries = tries + 1, problem = %s, next_run_at = %s
            WHERE member_id = %s AND id = %s""",
        [problem[:500], again, run.member_id, run.id],
    )


def enter(
    cursor: Any,
    *,
    brand_id: UUID,
    journey_id: UUID,
    version: int,
    node: str,
    trigger: str,
    runs: Sequence[NewRun],
    single: bool,
    since: datetime | None,
    goal_until: datetime | None,
    now: datetime,
) -> list[UUID]:
    """Begin runs; gives the members who may: neither a run of the same key is or was there nor (single) one under way.

    `since`: nor one that began then or after it.
    """
    cursor.execute(
        """INSERT INTO journey_run (member_id, id, brand_id, journey_id, version, node, since, next_run_at, key, single,
                                    trigger, data, started_at, goal_until)
           SELECT v.member_id, v.id, %(brand)s, %(journey)s, %(version)s, %(node)s, %(now)s, %(now)s, v.key, %(single)s,
                  %(trigger)s, v.data, %(now)s, %(goal)s
             FROM unnest(%(members)s::uuid[], %(ids)s::uuid[], %(keys)s::text[], %(data)s::jsonb[])
                  AS v(member_id, id, key, data)
            WHERE (%(since)s::timestamptz IS NULL
                   OR NOT EXISTS (SELECT FROM journey_run r
                                   WHERE r.member_id = v.member_id AND r.journey_id = %(journey)s
                                     AND r.started_at >= %(since)s::timestamptz))
              AND NOT EXISTS (SELECT FROM journey_been b WHERE b.member_id = v.member_id
                                 AND b.journey_id = %(journey)s AND b.key = v.key)
            ORDER BY v.member_id
           ON CONFLICT DO NOTHING RETURNING member_id""",
        {
            "brand": brand_id,
            "journey": journey_id,
            "version": version,
            "node": node,
            "now": now,
            "single": single,
            "trigger": trigger,
            "goal": goal_until,
            "since": since,
            "members": plain_array(run.member_id for run in runs),
            "ids": plain_array(run.id for run in runs),
            "keys": text_array(run.key for run in runs),
            "data": text_array(msgspec.json.encode(run.data).decode() for run in runs),
        },
    )
    return [row[0] for row in cursor.fetchall()]


def one_at_a_time(cursor: Any, *, journey_id: UUID) -> None:
    """Others who let members into this journey wait until the transaction ends."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 5))", [str(journey_id)])


def act(
    cursor: Any,
    *,
    brand_id: UUID,
    journey_id: UUID,
    acts: Sequence[tuple[UUID, UUID, str, int, str]],
    now: datetime,
) -> set[tuple[UUID, str, int]]:
    """Note actions (member, run, node, visit, kind); gives those that nobody had noted before: those are to be done."""
    cursor.execute(
        """INSERT INTO journey_action (member_id, run_id, node, visit, kind, brand_id, journey_id, at)
           SELECT v.*, %s, %s, %s FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::int[], %s::text[]) AS v
           ON CONFLICT DO NOTHING RETURNING run_id, node, visit""",
        [
            brand_id,
            journey_id,
            now,
            plain_array(a[0] for a in acts),
            plain_array(a[1] for a in acts),
            text_array(a[2] for a in acts),
            plain_array(a[3] for a in acts),
            text_array(a[4] for a in acts),
        ],
    )
    return {(row[0], row[1], row[2]) for row in cursor.fetchall()}


def tell_outcomes(
    cursor: Any, outcomes: Sequence[tuple[UUID, UUID, str, int, str, Mapping[str, Any]]]
) -> None:
    """What came of actions (member, run, node, visit, outcome, detail), where there is more to say than that."""
    if outcomes:
        cursor.execute(
            """UPDATE journey_action a SET outcome = v.outcome, detail = v.detail
                 FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::int[], %s::text[], %s::jsonb[])
                      AS v(member_id, run_id, node, visit, outcome, detail)
                WHERE a.member_id = v.member_id AND a.run_id = v.run_id AND a.node = v.node AND a.visit = v.visit""",
            [
                plain_array(o[0] for o in outcomes),
                plain_array(o[1] for o in outcomes),
                text_array(o[2] for o in outcomes),
                plain_array(o[3] for o in outcomes),
                text_array(o[4] for o in outcomes),
                text_array(msgspec.json.encode(o[5]).decode() for o in outcomes),
            ],
        )


def count(cursor: Any, tally: Tally, *, slot: int) -> None:
    """Write the tally, in one order for all, so that two who count never wait for each other in a circle."""
    rows = sorted((key, n) for key, n in tally.runs.items() if n)
    if not rows:
        return
    cursor.execute(
        """INSERT INTO journey_count (journey_id, version, node, way, slot, runs)
           SELECT v.journey_id, v.version, v.node, v.way, %s, v.runs
             FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::text[], %s::bigint[])
                  AS v(journey_id, version, node, way, runs)
           ON CONFLICT (journey_id, version, node, way, slot)
           DO UPDATE SET runs = journey_count.runs + excluded.runs""",
        [
            slot % SLOTS,
            plain_array(key[0] for key, _ in rows),
            plain_array(key[1] for key, _ in rows),
            text_array(key[2] for key, _ in rows),
            text_array(key[3] for key, _ in rows),
            plain_array(n for _, n in rows),
        ],
    )
    tally.runs.clear()


def inactive(cursor: Any, *, brand_id: UUID, member_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the members whose membership is frozen or left."""
    cursor.execute(
        """SELECT member_id FROM membership WHERE brand_id = %s AND member_id = ANY(%s::uuid[])
              AND status IN ('frozen', 'left')""",
        [brand_id, plain_array(member_ids)],
    )
    return {row[0] for row in cursor.fetchall()}


def waiting_for(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]
) -> list[tuple[UUID, UUID, UUID, int, str, str, datetime, datetime, Mapping[str, Any]]]:
    """Runs of these members that wait for an activity, locked: (member, run, journey, version, node, activity, since,
    until, data). What came already is not waited for any more."""
    cursor.execute(
        """SELECT member_id, id, journey_id, version, node, waits_for, since, next_run_at, data::text
             FROM journey_run
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND next_run_at IS NOT NULL AND waits_for <> ''
              AND NOT arrived
            ORDER BY member_id, id FOR NO KEY UPDATE""",
        [plain_array(member_ids), brand_id],
    )
    return [(*row[:8], msgspec.json.decode(row[8])) for row in cursor.fetchall()]


def arrive(cursor: Any, *, runs: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
    """What these runs (member, run) waited for came: their time is now."""
    if runs:
        cursor.execute(
            """UPDATE journey_run r SET arrived = TRUE, next_run_at = least(r.next_run_at, %s)
                 FROM unnest(%s::uuid[], %s::uuid[]) AS v(member_id, id)
                WHERE r.member_id = v.member_id AND r.id = v.id AND r.next_run_at IS NOT NULL""",
            [now, plain_array(r[0] for r in runs), plain_array(r[1] for r in runs)],
        )


def with_open_goal(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID], since: datetime
) -> list[tuple[UUID, UUID, UUID, int, str, datetime, datetime, bool, Mapping[str, Any]]]:
    """Runs of these members whose goal may still be reached: (member, run, journey, version, node, started, until,
    under way, data)."""
    cursor.execute(
        """SELECT member_id, id, journey_id, version, node, started_at, goal_until, next_run_at IS NOT NULL, data::text
             FROM journey_run
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND goal_until >= %s AND converted_at IS NULL
            ORDER BY member_id, id FOR NO KEY UPDATE""",
        [plain_array(member_ids), brand_id, since],
    )
    return [(*row[:8], msgspec.json.decode(row[8])) for row in cursor.fetchall()]


def convert(cursor: Any, *, runs: Sequence[tuple[UUID, UUID, datetime]]) -> None:
    """These runs (member, run, when) reached the goal."""
    if runs:
        cursor.execute(
            """UPDATE journey_run r SET converted_at = v.at
                 FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) AS v(member_id, id, at)
                WHERE r.member_id = v.member_id AND r.id = v.id AND r.converted_at IS NULL""",
            [
                plain_array(r[0] for r in runs),
                plain_array(r[1] for r in runs),
                time_array(r[2] for r in runs),
            ],
        )


def end(
    cursor: Any, *, journey_id: UUID, member_ids: Iterable[UUID], reason: str, now: datetime
) -> list[tuple[int, str]]:
    """End the runs of these members that are under way; gives (version, node) of each."""
    return _end(
        cursor,
        """SELECT member_id, id FROM journey_run WHERE member_id = ANY(%s::uuid[]) AND journey_id = %s
              AND next_run_at IS NOT NULL ORDER BY member_id, id FOR NO KEY UPDATE""",
        [plain_array(member_ids), journey_id],
        reason,
        now,
    )


def end_runs(
    cursor: Any, *, runs: Sequence[tuple[UUID, UUID]], reason: str, now: datetime
) -> list[tuple[int, str]]:
    """End these runs (member, run) where they are under way; gives (version, node) of each."""
    if not runs:
        return []
    return _end(
        cursor,
        "SELECT * FROM unnest(%s::uuid[], %s::uuid[]) AS v(member_id, id)",
        [plain_array(r[0] for r in runs), plain_array(r[1] for r in runs)],
        reason,
        now,
    )


def end_some(
    cursor: Any, *, journey_id: UUID, reason: str, now: datetime, limit: int
) -> list[tuple[int, str]]:
    """End up to so many runs of a journey, passing over those that are being walked; gives (version, node) of each."""
    return _end(
        cursor,
        """SELECT member_id, id FROM journey_run WHERE journey_id = %s AND next_run_at IS NOT NULL
            LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
        [journey_id, limit],
        reason,
        now,
    )


def _end(cursor: Any, picked: str, arguments: list[Any], reason: str, now: datetime) -> list[tuple[int, str]]:
    cursor.execute(
        f"""WITH picked AS ({picked})
            UPDATE journey_run r SET next_run_at = NULL, ended_at = %s, reason = %s, waits_for = '', resting = FALSE
              FROM picked p WHERE r.member_id = p.member_id AND r.id = p.id AND r.next_run_at IS NOT NULL
            RETURNING r.version, r.node""",
        [*arguments, now, reason],
    )
    return list(cursor.fetchall())


def any_under_way(cursor: Any, *, journey_id: UUID) -> bool:
    cursor.execute(
        "SELECT EXISTS (SELECT FROM journey_run WHERE journey_id = %s AND next_run_at IS NOT NULL)",
        [journey_id],
    )
    return bool(cursor.fetchone()[0])


def move(
    cursor: Any,
    *,
    journey_id: UUID,
    to: int,
    from_version: int | None,
    nodes: Sequence[str],
    activities: Mapping[str, str],
    limit: int,
) -> list[tuple[int, str]]:
    """Move up to so many runs under way at these nodes to a version; gives (old version, node) of each.

    `activities`: what waits wait for there.
    """
    cursor.execute(
        """WITH picked AS (
               SELECT member_id, id, version FROM journey_run
                WHERE journey_id = %(journey)s AND next_run_at IS NOT NULL AND version <> %(to)s
                  AND node = ANY(%(nodes)s)
                  AND (%(from)s::int IS NULL OR version = %(from)s::int)
                LIMIT %(limit)s FOR NO KEY UPDATE)
           UPDATE journey_run r
              SET version = %(to)s,
                  waits_for = CASE WHEN r.resting THEN coalesce(%(activities)s::jsonb ->> r.node, '') ELSE '' END
             FROM picked p WHERE r.member_id = p.member_id AND r.id = p.id
           RETURNING p.version, r.node""",
        {
            "journey": journey_id,
            "to": to,
            "nodes": list(nodes),
            "from": from_version,
            "limit": limit,
            "activities": msgspec.json.encode(activities).decode(),
        },
    )
    return list(cursor.fetchall())


def strangers(
    cursor: Any, *, journey_id: UUID, to: int, from_version: int | None, nodes: Sequence[str], limit: int
) -> list[tuple[UUID, UUID]]:
    """Runs under way of other versions whose node is none of these."""
    cursor.execute(
        """SELECT member_id, id FROM journey_run
            WHERE journey_id = %s AND next_run_at IS NOT NULL AND version <> %s AND NOT node = ANY(%s)
              AND (%s::int IS NULL OR version = %s::int) ORDER BY member_id, id LIMIT %s FOR NO KEY UPDATE""",
        [journey_id, to, list(nodes), from_version, from_version, limit],
    )
    return list(cursor.fetchall())


def on_other_versions(cursor: Any, *, journey_id: UUID, version: int, from_version: int | None) -> int:
    """How many runs are under way on other versions."""
    cursor.execute(
        """SELECT count(*) FROM journey_run WHERE journey_id = %s AND next_run_at IS NOT NULL AND version <> %s
              AND (%s::int IS NULL OR version = %s::int)""",
        [journey_id, version, from_version, from_version],
    )
    return int(cursor.fetchone()[0])
