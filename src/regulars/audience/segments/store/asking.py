"""A condition asked of the brand's members: in SQL where it can be, in memory where personal data must be unsealed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg.errors
from django.db import connection, transaction
from django.db.utils import OperationalError
from psycopg.sql import SQL, Composable, Identifier, Literal

from regulars.audience.segments.policy.leaning import fields_compared, widened
from regulars.audience.segments.store.binding import Place, binding_of
from regulars.conditions.api import compile_condition, needs
from regulars.conditions.sql.api import to_sql
from regulars.conditions.types import All, Condition
from regulars.facts.members import api as members
from regulars.kit.errors import Refusal
from regulars.kit.periods import age_on
from regulars.kit.sql import plain_array
from regulars.kit.text import Text

CHUNK = 5000
PATIENCE = 60.0
NOTHING: Composable = SQL("")
PERSONAL = frozenset({"member.gender", "member.birthday", "member.age"})


@dataclass(frozen=True, slots=True)
class Question:
    """A condition ready to be asked. `rows` is everything after SELECT …: FROM and WHERE, of active members.

    With `exact` the rows are the answer; else they may hold too many, and `test` decides in memory.
    """

    place: Place
    condition: Condition
    rows: Composable
    params: dict[str, Any]
    exact: bool


def ask(
    place: Place, condition: Condition, *, profiles: bool, store_ids: Iterable[UUID] | None = None
) -> Question:
    """Make SQL of a condition; `profiles` keeps out who switched profiling off, `store_ids` members of other stores.

    Raises `InvalidCondition` (`not_available`) for what a member outside any activity cannot answer.
    """
    keys = fields_compared(condition)
    exact = keys.isdisjoint(PERSONAL)
    asked = condition if exact else widened(condition, lambda key: key in PERSONAL)
    made = to_sql(condition=asked, catalogue=place.catalogue, binding=binding_of(place))
    if exact and store_ids is None and not profiles and _facts_alone(place, condition, keys):
        rows = SQL(
            """FROM member_fact fact CROSS JOIN LATERAL (SELECT fact.member_id, fact.brand_id) m
                WHERE fact.brand_id = {brand} AND {asked}
                  AND NOT EXISTS (SELECT FROM membership x WHERE x.member_id = fact.member_id
                                     AND x.brand_id = {brand} AND x.status IN ('frozen', 'left'))"""
        ).format(brand=Literal(place.brand_id), asked=made.text)
        return Question(place, condition, rows, made.params, exact)
    joins: list[Composable] = [SQL("FROM membership m")]
    for prefix, table in (("fact", "member_fact"), ("score", "member_score")):
        if any(key.startswith(f"{prefix}.") for key in keys):
            joins.append(
                SQL(
                    "{how} {table} {of} ON {of}.member_id = m.member_id AND {of}.brand_id = m.brand_id"
                ).format(
                    # where a row must be there, the table's own conditions are asked before tables are joined
                    how=SQL("JOIN" if _must_have(place, condition, f"{prefix}.") else "LEFT JOIN"),
                    table=Identifier(table),
                    of=Identifier(prefix),
                )
            )
    where: list[Composable] = [
        SQL("m.brand_id = {}").format(Literal(place.brand_id)),
        SQL("m.status = 'active'"),
        made.text,
    ]
    if profiles:
        where.append(
            SQL(
                """NOT EXISTS (SELECT FROM profiling_opt_out o
                                WHERE o.member_id = m.member_id AND o.brand_id = m.brand_id)"""
            )
        )
    if store_ids is not None:
        where.append(SQL("m.store_id = ANY({}::uuid[])").format(Literal(plain_array(store_ids))))
    rows = SQL(" ").join([*joins, SQL("WHERE"), SQL(" AND ").join(where)])
    return Question(place, condition, rows, made.params, exact)


def _facts_alone(place: Place, condition: Condition, keys: frozenset[str]) -> bool:
    """Whether the rows of facts answer alone: nothing else is asked, and who has none yet cannot be meant."""
    return all(key.startswith("fact.") for key in keys) and _fails_without(place, condition, "fact.")


def _must_have(place: Place, condition: Condition, prefix: str) -> bool:
    """Whether only who has a row of a table can be meant: one of the parts that must all hold asks for that alone."""
    match condition:
        case All(parts):
            return any(_must_have(place, part, prefix) for part in parts)
    return _fails_without(place, condition, prefix)


def _fails_without(place: Place, condition: Condition, prefix: str) -> bool:
    """Whether a condition asks for a table's fields alone and does not hold for who has none."""
    read = needs(condition=condition)
    return (
        bool(read.fields)
        and all(key.startswith(prefix) for key in read.fields)
        and not read.windows
        and not read.streaks
        and not compile_condition(condition=condition, catalogue=place.catalogue)({"now": place.now})
    )


def count(cursor: Any, question: Question) -> int:
    """How many rows SQL finds: the answer, or the most it can be."""
    cursor.execute(SQL("SELECT count(*) {}").format(question.rows), question.params)
    return int(cursor.fetchone()[0])


def count_and_some(cursor: Any, question: Question, *, limit: int) -> tuple[int, list[UUID]]:
    """`count`, and some of them, in one go."""
    cursor.execute(
        SQL(
            """WITH found AS MATERIALIZED (SELECT m.member_id {})
               SELECT (SELECT count(*) FROM found), ARRAY(SELECT member_id FROM found LIMIT {})"""
        ).format(question.rows, Literal(limit)),
        question.params,
    )
    number, few = cursor.fetchone()
    return int(number), list(few)


