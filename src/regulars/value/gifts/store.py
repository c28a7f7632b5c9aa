"""Every query of gifts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array, text_array
from regulars.value.gifts.types import GiftRow, Tally

_COLUMNS = """member_id, brand_id, key, source, state, rewards, given, refused, budget, cost, given_at, taken_back_at,
              reason"""


def insert(cursor: Any, rows: Sequence[GiftRow]) -> set[tuple[UUID, str]]:
    """Add gifts that are not there; gives those that are new, by member and key."""
    if not rows:
        return set()
    ordered = sorted(rows, key=lambda row: (row.member_id, row.key))
    cursor.execute(
        """INSERT INTO gift (member_id, brand_id, key, source, state, rewards, given, refused, budget, cost, given_at)
           SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::jsonb[],
                                %s::jsonb[], %s::text[], %s::bigint[], %s::timestamptz[])
           ON CONFLICT DO NOTHING RETURNING member_id, key""",
        [
            plain_array(row.member_id for row in ordered),
            plain_array(row.brand_id for row in ordered),
            text_array(row.key for row in ordered),
            text_array(row.source for row in ordered),
            text_array(row.state for row in ordered),
            text_array(json.dumps(row.rewards) for row in ordered),
            text_array(json.dumps(row.given) for row in ordered),
            text_array(json.dumps(row.refused) for row in ordered),
            text_array(row.budget for row in ordered),
            plain_array(row.cost for row in ordered),
            [row.given_at for row in ordered],
        ],
    )
    return set(cursor.fetchall())


def settle(cursor: Any, rows: Sequence[GiftRow]) -> None:
    """Write what became of gifts that were just added."""
    if rows:
        cursor.execute(
            """UPDATE gift AS g SET state = v.state, given = v.given, refused = v.refused, cost = v.cost
                 FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::jsonb[], %s::jsonb[], %s::bigint[])
                      AS v(member_id, brand_id, key, state, given, refused, cost)
                WHERE g.member_id = v.member_id AND g.brand_id = v.brand_id AND g.key = v.key""",
            [
                plain_array(row.member_id for row in rows),
                plain_array(row.brand_id for row in rows),
                text_array(row.key for row in rows),
                text_array(row.state for row in rows),
                text_array(json.dumps(row.given) for row in rows),
                text_array(json.dumps(row.refused) for row in rows),
                plain_array(row.cost for row in rows),
            ],
        )


def read(
    cursor: Any, *, brand_id: UUID, pairs: Sequence[tuple[UUID, str]], lock: bool = False
) -> dict[tuple[UUID, str], GiftRow]:
    """Gifts by member and key, locked in the order of their keys if so wanted."""
    if not pairs:
        return {}
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM gift
             WHERE brand_id = %s
               AND (member_id, key) IN (SELECT * FROM unnest(%s::uuid[], %s::text[]))
             ORDER BY member_id, key {"FOR NO KEY UPDATE" if lock else ""}""",
        [brand_id, plain_array(pair[0] for pair in pairs), text_array(pair[1] for pair in pairs)],
    )
    return {(row[0], row[2]): _row(row) for row in cursor.fetchall()}


def set_back(
    cursor: Any, *, brand_id: UUID, pairs: Sequence[tuple[UUID, str]], reason: str, now: datetime
) -> None:
    if pairs:
        cursor.execute(
            """UPDATE gift AS g SET state = 'taken_back', taken_back_at = %s, reason = %s
                 FROM unnest(%s::uuid[], %s::text[]) AS v(member_id, key)
                WHERE g.member_id = v.member_id AND g.brand_id = %s AND g.key = v.key""",
            [
                now, reason, plain_array(pair[0] for pair in pairs), text_array(pair[1] for pair in pairs), brand_id,
            ],
        )  # fmt: skip


def tally(cursor: Any, *, brand_id: UUID, sources: Iterable[str]) -> dict[str, Tally]:
    cursor.execute(
        """SELECT source, count(*) FILTER (WHERE state IN ('given', 'partly', 'taken_back')),
                  coalesce(sum(cost), 0)::bigint, count(*) FILTER (WHERE state = 'taken_back'),
                  coalesce(sum(cost) FILTER (WHERE state = 'taken_back'), 0)::bigint
             FROM gift WHERE brand_id = %s AND source = ANY(%s::text[]) GROUP BY source""",
        [brand_id, text_array(sources)],
    )
    return {row[0]: Tally(*row[1:]) for row in cursor.fetchall()}


def of_member(cursor: Any, *, brand_id: UUID, member_id: UUID, prefix: str, limit: int) -> list[GiftRow]:
    """A member's gifts whose source begins so, newest first."""
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM gift WHERE member_id = %s AND brand_id = %s AND starts_with(source, %s)
             ORDER BY given_at DESC, key LIMIT %s""",
        [member_id, brand_id, prefix, limit],
    )
    return [_row(row) for row in cursor.fetchall()]


def _row(row: Sequence[Any]) -> GiftRow:
    values = list(row)
    for place in (5, 6, 7):
        if isinstance(values[place], str):
            values[place] = json.loads(values[place])
    return GiftRow(*values)
