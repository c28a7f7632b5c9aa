"""Every query of recommendations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from regulars.insight.recommend.types import Product, Recommended, Suggested
from regulars.kit.sql import copy_rows, plain_array, text_array

EPOCH = date(1970, 1, 1)
Entry = list[Any]
_LISTS = ("member_id", "brand_id", "as_of", "buy_again", "discover", "due")
_PRODUCT = ("sku", "name", "category", "department", "price", "last_sold", "buyers")
_COLUMNS = "{0}.sku, {0}.name, {0}.category, {0}.department, {0}.price, {0}.last_sold, {0}.buyers"

# one query: the lists are taken apart, named, and left without what may not be shown
_FOR_MEMBERS = f"""
SELECT r.member_id, r.as_of, e.kind, e.v, {_COLUMNS.format("p")}, {_COLUMNS.format("b")}
  FROM recommendation AS r
 CROSS JOIN LATERAL (
       SELECT 'buy_again' AS kind, v, n FROM jsonb_array_elements(r.buy_again) WITH ORDINALITY AS x(v, n)
        WHERE 'buy_again' = ANY(%(kinds)s::text[])
       UNION ALL SELECT 'discover', v, n FROM jsonb_array_elements(r.discover) WITH ORDINALITY AS x(v, n)
        WHERE 'discover' = ANY(%(kinds)s::text[])
       UNION ALL SELECT 'due', v, n FROM jsonb_array_elements(r.due) WITH ORDINALITY AS x(v, n)
        WHERE 'due' = ANY(%(kinds)s::text[])
       ) AS e
  JOIN recommend_product AS p ON p.brand_id = r.brand_id AND p.sku = e.v ->> 0
  LEFT JOIN recommend_product AS b ON b.brand_id = r.brand_id AND e.kind = 'discover' AND b.sku = e.v ->> 2
   AND NOT b.sku = ANY(%(skus)s::text[]) AND NOT b.category = ANY(%(categories)s::text[])
 WHERE r.member_id = ANY(%(members)s::uuid[]) AND r.brand_id = %(brand)s
   AND NOT p.sku = ANY(%(skus)s::text[]) AND NOT p.category = ANY(%(categories)s::text[])
   AND p.last_sold >= (r.as_of - make_interval(days => %(stale)s))::date
 ORDER BY r.member_id, e.kind, e.n"""


def for_members(
    *,
    brand_id: UUID,
    member_ids: Collection[UUID],
    skus: Sequence[str],
    categories: Sequence[str],
    stale_days: int,
    kinds: Collection[str],
    limit: int,
) -> dict[UUID, Recommended]:
    """Those who have something to be shown, each with her lists of these kinds."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FOR_MEMBERS,
            {
                "members": plain_array(member_ids),
                "brand": brand_id,
                "skus": text_array(skus),
                "categories": text_array(categories),
                "stale": stale_days,
                "kinds": text_array(kinds),
            },
        )
        rows = cursor.fetchall()
    found: dict[UUID, tuple[Any, dict[str, list[Suggested]]]] = {}
    for member, as_of, kind, v, *columns in rows:
        _, lists = found.setdefault(member, (as_of, {}))
        list_ = lists.setdefault(kind, [])
        if len(list_) < limit:
            entry = orjson.loads(v) if isinstance(v, str) else v
            list_.append(_suggested(kind, entry, Product(*columns[:7]), columns[7:]))
    return {
        member: Recommended(as_of, **{kind: tuple(list_) for kind, list_ in lists.items()})
        for member, (as_of, lists) in found.items()
    }


def _suggested(kind: str, entry: Entry, product: Product, other: Sequence[Any]) -> Suggested:
    if kind == "discover":
        return Suggested(product, entry[1], because=Product(*other) if other[0] is not None else None)
    last = EPOCH + timedelta(days=entry[3])
    interval = entry[4] if entry[2] > 1 else None
    return Suggested(
        product,
        entry[1],
        entry[2],
        last,
        interval,
        None if interval is None else last + timedelta(days=interval),
    )


def _begin() -> None:
    """A place for what a chunk writes; lives as long as the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE TEMPORARY TABLE IF NOT EXISTS recommendation_now (
                   member_id uuid, brand_id uuid, as_of timestamptz, buy_again jsonb, discover jsonb, due jsonb)
               ON COMMIT DROP"""
        )
        cursor.execute("TRUNCATE recommendation_now")


