"""Reads and writes of coupon definitions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from regulars.kit.sql import text_array
from regulars.value.coupons.policy import definition as reading
from regulars.value.coupons.types import Definition

_COLUMNS = "definition::text, state, revision, updated_at"


def read(cursor: Any, *, brand_id: UUID, keys: Iterable[str] | None = None) -> dict[str, Definition]:
    """Definitions by key; all of the brand's without `keys`."""
    cursor.execute(
        f"""SELECT {_COLUMNS} FROM coupon_definition
             WHERE brand_id = %s AND (%s OR key = ANY(%s::text[])) ORDER BY key""",
        [brand_id, keys is None, text_array(keys or ())],
    )
    return {made.key: made for made in map(_definition, cursor.fetchall())}


def lock(cursor: Any, *, brand_id: UUID, key: str) -> Definition | None:
    """One definition, held until the transaction ends: edits of it come one after the other."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM coupon_definition WHERE brand_id = %s AND key = %s FOR UPDATE",
        [brand_id, key],
    )
    row = cursor.fetchone()
    return _definition(row) if row else None


def put(cursor: Any, *, brand_id: UUID, made: Definition, now: datetime) -> None:
    """Write a definition; each write is a new revision."""
    cursor.execute(
        """INSERT INTO coupon_definition AS d (brand_id, key, name_zh, name_en, state, definition, revision,
                                               created_at, updated_at)
           VALUES (%s, %s, %s, %s, %s, %s::jsonb, 1, %s, %s)
           ON CONFLICT (brand_id, key) DO UPDATE
              SET name_zh = excluded.name_zh, name_en = excluded.name_en, state = excluded.state,
                  definition = excluded.definition, revision = d.revision + 1, updated_at = excluded.updated_at""",
        [
            brand_id,
            made.key,
            made.name.zh,
            made.name.en,
            made.state,
            msgspec.json.encode(reading.dump(made)).decode(),
            now,
            now,
        ],
    )


# (brand, key, revision, instant of the change) → definition: what a mark names never changes
_known: dict[tuple[UUID, str, int, datetime], Definition] = {}
_MOST = 20_000
Mark = tuple[str, int, datetime]


def known(brand_id: UUID, marks: Iterable[Mark]) -> dict[Mark, Definition]:
    """The definitions of these marks (key, revision, changed at), which were read in this transaction: those that
    this process has not seen are read by one query.
    """
    found: dict[Mark, Definition] = {}
    missing: list[Mark] = []
    for mark in marks:
        definition = _known.get((brand_id, *mark))
        if definition is None:
            missing.append(mark)
        else:
            found[mark] = definition
    if missing:
        if len(_known) >= _MOST:
            _known.clear()
        with connection.cursor() as cursor:
            for key, made in read(cursor, brand_id=brand_id, keys={mark[0] for mark in missing}).items():
                assert made.updated_at is not None
                _known[brand_id, key, made.revision, made.updated_at] = made
                # one that was changed just between the two is as it is now
                found |= {mark: made for mark in missing if mark[0] == key}
    return found


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Definition:
    return reading.parse(msgspec.json.decode(text))


def _definition(row: Sequence[Any]) -> Definition:
    return dataclasses.replace(_parsed(row[0]), state=row[1], revision=row[2], updated_at=row[3])
