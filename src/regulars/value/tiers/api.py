"""The door of the tiers room: the pure decisions, and the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.facts.members import states
from regulars.kit import paging
from regulars.kit.paging import Page
from regulars.kit.periods import start_of_day
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.types import TierScheme
from regulars.value.tiers import store
from regulars.value.tiers.policy import (
    after_refund,
    enter,
    entry_move,
    forecast,
    is_locked,
    judge_due,
    metrics_used,
    next_due,
    place,
    places_of,
    plan_endings,
    progress,
    record,
    rise,
    standing_from_json,
    standing_to_json,
    step,
    thresholds,
    unlock,
)
from regulars.value.tiers.types import Climb, Ending, MemberMove, Reached, TierFlow, TierHistoryRow, TierMove

__all__ = [
    "add_changes",
    "after_refund",
    "count_members",
    "count_members_by_day",
    "count_moves",
    "enter",
    "entry_move",
    "forecast",
    "is_locked",
    "judge_due",
    "list_endings",
    "list_history",
    "metrics_used",
    "next_due",
    "place",
    "places_of",
    "plan_endings",
    "progress",
    "record",
    "rise",
    "standard",
    "standing_from_json",
    "standing_to_json",
    "step",
    "thresholds",
    "tier_as_of",
    "tiers_as_of",
    "timeline",
    "timelines",
    "unlock",
]


def add_changes(
    cursor: Any, *, brand_id: UUID, changes: Iterable[tuple[UUID, TierMove, UUID | None]], now: datetime
) -> None:
    """Append moves (member, move, the activity that caused it) to the history, in the caller's
    transaction."""
    store.insert(
        cursor,
        brand_id=brand_id,
        moves=[MemberMove(member_id, move, activity_id) for member_id, move, activity_id in changes],
        now=now,
    )


def timeline(*, brand_id: UUID, member_id: UUID) -> list[TierHistoryRow]:
    """The whole history of a member, oldest first; of several rows of one instant the last one holds."""
    with connection.cursor() as cursor:
        return store.timelines(cursor, brand_id=brand_id, member_ids=[member_id])[member_id]


def timelines(*, brand_id: UUID, member_ids: Sequence[UUID]) -> dict[UUID, list[TierHistoryRow]]:
    """`timeline` of many members by one query."""
    with connection.cursor() as cursor:
        return store.timelines(cursor, brand_id=brand_id, member_ids=member_ids)


def list_history(
    *,
    scope: Scope,
    member_id: UUID,
    scheme: str | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[TierHistoryRow]:
    """A page of a member's history, newest first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    after = paging.decode_at(cursor)
    with connection.cursor() as db:
        rows = store.history(
            db,
            brand_id=scope.brand_id,
            member_id=member_id,
            scheme=scheme,
            before=after,
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda row: [row.occurred_at.isoformat(), row.id])


def tier_as_of(
    *, scope: Scope, member_id: UUID, scheme: str, at: datetime, known_at: datetime | None = None
) -> TierHistoryRow | None:
    """The row of the history that holds at `at`, as known now or at `known_at`; None before she entered."""
    found = tiers_as_of(scope=scope, member_ids=[member_id], scheme=scheme, at=at, known_at=known_at)
    return found.get(member_id)


def tiers_as_of(
    *,
    scope: Scope,
    member_ids: Iterable[UUID],
    scheme: str,
    at: datetime,
    known_at: datetime | None = None,
) -> dict[UUID, TierHistoryRow]:
    """`tier_as_of` for many members; those who had not entered yet are left out."""
    with connection.cursor() as cursor:
        return store.as_of(
            cursor, brand_id=scope.brand_id, scheme=scheme, member_ids=member_ids, at=at, known_at=known_at
        )


def count_members(*, scope: Scope, scheme: str, at: datetime) -> dict[str, int]:
    """Members per tier at an instant, as known now. Tiers that nobody is in are left out."""
    with connection.cursor() as cursor:
        return store.count_at(cursor, brand_id=scope.brand_id, scheme=scheme, at=at)


def count_members_by_day(
    *, scope: Scope, scheme: str, days: Sequence[date], tz: str
) -> dict[date, dict[str, int]]:
    """Members per tier at the end of each business day; one read of the history for all days."""
    if not days:
        return {}
    ordered = sorted(set(days))
    ends = [_end_of(day, tz) for day in ordered]
    counts: dict[date, dict[str, int]] = {day: {} for day in ordered}
    day_of = dict(zip(ends, ordered, strict=True))
    with connection.cursor() as cursor:
        for at, tier, n in store.count_at_each(cursor, brand_id=scope.brand_id, scheme=scheme, instants=ends):
            counts[day_of[at]][tier] = n
    return counts


def count_moves(*, scope: Scope, scheme: str, first: date, last: date, tz: str) -> list[TierFlow]:
    """Moves from tier to tier per business day, `first` to `last` included; repairs count as the moves they
    are."""
    with connection.cursor() as cursor:
        rows = store.moves_by_day(
            cursor,
            brand_id=scope.brand_id,
            scheme=scheme,
            since=start_of_day(first, tz),
            until=start_of_day(last + timedelta(days=1), tz),
            tz=tz,
        )
    return [TierFlow(*row) for row in rows]


def standard(*, scope: Scope, scheme: TierScheme) -> tuple[list[Reached], list[Climb]]:
    """How long upgrades take: from joining to each tier, and from tier to tier, in the scheme's order."""
    place = {tier.code: i for i, tier in enumerate(scheme.tiers)}
    with connection.cursor() as cursor:
        reached = store.reached(cursor, brand_id=scope.brand_id, scheme=scheme.key)
        climbs = store.climbs(cursor, brand_id=scope.brand_id, scheme=scheme.key)
    return (
        sorted((Reached(*row) for row in reached if row[0] in place), key=lambda r: place[r.tier]),
        sorted(
            (Climb(*row) for row in climbs if row[0] in place and row[1] in place),
            key=lambda c: (place[c.previous], place[c.tier]),
        ),
    )


def list_endings(
    *,
    scope: Scope,
    scheme: TierScheme,
    now: datetime,
    tz: str,
    within_days: int,
    currency: str = "CNY",
    names: Mapping[str, Text] | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[Ending]:
    """Members whose tier would end within `within_days`, soonest first, and what still keeps it.

    For lists and for notices before a downgrade. A page may hold fewer than `limit` while more follow: those
    who have met their tier are read and left out.
    """
    limit = max(1, min(limit, paging.MAX_LIMIT))
    after = paging.decode_at(cursor)
    with connection.cursor() as db:
        rows = states.due_standings(
            db,
            brand_id=scope.brand_id,
            scheme=scheme.key,
            until=now + timedelta(days=within_days + 1),
            after=after,
            limit=limit + 1,
        )
    page = paging.cut(rows, limit, lambda row: [row[1].isoformat(), row[0]])
    standings = [(member_id, standing_from_json(value)) for member_id, _, value in page.items]
    endings = plan_endings(
        scheme, standings, now=now, tz=tz, within_days=within_days, currency=currency, names=names or {}
    )
    return Page(endings, page.next_cursor)


def _end_of(day: date, tz: str) -> datetime:
    """The last instant of a business day, in microseconds as the database keeps them."""
    return start_of_day(day + timedelta(days=1), tz) - timedelta(microseconds=1)
