"""Facts, reckoned by hand; and that a refresh gives what a rebuild gives."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.intake.world import World, burn, order, points, programme, refund, rule, world

from regulars.audience.member_facts import api as facts
from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef

pytestmark = pytest.mark.django_db

TODAY = datetime(2024, 12, 20, 4, tzinfo=UTC)  # Friday noon in Shanghai


def at(year: int, month: int, day: int, hour: int = 10) -> datetime:
    """An hour of Shanghai's day."""
    return datetime(year, month, day, hour, tzinfo=UTC) - timedelta(hours=8)


def checkin(member: UUID, at: datetime, key: str) -> ActivityIn:
    return ActivityIn(type="checkin", member=MemberRef(id=member), occurred_at=at, key=key)


def line(sku: str, amount: int, category: str, quantity: int = 1, discount: int = 0, **more: Any) -> LineIn:
    return LineIn(
        sku=sku, amount=amount, category=category, quantity=Decimal(quantity), discount=discount, **more
    )


def make_world() -> World:
    return world(programme([rule("base", points())]))


def test_a_member_s_row_reckoned_by_hand() -> None:
    its = make_world()
    her = its.member("13800000001")
    its.post(
        # 400 days ago: only gaps and the first order see it
        order(her, "A", 10_000, at=at(2023, 11, 16)),
        now=at(2023, 11, 16),
    )
    for one in (
        # Saturday 10:00, 100 days before: 180 and 365 only
        order(
            her, "B", at=at(2024, 9, 11, 23),
            lines=[
                line("s1", 6_000, "coffee", 2, 1_000, department="drinks"),
                line("s2", 4_000, "cake", department="food"),
            ],
            store="S1",
        ),
        # Sunday 8 December, 9:00, morning: in 30 days
        order(her, "C", at=at(2024, 12, 8, 9), lines=[line("s1", 3_000, "coffee", department="drinks")], store="S1"),
        # the same day again, at the other store
        order(her, "D", at=at(2024, 12, 8, 10), lines=[line("s3", 2_000, "tea", department="drinks")], store="S2"),
        refund(her, "R1", "C", at(2024, 12, 10)),
        checkin(her, at(2024, 12, 12), "k1"),
        burn(her, "b1", 30, at(2024, 12, 14)),
    ):  # fmt: skip
        its.one(one)
    facts.refresh(brand_id=its.scope.brand_id, member_ids=[her], now=TODAY)
    known = facts.read(brand_id=its.scope.brand_id, member_id=her)
    assert known is not None and known.facts is not None
    row = known.facts
    # two orders of 5 000 in 30 days, less the refund of 3 000
    assert (row["orders_30"], row["spend_30"], row["refunds_30"], row["refunded_365"]) == (2, 2_000, 1, 3_000)
    # 11 September is 100 days before 20 December
    assert (row["orders_90"], row["orders_180"], row["orders_365"]) == (2, 3, 3)
    assert (row["spend_90"], row["spend_180"], row["spend_365"]) == (2_000, 12_000, 12_000)
    # visits are days: 8 and 12 December; 11 September
    assert (row["visits_30"], row["visits_365"]) == (2, 3)
    assert row["order_value_365"] == 5_000  # 15 000 / 3
    # 5 items: 2 + 1, 1, 1
    assert row["unit_price_365"] == 3_000 and row["basket_size_365"] == Decimal("1.67")
    assert row["first_order_on"] == date(2023, 11, 16) and row["last_order_on"] == date(2024, 12, 8)
    assert row["last_visit_on"] == date(2024, 12, 12) and row["last_active_on"] == date(2024, 12, 14)
    # days with orders: 2023-11-16, 2024-09-11 (300 days on), 2024-12-08 (88 days on)
    assert row["order_gap_avg"] == Decimal(194) and row["order_gap_median"] == Decimal(194)
    assert row["top_category"] == "coffee" and row["top_category_share"] == Decimal("0.6")  # 9 000 of 15 000
    assert row["top_department"] == "drinks" and row["top_department_share"] == Decimal("0.7333")  # 11 / 15
    assert row["categories_365"] == 3 and row["stores_365"] == 2
    assert row["favourite_store"] == "S1" and row["favourite_store_share"] == Decimal("0.6667")
    assert row["daypart"] == "morning" and row["daypart_share"] == Decimal("0.6667")
    assert row["weekend_share"] == Decimal("0.6667")  # two on a Sunday, one on a Wednesday
    assert row["discount_share"] == Decimal("0.0625")  # 1 000 of 16 000
    assert row["coupon_share"] == 0 and row["refund_share"] == Decimal("0.2")
    assert (row["checkins_90"], row["redemptions_90"], row["active_days_90"]) == (1, 1, 3)
    assert row["activities_90"] == 4  # two orders, a check-in, a redemption; a refund is done to her
    # 50 for C and D, less the 30 of C that the refund took back; 30 spent
    assert (row["points_earned_90"], row["points_burnt_90"]) == (20, 30)
    assert row["points_available"] == its.balance(her)[0]


