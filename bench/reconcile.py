"""How long the proof of the books takes for a million entries and their lots and balances.

`python -m bench.reconcile [--entries N]`. The entries are put straight into the tables of a database of its own, ten a
member in two units, as earning leaves them; then one of them is spoiled, to see that it is found.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from bench import demo, ground


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=1_000_000)
    given = parser.parse_args()
    with ground.server() as cluster:
        demo.anew(cluster)
        run(given.entries)


def run(entries: int) -> None:
    from django.db import connection

    from regulars.value.ledger import api as ledger

    scope, members = ground.brand_with_members(entries // 10, slug="books")
    with connection.cursor() as cursor:
        _fill(cursor, scope, len(members))
        for number in range(3):
            began = time.perf_counter()
            found = ledger.reconcile_books()
            ledger.programme_totals()
            print(
                f"reconcile of {entries} entries: {len(found)} differences, {time.perf_counter() - began:.2f} s"
            )
            assert not found, found[:3]
            if number == 1:
                break
        cursor.execute(
            "UPDATE balance SET available = available + 1 WHERE (member_id, unit) = (%s, 'points')",
            [members[7]],
        )
        found = ledger.reconcile_books()
        print(f"one balance spoiled: {sorted(one.what for one in found)}")


def _fill(cursor: Any, scope: Any, members: int) -> None:
    """Five earns of points and five of growth a member, one lot each."""
    cursor.execute(
        """CREATE TEMP TABLE made AS
           SELECT m.member_id, u AS unit, n, (m.code || u || n) AS seed, 10 + n AS amount,
                  gen_random_uuid() AS id, gen_random_uuid() AS lot_id, gen_random_uuid() AS activity_id
             FROM membership m CROSS JOIN unnest(ARRAY['points', 'growth']) u CROSS JOIN generate_series(1, 5) n
            WHERE m.brand_id = %s""",
        [scope.brand_id],
    )
    for table, columns in {
        "lot": {
            "member_id": "member_id", "id": "lot_id", "brand_id": "%(brand)s", "unit": "unit", "rule": "'base'",
            "activity_id": "activity_id", "state": "'active'", "amount": "amount", "remaining": "amount",
            "earned_at": "%(at)s",
        },
        "entry": {
            "member_id": "member_id", "id": "id", "brand_id": "%(brand)s", "unit": "unit", "kind": "'earn'",
            "account": "'available'", "contra": "'issued'", "amount": "amount", "balance_after": "amount",
            "lot_id": "lot_id", "activity_id": "activity_id", "version": "1", "rule": "'base'",
            "occurred_at": "%(at)s", "recorded_at": "%(at)s",
        },
    }.items():  # fmt: skip
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM made",
            {"brand": scope.brand_id, "at": ground.START},
        )
    cursor.execute(
        """INSERT INTO balance (member_id, brand_id, unit, available)
           SELECT member_id, %s, unit, sum(amount) FROM made GROUP BY member_id, unit""",
        [scope.brand_id],
    )
    cursor.execute("ANALYZE entry, lot, balance")


if __name__ == "__main__":
    main()
