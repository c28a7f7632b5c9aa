"""Every query of staff tasks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.engage.tasks import policy
from regulars.engage.tasks.types import Counts, Load, NewTask, Task, TaskFilter
from regulars.kit.ids import new_ids
from regulars.kit.sql import plain_array, text_array
from regulars.kit.text import Text

_TASK = (
    "id, member_id, key, kind, title_zh, title_en, script_zh, script_en, store_id, assignee, due_on, expires_on, "
    "state, outcome, satisfaction, note, next_on, source, origin, contacts, created_at, taken_at, finished_at, "
    "finished_by"
)


def add(
    cursor: Any, *, organisation_id: UUID, brand_id: UUID, tasks: Sequence[NewTask], now: datetime
) -> list[tuple[UUID, UUID, str]]:
    """Write those that are new, in member order; gives (member, id, key) of each of them."""
    ordered = sorted(tasks, key=lambda one: (one.member_id, one.key))
    titles = [policy.both(one.title) for one in ordered]
    scripts = [policy.both(one.script) for one in ordered]
    cursor.execute(
        """INSERT INTO staff_task (member_id, id, organisation_id, brand_id, key, kind, title_zh, title_en, script_zh,
                                   script_en, store_id, assignee, due_on, expires_on, source, origin, created_at)
           SELECT v.member_id, v.id, %s, %s, v.key, v.kind, v.title_zh, v.title_en, v.script_zh, v.script_en,
                  v.store_id, v.assignee, v.due_on, v.expires_on, v.source, v.origin, %s
             FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                         %s::text[], %s::uuid[], %s::uuid[], %s::date[], %s::date[], %s::text[], %s::text[])
                  AS v(member_id, id, key, kind, title_zh, title_en, script_zh, script_en, store_id, assignee,
                       due_on, expires_on, source, origin)
           ON CONFLICT (member_id, brand_id, key) DO NOTHING
           RETURNING member_id, id, key""",
        [
            organisation_id,
            brand_id,
            now,
            plain_array(one.member_id for one in ordered),
            plain_array(new_ids(len(ordered))),
            text_array(one.key for one in ordered),
            text_array(one.kind for one in ordered),
            text_array(words.zh for words in titles),
            text_array(words.en for words in titles),
            text_array(words.zh for words in scripts),
            text_array(words.en for words in scripts),
            plain_array(one.store_id for one in ordered),
            plain_array(one.assignee for one in ordered),
            plain_array(one.due_on for one in ordered),
            plain_array(policy.expires_on(one) for one in ordered),
            text_array(one.source for one in ordered),
            text_array(one.origin for one in ordered),
        ],
    )
    return list(cursor.fetchall())


def read(cursor: Any, *, brand_id: UUID, task_id: UUID, lock: bool = False) -> Task | None:
    cursor.execute(
        f"SELECT {_TASK} FROM staff_task WHERE brand_id = %s AND id = %s" + (" FOR UPDATE" if lock else ""),
        [brand_id, task_id],
    )
    row = cursor.fetchone()
    return _task(row) if row else None


def take(cursor: Any, *, task: Task, assignee: UUID, now: datetime) -> None:
    cursor.execute(
        """UPDATE staff_task SET state = 'taken', assignee = %s, taken_at = %s, contacts = contacts + 1
            WHERE member_id = %s AND id = %s""",
        [assignee, now, task.member_id, task.id],
    )


def reassign(cursor: Any, *, task: Task, assignee: UUID | None, store_id: UUID | None, due_on: date) -> None:
    cursor.execute(
        """UPDATE staff_task SET state = 'open', taken_at = NULL, assignee = %s, store_id = %s, due_on = %s,
                                 expires_on = GREATEST(expires_on, %s::date + (expires_on - due_on))
            WHERE member_id = %s AND id = %s""",
        [assignee, store_id, due_on, due_on, task.member_id, task.id],
    )


def finish(
    cursor: Any,
    *,
    task: Task,
    state: str,
    outcome: str,
    satisfaction: int | None,
    note: str,
    next_on: date | None,
    by: UUID | None,
    name: str,
    now: datetime,
) -> None:
    cursor.execute(
        """UPDATE staff_task SET state = %s, outcome = %s, satisfaction = %s, note = %s, next_on = %s,
                                 finished_at = %s, finished_by = %s, finisher_id = %s,
                                 assignee = COALESCE(assignee, %s)
            WHERE member_id = %s AND id = %s""",
        [state, outcome, satisfaction, note, next_on, now, name, by, by, task.member_id, task.id],
    )


def expire(cursor: Any, *, brand_id: UUID, today: date, now: datetime, limit: int) -> list[Task]:
    """End what waited too long; rows that somebody is working on right now are passed over."""
    cursor.execute(
        f"""WITH over AS (
                SELECT member_id, id FROM staff_task
                 WHERE brand_id = %s AND expires_on <= %s AND state IN ('open', 'taken')
                 ORDER BY expires_on, member_id, id LIMIT %s FOR UPDATE SKIP LOCKED)
            UPDATE staff_task t SET state = 'expired', finished_at = %s FROM over o
             WHERE t.member_id = o.member_id AND t.id = o.id
            RETURNING {", ".join("t." + column.strip() for column in _TASK.split(","))}""",
        [brand_id, today, limit, now],
    )
    return [_task(row) for row in cursor.fetchall()]


def spare(
    cursor: Any, *, brand_id: UUID, member_id: UUID, note: str, by: UUID | None, name: str, now: datetime
) -> list[Task]:
    """End what care plans asked for a member and nobody did yet, with a word why."""
    cursor.execute(
        f"""UPDATE staff_task SET state = 'skipped', note = %s, finished_at = %s, finished_by = %s, finisher_id = %s
             WHERE member_id = %s AND brand_id = %s AND state IN ('open', 'taken') AND source LIKE 'care:%%'
            RETURNING {_TASK}""",
        [note, now, name, by, member_id, brand_id],
    )
    return [_task(row) for row in cursor.fetchall()]


def page(
    cursor: Any,
    *,
    brand_id: UUID,
    given: TaskFilter,
    stores: frozenset[UUID] | None,
    me: UUID | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Task]:
    """In the order of the days they are due; of limited staff, their stores' tasks and those given to them."""
    where, values = _where(given, stores, me)
    if after is not None:
        where.append("(due_on, id) > (%s::date, %s::uuid)")
        values += after
    cursor.execute(
        f"""SELECT {_TASK} FROM staff_task WHERE brand_id = %s AND {" AND ".join(where)}
             ORDER BY due_on, id LIMIT %s""",
        [brand_id, *values, limit],
    )
    return [_task(row) for row in cursor.fetchall()]


