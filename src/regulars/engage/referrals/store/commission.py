"""Promoters, their commission, entries and statements."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.engage.referrals.types import CommissionRow, EntryRow, Imbalance, Promoter, StatementRow

_PROMOTER = "member_id, level, state, tax_note, staff_note, since, frozen, open, confirmed, paid"
_COMMISSION = "member_id, order_id, buyer_id, via, level, base, amount, state, ordered_at, thaws_at"
_STATEMENT = """member_id, month, state, opening, earned, clawed, adjusted, payout, carried, tax_note, made_by,
                made_at, confirmed_by, confirmed_at, paid_by, paid_at, reference"""


def promoters(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID], lock: bool = False
) -> dict[UUID, Promoter]:
    """By member; locked in order."""
    cursor.execute(
        f"""SELECT {_PROMOTER} FROM commission_account WHERE member_id = ANY(%s) AND brand_id = %s
             ORDER BY member_id {"FOR NO KEY UPDATE" if lock else ""}""",
        [list(member_ids), brand_id],
    )
    return {row[0]: Promoter(*row) for row in cursor.fetchall()}


def put_promoter(
    cursor: Any,
    *,
    brand_id: UUID,
    member_id: UUID,
    level: str,
    state: str,
    tax_note: str,
    staff_note: str,
    now: datetime,
) -> None:
    cursor.execute(
        """INSERT INTO commission_account (member_id, brand_id, level, state, tax_note, staff_note, since)
           VALUES (%s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (member_id, brand_id) DO UPDATE
              SET level = excluded.level, state = excluded.state, tax_note = excluded.tax_note,
                  staff_note = excluded.staff_note""",
        [member_id, brand_id, level, state, tax_note, staff_note, now],
    )


def promoter_ids(cursor: Any, *, brand_id: UUID) -> list[UUID]:
    """Every promoter of a brand."""
    cursor.execute("SELECT member_id FROM commission_account WHERE brand_id = %s", [brand_id])
    return [row[0] for row in cursor.fetchall()]


def list_promoters(
    cursor: Any, *, brand_id: UUID, before: Sequence[Any] | None, limit: int
) -> list[Promoter]:
    cursor.execute(
        f"""SELECT {_PROMOTER} FROM commission_account
             WHERE brand_id = %(brand)s
               AND (%(at)s::timestamptz IS NULL OR (since, member_id) < (%(at)s::timestamptz, %(id)s::uuid))
             ORDER BY since DESC, member_id DESC LIMIT %(limit)s""",
        {
            "brand": brand_id,
            "at": before[0] if before else None,
            "id": before[1] if before else None,
            "limit": limit,
        },
    )
    return [Promoter(*row) for row in cursor.fetchall()]


def post(
    cursor: Any,
    *,
    brand_id: UUID,
    rows: Sequence[tuple[UUID, str, str, int, UUID | None, str, str, str]],
    now: datetime,
) -> None:
    """Entries of (member, account, kind, amount, order, statement, note, actor), in order, and the accounts' sums.

    The accounts are locked by the caller.
    """
    if not rows:
        return
    numbers: dict[UUID, int] = {}
    sums: dict[UUID, dict[str, int]] = {}
    for row in rows:
        numbers[row[0]] = numbers.get(row[0], 0) + 1
        mine = sums.setdefault(row[0], {"frozen": 0, "open": 0, "confirmed": 0, "paid": 0})
        mine[row[1]] += row[3]
    ids = sorted(numbers)
    cursor.execute(
        """UPDATE commission_account a
              SET seq = a.seq + v.n, frozen = a.frozen + v.frozen, open = a.open + v.open,
                  confirmed = a.confirmed + v.confirmed, paid = a.paid + v.paid
             FROM unnest(%s::uuid[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
                  AS v(member_id, n, frozen, open, confirmed, paid)
            WHERE a.member_id = v.member_id AND a.brand_id = %s RETURNING a.member_id, a.seq - v.n""",
        [
            ids,
            [numbers[id_] for id_ in ids],
            *([sums[id_][name] for id_ in ids] for name in ("frozen", "open", "confirmed", "paid")),
            brand_id,
        ],
    )
    last = dict(cursor.fetchall())
    placed = []
    for row in rows:
        last[row[0]] += 1
        placed.append((row[0], last[row[0]], *row[1:]))
    cursor.execute(
        """INSERT INTO commission_entry (brand_id, at, member_id, seq, account, kind, amount, order_id, statement, note,
                                         actor)
           SELECT %s, %s, v.* FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::text[], %s::bigint[], %s::uuid[],
                                          %s::text[], %s::text[], %s::text[]) AS v""",
        [brand_id, now, *([row[n] for row in placed] for n in range(9))],
    )


def commissions_of(
    cursor: Any, *, brand_id: UUID, order_ids: Iterable[UUID]
) -> list[tuple[CommissionRow, list[list[Any]]]]:
    """Commissions of orders with the percents of their lines, held until the transaction ends."""
    cursor.execute(
        f"""SELECT {_COMMISSION}, lines::text FROM commission WHERE brand_id = %s AND order_id = ANY(%s)
             ORDER BY member_id, order_id FOR NO KEY UPDATE""",
        [brand_id, list(order_ids)],
    )
    return [(CommissionRow(*row[:-1]), json.loads(row[-1])) for row in cursor.fetchall()]


def add_commission(
    cursor: Any, *, brand_id: UUID, row: CommissionRow, share_id: UUID | None, lines: Sequence[Sequence[Any]]
) -> bool:
    """False when the order has one already."""
    cursor.execute(
        """INSERT INTO commission (brand_id, member_id, order_id, buyer_id, via, share_id, level, lines, base, amount,
                                   state, ordered_at, thaws_at, next_run_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        [
            brand_id, row.member_id, row.order_id, row.buyer_id, row.via, share_id, row.level, json.dumps(lines),
            row.base, row.amount, row.state, row.ordered_at, row.thaws_at, row.thaws_at,
        ],
    )  # fmt: skip
    return bool(cursor.rowcount)


def set_commission(cursor: Any, *, member_id: UUID, order_id: UUID, base: int, amount: int) -> None:
    cursor.execute(
        "UPDATE commission SET base = %s, amount = %s WHERE member_id = %s AND order_id = %s",
        [base, amount, member_id, order_id],
    )


def thaw(cursor: Any, *, keys: Sequence[tuple[UUID, UUID]]) -> list[tuple[UUID, UUID, UUID, int]]:
    """(brand, member, order, amount) of those that were frozen."""
    cursor.execute(
        """UPDATE commission c SET state = 'open', next_run_at = NULL
             FROM unnest(%s::uuid[], %s::uuid[]) AS v(member_id, order_id)
            WHERE c.member_id = v.member_id AND c.order_id = v.order_id AND c.state = 'frozen'
        RETURNING c.brand_id, c.member_id, c.order_id, c.amount""",
        [[m for m, _ in keys], [o for _, o in keys]],
    )
    return list(cursor.fetchall())


def list_commissions(
    cursor: Any, *, brand_id: UUID, member_id: UUID, before: Sequence[Any] | None, limit: int
) -> list[CommissionRow]:
    cursor.execute(
        f"""SELECT {_COMMISSION} FROM commission
             WHERE member_id = %(member)s AND brand_id = %(brand)s
               AND (%(at)s::timestamptz IS NULL OR (ordered_at, order_id) < (%(at)s::timestamptz, %(id)s::uuid))
             ORDER BY ordered_at DESC, order_id DESC LIMIT %(limit)s""",
        {
            "member": member_id, "brand": brand_id, "at": before[0] if before else None,
            "id": before[1] if before else None, "limit": limit,
        },
    )  # fmt: skip
    return [CommissionRow(*row) for row in cursor.fetchall()]


def entries(
    cursor: Any,
    *,
    brand_id: UUID,
    member_id: UUID,
    above: int,
    up_to: int | None = None,
) -> list[EntryRow]:
    cursor.execute(
        """SELECT seq, account, kind, amount, order_id, statement, note, actor, at FROM commission_entry
            WHERE member_id = %s AND brand_id = %s AND seq > %s AND (%s::int IS NULL OR seq <= %s::int)
            ORDER BY seq""",
        [member_id, brand_id, above, up_to, up_to],
    )
    return [EntryRow(*row) for row in cursor.fetchall()]


def newest_entries(cursor: Any, *, brand_id: UUID, member_id: UUID, limit: int) -> list[EntryRow]:
    cursor.execute(
        """SELECT seq, account, kind, amount, order_id, statement, note, actor, at FROM commission_entry
            WHERE member_id = %s AND brand_id = %s ORDER BY seq DESC LIMIT %s""",
        [member_id, brand_id, limit],
    )
    return [EntryRow(*row) for row in cursor.fetchall()]


def last_seq_before(cursor: Any, *, brand_id: UUID, member_id: UUID, until: datetime) -> int:
    """The last entry of a month: entries are numbered under the account's lock, so later ones have higher numbers."""
    cursor.execute(
        "SELECT max(seq) FROM commission_entry WHERE member_id = %s AND brand_id = %s AND at < %s",
        [member_id, brand_id, until],
    )
    return int(cursor.fetchone()[0] or 0)


def open_sums(cursor: Any, *, brand_id: UUID, member_id: UUID, above: int, up_to: int) -> dict[str, int]:
    """Sums of `open` by kind, of the entries of a statement, without what was paid out meanwhile."""
    cursor.execute(
        """SELECT kind, sum(amount)::bigint FROM commission_entry
            WHERE member_id = %s AND brand_id = %s AND account = 'open' AND seq > %s AND seq <= %s GROUP BY kind""",
        [member_id, brand_id, above, up_to],
    )
    return dict(cursor.fetchall())


def last_statement(
    cursor: Any, *, brand_id: UUID, member_id: UUID, before: str
) -> tuple[int, int, str, str] | None:
    """(to_seq, carried, state, month) of the statement before a month's."""
    cursor.execute(
        """SELECT to_seq, carried, state, month FROM commission_statement
            WHERE member_id = %s AND brand_id = %s AND month < %s ORDER BY month DESC LIMIT 1""",
        [member_id, brand_id, before],
    )
    return cursor.fetchone()  # type: ignore[no-any-return]


def has_later(cursor: Any, *, brand_id: UUID, member_id: UUID, month: str) -> bool:
    """Whether a statement of a later month is there: it covers what was before it."""
    cursor.execute(
        "SELECT 1 FROM commission_statement WHERE member_id = %s AND brand_id = %s AND month > %s LIMIT 1",
        [member_id, brand_id, month],
    )
    return cursor.fetchone() is not None


def put_statement(cursor: Any, *, brand_id: UUID, values: Mapping[str, Any]) -> bool:
    """Keep a draft, in the place of an earlier draft of the month; False where it is confirmed."""
    names = ", ".join(values)
    fresh = ", ".join(f"{name} = excluded.{name}" for name in values if name not in ("member_id", "month"))
    cursor.execute(
        f"""INSERT INTO commission_statement AS s (brand_id, {names}) VALUES (%s, {", ".join(["%s"] * len(values))})
            ON CONFLICT (member_id, brand_id, month) DO UPDATE SET {fresh} WHERE s.state = 'draft'""",
        [brand_id, *values.values()],
    )
    return bool(cursor.rowcount)


def read_statement(
    cursor: Any, *, brand_id: UUID, member_id: UUID, month: str, lock: bool = False
) -> tuple[StatementRow, UUID | None, int, int] | None:
    """The statement, who drew it up, and its first and last entry."""
    cursor.execute(
        f"""SELECT {_STATEMENT}, made_by_id, from_seq, to_seq FROM commission_statement
             WHERE member_id = %s AND brand_id = %s AND month = %s {"FOR NO KEY UPDATE" if lock else ""}""",
        [member_id, brand_id, month],
    )
    row = cursor.fetchone()
    return (StatementRow(*row[:-3]), row[-3], row[-2], row[-1]) if row else None


def set_statement(
    cursor: Any, *, brand_id: UUID, member_id: UUID, month: str, values: Mapping[str, Any]
) -> None:
    names = ", ".join(f"{name} = %s" for name in values)
    cursor.execute(
        f"UPDATE commission_statement SET {names} WHERE member_id = %s AND brand_id = %s AND month = %s",
        [*values.values(), member_id, brand_id, month],
    )


def list_statements(
    cursor: Any,
    *,
    brand_id: UUID,
    month: str,
    member_id: UUID | None,
    limit: int,
    after: tuple[str, int, UUID] | None = None,
) -> list[StatementRow]:
    """Newest month first, the largest payout first; those behind `after` (month, payout, member)."""
    behind = """AND month <= %(last)s AND (month < %(last)s OR payout < %(payout)s
                     OR (payout = %(payout)s AND member_id > %(her)s))"""
    cursor.execute(
        f"""SELECT {_STATEMENT} FROM commission_statement
             WHERE brand_id = %(brand)s AND (%(month)s = '' OR month = %(month)s)
               AND (%(member)s::uuid IS NULL OR member_id = %(member)s::uuid) {behind if after else ""}
             ORDER BY month DESC, payout DESC, member_id LIMIT %(limit)s""",
        {
            "brand": brand_id, "month": month, "member": member_id, "limit": limit,
            "last": after and after[0], "payout": after and after[1], "her": after and after[2],
        },
    )  # fmt: skip
    return [StatementRow(*row) for row in cursor.fetchall()]


def differences(cursor: Any, *, brand_id: UUID | None) -> list[Imbalance]:
    """Entries ≠ accounts, entries ≠ commissions, statements ≠ their entries."""
    only = {"brand": brand_id}
    found: list[Imbalance] = []
    for name in ("frozen", "open", "confirmed", "paid"):
        cursor.execute(
            f"""SELECT a.brand_id, a.member_id, a.{name}, coalesce(sum(e.amount), 0)::bigint
                  FROM commission_account a
                  LEFT JOIN commission_entry e
                    ON e.member_id = a.member_id AND e.brand_id = a.brand_id AND e.account = '{name}'
                 WHERE %(brand)s::uuid IS NULL OR a.brand_id = %(brand)s::uuid
                 GROUP BY a.brand_id, a.member_id, a.{name} HAVING coalesce(sum(e.amount), 0) <> a.{name}""",
            only,
        )
        found += [
            Imbalance(f"commission_{name}", b, m, "commission", s, v) for b, m, v, s in cursor.fetchall()
        ]
    cursor.execute(
        """SELECT c.brand_id, c.member_id, c.amount, coalesce(sum(e.amount), 0)::bigint
             FROM commission c
             LEFT JOIN commission_entry e
               ON e.member_id = c.member_id AND e.brand_id = c.brand_id AND e.order_id = c.order_id
            WHERE %(brand)s::uuid IS NULL OR c.brand_id = %(brand)s::uuid
            GROUP BY c.brand_id, c.member_id, c.order_id, c.amount HAVING coalesce(sum(e.amount), 0) <> c.amount""",
        only,
    )
    found += [Imbalance("commission_orders", b, m, "commission", s, v) for b, m, v, s in cursor.fetchall()]
    cursor.execute(
        """SELECT s.brand_id, s.member_id, s.payout, coalesce(sum(e.amount), 0)::bigint
             FROM commission_statement s
             LEFT JOIN commission_entry e
               ON e.member_id = s.member_id AND e.brand_id = s.brand_id AND e.statement = s.month
              AND e.kind = 'confirm' AND e.account = 'confirmed'
            WHERE s.state <> 'draft' AND (%(brand)s::uuid IS NULL OR s.brand_id = %(brand)s::uuid)
            GROUP BY s.brand_id, s.member_id, s.month, s.payout HAVING coalesce(sum(e.amount), 0) <> s.payout""",
        only,
    )
    found += [
        Imbalance("commission_statements", b, m, "commission", s, v) for b, m, v, s in cursor.fetchall()
    ]
    return found
