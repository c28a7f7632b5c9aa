"""Scores, written by the column for many members at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction

from regulars.audience.member_facts.types import SCORE_COLUMNS
from regulars.kit.sql import copy_rows, plain_array, text_array

CHUNK = 50_000
TYPES = {
    "rfm_r": "smallint", "rfm_f": "smallint", "rfm_m": "smallint", "rfm_group": "text", "stage": "text",
    "stage_since": "date", "value_12": "bigint", "value_12_low": "bigint", "value_12_high": "bigint",
    "value_36": "bigint", "value_36_low": "bigint", "value_36_high": "bigint", "value_decile": "smallint",
    "alive": "numeric(7,6)", "churn_30": "numeric(7,6)", "churn_60": "numeric(7,6)", "churn_90": "numeric(7,6)",
    "churn_reasons": "jsonb", "intent_7": "numeric(7,6)", "intent_30": "numeric(7,6)", "next_category": "text",
    "next_due_on": "date", "koc": "smallint", "mood": "numeric(7,6)", "needs": "text[]", "price_level": "smallint",
    "price_sensitivity": "smallint",
}  # fmt: skip
_WHOLE = frozenset(name for name, kind in TYPES.items() if kind in ("smallint", "bigint"))


def write(
    *, brand_id: UUID, as_of: datetime, columns: Mapping[str, Sequence[Any]], member_ids: Sequence[UUID]
) -> int:
    """UPSERT these columns for these members, in chunks of their own transactions; gives how many were written."""
    unknown = columns.keys() - set(SCORE_COLUMNS)
    if unknown:
        raise ValueError(f"no such score: {', '.join(sorted(unknown))}")
    for name, values in columns.items():
        if len(values) != len(member_ids):
            raise ValueError(f"{name} has {len(values)} values for {len(member_ids)} members")
    written = 0
    for start in range(0, len(member_ids), CHUNK):
        part = slice(start, start + CHUNK)
        written += _write_chunk(
            brand_id, as_of, {name: columns[name][part] for name in columns}, member_ids[part]
        )
    return written


def _write_chunk(
    brand_id: UUID, as_of: datetime, columns: Mapping[str, Sequence[Any]], member_ids: Sequence[UUID]
) -> int:
    names = [name for name in SCORE_COLUMNS if name in columns]
    cells = [[_text(name, value) for value in _plain(columns[name])] for name in names]
    declared = ", ".join(["member_id uuid", *(f"{name} {TYPES[name]}" for name in names)])
    chosen = ", ".join(names)
    new = ", ".join(f"v.{name}" for name in names)
    taken = ", ".join(f"{name} = excluded.{name}" for name in names)
    with transaction.atomic(), connection.cursor() as cursor:
        hold_scores(cursor, brand_id=brand_id, alone=True)
        cursor.execute("DROP TABLE IF EXISTS new_scores")
        cursor.execute(f"CREATE TEMPORARY TABLE new_scores ({declared}) ON COMMIT DROP")
        copy_rows(cursor, "new_scores", ["member_id", *names], zip(_plain(member_ids), *cells, strict=True))
        cursor.execute(
            f"""INSERT INTO member_score (member_id, brand_id, as_of{", " if names else ""}{chosen})
                SELECT v.member_id, %s, %s{", " if names else ""}{new}
                  FROM new_scores v
                  JOIN membership m ON m.member_id = v.member_id AND m.brand_id = %s AND m.status <> 'left'
                 WHERE NOT EXISTS (SELECT FROM profiling_opt_out o
                                    WHERE o.member_id = v.member_id AND o.brand_id = %s)
                ON CONFLICT (member_id, brand_id) DO UPDATE SET as_of = excluded.as_of{", " if names else ""}{taken}""",
            [brand_id, as_of, brand_id, brand_id],
        )
        count = int(cursor.rowcount)
        cursor.execute("DROP TABLE new_scores")
        return count


def hold_scores(cursor: Any, *, brand_id: UUID, alone: bool) -> None:
    """Until the transaction ends: writers of scores are alone, so that nobody's row comes back behind her wiping."""
    cursor.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
        if alone
        else "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))",
        [f"member_score:{brand_id}"],
    )


def wipe(*, brand_id: UUID, member_ids: Sequence[UUID]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        hold_scores(cursor, brand_id=brand_id, alone=False)
        cursor.execute(
            "DELETE FROM member_score WHERE brand_id = %s AND member_id = ANY(%s::uuid[])",
            [brand_id, plain_array(member_ids)],
        )
        return int(cursor.rowcount)


def _plain(values: Sequence[Any]) -> Sequence[Any]:
    """Python's own values: arrays of numpy and arrow give theirs."""
    for name in ("tolist", "to_pylist"):
        if hasattr(values, name):
            plain: Sequence[Any] = getattr(values, name)()
            return plain
    return values


def _text(name: str, value: Any) -> Any:
    """A cell as COPY takes it; NaN is no value."""
    if value is None or value != value:
        return None
    if name == "churn_reasons":
        return msgspec.json.encode(value).decode()
    if name == "needs":
        return text_array(value)
    if name in _WHOLE:
        return round(value)
    return value
