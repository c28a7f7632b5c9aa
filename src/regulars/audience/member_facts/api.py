"""The door of member facts: read a member's row, write scores; facts are made by refresh and rebuild alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.audience.member_facts.policy import facts_for_conditions, number
from regulars.audience.member_facts.store import ranked as store_ranked
from regulars.audience.member_facts.store import reading, reasons, rebuilding, refreshing, scores
from regulars.audience.member_facts.types import Freshness, Ground, MemberKnown, Rebuild
from regulars.kit import paging
from regulars.kit.errors import Refusal
from regulars.kit.paging import Page
from regulars.kit.periods import zone
from regulars.platform.organisations import api as organisations
from regulars.programme.versions import api as versions

__all__ = [
    "cancel_rebuild",
    "count_churn_reasons",
    "facts_for_conditions",
    "freshness",
    "list_by_rfm",
    "mark_dirty",
    "ranked",
    "read",
    "read_many",
    "rebuild",
    "rebuild_progress",
    "refresh",
    "refresh_dirty",
    "refresh_stale",
    "wipe_scores",
    "write_scores",
]

CHUNK = 1000
_LEASE = timedelta(minutes=2)
_MANY = 500
_SETTLING = timedelta(seconds=20)


def read(*, brand_id: UUID, member_id: UUID) -> MemberKnown | None:
    """What is known of one member; None for somebody who is not a member of the brand."""
    return read_many(brand_id=brand_id, member_ids=[member_id]).get(member_id)


def read_many(*, brand_id: UUID, member_ids: Sequence[UUID]) -> dict[UUID, MemberKnown]:
    """What is known of these members, by id, in one query."""
    with connection.cursor() as cursor:
        return reading.read(cursor, brand_id=brand_id, member_ids=member_ids)


def ranked(
    *,
    brand_id: UUID,
    score: str,
    highest_first: bool = True,
    at_least: Decimal | int | None = None,
    at_most: Decimal | int | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[MemberKnown]:
    """Members in the order of a score that is a number, with all that is known of them."""
    key = paging.decode_as(cursor, number, UUID)
    after = (key[0], key[1]) if key else None
    with connection.cursor() as db:
        rows = store_ranked.ranked(
            db, brand_id=brand_id, score=score, highest_first=highest_first, at_least=at_least, at_most=at_most,
            after=after, limit=limit + 1,
        )  # fmt: skip
        page = paging.cut(rows, limit, lambda row: (str(row[1]), row[0]))
        known = reading.read(db, brand_id=brand_id, member_ids=[row[0] for row in page.items])
    return Page([known[row[0]] for row in page.items], page.next_cursor)


def list_by_rfm(
    *,
    brand_id: UUID,
    r: int | None = None,
    f: int | None = None,
    m: int | None = None,
    group: str | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[MemberKnown]:
    """Members with these RFM scores, with all that is known of them."""
    after = paging.decode_id(cursor)
    with connection.cursor() as db:
        found = store_ranked.in_rfm(
            db, brand_id=brand_id, r=r, f=f, m=m, group=group, after=after, limit=limit + 1
        )
        page = paging.cut(found, limit, lambda member_id: (member_id,))
        known = reading.read(db, brand_id=brand_id, member_ids=list(page.items))
    return page.map(lambda member_id: known[member_id])


def write_scores(
    *, brand_id: UUID, as_of: datetime, columns: Mapping[str, Sequence[Any]], member_ids: Sequence[UUID]
) -> int:
    """Write any subset of `types.SCORE_COLUMNS`, one value a member, set-based; gives how many rows were written.

    Columns may be lists, numpy or arrow arrays; None and NaN clear a score. Other columns stay as they are. Members
    who switched profiling off, or left, are left out. Up to 50 000 members are one transaction.

    Raises:
        ValueError: no such score, or a column is not as long as `member_ids`.
    """
    return scores.write(brand_id=brand_id, as_of=as_of, columns=columns, member_ids=member_ids)


def wipe_scores(*, brand_id: UUID, member_ids: Sequence[UUID]) -> int:
    """Forget every score of these members: they switched profiling off."""
    return scores.wipe(brand_id=brand_id, member_ids=member_ids)


def count_churn_reasons(
    *, brand_id: UUID, least: Decimal = Decimal("0.5")
) -> tuple[int, int, list[tuple[str, int, float]]]:
    """Members scored for churn, those likely (from `least`) not to buy in 60 days, and of these
    (reason, members, mean weight)."""
    with connection.cursor() as cursor:
        return reasons.count(cursor, brand_id=brand_id, least=least)


def mark_dirty(*, pairs: Iterable[tuple[UUID, UUID]], now: datetime) -> int:
    """Something changed of these (brand, member) pairs; gives how many were not marked yet."""
    with connection.cursor() as cursor:
        return rebuilding.mark_dirty(cursor, pairs=pairs, now=now)


def refresh(*, brand_id: UUID, member_ids: Sequence[UUID], now: datetime) -> int:
    """Make the facts of these members anew, now; within a transaction of the caller's they see what it did."""
    with transaction.atomic(), connection.cursor() as cursor:
        return _refresh(cursor, _ground(cursor, brand_id, now), member_ids, now)


