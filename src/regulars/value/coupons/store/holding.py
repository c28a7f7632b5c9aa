"""Reads and writes of issued coupons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from regulars.kit.asks import Ask
from regulars.kit.sql import copy_rows, plain_array, text_array
from regulars.value.coupons.types import Coupon

COLUMNS = """member_id, id, brand_id, definition, state, claimed_at, starts_at, expires_at, source, lock, locked_until,
             used_at, "order", store_id, channel, actor, amount, ended_at, code, persons"""


def lock(
    cursor: Any, *, brand_id: UUID, member_id: UUID, ids: Iterable[UUID], hold: bool = True
) -> dict[UUID, Coupon]:
    """A member's coupons, held in the order of their ids until the transaction ends (or only read)."""
    cursor.execute(
        f"""SELECT {COLUMNS} FROM coupon WHERE member_id = %s AND brand_id = %s AND id = ANY(%s::uuid[])
             ORDER BY id {"FOR NO KEY UPDATE" if hold else ""}""",
        [member_id, brand_id, plain_array(ids)],
    )
    return {coupon.id: coupon for coupon in map(coupon_of, cursor.fetchall())}


def usable(cursor: Any, *, brand_id: UUID, member_id: UUID, now: datetime, lock: str | None) -> list[Coupon]:
    """What a member could use now, soonest-expiring first; also what `lock` itself holds."""
    cursor.execute(
        f"""SELECT {COLUMNS} FROM coupon
             WHERE member_id = %(member)s AND brand_id = %(brand)s AND starts_at <= %(now)s
               AND (expires_at IS NULL OR expires_at > %(now)s)
               AND (state = 'claimed' OR (state = 'locked' AND (lock = %(lock)s OR locked_until <= %(now)s)))
             ORDER BY expires_at NULLS LAST, id LIMIT 500""",
        {"member": member_id, "brand": brand_id, "now": now, "lock": lock},
    )
    return [coupon_of(row) for row in cursor.fetchall()]


# Per member, so that each has her own limit. The definitions' marks say whether what a process knows of them holds.
_ASK_USABLE = """
    SELECT json_agg(json_build_array(
               c.member_id, c.id, c.definition, c.expires_at, c.code, d.revision, d.updated_at))::text
      FROM unnest(%s::uuid[]) AS m(id)
     CROSS JOIN LATERAL (
           SELECT member_id, id, definition, expires_at, code FROM coupon
            WHERE member_id = m.id AND brand_id = %s AND starts_at <= %s
              AND (expires_at IS NULL OR expires_at > %s)
              AND (state = 'claimed' OR (state = 'locked' AND locked_until <= %s))
            ORDER BY expires_at NULLS LAST, id LIMIT 500) AS c
      JOIN coupon_definition AS d ON d.brand_id = %s AND d.key = c.definition
     WHERE d.state NOT IN ('paused', 'draft')
"""
Marked = tuple[UUID, UUID, str, datetime | None, str | None, int, datetime]
_marked = msgspec.json.Decoder(list[Marked])


def ask_usable(*, brand_id: UUID, member_ids: Iterable[UUID], now: datetime) -> Ask[list[Marked]]:
    """What members could use now, in no order: member, coupon, definition, expiry, code, the definition's marks."""
    return Ask(
        _ASK_USABLE,
        (plain_array(member_ids), brand_id, now, now, now, brand_id),
        lambda text: _marked.decode(text) if text else [],
    )


def use(
    cursor: Any,
    *,
    brand_id: UUID,
    uses: Sequence[tuple[UUID, UUID, str, int, UUID | None, str]],
    actor: str,
    now: datetime,
) -> int:
    """Use what is usable now of (member, coupon, order, amount, store, channel); returns how many that was."""
    cursor.execute(
        """UPDATE coupon AS c SET state = 'used', lock = NULL, locked_until = NULL, used_at = %(now)s,
                  "order" = v.ref, amount = v.amount, store_id = v.store, channel = v.channel, actor = %(actor)s
             FROM unnest(%(members)s::uuid[], %(ids)s::uuid[], %(orders)s::text[], %(amounts)s::bigint[],
                         %(stores)s::uuid[], %(channels)s::text[]) AS v(member_id, id, ref, amount, store, channel)
            WHERE c.member_id = v.member_id AND c.id = v.id AND c.brand_id = %(brand)s AND c.starts_at <= %(now)s
              AND (c.expires_at IS NULL OR c.expires_at > %(now)s)
              AND (c.state = 'claimed' OR (c.state = 'locked' AND c.locked_until <= %(now)s))""",
        {
            "now": now,
            "actor": actor,
            "brand": brand_id,
            "members": plain_array(u[0] for u in uses),
            "ids": plain_array(u[1] for u in uses),
            "orders": text_array(u[2] for u in uses),
            "amounts": plain_array(u[3] for u in uses),
            "stores": plain_array(u[4] for u in uses),
            "channels": text_array(u[5] for u in uses),
        },
    )
    return int(cursor.rowcount)


