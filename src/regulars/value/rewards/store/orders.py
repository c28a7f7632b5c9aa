"""Redemption orders: rows, the directory of their codes, what a member had, what a reward turned over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array
from regulars.kit.text import Text
from regulars.platform.privacy import api as privacy
from regulars.value.rewards.types import Redemption, StockPart

_TABLE = "redemption"
_PLAIN = (
    "id", "member_id", "brand_id", "reward_id", "reward_key", "kind", "fulfilment", "state", "quantity", "unit",
    "points", "cash", "key", "body_hash", "hold_id", "burn_id", "payment_id", "coupon_id", "carrier", "tracking",
    "store_id", "note", "reason", "actor", "undo_minutes", "unclaimed", "placed_at", "pay_by", "claim_by", "paid_at",
    "shipped_at", "verified_at", "verified_by", "shown_at", "ended_at", "due_at",
)  # fmt: skip
_SAVED = (
    "state", "hold_id", "burn_id", "payment_id", "coupon_id", "carrier", "tracking", "store_id", "reason", "pay_by",
    "claim_by", "paid_at", "shipped_at", "verified_at", "verified_by", "shown_at", "ended_at", "due_at",
)  # fmt: skip
_COLUMNS = f"{', '.join(_PLAIN)}, name_zh, name_en, code_sealed, stock, address_sealed IS NOT NULL"
assert {f.name for f in fields(Redemption)} == {*_PLAIN, "name", "code", "stock", "has_address"}


def _row(found: Sequence[Any]) -> Redemption:
    plain = dict(zip(_PLAIN, found, strict=False))
    zh, en, sealed, stock, has_address = found[len(_PLAIN) :]
    parts = json.loads(stock) if isinstance(stock, str) else stock
    return Redemption(
        **plain,
        name=Text(zh, en),
        code=privacy.decrypt(sealed=bytes(sealed), table=_TABLE, field="code", owner=plain["member_id"]),
        stock=tuple(StockPart(pool, slot, count) for pool, slot, count in parts),
        has_address=has_address,
    )


def claim_code(cursor: Any, *, hash_: UUID, brand_id: UUID, member_id: UUID, redemption_id: UUID) -> bool:
    """Put a fresh code into the directory; False when some other order has it."""
    cursor.execute(
        """INSERT INTO redemption_code (code_hash, brand_id, member_id, redemption_id) VALUES (%s, %s, %s, %s)
           ON CONFLICT DO NOTHING""",
        [hash_, brand_id, member_id, redemption_id],
    )
    return bool(cursor.rowcount)


def find_code(cursor: Any, *, brand_id: UUID, hash_: UUID) -> tuple[UUID, UUID] | None:
    """(member, order) of a code."""
    cursor.execute(
        "SELECT member_id, redemption_id FROM redemption_code WHERE code_hash = %s AND brand_id = %s",
        [hash_, brand_id],
    )
    row = cursor.fetchone()
    return (row[0], row[1]) if row else None


def insert(cursor: Any, order: Redemption, address: str | None) -> None:
    sealed = (
        privacy.encrypt(text=address, table=_TABLE, field="address", owner=order.member_id)
        if address
        else None
    )
    values = [getattr(order, name) for name in _PLAIN]
    values += [
        order.name.zh,
        order.name.en,
        privacy.encrypt(text=order.code, table=_TABLE, field="code", owner=order.member_id),
        json.dumps([[p.pool, p.slot, p.count] for p in order.stock]),
        sealed,
    ]
    places = ", ".join(["%s"] * len(values))
    cursor.execute(
        f"INSERT INTO redemption ({', '.join(_PLAIN)}, name_zh, name_en, code_sealed, stock, address_sealed) "
        f"VALUES ({places})",
        values,
    )


def save(cursor: Any, order: Redemption) -> None:
    sets = ", ".join(f"{name} = %s" for name in _SAVED)
    cursor.execute(
        f"UPDATE redemption SET {sets} WHERE member_id = %s AND id = %s AND brand_id = %s",
        [*(getattr(order, name) for name in _SAVED), order.member_id, order.id, order.brand_id],
    )


def get(
    cursor: Any, *, brand_id: UUID, member_id: UUID, redemption_id: UUID, lock: bool
) -> Redemption | None:
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM redemption WHERE member_id = %s AND id = %s AND brand_id = %s
             {"FOR NO KEY UPDATE" if lock else ""}""",
        [member_id, redemption_id, brand_id],
    )
    row = cursor.fetchone()
    return _row(row) if row else None


def by_key(cursor: Any, *, brand_id: UUID, member_id: UUID, key: str) -> Redemption | None:
    cursor.execute(
        f"SELECT {_COLUMNS} FROM redemption WHERE member_id = %s AND brand_id = %s AND key = %s",
        [member_id, brand_id, key],
    )
    row = cursor.fetchone()
    return _row(row) if row else None


