"""Reads and writes of the directory of codes, and of the batches they were made in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.sql import copy_text, plain_array, text_array
from regulars.value.coupons.policy.coding import code_hash
from regulars.value.coupons.types import Batch, CodeRow

_CODE = "code, definition, state, batch_id, holder_id, coupon_id, bound_at"
_BATCH = "id, definition, origin, count, note, reserved_for, actor, created_at"
_PORTION = 20_000


def lock(cursor: Any, *, brand_id: UUID, hashes: Sequence[UUID]) -> tuple[UUID, CodeRow] | None:
    """The code of the first of these hashes that there is, held until the transaction ends."""
    cursor.execute(
        f"""SELECT code_hash, {_CODE} FROM coupon_code WHERE code_hash = ANY(%s::uuid[]) AND brand_id = %s
             ORDER BY array_position(%s::uuid[], code_hash) LIMIT 1 FOR NO KEY UPDATE""",
        [plain_array(hashes), brand_id, plain_array(hashes)],
    )
    row = cursor.fetchone()
    return (row[0], CodeRow(*row[1:])) if row else None


def find(cursor: Any, *, brand_id: UUID, hashes: Sequence[UUID]) -> CodeRow | None:
    """The same without holding it."""
    cursor.execute(
        f"""SELECT {_CODE} FROM coupon_code WHERE code_hash = ANY(%s::uuid[]) AND brand_id = %s
             ORDER BY array_position(%s::uuid[], code_hash) LIMIT 1""",
        [plain_array(hashes), brand_id, plain_array(hashes)],
    )
    row = cursor.fetchone()
    return CodeRow(*row) if row else None


def bind(cursor: Any, *, rows: Sequence[tuple[UUID, UUID, UUID]], now: datetime) -> None:
    """(hash, holder, coupon): these codes became coupons."""
    cursor.execute(
        """UPDATE coupon_code AS c SET state = 'bound', holder_id = v.holder, coupon_id = v.coupon, bound_at = %s
             FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[]) AS v(hash, holder, coupon) WHERE c.code_hash = v.hash""",
        [
            now,
            plain_array(r[0] for r in rows),
            plain_array(r[1] for r in rows),
            plain_array(r[2] for r in rows),
        ],
    )


def free(cursor: Any, *, brand_id: UUID, definition: str, count: int) -> list[tuple[UUID, str]]:
    """Up to `count` free codes, held until the transaction ends; those that others hold are passed over."""
    cursor.execute(
        """SELECT code_hash, code FROM coupon_code
            WHERE brand_id = %s AND definition = %s AND state = 'free' LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
        [brand_id, definition, count],
    )
    return list(cursor.fetchall())


def add(
    cursor: Any, *, brand_id: UUID, definition: str, batch_id: UUID, codes: Sequence[str], state: str
) -> None:
    """Write fresh codes of our making by COPY; a collision is an error (of 75 random bits there is none)."""
    brand, batch = brand_id.hex, batch_id.hex
    for at in range(0, len(codes), _PORTION):
        text = "".join(
            [
                f"{code_hash(brand_id, code).hex}\t{brand}\t{definition}\t{code}\t{state}\t{batch}\n"
                for code in codes[at : at + _PORTION]
            ]
        )
        columns = ("code_hash", "brand_id", "definition", "code", "state", "batch_id")
        copy_text(cursor, "coupon_code", columns, text)


def add_new(
    cursor: Any, *, brand_id: UUID, definition: str, batch_id: UUID | None, codes: Sequence[str], state: str
) -> set[str]:
    """Write codes that others spelt; returns those that were not there before."""
    cursor.execute(
        """INSERT INTO coupon_code (code_hash, brand_id, definition, code, state, batch_id)
           SELECT v.hash, %s, %s, v.code, %s, %s FROM unnest(%s::uuid[], %s::text[]) AS v(hash, code) ORDER BY v.hash
           ON CONFLICT (code_hash) DO NOTHING RETURNING code""",
        [
            brand_id,
            definition,
            state,
            batch_id,
            plain_array(code_hash(brand_id, code) for code in codes),
            text_array(codes),
        ],
    )
    return {row[0] for row in cursor.fetchall()}


def add_bound(
    cursor: Any,
    *,
    brand_id: UUID,
    definition: str,
    code: str,
    holder_id: UUID,
    coupon_id: UUID,
    now: datetime,
) -> None:
    """The code that a coupon is shown with."""
    cursor.execute(
        """INSERT INTO coupon_code (code_hash, brand_id, definition, code, state, holder_id, coupon_id, bound_at)
           VALUES (%s, %s, %s, %s, 'bound', %s, %s, %s)""",
        [code_hash(brand_id, code), brand_id, definition, code, holder_id, coupon_id, now],
    )