def spread(cursor: Any, question: Question, *, limit: int) -> list[UUID]:
    """Some rows, evenly from all: those whose hash is smallest."""
    cursor.execute(
        SQL(
            "SELECT m.member_id {} ORDER BY hashtextextended(m.member_id::text, 7), m.member_id LIMIT {}"
        ).format(question.rows, Literal(limit)),
        question.params,
    )
    return [row[0] for row in cursor.fetchall()]


def among(cursor: Any, question: Question, member_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the members for whom the condition holds, in the order of their ids."""
    cursor.execute(
        SQL("SELECT m.member_id {} AND m.member_id = ANY({}::uuid[]) ORDER BY 1").format(
            question.rows, Literal(plain_array(member_ids))
        ),
        question.params,
    )
    found = [row[0] for row in cursor.fetchall()]
    return found if question.exact else holding(cursor, question, found)


def chunks(cursor: Any, question: Question, *, size: int = CHUNK) -> Iterator[list[UUID]]:
    """All for whom the condition holds, decided in memory, a chunk at a time in the order of their ids."""
    after: UUID | None = None
    while True:
        behind = SQL("") if after is None else SQL(" AND m.member_id > {}").format(Literal(after))
        cursor.execute(
            SQL("SELECT m.member_id {}{} ORDER BY 1 LIMIT {}").format(question.rows, behind, Literal(size)),
            question.params,
        )
        found = [row[0] for row in cursor.fetchall()]
        if found:
            yield holding(cursor, question, found)
        if len(found) < size:
            return
        after = found[-1]


def next_rows(
    cursor: Any, question: Question, *, after: UUID | None, limit: int
) -> tuple[list[UUID], UUID | None]:
    """Those of the next `limit` rows by id, behind `after`, for whom the condition holds; the last row looked at."""
    behind = SQL("") if after is None else SQL(" AND m.member_id > {}").format(Literal(after))
    cursor.execute(
        SQL("SELECT m.member_id {}{} ORDER BY 1 LIMIT {}").format(question.rows, behind, Literal(limit)),
        question.params,
    )
    rows = [row[0] for row in cursor.fetchall()]
    last = rows[-1] if len(rows) == limit else None
    return (rows if question.exact else holding(cursor, question, rows)), last


def holding(cursor: Any, question: Question, member_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the members for whom the condition holds by the interpreter in memory."""
    test = compile_condition(condition=question.condition, catalogue=question.place.catalogue)
    return [member_id for member_id, facts in gather(cursor, question, member_ids).items() if test(facts)]


def gather(cursor: Any, question: Question, member_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """The facts that the condition asks of these members, by field: read with the same expressions as SQL has."""
    place, wanted = question.place, needs(condition=question.condition)
    bound = binding_of(place)
    keys = sorted(wanted.fields - PERSONAL)
    windows = sorted(wanted.windows, key=repr)
    streaks = sorted(wanted.streaks)
    assert bound.window is not None and bound.streak is not None
    read: list[Composable] = [SQL("m.member_id")]
    read += [bound.fields.get(key) or SQL(place.catalogue[key].sql or "NULL") for key in keys]
    read += [bound.window(w.activity, w.days, w.aggregate.value, w.of) for w in windows]
    read += [bound.streak(activity) for activity in streaks]
    cursor.execute(
        SQL(
            """SELECT {read} FROM membership m
                 LEFT JOIN member_fact fact ON fact.member_id = m.member_id AND fact.brand_id = m.brand_id
                 LEFT JOIN member_score score ON score.member_id = m.member_id AND score.brand_id = m.brand_id
                WHERE m.brand_id = {brand} AND m.member_id = ANY({ids}::uuid[]) ORDER BY m.member_id"""
        ).format(
            read=SQL(", ").join(read),
            brand=Literal(place.brand_id),
            ids=Literal(plain_array(member_ids)),
        )
    )
    rows = cursor.fetchall()
    personal = members.personal_facts(member_ids=list(member_ids)) if wanted.fields & PERSONAL else {}
    found: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        facts: dict[str, Any] = dict(zip(keys, row[1 : 1 + len(keys)], strict=True))
        numbers = dict(zip(windows, row[1 + len(keys) : 1 + len(keys) + len(windows)], strict=True))
        days = dict(zip(streaks, row[1 + len(keys) + len(windows) :], strict=True))
        facts["now"] = place.now
        facts["window"] = lambda a, d, g, of, n=numbers: next(
            (v for w, v in n.items() if (w.activity, w.days, w.aggregate.value) == (a, d, g)), None
        )
        facts["streak"] = lambda activity, d=days: d.get(activity)
        her = personal.get(row[0])
        if her is not None:
            facts["member.gender"], facts["member.birthday"] = her.gender, her.birthday
            facts["member.age"] = age_on(her.birthday, place.today) if her.birthday else None
        found[row[0]] = facts
    return found


@contextmanager
def limited(seconds: float, *, everybody: bool = True) -> Iterator[Any]:
    """A cursor in a transaction whose statements may take so long; later they are a refusal that says what to do.

    `everybody`: the whole brand is asked, so tables are joined by hash: what expressions select is guessed far too low,
    and a million looks into an index would follow.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
            cursor.execute("SET LOCAL work_mem = '64MB'")
            cursor.execute("SET LOCAL jit = off")  # compiling takes longer than a million rows do
            if everybody:
                cursor.execute("SET LOCAL enable_nestloop = off")
            yield cursor
            cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL enable_nestloop = on")
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise too_slow(seconds) from error
        raise


def too_slow(seconds: float) -> Refusal:
    return Refusal(
        "too_slow",
        Text(
            f"条件在 {seconds:g} 秒内没有算完。请先用入会时间、等级或近期订单等条件缩小范围，再加行为窗口",
            f"The condition was not done in {seconds:g} seconds. Narrow it first by joining date, tier or recent "
            "orders, then add windows of activities",
        ),
        status=422,
    )
