"""The warehouse holds each row exactly once: after one export, after many, after late rows, after a merge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.intake.world import World, order, refund

from regulars.facts.activity import api as activities
from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef
from regulars.insight.warehouse import api as warehouse
from regulars.insight.warehouse import policy, store
from regulars.insight.warehouse.types import TABLES, Part
from regulars.kit.ids import first_id_at, new_id
from regulars.kit.text import Text

# 22:30 UTC on 31 March is half past six on 1 April in Shanghai
LATE_EVENING = datetime(2024, 3, 31, 22, 30, tzinfo=UTC)


def export(shop: World, now: datetime = LATE_EVENING) -> dict[str, int]:
    return warehouse.export(brand_id=shop.scope.brand_id, now=now).rows


def read(shop: World, query: str) -> list[Any]:
    with warehouse.open_warehouse(brand_id=shop.scope.brand_id) as house:
        rows: list[Any] = house.duck.execute(query).fetchall()
    return rows


def test_an_order_with_its_lines_its_refund_and_its_points(shop: World) -> None:
    member = shop.member("13800000001")
    lines = (
        LineIn(
            sku="a",
            amount=1500,
            quantity=Decimal("1.5"),
            name='茶, "绿"\n新',
            category="茶",
            department="饮料",
            brand="自有",
            discount=300,
        ),
        LineIn(sku="b", amount=500),
    )
    bought = shop.one(order(member, "1", at=LATE_EVENING, lines=lines, store="S1", channel="pos"))
    shop.one(refund(member, "r1", "1", LATE_EVENING + timedelta(days=3), lines=[(2, Decimal(1))]))
    counts = export(shop, LATE_EVENING + timedelta(days=4))
    assert {table: counts[table] for table in ("orders", "lines", "refunds", "activities", "members")} == {
        "orders": 1, "lines": 2, "refunds": 1, "activities": 2, "members": 1,
    }  # fmt: skip

    with warehouse.open_warehouse(brand_id=shop.scope.brand_id) as house:
        (one,) = house.rows(house.table("orders"))
        assert one == {
            "member_id": str(member),
            "order_id": str(bought.activity_id),
            "occurred_at": LATE_EVENING,
            "local_day": date(2024, 4, 1),
            "local_hour": 6,
            "amount": 2000,
            "discount": 300,
            "quantity": 2.5,
            "store": "S1",
            "channel": "pos",
            "coupon_used": False,
            "line_count": 2,
            "refunded": 500,
        }
        first, second = sorted(house.rows(house.table("lines")), key=lambda line: line["sku"])
        assert (first["name"], first["category"], first["department"], first["brand"]) == (
            "茶, \"绿\"\n新", "茶", "饮料", "自有",
        )  # fmt: skip
        assert (second["name"], second["quantity"], second["discount"]) == ("", 1.0, 0)
        (back,) = house.rows(house.table("refunds"))
        assert (back["order_id"], back["amount"], back["local_day"]) == (
            str(bought.activity_id), 500, date(2024, 4, 4),
        )  # fmt: skip
        (person,) = house.rows(house.table("members"))
        assert (person["status"], person["profiling"], person["tier"]) == ("active", True, "normal")
        # 20 points came, 5 went back
        entries = house.table("entries")
        points = entries.filter(entries.unit == "points")
        assert house.frame(points.amount.sum()) == 15
        assert house.frame(house.table("sales").amount.sum()) == 1500
        (tier,) = house.rows(house.table("tiers"))
        assert (tier["tier"], tier["scheme"]) == ("normal", "main")


def test_columns_are_what_is_promised(shop: World) -> None:
    """Of full tables and of empty ones."""
    member = shop.member("13800000001")
    for number in range(2):
        with warehouse.open_warehouse(brand_id=shop.scope.brand_id) as house:
            for table, columns in TABLES.items():
                told = house.duck.execute(f"DESCRIBE {table}").fetchall()
                named = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}
                assert {row[0]: named.get(row[1], row[1]) for row in told} == columns, table
        shop.one(order(member, str(number), 1000, at=LATE_EVENING))
        export(shop)


def test_nothing_comes_twice_and_what_is_new_comes(shop: World) -> None:
    member = shop.member("13800000001")
    shop.one(order(member, "1", 1000, at=LATE_EVENING))
    assert export(shop)["orders"] == 1
    again = export(shop)
    assert sum(count for table, count in again.items() if table != "members") == 0
    shop.one(order(member, "2", 700, at=LATE_EVENING + timedelta(hours=1)))
    assert export(shop)["orders"] == 1
    assert read(shop, "SELECT count(*), sum(amount) FROM orders") == [(2, 1700)]
    # one snapshot of the members, the last
    assert read(shop, "SELECT count(*) FROM members") == [(1,)]


def test_a_refund_that_came_before_its_order(shop: World) -> None:
    member = shop.member("13800000001")
    shop.one(refund(member, "r1", "9", LATE_EVENING + timedelta(days=1)))
    export(shop)
    assert read(shop, "SELECT count(*) FROM refunds") == [(0,)]
    late = shop.one(order(member, "9", 1000, at=LATE_EVENING), now=LATE_EVENING + timedelta(days=2))
    for _ in range(2):
        export(shop)
        assert read(shop, "SELECT order_id::text, amount FROM refunds") == [(str(late.activity_id), 1000)]
    assert read(shop, "SELECT amount, refunded FROM orders") == [(1000, 1000)]


def test_rows_of_a_slow_transaction_are_not_lost(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An id made before another one's, committed after the export that saw the other one."""
    member = shop.member("13800000001")
    early = new_id()
    shop.one(order(member, "1", 1000, at=LATE_EVENING))
    export(shop)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO entry (member_id, id, brand_id, unit, kind, account, contra, amount, balance_after,
                                  occurred_at, recorded_at, rule, version)
               VALUES (%s, %s, %s, 'points', 'earn', 'available', 'issued', 7, 17, %s, %s, '', 0)""",
            [member, early, shop.scope.brand_id, LATE_EVENING, LATE_EVENING],
        )
    assert export(shop)["entries"] == 1
    assert read(shop, "SELECT sum(amount) FROM entries WHERE unit = 'points'") == [(17,)]


def test_texts_come_from_declared_fields(shop: World) -> None:
    member = shop.member("13800000001")
    activities.declare_type(
        brand_id=shop.scope.brand_id,
        code="review",
        name=Text("评价", "Review"),
        fields=[
            {"key": "title", "type": "text", "label": {"zh": "标题", "en": "Title"}},
            {"key": "content", "type": "text", "label": {"zh": "内容", "en": "Content"}},
            {"key": "rating", "type": "int", "label": {"zh": "评分", "en": "Rating"}},
            {"key": "sku", "type": "text", "label": {"zh": "货号", "en": "SKU"}},
        ],
        reserved=frozenset(),
    )
    for number, data in enumerate(
        [
            {"title": "好", "content": "适合敏感肌", "rating": 5, "sku": "A-1"},
            {"title": "", "rating": 1, "sku": "A-2"},
        ]
    ):
        shop.one(
            ActivityIn(
                type="review",
                member=MemberRef(id=member),
                occurred_at=LATE_EVENING + timedelta(minutes=number),
                key=f"r{number}",
                data=data,
            )
        )
    export(shop)
    assert read(shop, "SELECT type, text, rating FROM texts") == [("review", "好\n适合敏感肌", 5)]


def test_what_a_killed_export_left_is_removed(shop: World, place: Path) -> None:
    shop.one(order(shop.member("13800000001"), "1", 1000, at=LATE_EVENING))
    export(shop)
    root = place / str(shop.scope.brand_id)
    orphan = root / "orders" / "2024-04" / f"{new_id()}.parquet"
    orphan.write_bytes(b"half")
    (root / ".staging").mkdir(exist_ok=True)
    (root / ".staging" / "activity-0.csv").write_bytes(b"x")
    assert read(shop, "SELECT count(*) FROM orders") == [(1,)]
    export(shop)
    assert not orphan.exists() and not (root / ".staging" / "activity-0.csv").exists()


def test_small_files_become_one(shop: World, place: Path) -> None:
    member = shop.member("13800000001")
    for number in range(9):
        shop.one(order(member, str(number), 100 + number, at=LATE_EVENING + timedelta(minutes=number)))
        done = warehouse.export(brand_id=shop.scope.brand_id, now=LATE_EVENING)
    assert read(shop, "SELECT count(*), sum(amount) FROM orders") == [(9, 936)]
    status = warehouse.get_status(brand_id=shop.scope.brand_id)
    files = {table.table: table.files for table in status.tables}
    assert files["orders"] == 2  # eight were merged, the ninth came after
    assert done.merged == 0
    # nobody can be reading the merged ones seven hours later
    export(shop, LATE_EVENING + timedelta(hours=7))
    assert len(list((place / str(shop.scope.brand_id) / "orders").rglob("*.parquet"))) == 2


def test_status_says_how_fresh_it_is(shop: World) -> None:
    assert warehouse.get_status(brand_id=shop.scope.brand_id).complete_at is None
    shop.one(order(shop.member("13800000001"), "1", 1000, at=LATE_EVENING))
    export(shop)
    status = warehouse.get_status(brand_id=shop.scope.brand_id)
    assert status.complete_at == LATE_EVENING
    (orders,) = (table for table in status.tables if table.table == "orders")
    assert (orders.rows, orders.files, orders.first, orders.last) == (
        1,
        1,
        date(2024, 4, 1),
        date(2024, 4, 1),
    )


def test_stretches_end_with_the_months() -> None:
    low = first_id_at(datetime(2024, 1, 20, tzinfo=UTC))
    end = first_id_at(datetime(2024, 3, 5, tzinfo=UTC))
    february, march = (first_id_at(datetime(2024, month, 1, tzinfo=UTC)) for month in (2, 3))
    assert policy.plan_stretches(low, end) == [(low, february), (february, march), (march, end)]
    assert policy.plan_stretches(end, end) == []


def test_only_months_with_many_small_files_are_merged() -> None:
    def part(month: int, size: int = 1) -> Part:
        return Part(new_id(), "orders", date(2024, month, 1), "", 1, size)

    january = [part(1) for _ in range(3)]
    large = part(1, 10)
    groups = policy.plan_merges([large, *january, part(2), part(2)], many=3, small=10)
    assert groups == [january]


def test_the_mark_stays_behind_transactions_that_still_run(shop: World) -> None:
    settled, end = store.settled_before()
    assert settled < new_id() < end
