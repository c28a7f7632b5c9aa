"""The member page at a million members: queries and time of each of its requests, through the console's API.

`python -m bench.member360 [--members N]`. The member has a busy year: 200 orders, some refunds and burns.
"""

from __future__ import annotations

import argparse
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import ground


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=1_000_000)
    given = parser.parse_args()
    with ground.server() as cluster:
        print(f"pgbench: {ground.pgbench(cluster, seconds=5):.0f} tps")
        scope, ids = ground.brand_with_members(given.members)
        member = ids[len(ids) // 2]
        _busy_year(scope, member)
        client, code = _signed_in(scope, member)
        for name, path in (
            ("page", f"/members/{code}"),
            ("timeline", f"/members/{code}/timeline"),
            ("entries", f"/members/{code}/entries"),
            ("tier history", f"/members/{code}/tiers"),
            ("list", "/members"),
            ("search by code", f"/members?q={code}"),
        ):
            _measure(client, name, "/api/console" + path)


def _busy_year(scope: Any, member: Any) -> None:
    from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn
    from regulars.flows.intake import api as intake

    start = datetime.now(UTC) - timedelta(days=360)
    run = int(time.time())
    intake.post(
        scope=scope,
        activities=[
            ActivityIn(
                type="order",
                member=MemberRef(id=member),
                occurred_at=start + timedelta(hours=43 * n),
                source=f"year{run}",
                order=OrderIn(number=str(n), lines=tuple(LineIn(sku=f"s{i}", amount=999) for i in range(5))),
            )
            for n in range(200)
        ],
        now=datetime.now(UTC),
    )


def _signed_in(scope: Any, member: Any) -> tuple[Any, str]:
    from django.conf import settings
    from django.db import connection
    from django.test import Client

    from regulars.kit import clock
    from regulars.kit.errors import Refusal
    from regulars.kit.text import Text
    from regulars.platform.organisations.types import SYSTEM
    from regulars.platform.staff import api as staff
    from regulars.platform.staff.types import NewAssignment

    settings.ALLOWED_HOSTS = ["testserver"]
    email, password = "bench@example.org", "correct horse battery"
    try:
        staff.create_staff(
            organisation_id=scope.organisation_id,
            by=SYSTEM,
            email=email,
            name=Text("Bench", "Bench").en,
            password=password,
            assignments=[NewAssignment("owner")],
            now=clock.now(),
            language="en",
        )
    except Refusal as refusal:  # a second run
        if refusal.code not in ("email_taken", "invalid_input"):
            raise
    client = Client()
    answer = client.post(
        "/api/console/session", {"email": email, "password": password}, content_type="application/json"
    )
    assert answer.status_code < 300, answer.content
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM membership WHERE member_id = %s AND brand_id = %s", [member, scope.brand_id]
        )
        return client, cursor.fetchone()[0]


def _measure(client: Any, name: str, path: str) -> None:
    from django.db import connection

    queries: list[str] = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        queries.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.content[:300])
    took = []
    for _ in range(20):
        began = time.perf_counter()
        client.get(path)
        took.append(1000 * (time.perf_counter() - began))
    took.sort()
    print(
        f"{name}: {len(queries)} queries, median {statistics.median(took):.1f} ms, worst of 20 {took[-1]:.1f} ms"
    )


if __name__ == "__main__":
    main()
