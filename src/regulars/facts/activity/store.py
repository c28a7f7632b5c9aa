"""Posting's reads and writes of activities: claims of keys, rows, order states; one statement each per batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.facts.activity.records import ActivityRow
from regulars.kit import partitions, wire
from regulars.kit.ids import digest
from regulars.kit.sql import copy_field, copy_text, plain_array, text_array

_ACTIVITY_COLUMNS = (
    "member_id", "id", "brand_id", "type", "status", "source", "channel", "actor", "subject", "store_id",
    "occurred_at", "recorded_at", "amount", "version", "body", "receipt",
)  # fmt: skip
_READ = """a.id, a.member_id, a.brand_id, a.type, a.status, a.occurred_at, a.recorded_at, a.source, a.channel,
           a.store_id, a.subject, a.amount, a.version, a.actor, a.body::text, a.receipt::text"""


class KeyClaim(Struct, frozen=True):
    """A key that an activity wants to be the first to use."""

    key_hash: UUID
    member_id: UUID
    activity_id: UUID
    body_hash: UUID


def key_hash(brand_id: UUID, kind: str, *words: str) -> UUID:
    """The directory key of an idempotency key (`key`) or natural key (`order`, `refund`: source and number)."""
    return digest(str(brand_id), kind, *words)


def claim_keys(cursor: Any, *, brand_id: UUID, claims: Sequence[KeyClaim]) -> dict[UUID, KeyClaim]:
    """Claim keys in key order; returns the claims that somebody made before, by key.

    A key that another transaction is claiming right now is waited for.
    """
    if not claims:
        return {}
    ordered = sorted(claims, key=lambda c: c.key_hash)
    cursor.execute(
        """INSERT INTO activity_key (brand_id, key_hash, member_id, activity_id, body_hash)
           SELECT %s, v.* FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[]) AS v
           ON CONFLICT (key_hash) DO NOTHING RETURNING key_hash""",
        [
            brand_id,
            plain_array(c.key_hash for c in ordered),
            plain_array(c.member_id for c in ordered),
            plain_array(c.activity_id for c in ordered),
            plain_array(c.body_hash for c in ordered),
        ],
    )
    if cursor.rowcount == len(ordered):
        return {}
    claimed = {row[0] for row in cursor.fetchall()}
    return find_keys(cursor, keys=[c.key_hash for c in ordered if c.key_hash not in claimed])


def find_keys(cursor: Any, *, keys: Sequence[UUID]) -> dict[UUID, KeyClaim]:
    """Who claimed these keys."""
    if not keys:
        return {}
    cursor.execute(
        "SELECT key_hash, member_id, activity_id, body_hash FROM activity_key WHERE key_hash = ANY(%s::uuid[])",
        [plain_array(keys)],
    )
    return {row[0]: KeyClaim(*row) for row in cursor.fetchall()}


def release_keys(cursor: Any, *, keys: Sequence[UUID]) -> None:
    """Give back keys claimed in this transaction for activities that were refused."""
    if keys:
        cursor.execute("DELETE FROM activity_key WHERE key_hash = ANY(%s::uuid[])", [plain_array(keys)])


def insert(cursor: Any, rows: Iterable[ActivityRow]) -> None:
    """Write activity rows."""
    fields: list[bytes] = []
    for r in rows:
        fields += (
            _START, wire.uuid(r.member_id), wire.uuid(r.id), wire.uuid(r.brand_id),
            wire.words(r.type, r.status, r.source, r.channel, r.actor), wire.text(r.subject), wire.uuid(r.store_id),
            wire.instant(r.occurred_at), wire.instant(r.recorded_at), wire.int8(r.amount), wire.int4(r.version),
            wire.jsonb(r.body), wire.raw(r.receipt),
        )  # fmt: skip
    wire.copy(cursor, "activity", _ACTIVITY_COLUMNS, fields)


_START = wire.start(_ACTIVITY_COLUMNS)


def load(cursor: Any, *, ids: Sequence[tuple[UUID, UUID]]) -> dict[UUID, ActivityRow]:
    """Activities by (member id, activity id), each with its newest effects."""
    if not ids:
        return {}
    cursor.execute(
        f"""SELECT {_READ}
              FROM activity a
              JOIN unnest(%s::uuid[], %s::uuid[]) AS v(member_id, id) ON a.member_id = v.member_id AND a.id = v.id""",
        [plain_array(m for m, _ in ids), plain_array(i for _, i in ids)],
    )
    return _with_redecisions(cursor, [ActivityRow(*_raw(row)) for row in cursor.fetchall()])


def next_occurred(
    cursor: Any,
    *,
    brand_id: UUID,
    kind: str,
    since: datetime,
    after: UUID | None,
    until: datetime,
    limit: int,
) -> list[tuple[UUID, UUID, datetime]]:
    """(member, id, instant) of a brand's next activities by instant and id, behind `since` and `after`, before `until`;
    of one type, or of all with an empty `kind`."""
    cursor.execute(
        """SELECT member_id, id, occurred_at FROM activity
            WHERE brand_id = %(brand)s AND occurred_at >= %(since)s AND occurred_at < %(until)s
              AND (%(kind)s = '' OR type = %(kind)s)
              AND (%(after)s::uuid IS NULL OR (occurred_at, id) > (%(since)s, %(after)s::uuid))
            ORDER BY occurred_at, id LIMIT %(limit)s""",
        {"brand": brand_id, "kind": kind, "since": since, "after": after, "until": until, "limit": limit},
    )
    return list(cursor.fetchall())


def history(cursor: Any, *, brand_id: UUID, member_ids: Sequence[UUID]) -> dict[UUID, list[ActivityRow]]:
    """All activities of members by when they occurred, each with its newest effects: the input of a replay."""
    cursor.execute(
        f"""SELECT {_READ} FROM activity a WHERE a.member_id = ANY(%s::uuid[]) AND a.brand_id = %s
             ORDER BY a.member_id, a.occurred_at, a.id""",
        [plain_array(member_ids), brand_id],
    )
    rows = _with_redecisions(cursor, [ActivityRow(*_raw(row)) for row in cursor.fetchall()])
    found: dict[UUID, list[ActivityRow]] = {member_id: [] for member_id in member_ids}
    for row in rows.values():
        found[row.member_id].append(row)
    return found


def first_receipts(cursor: Any, *, ids: Sequence[tuple[UUID, UUID]]) -> dict[UUID, tuple[UUID, str, bytes]]:
    """Member, status and first receipt of activities, by activity id: what a repeated post answers."""
    if not ids:
        return {}
    cursor.execute(
        """SELECT a.id, a.member_id, a.status, a.receipt::text FROM activity a
             JOIN unnest(%s::uuid[], %s::uuid[]) AS v(member_id, id) ON a.member_id = v.member_id AND a.id = v.id""",
        [plain_array(m for m, _ in ids), plain_array(i for _, i in ids)],
    )
    return {row[0]: (row[1], row[2], row[3].encode()) for row in cursor.fetchall()}


def _raw(row: Sequence[Any]) -> list[Any]:
    return [*row[:14], row[14].encode(), row[15].encode()]


def _with_redecisions(cursor: Any, rows: Sequence[ActivityRow]) -> dict[UUID, ActivityRow]:
    found = {row.id: row for row in rows}
    if not found:
        return found
    cursor.execute(
        """SELECT DISTINCT ON (activity_id) activity_id, receipt::text FROM redecision
            WHERE member_id = ANY(%s::uuid[]) AND activity_id = ANY(%s::uuid[])
            ORDER BY activity_id, id DESC""",
        [plain_array({row.member_id for row in rows}), plain_array(found)],
    )
    for activity_id, text in cursor.fetchall():
        old = found[activity_id]
        found[activity_id] = ActivityRow(
            old.id, old.member_id, old.brand_id, old.type, "applied", old.occurred_at, old.recorded_at, old.source,
            old.channel, old.store_id, old.subject, old.amount, old.version, old.actor, old.body, text.encode(),
        )  # fmt: skip
    return found


def insert_redecisions(
    cursor: Any, *, brand_id: UUID, rows: Sequence[tuple[UUID, UUID, UUID, UUID, int, bytes]], now: datetime
) -> None:
    """Rows of (member, id, activity, cause, version, receipt): what activities earn after a repair."""
    text = "".join(
        [
            f"{member}\t{id_}\t{brand_id}\t{activity}\t{cause}\t{version}\t{copy_field(receipt.decode())}"
            f"\t{now.isoformat()}\n"
            for member, id_, activity, cause, version, receipt in rows
        ]
    )
    columns = (
        "member_id", "id", "brand_id", "activity_id", "cause_id", "version", "receipt", "recorded_at",
    )  # fmt: skip
    copy_text(cursor, "redecision", columns, text)


def load_order_states(
    cursor: Any, *, keys: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], dict[str, Any]]:
    """States by (member id, order key); orders to which nothing has happened have none."""
    if not keys:
        return {}
    cursor.execute(
        """SELECT s.member_id, s.order_key, s.state::text FROM order_state s
             JOIN unnest(%s::uuid[], %s::uuid[]) AS v(member_id, order_key)
               ON s.member_id = v.member_id AND s.order_key = v.order_key""",
        [plain_array(m for m, _ in keys), plain_array(k for _, k in keys)],
    )
    return {(m, k): msgspec.json.decode(text) for m, k, text in cursor.fetchall()}


def save_order_states(
    cursor: Any, *, brand_id: UUID, states: Mapping[tuple[UUID, UUID], dict[str, Any]]
) -> None:
    if not states:
        return
    cursor.execute(
        """INSERT INTO order_state (brand_id, member_id, order_key, state)
           SELECT %s, v.* FROM unnest(%s::uuid[], %s::uuid[], %s::jsonb[]) AS v
           ON CONFLICT (member_id, order_key) DO UPDATE SET state = excluded.state""",
        [
            brand_id,
            plain_array(m for m, _ in states),
            plain_array(k for _, k in states),
            text_array(msgspec.json.encode(s).decode() for s in states.values()),
        ],
    )


def page_of_member(
    cursor: Any,
    *,
    brand_id: UUID,
    member_id: UUID,
    types: Sequence[str],
    after: Sequence[str] | None,
    limit: int,
) -> list[ActivityRow]:
    """A member's activities, newest first, from behind (occurred_at, id)."""
    cursor.execute(
        f"""SELECT {_READ} FROM activity a
             WHERE a.member_id = %(member)s AND a.brand_id = %(brand)s
               AND (%(all)s OR a.type = ANY(%(types)s))
               AND (%(at)s::timestamptz IS NULL OR (a.occurred_at, a.id) < (%(at)s::timestamptz, %(id)s::uuid))
             ORDER BY a.occurred_at DESC, a.id DESC LIMIT %(limit)s""",
        {
            "member": member_id,
            "brand": brand_id,
            "all": not types,
            "types": list(types),
            "at": after[0] if after else None,
            "id": after[1] if after else None,
            "limit": limit,
        },
    )
    rows = [ActivityRow(*_raw(row)) for row in cursor.fetchall()]
    return list(_with_redecisions(cursor, rows).values())


def keep_partitions(cursor: Any, now: datetime) -> int:
    return partitions.keep(cursor, "activity", now)
