"""Gift cards and their batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.sql import copy_rows
from regulars.kit.text import Text
from regulars.value.prepaid.types import BatchRow, CardRow, GiftRefundRow

_CARD = ", ".join(field.name for field in fields(CardRow))
_REFUND = ", ".join(field.name for field in fields(GiftRefundRow))
_BATCH = """id, brand_id, code, name_zh, name_en, design, face, price, count, valid_months, registered, handed_out_at,
            created_by, created_at"""


def add_batch(cursor: Any, batch: BatchRow) -> bool:
    """False if the code is taken."""
    cursor.execute(
        f"""INSERT INTO gift_batch ({_BATCH}) VALUES ({", ".join(["%s"] * 14)})
            ON CONFLICT (brand_id, code) DO NOTHING RETURNING id""",
        [
            batch.id, batch.brand_id, batch.code, batch.name.zh, batch.name.en, batch.design, batch.face, batch.price,
            batch.count, batch.valid_months, batch.registered, batch.handed_out_at, batch.created_by, batch.created_at,
        ],
    )  # fmt: skip
    return cursor.fetchone() is not None


def get_batch(cursor: Any, *, brand_id: UUID, code: str, lock: bool = False) -> BatchRow | None:
    cursor.execute(
        f"""SELECT {_BATCH} FROM gift_batch WHERE brand_id = %s AND code = %s
            {"FOR NO KEY UPDATE" if lock else ""}""",
        [brand_id, code],
    )
    row = cursor.fetchone()
    return _batch(row) if row else None


def batches_by_id(cursor: Any, *, brand_id: UUID, ids: Iterable[UUID]) -> dict[UUID, BatchRow]:
    cursor.execute(
        f"SELECT {_BATCH} FROM gift_batch WHERE brand_id = %s AND id = ANY(%s::uuid[])", [brand_id, list(ids)]
    )
    return {row[0]: _batch(row) for row in cursor.fetchall()}


def list_batches(cursor: Any, *, brand_id: UUID, after: UUID | None, limit: int) -> list[BatchRow]:
    """Newest first."""
    cursor.execute(
        f"""SELECT {_BATCH} FROM gift_batch WHERE brand_id = %s AND (%s::uuid IS NULL OR id < %s)
             ORDER BY id DESC LIMIT %s""",
        [brand_id, after, after, limit],
    )
    return [_batch(row) for row in cursor.fetchall()]


def set_handed_out(cursor: Any, *, batch_id: UUID, now: datetime) -> None:
    cursor.execute("UPDATE gift_batch SET handed_out_at = %s WHERE id = %s", [now, batch_id])


def add_cards(cursor: Any, *, batch: BatchRow, cards: Iterable[tuple[int, str, UUID, UUID]]) -> None:
    """From (serial, last four digits, number's hash, PIN's hash)."""
    copy_rows(
        cursor,
        "gift_card",
        ("number_hash", "brand_id", "batch_id", "serial", "ending", "pin_hash", "face", "state"),
        [
            (number, batch.brand_id, batch.id, serial, ending, pin, batch.face, "made")
            for serial, ending, number, pin in cards
        ],
    )


def get_card(cursor: Any, *, brand_id: UUID, number_hash: UUID, lock: bool = False) -> CardRow | None:
    cursor.execute(
        f"""SELECT {_CARD} FROM gift_card WHERE number_hash = %s AND brand_id = %s
            {"FOR NO KEY UPDATE" if lock else ""}""",
        [number_hash, brand_id],
    )
    row = cursor.fetchone()
    return CardRow(*row) if row else None


def cards_of_batch(
    cursor: Any, *, brand_id: UUID, batch_id: UUID, state: str | None, after: int, limit: int
) -> list[CardRow]:
    """By serial."""
    cursor.execute(
        f"""SELECT {_CARD} FROM gift_card WHERE batch_id = %s AND brand_id = %s AND serial > %s
               AND (%s::text IS NULL OR state = %s) ORDER BY serial LIMIT %s""",
        [batch_id, brand_id, after, state, state, limit],
    )
    return [CardRow(*row) for row in cursor.fetchall()]


def cards_held(cursor: Any, *, brand_id: UUID, member_id: UUID, limit: int = 200) -> list[CardRow]:
    """A member's claimed cards, newest first."""
    cursor.execute(
        f"""SELECT {_CARD} FROM gift_card WHERE holder_id = %s AND brand_id = %s
             ORDER BY claimed_at DESC, number_hash LIMIT %s""",
        [member_id, brand_id, limit],
    )
    return [CardRow(*row) for row in cursor.fetchall()]


