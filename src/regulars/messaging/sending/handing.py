"""Due work of sending: decide, hand over to providers on threads, write down what they answered.

What a provider is asked to send was marked before, in a commit of its own (`batch`): when this process dies, its lease
ends, and what cannot be known to be unsent is said to be uncertain and never sent again; where the provider knows a
message by its id, it is handed over once more.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from regulars.messaging import channels
from regulars.messaging.sending import batch as deciding
from regulars.messaging.sending import holding, recording
from regulars.messaging.sending.batch import LEASE, Flight
from regulars.messaging.store import limits, sends
from regulars.messaging.store.sends import Change, SendRow
from regulars.messaging.types import Delivery, Envelope, Route
from regulars.platform.calendar import api as calendar
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand

_logger = logging.getLogger(__name__)
BATCH = 1000
THREADS = 16
MOST_IN_FLIGHT = 4 * THREADS  # what one crash can leave in doubt
_WHEN_FULL = 100
_PATIENCE = 0.2
_RENEW = timedelta(seconds=60)

_pool: ThreadPoolExecutor | None = None
_running: dict[Future[Sequence[Delivery]], list[Flight]] = {}
_renewed_at: datetime | None = None


def deliver(now: datetime) -> int:
    """One turn; gives how many messages it moved."""
    _keep_leases(now)
    done = _collect(now, patience=_PATIENCE) + _reap(now) + holding.work_off(now)
    in_flight = sum(map(len, _running.values()))
    full = in_flight >= MOST_IN_FLIGHT
    with connection.cursor() as cursor:
        shards = sends.due_shards(cursor, now=now)
    random.shuffle(shards)
    decided, looked = 0, False
    for shard in shards:
        room = max(0, MOST_IN_FLIGHT - in_flight)
        if not room and looked:
            break  # one look a turn for what needs no provider; the rest would only be put off again and again
        looked = not room
        count, flights = deciding.decide_shard(
            shard=shard, now=now, limit=_limit(in_flight, room), room=room, is_work_day=work_days_of
        )
        decided += count
        in_flight += len(flights)
        _hand_over(flights)
    # while providers are busy the next turn comes with the clock, not at once
    return done + (0 if full else decided)


def _limit(in_flight: int, room: int) -> int:
    """How many to look at: what finds no room beside those under way would only be put off."""
    if not in_flight:
        return BATCH
    return room or _WHEN_FULL


def deliver_all(now: datetime) -> int:
    """`deliver` until nothing is due or under way; for tests and the command line."""
    total = 0
    while True:
        count = deliver(now)
        total += count
        if not count and not _running:
            return total


def work_days_of(brand: Brand) -> Callable[[date], bool]:
    """Which days are work days of a brand, by the public calendar and its own days."""
    return calendar.work_days_of(brand_id=brand.id)


def _hand_over(flights: Sequence[Flight]) -> None:
    global _pool
    if not flights:
        return
    _pool = _pool or ThreadPoolExecutor(THREADS, thread_name_prefix="message")
    by_route: dict[int, list[Flight]] = {}
    for flight in flights:
        by_route.setdefault(id(flight.route), []).append(flight)
    for those in by_route.values():
        size = max(1, those[0].route.channel.batch)
        for start in range(0, len(those), size):
            chunk = those[start : start + size]
            envelopes = [flight.envelope for flight in chunk]
            _running[_pool.submit(_deliver, chunk[0].route, envelopes)] = chunk


def _deliver(route: Route, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
    """On a thread. A channel that breaks may have sent some or all."""
    try:
        answers = route.channel.deliver_many(envelopes)
        if len(answers) == len(envelopes):
            return answers
        problem = "the channel answered for another number of messages"
    except Exception as error:
        _logger.exception("channel %s broke", route.account)
        problem = type(error).__name__
    state = "retry" if route.channel.is_idempotent else "uncertain"
    return [Delivery(state, error=problem)] * len(envelopes)  # type: ignore[arg-type]


def _collect(now: datetime, *, patience: float) -> int:
    """Write down what was answered; waits a moment for the first answer."""
    if not _running:
        return 0
    wait(_running, timeout=patience, return_when=FIRST_COMPLETED)
    ended = [future for future in _running if future.done()]
    answers = [
        (flight, answer) for one in ended for flight, answer in zip(_running[one], one.result(), strict=True)
    ]
    if answers:
        by_brand: dict[UUID, tuple[Brand, list[Change]]] = {}
        for flight, answer in answers:
            change = deciding.flown(flight, answer, now=now)
            by_brand.setdefault(flight.brand.id, (flight.brand, []))[1].append(change)
        with transaction.atomic():
            for brand, changes in by_brand.values():
                write_ended(brand, changes, only=("sending", "uncertain"), now=now)
    for future in ended:
        del _running[future]
    return len(answers)


def write_ended(brand: Brand, changes: Sequence[Change], *, only: Sequence[str], now: datetime) -> int:
    """Write what became of messages, give back the places of those that never went, and tell of it."""
    with transaction.atomic(), connection.cursor() as cursor:
        back = [
            (one.row.id, (one.row.member_id, one.row.brand_id, one.counted_on, one.channel, -1))
            for one in changes
            if one.state == "failed" and one.counted_on is not None
        ]
        for one in changes:
            one.counted_on = None if one.state == "failed" else one.counted_on
        written = sends.put(cursor, changes, only=only, same_channel=True)
        limits.count(cursor, [gone for id_, gone in back if id_ in written])
        kept = [one for one in changes if one.row.id in written]
        moved = [one for one in kept if one.state != one.row.state]
        recording.announce(brand=brand, changes=moved, now=now)
        recording.close_addresses(cursor, changes=kept, now=now)
        return len(written)


def _keep_leases(now: datetime) -> None:
    global _renewed_at
    if not _running or (_renewed_at is not None and now - _renewed_at < _RENEW):
        return
    _renewed_at = now
    with connection.cursor() as cursor:
        rows = [flight.change.row for flights in _running.values() for flight in flights]
        sends.renew(cursor, rows=rows, until=now + LEASE)


def _reap(now: datetime) -> int:
    """What a worker left behind when it died."""
    with transaction.atomic(), connection.cursor() as cursor:
        rows = sends.claim_abandoned(cursor, now=now, limit=BATCH)
        by_brand: dict[UUID, list[SendRow]] = {}
        for row in rows:
            by_brand.setdefault(row.brand_id, []).append(row)
        for brand_id, those in sorted(by_brand.items()):
            brand = organisations.get_brand(brand_id=brand_id)
            write_ended(brand, [_abandoned(row, now) for row in those], only=("sending",), now=now)
        return len(rows)


def _abandoned(row: SendRow, now: datetime) -> Change:
    route = channels.route_of(brand_id=row.brand_id, kind=row.channel)  # type: ignore[arg-type]
    again = route is not None and route.account == row.account and route.channel.is_idempotent
    change = Change(
        row, "queued" if again else "uncertain", "retry" if again else "outcome_unknown", channel=row.channel,
        account=row.account, attempts=row.attempts, tried=row.tried, counted_on=row.counted_on,
        next_run_at=now if again else None, ended_at=None if again else now,
        log=[(now.isoformat(timespec="milliseconds"), row.channel, "retry" if again else "outcome_unknown", "")],
    )  # fmt: skip
    return change