def refresh_stale(*, brand_id: UUID, member_ids: Sequence[UUID], now: datetime) -> int:
    """`refresh` for those of the members whose facts are missing, of an earlier day or marked as changed."""
    with transaction.atomic(), connection.cursor() as cursor:
        day = _day(brand_id, now)
        stale = rebuilding.untouched(cursor, brand_id=brand_id, member_ids=member_ids, day=day)
        return _refresh(cursor, _ground(cursor, brand_id, now), stale, now) if stale else 0


def refresh_dirty(*, brand_id: UUID, now: datetime, limit: int = CHUNK, patient: bool = False) -> list[UUID]:
    """Refresh the members that wait longest, in one transaction; gives who they were.

    `patient`: while very many wait, as in an import, only those that have waited `_SETTLING`: else the same members
    would be made anew with each of their orders.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        many = rebuilding.count_dirty(cursor, brand_id=brand_id, most=_MANY) >= _MANY
        before = now - _SETTLING if many and patient else None
        members = rebuilding.take_dirty(cursor, brand_id=brand_id, limit=limit, before=before)
        if members:
            _refresh(cursor, _ground(cursor, brand_id, now), members, now)
    return members


def rebuild(
    *,
    brand_id: UUID,
    clock: Callable[[], datetime],
    told: Callable[[int, int], None] | None = None,
    chunk: int = CHUNK,
) -> Rebuild | None:
    """Make the facts of all of the brand's members anew, a transaction a chunk; gives how it ended.

    Goes on where an earlier one of the same business day was stopped. While another process is at it, gives None.
    `told(done, total)` hears of each chunk. `clock` is asked once a chunk, for the lease.
    """
    now = clock()
    day = _day(brand_id, now)
    with transaction.atomic(), connection.cursor() as cursor:
        if rebuilding.begin(cursor, brand_id=brand_id, day=day, now=now, until=now + _LEASE) is None:
            return None
        ground = _ground(cursor, brand_id, now)
    try:
        while True:
            with transaction.atomic(), connection.cursor() as cursor:
                members = rebuilding.next_chunk(cursor, brand_id=brand_id, limit=chunk)
                if members is None:
                    break
                if not members:
                    rebuilding.finish(cursor, brand_id=brand_id, now=clock())
                    break
                refreshing.refresh(cursor, ground=ground, member_ids=members, day=day, now=now)
                until = clock() + _LEASE
                rebuilding.advance(
                    cursor, brand_id=brand_id, after=members[-1], count=len(members), until=until
                )
                progress = rebuilding.read(cursor, brand_id=brand_id)
            if told is not None and progress is not None:
                told(progress.done, progress.total)
    except Exception as error:
        with connection.cursor() as cursor:
            rebuilding.stop(
                cursor, brand_id=brand_id, state="failed", problem=f"{type(error).__name__}: {error}"
            )
        raise
    return rebuild_progress(brand_id=brand_id)


def cancel_rebuild(*, brand_id: UUID) -> bool:
    """Have a running rebuild stop after its chunk; the next one of the day goes on there."""
    with connection.cursor() as cursor:
        return rebuilding.stop(cursor, brand_id=brand_id, state="cancelled")


def rebuild_progress(*, brand_id: UUID) -> Rebuild | None:
    """How the brand's rebuild stands; None before the first."""
    with connection.cursor() as cursor:
        return rebuilding.read(cursor, brand_id=brand_id)


def freshness(*, brand_id: UUID) -> Freshness:
    """How fresh the brand's facts and scores are."""
    with connection.cursor() as cursor:
        return rebuilding.freshness(cursor, brand_id=brand_id)


def _refresh(cursor: Any, ground: Ground, member_ids: Sequence[UUID], now: datetime) -> int:
    day = now.astimezone(zone(ground.timezone)).date()
    return refreshing.refresh(cursor, ground=ground, member_ids=member_ids, day=day, now=now)


def _day(brand_id: UUID, now: datetime) -> Any:
    return now.astimezone(zone(organisations.get_brand(brand_id=brand_id).timezone)).date()


def _ground(cursor: Any, brand_id: UUID, now: datetime) -> Ground:
    brand = organisations.get_brand(brand_id=brand_id)
    try:
        units = versions.in_force(brand_id=brand_id, now=now).live.units
        points = [code for code, unit in units.items() if unit.kind == "points"]
    except Refusal:  # nothing published yet: nothing was earned either
        points = []
    return Ground(
        brand_id=brand_id,
        timezone=brand.timezone,
        units=points,
        stores={store.id: code for code, store in organisations.stores_of(brand_id=brand_id).items()},
        price_cuts=rebuilding.price_cuts(cursor, brand_id=brand_id),
    )