def address_of(cursor: Any, *, brand_id: UUID, member_id: UUID, redemption_id: UUID) -> str | None:
    cursor.execute(
        "SELECT address_sealed FROM redemption WHERE member_id = %s AND id = %s AND brand_id = %s",
        [member_id, redemption_id, brand_id],
    )
    row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    return privacy.decrypt(sealed=bytes(row[0]), table=_TABLE, field="address", owner=member_id)


def taken(
    cursor: Any, *, brand_id: UUID, member_id: UUID, since: Sequence[tuple[UUID, datetime | None]]
) -> dict[UUID, int]:
    """Reward → pieces she had of it since an instant (None: ever), cancelled and expired ones not counted."""
    if not since:
        return {}
    cursor.execute(
        """SELECT o.reward_id, sum(o.quantity)::int FROM redemption AS o
             JOIN unnest(%s::uuid[], %s::timestamptz[]) AS v(reward_id, since) ON v.reward_id = o.reward_id
            WHERE o.member_id = %s AND o.brand_id = %s AND o.state NOT IN ('cancelled', 'expired')
              AND (v.since IS NULL OR o.placed_at >= v.since)
            GROUP BY 1""",
        [
            [reward for reward, _ in since],
            [start for _, start in since],
            member_id,
            brand_id,
        ],
    )
    return dict(cursor.fetchall())


def page(
    cursor: Any,
    *,
    brand_id: UUID,
    member_id: UUID | None,
    reward_id: UUID | None,
    states: Sequence[str] | None,
    fulfilment: str | None,
    since: datetime | None,
    until: datetime | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Redemption]:
    """Newest first, from below the sort key (instant, id) of the last row seen."""
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM redemption
             WHERE brand_id = %(brand)s
               AND (%(member)s::uuid IS NULL OR member_id = %(member)s)
               AND (%(reward)s::uuid IS NULL OR reward_id = %(reward)s)
               AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s::text[]))
               AND (%(fulfilment)s::text IS NULL OR fulfilment = %(fulfilment)s)
               AND (%(since)s::timestamptz IS NULL OR placed_at >= %(since)s)
               AND (%(until)s::timestamptz IS NULL OR placed_at < %(until)s)
               AND (placed_at, id) < (%(at)s::timestamptz, %(id)s::uuid)
             ORDER BY placed_at DESC, id DESC LIMIT %(limit)s""",
        {
            "brand": brand_id, "member": member_id, "reward": reward_id, "fulfilment": fulfilment,
            "states": None if states is None else plain_array(states), "since": since, "until": until,
            # the first page begins behind everything: a bound that is always there is a place in the index
            "at": after[0] if after else "infinity", "id": after[1] if after else UUID(int=2**128 - 1),
            "limit": limit,
        },
    )  # fmt: skip
    return [_row(row) for row in cursor.fetchall()]


def count_by_state(cursor: Any, *, brand_id: UUID) -> dict[str, int]:
    cursor.execute("SELECT state, count(*)::int FROM redemption WHERE brand_id = %s GROUP BY 1", [brand_id])
    return dict(cursor.fetchall())


def due(cursor: Any, *, now: datetime, limit: int) -> list[tuple[UUID, UUID, UUID]]:
    """(brand, member, order) of orders that time changes by now, those waiting longest first. Nothing is locked."""
    cursor.execute(
        "SELECT brand_id, member_id, id FROM redemption WHERE due_at <= %s ORDER BY due_at, id LIMIT %s",
        [now, limit],
    )
    return list(cursor.fetchall())


def turnover(
    cursor: Any, *, brand_id: UUID, since: datetime, until: datetime, recent_since: datetime, now: datetime
) -> dict[UUID, tuple[Any, ...]]:
    """Reward → (pieces, orders, members, points, cash, cancelled or expired orders) in [since, until), then pieces
    since `recent_since` up to now, the last order's instant, and pieces ever."""
    cursor.execute(
        """SELECT reward_id,
                  coalesce(sum(quantity) FILTER (WHERE stands AND inside), 0)::int,
                  count(*) FILTER (WHERE stands AND inside)::int,
                  count(DISTINCT member_id) FILTER (WHERE stands AND inside)::int,
                  coalesce(sum(points) FILTER (WHERE stands AND inside), 0)::bigint,
                  coalesce(sum(cash) FILTER (WHERE stands AND inside), 0)::bigint,
                  count(*) FILTER (WHERE NOT stands AND inside)::int,
                  coalesce(sum(quantity) FILTER (WHERE stands AND placed_at >= %(recent)s), 0)::int,
                  max(placed_at) FILTER (WHERE stands),
                  coalesce(sum(quantity) FILTER (WHERE stands), 0)::int
             FROM (SELECT *, state NOT IN ('cancelled', 'expired') AS stands,
                          placed_at >= %(since)s AND placed_at < %(until)s AS inside
                     FROM redemption WHERE brand_id = %(brand)s AND placed_at <= %(now)s) AS o
            GROUP BY 1""",
        {"brand": brand_id, "since": since, "until": until, "recent": recent_since, "now": now},
    )
    return {row[0]: tuple(row[1:]) for row in cursor.fetchall()}
