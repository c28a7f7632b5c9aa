"""Rewards with what is left of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array

_READ = """
    SELECT r.id, r.brand_id, r.state, r.definition, r.picture_id, r.on_offer_since, r.created_at, r.updated_at,
           CASE WHEN r.definition->>'kind' = 'virtual_code'
                THEN (SELECT count(*)::int FROM reward_code AS c WHERE c.reward_id = r.id)
                ELSE r.stock END,
           CASE WHEN r.definition->>'kind' = 'virtual_code'
                THEN (SELECT count(*)::int FROM reward_code AS c WHERE c.reward_id = r.id AND c.redemption_id IS NULL)
                WHEN r.stock IS NOT NULL
                THEN (SELECT coalesce(sum(s.remaining), 0)::int FROM reward_stock AS s
                       WHERE s.reward_id = r.id AND s.pool = 'all')
                END,
           (SELECT sum(s.remaining)::int FROM reward_stock AS s WHERE s.reward_id = r.id AND s.pool = %(today)s)
      FROM reward AS r
     WHERE r.brand_id = %(brand)s
       AND (%(ids)s::uuid[] IS NULL OR r.id = ANY(%(ids)s::uuid[]))
       AND (%(key)s::text IS NULL OR r.key = %(key)s)
       AND (%(states)s::text[] IS NULL OR r.state = ANY(%(states)s::text[]))
       AND (%(category)s::text IS NULL OR r.category = %(category)s)
     ORDER BY r.sort, r.key
     LIMIT 2000
"""


def read(
    cursor: Any,
    *,
    brand_id: UUID,
    today: str,
    ids: Sequence[UUID] | None = None,
    key: str | None = None,
    states: Sequence[str] | None = None,
    category: str | None = None,
) -> list[tuple[Any, ...]]:
    """(id, brand, state, definition, picture, on offer since, created, updated, stock, left, released left)."""
    cursor.execute(
        _READ,
        {
            "brand": brand_id, "today": today, "key": key, "category": category,
            "ids": None if ids is None else plain_array(ids),
            "states": None if states is None else plain_array(states),
        },
    )  # fmt: skip
    return list(cursor.fetchall())
