"""Decide about what is due: one shard, one transaction.

Messages that stay here (inbox, sandbox, staff tasks) are sent within it: either all of it happened or nothing. Those
that a provider is asked to send are marked `sending` under a lease, and come back as flights to be handed over after
the commit.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.members import api as members
from regulars.kit.periods import start_of_day, zone
from regulars.messaging import channels
from regulars.messaging.channels.sandbox import Sandbox
from regulars.messaging.policy.deciding import NOBODY, Counts, Verdict, Waiting, decide, in_turn
from regulars.messaging.policy.pacing import Pacer
from regulars.messaging.sending import holding, knowing, recording
from regulars.messaging.sending.wording import Words, words_of
from regulars.messaging.store import limits, sends
from regulars.messaging.store.sends import Change, Noted, SendRow
from regulars.messaging.types import Delivery, Envelope, Route
from regulars.messaging.wording import Recipient, RenderFailed
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.platform.privacy import api as privacy

_log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
_PAUSE = timedelta(minutes=1)
_REPAIR = timedelta(minutes=5)
_BUSY_EACH = timedelta(milliseconds=2)
_FAILURES = frozenset({"bad_address", "refused", "given_up", "bounced", "not_delivered"})


@dataclass(frozen=True, slots=True)
class Flight:
    """A message on its way to a provider, with what is needed to write down what became of it."""

    change: Change
    envelope: Envelope
    route: Route
    brand: Brand
    channels: tuple[str, ...]


@dataclass(slots=True)
class Batch:
    """What was decided about one brand's messages of a shard."""

    brand: Brand
    now: datetime
    changes: list[Change] = field(default_factory=list)
    flights: list[Flight] = field(default_factory=list)
    counted: list[tuple[UUID, UUID, date, str, int]] = field(default_factory=list)
    inbox: list[Envelope] = field(default_factory=list)


