"""Badges by condition over a million members: everybody asked when a badge is new, daily, and when much changes.

    python -m bench.badges [members]

Beside pgbench and, in plain SQL written by hand, the same members found and the same rows written in one statement.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from bench import ground
from bench.segments import ALONE, FILL, FIVE, PLAIN

MANY = {"field": "fact.orders_365", "op": "gte", "value": 3}
FEWER = {"field": "fact.orders_365", "op": "gte", "value": 4}
# A balance is looked up of each who is asked.
POOR = {"all": [{"field": "balance.points", "op": "lte", "value": 100}, MANY]}
BY_HAND = """
    INSERT INTO badge_grant (member_id, brand_id, badge, key, source, granted_at)
    SELECT m.member_id, m.brand_id, 'by-hand', 'k', 'hand', now()
      FROM membership m JOIN member_fact f USING (member_id, brand_id)
     WHERE m.brand_id = %s AND m.status = 'active' AND f.orders_365 >= 3
"""


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


def main(count: int) -> None:
    with ground.server() as cluster:
        from django.db import connection

        from regulars.flows.missions import api as flow
        from regulars.kit import clock
        from regulars.kit.ids import new_id
        from regulars.platform.organisations import api as organisations

        print(f"pgbench {ground.pgbench(cluster, seconds=5):,.0f} TPS")
        scope, _ = ground.brand_with_members(10, slug=f"badges{count}x")
        now = clock.now()
        brand = organisations.get_brand(brand_id=scope.brand_id)
        given = {"brand": brand.id, "organisation": scope.organisation_id, "now": now, "count": count}
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM member_fact WHERE brand_id = %s", [brand.id])
            if cursor.fetchone()[0] < count:
                took, _ = timed(lambda: cursor.execute(FILL, given))
                cursor.execute("VACUUM (ANALYZE) membership")
                cursor.execute("VACUUM (ANALYZE) member_fact")
                print(f"filled {count:,} members in {took:.0f} s")
            cursor.execute("DELETE FROM badge_grant WHERE brand_id = %s", [brand.id])
            cursor.execute("VACUUM (ANALYZE) badge_grant")
            took, _ = timed(lambda: cursor.execute(PLAIN, [brand.id]))
            print(f"the count of five conditions in plain SQL: {took:.2f} s")
            took, _ = timed(lambda: cursor.execute(BY_HAND, [brand.id]))
            print(f"plain SQL gives a badge to {cursor.rowcount:,}, one statement: {took:.2f} s")
            cursor.execute("DELETE FROM badge_grant WHERE brand_id = %s", [brand.id])

        def ask(name: str, key: str, when: dict[str, Any], create: bool) -> None:
            data = {"key": key, "name": key, "when": when, "taken_away": True}
            flow.put_badge(scope=scope, data=data, now=now, create=create)
            wal = ground.wal_bytes(cluster)
            took, (came, gone) = timed(lambda: flow.ask_badge(brand, key, now))
            written = (ground.wal_bytes(cluster) - wal) / 1e6
            print(f"{name}: {came:,} given, {gone:,} taken: {took:.2f} s, {written:,.0f} MB of log")

        tail = new_id().hex[-6:]
        for name, when in (("five conditions", FIVE), ("two on facts", ALONE), ("a balance", POOR)):
            key = f"{name.split()[-1]}-{tail}"
            ask(f"{name}, new", key, when, True)
            ask(f"{name}, a day later", key, when, False)
        ask("one on facts, new", f"many-{tail}", MANY, True)
        ask("one on facts, a day later", f"many-{tail}", MANY, False)
        ask("one on facts, much changed", f"many-{tail}", FEWER, False)
        ask("and back, each told once more", f"many-{tail}", MANY, False)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
