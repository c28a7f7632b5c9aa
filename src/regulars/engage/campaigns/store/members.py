"""Who is in a run, in which arm, and what became of her: sets of rows, never one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.engage.campaigns.policy.testing import Moments
from regulars.engage.campaigns.types import HOLDOUT, Ended, InRun, Waiting
from regulars.kit.ids import first_id_at
from regulars.kit.sql import plain_array, text_array
from regulars.kit.text import Text

# Left out of what a run is judged by: chance alone (the hashed order) decided that their turn never came.
NOT_REACHED = ("budget_used_up", "cancelled")
Row = tuple[UUID, int, int, str, str, str]


def add(cursor: Any, *, run_id: UUID, brand_id: UUID, rows: Sequence[Row], now: datetime) -> int:
    """Rows of (member, place, wave, arm, state, reason); who is in already stays as she is."""
    cursor.execute(
        """INSERT INTO campaign_member (member_id, run_id, brand_id, place, wave, arm, stratum, state, reason, value,
                                        listed_at)
           SELECT v.member_id, %s, %s, v.place, v.wave, v.arm, '', v.state, v.reason, 0, %s
             FROM unnest(%s::uuid[], %s::int[], %s::smallint[], %s::text[], %s::text[], %s::text[])
                  AS v(member_id, place, wave, arm, state, reason)
            ORDER BY v.member_id
           ON CONFLICT (member_id, run_id) DO NOTHING""",
        [
            run_id,
            brand_id,
            now,
            plain_array(one[0] for one in rows),
            plain_array(one[1] for one in rows),
            plain_array(one[2] for one in rows),
            text_array(one[3] for one in rows),
            text_array(one[4] for one in rows),
            text_array(one[5] for one in rows),
        ],
    )
    return int(cursor.rowcount)


def keep_first(cursor: Any, *, run_id: UUID, count: int) -> int:
    """Only the first `count` by place stay: a sample of so many. Gives how many went."""
    cursor.execute(
        """DELETE FROM campaign_member c USING (
               SELECT member_id FROM campaign_member WHERE run_id = %s ORDER BY place, member_id OFFSET %s) x
            WHERE c.run_id = %s AND c.member_id = x.member_id""",
        [run_id, count, run_id],
    )
    return int(cursor.rowcount)


def stratify(cursor: Any, *, run_id: UUID, brand_id: UUID, by: str, percent: int) -> None:
    """Hold out the same share of every group of `by`: within each, the first by place. A group of nobody known is one
    as well; parts of a person are carried from group to group so that the whole is right."""
    column = {"value_decile": "s.value_decile::text", "rfm_group": "s.rfm_group"}[by]
    cursor.execute(
        f"""WITH known AS (
                SELECT c.member_id, coalesce({column}, '') AS stratum, c.place FROM campaign_member c
                  LEFT JOIN member_score s ON s.member_id = c.member_id AND s.brand_id = %(brand)s
                 WHERE c.run_id = %(run)s AND c.state = 'pending'),
            turned AS (
                SELECT member_id, stratum, row_number() OVER (ORDER BY stratum, place, member_id) AS n FROM known),
            bounds AS (SELECT stratum, min(n) - 1 AS before, max(n) AS until FROM turned GROUP BY stratum)
            UPDATE campaign_member c
               SET stratum = t.stratum,
                   arm = CASE WHEN x.held THEN %(holdout)s ELSE c.arm END,
                   wave = CASE WHEN x.held THEN 1 ELSE c.wave END,
                   state = CASE WHEN x.held THEN 'held' ELSE c.state END,
                   reason = CASE WHEN x.held THEN 'holdout' ELSE c.reason END
              FROM turned t JOIN bounds b ON b.stratum = t.stratum,
                   LATERAL (SELECT t.n - b.before
                                  <= b.until * %(percent)s / 100 - b.before * %(percent)s / 100 AS held) x
             WHERE c.run_id = %(run)s AND c.member_id = t.member_id""",
        {"run": run_id, "brand": brand_id, "percent": percent, "holdout": HOLDOUT},
    )


def next_waiting(cursor: Any, *, run_id: UUID, wave: int, limit: int) -> list[Waiting]:
    """Whose turn it is, in the hashed order."""
    cursor.execute(
        """SELECT member_id, arm, place FROM campaign_member
            WHERE run_id = %s AND wave = %s AND state = 'pending' ORDER BY place, member_id LIMIT %s""",
        [run_id, wave, limit],
    )
    return [Waiting(*row) for row in cursor.fetchall()]


def move(cursor: Any, *, run_id: UUID, ended: Sequence[Ended], now: datetime) -> int:
    """Write what became of members; who has an outcome already keeps it."""
    cursor.execute(
        """UPDATE campaign_member c SET arm = v.arm, state = v.state, reason = v.reason, value = v.value, moved_at = %s
             FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::bigint[])
                  AS v(member_id, arm, state, reason, value)
            WHERE c.run_id = %s AND c.member_id = v.member_id AND c.state IN ('pending', 'asked')""",
        [
            now,
            plain_array(one.member_id for one in ended),
            text_array(one.arm for one in ended),
            text_array(one.state for one in ended),
            text_array(one.reason for one in ended),
            plain_array(one.value for one in ended),
            run_id,
        ],
    )
    return int(cursor.rowcount)


def skip_waiting(cursor: Any, *, run_id: UUID, reason: str, now: datetime) -> int:
    """Everybody whose turn has not come gets nothing."""
    cursor.execute(
        """UPDATE campaign_member SET state = 'skipped', reason = %s, moved_at = %s
            WHERE run_id = %s AND state = 'pending'""",
        [reason, now, run_id],
    )
    return int(cursor.rowcount)


def all_sent(cursor: Any, *, run_id: UUID, at: datetime) -> int:
    """Everybody who waits was sent hers at that instant: of what happened elsewhere."""
    cursor.execute(
        """UPDATE campaign_member SET state = 'sent', moved_at = %s WHERE run_id = %s AND state = 'pending'""",
        [at, run_id],
    )
    return int(cursor.rowcount)


def next_asked(cursor: Any, *, run_id: UUID, after: UUID | None, limit: int) -> list[tuple[UUID, str, int]]:
    """(member, arm, value) of those whose message has no outcome yet, by id."""
    cursor.execute(
        """SELECT member_id, arm, value FROM campaign_member
            WHERE run_id = %s AND state = 'asked' AND (%s::uuid IS NULL OR member_id > %s::uuid)
            ORDER BY member_id LIMIT %s""",
        [run_id, after, after, limit],
    )
    return list(cursor.fetchall())


def counts(cursor: Any, *, run_id: UUID) -> dict[str, dict[str, int]]:
    """Members by arm, then by state (with its reason where it has one)."""
    cursor.execute(
        """SELECT CASE WHEN arm = '' THEN 'rest' ELSE arm END,
                  state || CASE WHEN reason = '' THEN '' ELSE ':' || reason END, count(*)
             FROM campaign_member WHERE run_id = %s GROUP BY 1, 2 ORDER BY 1, 2""",
        [run_id],
    )
    found: dict[str, dict[str, int]] = {}
    for arm, state, count in cursor.fetchall():
        found.setdefault(arm, {})[state] = count
    return found


def moments(
    cursor: Any, *, run_id: UUID, brand_id: UUID, arms: Sequence[str], since: datetime, until: datetime
) -> dict[str, Moments]:
    """What the first wave's arms ordered from `since` up to `until`: the figures that the winner is judged by."""
    cursor.execute(
        """SELECT c.arm, count(*), count(*) FILTER (WHERE o.orders > 0), coalesce(sum(o.money), 0)::bigint,
                  coalesce(sum(o.money::numeric * o.money), 0)
             FROM campaign_member c
            CROSS JOIN LATERAL (
                 SELECT count(*) AS orders, coalesce(sum(a.amount), 0)::bigint AS money FROM activity a
                  WHERE a.member_id = c.member_id AND a.brand_id = %s AND a.type = 'order' AND a.id >= %s
                    AND a.occurred_at >= %s AND a.occurred_at < %s) o
            WHERE c.run_id = %s AND c.wave = 1 AND c.arm = ANY(%s::text[]) AND c.reason <> ALL(%s::text[])
            GROUP BY 1""",
        [brand_id, first_id_at(since), since, until, run_id, text_array(arms), text_array(NOT_REACHED)],
    )
    found = {row[0]: Moments(row[1], row[2], row[3], int(row[4])) for row in cursor.fetchall()}
    return {arm: found.get(arm, Moments(0, 0, 0, 0)) for arm in arms}


