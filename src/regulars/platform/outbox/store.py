"""Writing events fast, and reading each exactly once in order although transactions commit out of order.

An id is made before its transaction commits, so "ids above the last one seen" would miss a slow writer's rows.
A consumer's position is therefore a PostgreSQL snapshot: the next window holds what the newest snapshot sees and the
last one did not. A transaction is in exactly one window; a slow one is simply in a later window, and holds nobody up.
Within a window rows come by id. If one transaction committed before another began to write about a member, every
snapshot that sees the second sees the first, so a member's events arrive in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from regulars.kit import wire
from regulars.kit.ids import first_id_at
from regulars.kit.periods import add_months
from regulars.platform.outbox.types import Event

_COLUMNS = (
    "id", "organisation_id", "brand_id", "member_id", "topic", "payload", "occurred_at", "recorded_at",
)  # fmt: skip
_NOTHING_SEEN = "1:1:"
_WINDOW = """
    made_in >= pg_snapshot_xmin(%(seen)s::pg_snapshot) AND made_in < pg_snapshot_xmax(%(target)s::pg_snapshot)
    AND NOT pg_visible_in_snapshot(made_in, %(seen)s::pg_snapshot)
    AND pg_visible_in_snapshot(made_in, %(target)s::pg_snapshot)
"""


def insert(events: Sequence[Event]) -> None:
    with connection.cursor() as cursor:
        wire.copy(cursor, "outbox", _COLUMNS, _fields(events))


def _fields(events: Sequence[Event]) -> Iterator[bytes]:
    """The events' rows. What they have in common is written out once."""
    last, recorded = None, b""
    for e in events:
        if e.recorded_at is not last:
            last, recorded = e.recorded_at, wire.instant(e.recorded_at)
        yield _START
        yield wire.uuid(e.id)
        yield _tenant(e.organisation_id, e.brand_id)
        yield wire.uuid(e.member_id)
        yield wire.words(e.topic)
        yield wire.jsonb(orjson.dumps(e.payload, option=orjson.OPT_NON_STR_KEYS))
        yield wire.instant(e.occurred_at)
        yield recorded


_START = wire.start(_COLUMNS)


@lru_cache(maxsize=1024)
def _tenant(organisation_id: UUID, brand_id: UUID) -> bytes:
    return wire.uuid(organisation_id) + wire.uuid(brand_id)


def add_consumer(name: str, *, from_start: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO outbox_consumer (name, seen, target, last_error) VALUES (%s, %s, '', '') "
            "ON CONFLICT DO NOTHING",
            [name, _NOTHING_SEEN if from_start else _snapshot(cursor)],
        )


def _snapshot(cursor: Any) -> str:
    """The present snapshot as text, this transaction's own writes not in it.

    PostgreSQL leaves a transaction out of its own list of running ones; events that a handler writes would then
    count as seen.
    """
    cursor.execute("SELECT pg_current_snapshot()::text, pg_current_xact_id_if_assigned()::text::bigint")
    text, own = cursor.fetchone()
    xmin, xmax, running = text.split(":")
    others = {int(x) for x in running.split(",") if x}
    if own is not None and own < int(xmax):
        others.add(own)
    return f"{xmin}:{xmax}:{','.join(map(str, sorted(others)))}"


def moment() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text")
        return str(cursor.fetchone()[0])


def with_news(names: Sequence[str]) -> list[str]:
    """Consumers in the middle of a window, and those that have not seen some transaction's rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.name FROM outbox_consumer c
             WHERE c.name = ANY(%s) AND (c.target <> '' OR EXISTS (
                   SELECT 1 FROM outbox o WHERE o.made_in >= pg_snapshot_xmin(c.seen::pg_snapshot)
                      AND NOT pg_visible_in_snapshot(o.made_in, c.seen::pg_snapshot)))
            """,
            [list(names)],
        )
        return [row[0] for row in cursor.fetchall()]