def of_member(
    cursor: Any,
    *,
    brand_id: UUID,
    member_id: UUID,
    states: Sequence[str],
    before: tuple[str, str] | None,
    limit: int,
) -> list[Coupon]:
    """A member's coupons, newest claimed first, from behind (claimed_at, id)."""
    cursor.execute(
        f"""SELECT {COLUMNS} FROM coupon
             WHERE member_id = %(member)s AND brand_id = %(brand)s
               AND (%(all)s OR state = ANY(%(states)s::text[]))
               AND (%(at)s::timestamptz IS NULL OR (claimed_at, id) < (%(at)s::timestamptz, %(id)s::uuid))
             ORDER BY claimed_at DESC, id DESC LIMIT %(limit)s""",
        {
            "member": member_id,
            "brand": brand_id,
            "all": not states,
            "states": text_array(states),
            "at": before[0] if before else None,
            "id": before[1] if before else None,
            "limit": limit,
        },
    )
    return [coupon_of(row) for row in cursor.fetchall()]


def counts_of_member(cursor: Any, *, brand_id: UUID, member_id: UUID, now: datetime) -> dict[str, int]:
    """How many coupons of each state; claimed ones whose time is over count as expired."""
    cursor.execute(
        """SELECT CASE WHEN state = 'claimed' AND expires_at <= %s THEN 'expired' ELSE state END, count(*)
             FROM coupon WHERE member_id = %s AND brand_id = %s GROUP BY 1""",
        [now, member_id, brand_id],
    )
    return dict(cursor.fetchall())


def had(cursor: Any, *, brand_id: UUID, member_id: UUID, keys: Iterable[str]) -> dict[str, int]:
    """How many coupons a member has had, void ones aside, by definition."""
    cursor.execute(
        """SELECT definition, count(*) FROM coupon
            WHERE member_id = %s AND brand_id = %s AND definition = ANY(%s::text[]) AND state <> 'void'
            GROUP BY 1""",
        [member_id, brand_id, text_array(keys)],
    )
    return dict(cursor.fetchall())


