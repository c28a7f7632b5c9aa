"""Posting's reads and writes of the ledger: each one statement for all members of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from struct import Struct
from typing import Any
from uuid import UUID

import msgspec

from regulars.kit import wire
from regulars.kit.asks import Ask
from regulars.kit.ids import new_id_bytes
from regulars.kit.sql import plain_array, text_array, time_array
from regulars.value.ledger.types import Account, Lot
from regulars.value.ledger.wallet import Wallet

_LOT_COLUMNS = (
    "member_id", "id", "brand_id", "unit", "state", "rule", "amount", "remaining", "held", "expired", "clawed",
    "activity_id", "earned_at", "active_at", "expires_at",
)  # fmt: skip
_ENTRY_COLUMNS = (
    "member_id", "id", "unit", "kind", "account", "contra", "rule", "amount", "balance_after", "lot_id", "brand_id",
    "activity_id", "version", "reverses", "occurred_at", "recorded_at",
)  # fmt: skip


def load_accounts(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]
) -> dict[UUID, dict[str, Account]]:
    """The accounts of locked members by unit. Their memberships' locks guard these rows."""
    cursor.execute(
        """SELECT member_id, unit, available, pending, held, debt, next_expiry_at, next_active_at
             FROM balance WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s""",
        [plain_array(member_ids), brand_id],
    )
    accounts: dict[UUID, dict[str, Account]] = {}
    for member_id, unit, *values in cursor.fetchall():
        accounts.setdefault(member_id, {})[unit] = Account(*values)
    return accounts


_ASK_ACCOUNTS = """
    SELECT json_agg(json_build_array(
               member_id, unit, available, pending, held, debt, next_expiry_at, next_active_at))::text
      FROM balance WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s
"""
_asked_accounts: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(
    list[tuple[UUID, str, int, int, int, int, datetime | None, datetime | None]]
)


def ask_accounts(*, brand_id: UUID, member_ids: Iterable[UUID]) -> Ask[dict[UUID, dict[str, Account]]]:
    """`load_accounts`, to be asked together with other rooms' questions."""
    return Ask(_ASK_ACCOUNTS, (plain_array(member_ids), brand_id), _read_accounts)


def _read_accounts(text: str | None) -> dict[UUID, dict[str, Account]]:
    accounts: dict[UUID, dict[str, Account]] = {}
    for member_id, unit, *values in _asked_accounts.decode(text) if text else ():
        accounts.setdefault(member_id, {})[unit] = Account(*values)
    return accounts


def load_lots(
    cursor: Any, *, brand_id: UUID, member_ids: Sequence[UUID], closed: bool = True
) -> dict[UUID, list[Lot]]:
    """The lots of members; without `closed` ones only those that still hold value."""
    lots: dict[UUID, list[Lot]] = {member_id: [] for member_id in member_ids}
    if not lots:
        return lots
    cursor.execute(
        f"""SELECT member_id, id, unit, state, amount, remaining, held, expired, clawed, activity_id, rule, earned_at,
                   active_at, expires_at
              FROM lot WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s
                   {"" if closed else "AND state IN ('active', 'pending')"}""",
        [plain_array(member_ids), brand_id],
    )
    for member_id, *values in cursor.fetchall():
        lots[member_id].append(Lot(*values))
    return lots


# unit, account, contra, lot, instant
Movement = tuple[str, str, str, UUID | None, datetime]


def load_movements(
    cursor: Any, *, brand_id: UUID, member_ids: Sequence[UUID]
) -> dict[UUID, dict[Movement, int]]:
    """What members' entries moved, summed by where, between what and when."""
    cursor.execute(
        """SELECT member_id, unit, account, contra, lot_id, occurred_at, sum(amount)::bigint FROM entry
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s GROUP BY 1, 2, 3, 4, 5, 6""",
        [plain_array(member_ids), brand_id],
    )
    movements: dict[UUID, dict[Movement, int]] = {}
    for member_id, unit, account, contra, lot_id, at, amount in cursor.fetchall():
        movements.setdefault(member_id, {})[unit, account, contra, lot_id, at] = amount
    return movements


def save(cursor: Any, *, brand_id: UUID, wallets: Mapping[UUID, Wallet], now: datetime) -> None:
    """Write what the wallets made: new lots, changed lots, entries, accounts."""
    recorded, brand = wire.instant(now), wire.uuid(brand_id)
    ids = iter(new_id_bytes(sum(len(w.entries) for w in wallets.values())))
    entries: list[bytes] = []
    lots: list[bytes] = []
    changed: list[tuple[UUID, Lot]] = []
    accounts: list[tuple[UUID, str, Account]] = []
    for member_id, wallet in wallets.items():
        member = wire.uuid(member_id)
        for lot in wallet.new_lots:
            lots += _lot_fields(member, brand, lot)
        if wallet.lots is not None:
            changed += [(member_id, lot) for lot in wallet.lots if lot.changed and not lot.is_new]
        cause, about, lot_id, of_lot = None, b"", None, wire.NULL
        begin = _ENTRY + member + _SIXTEEN
        for e in wallet.entries:
            if e.cause is not cause:
                cause = e.cause
                version, at = wire.int4(cause.version), wire.instant(cause.at)
                about = b"".join((brand, wire.uuid(cause.activity_id), version, wire.NULL, at, recorded))
            if e.lot_id is not lot_id:
                lot_id = e.lot_id
                of_lot = wire.uuid(lot_id)
            entries += (
                begin, next(ids), wire.words(e.unit, e.kind, e.account, e.contra, e.rule),
                _AMOUNTS(8, e.amount, 8, e.balance_after), of_lot, about,
            )  # fmt: skip
        accounts += [(member_id, unit, a) for unit, a in wallet.accounts.items() if a.changed]
    wire.copy(cursor, "lot", _LOT_COLUMNS, lots)
    wire.copy(cursor, "entry", _ENTRY_COLUMNS, entries)
    _update_lots(cursor, changed)
    _upsert_accounts(cursor, brand_id, accounts)