def of_member(cursor: Any, *, brand_id: UUID, member_id: UUID, before: UUID | None, limit: int) -> list[Task]:
    cursor.execute(
        f"""SELECT {_TASK} FROM staff_task
             WHERE member_id = %s AND brand_id = %s AND (%s::uuid IS NULL OR id < %s::uuid)
             ORDER BY id DESC LIMIT %s""",
        [member_id, brand_id, before, before, limit],
    )
    return [_task(row) for row in cursor.fetchall()]


def counts(
    cursor: Any,
    *,
    brand_id: UUID,
    given: TaskFilter,
    stores: frozenset[UUID] | None,
    me: UUID | None,
    today: date,
    since: datetime,
) -> Counts:
    where, values = _where(given, stores, me)
    cursor.execute(
        f"""SELECT count(*) FILTER (WHERE due_on < %s), count(*) FILTER (WHERE due_on = %s),
                   count(*) FILTER (WHERE due_on > %s), count(*) FILTER (WHERE state = 'taken')
              FROM staff_task WHERE brand_id = %s AND {" AND ".join(where)}""",
        [today, today, today, brand_id, *values],
    )
    overdue, now_due, coming, taken = cursor.fetchone()
    limited = ["TRUE"]
    values = []
    _limit(limited, values, stores, me)
    if given.assignee is not None:
        limited.append("assignee = %s")
        values.append(given.assignee)
    if given.store_id is not None:
        limited.append("store_id = %s")
        values.append(given.store_id)
    cursor.execute(
        f"""SELECT count(*) FROM staff_task
             WHERE brand_id = %s AND finished_at >= %s AND state = 'done' AND {" AND ".join(limited)}""",
        [brand_id, since, *values],
    )
    return Counts(overdue, now_due, coming, taken, int(cursor.fetchone()[0]))


def workload(
    cursor: Any,
    *,
    brand_id: UUID,
    stores: frozenset[UUID] | None,
    today: date,
    since: datetime,
    last_day: date,
) -> list[Load]:
    """What everybody has before her, and what she did since."""
    limited = ["TRUE"]
    values: list[Any] = []
    _limit(limited, values, stores, None)
    where = " AND ".join(limited)
    cursor.execute(
        f"""SELECT assignee, due_on, count(*) FROM staff_task
             WHERE brand_id = %s AND state IN ('open', 'taken') AND {where} GROUP BY assignee, due_on""",
        [brand_id, *values],
    )
    waiting: dict[UUID | None, dict[date, int]] = {}
    for who, day, count in cursor.fetchall():
        waiting.setdefault(who, {})[day] = count
    cursor.execute(
        f"""SELECT COALESCE(finisher_id, assignee), count(*) FILTER (WHERE state = 'done'),
                   count(*) FILTER (WHERE state = 'skipped'), count(*) FILTER (WHERE state = 'expired'),
                   count(*) FILTER (WHERE state = 'done'
                                      AND outcome NOT IN ('no_answer', 'wrong_number', 'call_later')),
                   avg(satisfaction)
              FROM staff_task WHERE brand_id = %s AND finished_at >= %s AND {where} GROUP BY 1""",
        [brand_id, since, *values],
    )
    ended = {row[0]: row[1:] for row in cursor.fetchall()}
    loads = []
    for who in sorted({*waiting, *ended}, key=lambda one: (one is None, str(one))):
        days = waiting.get(who, {})
        done, skipped, expired, reached, satisfaction = ended.get(who, (0, 0, 0, 0, None))
        loads.append(
            Load(
                assignee=who,
                waiting=sum(days.values()),
                overdue=sum(count for day, count in days.items() if day < today),
                done=done,
                skipped=skipped,
                expired=expired,
                reached=reached,
                satisfaction=None if satisfaction is None else round(float(satisfaction), 2),
                by_day={day: days[day] for day in sorted(days) if today <= day <= last_day},
            )
        )
    return loads


