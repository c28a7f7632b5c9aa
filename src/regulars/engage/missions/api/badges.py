"""Badges that a condition gives and takes, and a member's badges as they came and went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from regulars.engage.missions.store import badges as store
from regulars.engage.missions.types.play import Following, Granted

EVERY = timedelta(days=1)
RETRY = timedelta(minutes=15)


def hold(*, brand_id: UUID, keys: Sequence[str], alone: bool = False) -> set[str]:
    """Hold active badges in the caller's transaction; gives those that are there. `alone` for who asks everybody."""
    with connection.cursor() as cursor:
        return store.hold(cursor, brand_id=brand_id, keys=keys, alone=alone)


def differing(*, brand_id: UUID, badge: str, takes: bool) -> list[UUID]:
    """Members of the temporary table `wanted` who have not got the badge, and where it `takes` those who have it and
    are not in the table."""
    with connection.cursor() as cursor:
        return store.differing(cursor, brand_id=brand_id, badge=badge, takes=takes)


def settle(
    *, brand_id: UUID, badge: str, takes: bool, asked: Sequence[UUID], holding: Sequence[UUID], now: datetime
) -> tuple[list[UUID], list[UUID]]:
    """Bring members' held badge to its condition: of those asked, it holds for `holding`. Gives who came and who lost
    it; who is not active loses nothing, nor does anybody what something else gave.
    """
    with connection.cursor() as cursor:
        return store.settle(
            cursor, brand_id=brand_id, badge=badge, takes=takes, asked=asked, holding=holding, now=now
        )


def ask_everybody(*, brand_id: UUID, badge: str, now: datetime | None, anew: bool) -> None:
    """Have everybody asked at `now` (None: never); `anew` where the condition is another."""
    with connection.cursor() as cursor:
        store.ask_now(cursor, brand_id=brand_id, badge=badge, now=now, anew=anew)


def note_followed(*, brand_id: UUID, badge: str, now: datetime) -> None:
    """Everybody was asked; again tomorrow."""
    with connection.cursor() as cursor:
        store.note_followed(cursor, brand_id=brand_id, badge=badge, now=now, again=EVERY)


def note_problem(*, brand_id: UUID, badge: str, problem: str, now: datetime) -> None:
    """Everybody could not be asked; again in a while."""
    with connection.cursor() as cursor:
        store.note_problem(cursor, brand_id=brand_id, badge=badge, problem=problem, again_at=now + RETRY)


def following(*, brand_id: UUID) -> dict[str, Following]:
    """How the brand's badges are followed, by key."""
    with connection.cursor() as cursor:
        return store.following(cursor, brand_id=brand_id)


def history_of(*, brand_id: UUID, member_id: UUID, limit: int = 100) -> list[Granted]:
    """What a member was given and what was taken back, newest first."""
    with connection.cursor() as cursor:
        return store.history(cursor, brand_id=brand_id, member_id=member_id, limit=limit)