def has_lists(*, brand_id: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM recommendation WHERE brand_id = %s)", [brand_id])
        return bool(cursor.fetchone()[0])


def write_lists(*, texts: Iterable[bytes], fresh: bool) -> int:
    """Write rows of lists given in COPY's text format, the columns those of `_LISTS`; `fresh`: the brand has none yet.

    Those who switched profiling off meanwhile are for the caller to leave out.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not fresh:
            _begin()
        columns, into = ", ".join(_LISTS), "recommendation" if fresh else "recommendation_now"
        with cursor.copy(f"COPY {into} ({columns}) FROM STDIN") as copy:
            for text in texts:
                copy.write(text)
        if not fresh:
            cursor.execute(
                f"""INSERT INTO recommendation ({columns}) SELECT {columns} FROM recommendation_now
                    ON CONFLICT (member_id, brand_id) DO UPDATE SET as_of = excluded.as_of,
                           buy_again = excluded.buy_again, discover = excluded.discover, due = excluded.due"""
            )
        return int(cursor.rowcount)


def drop_older(*, brand_id: UUID, as_of: datetime) -> int:
    """Forget the lists of those whom this run left out."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM recommendation WHERE brand_id = %s AND as_of < %s", [brand_id, as_of])
        return int(cursor.rowcount)


def wipe(*, brand_id: UUID, member_ids: Sequence[UUID]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM recommendation WHERE brand_id = %s AND member_id = ANY(%s::uuid[])",
            [brand_id, plain_array(member_ids)],
        )
        return int(cursor.rowcount)


def replace_products(*, brand_id: UUID, products: Iterable[Product]) -> None:
    """The brand's products, as they are now, in the place of those before."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM recommend_product WHERE brand_id = %s", [brand_id])
        copy_rows(
            cursor,
            "recommend_product",
            ("brand_id", *_PRODUCT),
            ((brand_id, *(getattr(p, column) for column in _PRODUCT)) for p in products),
        )


def replace_also_bought(*, brand_id: UUID, rows: Iterable[tuple[str, int, str, int, float, float]]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM also_bought WHERE brand_id = %s", [brand_id])
        copy_rows(
            cursor,
            "also_bought",
            ("brand_id", "sku", "rank", "other", "together", "lift", "share"),
            ((brand_id, *row) for row in rows),
        )


def also_bought(
    *, brand_id: UUID, sku: str, skus: Sequence[str], categories: Sequence[str], limit: int
) -> list[tuple[Product, int, float, float]]:
    """(product, days with both, lift, share), the surest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {_COLUMNS.format("p")}, a.together, a.lift::float8, a.share::float8
                  FROM also_bought AS a JOIN recommend_product AS p ON p.brand_id = a.brand_id AND p.sku = a.other
                 WHERE a.brand_id = %s AND a.sku = %s
                   AND NOT p.sku = ANY(%s::text[]) AND NOT p.category = ANY(%s::text[])
                 ORDER BY a.rank LIMIT %s""",
            [brand_id, sku, text_array(skus), text_array(categories), limit],
        )
        return [(Product(*row[:7]), row[7], row[8], row[9]) for row in cursor.fetchall()]


def find_products(*, brand_id: UUID, query: str, skus: Sequence[str] | None, limit: int) -> list[Product]:
    """Products by number or part of a name, the most-bought first; with `skus` those of them."""
    with connection.cursor() as cursor:
        if skus is not None:
            cursor.execute(
                f"SELECT {_COLUMNS.format('p')} FROM recommend_product AS p "
                "WHERE p.brand_id = %s AND p.sku = ANY(%s::text[])",
                [brand_id, text_array(skus)],
            )
        else:
            cursor.execute(
                f"""SELECT {_COLUMNS.format("p")} FROM recommend_product AS p WHERE p.brand_id = %s
                     AND (p.sku = %s OR strpos(lower(p.name), lower(%s)) > 0) ORDER BY p.buyers DESC, p.sku LIMIT %s""",
                [brand_id, query, query, limit],
            )
        return [Product(*row) for row in cursor.fetchall()]
