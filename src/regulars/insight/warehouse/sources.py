"""What is read from PostgreSQL, streamed by COPY into files that DuckDB shapes into tables."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

_PIECE_BYTES = 1 << 30  # so much text is shaped at a time

_STORE = "LEFT JOIN store AS s ON s.id = {0}.store_id"


@dataclass(frozen=True, slots=True)
class Source:
    """One table of PostgreSQL: how it is read for a stretch of ids, and the columns that come (DuckDB types).

    The first column but one is the id the stretches go by. `feeds`: the tables made of it, in this order; `known_by`
    is the one that tells whether an id is in already.
    """

    name: str
    feeds: tuple[str, ...]
    known_by: str
    query: str
    columns: dict[str, str]


_ACTIVITY = Source(
    name="activity",
    feeds=("lines", "activities", "orders", "refunds", "texts"),
    known_by="activities",
    query=f"""
        SELECT a.member_id, a.id, a.type, a.occurred_at, a.recorded_at, a.occurred_at AT TIME ZONE %(tz)s,
               a.channel, s.code, a.amount, a.source,
               CASE WHEN a.type = 'refund' AND a.status = 'applied' THEN (
                   SELECT o.id FROM activity AS o
                    WHERE o.member_id = a.member_id AND o.brand_id = a.brand_id AND o.type = 'order'
                      AND o.subject = a.subject AND o.source = a.source LIMIT 1) END,
               a.status, a.body #> '{{order,lines}}', (a.body #>> '{{order,coupon_discount}}')::bigint, a.body -> 'data'
          FROM activity AS a {_STORE.format("a")}
         WHERE a.brand_id = %(brand)s AND a.id >= %(low)s AND a.id < %(high)s""",
    columns={
        "member_id": "UUID",
        "id": "UUID",
        "type": "VARCHAR",
        "occurred_at": "TIMESTAMPTZ",
        "recorded_at": "TIMESTAMPTZ",
        "local": "TIMESTAMP",
        "channel": "VARCHAR",
        "store": "VARCHAR",
        "amount": "BIGINT",
        "source": "VARCHAR",
        "order_id": "UUID",
        "status": "VARCHAR",
        "lines": "VARCHAR",
        "coupons": "BIGINT",
        "data": "VARCHAR",
    },
)
# A refund that came before its order is worth nothing until the order comes; then its redecision says how much.
_LATE_REFUND = Source(
    name="redecision",
    feeds=("refunds",),
    known_by="refunds",
    query="""
        SELECT r.member_id, r.id, a.id, a.occurred_at, a.occurred_at AT TIME ZONE %(tz)s, r.receipt,
               (SELECT o.id FROM activity AS o
                 WHERE o.member_id = a.member_id AND o.brand_id = a.brand_id AND o.type = 'order'
                   AND o.subject = a.subject AND o.source = a.source LIMIT 1)
          FROM redecision AS r
          JOIN activity AS a ON a.member_id = r.member_id AND a.id = r.activity_id
         WHERE r.brand_id = %(brand)s AND r.id >= %(low)s AND r.id < %(high)s
           AND a.type = 'refund' AND a.status = 'waiting'""",
    columns={
        "member_id": "UUID",
        "id": "UUID",
        "refund_id": "UUID",
        "occurred_at": "TIMESTAMPTZ",
        "local": "TIMESTAMP",
        "receipt": "VARCHAR",
        "order_id": "UUID",
    },
)
_ENTRY = Source(
    name="entry",
    feeds=("entries",),
    known_by="entries",
    query="""
        SELECT member_id, id, unit, kind, account, contra, amount, activity_id, reverses, occurred_at, recorded_at,
               occurred_at AT TIME ZONE %(tz)s
          FROM entry WHERE brand_id = %(brand)s AND id >= %(low)s AND id < %(high)s""",
    columns={
        "member_id": "UUID",
        "id": "UUID",
        "unit": "VARCHAR",
        "kind": "VARCHAR",
        "account": "VARCHAR",
        "contra": "VARCHAR",
        "amount": "BIGINT",
        "activity_id": "UUID",
        "reverses": "UUID",
        "occurred_at": "TIMESTAMPTZ",
        "recorded_at": "TIMESTAMPTZ",
        "local": "TIMESTAMP",
    },
)
_TIER = Source(
    name="tier_change",
    feeds=("tiers",),
    known_by="tiers",
    query="""
        SELECT member_id, id, scheme, previous, tier, occurred_at, recorded_at, occurred_at AT TIME ZONE %(tz)s
          FROM tier_change WHERE brand_id = %(brand)s AND id >= %(low)s AND id < %(high)s""",
    columns={
        "member_id": "UUID",
        "id": "UUID",
        "scheme": "VARCHAR",
        "previous": "VARCHAR",
        "tier": "VARCHAR",
        "at": "TIMESTAMPTZ",
        "recorded_at": "TIMESTAMPTZ",
        "local": "TIMESTAMP",
    },
)
SOURCES = (_ACTIVITY, _LATE_REFUND, _ENTRY, _TIER)

MEMBERS = Source(
    name="membership",
    feeds=("members",),
    known_by="members",
    query=f"""
        SELECT m.member_id, m.code, m.joined_at, (m.joined_at AT TIME ZONE %(tz)s)::date, m.channel, m.touchpoint,
               s.code, m.recruiter, m.tier, m.status,
               NOT EXISTS (SELECT 1 FROM profiling_opt_out AS p
                            WHERE p.member_id = m.member_id AND p.brand_id = m.brand_id)
          FROM membership AS m {_STORE.format("m")}
         WHERE m.brand_id = %(brand)s""",
    columns={
        "member_id": "UUID",
        "code": "VARCHAR",
        "joined_at": "TIMESTAMPTZ",
        "joined_day": "DATE",
        "channel": "VARCHAR",
        "touchpoint": "VARCHAR",
        "store": "VARCHAR",
        "recruiter": "VARCHAR",
        "tier": "VARCHAR",
        "status": "VARCHAR",
        "profiling": "BOOLEAN",
    },
)

# The least id of each source, made of the tables' own names; asked for once, before the first export.
_FIRST = {
    source.name: f"SELECT id FROM {source.name} WHERE brand_id = %s ORDER BY id LIMIT 1" for source in SOURCES
}
_LEAST = UUID(int=0)


def first_id(source: Source, brand_id: UUID) -> UUID | None:
    """The least id there is."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST[source.name], [brand_id])
        row = cursor.fetchone()
    return row[0] if row else None


def pieces(
    source: Source, into: Path, *, brand_id: UUID, timezone: str, low: UUID = _LEAST, high: UUID = _LEAST
) -> Generator[Path, None, None]:
    """Stream a stretch into files of bounded size, one after the other; each is there until the next is asked for."""
    values: dict[str, Any] = {"brand": brand_id, "tz": timezone, "low": low, "high": high}
    number = 0
    with connection.cursor() as cursor, cursor.copy(_copy_of(source), values) as rows:
        stream = iter(rows)
        more = True
        while more:
            path = into / f"{source.name}-{number}.csv"
            written = 0
            with path.open("wb", buffering=1 << 20) as out:
                more = False
                for row in stream:
                    written += out.write(row)
                    if written >= _PIECE_BYTES:
                        more = True
                        break
            if written:
                yield path
            path.unlink(missing_ok=True)
            number += 1


def _copy_of(source: Source) -> str:
    return f"COPY ({source.query}) TO STDOUT (FORMAT csv)"
