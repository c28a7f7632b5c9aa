"""Holds and manual adjustments: their rows. What they move is posted by the flows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.kit import paging
from regulars.kit.errors import not_found
from regulars.kit.paging import Page
from regulars.kit.text import Text
from regulars.platform.organisations.types import Actor
from regulars.value.ledger.reads import hold_row
from regulars.value.ledger.types import AdjustmentRow, HoldRow

_HOLD = "id, member_id, unit, amount, state, parts, subject, created_at, expires_at, ended_at"
_ADJUSTMENT = """id, member_id, brand_id, unit, amount, reason, comment, state, asked_by, asked_by_label, decided_by,
                 decided_by_label, activity_id, created_at, decided_at"""


def add_hold(*, brand_id: UUID, hold: HoldRow) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO hold (member_id, id, brand_id, unit, amount, parts, subject, created_at, expires_at)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            [
                hold.member_id, hold.id, brand_id, hold.unit, hold.amount,
                json.dumps([[str(lot), part] for lot, part in hold.parts]), hold.subject, hold.created_at,
                hold.expires_at,
            ],
        )  # fmt: skip


def lock_hold(*, brand_id: UUID, member_id: UUID, hold_id: UUID) -> HoldRow | None:
    """The hold, locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_HOLD} FROM hold WHERE member_id = %s AND id = %s AND brand_id = %s FOR UPDATE",
            [member_id, hold_id, brand_id],
        )
        row = cursor.fetchone()
    return None if row is None else hold_row(row)


def due_holds(*, now: datetime, limit: int) -> list[tuple[UUID, HoldRow]]:
    """(brand, hold) of holds whose time is over, locked; those that another worker has are passed over."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT brand_id, {_HOLD} FROM hold WHERE state = 'held' AND expires_at <= %s
                 ORDER BY expires_at, id LIMIT %s FOR UPDATE SKIP LOCKED""",
            [now, limit],
        )
        return [(row[0], hold_row(row[1:])) for row in cursor.fetchall()]


def end_hold(*, hold: HoldRow, state: str, now: datetime) -> HoldRow:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE hold SET state = %s, ended_at = %s WHERE member_id = %s AND id = %s",
            [state, now, hold.member_id, hold.id],
        )
    return replace(hold, state=state, ended_at=now)


def add_adjustment(
    *,
    id_: UUID,
    brand_id: UUID,
    member_id: UUID,
    unit: str,
    amount: int,
    reason: str,
    comment: str,
    actor: Actor,
    now: datetime,
) -> AdjustmentRow:
    """A new adjustment that waits."""
    row = AdjustmentRow(
        id_, member_id, brand_id, unit, amount, reason, comment, "waiting", actor.id, actor.label, None, "", None,
        now, None,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO adjustment (id, member_id, brand_id, unit, amount, reason, comment, state, asked_by,
                                       asked_by_label, created_at)
               VALUES (%s, %s, %s, %s, %s, %s, %s, 'waiting', %s, %s, %s)""",
            [id_, member_id, brand_id, unit, amount, reason, comment, actor.id, actor.label, now],
        )
    return row


def lock_adjustment(*, brand_id: UUID, member_id: UUID, adjustment_id: UUID) -> AdjustmentRow | None:
    return _adjustment(brand_id, member_id, adjustment_id, "FOR UPDATE")


def get_adjustment(*, brand_id: UUID, member_id: UUID, adjustment_id: UUID) -> AdjustmentRow:
    """Raises `not_found`."""
    row = _adjustment(brand_id, member_id, adjustment_id, "")
    if row is None:
        raise not_found(Text("调整申请", "Adjustment"))
    return row


def _adjustment(brand_id: UUID, member_id: UUID, adjustment_id: UUID, lock: str) -> AdjustmentRow | None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_ADJUSTMENT} FROM adjustment WHERE member_id = %s AND id = %s AND brand_id = %s {lock}",
            [member_id, adjustment_id, brand_id],
        )
        row = cursor.fetchone()
    return None if row is None else AdjustmentRow(*row)


def decide(
    *, row: AdjustmentRow, state: str, actor: Actor | None, activity_id: UUID | None, now: datetime
) -> AdjustmentRow:
    """Post or reject. `actor` is the second person; None when the asker's own limit sufficed."""
    decided = replace(
        row,
        state=state,
        decided_by=actor.id if actor else None,
        decided_by_label=actor.label if actor else "",
        activity_id=activity_id,
        decided_at=now,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE adjustment SET state = %s, decided_by = %s, decided_by_label = %s, activity_id = %s,
                      decided_at = %s WHERE member_id = %s AND id = %s""",
            [
                state, decided.decided_by, decided.decided_by_label, activity_id, now, row.member_id, row.id,
            ],
        )  # fmt: skip
    return decided


def list_adjustments(
    *,
    brand_id: UUID,
    member_id: UUID | None = None,
    state: str | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[AdjustmentRow]:
    """Adjustments, newest first; of one member, or of the brand in one state."""
    after = paging.decode_id(cursor)
    parameters: dict[str, Any] = {
        "brand": brand_id, "member": member_id, "state": state, "after": after,
        "limit": limit + 1,
    }  # fmt: skip
    with connection.cursor() as db:
        db.execute(
            f"""SELECT {_ADJUSTMENT} FROM adjustment
                 WHERE brand_id = %(brand)s AND (%(member)s::uuid IS NULL OR member_id = %(member)s)
                   AND (%(state)s::text IS NULL OR state = %(state)s)
                   AND (%(after)s::uuid IS NULL OR id < %(after)s)
                 ORDER BY id DESC LIMIT %(limit)s""",
            parameters,
        )
        rows = [AdjustmentRow(*row) for row in db.fetchall()]
    return paging.cut(rows, limit, lambda r: (r.id,))