def decide_shard(
    *,
    shard: int,
    now: datetime,
    limit: int,
    room: int,
    is_work_day: Callable[[Brand], Callable[[date], bool]],
) -> tuple[int, list[Flight]]:
    """Decide about up to about `limit` messages of a shard; gives how many, and at most `room` flights."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not sends.try_shard(cursor, shard):
            return 0, []
        rows = sends.claim(cursor, shard=shard, now=now, limit=limit)
        by_brand: dict[UUID, list[SendRow]] = {}
        for row in rows:
            by_brand.setdefault(row.brand_id, []).append(row)
        flights: list[Flight] = []
        for brand_id in sorted(by_brand):
            brand = organisations.get_brand(brand_id=brand_id)
            try:
                with transaction.atomic():
                    flights += _decide_brand(
                        cursor, brand, by_brand[brand_id], now, room - len(flights), is_work_day(brand)
                    )
            except Exception:
                # whatever is wrong with a brand's settings or with one of its channels, others' messages go on
                _log.exception("messages of brand %s could not be decided", brand_id)
                later = [_later(row, now + _PAUSE) for row in by_brand[brand_id]]
                sends.put(cursor, later, only=("queued",))
        return len(rows), flights


def _later(row: SendRow, until: datetime) -> Change:
    return Change(
        row, "queued", "retry", channel=row.channel, account=row.account, attempts=row.attempts, tried=row.tried,
        next_run_at=until, counted_on=row.counted_on,
    )  # fmt: skip


def _decide_brand(
    cursor: Any,
    brand: Brand,
    rows: Sequence[SendRow],
    now: datetime,
    room: int,
    is_work_day: Callable[[date], bool],
) -> list[Flight]:
    today = now.astimezone(zone(brand.timezone)).date()
    rows, changes = holding.sift(cursor, brand_id=brand.id, rows=rows, now=now)
    batch = Batch(brand, now, changes)
    if not rows:
        _write(cursor, batch)
        return []
    words = words_of(brand=brand, codes={row.template for row in rows})
    by_id = {row.id: row for row in rows}
    waiting = in_turn([_waiting(row, words) for row in rows])
    world = knowing.look(cursor, brand=brand, waiting=waiting, today=today, now=now)
    named = {channel for one in waiting for channel in one.channels}
    off = {kind for kind in named if channels.is_off(brand_id=brand.id, kind=kind)}  # type: ignore[arg-type]
    going: dict[str, list[tuple[Waiting, Change]]] = {}
    for one in waiting:
        counts = world.counts.setdefault(one.member_id, Counts())
        verdict = decide(
            one,
            world.known.get(one.member_id, NOBODY),
            counts,
            world.policy,
            now=now,
            tz=brand.timezone,
            is_work_day=is_work_day,
            unusable=off | words.silent(by_id[one.id].template, one.channels),
        )
        change = _change(by_id[one.id], verdict, now)
        if change.counted_on is not None and verdict.kind != "skip" and verdict.channel != one.counted:
            _give_back(batch, change)  # it leaves the channel for which it had a place
            counts.add(one.counted_on or today, one.counted, -1)
        if verdict.kind == "go":
            going.setdefault(verdict.channel, []).append((one, change))
            if one.purpose == "marketing" and one.counted != verdict.channel:
                counts.add(today, verdict.channel)
        else:
            batch.changes.append(change)
    for channel in sorted(going):
        room -= _send(cursor, batch, world, words, channel, going[channel], today, room)
    _write(cursor, batch)
    return batch.flights


def _waiting(row: SendRow, words: Words) -> Waiting:
    return Waiting(
        member_id=row.member_id,
        id=row.id,
        purpose=row.purpose,
        channels=tuple(row.channels) or words.channels_of(row.template),
        tried=tuple(row.tried),
        priority=row.priority,
        created_at=row.created_at,
        expires_at=row.expires_at,
        counted=row.channel if row.counted_on else "",
        counted_on=row.counted_on,
    )


def _change(row: SendRow, verdict: Verdict, now: datetime) -> Change:
    at = now.isoformat(timespec="milliseconds")
    log: list[Noted] = [(at, *noted) for noted in verdict.log]
    change = Change(
        row, "queued", verdict.reason, channel=verdict.channel, attempts=row.attempts, tried=row.tried,
        counted_on=row.counted_on, log=log,
    )  # fmt: skip
    if verdict.kind == "skip":
        # what was tried by a channel and failed there for good has failed, whatever the others lack
        change.state, change.ended_at = ("failed" if row.tried else "skipped"), now
        if row.tried:
            change.reason = row.reason if row.reason in _FAILURES else "refused"
            change.channel = row.channel
    elif verdict.kind == "wait":
        change.next_run_at = verdict.until
    return change


def _send(
    cursor: Any,
    batch: Batch,
    world: knowing.World,
    words: Words,
    channel: str,
    going: Sequence[tuple[Waiting, Change]],
    today: date,
    room: int,
) -> int:
    """Quota, words and sending by one channel; gives how many flights it made."""
    now, brand = batch.now, batch.brand
    try:
        route = channels.route_of(brand_id=brand.id, kind=channel)  # type: ignore[arg-type]
    except ValueError as broken:  # settings of this account; other channels go on
        for _, change in going:
            change.reason, change.error, change.next_run_at = "account_broken", str(broken), now + _REPAIR
            if change.row.reason != change.reason:
                change.log = [*change.log, _noted(now, channel, change.reason, str(broken)[:200])]
            batch.changes.append(change)
        return 0
    if route is None:
        for _, change in going:
            _end(change, "skipped", "no_channel", now)
            batch.changes.append(change)
        return 0
    pacer = _pacer(cursor, brand, route, today, now)
    taken: list[tuple[Waiting, Change]] = []
    for n, (one, change) in enumerate(going):
        change.account = route.account
        turned = pacer.take() if pacer else None
        if turned is None and not route.channel.is_local and len(taken) >= room:
            turned = now + timedelta(seconds=1) + n * _BUSY_EACH, "busy"
        if turned is None:
            taken.append((one, change))
            continue
        change.next_run_at, reason = turned
        if change.row.reason != reason:
            change.log = [*change.log, _noted(now, channel, reason)]
        change.reason = reason
        batch.changes.append(change)
    if pacer:
        limits.save_pace(cursor, brand_id=brand.id, account=route.account, pace=pacer.pace)
    envelopes = _envelopes(batch, world, words, channel, taken, route)
    if route.channel.is_local:
        _send_here(batch, route, envelopes, today, world, words)
        return 0
    for _, change, envelope in envelopes:
        change.state, change.next_run_at, change.attempts = "sending", now + LEASE, change.attempts + 1
        _count(batch, change, today)
        batch.changes.append(change)
        order = tuple(change.row.channels) or words.channels_of(change.row.template)
        batch.flights.append(Flight(change, envelope, route, brand, order))
    return len(envelopes)


def _pacer(cursor: Any, brand: Brand, route: Route, today: date, now: datetime) -> Pacer | None:
    if route.per_second is None and route.per_day is None:
        return None
    pace = limits.lock_pace(cursor, brand_id=brand.id, account=route.account, day=today, now=now)
    tomorrow = start_of_day(today + timedelta(days=1), brand.timezone)
    return Pacer(pace, now, tomorrow, route.per_second, route.per_day)


def _envelopes(
    batch: Batch,
    world: knowing.World,
    words: Words,
    channel: str,
    taken: Sequence[tuple[Waiting, Change]],
    route: Route,
) -> list[tuple[Waiting, Change, Envelope]]:
    """Words for all that go; those without any are skipped."""
    by_template: dict[str, list[tuple[Waiting, Change]]] = {}
    for one, change in taken:
        by_template.setdefault(change.row.template, []).append((one, change))
    made: list[tuple[Waiting, Change, Envelope]] = []
    for template, those in by_template.items():
        recipients = [
            Recipient(
                send_id=one.id,
                member_id=one.member_id,
                language="en" if world.reached[one.member_id].language == "en" else "zh",
                values=change.row.input,
                source=change.row.source,
                brief=world.reached[one.member_id],
                purpose=one.purpose,
            )
            for one, change in those
        ]
        filled = words.fill(template, channel=channel, recipients=recipients, now=batch.now)
        for (one, change), recipient, found in zip(those, recipients, filled, strict=True):
            if isinstance(found, RenderFailed):
                change.error = f"{found.place}: {found.message.en}"
                _end(change, "skipped", "render_failed", batch.now, detail=found.place)
                batch.changes.append(change)
                continue
            address = world.address(one.member_id, channel)
            if address is not None:
                change.to_hash, change.to_masked = address.key_hash, address.masked
            clear = str(one.member_id)
            if address is not None:
                clear = (
                    address.masked
                    if isinstance(route.channel, Sandbox)
                    else members.open_address(address=address)
                )
            change.version, change.language = found.version, recipient.language
            change.words = seal_words(one.id, found.subject, found.body)
            envelope = Envelope(
                id=one.id,
                brand_id=batch.brand.id,
                channel=channel,  # type: ignore[arg-type]
                to=clear,
                language=recipient.language,
                subject=found.subject,
                body=found.body,
                member_id=one.member_id,
                template=template,
                version=found.version,
                purpose=one.purpose,
                source=change.row.source,
                parameters=found.parameters,
                extra=found.extra,
            )
            made.append((one, change, envelope))
    return made


def _send_here(
    batch: Batch,
    route: Route,
    envelopes: Sequence[tuple[Waiting, Change, Envelope]],
    today: date,
    world: knowing.World,
    words: Words,
) -> None:
    """Send by a channel that is ours, within this transaction."""
    if not envelopes:
        return
    deliveries = route.channel.deliver_many([envelope for _, _, envelope in envelopes])
    for (_, change, envelope), delivery in zip(envelopes, deliveries, strict=True):
        change.attempts += 1
        order = tuple(change.row.channels) or words.channels_of(change.row.template)
        recording.apply(change, delivery, channels=order, now=batch.now)
        if change.state == "sent":
            _count(batch, change, today)
            if change.channel == "inbox":
                batch.inbox.append(envelope)
        batch.changes.append(change)


def _count(batch: Batch, change: Change, today: date) -> None:
    """From now on it counts towards the caps of a day and a channel, and no longer towards those of an earlier try."""
    row = change.row
    if row.purpose != "marketing" or change.counted_on == today:
        return
    _give_back(batch, change)
    batch.counted.append((row.member_id, row.brand_id, today, change.channel, 1))
    change.counted_on = today


def _give_back(batch: Batch, change: Change) -> None:
    """The place that it had from an earlier try, by the channel of that."""
    row = change.row
    if change.counted_on is not None:
        batch.counted.append((row.member_id, row.brand_id, change.counted_on, row.channel, -1))
        change.counted_on = None


def _write(cursor: Any, batch: Batch) -> None:
    for one in batch.changes:
        if one.state in ("failed", "skipped"):
            _give_back(batch, one)
    sends.put(cursor, batch.changes, only=("queued",))
    limits.count(cursor, batch.counted)
    recording.put_inbox(brand=batch.brand, messages=batch.inbox, now=batch.now)
    recording.announce(brand=batch.brand, changes=batch.changes, now=batch.now)
    recording.close_addresses(cursor, changes=batch.changes, now=batch.now)


def _end(change: Change, state: str, reason: str, now: datetime, detail: str = "") -> None:
    change.state, change.reason, change.ended_at, change.next_run_at = state, reason, now, None
    change.log = [*change.log, _noted(now, change.channel, reason, detail)]


def _noted(now: datetime, channel: str, outcome: str, detail: str = "") -> Noted:
    return now.isoformat(timespec="milliseconds"), channel, outcome, detail


def seal_words(send_id: UUID, subject: str, body: str) -> bytes:
    text = json.dumps([subject, body], ensure_ascii=False)
    return privacy.encrypt(text=text, table="send", field="words", owner=send_id)


def open_words(send_id: UUID, sealed: bytes | memoryview) -> tuple[str, str]:
    subject, body = json.loads(privacy.decrypt(sealed=sealed, table="send", field="words", owner=send_id))
    return subject, body


def flown(flight: Flight, delivery: Delivery, *, now: datetime) -> Change:
    """The change that a provider's answer makes of a flight."""
    change = replace(flight.change, log=(), words=None)
    recording.apply(change, delivery, channels=flight.channels, now=now)
    return change
