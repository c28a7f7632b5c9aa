"""Why members may stay away, counted over everybody's scores."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID


def count(cursor: Any, *, brand_id: UUID, least: Decimal) -> tuple[int, int, list[tuple[str, int, float]]]:
    cursor.execute(
        """SELECT count(churn_60), count(*) FILTER (WHERE churn_60 >= %s)
             FROM member_score WHERE brand_id = %s""",
        [least, brand_id],
    )
    scored, at_risk = cursor.fetchone()
    cursor.execute(
        """SELECT r ->> 'code', count(DISTINCT s.member_id), avg((r ->> 'weight')::numeric)::float
             FROM member_score s, jsonb_array_elements(s.churn_reasons) AS r
            WHERE s.brand_id = %s AND s.churn_60 >= %s AND jsonb_typeof(s.churn_reasons) = 'array'
            GROUP BY 1 ORDER BY 2 DESC, 1""",
        [brand_id, least],
    )
    return scored, at_risk, cursor.fetchall()
