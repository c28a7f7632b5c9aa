"""Every query of benefit uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from regulars.kit.asks import Ask
from regulars.kit.sql import plain_array, text_array, time_array
from regulars.value.benefits.types import BenefitUseRow, GrantRow, NewGrant, NewUse

_COLUMNS = "id, member_id, benefit, period, store_id, actor, used_at, undone_at"

# A use takes the lowest free slot (of n taken slots one of 0 … n is free), below the quota if there is one. Whoever
# wants a slot that is just being taken waits for the other's commit and gets nothing; two uses of one slot cannot
# exist, so neither can a use beyond the quota.
_TAKE = f"""
    WITH taken AS (
        SELECT slot FROM benefit_use
         WHERE member_id = %(member)s AND brand_id = %(brand)s AND benefit = %(benefit)s AND period = %(period)s
           AND undone_at IS NULL)
    INSERT INTO benefit_use (member_id, id, brand_id, benefit, period, slot, key, store_id, actor, used_at)
    SELECT %(member)s, %(id)s, %(brand)s, %(benefit)s, %(period)s, free.slot, %(key)s, %(store)s, %(actor)s, %(now)s
      FROM (SELECT s AS slot FROM generate_series(0, (SELECT count(*)::int FROM taken)) AS s
             WHERE s NOT IN (SELECT slot FROM taken)
             ORDER BY s LIMIT 1) AS free
     WHERE %(quota)s::int IS NULL OR ((SELECT count(*) FROM taken) < %(quota)s AND free.slot < %(quota)s)
    ON CONFLICT DO NOTHING
    RETURNING {_COLUMNS}
"""


def take(
    cursor: Any,
    *,
    id_: UUID,
    brand_id: UUID,
    member_id: UUID,
    benefit: str,
    period: str,
    quota: int | None,
    key: str,
    store_id: UUID | None,
    actor: str,
    now: datetime,
) -> BenefitUseRow | None:
    """Take a slot; None if none was free, if another took it at the same moment, or if the key was used before."""
    cursor.execute(
        _TAKE,
        {
            "id": id_, "brand": brand_id, "member": member_id, "benefit": benefit, "period": period,
            "quota": quota, "key": key, "store": store_id, "actor": actor, "now": now,
        },
    )  # fmt: skip
    row = cursor.fetchone()
    return BenefitUseRow(*row) if row else None


# As `_TAKE`, for many that differ in member or benefit.
_TAKE_ROWS = """
    INSERT INTO benefit_use (member_id, id, brand_id, benefit, period, slot, key, store_id, actor, used_at)
    SELECT v.member_id, v.id, %(brand)s, v.benefit, v.period, free.slot, v.key, v.store_id, %(actor)s, %(now)s
      FROM unnest(%(members)s::uuid[], %(ids)s::uuid[], %(benefits)s::text[], %(periods)s::text[], %(quotas)s::int[],
                  %(keys)s::text[], %(stores)s::uuid[])
           AS v(member_id, id, benefit, period, quota, key, store_id)
     CROSS JOIN LATERAL (
           SELECT array_agg(u.slot) AS slots, count(*)::int AS n FROM benefit_use AS u
            WHERE u.member_id = v.member_id AND u.brand_id = %(brand)s AND u.benefit = v.benefit
              AND u.period = v.period AND u.undone_at IS NULL) AS taken
     CROSS JOIN LATERAL (
           SELECT s AS slot FROM generate_series(0, taken.n) AS s
            WHERE taken.slots IS NULL OR s <> ALL (taken.slots)
            ORDER BY s LIMIT 1) AS free
     WHERE taken.n < v.quota AND free.slot < v.quota
    ON CONFLICT DO NOTHING
    RETURNING id
