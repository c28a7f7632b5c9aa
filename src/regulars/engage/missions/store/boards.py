"""Every query of leaderboards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.engage.missions.policy import play as policy
from regulars.engage.missions.types.play import Board, BoardMark, Closed, Filling, Ranked
from regulars.kit.errors import ErrorList
from regulars.kit.sql import plain_array, text_array, time_array

_BOARD = "definition, state, live_at, counts_from, fill_at IS NOT NULL"


def boards(
    cursor: Any, *, brand_id: UUID, keys: Iterable[str] | None = None, lock: bool = False
) -> dict[str, Board]:
    cursor.execute(
        f"""SELECT {_BOARD} FROM board WHERE brand_id = %s AND (%s OR key = ANY(%s::text[]))
            ORDER BY created_at, key {"FOR UPDATE" if lock else ""}""",
        [brand_id, keys is None, text_array(keys or ())],
    )
    found = [_board(row) for row in cursor.fetchall()]
    return {board.key: board for board in found}


def _board(row: Sequence[Any]) -> Board:
    definition, state, live_at, counts_from, filling = row
    board = policy.parse_board(_plain(definition), ErrorList())
    return replace(board, state=state, live_at=live_at, counts_from=counts_from, filling=filling)


def put_board(cursor: Any, *, brand_id: UUID, board: Board, now: datetime) -> None:
    cursor.execute(
        """INSERT INTO board (brand_id, key, state, definition, live_at, created_at, updated_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (brand_id, key) DO UPDATE
              SET state = excluded.state, definition = excluded.definition, live_at = excluded.live_at,
                  updated_at = excluded.updated_at""",
        [brand_id, board.key, board.state, json.dumps(board.to_json()), board.live_at, now, now],
    )


def begin_filling(cursor: Any, *, brand_id: UUID, board: str, since: datetime, now: datetime) -> None:
    """What happened from `since` on counts; that of before the opening is counted from now on."""
    cursor.execute(
        """UPDATE board SET counts_from = %s, fill_at = CASE WHEN %s < live_at THEN %s::timestamptz END, filled_to = %s
            WHERE brand_id = %s AND key = %s""",
        [since, since, now, since, brand_id, board],
    )


def hold_filling(cursor: Any, *, brand_id: UUID) -> None:
    """Nothing of before their opening is counted for boards until the transaction ends."""
    cursor.execute(
        "SELECT key FROM board WHERE brand_id = %s AND fill_at IS NOT NULL ORDER BY key FOR SHARE", [brand_id]
    )


def filling(cursor: Any, *, brand_id: UUID, board: str) -> Filling | None:
    """Hold a board that is being filled, alone; None where it is not."""
    cursor.execute(
        f"""SELECT {_BOARD}, filled_to, filled_after FROM board
             WHERE brand_id = %s AND key = %s AND fill_at IS NOT NULL FOR NO KEY UPDATE""",
        [brand_id, board],
    )
    row = cursor.fetchone()
    return Filling(_board(row[:5]), row[5], row[6], row[2]) if row else None


def note_filled(
    cursor: Any, *, brand_id: UUID, board: str, at: datetime, after: UUID | None, again_at: datetime | None
) -> None:
    cursor.execute(
        "UPDATE board SET filled_to = %s, filled_after = %s, fill_at = %s WHERE brand_id = %s AND key = %s",
        [at, after, again_at, brand_id, board],
    )


def put_board_marks(cursor: Any, *, brand_id: UUID, marks: Sequence[BoardMark]) -> None:
    if not marks:
        return
    cursor.execute(
        """INSERT INTO board_mark (member_id, brand_id, board, activity_id, period, store_id, amount, occurred_at)
           SELECT v.member_id, %s, v.board, v.activity_id, v.period, v.store_id, v.amount, v.occurred_at
             FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::uuid[], %s::bigint[], %s::timestamptz[])
                  AS v(member_id, board, activity_id, period, store_id, amount, occurred_at)
           ON CONFLICT (member_id, brand_id, board, activity_id) DO UPDATE SET amount = excluded.amount""",
        [
            brand_id,
            plain_array(m.member_id for m in marks),
            text_array(m.board for m in marks),
            plain_array(m.activity_id for m in marks),
            text_array(m.period for m in marks),
            plain_array(m.store_id for m in marks),
            plain_array(m.amount for m in marks),
            time_array(m.occurred_at for m in marks),
        ],
    )


_SCORES = """
    SELECT s.member_id, sum(s.amount)::bigint AS score, max(s.occurred_at) FILTER (WHERE s.amount > 0) AS reached_at
      FROM board_mark s
     WHERE s.brand_id = %(brand)s AND s.board = %(board)s AND s.period = %(period)s
       AND (%(store)s::uuid IS NULL OR s.store_id = %(store)s::uuid)
       AND NOT EXISTS (SELECT FROM board_choice c
                        WHERE c.member_id = s.member_id AND c.brand_id = s.brand_id AND c.hidden)
       AND EXISTS (SELECT FROM membership m
                    WHERE m.member_id = s.member_id AND m.brand_id = s.brand_id AND m.status = 'active')
     GROUP BY s.member_id HAVING sum(s.amount) > 0
