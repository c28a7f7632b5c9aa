"""Every query of the room."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.facts.categories.types import Category, Counts, Met
from regulars.kit.sql import text_array
from regulars.kit.text import Text

_COLUMNS = "code, name_zh, name_en, lines, last_sold"
_NAMED = "(name_zh <> '' OR name_en <> '')"


def names(brand_id: UUID, *, most: int) -> dict[str, Text]:
    """By code; a language that was left empty borrows the other."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT code, name_zh, name_en FROM product_category
                 WHERE brand_id = %s AND {_NAMED} ORDER BY code LIMIT %s""",
            [brand_id, most],
        )
        return {code: Text(zh or en, en or zh) for code, zh, en in cursor.fetchall()}


def rows_of(brand_id: UUID, codes: Collection[str]) -> dict[str, Category]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {_COLUMNS} FROM product_category
                 WHERE brand_id = %s AND code = ANY(%s::text[]) ORDER BY code FOR NO KEY UPDATE""",
            [brand_id, text_array(codes)],
        )
        return {row[0]: _category(row) for row in cursor.fetchall()}


def listed(
    brand_id: UUID, *, search: str, named: bool | None, after: tuple[int, str] | None, limit: int
) -> list[Category]:
    """Those sold most come first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {_COLUMNS} FROM product_category
                 WHERE brand_id = %(brand)s
                   AND (%(search)s = '' OR strpos(lower(code), %(search)s) > 0
                        OR strpos(lower(name_zh), %(search)s) > 0 OR strpos(lower(name_en), %(search)s) > 0)
                   AND (%(named)s::boolean IS NULL OR {_NAMED} = %(named)s)
                   AND (%(lines)s::bigint IS NULL OR lines < %(lines)s
                        OR (lines = %(lines)s AND code > %(code)s))
                 ORDER BY lines DESC, code LIMIT %(limit)s""",
            {
                "brand": brand_id, "search": search.lower(), "named": named, "limit": limit,
                "lines": after[0] if after else None, "code": after[1] if after else None,
            },
        )  # fmt: skip
        return [_category(row) for row in cursor.fetchall()]


def counts(brand_id: UUID) -> Counts:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT count(*) FILTER (WHERE {_NAMED}), count(*) FILTER (WHERE NOT {_NAMED})
                  FROM product_category WHERE brand_id = %s""",
            [brand_id],
        )
        named, unnamed = cursor.fetchone()
    return Counts(named, unnamed)


def put(brand_id: UUID, codes: Sequence[str], zh: Sequence[str], en: Sequence[str]) -> None:
    """One statement for all of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO product_category (brand_id, code, name_zh, name_en)
               SELECT %s, given.* FROM unnest(%s::text[], %s::text[], %s::text[]) AS given
                   ON CONFLICT (brand_id, code) DO UPDATE
                  SET name_zh = excluded.name_zh, name_en = excluded.name_en""",
            [brand_id, text_array(codes), text_array(zh), text_array(en)],
        )
        # a code that no order had and that has no name any more is nothing
        cursor.execute(
            f"""DELETE FROM product_category
                 WHERE brand_id = %s AND code = ANY(%s::text[]) AND NOT {_NAMED} AND lines = 0""",
            [brand_id, text_array(codes)],
        )


def put_met(brand_id: UUID, met: Sequence[Met]) -> None:
    """What orders have had is what is given now: codes that no order has any more stay only if they have a name."""
    codes, dates = text_array(one.code for one in met), [one.last_sold.isoformat() for one in met]
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO product_category (brand_id, code, lines, last_sold)
               SELECT %s, given.* FROM unnest(%s::text[], %s::bigint[], %s::date[]) AS given
                   ON CONFLICT (brand_id, code) DO UPDATE
                  SET lines = excluded.lines, last_sold = excluded.last_sold
                WHERE (product_category.lines, product_category.last_sold)
                      IS DISTINCT FROM (excluded.lines, excluded.last_sold)""",
            [brand_id, codes, [one.lines for one in met], dates],
        )
        cursor.execute(
            f"DELETE FROM product_category WHERE brand_id = %s AND NOT {_NAMED} AND NOT code = ANY(%s::text[])",
            [brand_id, codes],
        )
        cursor.execute(
            """UPDATE product_category SET lines = 0, last_sold = NULL
                WHERE brand_id = %s AND lines > 0 AND NOT code = ANY(%s::text[])""",
            [brand_id, codes],
        )


def _category(row: Sequence[Any]) -> Category:
    code, zh, en, lines, last_sold = row
    name = Text(zh, en) if zh or en else None
    sold: date | None = last_sold
    return Category(code, name, lines, sold)
