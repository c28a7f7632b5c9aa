"""Asking for messages, and what became of them, for the rooms that asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.messaging.sending import handing
from regulars.messaging.store import asking, counting, templates
from regulars.messaging.types import CHANNELS, Ask, SendState, Tally
from regulars.platform.organisations.types import Brand


def ask(*, brand: Brand, asks: Sequence[Ask], now: datetime) -> int:
    """Have messages sent, in the caller's transaction; gives how many nobody had asked for before.

    The same key of the same member is the same message, whatever else differs. What comes of each is decided when its
    time comes (`states_of`, the events `message.*`). Raises ValueError for a channel that does not exist and for a
    priority outside 0–100: that is a mistake of the program that asks.

    What a template of marketing says is marketing, whatever the asker takes it for.
    """
    for one in asks:
        if not 0 <= one.priority <= 100 or any(channel not in CHANNELS for channel in one.channels):
            raise ValueError(f"cannot be asked: {one.channels} at priority {one.priority}")
    if not asks:
        return 0
    selling = templates.of_marketing(
        brand_id=brand.id, codes={one.template for one in asks if one.purpose != "marketing"}
    )
    if selling:
        asks = [replace(one, purpose="marketing") if one.template in selling else one for one in asks]
    with transaction.atomic(), connection.cursor() as cursor:
        return asking.insert(cursor, brand_id=brand.id, asks=asks, now=now)


def send_due(*, now: datetime) -> int:
    """Send everything that is due at an instant, and wait for its providers; gives how many messages moved. The worker
    does so by itself: this is for tests, for the demo, and for who wants to see it done."""
    return handing.deliver_all(now)


def sends_of(*, brand_id: UUID, source: str) -> list[Tally]:
    """How many messages a source asked for are in which state, for which reason, by which channel."""
    with connection.cursor() as cursor:
        return counting.tallies(cursor, brand_id=brand_id, source=source)


def states_of(*, brand_id: UUID, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], SendState]:
    """What became of messages, by member and key; those nobody asked for are left out."""
    with connection.cursor() as cursor:
        return counting.states(cursor, brand_id=brand_id, keys=keys)


def outcomes_of(*, brand_id: UUID, key: str, member_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """State and reason of the messages of one key, by member; those nobody asked for are left out. For thousands."""
    with connection.cursor() as cursor:
        return counting.outcomes(cursor, brand_id=brand_id, key=key, member_ids=member_ids)


def states_by_origin(
    *, brand_id: UUID, member_id: UUID, origins: Sequence[str]
) -> list[tuple[str, str, SendState]]:
    """What became of a member's messages that these acts asked for (`Ask.origin`), with their origins and keys, in the
    order in which they were asked for."""
    if not origins:
        return []
    with connection.cursor() as cursor:
        return counting.of_origins(cursor, brand_id=brand_id, member_id=member_id, origins=origins)
