"""What was done for whom."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from regulars.engage.care.store import marks
from regulars.engage.care.types import Mark, Plan
from regulars.kit import paging
from regulars.kit.paging import Page


def care_of(*, brand_id: UUID, member_id: UUID, limit: int = 50) -> list[Mark]:
    """What plans did for a member, newest first."""
    with connection.cursor() as cursor:
        return marks.of_member(cursor, brand_id=brand_id, member_id=member_id, limit=limit)


def reached_by(*, plan: Plan, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT) -> Page[Mark]:
    """Whose turn it was under a plan, newest first, those held out among them."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    before = paging.decode_at(cursor)
    with connection.cursor() as db:
        rows = marks.page(db, plan_id=plan.id, before=before, limit=limit + 1)
    found = [
        Mark(row[0], plan.key, row[1], row[2], row[3], row[4], row[5], row[6], row[7])  # type: ignore[arg-type]
        for row in rows
    ]
    return paging.cut(found, limit, lambda one: (one.at.isoformat(), str(one.member_id)))
