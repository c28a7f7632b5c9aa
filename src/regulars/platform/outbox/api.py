"""Door of the outbox: events written with what caused them, read by consumers that keep their own position."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from regulars.kit.periods import add_months
from regulars.platform.outbox import store
from regulars.platform.outbox.types import ConsumerState, Event

_log = logging.getLogger(__name__)


def append(events: Sequence[Event]) -> None:
    """Write events in the caller's transaction, with one statement however many there are."""
    if events:
        store.insert(events)


def subscribe(*, name: str, from_start: bool = True) -> None:
    """Make a consumer known (again is harmless). It gets what was written from the start, or from now on."""
    store.add_consumer(name, from_start=from_start)


def consume(
    *,
    name: str,
    handle: Callable[[Sequence[Event]], None],
    now: datetime,
    batch: int = 500,
    topics: Sequence[str] | None = None,
) -> int:
    """Hand the next batch to `handle` and move on; gives how many events that was, 0 when there are none.

    `handle` runs inside the transaction that moves the position: what it writes to this database happens exactly
    once, what it does elsewhere at least once. If it raises, nothing moves, the error is kept for the health page,
    and it is raised again. While another process has the consumer, this one gets 0.
    """
    try:
        with transaction.atomic():
            return _consume(name, handle, now, batch, topics)
    except Exception as error:
        store.note_error(name, f"{type(error).__name__}: {error}")
        raise


def drain(
    *,
    name: str,
    handle: Callable[[Sequence[Event]], None],
    now: datetime,
    batch: int = 500,
    topics: Sequence[str] | None = None,
) -> int:
    """`consume` until nothing is left; gives the number of events."""
    total = 0
    while count := consume(name=name, handle=handle, now=now, batch=batch, topics=topics):
        total += count
    return total


def moment() -> str:
    """PostgreSQL's present snapshot. While it stays the same nobody wrote anything: the cheapest question whether
    looking for news can be worth while."""
    return store.moment()


def with_news(*, names: Sequence[str]) -> list[str]:
    """Those of the consumers for which something was written that they have not handled. Reads only."""
    return store.with_news(names)


def consumers() -> list[ConsumerState]:
    """For the health page."""
    return [ConsumerState(name, behind, moved_at, error) for name, behind, moved_at, error in store.states()]


def keep_partitions(now: datetime, *, months_ahead: int = 2) -> int:
    """Due work: see that the coming months' partitions exist."""
    return store.ensure_partitions(now, months_ahead)


def prune(now: datetime, *, keep_months: int = 13) -> int:
    """Due work: drop months older than `keep_months` that every consumer has finished with."""
    oldest = add_months(now.date().replace(day=1), -keep_months)
    dropped = 0
    for name, month in store.partitions():
        if month < oldest and not store.unseen_in(name):
            store.drop(name)
            dropped += 1
    return dropped


def rebase() -> None:
    """After restoring a logical dump into another server: its transaction numbers start anew, so what every
    consumer had handled is marked as seen, and the rest as new to all. Physical backups need none of this."""
    with transaction.atomic():
        store.rebase()


def _consume(
    name: str,
    handle: Callable[[Sequence[Event]], None],
    now: datetime,
    batch: int,
    topics: Sequence[str] | None,
) -> int:
    position = store.lock_consumer(name)
    if position is None:
        return 0
    seen, target, last_id = position
    if not target or last_id is None:
        window = store.open_window(name, seen)
        if window is None:
            return 0
        target, last_id = window
    events = store.read_window(seen, target, last_id, batch, topics)
    if not events:
        # The window is used up; the next call opens another.
        store.close_window(name, now)
        return _consume(name, handle, now, batch, topics)
    handle(events)
    if len(events) < batch:
        store.close_window(name, now)
    else:
        store.move(name, events[-1].id, now)
    return len(events)
