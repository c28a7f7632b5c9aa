"""Segments over a million members with realistic skew: live count, full refresh, look-alike, file, facts of a chunk.

    python -m bench.segments [members]

Beside pgbench and a plain SQL count of the same answer, written by hand, in the same run.
"""

from __future__ import annotations

import contextlib
import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import ground

ALONE = {
    "all": [
        {"field": "fact.spend_365", "op": "gte", "value": 50_000},
        {"field": "fact.orders_90", "op": "gte", "value": 2},
    ]
}
FIVE = {
    "all": [
        {"field": "fact.spend_365", "op": "gte", "value": 50_000},
        {"field": "fact.orders_90", "op": "gte", "value": 2},
        {"field": "fact.coupon_share", "op": "lt", "value": "0.5"},
        {"field": "membership.tier", "op": "in", "value": ["normal", "silver", "gold"]},
        {"not": {"field": "fact.top_category", "op": "eq", "value": "c1"}},
    ]
}
# The same by hand, over the same tables.
PLAIN = """
    SELECT count(*) FROM membership m JOIN member_fact f USING (member_id, brand_id)
     WHERE m.brand_id = %s AND m.status = 'active' AND f.spend_365 >= 50000 AND f.orders_90 >= 2
       AND f.coupon_share < 0.5 AND m.tier IN ('normal', 'silver', 'gold') AND f.top_category IS DISTINCT FROM 'c1'
"""
# Frequencies fall off like a power of the rank: few buy much, many buy once.
FILL = """
    WITH made AS (
        SELECT md5('bench' || n)::uuid AS id, n, power(1 - random(), -0.55) AS keen, random() AS taste
          FROM generate_series(1, %(count)s) AS n)
    , people AS (
        INSERT INTO membership (member_id, brand_id, organisation_id, code, joined_at, tier, orders, spend)
        SELECT id, %(brand)s, %(organisation)s, 'B' || n, %(now)s - (random() * 700) * interval '1 day',
               CASE WHEN keen > 12 THEN 'gold' WHEN keen > 6 THEN 'silver' ELSE 'normal' END,
               keen::int, (keen * 9000)::bigint
          FROM made RETURNING 1)
    INSERT INTO member_fact (member_id, brand_id, as_of, day, orders_30, orders_90, orders_180, orders_365, spend_30,
                             spend_90, spend_180, spend_365, visits_365, coupon_share, discount_share, top_category,
                             top_category_share, categories_365, first_order_on, last_order_on, order_gap_median,
                             daypart)
    SELECT id, %(brand)s, %(now)s, %(now)s::date, (keen / 6)::int, (keen / 2)::int, keen::int, (keen * 2)::int,
           (keen * 1500)::bigint, (keen * 4500)::bigint, (keen * 9000)::bigint, (keen * 18000)::bigint, (keen * 2)::int,
           round((taste * 0.9)::numeric, 4), round((taste * 0.3)::numeric, 4), 'c' || (power(taste, 3) * 20)::int,
           0.6, 1 + (taste * 5)::int, %(now)s::date - 300, %(now)s::date - (random() * 200)::int,
           round((60 / keen)::numeric, 2), 'evening'
      FROM made
"""
ORDERS = """
    INSERT INTO activity (member_id, id, brand_id, type, occurred_at, recorded_at, source, channel, amount, body,
                          receipt)
    SELECT m.member_id, md5(m.member_id::text || k)::uuid, m.brand_id, 'order', %(now)s - (k * 18) * interval '1 day',
           %(now)s, 'bench', 'store', 9000, %(body)s::jsonb, '{}'
      FROM (SELECT * FROM membership WHERE brand_id = %(brand)s ORDER BY member_id LIMIT 1000) m,
           generate_series(0, 19) k
"""
BODY = """{"order": {"number": "x", "lines": [
    {"sku": "a", "amount": 6000, "category": "c1", "department": "d"}, {"sku": "b", "amount": 3000, "quantity": "2",
     "category": "c2", "department": "d"}]}}"""


def timed(work: Callable[[], Any], times: int = 5) -> tuple[float, Any]:
    took, answer = [], None
    for _ in range(times):
        began = time.perf_counter()
        answer = work()
        took.append(time.perf_counter() - began)
    return statistics.median(took), answer