"""


def take_rows(
    cursor: Any, *, brand_id: UUID, rows: Sequence[tuple[NewUse, str, int]], actor: str, now: datetime
) -> set[UUID]:
    """Take a slot for each use of (use, period, quota); returns the ids of those for which one was free."""
    cursor.execute(
        _TAKE_ROWS,
        {
            "brand": brand_id,
            "actor": actor,
            "now": now,
            "members": plain_array(use.member_id for use, _, _ in rows),
            "ids": plain_array(use.id for use, _, _ in rows),
            "benefits": text_array(use.benefit for use, _, _ in rows),
            "periods": text_array(period for _, period, _ in rows),
            "quotas": plain_array(quota for _, _, quota in rows),
            "keys": text_array(use.key for use, _, _ in rows),
            "stores": plain_array(use.store_id for use, _, _ in rows),
        },
    )
    return {row[0] for row in cursor.fetchall()}


def count_used(
    cursor: Any, *, brand_id: UUID, member_id: UUID, periods: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Uses that stand, by (benefit, period)."""
    cursor.execute(
        """SELECT u.benefit, u.period, count(*)
             FROM benefit_use AS u
             JOIN unnest(%s::text[], %s::text[]) AS v(benefit, period) USING (benefit, period)
            WHERE u.member_id = %s AND u.brand_id = %s AND u.undone_at IS NULL
            GROUP BY 1, 2""",
        [text_array(b for b, _ in periods), text_array(p for _, p in periods), member_id, brand_id],
    )
    return {(benefit, period): n for benefit, period, n in cursor.fetchall()}


_ASK_USED = """
    SELECT json_agg(json_build_array(member_id, benefit, period, n))::text
      FROM (SELECT u.member_id, u.benefit, u.period, count(*) AS n
              FROM benefit_use AS u
              JOIN unnest(%s::text[], %s::text[]) AS v(benefit, period) USING (benefit, period)
             WHERE u.member_id = ANY(%s::uuid[]) AND u.brand_id = %s AND u.undone_at IS NULL
             GROUP BY 1, 2, 3) AS used
"""
_ASK_GRANTED = """
    SELECT json_agg(json_build_array(member_id, benefit, uses - used))::text
      FROM (SELECT g.member_id, g.benefit, g.uses,
                   (SELECT count(*)::int FROM benefit_use AS u
                     WHERE u.member_id = g.member_id AND u.brand_id = g.brand_id AND u.benefit = g.benefit
                       AND u.period = 'grant:' || g.id::text AND u.undone_at IS NULL) AS used
              FROM benefit_grant AS g
             WHERE g.member_id = ANY(%s::uuid[]) AND g.brand_id = %s AND g.ended_at IS NULL AND g.until > %s) AS open
     WHERE used < uses
"""
_asked_used = msgspec.json.Decoder(list[tuple[UUID, str, str, int]])
_asked_granted = msgspec.json.Decoder(list[tuple[UUID, str, int]])


def ask_used(
    *, brand_id: UUID, member_ids: Iterable[UUID], periods: Sequence[tuple[str, str]]
) -> Ask[dict[UUID, dict[str, int]]]:
    """Uses that stand in these (benefit, period), by member and benefit."""
    values = (
        text_array(b for b, _ in periods),
        text_array(p for _, p in periods),
        plain_array(member_ids),
        brand_id,
    )
    return Ask(_ASK_USED, values, _read_used)


def _read_used(text: str | None) -> dict[UUID, dict[str, int]]:
    found: dict[UUID, dict[str, int]] = {}
    for member_id, benefit, _, n in _asked_used.decode(text) if text else ():
        found.setdefault(member_id, {})[benefit] = n
    return found


def ask_granted(
    *, brand_id: UUID, member_ids: Iterable[UUID], now: datetime
) -> Ask[dict[UUID, dict[str, int]]]:
    """Uses that grants have left, by member and benefit."""
    return Ask(_ASK_GRANTED, (plain_array(member_ids), brand_id, now), _read_granted)


def _read_granted(text: str | None) -> dict[UUID, dict[str, int]]:
    found: dict[UUID, dict[str, int]] = {}
    for member_id, benefit, left in _asked_granted.decode(text) if text else ():
        mine = found.setdefault(member_id, {})
        mine[benefit] = mine.get(benefit, 0) + left
    return found


def by_key(cursor: Any, *, brand_id: UUID, member_id: UUID, key: str) -> BenefitUseRow | None:
    cursor.execute(
        f"SELECT {_COLUMNS} FROM benefit_use WHERE member_id = %s AND brand_id = %s AND key = %s",
        [member_id, brand_id, key],
    )
    row = cursor.fetchone()
    return BenefitUseRow(*row) if row else None


