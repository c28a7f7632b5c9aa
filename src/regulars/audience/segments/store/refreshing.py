"""Who is in a segment, brought to what its condition says: always a difference, never all anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.sql import SQL

from regulars.audience.segments.store import asking
from regulars.audience.segments.store.asking import Question
from regulars.audience.segments.types import Segment
from regulars.kit.ids import new_id, new_ids
from regulars.kit.sql import copy_rows, plain_array

AT_ONCE = 1000
ASKED_AGAIN = 20_000  # members kept from being posted for, a second or two, while they are asked once more


def fill_wanted(cursor: Any, question: Question, *, told: Callable[[], None] | None = None) -> int:
    """A temporary table `wanted` of everybody the condition finds; gives how many."""
    cursor.execute("DROP TABLE IF EXISTS wanted, gone, came")
    if question.exact:
        cursor.execute(
            SQL("CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS SELECT m.member_id {}").format(
                question.rows
            ),
            question.params,
        )
        count = int(cursor.rowcount)
    else:
        cursor.execute("CREATE TEMPORARY TABLE wanted (member_id uuid) ON COMMIT DROP")
        count = 0
        for found in asking.chunks(cursor, question):
            copy_rows(cursor, "wanted", ["member_id"], [[one] for one in found])
            count += len(found)
            if told is not None:
                told()
    cursor.execute("ANALYZE wanted")
    return count


def ask_again(cursor: Any, *, segment: Segment, question: Question, told: Callable[[], None]) -> bool:
    """Have nobody post for those who would come or go till the transaction ends, and ask them once more.

    False, and nobody is asked, where they are more than `ASKED_AGAIN`, as when a large segment is first filled: the
    tills would wait too long. Asked anew after that, it finds whom it missed.

    A live segment is followed by each activity while everybody is asked: what she did meanwhile counts, not what was
    found before it. Who else was moved by what she did is not in `asked_again`, and stays where that put her.
    """
    cursor.execute("DROP TABLE IF EXISTS asked_again")
    cursor.execute(
        """CREATE TEMPORARY TABLE asked_again ON COMMIT DROP AS
           SELECT coalesce(w.member_id, s.member_id) AS member_id FROM wanted w
             FULL JOIN (SELECT member_id FROM segment_member WHERE segment_id = %s) s USING (member_id)
            WHERE w.member_id IS NULL OR s.member_id IS NULL""",
        [segment.id],
    )
    if cursor.rowcount > ASKED_AGAIN:
        return False
    cursor.execute("ANALYZE asked_again")
    cursor.execute("SELECT member_id FROM asked_again ORDER BY 1")
    ids = [row[0] for row in cursor.fetchall()]
    cursor.execute("DELETE FROM wanted w USING asked_again a WHERE a.member_id = w.member_id")
    cursor.execute("SET LOCAL enable_nestloop = on")  # some are asked, by their ids
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        lock_members(cursor, brand_id=segment.brand_id, member_ids=some)
        found = asking.among(cursor, question, some)
        copy_rows(cursor, "wanted", ["member_id"], [[one] for one in found])
        told()
    cursor.execute("SET LOCAL enable_nestloop = off; ANALYZE wanted")
    return True


def settle(
    cursor: Any, *, segment: Segment, profiles: bool, now: datetime, asked_again: bool = False
) -> tuple[list[UUID], list[tuple[UUID, bool]]]:
    """Make the segment's members those of `wanted`; gives who came and who went (with whether she was tagged).

    `profiles`: who switched profiling off since `wanted` was made does not come. `asked_again`: nobody is moved but
    who was.
    """
    those = "AND member_id IN (SELECT member_id FROM asked_again)" if asked_again else ""
    if profiles:
        cursor.execute(
            """DELETE FROM wanted w USING profiling_opt_out o
                WHERE o.member_id = w.member_id AND o.brand_id = %s""",
            [segment.brand_id],
        )
    cursor.execute(
        f"""CREATE TEMPORARY TABLE gone ON COMMIT DROP AS
            SELECT s.member_id, s.tagged FROM segment_member s WHERE s.segment_id = %s {those}
               AND NOT EXISTS (SELECT FROM wanted w WHERE w.member_id = s.member_id)""",
        [segment.id],
    )
    cursor.execute(
        f"""CREATE TEMPORARY TABLE came ON COMMIT DROP AS
            SELECT w.member_id FROM wanted w
             WHERE NOT EXISTS (SELECT FROM segment_member s
                                WHERE s.member_id = w.member_id AND s.segment_id = %s) {those}""",
        [segment.id],
    )
    cursor.execute(
        "DELETE FROM segment_member s USING gone WHERE s.segment_id = %s AND s.member_id = gone.member_id",
        [segment.id],
    )
    cursor.execute(
        """INSERT INTO segment_member (member_id, segment_id, since) SELECT member_id, %s, %s FROM came
           ON CONFLICT DO NOTHING""",
        [segment.id, now],
    )
    cursor.execute("SELECT member_id FROM came ORDER BY 1")
    came = [row[0] for row in cursor.fetchall()]
    cursor.execute("SELECT member_id, tagged FROM gone ORDER BY 1")
    return came, list(cursor.fetchall())


def difference(
    cursor: Any,
    *,
    segment: Segment,
    wanted: Iterable[UUID],
    among: Sequence[UUID],
    now: datetime,
    still: Callable[[], bool] | None = None,
) -> tuple[list[UUID], list[tuple[UUID, bool]]]:
    """The same for these members alone: `wanted` are those of them who should be in.

    `still` is asked before anybody is moved; nobody is where it says no.
    """
    should = set(wanted)
    cursor.execute(
        "SELECT member_id, tagged FROM segment_member WHERE segment_id = %s AND member_id = ANY(%s::uuid[])",
        [segment.id, plain_array(among)],
    )
    there = dict(cursor.fetchall())
    came = sorted(should - there.keys())
    gone = sorted((one, tagged) for one, tagged in there.items() if one not in should)
    if (came or gone) and still is not None and not still():
        return [], []
    remove(cursor, segment_id=segment.id, member_ids=[one for one, _ in gone])
    add(cursor, segment_id=segment.id, member_ids=came, now=now)
    return came, gone


def add(cursor: Any, *, segment_id: UUID, member_ids: Sequence[UUID], now: datetime) -> int:
    if not member_ids:
        return 0
    cursor.execute(
        """INSERT INTO segment_member (member_id, segment_id, since)
           SELECT m, %s, %s FROM unnest(%s::uuid[]) AS m ON CONFLICT DO NOTHING""",
        [segment_id, now, plain_array(member_ids)],
    )
    return int(cursor.rowcount)


def remove(cursor: Any, *, segment_id: UUID, member_ids: Sequence[UUID]) -> int:
    if not member_ids:
        return 0
    cursor.execute(
        "DELETE FROM segment_member WHERE segment_id = %s AND member_id = ANY(%s::uuid[])",
        [segment_id, plain_array(member_ids)],
    )
    return int(cursor.rowcount)


def empty(cursor: Any, *, segment_id: UUID) -> list[tuple[UUID, bool]]:
    cursor.execute(
        "DELETE FROM segment_member WHERE segment_id = %s RETURNING member_id, tagged", [segment_id]
    )
    return list(cursor.fetchall())


def note_moves(
    cursor: Any, *, segment: Segment, came: Sequence[UUID], gone: Sequence[UUID], now: datetime
) -> None:
    ids = new_ids(len(came) + len(gone))
    moved = [(one, True) for one in came] + [(one, False) for one in gone]
    copy_rows(
        cursor,
        "segment_move",
        ["member_id", "id", "segment_id", "entered", "version", "at"],
        [
            (one, id_, segment.id, "t" if entered else "f", segment.version, now)
            for (one, entered), id_ in zip(moved, ids, strict=True)
        ],
    )


def note_count(
    cursor: Any,
    *,
    segment: Segment,
    entered: int,
    gone: int,
    now: datetime,
    took_ms: int | None,
    whole: bool,
) -> int:
    """Write how many there are now; `whole`: everybody was asked, so the segment is as of now."""
    if whole:
        cursor.execute("SELECT count(*) FROM segment_member WHERE segment_id = %s", [segment.id])
        members = int(cursor.fetchone()[0])
        cursor.execute(
            "UPDATE segment SET members = %s, refreshed_at = %s, refreshed_in_ms = %s WHERE id = %s",
            [members, now, took_ms, segment.id],
        )
    else:
        cursor.execute(
            "UPDATE segment SET members = members + %s WHERE id = %s RETURNING members",
            [entered - gone, segment.id],
        )
        members = int(cursor.fetchone()[0])
    if whole or entered or gone:
        cursor.execute(
            """INSERT INTO segment_count (segment_id, id, at, version, members, entered, gone)
               VALUES (%s, %s, %s, %s, %s, %s, %s)""",
            [segment.id, new_id(), now, segment.version, members, entered, gone],
        )
    return members


def put_tags(cursor: Any, *, segment: Segment, came: Sequence[UUID]) -> list[UUID]:
    """Put the segment's tag on who came and has it not; they are noted, for it is theirs to lose again."""
    touched: list[UUID] = []
    for start in range(0, len(came), AT_ONCE):
        some = came[start : start + AT_ONCE]
        part = plain_array(some)
        lock_members(cursor, brand_id=segment.brand_id, member_ids=some)
        cursor.execute(
            """UPDATE membership SET tags = array_append(tags, %s)
                WHERE brand_id = %s AND member_id = ANY(%s::uuid[]) AND NOT %s = ANY(tags) RETURNING member_id""",
            [segment.tag, segment.brand_id, part, segment.tag],
        )
        touched += [row[0] for row in cursor.fetchall()]
    if touched:
        cursor.execute(
            "UPDATE segment_member SET tagged = true WHERE segment_id = %s AND member_id = ANY(%s::uuid[])",
            [segment.id, plain_array(touched)],
        )
    return touched


