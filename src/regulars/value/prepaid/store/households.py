"""Who draws value of whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID


def head_of(cursor: Any, *, brand_id: UUID, member_id: UUID) -> UUID | None:
    """The head of a member's household; None for one who is in none."""
    cursor.execute(
        "SELECT head_id FROM household WHERE member_id = %s AND brand_id = %s", [member_id, brand_id]
    )
    row = cursor.fetchone()
    return row[0] if row else None


def members_of(cursor: Any, *, brand_id: UUID, head_id: UUID) -> list[tuple[UUID, datetime]]:
    """(member, since) of a head's household, the first first."""
    cursor.execute(
        """SELECT member_id, created_at FROM household WHERE head_id = %s AND brand_id = %s
            ORDER BY created_at, member_id""",
        [head_id, brand_id],
    )
    return [(member_id, at) for member_id, at in cursor.fetchall()]


def add(cursor: Any, *, brand_id: UUID, head_id: UUID, member_id: UUID, actor: str, now: datetime) -> None:
    cursor.execute(
        "INSERT INTO household (member_id, brand_id, head_id, actor, created_at) VALUES (%s, %s, %s, %s, %s)",
        [member_id, brand_id, head_id, actor, now],
    )


def remove(cursor: Any, *, brand_id: UUID, member_id: UUID) -> bool:
    cursor.execute("DELETE FROM household WHERE member_id = %s AND brand_id = %s", [member_id, brand_id])
    return bool(cursor.rowcount)
