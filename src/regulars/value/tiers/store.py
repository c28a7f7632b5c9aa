"""Every query of the tier history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.ids import new_ids
from regulars.kit.sql import plain_array, text_array, time_array
from regulars.value.tiers.types import MemberMove, TierHistoryRow

_COLUMNS = (
    "id, member_id, scheme, previous, tier, reason, comment, ends_at, activity_id, actor, occurred_at, "
    "recorded_at"
)

_INSERT = """
    INSERT INTO tier_change (member_id, id, brand_id, scheme, previous, tier, reason, comment, ends_at,
    activity_id,
                             actor, occurred_at, recorded_at)
    SELECT v.member_id, v.id, %s, v.scheme, v.previous, v.tier, v.reason, v.comment, v.ends_at, v.activity_id,
           v.actor, v.occurred_at, %s
      FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                  %s::timestamptz[], %s::uuid[], %s::text[], %s::timestamptz[])
           AS v(member_id, id, scheme, previous, tier, reason, comment, ends_at, activity_id, actor,
           occurred_at)
"""


def insert(cursor: Any, *, brand_id: UUID, moves: Sequence[MemberMove], now: datetime) -> None:
    """Append moves in their order, in one statement."""
    if not moves:
        return
    of = [m.move for m in moves]
    cursor.execute(
        _INSERT,
        [
            brand_id,
            now,
            plain_array(m.member_id for m in moves),
            plain_array(new_ids(len(moves))),
            text_array(m.scheme for m in of),
            text_array(m.previous for m in of),
            text_array(m.tier for m in of),
            text_array(m.reason for m in of),
            text_array(m.comment for m in of),
            time_array(m.ends_at for m in of),
            plain_array(m.activity_id for m in moves),
            text_array(m.actor for m in of),
            time_array(m.occurred_at for m in of),
        ],
    )


def timelines(cursor: Any, *, brand_id: UUID, member_ids: Sequence[UUID]) -> dict[UUID, list[TierHistoryRow]]:
    """All rows of members, oldest first; of one instant in the order in which they were written."""
    cursor.execute(
        f"""SELECT member_id, {_COLUMNS} FROM tier_change
             WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s ORDER BY member_id, occurred_at, id""",
        [plain_array(member_ids), brand_id],
    )
    found: dict[UUID, list[TierHistoryRow]] = {member_id: [] for member_id in member_ids}
    for member_id, *row in cursor.fetchall():
        found[member_id].append(TierHistoryRow(*row))
    return found


def history(
    cursor: Any,
    *,
    brand_id: UUID,
    member_id: UUID,
    scheme: str | None,
    before: tuple[str, str] | None,
    limit: int,
) -> list[TierHistoryRow]:
    """Rows of a member, newest first, from below the sort key (instant, id) of the last row seen."""
    where, values = "", [member_id, brand_id]
    parameters: list[Any] = [*values]
    if scheme is not None:
        where += " AND scheme = %s"
        parameters.append(scheme)
    if before is not None:
        where += " AND (occurred_at, id) < (%s::timestamptz, %s::uuid)"
        parameters += before
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM tier_change WHERE member_id = %s AND brand_id = %s{where}
             ORDER BY occurred_at DESC, id DESC LIMIT %s""",
        [*parameters, limit],
    )
    return [TierHistoryRow(*row) for row in cursor.fetchall()]


def as_of(
    cursor: Any,
    *,
    brand_id: UUID,
    scheme: str,
    member_ids: Iterable[UUID],
    at: datetime,
    known_at: datetime | None = None,
) -> dict[UUID, TierHistoryRow]:
    """The row that holds at `at`: of the rows up to then (and recorded by `known_at`) the latest, and of those of one
    instant the newest."""
    columns = ", ".join(f"c.{name}" for name in _COLUMNS.split(", "))
    cursor.execute(
        f"""SELECT {columns}
              FROM unnest(%s::uuid[]) AS m(member_id)
             CROSS JOIN LATERAL (
                   SELECT * FROM tier_change AS t
                    WHERE t.brand_id = %s AND t.scheme = %s AND t.member_id = m.member_id
                      AND t.occurred_at <= %s AND (%s::timestamptz IS NULL OR t.recorded_at <= %s)
                    ORDER BY t.occurred_at DESC, t.id DESC LIMIT 1) AS c""",
        [plain_array(member_ids), brand_id, scheme, at, known_at, known_at],
    )
    return {row[1]: TierHistoryRow(*row) for row in cursor.fetchall()}


