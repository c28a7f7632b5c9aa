"""The proof of the books: Σ entries = balances = Σ lots for every member and unit, and per programme.

One pass over each table, hash-joined; no index is used and no row is locked. It reads one snapshot, so it may run
beside posting.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from regulars.value.ledger.types import Difference

# Entries per member, unit and account: an entry adds to its account and takes from its contra if that is hers too.
_PER_MEMBER = """
    WITH e AS (
        SELECT brand_id, member_id, unit,
               sum(CASE WHEN account = 'available' THEN amount ELSE 0 END)
                 - sum(CASE WHEN contra = 'available' THEN amount ELSE 0 END) AS available,
               sum(CASE WHEN account = 'pending' THEN amount ELSE 0 END)
                 - sum(CASE WHEN contra = 'pending' THEN amount ELSE 0 END) AS pending,
               sum(CASE WHEN account = 'held' THEN amount ELSE 0 END)
                 - sum(CASE WHEN contra = 'held' THEN amount ELSE 0 END) AS held,
               sum(CASE WHEN account = 'debt' THEN amount ELSE 0 END)
                 - sum(CASE WHEN contra = 'debt' THEN amount ELSE 0 END) AS debt
          FROM entry {where} GROUP BY 1, 2, 3
    ), l AS (
        SELECT brand_id, member_id, unit,
               sum(CASE WHEN state = 'active' THEN remaining ELSE 0 END) AS available,
               sum(CASE WHEN state = 'pending' THEN remaining ELSE 0 END) AS pending,
               sum(held) AS held, sum(CASE WHEN state = 'closed' THEN remaining ELSE 0 END) AS closed
          FROM lot {where} GROUP BY 1, 2, 3
    ), b AS (
        SELECT brand_id, member_id, unit, available, pending, held, -debt AS debt FROM balance {where}
    )
    SELECT brand_id, member_id, unit,
           COALESCE(b.available, 0), COALESCE(e.available, 0), COALESCE(l.available, 0),
           COALESCE(b.pending, 0), COALESCE(e.pending, 0), COALESCE(l.pending, 0),
           COALESCE(b.held, 0), COALESCE(e.held, 0), COALESCE(l.held, 0),
           COALESCE(b.debt, 0), COALESCE(e.debt, 0), COALESCE(l.closed, 0)
      FROM b FULL JOIN e USING (brand_id, member_id, unit) FULL JOIN l USING (brand_id, member_id, unit)
     WHERE COALESCE(b.available, 0) <> COALESCE(e.available, 0) OR COALESCE(b.available, 0) <> COALESCE(l.available, 0)
        OR COALESCE(b.pending, 0) <> COALESCE(e.pending, 0) OR COALESCE(b.pending, 0) <> COALESCE(l.pending, 0)
        OR COALESCE(b.held, 0) <> COALESCE(e.held, 0) OR COALESCE(b.held, 0) <> COALESCE(l.held, 0)
        OR COALESCE(b.debt, 0) <> COALESCE(e.debt, 0) OR COALESCE(l.closed, 0) <> 0
     ORDER BY 1, 2, 3 LIMIT %(limit)s
"""

# Programme side: what went out by the contra accounts is what members hold.
_TOTALS = """
    WITH programme AS (
        SELECT brand_id, unit, contra, sum(amount) AS amount FROM entry {where}
         {also} contra NOT IN ('available', 'pending', 'held', 'debt') GROUP BY 1, 2, 3
    ), members AS (
        SELECT brand_id, unit, sum(available + pending + held - debt) AS amount FROM balance {where} GROUP BY 1, 2
    )
    SELECT p.brand_id, p.unit, COALESCE(m.amount, 0), sum(p.amount), jsonb_object_agg(p.contra, p.amount)
      FROM programme p LEFT JOIN members m ON m.brand_id = p.brand_id AND m.unit = p.unit
     GROUP BY p.brand_id, p.unit, m.amount ORDER BY 1, 2
"""

_HOLDS = """
    SELECT COALESCE(h.brand_id, b.brand_id), COALESCE(h.member_id, b.member_id), COALESCE(h.unit, b.unit),
           COALESCE(b.held, 0), COALESCE(h.held, 0)
      FROM (SELECT brand_id, member_id, unit, sum(amount) AS held FROM hold
             WHERE state = 'held' GROUP BY 1, 2, 3) h
      FULL JOIN (SELECT brand_id, member_id, unit, held FROM balance WHERE held > 0) b
        ON h.brand_id = b.brand_id AND h.member_id = b.member_id AND h.unit = b.unit
     WHERE COALESCE(h.held, 0) <> COALESCE(b.held, 0)
       AND (%(brand)s::uuid IS NULL OR COALESCE(h.brand_id, b.brand_id) = %(brand)s) LIMIT %(limit)s
"""


def differences(cursor: Any, *, brand_id: UUID | None = None, limit: int = 1000) -> list[Difference]:
    """Every breach of the ledger's laws, up to `limit` members' rows; none means the books balance."""
    where = "" if brand_id is None else "WHERE brand_id = %(brand)s"
    parameters = {"brand": brand_id, "limit": limit}
    found: list[Difference] = []
    cursor.execute(_PER_MEMBER.format(where=where), parameters)
    for brand, member, unit, *v in cursor.fetchall():
        for name, balance, entries, lots in (
            ("available", v[0], v[1], v[2]),
            ("pending", v[3], v[4], v[5]),
            ("held", v[6], v[7], v[8]),
        ):
            if entries != balance:
                found.append(Difference(f"entries_{name}", brand, member, unit, int(balance), int(entries)))
            if lots != balance:
                found.append(Difference(f"lots_{name}", brand, member, unit, int(balance), int(lots)))
        if v[9] != v[10]:
            found.append(Difference("entries_debt", brand, member, unit, int(v[9]), int(v[10])))
        if v[11]:
            found.append(Difference("closed_lots_hold_value", brand, member, unit, 0, int(v[11])))
    cursor.execute(_HOLDS, parameters)
    for brand, member, unit, held, by_holds in cursor.fetchall():
        found.append(Difference("holds", brand, member, unit, int(held), int(by_holds)))
    for brand, unit, held, issued, _ in totals(cursor, brand_id=brand_id):
        if held != issued:
            found.append(Difference("programme_total", brand, None, unit, held, issued))
    return found


def totals(cursor: Any, *, brand_id: UUID | None = None) -> list[tuple[UUID, str, int, int, dict[str, int]]]:
    """Per programme and unit: what members hold, Σ of the programme side, and that side by account."""
    where = "" if brand_id is None else "WHERE brand_id = %(brand)s"
    cursor.execute(
        _TOTALS.format(where=where, also="WHERE" if brand_id is None else "AND"), {"brand": brand_id}
    )
    return [
        (brand, unit, int(held), int(issued), _plain(by_account))
        for brand, unit, held, issued, by_account in cursor.fetchall()
    ]


def _plain(value: Any) -> dict[str, int]:
    decoded = json.loads(value) if isinstance(value, str) else value
    return {account: int(amount) for account, amount in decoded.items()}


def count_entries(cursor: Any) -> int:
    cursor.execute("SELECT count(*) FROM entry")
    return int(cursor.fetchone()[0])