def load_of(
    cursor: Any, *, brand_id: UUID, staff: Iterable[UUID], first: date, last: date
) -> dict[tuple[UUID, date], int]:
    """(who, day) → how much she has that day, finished ones of the day among them."""
    cursor.execute(
        """SELECT assignee, due_on, count(*) FROM staff_task
            WHERE brand_id = %s AND assignee = ANY(%s::uuid[]) AND due_on BETWEEN %s AND %s
              AND state IN ('open', 'taken', 'done') GROUP BY assignee, due_on""",
        [brand_id, plain_array(staff), first, last],
    )
    return {(who, day): count for who, day, count in cursor.fetchall()}


def last_of(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]
) -> dict[UUID, tuple[datetime, UUID | None]]:
    """Member → when she was last reached, and by whom."""
    cursor.execute(
        """SELECT DISTINCT ON (member_id) member_id, finished_at, finisher_id FROM staff_task
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND state = 'done'
              AND outcome NOT IN ('no_answer', 'wrong_number', 'call_later')
            ORDER BY member_id, finished_at DESC""",
        [plain_array(member_ids), brand_id],
    )
    return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def declined(cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID], since: datetime) -> set[UUID]:
    cursor.execute(
        """SELECT DISTINCT member_id FROM staff_task
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND outcome = 'do_not_contact'
              AND finished_at >= %s""",
        [plain_array(member_ids), brand_id, since],
    )
    return {row[0] for row in cursor.fetchall()}


def by_source(
    cursor: Any, *, brand_id: UUID, source: str
) -> tuple[dict[str, int], dict[str, int], float | None]:
    """How many of a source's tasks are in which state and came to what; how satisfied members were."""
    cursor.execute(
        """SELECT state, outcome, count(*), sum(satisfaction), count(satisfaction) FROM staff_task
            WHERE brand_id = %s AND source = %s GROUP BY state, outcome""",
        [brand_id, source],
    )
    states: dict[str, int] = {}
    outcomes: dict[str, int] = {}
    total = rated = 0
    for state, outcome, count, points, given in cursor.fetchall():
        states[state] = states.get(state, 0) + count
        if outcome:
            outcomes[outcome] = outcomes.get(outcome, 0) + count
        total += points or 0
        rated += given
    return states, outcomes, round(total / rated, 2) if rated else None


def _where(given: TaskFilter, stores: frozenset[UUID] | None, me: UUID | None) -> tuple[list[str], list[Any]]:
    where = ["state IN ('open', 'taken')"] if given.open_only else ["TRUE"]
    values: list[Any] = []
    _limit(where, values, stores, me)
    if given.states:
        where.append("state = ANY(%s::text[])")
        values.append(text_array(given.states))
    if given.kinds:
        where.append("kind = ANY(%s::text[])")
        values.append(text_array(given.kinds))
    if given.store_id is not None:
        where.append("store_id = %s")
        values.append(given.store_id)
    if given.assignee is not None:
        where.append("assignee = %s")
        values.append(given.assignee)
    if given.unassigned:
        where.append("assignee IS NULL")
    if given.due_from is not None:
        where.append("due_on >= %s")
        values.append(given.due_from)
    if given.due_to is not None:
        where.append("due_on <= %s")
        values.append(given.due_to)
    if given.source:
        where.append("source = %s")
        values.append(given.source)
    return where, values


def _limit(where: list[str], values: list[Any], stores: frozenset[UUID] | None, me: UUID | None) -> None:
    if stores is not None:
        where.append("(store_id = ANY(%s::uuid[]) OR assignee = %s::uuid)")
        values += [plain_array(stores), me]


def _task(row: Sequence[Any]) -> Task:
    values = [*row[:4], Text(row[4], row[5]), Text(row[6], row[7]), *row[8:]]
    return Task(*values)