def lock_use(cursor: Any, *, brand_id: UUID, member_id: UUID, use_id: UUID) -> BenefitUseRow | None:
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM benefit_use WHERE member_id = %s AND id = %s AND brand_id = %s
               FOR NO KEY UPDATE""",
        [member_id, use_id, brand_id],
    )
    row = cursor.fetchone()
    return BenefitUseRow(*row) if row else None


def set_undone(cursor: Any, *, member_id: UUID, use_id: UUID, now: datetime) -> None:
    cursor.execute(
        "UPDATE benefit_use SET undone_at = %s WHERE member_id = %s AND id = %s", [now, member_id, use_id]
    )


def list_uses(
    cursor: Any,
    *,
    brand_id: UUID,
    member_id: UUID,
    benefit: str | None,
    before: tuple[str, str] | None,
    limit: int,
) -> list[BenefitUseRow]:
    """Uses newest first, from below the sort key (instant, id) of the last row seen."""
    where = " AND benefit = %s" if benefit is not None else ""
    where += " AND (used_at, id) < (%s::timestamptz, %s::uuid)" if before else ""
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM benefit_use WHERE member_id = %s AND brand_id = %s{where}
             ORDER BY used_at DESC, id DESC LIMIT %s""",
        [member_id, brand_id, *([benefit] if benefit is not None else []), *(before or ()), limit],
    )
    return [BenefitUseRow(*row) for row in cursor.fetchall()]


_GRANT = (
    "g.id, g.member_id, g.benefit, g.uses, g.source, g.reason, g.actor, g.granted_at, g.until, g.ended_at"
)
_USED = """(SELECT count(*)::int FROM benefit_use AS u
             WHERE u.member_id = g.member_id AND u.brand_id = g.brand_id AND u.benefit = g.benefit
               AND u.period = 'grant:' || g.id::text AND u.undone_at IS NULL)"""


def add_grants(cursor: Any, *, brand_id: UUID, grants: Sequence[NewGrant], now: datetime) -> None:
    """Grants that are there already stay as they are."""
    cursor.execute(
        """INSERT INTO benefit_grant (member_id, id, brand_id, benefit, uses, source, reason, actor, granted_at, until)
           SELECT v.member_id, v.id, %s, v.benefit, v.uses, v.source, v.reason, v.actor, %s, v.until
             FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[],
                         %s::timestamptz[])
                  AS v(member_id, id, benefit, uses, source, reason, actor, until)
           ON CONFLICT DO NOTHING""",
        [
            brand_id,
            now,
            plain_array(g.member_id for g in grants),
            plain_array(g.id for g in grants),
            text_array(g.benefit for g in grants),
            plain_array(g.uses for g in grants),
            text_array(g.source for g in grants),
            text_array(g.reason for g in grants),
            text_array(g.actor for g in grants),
            time_array(g.until for g in grants),
        ],
    )


def open_grants(
    cursor: Any,
    *,
    brand_id: UUID,
    member_id: UUID,
    now: datetime,
    benefit: str | None = None,
    lock: bool = False,
) -> list[GrantRow]:
    """Grants that can be used now, the one that ends first at the front."""
    cursor.execute(
        f"""SELECT {_GRANT}, {_USED} FROM benefit_grant AS g
             WHERE g.member_id = %s AND g.brand_id = %s AND g.ended_at IS NULL AND g.until > %s
               AND (%s::text IS NULL OR g.benefit = %s)
             ORDER BY g.until, g.id {"FOR NO KEY UPDATE OF g" if lock else ""}""",
        [member_id, brand_id, now, benefit, benefit],
    )
    return [GrantRow(*row) for row in cursor.fetchall()]


def list_grants(cursor: Any, *, brand_id: UUID, member_id: UUID, limit: int) -> list[GrantRow]:
    """Grants newest first, those that are over included."""
    cursor.execute(
        f"""SELECT {_GRANT}, {_USED} FROM benefit_grant AS g WHERE g.member_id = %s AND g.brand_id = %s
             ORDER BY g.granted_at DESC, g.id DESC LIMIT %s""",
        [member_id, brand_id, limit],
    )
    return [GrantRow(*row) for row in cursor.fetchall()]


def end_grants(cursor: Any, *, brand_id: UUID, ids: Sequence[tuple[UUID, UUID]], now: datetime) -> int:
    """End grants (member, id) that have not ended; what was used of them stands."""
    cursor.execute(
        """UPDATE benefit_grant AS g SET ended_at = %s
             FROM unnest(%s::uuid[], %s::uuid[]) AS v(member_id, id)
            WHERE g.member_id = v.member_id AND g.id = v.id AND g.brand_id = %s AND g.ended_at IS NULL""",
        [now, plain_array(m for m, _ in ids), plain_array(i for _, i in ids), brand_id],
    )
    return int(cursor.rowcount)
