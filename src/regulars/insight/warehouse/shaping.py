"""From what came out of PostgreSQL to the warehouse's tables: DuckDB statements over one staged file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from regulars.insight.warehouse.duck import literal, parquet_of
from regulars.insight.warehouse.sources import Source
from regulars.insight.warehouse.types import IDS

_LINE = (
    '[{"sku": "VARCHAR", "name": "VARCHAR", "category": "VARCHAR", "department": "VARCHAR", "brand": "VARCHAR", '
    '"amount": "BIGINT", "quantity": "DOUBLE", "discount": "BIGINT"}]'
)
_MONTH = "strftime(local, '%Y-%m') AS month"
# table, by the source that feeds it
_TABLES: dict[tuple[str, str], str] = {
    ("activity", "activities"): f"""
        SELECT member_id, id AS activity_id, type, occurred_at, recorded_at, local::DATE AS local_day,
               hour(local)::TINYINT AS local_hour, channel, store, amount, source, {_MONTH} FROM staged""",
    ("activity", "lines"): f"""
        SELECT member_id, id AS order_id, occurred_at, local::DATE AS local_day, line.sku AS sku,
               coalesce(line.name, '') AS name, coalesce(line.category, '') AS category,
               coalesce(line.department, '') AS department, coalesce(line.brand, '') AS brand,
               coalesce(line.amount, 0) AS amount, coalesce(line.quantity, 1) AS quantity,
               coalesce(line.discount, 0) AS discount, {_MONTH}
          FROM (SELECT member_id, id, occurred_at, local, unnest(from_json(lines, '{_LINE}')) AS line
                  FROM fresh WHERE type = 'order')""",
    ("activity", "orders"): f"""
        SELECT member_id, id AS order_id, occurred_at, local::DATE AS local_day, hour(local)::TINYINT AS local_hour,
               amount, coalesce(l.discount, 0)::BIGINT AS discount, coalesce(l.quantity, 0)::DOUBLE AS quantity,
               store, channel, coalesce(coupons, 0) > 0 AS coupon_used, coalesce(l.count, 0)::INTEGER AS line_count,
               {_MONTH}
          FROM staged LEFT JOIN (
              SELECT order_id, sum(discount) AS discount, sum(quantity) AS quantity, count(*) AS count
                FROM made_lines GROUP BY order_id) AS l ON l.order_id = staged.id
         WHERE type = 'order'""",
    ("activity", "refunds"): f"""
        SELECT member_id, order_id, id AS refund_id, occurred_at, local::DATE AS local_day, -amount AS amount, {_MONTH}
          FROM staged WHERE type = 'refund' AND status = 'applied' AND amount <> 0""",
    ("activity", "texts"): f"""
        SELECT * FROM (
            SELECT member_id, id AS activity_id, occurred_at, local::DATE AS local_day, type,
                   (SELECT string_agg(trim(data ->> ('$.' || k.key)), chr(10) ORDER BY k.place)
                      FROM text_key AS k WHERE k.type = staged.type AND trim(data ->> ('$.' || k.key)) <> '') AS text,
                   (SELECT min(try_cast(data ->> ('$.' || k.key) AS DOUBLE))::INTEGER
                      FROM rating_key AS k WHERE k.type = staged.type) AS rating, {_MONTH}
              FROM staged WHERE data IS NOT NULL AND type IN (SELECT type FROM text_key))
         WHERE text IS NOT NULL""",
    ("redecision", "refunds"): f"""
        SELECT DISTINCT ON (refund_id) member_id, order_id, refund_id, occurred_at, local::DATE AS local_day, amount,
               {_MONTH}
          FROM (SELECT *, list_extract(list_filter(
                          from_json(receipt -> '$.notes', '[{{"code": "VARCHAR", "amount": "BIGINT"}}]'),
                          lambda note: note.code = 'refunded'), 1).amount AS amount
                  FROM fresh)
         WHERE amount IS NOT NULL AND amount <> 0""",
    ("entry", "entries"): f"""
        SELECT member_id, id AS entry_id, unit, kind, account, contra, amount, activity_id, reverses, occurred_at,
               recorded_at, local::DATE AS local_day, {_MONTH} FROM fresh""",
    ("tier_change", "tiers"): f"""
        SELECT member_id, id AS change_id, scheme, previous, tier, "at", recorded_at, local::DATE AS local_day, {_MONTH}
          FROM fresh""",
}
_PARQUET = "FORMAT parquet, COMPRESSION zstd"


@dataclass(frozen=True, slots=True)
class Made:
    """A Parquet file that was written beside the warehouse."""

    table: str
    month: date | None
    path: Path
    rows: int
    max_id: UUID | None


def shape(
    duck: Any,
    source: Source,
    given: Path,
    *,
    into: Path,
    known: Sequence[Path],
    above: UUID,
    keys: Mapping[str, Sequence[tuple[str, str]]],
) -> list[Made]:
    """The tables' new rows out of one piece, as a Parquet file for each table and month.

    `known`: files of the source's first table that may hold rows of this stretch, whose ids are at least `above`.
    `keys`: by "text" and "rating" the (type, key) of declared activities that hold such.
    """
    _read(duck, source, given)
    _know(duck, source, known, above)
    _keys(duck, keys)
    made: list[Made] = []
    for table in source.feeds:
        made += _write(duck, source, table, into)
        if table == "lines":
            _stage(duck, into, [one.path for one in made])
    return made


def shape_snapshot(duck: Any, source: Source, given: Path, *, into: Path) -> list[Made]:
    """A table that is kept whole: one file."""
    _read(duck, source, given)
    place = into / f"{source.feeds[0]}.parquet"
    (row,) = duck.execute(
        f"COPY (SELECT * FROM given) TO {literal(place)} ({_PARQUET}, RETURN_STATS)"
    ).fetchall()
    return [Made(source.feeds[0], None, place, row[1], None)]


def merge(duck: Any, table: str, paths: Sequence[Path], *, month: date, into: Path) -> Made:
    """Small files of one table and month as one."""
    place = into / f"{table}-{month:%Y-%m}.parquet"
    (row,) = duck.execute(
        f"COPY (SELECT * FROM {parquet_of(paths)}) TO {literal(place)} ({_PARQUET}, RETURN_STATS)"
    ).fetchall()
    made = _made(table, row)
    return Made(table, month, place, made.rows, made.max_id)


def _write(duck: Any, source: Source, table: str, into: Path) -> list[Made]:
    options = f"{_PARQUET}, PARTITION_BY (month), RETURN_STATS"
    rows = duck.execute(
        f"COPY ({_TABLES[source.name, table]}) TO {literal(into / table)} ({options})"
    ).fetchall()
    return [_made(table, row) for row in rows if row[1]]


def _stage(duck: Any, into: Path, lines: Sequence[Path]) -> None:
    """What is read again and again: all but the widest column, which has become lines by now."""
    staged = into / "staged.parquet"
    duck.execute(f"COPY (SELECT * EXCLUDE (lines) FROM fresh) TO {literal(staged)} (FORMAT parquet)")
    duck.execute(f"CREATE OR REPLACE TEMP VIEW staged AS SELECT * FROM read_parquet({literal(staged)})")
    made = (
        parquet_of(lines)
        if lines
        else "(SELECT NULL::UUID AS order_id, 0 AS discount, 0 AS quantity WHERE false)"
    )
    duck.execute(f"CREATE OR REPLACE TEMP VIEW made_lines AS SELECT order_id, discount, quantity FROM {made}")


def _read(duck: Any, source: Source, given: Path) -> None:
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in source.columns.items())
    duck.execute(
        f"""CREATE OR REPLACE TEMP VIEW given AS SELECT * FROM read_csv({literal(given)}, columns = {{{columns}}},
                header = false, delim = ',', quote = '"', escape = '"', auto_detect = false,
                allow_quoted_nulls = false, max_line_size = 8388608, buffer_size = 33554432)"""
    )


def _know(duck: Any, source: Source, known: Sequence[Path], above: UUID) -> None:
    """Those of the given rows that are in no file yet. A late refund is known by its own id, whenever it came."""
    if not known:
        duck.execute("CREATE OR REPLACE TEMP VIEW fresh AS SELECT * FROM given")
        return
    late = source.name == "redecision"
    mine, column = IDS[source.known_by], "refund_id" if late else "id"
    since = "" if late else f"WHERE {mine} >= '{above}'::UUID"
    duck.execute(
        f"CREATE OR REPLACE TEMP TABLE known AS SELECT DISTINCT {mine} AS id FROM {parquet_of(known)} {since}"
    )
    duck.execute(
        f"CREATE OR REPLACE TEMP VIEW fresh AS SELECT * FROM given WHERE {column} NOT IN (FROM known)"
    )


def _keys(duck: Any, keys: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    for name in ("text_key", "rating_key"):
        duck.execute(f"CREATE OR REPLACE TEMP TABLE {name} (type VARCHAR, key VARCHAR, place INTEGER)")
        rows = [(type_, key, place) for place, (type_, key) in enumerate(keys[name.removesuffix("_key")])]
        if rows:
            duck.executemany(f"INSERT INTO {name} VALUES (?, ?, ?)", rows)


def _made(table: str, row: Any) -> Made:
    path, rows, _, _, statistics, partition = row
    month = (partition or {}).get("month")
    column = statistics.get(f'"{IDS[table]}"') if table in IDS else None
    return Made(
        table,
        None if month is None else date.fromisoformat(f"{month}-01"),
        Path(path),
        rows,
        UUID(column["max"]) if column else None,
    )