def take_tags(cursor: Any, *, brand_id: UUID, tag: str, member_ids: Sequence[UUID]) -> None:
    for start in range(0, len(member_ids), AT_ONCE):
        some = member_ids[start : start + AT_ONCE]
        part = plain_array(some)
        lock_members(cursor, brand_id=brand_id, member_ids=some)
        cursor.execute(
            """UPDATE membership SET tags = array_remove(tags, %s)
                WHERE brand_id = %s AND member_id = ANY(%s::uuid[])""",
            [tag, brand_id, part],
        )


def lock_members(cursor: Any, *, brand_id: UUID, member_ids: Sequence[UUID]) -> None:
    """In key order, as posting locks members: till the transaction ends nothing is posted for them."""
    cursor.execute(
        """SELECT count(*) FROM (SELECT FROM membership WHERE brand_id = %s AND member_id = ANY(%s::uuid[])
                                  ORDER BY member_id FOR NO KEY UPDATE) AS taken""",
        [brand_id, plain_array(member_ids)],
    )


def lock_inside(cursor: Any, *, segment: Segment) -> None:
    """`lock_members` of those in the segment."""
    cursor.execute(
        """SELECT count(*) FROM (SELECT FROM membership WHERE brand_id = %s AND member_id IN
                                        (SELECT member_id FROM segment_member WHERE segment_id = %s)
                                  ORDER BY member_id FOR NO KEY UPDATE) AS taken""",
        [segment.brand_id, segment.id],
    )
