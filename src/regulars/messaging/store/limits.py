"""What holds sends back: a brand's policy, addresses that are closed, what members had, what accounts may."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array, text_array
from regulars.messaging.models import MessagePolicy
from regulars.messaging.policy import limits
from regulars.messaging.policy.deciding import Counts
from regulars.messaging.policy.pacing import Pace
from regulars.messaging.types import Policy


def policy_of(brand_id: UUID) -> Policy:
    """The brand's, or the one that comes with Regulars."""
    row = MessagePolicy.objects.filter(brand_id=brand_id).first()
    return limits.DEFAULT if row is None else limits.from_json(row.value)


def suppressed(cursor: Any, *, brand_id: UUID, hashes: Iterable[UUID]) -> set[tuple[UUID, str]]:
    """Address hash and channel, of those to which nothing goes."""
    cursor.execute(
        """SELECT address_hash, channel FROM suppression WHERE address_hash = ANY(%s::uuid[]) AND brand_id = %s""",
        [plain_array(hashes), brand_id],
    )
    return set(cursor.fetchall())


def suppress(
    cursor: Any,
    *,
    rows: Sequence[tuple[UUID, UUID, str, str, str, str]],
    actor: str,
    now: datetime,
) -> int:
    """Close addresses: hash, brand, channel, masked, reason, note. Those closed already stay as they are."""
    if not rows:
        return 0
    rows = sorted(rows)
    cursor.execute(
        """INSERT INTO suppression (address_hash, brand_id, channel, masked, reason, note, actor, created_at)
           SELECT v.*, %s, %s
             FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[]) AS v
           ON CONFLICT DO NOTHING""",
        [
            actor,
            now,
            plain_array(row[0] for row in rows),
            plain_array(row[1] for row in rows),
            *(text_array(str(row[n]) for row in rows) for n in (2, 3, 4, 5)),
        ],
    )
    return int(cursor.rowcount)


def counts(cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID], since: date) -> dict[UUID, Counts]:
    """What members were sent since a business day."""
    cursor.execute(
        """SELECT member_id, day, channel, count FROM send_count
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND day >= %s AND count > 0""",
        [plain_array(member_ids), brand_id, since],
    )
    found: dict[UUID, Counts] = {}
    for member_id, day, channel, count in cursor.fetchall():
        found.setdefault(member_id, Counts()).sent[day, channel] = count
    return found


def count(cursor: Any, changes: Iterable[tuple[UUID, UUID, date, str, int]]) -> None:
    """Add to what members were sent: member, brand, business day, channel, how many (below 0 to give back)."""
    sums: dict[tuple[UUID, UUID, date, str], int] = {}
    for *key, amount in changes:
        one: tuple[UUID, UUID, date, str] = tuple(key)  # type: ignore[assignment]
        sums[one] = sums.get(one, 0) + amount
    rows = sorted((key, amount) for key, amount in sums.items() if amount)
    if not rows:
        return
    cursor.execute(
        """INSERT INTO send_count AS c (member_id, brand_id, day, channel, count)
           SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::date[], %s::text[], %s::int[])
           ON CONFLICT (member_id, brand_id, day, channel)
           DO UPDATE SET count = greatest(0, c.count + excluded.count)""",
        [
            plain_array(key[0] for key, _ in rows),
            plain_array(key[1] for key, _ in rows),
            plain_array(key[2] for key, _ in rows),
            text_array(key[3] for key, _ in rows),
            plain_array(amount for _, amount in rows),
        ],
    )


def lock_pace(cursor: Any, *, brand_id: UUID, account: str, day: date, now: datetime) -> Pace:
    """What was taken of an account, locked until the transaction ends; a new day begins at nothing."""
    cursor.execute(
        """INSERT INTO send_pace (brand_id, account, day, taken, free_at) VALUES (%s, %s, %s, 0, %s)
           ON CONFLICT (brand_id, account) DO UPDATE SET account = excluded.account
           RETURNING day, taken, free_at""",
        [brand_id, account, day, now],
    )
    kept, taken, free_at = cursor.fetchone()
    return Pace(day, taken if kept == day else 0, free_at)


def save_pace(cursor: Any, *, brand_id: UUID, account: str, pace: Pace) -> None:
    cursor.execute(
        "UPDATE send_pace SET day = %s, taken = %s, free_at = %s WHERE brand_id = %s AND account = %s",
        [pace.day, pace.taken, pace.free_at, brand_id, account],
    )
