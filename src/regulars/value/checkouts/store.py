"""Every query of checkouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit import wire
from regulars.kit.sql import plain_array
from regulars.value.checkouts.types import CheckoutRow, ReturnRow

_NAMES = (
    "id", "member_id", "brand_id", "source", "number", "revision", "state", "store_id", "channel", "actor",
    "currency", "listed", "payable", "order_id", "cart", "priced", "moves", "returned", "committed_at", "closed_at",
)  # fmt: skip
_COLUMNS = ", ".join(_NAMES)
_RETURN_NAMES = (
    "id", "member_id", "brand_id", "checkout_id", "number", "kind", "amount", "reason", "actor", "plan", "returned_at",
)  # fmt: skip
_RETURN_COLUMNS = ", ".join(_RETURN_NAMES)

# A reopened checkout is committed again in its place; any other of that number stays as it is.
_SAVE = f"""
    INSERT INTO checkout ({_COLUMNS}) VALUES ({", ".join(["%s"] * len(_NAMES))})
    ON CONFLICT (member_id, id) DO UPDATE
       SET ({", ".join(_NAMES[5:])}) = ({", ".join("EXCLUDED." + name for name in _NAMES[5:])})
     WHERE checkout.state = 'reopened'
    RETURNING id
"""


def save(cursor: Any, row: CheckoutRow) -> bool:
    """Write a committed checkout; False if the number was committed before and not reopened."""
    cursor.execute(_SAVE, astuple(row))
    return cursor.fetchone() is not None


def add(cursor: Any, rows: Sequence[CheckoutRow]) -> None:
    """Write checkouts of numbers that were never committed before."""
    fields: list[bytes] = []
    for row in rows:
        fields += (
            _START, wire.uuid(row.id), wire.uuid(row.member_id), wire.uuid(row.brand_id), wire.text(row.source),
            wire.text(row.number), wire.int4(row.revision), wire.words(row.state), wire.uuid(row.store_id),
            wire.words(row.channel, row.actor, row.currency), wire.int8(row.listed), wire.int8(row.payable),
            wire.uuid(row.order_id), wire.text(row.cart), wire.text(row.priced), wire.text(row.moves),
            wire.text(row.returned), wire.instant(row.committed_at), wire.instant(row.closed_at),
        )  # fmt: skip
    wire.copy(cursor, "checkout", _NAMES, fields)


_START = wire.start(_NAMES)


def existing(cursor: Any, keys: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], tuple[str, int]]:
    """State and revision of those of (member, id) that there are."""
    cursor.execute(
        """SELECT c.member_id, c.id, c.state, c.revision
             FROM unnest(%s::uuid[], %s::uuid[]) AS v(member_id, id)
             JOIN checkout AS c ON c.member_id = v.member_id AND c.id = v.id""",
        [plain_array(member for member, _ in keys), plain_array(id_ for _, id_ in keys)],
    )
    return {(member, id_): (state, revision) for member, id_, state, revision in cursor.fetchall()}


def get(
    cursor: Any, *, brand_id: UUID, member_id: UUID, checkout_id: UUID, lock: bool = False
) -> CheckoutRow | None:
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM checkout WHERE member_id = %s AND id = %s AND brand_id = %s
            {"FOR NO KEY UPDATE" if lock else ""}""",
        [member_id, checkout_id, brand_id],
    )
    row = cursor.fetchone()
    return CheckoutRow(*row) if row else None


def update(cursor: Any, *, row: CheckoutRow, state: str, returned: str, closed_at: datetime | None) -> None:
    cursor.execute(
        "UPDATE checkout SET state = %s, returned = %s, closed_at = %s WHERE member_id = %s AND id = %s",
        [state, returned, closed_at, row.member_id, row.id],
    )


def add_return(cursor: Any, row: ReturnRow) -> None:
    cursor.execute(
        f"INSERT INTO checkout_return ({_RETURN_COLUMNS}) VALUES ({', '.join(['%s'] * len(_RETURN_NAMES))})",
        astuple(row),
    )


def list_returns(cursor: Any, *, member_id: UUID, checkout_id: UUID) -> list[ReturnRow]:
    """What came back of a checkout, oldest first."""
    cursor.execute(
        f"""SELECT {_RETURN_COLUMNS} FROM checkout_return WHERE member_id = %s AND checkout_id = %s
             ORDER BY id LIMIT 1000""",
        [member_id, checkout_id],
    )
    return [ReturnRow(*row) for row in cursor.fetchall()]


def get_return(cursor: Any, *, member_id: UUID, return_id: UUID) -> ReturnRow | None:
    cursor.execute(
        f"SELECT {_RETURN_COLUMNS} FROM checkout_return WHERE member_id = %s AND id = %s",
        [member_id, return_id],
    )
    row = cursor.fetchone()
    return ReturnRow(*row) if row else None


def find_return(cursor: Any, *, member_id: UUID, checkout_id: UUID, number: str) -> ReturnRow | None:
    """What came back of a checkout under a number (cancelling and reopening have none)."""
    cursor.execute(
        f"""SELECT {_RETURN_COLUMNS} FROM checkout_return
             WHERE member_id = %s AND checkout_id = %s AND number = %s AND kind = 'return' LIMIT 1""",
        [member_id, checkout_id, number],
    )
    row = cursor.fetchone()
    return ReturnRow(*row) if row else None


def list_of_member(
    cursor: Any, *, brand_id: UUID, member_id: UUID, before: tuple[str, str] | None, limit: int
) -> list[CheckoutRow]:
    """A member's checkouts, newest first, from below the sort key of the last row seen."""
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM checkout
             WHERE member_id = %s AND brand_id = %s
                   {"AND (committed_at, id) < (%s::timestamptz, %s::uuid)" if before else ""}
             ORDER BY committed_at DESC, id DESC LIMIT %s""",
        [member_id, brand_id, *(before or ()), limit],
    )
    return [CheckoutRow(*row) for row in cursor.fetchall()]


def list_of_store(
    cursor: Any, *, brand_id: UUID, store_id: UUID, since: datetime, limit: int
) -> list[CheckoutRow]:
    """What a store sold since an instant, newest first."""
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM checkout
             WHERE brand_id = %s AND store_id = %s AND committed_at >= %s
             ORDER BY committed_at DESC, id DESC LIMIT %s""",
        [brand_id, store_id, since, limit],
    )
    return [CheckoutRow(*row) for row in cursor.fetchall()]