def count_states(cursor: Any, *, brand_id: UUID, batch_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    cursor.execute(
        """SELECT batch_id, state, count(*) FROM gift_card
            WHERE brand_id = %s AND batch_id = ANY(%s::uuid[]) GROUP BY 1, 2""",
        [brand_id, list(batch_ids)],
    )
    counts: dict[UUID, dict[str, int]] = {}
    for batch_id, state, count in cursor.fetchall():
        counts.setdefault(batch_id, {})[state] = count
    return counts


def save_card(cursor: Any, card: CardRow) -> None:
    """Write a locked card."""
    cursor.execute(
        """UPDATE gift_card SET state = %s, misses = %s, locked_until = %s, activated_at = %s, activated_store_id = %s,
                  sold_by = %s, reference = %s, expires_at = %s, holder_id = %s, claimed_at = %s, lot_id = %s,
                  ended_at = %s, ended_reason = %s WHERE number_hash = %s""",
        [
            card.state, card.misses, card.locked_until, card.activated_at, card.activated_store_id, card.sold_by,
            card.reference, card.expires_at, card.holder_id, card.claimed_at, card.lot_id, card.ended_at,
            card.ended_reason, card.number_hash,
        ],
    )  # fmt: skip


def add_refund(cursor: Any, row: GiftRefundRow) -> None:
    """The money of a locked card goes back; a second time fails on the key."""
    cursor.execute(
        f"INSERT INTO gift_card_refund ({_REFUND}) VALUES ({', '.join(['%s'] * len(fields(row)))})",
        [getattr(row, field.name) for field in fields(row)],
    )


def refunds_of(cursor: Any, *, brand_id: UUID, hashes: Iterable[UUID]) -> dict[UUID, GiftRefundRow]:
    """What went back for which cards."""
    cursor.execute(
        f"SELECT {_REFUND} FROM gift_card_refund WHERE brand_id = %s AND number_hash = ANY(%s::uuid[])",
        [brand_id, list(hashes)],
    )
    return {row[0]: GiftRefundRow(*row) for row in cursor.fetchall()}


def by_lots(cursor: Any, *, brand_id: UUID, member_id: UUID, lot_id: UUID) -> CardRow | None:
    """The card whose value stands in this lot of a member; locked."""
    cursor.execute(
        f"""SELECT {_CARD} FROM gift_card WHERE holder_id = %s AND brand_id = %s AND lot_id = %s
            FOR NO KEY UPDATE""",
        [member_id, brand_id, lot_id],
    )
    row = cursor.fetchone()
    return CardRow(*row) if row else None


def void_batch(cursor: Any, *, brand_id: UUID, batch_id: UUID, reason: str, now: datetime) -> int:
    """Every card of the batch that nobody has claimed becomes void."""
    cursor.execute(
        """UPDATE gift_card SET state = 'void', ended_at = %s, ended_reason = %s
            WHERE batch_id = %s AND brand_id = %s AND state IN ('made', 'active')""",
        [now, reason, batch_id, brand_id],
    )
    return int(cursor.rowcount)


def expire_due(cursor: Any, *, now: datetime, limit: int) -> int:
    """Cards whose time is over expire; those that another worker has are passed over."""
    cursor.execute(
        """WITH due AS (
               SELECT number_hash FROM gift_card WHERE state = 'active' AND expires_at <= %s
                ORDER BY expires_at, number_hash LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
           UPDATE gift_card c SET state = 'expired', ended_at = c.expires_at FROM due
            WHERE c.number_hash = due.number_hash""",
        [now, limit],
    )
    return int(cursor.rowcount)


def unclaimed(cursor: Any, *, brand_id: UUID) -> list[tuple[Any, int, int]]:
    """(month in which they were sold, cards, value) of sold cards that nobody has claimed."""
    cursor.execute(
        """SELECT date_trunc('month', activated_at)::date, count(*), sum(face) FROM gift_card
            WHERE brand_id = %s AND state = 'active' GROUP BY 1 ORDER BY 1""",
        [brand_id],
    )
    return [(month, int(count), int(face)) for month, count, face in cursor.fetchall()]


def claimed_total(cursor: Any, *, brand_id: UUID) -> int:
    """The face of every card ever claimed."""
    cursor.execute(
        "SELECT COALESCE(sum(face), 0) FROM gift_card WHERE brand_id = %s AND claimed_at IS NOT NULL",
        [brand_id],
    )
    return int(cursor.fetchone()[0])


def _batch(row: Sequence[Any]) -> BatchRow:
    id_, brand_id, code, zh, en, *rest = row
    return BatchRow(id_, brand_id, code, Text(zh, en), *rest)
