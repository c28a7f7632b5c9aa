"""Finding the sends that receipts are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from regulars.kit.sql import plain_array, text_array
from regulars.messaging.store.sends import SendRow, columns_of, row_of
from regulars.messaging.types import Receipt


class Found(NamedTuple):
    """A send with what a receipt may change beside its state."""

    row: SendRow
    reference: str
    to_hash: UUID | None
    to_masked: str
    sent_at: datetime | None


def find(cursor: Any, *, brand_id: UUID, receipts: Sequence[Receipt]) -> dict[UUID | str, Found]:
    """Sends by their id and by their reference, locked in key order."""
    ids = sorted({one.send_id for one in receipts if one.send_id is not None})
    references = sorted({one.reference for one in receipts if one.send_id is None and one.reference})
    cursor.execute(
        f"""SELECT {columns_of("s")}, s.reference, s.to_hash, s.to_masked, s.sent_at FROM send s
             WHERE s.brand_id = %s AND (s.id = ANY(%s::uuid[]) OR (s.reference = ANY(%s::text[]) AND s.reference <> ''))
             ORDER BY s.member_id, s.id FOR NO KEY UPDATE""",
        [brand_id, plain_array(ids), text_array(references)],
    )
    found: dict[UUID | str, Found] = {}
    for values in cursor.fetchall():
        one = Found(row_of(values[:-4]), *values[-4:])
        found[one.row.id] = one
        if one.reference:
            found[one.reference] = one
    return found


def queued(cursor: Any, *, brand_id: UUID, keys: Sequence[tuple[UUID, str]]) -> list[SendRow]:
    """Those of these members and keys that wait, locked."""
    cursor.execute(
        f"""SELECT {columns_of("s")} FROM unnest(%s::uuid[], %s::text[]) AS v(member_id, key)
              JOIN send s ON s.member_id = v.member_id AND s.brand_id = %s AND s.key = v.key
             WHERE s.state = 'queued' ORDER BY s.member_id, s.id FOR NO KEY UPDATE OF s""",
        [plain_array(member_id for member_id, _ in keys), text_array(key for _, key in keys), brand_id],
    )
    return [row_of(values) for values in cursor.fetchall()]