def test_a_refund_that_came_before_its_order_counts_once_the_order_is_there() -> None:
    its = make_world()
    her = its.member("13800000001")
    its.one(refund(her, "R", "A", at(2024, 12, 10)))
    its.post(order(her, "A", 4_000, 1_000, at=at(2024, 12, 9)), now=at(2024, 12, 11))
    facts.refresh(brand_id=its.scope.brand_id, member_ids=[her], now=TODAY)
    row = facts.read(brand_id=its.scope.brand_id, member_id=her).facts  # type: ignore[union-attr]
    assert row is not None and (row["spend_30"], row["refunded_365"], row["refunds_30"]) == (0, 5_000, 1)


def test_one_who_did_nothing_has_a_row_of_noughts() -> None:
    its = make_world()
    her = its.member("13800000001")
    facts.refresh(brand_id=its.scope.brand_id, member_ids=[her], now=TODAY)
    row = facts.read(brand_id=its.scope.brand_id, member_id=her).facts  # type: ignore[union-attr]
    assert (
        row is not None and row["orders_365"] == 0 and row["top_category"] is None and row["daypart"] is None
    )


def test_refresh_equals_rebuild() -> None:
    """Random histories, posted bit by bit with refreshes of whom they concern between; then all anew at once."""
    its = make_world()
    chance = random.Random(7)
    them = [its.member(f"138000001{n:02d}") for n in range(12)]
    brand = its.scope.brand_id
    now = at(2024, 6, 1)
    placed: list[tuple[UUID, str]] = []
    for number in range(80):
        now += timedelta(hours=chance.choice([3, 20, 60]))
        her = chance.choice(them)
        what = chance.random()
        if what < 0.6 or not placed:
            lines = [
                line(f"s{chance.randrange(5)}", chance.randrange(100, 9_000), chance.choice(["a", "b", ""]))
                for _ in range(chance.randrange(1, 4))
            ]
            its.one(order(her, f"n{number}", at=now, lines=lines, store=chance.choice(["S1", "S2", None])))
            placed.append((her, f"n{number}"))
        elif what < 0.75:
            her, of = placed.pop(chance.randrange(len(placed)))
            its.one(refund(her, f"r{number}", of, now))
        elif what < 0.9:
            its.one(checkin(her, now, f"c{number}"))
        else:
            # late: it happened long before
            its.post(order(her, f"n{number}", 777, at=now - timedelta(days=40)), now=now)
        facts.mark_dirty(pairs=[(brand, her)], now=now)
        if chance.random() < 0.4:
            facts.refresh_dirty(brand_id=brand, now=now)
    facts.mark_dirty(pairs=[(brand, her) for her in them], now=now)
    assert sorted(facts.refresh_dirty(brand_id=brand, now=now)) == sorted(them)
    assert facts.refresh_dirty(brand_id=brand, now=now) == []
    said: list[tuple[int, int]] = []
    done = facts.rebuild(brand_id=brand, clock=lambda: now, chunk=5, told=lambda *n: said.append(n))
    assert done is not None and done.state == "idle" and said == [(5, 12), (10, 12), (12, 12)]
    rebuilt = rows()
    # and with the price cuts that the rebuild found, a refresh changes nothing
    facts.refresh(brand_id=brand, member_ids=them, now=now)
    assert rows() == rebuilt
    assert {row[0] for row in levels()} == {1, 2, 3, 4, 5}


def test_a_cancelled_rebuild_goes_on_where_it_stopped() -> None:
    its = make_world()
    brand = its.scope.brand_id
    for n in range(7):
        its.member(f"138000001{n:02d}")
    stopped = facts.rebuild(
        brand_id=brand,
        clock=lambda: TODAY,
        chunk=3,
        told=lambda done, total: facts.cancel_rebuild(brand_id=brand),
    )
    assert stopped is not None and (stopped.state, stopped.done, stopped.total) == ("cancelled", 3, 7)
    said: list[int] = []
    ended = facts.rebuild(
        brand_id=brand, clock=lambda: TODAY, chunk=3, told=lambda done, total: said.append(done)
    )
    assert said == [6, 7] and ended is not None and ended.state == "idle"
    fresh = facts.freshness(brand_id=brand)
    assert (fresh.members, fresh.rows, fresh.oldest_day) == (7, 7, date(2024, 12, 20))


def rows() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(f) - 'as_of' FROM member_fact f ORDER BY member_id")
        return [row[0] for row in cursor.fetchall()]


def levels() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT price_level FROM member_fact WHERE unit_price_365 IS NOT NULL")
        return list(cursor.fetchall())