def rebind(cursor: Any, *, brand_id: UUID, code: str, state: str) -> None:
    """A bound code whose coupon is gone: free again, or void."""
    cursor.execute(
        """UPDATE coupon_code SET state = %s, holder_id = NULL, coupon_id = NULL, bound_at = NULL
            WHERE code_hash = %s AND brand_id = %s AND state = 'bound'""",
        [state, code_hash(brand_id, code), brand_id],
    )


def set_words(cursor: Any, *, brand_id: UUID, definition: str, words: Iterable[str]) -> list[str]:
    """Make these the definition's open codes; returns those that are taken by others."""
    wanted = list(words)
    cursor.execute(
        "DELETE FROM coupon_code WHERE brand_id = %s AND definition = %s AND state = 'open' AND NOT code = ANY(%s)",
        [brand_id, definition, wanted],
    )
    if not wanted:
        return []
    new = add_new(cursor, brand_id=brand_id, definition=definition, batch_id=None, codes=wanted, state="open")
    rest = [word for word in wanted if word not in new]
    cursor.execute(
        """SELECT code FROM coupon_code
            WHERE brand_id = %s AND definition = %s AND state = 'open' AND code = ANY(%s)""",
        [brand_id, definition, rest],
    )
    mine = {row[0] for row in cursor.fetchall()}
    return [word for word in rest if word not in mine]


def set_batch_state(cursor: Any, *, brand_id: UUID, batch_id: UUID, old: Sequence[str], new: str) -> int:
    """Move the codes of a batch that are in one of the old states; returns how many."""
    cursor.execute(
        "UPDATE coupon_code SET state = %s WHERE batch_id = %s AND brand_id = %s AND state = ANY(%s)",
        [new, batch_id, brand_id, list(old)],
    )
    return int(cursor.rowcount)


def add_batch(cursor: Any, *, brand_id: UUID, batch: Batch) -> None:
    cursor.execute(
        f"INSERT INTO coupon_batch (brand_id, {_BATCH}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            brand_id, batch.id, batch.definition, batch.origin, batch.count, batch.note, batch.reserved_for,
            batch.actor, batch.created_at,
        ],
    )  # fmt: skip


def set_batch(
    cursor: Any, *, batch_id: UUID, count: int | None = None, reserved_for: str | None = None
) -> None:
    cursor.execute(
        "UPDATE coupon_batch SET count = COALESCE(%s, count), reserved_for = COALESCE(%s, reserved_for) WHERE id = %s",
        [count, reserved_for, batch_id],
    )


def find_batch(cursor: Any, *, brand_id: UUID, batch_id: UUID) -> Batch | None:
    cursor.execute(f"SELECT {_BATCH} FROM coupon_batch WHERE id = %s AND brand_id = %s", [batch_id, brand_id])
    row = cursor.fetchone()
    return Batch(*row) if row else None


def list_batches(
    cursor: Any, *, brand_id: UUID, definition: str, before: tuple[str, str] | None, limit: int
) -> list[Batch]:
    """A definition's batches, newest first, each with its codes by state."""
    cursor.execute(
        f"""SELECT {_BATCH} FROM coupon_batch
             WHERE brand_id = %(brand)s AND definition = %(definition)s
               AND (%(at)s::timestamptz IS NULL OR (created_at, id) < (%(at)s::timestamptz, %(id)s::uuid))
             ORDER BY created_at DESC, id DESC LIMIT %(limit)s""",
        {
            "brand": brand_id,
            "definition": definition,
            "at": before[0] if before else None,
            "id": before[1] if before else None,
            "limit": limit,
        },
    )
    rows = cursor.fetchall()
    cursor.execute(
        "SELECT batch_id, state, count(*) FROM coupon_code WHERE batch_id = ANY(%s::uuid[]) GROUP BY 1, 2",
        [plain_array(row[0] for row in rows)],
    )
    states: dict[UUID, dict[str, int]] = {}
    for batch_id, state, count in cursor.fetchall():
        states.setdefault(batch_id, {})[state] = count
    return [Batch(*[*row, states.get(row[0], {})]) for row in rows]


def count_free(cursor: Any, *, brand_id: UUID, definition: str) -> int:
    cursor.execute(
        "SELECT count(*) FROM coupon_code WHERE brand_id = %s AND definition = %s AND state = 'free'",
        [brand_id, definition],
    )
    return int(cursor.fetchone()[0])


def each_of_batch(cursor: Any, *, brand_id: UUID, batch_id: UUID) -> Iterator[CodeRow]:
    """All codes of a batch, in portions."""
    after = UUID(int=0)
    while True:
        cursor.execute(
            f"""SELECT code_hash, {_CODE} FROM coupon_code
                 WHERE batch_id = %s AND brand_id = %s AND code_hash > %s ORDER BY code_hash LIMIT %s""",
            [batch_id, brand_id, after, _PORTION],
        )
        rows = cursor.fetchall()
        for row in rows:
            yield CodeRow(*row[1:])
        if len(rows) < _PORTION:
            return
        after = rows[-1][0]
