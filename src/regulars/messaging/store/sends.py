"""Due sends: taken by one worker a shard, written back with one statement for a batch."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from regulars.kit.sql import plain_array, text_array, time_array
from regulars.messaging.store.asking import SHARDS

_LOCK = 0x5E4D  # of advisory locks: shards of sends
_KEPT_LOG = 60

Noted = tuple[str, str, str, str]  # instant, channel, outcome, detail


class SendRow(NamedTuple):
    """A send as it is worked on."""

    member_id: UUID
    id: UUID
    brand_id: UUID
    key: str
    source: str
    origin: str
    purpose: str
    template: str
    channels: list[str]
    tried: list[str]
    channel: str
    account: str
    input: dict[str, Any]
    priority: int
    state: str
    reason: str
    attempts: int
    counted_on: date | None
    created_at: datetime
    expires_at: datetime | None


def columns_of(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in SendRow._fields)


_COLUMNS = columns_of("s")


@dataclass(slots=True)
class Change:
    """What a send becomes. None of the optional values leaves what the row has."""

    row: SendRow
    state: str
    reason: str = ""
    channel: str = ""
    account: str = ""
    error: str = ""
    reference: str = ""
    attempts: int = 0
    tried: Sequence[str] = ()
    next_run_at: datetime | None = None
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    counted_on: date | None = None
    to_hash: UUID | None = None
    to_masked: str | None = None
    words: bytes | None = None
    version: int | None = None
    language: str | None = None
    log: Sequence[Noted] = ()


def same(row: SendRow) -> Change:
    """A change that changes nothing, to be gone on from."""
    return Change(
        row, row.state, row.reason, channel=row.channel, account=row.account, attempts=row.attempts, tried=row.tried,
        counted_on=row.counted_on,
    )  # fmt: skip


def try_shard(cursor: Any, shard: int) -> bool:
    """Take a shard until the transaction ends, unless another worker has it."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK, shard])
    return bool(cursor.fetchone()[0])


def due_shards(cursor: Any, *, now: datetime) -> list[int]:
    """Shards in which something is due."""
    cursor.execute(
        """SELECT shard FROM generate_series(0, %s) AS shard
            WHERE EXISTS (SELECT 1 FROM send WHERE send.shard = shard.shard AND next_run_at <= %s)""",
        [SHARDS - 1, now],
    )
    return [row[0] for row in cursor.fetchall()]


def claim(cursor: Any, *, shard: int, now: datetime, limit: int) -> list[SendRow]:
    """The sends of a taken shard that have waited longest, locked, and all that is due to the same members.

    An array of members keeps the plan on the key's index, also while nothing is known yet of a table just filled.
    """
    cursor.execute(
        f"""
        SELECT {_COLUMNS} FROM send s
         WHERE s.member_id = ANY (ARRAY(
                 SELECT member_id FROM send
                  WHERE shard = %(shard)s AND next_run_at <= %(now)s AND state = 'queued'
                  ORDER BY next_run_at LIMIT %(limit)s))
           AND s.next_run_at <= %(now)s AND s.state = 'queued'
         ORDER BY s.member_id, s.id FOR NO KEY UPDATE
        """,
        {"shard": shard, "now": now, "limit": limit},
    )
    return [row_of(found) for found in cursor.fetchall()]


def claim_abandoned(cursor: Any, *, now: datetime, limit: int) -> list[SendRow]:
    """Sends whose worker died while a provider had them: their lease has ended."""
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM send s
             WHERE s.next_run_at <= %s AND s.state = 'sending'
             ORDER BY s.member_id, s.id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
        [now, limit],
    )
    return [row_of(found) for found in cursor.fetchall()]


def renew(cursor: Any, *, rows: Iterable[SendRow], until: datetime) -> None:
    """Move the leases of what is under way here."""
    rows = list(rows)
    cursor.execute(
        """UPDATE send s SET next_run_at = %s FROM unnest(%s::uuid[], %s::uuid[]) AS v(member_id, id)
            WHERE s.member_id = v.member_id AND s.id = v.id AND s.state = 'sending'""",
        [until, plain_array(row.member_id for row in rows), plain_array(row.id for row in rows)],
    )


def put(
    cursor: Any, changes: Sequence[Change], *, only: Collection[str], same_channel: bool = False
) -> set[UUID]:
    """Write changes of sends that are in one of these states; gives the ids of those that were. `same_channel`: and
    that have not gone on to another channel meanwhile."""
    if not changes:
        return set()
    changes = sorted(changes, key=lambda one: (one.row.member_id, one.row.id))
    cursor.execute(
        """
        UPDATE send s
           SET state = v.state, reason = v.reason, channel = v.channel, account = v.account,
               error = CASE WHEN v.error = '' AND v.state IN ('queued', 'failed', 'skipped') THEN s.error
                            ELSE v.error END,
               reference = CASE WHEN v.reference = '' THEN s.reference ELSE v.reference END,
               attempts = v.attempts, tried = v.tried::text[], next_run_at = v.next_run_at,
               sent_at = coalesce(v.sent_at, s.sent_at), ended_at = v.ended_at, counted_on = v.counted_on,
               to_hash = coalesce(v.to_hash, s.to_hash), to_masked = coalesce(v.to_masked, s.to_masked),
               words = coalesce(decode(v.words, 'hex'), s.words), version = coalesce(v.version, s.version),
               language = coalesce(v.language, s.language),
               log = CASE WHEN v.log IS NULL OR jsonb_array_length(s.log) >= %s THEN s.log
                          ELSE s.log || v.log::jsonb END
          FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                      %s::smallint[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::date[],
                      %s::uuid[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[])
               AS v(member_id, id, state, reason, channel, account, error, reference, attempts, tried, next_run_at,
                    sent_at, ended_at, counted_on, to_hash, to_masked, words, version, language, log)
         WHERE s.member_id = v.member_id AND s.id = v.id AND s.state = ANY(%s)
           AND (NOT %s OR s.channel = v.channel)
        RETURNING s.id
        """,
        [
            _KEPT_LOG,
            plain_array(one.row.member_id for one in changes),
            plain_array(one.row.id for one in changes),
            text_array(one.state for one in changes),
            text_array(one.reason for one in changes),
            text_array(one.channel for one in changes),
            text_array(one.account for one in changes),
            text_array(clean(one.error)[:500] for one in changes),
            text_array(clean(one.reference)[:200] for one in changes),
            plain_array(one.attempts for one in changes),
            text_array(text_array(one.tried) for one in changes),
            time_array(one.next_run_at for one in changes),
            time_array(one.sent_at for one in changes),
            time_array(one.ended_at for one in changes),
            plain_array(one.counted_on for one in changes),
            plain_array(one.to_hash for one in changes),
            text_array(one.to_masked for one in changes),
            plain_array(None if one.words is None else one.words.hex() for one in changes),
            plain_array(one.version for one in changes),
            text_array(one.language for one in changes),
            text_array(json.dumps(one.log, ensure_ascii=False) if one.log else None for one in changes),
            list(only),
            same_channel,
        ],
    )
    return {row[0] for row in cursor.fetchall()}


def clean(text: str) -> str:
    """What others said, without the one sign that PostgreSQL cannot keep."""
    return text.replace("\x00", "")


def row_of(found: Sequence[Any]) -> SendRow:
    """A row of `columns_of`; the driver gives JSON as text."""
    return SendRow(*(json.loads(v) if n == _INPUT and isinstance(v, str) else v for n, v in enumerate(found)))


_INPUT = SendRow._fields.index("input")
