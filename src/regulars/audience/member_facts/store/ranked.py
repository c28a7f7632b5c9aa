"""Members in the order of one score."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from regulars.audience.member_facts.store.scores import TYPES


def ranked(
    cursor: Any,
    *,
    brand_id: UUID,
    score: str,
    highest_first: bool,
    at_least: Decimal | int | None,
    at_most: Decimal | int | None,
    after: tuple[Decimal, UUID] | None,
    limit: int,
) -> Sequence[tuple[UUID, Decimal | int]]:
    """Member and score, for those who have it and have not left; `after` is the last row seen."""
    kind = TYPES[score].partition("(")[0]  # a bound may be more than any score
    column = next(name for name in TYPES if name == score)  # ours, not what was asked
    order, beyond = ("DESC", "<") if highest_first else ("ASC", ">")
    where = [f"s.{column} IS NOT NULL", "m.status <> 'left'"]
    params: list[Any] = [brand_id]
    for bound, sign in ((at_least, ">="), (at_most, "<=")):
        if bound is not None:
            where.append(f"s.{column} {sign} %s::{kind}")
            params.append(bound)
    if after is not None:
        where.append(f"(s.{column}, s.member_id) {beyond} (%s::{kind}, %s::uuid)")
        params += after
    cursor.execute(
        f"""SELECT s.member_id, s.{column} FROM member_score AS s
              JOIN membership AS m ON m.member_id = s.member_id AND m.brand_id = s.brand_id
             WHERE s.brand_id = %s AND {" AND ".join(where)}
             ORDER BY s.{column} {order}, s.member_id {order} LIMIT %s""",
        [*params, limit],
    )
    found: Sequence[tuple[UUID, Decimal | int]] = cursor.fetchall()
    return found


def in_rfm(
    cursor: Any,
    *,
    brand_id: UUID,
    r: int | None,
    f: int | None,
    m: int | None,
    group: str | None,
    after: UUID | None,
    limit: int,
) -> list[UUID]:
    """Members with these RFM scores (those given), in the order of their ids."""
    cursor.execute(
        """SELECT s.member_id FROM member_score AS s
             JOIN membership AS k ON k.member_id = s.member_id AND k.brand_id = s.brand_id
            WHERE s.brand_id = %(brand)s AND k.status <> 'left' AND s.rfm_group IS NOT NULL
              AND (%(r)s::smallint IS NULL OR s.rfm_r = %(r)s) AND (%(f)s::smallint IS NULL OR s.rfm_f = %(f)s)
              AND (%(m)s::smallint IS NULL OR s.rfm_m = %(m)s) AND (%(group)s::text IS NULL OR s.rfm_group = %(group)s)
              AND (%(after)s::uuid IS NULL OR s.member_id > %(after)s)
            ORDER BY s.member_id LIMIT %(limit)s""",
        {"brand": brand_id, "r": r, "f": f, "m": m, "group": group, "after": after, "limit": limit},
    )
    return [row[0] for row in cursor.fetchall()]