def main(count: int) -> None:
    with ground.server() as cluster:
        from django.db import connection

        from regulars.audience.member_facts import api as member_facts
        from regulars.audience.segments import api as segments
        from regulars.audience.segments.types import SegmentDraft
        from regulars.kit import clock
        from regulars.kit.ids import new_id
        from regulars.kit.text import Text

        print(f"pgbench {ground.pgbench(cluster, seconds=5):,.0f} TPS")
        scope, _ = ground.brand_with_members(10, slug=f"segments{count}x")
        now, brand = clock.now(), scope.brand_id
        given = {"brand": brand, "organisation": scope.organisation_id, "now": now, "count": count}
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM member_fact WHERE brand_id = %s", [brand])
            if cursor.fetchone()[0] < count:
                began = time.perf_counter()
                cursor.execute(FILL, given)
                cursor.execute(ORDERS, given | {"body": BODY})
                cursor.execute("VACUUM (ANALYZE) membership")
                cursor.execute("VACUUM (ANALYZE) member_fact")
                print(f"filled {count:,} members in {time.perf_counter() - began:.0f} s")

            def plain() -> int:
                cursor.execute(PLAIN, [brand])
                return int(cursor.fetchone()[0])

            by_hand, wanted = timed(plain)
        took, seen = timed(lambda: segments.preview(scope=scope, definition=FIVE, now=now, seconds=60))
        assert seen.count == wanted, (seen.count, wanted)
        print(f"live count and sample of {seen.count:,} among {seen.of:,}: {took * 1000:,.0f} ms")
        alone, few = timed(lambda: segments.preview(scope=scope, definition=ALONE, now=now, seconds=60))
        print(f"live count of two conditions on facts alone ({few.count:,}): {alone * 1000:,.0f} ms")
        print(f"the count alone in plain SQL: {by_hand * 1000:,.0f} ms")
        code = f"five-{new_id().hex[-8:]}"
        segments.create(
            scope=scope, draft=SegmentDraft(code, Text("五条件", "Five"), "refreshed", FIVE), now=now
        )
        began = time.perf_counter()
        done = segments.refresh(brand_id=brand, code=code, now=now)
        assert done is not None and done.members == wanted
        print(f"first filling, {done.entered:,} members: {time.perf_counter() - began:.2f} s")
        changed = {"all": [*FIVE["all"][:1], {**FIVE["all"][1], "value": 3}, *FIVE["all"][2:]]}
        segments.update(scope=scope, code=code, changes={"definition": changed}, now=now)
        began = time.perf_counter()
        done = segments.refresh(brand_id=brand, code=code, now=now)
        assert done is not None
        print(f"full refresh, {done.gone:,} leave, each told: {time.perf_counter() - began:.2f} s")
        began = time.perf_counter()
        segments.refresh(brand_id=brand, code=code, now=now)
        print(f"full refresh without a change: {time.perf_counter() - began:.2f} s")
        look_alike(scope, now, code)
        export(scope, now, min(count, 300_000))
        segments.set_state(scope=scope, code=code, state="archived", now=now)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT member_id FROM membership WHERE brand_id = %s ORDER BY member_id LIMIT 1000", [brand]
            )
            chunk = [row[0] for row in cursor.fetchall()]
        took, _ = timed(lambda: member_facts.refresh(brand_id=brand, member_ids=chunk, now=now), 3)
        print(f"facts of 1 000 members with 20 orders each: {took * 1000:,.0f} ms")
        took, _ = timed(lambda: member_facts.refresh(brand_id=brand, member_ids=chunk[:1], now=now), 5)
        print(f"facts of one of them: {took * 1000:,.1f} ms")


def look_alike(scope: Any, now: Any, seed: str) -> None:
    """The 100 000 members most like those of a segment, as the worker makes them."""
    from regulars.audience.segments import api as segments
    from regulars.kit.text import Text

    code = f"{seed}-like"
    asked, made = timed(
        lambda: segments.look_alike(
            scope=scope, seed=seed, size=100_000, code=code, name=Text("相似", "Like"), now=now
        ),
        1,
    )
    with peak() as grown:
        took, _ = timed(lambda: segments.refresh(brand_id=scope.brand_id, code=code, now=now), 1)
    how = "in the background" if made.being_made else "at once"
    print(
        f"look-alike of 100 000, {how}: asked {asked * 1000:,.0f} ms, made {took:.1f} s, {grown[0]} MB more at its peak"
    )


def export(scope: Any, now: Any, count: int) -> None:
    """A list of so many members as the console sends it: code, name, since."""
    from regulars.audience.segments import api as segments
    from regulars.audience.segments.types import SegmentDraft
    from regulars.kit.ids import new_id
    from regulars.kit.text import Text
    from regulars.surfaces.console import sheets
    from regulars.surfaces.segment_views import SegmentViewer

    everybody = {"not": {"field": "fact.orders_90", "op": "lt", "value": 0}}
    ids, _ = segments.listed_ids(scope=scope, definition=everybody, now=now)
    code = f"file-{new_id().hex[-8:]}"
    draft = SegmentDraft(code, Text("文件", "File"), "static", members=ids[:count])
    segment = segments.create(scope=scope, draft=draft, now=now)
    del ids, draft
    seen = SegmentViewer(scope, "en", now)

    def sent(format_: Any) -> int:
        answer = sheets.sheet(
            name="x",
            header=["Code", "Name", "In since"],
            rows=(
                [one.code, one.name, one.since]
                for portion in sheets.portions(lambda cursor, limit: seen.members_of(segment, cursor, limit))
                for one in portion
            ),
            format_=format_,
            timezone="Asia/Shanghai",
        )
        pieces: Any = answer.streaming_content  # type: ignore[attr-defined]
        return sum(len(piece) for piece in pieces)

    for format_ in ("csv", "xlsx"):
        with peak() as grown:
            took, size = timed(lambda format_=format_: sent(format_), 1)  # type: ignore[misc]
        print(
            f"{segment.members:,} members as {format_}: {took:.1f} s, {size / 1e6:.0f} MB, at most {grown[0]} MB more"
        )
    segments.set_state(scope=scope, code=code, state="archived", now=now)


@contextlib.contextmanager
def peak() -> Iterator[list[int]]:
    """By how many MB the process grew at most while it did something."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak from now on
    grown, before = [0], _memory("VmRSS")
    yield grown
    grown[0] = (_memory("VmHWM") - before) // 1024


def _memory(what: str) -> int:
    told = Path("/proc/self/status").read_text()
    return int(told.partition(f"{what}:")[2].split()[0])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