"""


def ranking(
    cursor: Any, *, brand_id: UUID, board: str, period: str, store_id: UUID | None, limit: int
) -> list[Ranked]:
    """The best, equal scores by who reached hers first, then by id."""
    cursor.execute(
        f"""SELECT row_number() OVER w, member_id, score, reached_at FROM ({_SCORES}) AS ranked
            WINDOW w AS (ORDER BY score DESC, reached_at, member_id) ORDER BY 1 LIMIT %(limit)s""",
        {"brand": brand_id, "board": board, "period": period, "store": store_id, "limit": limit},
    )
    return [Ranked(*row) for row in cursor.fetchall()]


def rank_of(
    cursor: Any, *, brand_id: UUID, board: str, period: str, store_id: UUID | None, member_id: UUID
) -> Ranked | None:
    cursor.execute(
        f"""SELECT * FROM (SELECT row_number() OVER w AS rank, member_id, score, reached_at FROM ({_SCORES}) AS ranked
                           WINDOW w AS (ORDER BY score DESC, reached_at, member_id)) AS placed
            WHERE member_id = %(member)s""",
        {"brand": brand_id, "board": board, "period": period, "store": store_id, "member": member_id},
    )
    row = cursor.fetchone()
    return Ranked(*row) if row else None


def count_ranked(cursor: Any, *, brand_id: UUID, board: str, period: str, store_id: UUID | None) -> int:
    cursor.execute(
        f"SELECT count(*) FROM ({_SCORES}) AS ranked",
        {"brand": brand_id, "board": board, "period": period, "store": store_id},
    )
    return int(cursor.fetchone()[0])


def store_of(cursor: Any, *, brand_id: UUID, board: str, period: str, member_id: UUID | None) -> UUID | None:
    """The store where a member has most, else the one that most members have a place in."""
    cursor.execute(
        """SELECT store_id FROM board_mark
            WHERE member_id = %s AND brand_id = %s AND board = %s AND period = %s AND store_id IS NOT NULL
            GROUP BY store_id HAVING sum(amount) > 0 ORDER BY sum(amount) DESC, store_id LIMIT 1""",
        [member_id, brand_id, board, period],
    )
    row = cursor.fetchone()
    if row is None:
        cursor.execute(
            """SELECT store_id FROM board_mark
                WHERE brand_id = %s AND board = %s AND period = %s AND store_id IS NOT NULL AND amount > 0
                GROUP BY store_id ORDER BY count(DISTINCT member_id) DESC, store_id LIMIT 1""",
            [brand_id, board, period],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def open_periods(cursor: Any, *, brand_id: UUID, board: str) -> list[tuple[str, UUID | None]]:
    """Periods and stores in which something counted and that were not closed."""
    cursor.execute(
        """SELECT DISTINCT m.period, m.store_id FROM board_mark m
            WHERE m.brand_id = %s AND m.board = %s
              AND NOT EXISTS (SELECT FROM board_close c
                               WHERE c.brand_id = m.brand_id AND c.board = m.board AND c.period = m.period
                                 AND c.place = coalesce(m.store_id::text, ''))""",
        [brand_id, board],
    )
    return list(cursor.fetchall())


def add_close(cursor: Any, *, brand_id: UUID, closed: Closed) -> bool:
    """Keep how a period ended; False where it was closed before."""
    cursor.execute(
        """INSERT INTO board_close (brand_id, board, period, place, rows, members, prizes, closed_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        [
            brand_id, closed.board, closed.period, closed.place, json.dumps(list(closed.rows)), closed.members,
            closed.prizes, closed.closed_at,
        ],
    )  # fmt: skip
    return bool(cursor.rowcount)


def closes(cursor: Any, *, brand_id: UUID, board: str, place: str | None, limit: int) -> list[Closed]:
    cursor.execute(
        """SELECT board, period, place, rows, members, prizes, closed_at FROM board_close
            WHERE brand_id = %s AND board = %s AND (%s::text IS NULL OR place = %s)
            ORDER BY closed_at DESC, period DESC LIMIT %s""",
        [brand_id, board, place, place, limit],
    )
    return [Closed(r[0], r[1], r[2], tuple(_plain(r[3])), *r[4:]) for r in cursor.fetchall()]


def set_hidden(cursor: Any, *, brand_id: UUID, member_id: UUID, hidden: bool, now: datetime) -> None:
    cursor.execute(
        """INSERT INTO board_choice (member_id, brand_id, hidden, updated_at) VALUES (%s, %s, %s, %s)
           ON CONFLICT (member_id, brand_id) DO UPDATE
              SET hidden = excluded.hidden, updated_at = excluded.updated_at""",
        [member_id, brand_id, hidden, now],
    )


def is_hidden(cursor: Any, *, brand_id: UUID, member_id: UUID) -> bool:
    cursor.execute(
        "SELECT hidden FROM board_choice WHERE member_id = %s AND brand_id = %s", [member_id, brand_id]
    )
    row = cursor.fetchone()
    return bool(row and row[0])


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