_LOT, _ENTRY = wire.start(_LOT_COLUMNS), wire.start(_ENTRY_COLUMNS)
_SIXTEEN = wire.uuid_bytes(b"")
_AMOUNTS = Struct("!iqiq").pack
_LOT_AMOUNTS = Struct("!iqiqiqiqiq").pack


def _lot_fields(member: bytes, brand: bytes, lot: Lot) -> tuple[bytes, ...]:
    return (
        _LOT, member, wire.uuid(lot.id), brand, wire.words(lot.unit, lot.state, lot.rule),
        _LOT_AMOUNTS(8, lot.amount, 8, lot.remaining, 8, lot.held, 8, lot.expired, 8, lot.clawed),
        wire.uuid(lot.activity_id), wire.instant(lot.earned_at), wire.instant(lot.active_at),
        wire.instant(lot.expires_at),
    )  # fmt: skip


def _update_lots(cursor: Any, changed: Sequence[tuple[UUID, Lot]]) -> None:
    if not changed:
        return
    lots = [lot for _, lot in changed]
    cursor.execute(
        """UPDATE lot AS l
              SET state = v.state, amount = v.amount, remaining = v.remaining, held = v.held, expired = v.expired,
                  clawed = v.clawed, active_at = v.active_at, expires_at = v.expires_at
             FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                         %s::bigint[], %s::timestamptz[], %s::timestamptz[])
                  AS v(member_id, id, state, amount, remaining, held, expired, clawed, active_at, expires_at)
            WHERE l.member_id = v.member_id AND l.id = v.id""",
        [
            plain_array(member_id for member_id, _ in changed),
            plain_array(lot.id for lot in lots),
            plain_array(lot.state for lot in lots),
            plain_array(lot.amount for lot in lots),
            plain_array(lot.remaining for lot in lots),
            plain_array(lot.held for lot in lots),
            plain_array(lot.expired for lot in lots),
            plain_array(lot.clawed for lot in lots),
            time_array(lot.active_at for lot in lots),
            time_array(lot.expires_at for lot in lots),
        ],
    )


def _upsert_accounts(cursor: Any, brand_id: UUID, rows: Sequence[tuple[UUID, str, Account]]) -> None:
    if not rows:
        return
    cursor.execute(
        """INSERT INTO balance AS b (brand_id, member_id, unit, available, pending, held, debt, next_expiry_at,
                                     next_active_at)
           SELECT %s, v.* FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                                      %s::timestamptz[], %s::timestamptz[]) AS v
           ON CONFLICT (member_id, brand_id, unit) DO UPDATE
              SET available = excluded.available, pending = excluded.pending, held = excluded.held,
                  debt = excluded.debt, next_expiry_at = excluded.next_expiry_at,
                  next_active_at = excluded.next_active_at""",
        [
            brand_id,
            plain_array(member_id for member_id, _, _ in rows),
            text_array(unit for _, unit, _ in rows),
            plain_array(a.available for _, _, a in rows),
            plain_array(a.pending for _, _, a in rows),
            plain_array(a.held for _, _, a in rows),
            plain_array(a.debt for _, _, a in rows),
            time_array(a.next_expiry_at for _, _, a in rows),
            time_array(a.next_active_at for _, _, a in rows),
        ],
    )


def due_members(cursor: Any, *, brand_id: UUID, now: datetime, limit: int) -> list[UUID]:
    """Members with value that expires or activates by `now`, those waiting longest first. Nothing is locked."""
    cursor.execute(
        """SELECT member_id FROM (
               (SELECT member_id, next_expiry_at AS at FROM balance
                 WHERE next_expiry_at <= %(now)s AND brand_id = %(brand)s ORDER BY next_expiry_at LIMIT %(limit)s)
               UNION ALL
               (SELECT member_id, next_active_at FROM balance
                 WHERE next_active_at <= %(now)s AND brand_id = %(brand)s ORDER BY next_active_at LIMIT %(limit)s)
           ) AS due GROUP BY member_id ORDER BY min(at), member_id LIMIT %(limit)s""",
        {"now": now, "brand": brand_id, "limit": limit},
    )
    return [row[0] for row in cursor.fetchall()]