def existing(cursor: Any, *, pairs: Sequence[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Those of (member, id) that are there."""
    cursor.execute(
        """SELECT c.member_id, c.id FROM coupon c
             JOIN unnest(%s::uuid[], %s::uuid[]) AS v(member_id, id) ON c.member_id = v.member_id AND c.id = v.id""",
        [plain_array(m for m, _ in pairs), plain_array(i for _, i in pairs)],
    )
    return {(row[0], row[1]) for row in cursor.fetchall()}


def insert(
    cursor: Any,
    *,
    brand_id: UUID,
    definition: str,
    rows: Sequence[tuple[UUID, UUID, str, str | None, Sequence[UUID]]],
    claimed_at: datetime,
    starts_at: datetime,
    expires_at: datetime | None,
) -> set[tuple[UUID, UUID]]:
    """Write claimed coupons of (member, id, source, code, persons); returns those that were new."""
    persons = (
        text_array(None if not r[4] else plain_array(r[4]) for r in rows) if any(r[4] for r in rows) else None
    )
    cursor.execute(
        f"""INSERT INTO coupon (member_id, id, brand_id, definition, state, claimed_at, starts_at, expires_at, source,
                                code{", persons" if persons else ""})
            SELECT v.member_id, v.id, %s, %s, 'claimed', %s, %s, %s, v.source,
                   v.code{", v.persons::uuid[]" if persons else ""}
              FROM unnest(%s::uuid[], %s::uuid[], %s::text[],
                          %s::text[]{", %s::text[]" if persons else ""})
                   AS v(member_id, id, source, code{", persons" if persons else ""})
            ON CONFLICT DO NOTHING RETURNING member_id, id""",
        [
            brand_id,
            definition,
            claimed_at,
            starts_at,
            expires_at,
            plain_array(r[0] for r in rows),
            plain_array(r[1] for r in rows),
            text_array(r[2] for r in rows),
            text_array(r[3] for r in rows),
            *([persons] if persons else []),
        ],
    )
    if cursor.rowcount == len(rows):
        return {(r[0], r[1]) for r in rows}
    return {(row[0], row[1]) for row in cursor.fetchall()}


def copy(cursor: Any, rows: Sequence[Coupon]) -> None:
    """Write coupons as they stand."""
    columns = (
        "member_id", "id", "brand_id", "definition", "state", "claimed_at", "starts_at", "expires_at", "source",
        "used_at", '"order"', "channel", "actor", "amount", "ended_at",
    )  # fmt: skip
    copy_rows(
        cursor,
        "coupon",
        columns,
        (
            (
                c.member_id, c.id, c.brand_id, c.definition, c.state, c.claimed_at, c.starts_at, c.expires_at, c.source,
                c.used_at, c.order, c.channel, c.actor, c.amount, c.ended_at,
            )
            for c in rows
        ),
    )  # fmt: skip


def set_locked(cursor: Any, *, member_id: UUID, ids: Iterable[UUID], lock: str, until: datetime) -> None:
    cursor.execute(
        """UPDATE coupon SET state = 'locked', lock = %s, locked_until = %s
            WHERE member_id = %s AND id = ANY(%s::uuid[])""",
        [lock, until, member_id, plain_array(ids)],
    )


def set_claimed(cursor: Any, *, member_id: UUID, ids: Iterable[UUID]) -> None:
    """Let go of locked coupons."""
    cursor.execute(
        """UPDATE coupon SET state = 'claimed', lock = NULL, locked_until = NULL
            WHERE member_id = %s AND id = ANY(%s::uuid[])""",
        [member_id, plain_array(ids)],
    )


def set_used(
    cursor: Any,
    *,
    member_id: UUID,
    uses: Sequence[tuple[UUID, str, int]],
    store_id: UUID | None,
    channel: str,
    actor: str,
    now: datetime,
) -> None:
    """Uses are (coupon, order, amount)."""
    cursor.execute(
        """UPDATE coupon AS c SET state = 'used', lock = NULL, locked_until = NULL, used_at = %s, "order" = v.ref,
                  amount = v.amount, store_id = %s, channel = %s, actor = %s
             FROM unnest(%s::uuid[], %s::text[], %s::bigint[]) AS v(id, ref, amount)
            WHERE c.member_id = %s AND c.id = v.id""",
        [
            now,
            store_id,
            channel,
            actor,
            plain_array(u[0] for u in uses),
            text_array(u[1] for u in uses),
            plain_array(u[2] for u in uses),
            member_id,
        ],
    )


def set_back(
    cursor: Any, *, member_id: UUID, coupon_id: UUID, state: str, expires_at: datetime | None, now: datetime
) -> None:
    """A used coupon comes back, usable again or (by then) expired, or ends with its returned order."""
    cursor.execute(
        """UPDATE coupon
              SET state = %(state)s, expires_at = %(expires)s,
                  ended_at = CASE WHEN %(state)s = 'claimed' THEN NULL ELSE %(now)s::timestamptz END,
                  used_at = CASE WHEN %(state)s = 'returned' THEN used_at END,
                  "order" = CASE WHEN %(state)s = 'returned' THEN "order" END,
                  store_id = CASE WHEN %(state)s = 'returned' THEN store_id END,
                  channel = CASE WHEN %(state)s = 'returned' THEN channel END,
                  actor = CASE WHEN %(state)s = 'returned' THEN actor END,
                  amount = CASE WHEN %(state)s = 'returned' THEN amount END
            WHERE member_id = %(member)s AND id = %(id)s""",
        {"state": state, "expires": expires_at, "now": now, "member": member_id, "id": coupon_id},
    )


def set_ended(cursor: Any, *, member_id: UUID, ids: Iterable[UUID], state: str, now: datetime) -> None:
    """Void, given away, or expired."""
    cursor.execute(
        """UPDATE coupon SET state = %s, ended_at = %s, locked_until = NULL,
                  lock = CASE WHEN %s = 'gifted' THEN lock END
            WHERE member_id = %s AND id = ANY(%s::uuid[])""",
        [state, now, state, member_id, plain_array(ids)],
    )


def set_code(cursor: Any, *, member_id: UUID, coupon_id: UUID, code: str | None) -> None:
    cursor.execute(
        "UPDATE coupon SET code = %s WHERE member_id = %s AND id = %s", [code, member_id, coupon_id]
    )


def expire(cursor: Any, *, now: datetime, limit: int) -> list[tuple[UUID, UUID, UUID, str, datetime]]:
    """End a batch of coupons whose time is over, passing over those that others hold: (member, id, brand, definition,
    expired at) of each."""
    cursor.execute(
        """UPDATE coupon AS c SET state = 'expired', ended_at = c.expires_at
             FROM (SELECT member_id, id FROM coupon
                    WHERE state = 'claimed' AND expires_at <= %s
                    ORDER BY expires_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED) AS due
            WHERE c.member_id = due.member_id AND c.id = due.id
           RETURNING c.member_id, c.id, c.brand_id, c.definition, c.expires_at""",
        [now, limit],
    )
    return list(cursor.fetchall())


def release(cursor: Any, *, now: datetime, limit: int) -> list[tuple[UUID, UUID, str]]:
    """Let go of a batch of coupons whose lock is over: (member, id, lock) of each."""
    cursor.execute(
        """UPDATE coupon AS c SET state = 'claimed', lock = NULL, locked_until = NULL
             FROM (SELECT member_id, id, lock FROM coupon
                    WHERE state = 'locked' AND locked_until <= %s
                    ORDER BY locked_until LIMIT %s FOR NO KEY UPDATE SKIP LOCKED) AS due
            WHERE c.member_id = due.member_id AND c.id = due.id
           RETURNING c.member_id, c.id, due.lock""",
        [now, limit],
    )
    return list(cursor.fetchall())


def coupon_of(row: Sequence[Any]) -> Coupon:
    values: list[Any] = [*row[:19], tuple(row[19] or ())]
    return Coupon(*values)