def lock_consumer(name: str) -> tuple[str, str, UUID | None] | None:
    """(seen, target, last id) locked for this transaction, or None while another process has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seen, target, last_id FROM outbox_consumer WHERE name = %s FOR NO KEY UPDATE SKIP LOCKED",
            [name],
        )
        row = cursor.fetchone()
    return (row[0], row[1], row[2]) if row else None


def open_window(name: str, seen: str) -> tuple[str, UUID] | None:
    """A new window up to now and the id just before its first row; None when there is nothing new."""
    with connection.cursor() as cursor:
        target = _snapshot(cursor)
        # Materialised, so that the rows are found by transaction and not by walking all ids ever made.
        cursor.execute(
            f"WITH w AS MATERIALIZED (SELECT id FROM outbox WHERE {_WINDOW}) SELECT id FROM w ORDER BY id LIMIT 1",
            {"seen": seen, "target": target},
        )
        first = cursor.fetchone()
        if first is None:
            return None
        before = UUID(int=first[0].int - 1)
        cursor.execute(
            "UPDATE outbox_consumer SET target = %s, last_id = %s WHERE name = %s", [target, before, name]
        )
    return target, before


def read_window(seen: str, target: str, after: UUID, limit: int, topics: Sequence[str] | None) -> list[Event]:
    wanted = "" if topics is None else "AND topic = ANY(%(topics)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM outbox "
            f"WHERE id > %(after)s AND {_WINDOW} {wanted} ORDER BY id LIMIT %(limit)s",
            {"seen": seen, "target": target, "after": after, "limit": limit, "topics": list(topics or ())},
        )
        return [
            Event(
                id=r[0],
                organisation_id=r[1],
                brand_id=r[2],
                member_id=r[3],
                topic=r[4],
                payload=orjson.loads(r[5]) if isinstance(r[5], (str, bytes)) else r[5],
                occurred_at=r[6],
                recorded_at=r[7],
            )
            for r in cursor.fetchall()
        ]


def move(name: str, last_id: UUID, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_consumer SET last_id = %s, moved_at = %s, last_error = '' WHERE name = %s",
            [last_id, now, name],
        )


def close_window(name: str, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_consumer SET seen = target, target = '', last_id = NULL, moved_at = %s, last_error = '' "
            "WHERE name = %s",
            [now, name],
        )


def note_error(name: str, message: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_consumer SET last_error = %s WHERE name = %s", [message[:2000], name])


def states() -> list[tuple[str, int, datetime | None, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.name, b.behind, c.moved_at, c.last_error FROM outbox_consumer c CROSS JOIN LATERAL (
                SELECT count(*) AS behind FROM (
                    SELECT 1 FROM outbox o
                    WHERE o.made_in >= pg_snapshot_xmin(c.seen::pg_snapshot)
                      AND NOT pg_visible_in_snapshot(o.made_in, c.seen::pg_snapshot)
                      AND (c.target = '' OR o.id > c.last_id
                           OR NOT pg_visible_in_snapshot(o.made_in, NULLIF(c.target, '')::pg_snapshot))
                    LIMIT 1000) AS x) AS b
            ORDER BY c.name
            """
        )
        return [tuple(row) for row in cursor.fetchall()]


def ensure_partitions(now: datetime, months_ahead: int) -> int:
    """Make the partitions of this month and the next ones; gives how many were missing.

    A month whose rows already lie in the default partition is left there.
    """
    first = now.astimezone(UTC).date().replace(day=1)
    made = 0
    with connection.cursor() as cursor:
        existing = {name for name, _ in partitions()}
        for offset in range(months_ahead + 1):
            month = add_months(first, offset)
            name = f"outbox_{month:%Y%m}"
            if name not in existing:
                low, high = _bound(month), _bound(add_months(month, 1))
                cursor.execute("SELECT 1 FROM outbox_default WHERE id >= %s AND id < %s LIMIT 1", [low, high])
                if cursor.fetchone():
                    continue
                cursor.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF outbox FOR VALUES FROM ('{low}') TO ('{high}')"
                )
                made += 1
    return made


def partitions() -> list[tuple[str, date]]:
    """The monthly partitions and their first days."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'outbox'::regclass AND c.relname ~ '^outbox_[0-9]{6}$' ORDER BY 1"
        )
        return [(name, date(int(name[7:11]), int(name[11:13]), 1)) for (name,) in cursor.fetchall()]


def unseen_in(partition: str) -> bool:
    """Whether some consumer has not finished with a partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT 1 FROM {partition} o, outbox_consumer c "
            "WHERE NOT pg_visible_in_snapshot(o.made_in, c.seen::pg_snapshot))"
        )
        return bool(cursor.fetchone()[0])


def drop(partition: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {partition}")


def rebase() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE outbox o SET made_in = CASE WHEN EXISTS (
                SELECT 1 FROM outbox_consumer c WHERE NOT pg_visible_in_snapshot(o.made_in, c.seen::pg_snapshot))
                THEN '5'::xid8 ELSE '3'::xid8 END
            """
        )
        cursor.execute("UPDATE outbox_consumer SET seen = '4:4:', target = '', last_id = NULL")


def _bound(day: date) -> UUID:
    return first_id_at(datetime(day.year, day.month, day.day, tzinfo=UTC))