def page(
    cursor: Any, *, run_id: UUID, state: str, reason: str, arm: str, after: UUID | None, limit: int
) -> list[tuple[UUID, str, str, str, int, datetime]]:
    """(member, arm, state, reason, value, when) by id; an empty word asks nothing."""
    cursor.execute(
        """SELECT member_id, arm, state, reason, value, coalesce(moved_at, listed_at) FROM campaign_member
            WHERE run_id = %(run)s AND (%(state)s = '' OR state = %(state)s)
              AND (%(reason)s = '' OR reason = %(reason)s)
              AND (%(arm)s = '' OR arm = %(arm)s) AND (%(after)s::uuid IS NULL OR member_id > %(after)s::uuid)
            ORDER BY member_id LIMIT %(limit)s""",
        {"run": run_id, "state": state, "reason": reason, "arm": arm, "after": after, "limit": limit},
    )
    return list(cursor.fetchall())


def of_member(cursor: Any, *, brand_id: UUID, member_id: UUID, limit: int) -> list[InRun]:
    """The runs a member is in, the newest first."""
    cursor.execute(
        """SELECT c.member_id, c.run_id, p.code, p.name_zh, p.name_en, r.number, c.arm, c.state, c.reason, c.value,
                  coalesce(c.moved_at, c.listed_at)
             FROM campaign_member c JOIN campaign_run r ON r.id = c.run_id JOIN campaign p ON p.id = r.campaign_id
            WHERE c.member_id = %s AND c.brand_id = %s ORDER BY r.planned_at DESC, r.id DESC LIMIT %s""",
        [member_id, brand_id, limit],
    )
    return [
        InRun(
            member_id=row[0],
            run_id=row[1],
            campaign=row[2],
            name=Text(row[3], row[4]),
            number=row[5],
            arm=row[6],
            state=row[7],
            reason=row[8],
            value=row[9],
            at=row[10],
        )
        for row in cursor.fetchall()
    ]


def count_given(cursor: Any, *, run_id: UUID) -> dict[str, tuple[int, int]]:
    """How many of each arm were sent or given something, and what that cost the budget."""
    cursor.execute(
        """SELECT arm, count(*), sum(value)::bigint FROM campaign_member
            WHERE run_id = %s AND (state = 'sent' OR value > 0) GROUP BY arm""",
        [run_id],
    )
    return {arm: (count, value) for arm, count, value in cursor.fetchall()}


def arms_of(cursor: Any, *, run_id: UUID, everybody: bool) -> Any:
    """(member, arm, wave) by id: of all who were listed, or of those whom the run is judged by: without those
    whose turn never came or has not come yet."""
    cursor.execute(
        """SELECT member_id, arm, wave FROM campaign_member
            WHERE run_id = %s AND (%s OR (reason <> ALL(%s::text[]) AND arm <> '')) ORDER BY member_id""",
        [run_id, everybody, text_array([*NOT_REACHED, "no_winner"])],
    )
    return cursor.fetchall()
