"""The door of member facts: read a member's row, write scores; facts are made by refresh and rebuild alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.audience.member_facts.store import reading, scores
from regulars.audience.member_facts.types import MemberKnown


def read(*, brand_id: UUID, member_id: UUID) -> MemberKnown | None:
    """What is known of one member; None for somebody who is not a member of the brand."""
    return read_many(brand_id=brand_id, member_ids=[member_id]).get(member_id)


def read_many(*, brand_id: UUID, member_ids: Sequence[UUID]) -> dict[UUID, MemberKnown]:
    """What is known of these members, by id, in one query."""
    with connection.cursor() as cursor:
        return reading.read(cursor, brand_id=brand_id, member_ids=member_ids)


def write_scores(
    *, brand_id: UUID, as_of: datetime, columns: Mapping[str, Sequence[Any]], member_ids: Sequence[UUID]
) -> int:
    """Write any subset of `types.SCORE_COLUMNS`, one value a member, set-based; gives how many rows were written.

    Columns may be lists, numpy or arrow arrays; None and NaN clear a score. Other columns stay as they are. Members
    who switched profiling off, or left, are left out. Up to 50 000 members are one transaction.

    Raises:
        ValueError: no such score, or a column is not as long as `member_ids`.
    """
    return scores.write(brand_id=brand_id, as_of=as_of, columns=columns, member_ids=member_ids)


def wipe_scores(*, brand_id: UUID, member_ids: Sequence[UUID]) -> int:
    """Forget every score of these members: they switched profiling off."""
    return scores.wipe(brand_id=brand_id, member_ids=member_ids)
