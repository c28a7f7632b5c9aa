"""How journeys go: numbers, counts of nodes, runs, what runs did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from regulars.engage.journeys.store import reading
from regulars.engage.journeys.types import ActionRow, Journey, NodeCounts, Numbers, Run
from regulars.kit import paging
from regulars.kit.paging import Page
from regulars.platform.organisations.types import Scope


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one version of a journey, by node, and why its runs ended."""

    version: int
    nodes: tuple[NodeCounts, ...]
    ended_by: Mapping[str, int]
    numbers: Numbers


def numbers_of(*, journeys: Sequence[Journey]) -> dict[UUID, Numbers]:
    """Runs started, under way, ended, converted, by journey."""
    with connection.cursor() as cursor:
        found = reading.numbers(cursor, journey_ids=[one.id for one in journeys])
    return {one.id: found.get(one.id, Numbers()) for one in journeys}


def active_by_version(*, journey: Journey) -> dict[int, int]:
    """Members in flight on each version."""
    with connection.cursor() as cursor:
        return reading.active_by_version(cursor, journey_id=journey.id)


def counts_of(*, journey: Journey, version: int | None = None) -> Counts:
    """How many came where, of a version (the published one where none is given)."""
    number = version or journey.version
    with connection.cursor() as cursor:
        ways = reading.counts(cursor, journey_id=journey.id).get(number, {})
    nodes = reading.node_counts(ways)
    ended_by: dict[str, int] = {}
    for node in nodes:
        for reason, count in node.ended.items():
            ended_by[reason] = ended_by.get(reason, 0) + count
    total = {way: sum(by_way.get(way, 0) for by_way in ways.values()) for way in ("+", "<", ">", "*")}
    ended = sum(ended_by.values())
    numbers = Numbers(total["+"], total["+"] + total["<"] - total[">"] - ended, ended, total["*"])
    return Counts(number, tuple(nodes), ended_by, numbers)


def list_runs(
    *,
    scope: Scope,
    journey: Journey,
    state: str = "",
    node: str = "",
    reason: str = "",
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[Run]:
    """A journey's runs, newest first; of members of the scope's stores."""
    before = paging.decode_id(cursor)
    with connection.cursor() as db:
        rows = reading.page(
            db,
            journey_id=journey.id,
            state=state,
            node=node,
            reason=reason,
            before=before,
            limit=limit + 1,
            store_ids=None if scope.store_ids is None else list(scope.store_ids),
        )
    return paging.cut(rows, limit, lambda run: (run.id,))


def runs_of(*, brand_id: UUID, member_id: UUID, limit: int = 50) -> list[Run]:
    """A member's runs in the brand, newest first."""
    with connection.cursor() as cursor:
        return reading.of_member(cursor, brand_id=brand_id, member_id=member_id, limit=limit)


def actions_of(*, member_id: UUID, runs: Sequence[Run]) -> dict[UUID, list[ActionRow]]:
    """What a member's runs did, by run."""
    with connection.cursor() as cursor:
        return reading.actions_of(cursor, member_id=member_id, run_ids=[run.id for run in runs])
