"""Every query of budgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from regulars.kit import slots
from regulars.kit.ids import digest
from regulars.kit.slots import Count
from regulars.kit.sql import plain_array, text_array
from regulars.kit.text import Text
from regulars.value.budgets.types import AlertRow, Budget, TakeRow

SLOTS = "budget_slot"
_BUDGET = "key, name_zh, name_en, kind, amount, period, per_store, alert_percent, state, updated_at"
_TAKE = "subject, key, store_id, period, amount, given_back, taken_at"


def read(cursor: Any, *, brand_id: UUID, keys: Iterable[str] | None = None) -> dict[str, Budget]:
    """Budgets by key; all of the brand's without `keys`."""
    cursor.execute(
        f"SELECT {_BUDGET} FROM budget WHERE brand_id = %s AND (%s OR key = ANY(%s::text[])) ORDER BY key",
        [brand_id, keys is None, text_array(keys or ())],
    )
    return {row[0]: _budget(row) for row in cursor.fetchall()}


def lock(cursor: Any, *, brand_id: UUID, key: str) -> Budget | None:
    """One budget, held until the transaction ends: edits of it come one after the other."""
    cursor.execute(
        f"SELECT {_BUDGET} FROM budget WHERE brand_id = %s AND key = %s FOR UPDATE", [brand_id, key]
    )
    row = cursor.fetchone()
    return _budget(row) if row else None


def put(cursor: Any, *, brand_id: UUID, budget: Budget, now: datetime) -> None:
    cursor.execute(
        """INSERT INTO budget (brand_id, key, name_zh, name_en, kind, amount, period, per_store, alert_percent, state,
                               created_at, updated_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (brand_id, key) DO UPDATE
              SET name_zh = excluded.name_zh, name_en = excluded.name_en, kind = excluded.kind,
                  amount = excluded.amount, period = excluded.period, per_store = excluded.per_store,
                  alert_percent = excluded.alert_percent, state = excluded.state, updated_at = excluded.updated_at""",
        [
            brand_id, budget.key, budget.name.zh, budget.name.en, budget.kind, budget.amount, budget.period,
            budget.per_store, budget.alert_percent, budget.state, now, now,
        ],
    )  # fmt: skip


def note_takes(
    cursor: Any,
    *,
    brand_id: UUID,
    rows: Sequence[tuple[UUID, str, str, UUID | None, str, int]],
    now: datetime,
) -> None:
    """History of (counter, subject, key, store, period, amount); a subject that takes again adds to its row."""
    cursor.execute(
        """INSERT INTO budget_take AS t (subject_hash, counter, brand_id, subject, key, store_id, period, amount,
                                         given_back, taken_at)
           SELECT v.subject_hash, v.counter, %s, v.subject, v.key, v.store_id, v.period, v.amount, 0, %s
             FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::text[], %s::bigint[])
                  AS v(subject_hash, counter, subject, key, store_id, period, amount)
            ORDER BY 1, 2
           ON CONFLICT (subject_hash, counter) DO UPDATE SET amount = t.amount + excluded.amount""",
        [
            brand_id,
            now,
            plain_array(subject_hash(brand_id, r[1]) for r in rows),
            plain_array(r[0] for r in rows),
            text_array(r[1] for r in rows),
            text_array(r[2] for r in rows),
            plain_array(r[3] for r in rows),
            text_array(r[4] for r in rows),
            plain_array(r[5] for r in rows),
        ],
    )


def subject_hash(brand_id: UUID, subject: str) -> UUID:
    return digest("budget-subject", str(brand_id), subject)


def lock_takes(cursor: Any, *, brand_id: UUID, subject: str) -> list[tuple[UUID, str, int]]:
    """(counter, key, what has not come back yet) of a subject, held until the transaction ends; newest last."""
    cursor.execute(
        """SELECT counter, key, amount - given_back FROM budget_take
            WHERE subject_hash = %s AND brand_id = %s ORDER BY taken_at, counter FOR UPDATE""",
        [subject_hash(brand_id, subject), brand_id],
    )
    return cast(list[tuple[UUID, str, int]], cursor.fetchall())


def note_back(cursor: Any, *, brand_id: UUID, subject: str, counter: UUID, amount: int) -> None:
    cursor.execute(
        "UPDATE budget_take SET given_back = given_back + %s WHERE subject_hash = %s AND counter = %s",
        [amount, subject_hash(brand_id, subject), counter],
    )


def counts(cursor: Any, counters: Iterable[UUID]) -> dict[UUID, Count]:
    return slots.read(cursor, SLOTS, counters)


def note_alert(cursor: Any, *, brand_id: UUID, counter: UUID, row: AlertRow) -> bool:
    """Whether this is the first time."""
    cursor.execute(
        """INSERT INTO budget_alert (counter, level, brand_id, key, store_id, period, taken, whole, at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        [counter, row.level, brand_id, row.key, row.store_id, row.period, row.taken, row.whole, row.at],
    )
    return bool(cursor.rowcount)


def drop_alerts(cursor: Any, *, counters: Iterable[UUID]) -> None:
    """Forget what was said of counters, so that it is said again: their budget was raised."""
    cursor.execute("DELETE FROM budget_alert WHERE counter = ANY(%s::uuid[])", [plain_array(counters)])


def alerted(cursor: Any, *, counters: Iterable[UUID]) -> set[UUID]:
    cursor.execute(
        "SELECT counter FROM budget_alert WHERE counter = ANY(%s::uuid[])", [plain_array(counters)]
    )
    return {row[0] for row in cursor.fetchall()}


def list_alerts(cursor: Any, *, brand_id: UUID, since: datetime, limit: int) -> list[AlertRow]:
    cursor.execute(
        """SELECT key, level, store_id, period, taken, whole, at FROM budget_alert
            WHERE brand_id = %s AND at >= %s ORDER BY at DESC, counter LIMIT %s""",
        [brand_id, since, limit],
    )
    return [AlertRow(*row) for row in cursor.fetchall()]


def list_takes(
    cursor: Any, *, brand_id: UUID, key: str, before: tuple[str, str] | None, limit: int
) -> list[tuple[TakeRow, UUID]]:
    """History of a budget, newest first, each with its subject's hash."""
    cursor.execute(
        f"""SELECT {_TAKE}, subject_hash FROM budget_take
             WHERE brand_id = %(brand)s AND key = %(key)s
               AND (%(at)s::timestamptz IS NULL OR (taken_at, subject_hash) < (%(at)s::timestamptz, %(hash)s::uuid))
             ORDER BY taken_at DESC, subject_hash DESC LIMIT %(limit)s""",
        {
            "brand": brand_id,
            "key": key,
            "at": before[0] if before else None,
            "hash": before[1] if before else None,
            "limit": limit,
        },
    )
    return [(TakeRow(*row[:7]), row[7]) for row in cursor.fetchall()]


def _budget(row: Sequence[Any]) -> Budget:
    return Budget(
        key=row[0],
        name=Text(row[1], row[2]),
        kind=row[3],
        amount=row[4],
        period=row[5],
        per_store=row[6],
        alert_percent=row[7],
        state=row[8],
        updated_at=row[9],
    )