def count_at(cursor: Any, *, brand_id: UUID, scheme: str, at: datetime) -> dict[str, int]:
    """Members per tier at an instant: one ordered read of `tier_change_as_of`."""
    cursor.execute(
        """SELECT tier, count(*)
             FROM (SELECT DISTINCT ON (member_id) tier FROM tier_change
                    WHERE brand_id = %s AND scheme = %s AND occurred_at <= %s
                    ORDER BY member_id, occurred_at DESC, id DESC) AS held
            GROUP BY tier""",
        [brand_id, scheme, at],
    )
    return dict(cursor.fetchall())


def count_at_each(
    cursor: Any, *, brand_id: UUID, scheme: str, instants: Sequence[datetime]
) -> list[tuple[datetime, str, int]]:
    """Members per tier at each of the instants, which ascend: one read of the history for all of them.

    Each member's history becomes spans of one tier each; a span adds one to its tier where it begins and
    takes it away where it ends, and the running sum of those is the count.
    """
    cursor.execute(
        """WITH told AS (
               SELECT member_id, occurred_at, tier,
                      lead(occurred_at) OVER (PARTITION BY member_id ORDER BY occurred_at, id) AS until
                 FROM tier_change
                WHERE brand_id = %s AND scheme = %s AND occurred_at <= %s),
           steps AS (
               SELECT tier, occurred_at AS at, 1 AS n FROM told WHERE until IS NULL OR until > occurred_at
               UNION ALL
               SELECT tier, until, -1 FROM told WHERE until > occurred_at),
           slots AS (
               SELECT width_bucket(at - interval '1 microsecond', %s::timestamptz[]) AS slot, tier, sum(n) AS
               n
                 FROM steps GROUP BY 1, 2),
           days AS (SELECT at, ordinality - 1 AS slot FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS d(at,
           ordinality)) SELECT days.at, slots.tier, sum(slots.n)::bigint
             FROM days JOIN slots ON slots.slot <= days.slot
            GROUP BY days.at, slots.tier
           HAVING sum(slots.n) <> 0
            ORDER BY days.at, slots.tier""",
        [brand_id, scheme, instants[-1], time_array(instants), time_array(instants)],
    )
    return list(cursor.fetchall())


def moves_by_day(
    cursor: Any, *, brand_id: UUID, scheme: str, since: datetime, until: datetime, tz: str
) -> list[tuple[Any, str, str, int]]:
    """Moves between tiers per business day: (day, previous, tier, members); the kept and the entered left
    out."""
    cursor.execute(
        """SELECT (occurred_at AT TIME ZONE %s)::date AS day, previous, tier, count(*)
             FROM tier_change
            WHERE brand_id = %s AND scheme = %s AND occurred_at >= %s AND occurred_at < %s
              AND previous <> tier AND previous <> ''
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
        [tz, brand_id, scheme, since, until],
    )
    return list(cursor.fetchall())


_DAYS = """count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY days),
           percentile_disc(0.25) WITHIN GROUP (ORDER BY days), percentile_disc(0.75) WITHIN GROUP (ORDER BY days)"""


def reached(cursor: Any, *, brand_id: UUID, scheme: str) -> list[tuple[str, int, int, int, int]]:
    """By tier: members who ever reached it by themselves, days from joining (median, quartiles)."""
    cursor.execute(
        f"""WITH joined AS (
                SELECT member_id, min(occurred_at) AS at FROM tier_change
                 WHERE brand_id = %s AND scheme = %s GROUP BY member_id),
            firsts AS (
                SELECT member_id, tier, min(occurred_at) AS at FROM tier_change
                 WHERE brand_id = %s AND scheme = %s AND reason IN ('upgraded', 'step') GROUP BY member_id, tier),
            spans AS (
                SELECT f.tier, floor(extract(epoch FROM f.at - j.at) / 86400)::int AS days
                  FROM firsts AS f JOIN joined AS j USING (member_id))
            SELECT tier, {_DAYS} FROM spans GROUP BY tier""",
        [brand_id, scheme, brand_id, scheme],
    )
    return list(cursor.fetchall())


def climbs(cursor: Any, *, brand_id: UUID, scheme: str) -> list[tuple[str, str, int, int, int, int]]:
    """By previous tier and tier: upgrades, days spent in the previous one (median, quartiles)."""
    cursor.execute(
        f"""WITH moves AS (
                SELECT previous, tier, reason, occurred_at,
                       lag(occurred_at) OVER (PARTITION BY member_id ORDER BY occurred_at, id) AS since
                  FROM tier_change
                 WHERE brand_id = %s AND scheme = %s AND (previous <> tier OR previous = '')),
            spans AS (
                SELECT previous, tier, floor(extract(epoch FROM occurred_at - since) / 86400)::int AS days
                  FROM moves WHERE reason IN ('upgraded', 'step') AND since IS NOT NULL)
            SELECT previous, tier, {_DAYS} FROM spans GROUP BY previous, tier""",
        [brand_id, scheme],
    )
    return list(cursor.fetchall())
