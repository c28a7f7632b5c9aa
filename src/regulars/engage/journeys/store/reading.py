"""Reading runs, what they did and how many passed where."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from regulars.engage.journeys.types import ActionRow, NodeCounts, Numbers, Run
from regulars.kit.sql import plain_array

_RUN = """id, member_id, journey_id, version, CASE WHEN next_run_at IS NULL THEN 'ended' ELSE 'active' END, node, steps,
          key, trigger, data::text, started_at, since, next_run_at, ended_at, reason, converted_at, problem"""


def counts(cursor: Any, *, journey_id: UUID) -> dict[int, dict[str, dict[str, int]]]:
    """Version → node → way → runs."""
    cursor.execute(
        """SELECT version, node, way, sum(runs)::bigint FROM journey_count WHERE journey_id = %s GROUP BY 1, 2, 3""",
        [journey_id],
    )
    found: dict[int, dict[str, dict[str, int]]] = {}
    for version, node, way, runs in cursor.fetchall():
        found.setdefault(version, {}).setdefault(node, {})[way] = int(runs)
    return found


def node_counts(ways: dict[str, dict[str, int]]) -> list[NodeCounts]:
    """Counts of nodes from their ways: `:port`, `!reason`, `<` and `>` moved in from and out to other versions,
    `+` runs begun (at a trigger), `*` goals reached."""
    made = []
    for node, by_way in sorted(ways.items()):
        ports = {way[1:]: n for way, n in by_way.items() if way.startswith(":")}
        ended = {way[1:]: n for way, n in by_way.items() if way.startswith("!")}
        entered = by_way.get("", 0) + by_way.get("+", 0)
        moved = by_way.get("<", 0) - by_way.get(">", 0)
        gone = sum(
            n for reason, n in ended.items() if reason != "completed"
        )  # who came to the end left by a port
        here = entered + moved - sum(ports.values()) - gone
        made.append(NodeCounts(node, entered + by_way.get("*", 0), here, ports, ended))
    return made


def numbers(cursor: Any, *, journey_ids: Sequence[UUID]) -> dict[UUID, Numbers]:
    """How many runs were started, ended, converted, by journey."""
    cursor.execute(
        """SELECT journey_id, coalesce(sum(runs) FILTER (WHERE way = '+'), 0)::bigint,
                  coalesce(sum(runs) FILTER (WHERE way LIKE '!%%'), 0)::bigint,
                  coalesce(sum(runs) FILTER (WHERE way = '*'), 0)::bigint
             FROM journey_count WHERE journey_id = ANY(%s::uuid[]) GROUP BY 1""",
        [plain_array(journey_ids)],
    )
    return {row[0]: Numbers(row[1], row[1] - row[2], row[2], row[3]) for row in cursor.fetchall()}


def active_by_version(cursor: Any, *, journey_id: UUID) -> dict[int, int]:
    """Members in flight on each version, from what was counted."""
    cursor.execute(
        """SELECT version, sum(CASE WHEN way IN ('+', '<') THEN runs
                                   WHEN way = '>' OR way LIKE '!%%' THEN -runs ELSE 0 END)::bigint
             FROM journey_count WHERE journey_id = %s GROUP BY 1""",
        [journey_id],
    )
    return {row[0]: int(row[1]) for row in cursor.fetchall()}


def page(
    cursor: Any,
    *,
    journey_id: UUID,
    state: str,
    node: str,
    reason: str,
    before: UUID | None,
    limit: int,
    store_ids: Sequence[UUID] | None,
) -> list[Run]:
    """Runs of a journey, newest first; of members of these stores where they are given."""
    stores = (
        ""
        if store_ids is None
        else (
            "AND EXISTS (SELECT FROM membership m WHERE m.member_id = r.member_id AND m.brand_id = r.brand_id "
            "AND m.store_id = ANY(%(stores)s::uuid[]))"
        )
    )
    cursor.execute(
        f"""SELECT {_RUN} FROM journey_run r
             WHERE journey_id = %(journey)s AND (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
               AND (%(state)s = '' OR (next_run_at IS NULL) = (%(state)s = 'ended'))
               AND (%(node)s = '' OR node = %(node)s) AND (%(reason)s = '' OR reason = %(reason)s) {stores}
             ORDER BY id DESC LIMIT %(limit)s""",
        {
            "journey": journey_id, "before": before, "state": state, "node": node, "reason": reason, "limit": limit,
            "stores": plain_array(store_ids or ()),
        },
    )  # fmt: skip
    return [_run(row) for row in cursor.fetchall()]


def of_member(cursor: Any, *, brand_id: UUID, member_id: UUID, limit: int) -> list[Run]:
    """A member's runs, newest first."""
    cursor.execute(
        f"""SELECT {_RUN} FROM journey_run WHERE member_id = %s AND brand_id = %s
             ORDER BY started_at DESC, id DESC LIMIT %s""",
        [member_id, brand_id, limit],
    )
    return [_run(row) for row in cursor.fetchall()]


def begun(cursor: Any, *, journey_id: UUID, member_id: UUID) -> list[tuple[str, bool, bool, datetime | None]]:
    """(key, whether it is under way, whether no other may be beside it, start) of a member's runs of a journey; without
    a start where only that she has been in it is remembered."""
    cursor.execute(
        """SELECT key, next_run_at IS NOT NULL, single, started_at FROM journey_run
            WHERE member_id = %(member)s AND journey_id = %(journey)s
           UNION ALL
           SELECT key, FALSE, FALSE, NULL FROM journey_been
            WHERE member_id = %(member)s AND journey_id = %(journey)s""",
        {"member": member_id, "journey": journey_id},
    )
    return list(cursor.fetchall())


def actions_of(cursor: Any, *, member_id: UUID, run_ids: Sequence[UUID]) -> dict[UUID, list[ActionRow]]:
    cursor.execute(
        """SELECT run_id, node, visit, kind, at, outcome, detail::text FROM journey_action
            WHERE member_id = %s AND run_id = ANY(%s::uuid[]) ORDER BY run_id, visit""",
        [member_id, plain_array(run_ids)],
    )
    found: dict[UUID, list[ActionRow]] = {id_: [] for id_ in run_ids}
    for row in cursor.fetchall():
        found[row[0]].append(ActionRow(*[*row[:6], msgspec.json.decode(row[6])]))
    return found


def _run(row: Any) -> Run:
    return Run(*[*row[:9], msgspec.json.decode(row[9]), *row[10:]])
