"""Messages of sources that are held are parked, those of sources that were cancelled are taken back.

A hold is one row: from its commit on nothing of the source is taken up. What the sender comes across is parked, until
it is released or out of date; what is not due yet stays as it is. A release or a cancel is one row as well, and the
worker carries it out, so many messages in a transaction. What a provider has is not recalled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.messaging.sending import recording
from regulars.messaging.store import holds, limits, sends
from regulars.messaging.store.holds import Hold
from regulars.messaging.store.sends import Change, SendRow
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand

BATCH = 2000
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # when what is parked is looked at of itself
_SOURCES = 50
_MOMENT = timedelta(seconds=1)
_AGAIN = timedelta(seconds=30)
_SETTLING = timedelta(minutes=10)  # what was asked for in a transaction that was open when it was cancelled


def sift(
    cursor: Any, *, brand_id: UUID, rows: Sequence[SendRow], now: datetime
) -> tuple[list[SendRow], list[Change]]:
    """Those to go on with, and what becomes of the others."""
    found = holds.of_sources(cursor, brand_id=brand_id, sources={row.source for row in rows})
    if not found:
        return list(rows), []
    going: list[SendRow] = []
    changes: list[Change] = []
    for row in rows:
        change = _held(row, found[row.source], now) if row.source in found else None
        if change is None:
            going.append(row)
        else:
            changes.append(change)
    return going, changes


def work_off(now: datetime) -> int:
    """Go on with what is released and cancelled, a batch of each source; gives how many messages moved."""
    moved = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for one in holds.take_unfinished(cursor, now=now, limit=_SOURCES):
            moved += _work_off(cursor, one, now)
    return moved


def take_back(cursor: Any, *, brand: Brand, rows: Sequence[SendRow], now: datetime) -> int:
    """Skip queued messages that the caller has locked."""
    changes = [replace(_withdrawn(row, now), counted_on=None) for row in rows]
    back = [
        (row.member_id, row.brand_id, row.counted_on, row.channel, -1)
        for row in rows
        if row.counted_on is not None
    ]
    sends.put(cursor, changes, only=("queued",))
    limits.count(cursor, back)
    recording.announce(brand=brand, changes=changes, now=now)
    return len(changes)


def _work_off(cursor: Any, one: Hold, now: datetime) -> int:
    moved = 0
    if one.cancel_before is not None:
        rows = holds.waiting(
            cursor, brand_id=one.brand_id, source=one.source, asked_before=one.cancel_before, limit=BATCH
        )
        if rows:
            brand = organisations.get_brand(brand_id=one.brand_id)
            moved = take_back(cursor, brand=brand, rows=rows, now=now)
    elif one.held_at is None:
        note = (now.isoformat(timespec="milliseconds"), "", "released", "")
        moved = holds.resume(cursor, one=one, note=note, now=now, limit=BATCH)
    if moved < BATCH:
        again = now + (_MOMENT if one.cancel_before is None else _AGAIN)
        holds.finish(cursor, one=one, settled_before=now - _SETTLING, look_at=again)
    return moved


def _held(row: SendRow, found: Hold | None, now: datetime) -> Change | None:
    """What becomes of a message of a source about which something was done; None when it simply goes on."""
    if found is None:  # it is being held or released in this moment
        return replace(sends.same(row), next_run_at=now + _MOMENT)
    if found.cancel_before is not None and row.created_at <= found.cancel_before:
        return _withdrawn(row, now)
    if found.held_at is None or (row.expires_at is not None and now >= row.expires_at):
        return None
    at = now.isoformat(timespec="milliseconds")
    return replace(
        sends.same(row),
        reason="held",
        next_run_at=row.expires_at or NEVER,
        log=[(at, row.channel, "held", found.held_by)] if row.reason != "held" else [],
    )


def _withdrawn(row: SendRow, now: datetime) -> Change:
    at = now.isoformat(timespec="milliseconds")
    return replace(
        sends.same(row),
        state="skipped",
        reason="withdrawn",
        ended_at=now,
        log=[(at, row.channel, "withdrawn", "")],
    )
