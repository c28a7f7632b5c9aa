"""How long 100 000 codes take, and a million coupons to a segment, beside COPY of rows as wide on the same server.

`python -m bench.coupons [--members N] [--codes N]`, on a database of its own. The definition counts in all, by day and
by member: every limit that a real one has.
"""

from __future__ import annotations

import argparse
import time
from datetime import timedelta
from typing import Any

from bench import demo, ground


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--codes", type=int, default=100_000)
    given = parser.parse_args()
    with ground.server() as cluster:
        print(f"yardstick: pgbench {ground.pgbench(cluster, seconds=5):.0f} tps", flush=True)
        copied = ground.copy_rows_per_second(cluster)
        print(f"yardstick: COPY writes {copied:,.0f} rows/s into a plain table without indexes")
        demo.anew(cluster)
        run(given.members, given.codes, copied)


def run(members: int, codes: int, copied: float) -> None:
    from regulars.flows.coupons import api as flow
    from regulars.value.coupons import api as coupons

    scope, _ = ground.brand_with_members(members, slug="coupons")
    now = ground.START + timedelta(days=1)
    for key, limits in {
        "plain": {},
        "limited": {"total": 2 * members, "per_day": 2 * members, "per_member": 1},
    }.items():
        coupons.apply_definition(scope=scope, definition=_definition(key, limits), now=now)

    began = time.perf_counter()
    batch = coupons.make_codes(scope=scope, definition="plain", count=codes, now=now)
    taken = time.perf_counter() - began
    print(f"{codes:,} codes: {taken:.2f} s ({codes / taken:,.0f}/s, {codes / taken / copied:.1%} of COPY)")
    assert len({row.code for row in coupons.each_code(brand_id=scope.brand_id, batch_id=batch.id)}) == codes

    for key in ("plain", "limited"):
        began = time.perf_counter()
        job, _ = flow.start_issue(scope=scope, definition=key, segment={}, key=key, now=now)
        slowest = 0.0
        while True:
            portion = time.perf_counter()
            if not flow.run_portion(now=now, issue_id=job.id):
                break
            slowest = max(slowest, time.perf_counter() - portion)
        taken = time.perf_counter() - began
        done = coupons.get_issue(brand_id=scope.brand_id, issue_id=job.id)
        assert (done.state, done.issued) == ("done", members), done
        print(
            f"{members:,} coupons ({key}) to a segment: {taken:.1f} s ({members / taken:,.0f}/s, "
            f"{members / taken / copied:.1%} of COPY), the longest portion {slowest:.2f} s"
        )
    _again(scope, now, members)


def _again(scope: Any, now: Any, members: int) -> None:
    """The same once more under another key: nobody has room, and nothing is issued."""
    from regulars.flows.coupons import api as flow
    from regulars.value.coupons import api as coupons

    began = time.perf_counter()
    job, _ = flow.start_issue(scope=scope, definition="limited", segment={}, key="again", now=now)
    while flow.run_portion(now=now, issue_id=job.id):
        pass
    done = coupons.get_issue(brand_id=scope.brand_id, issue_id=job.id)
    print(f"the same again: {time.perf_counter() - began:.1f} s, refused {dict(done.refused)}")
    assert (done.issued, done.refused) == (0, {"coupon_member_limit": members})


def _definition(key: str, limits: dict[str, int]) -> dict[str, Any]:
    return {
        "key": key,
        "name": {"zh": "十元券", "en": "Ten off"},
        "state": "active",
        "offer": {"kind": "amount", "amount": 1000},
        "validity": {"kind": "after_claim", "days": 30},
        "limits": limits,
        "claim": {"channels": ["code", "issue"]},
    }


if __name__ == "__main__":
    main()
