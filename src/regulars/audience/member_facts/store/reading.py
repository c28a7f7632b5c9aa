"""Reading facts and scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from regulars.audience.member_facts.types import FACT_COLUMNS, SCORE_COLUMNS, MemberKnown
from regulars.kit.sql import plain_array

_SELECT = f"""
    SELECT m.member_id, f.as_of, {", ".join(f"f.{c}" for c in FACT_COLUMNS)},
           s.as_of, {", ".join(f"s.{c}" for c in SCORE_COLUMNS)}
      FROM membership m
      LEFT JOIN member_fact f ON f.member_id = m.member_id AND f.brand_id = m.brand_id
      LEFT JOIN member_score s ON s.member_id = m.member_id AND s.brand_id = m.brand_id
     WHERE m.brand_id = %s AND m.member_id = ANY(%s::uuid[])
"""


def read(cursor: Any, *, brand_id: UUID, member_ids: Sequence[UUID]) -> dict[UUID, MemberKnown]:
    cursor.execute(_SELECT, [brand_id, plain_array(member_ids)])
    found = {}
    middle = 2 + len(FACT_COLUMNS)
    for row in cursor.fetchall():
        facts_at, scores_at = row[1], row[middle]
        found[row[0]] = MemberKnown(
            member_id=row[0],
            facts=dict(zip(FACT_COLUMNS, row[2:middle], strict=True)) if facts_at else None,
            facts_at=facts_at,
            scores=_scores(row[middle + 1 :]) if scores_at else None,
            scores_at=scores_at,
        )
    return found


def _scores(values: Sequence[Any]) -> dict[str, Any]:
    scores = dict(zip(SCORE_COLUMNS, values, strict=True))
    if isinstance(scores["churn_reasons"], str):
        scores["churn_reasons"] = msgspec.json.decode(scores["churn_reasons"])
    return scores
