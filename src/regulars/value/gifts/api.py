"""The door of gifts: what was given as a reward under which key, so that it is given once and goes back once.

What a gift is made of is given and taken back by `flows.rewarding`; this room only remembers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from regulars.value.gifts import store
from regulars.value.gifts.types import GiftRow, Tally


def add(*, rows: Sequence[GiftRow]) -> set[tuple[UUID, str]]:
    """Add gifts in the caller's transaction, members locked; gives those (member, key) that were not there."""
    with connection.cursor() as cursor:
        return store.insert(cursor, rows)


def settle(*, rows: Sequence[GiftRow]) -> None:
    """Write what became of gifts that this transaction added."""
    with connection.cursor() as cursor:
        store.settle(cursor, rows)


def get_many(
    *, brand_id: UUID, pairs: Sequence[tuple[UUID, str]], lock: bool = False
) -> dict[tuple[UUID, str], GiftRow]:
    """Gifts by member and key; those that are not there are left out."""
    with connection.cursor() as cursor:
        return store.read(cursor, brand_id=brand_id, pairs=pairs, lock=lock)


def set_back(*, brand_id: UUID, pairs: Sequence[tuple[UUID, str]], reason: str, now: datetime) -> None:
    """Note that gifts went back."""
    with connection.cursor() as cursor:
        store.set_back(cursor, brand_id=brand_id, pairs=pairs, reason=reason, now=now)


def tally(*, brand_id: UUID, sources: Iterable[str]) -> dict[str, Tally]:
    """What sources gave and what of it went back, by source."""
    with connection.cursor() as cursor:
        return store.tally(cursor, brand_id=brand_id, sources=sources)


def list_gifts(*, brand_id: UUID, member_id: UUID, prefix: str = "", limit: int = 50) -> list[GiftRow]:
    """A member's gifts, newest first; only those whose source begins with `prefix`."""
    with connection.cursor() as cursor:
        return store.of_member(cursor, brand_id=brand_id, member_id=member_id, prefix=prefix, limit=limit)
