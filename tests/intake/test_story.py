"""Through the intake's door on the real database, with reckoned figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from tests.intake.world import START, World, burn, order, points, programme, refund, rule, world

from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, Receipt
from regulars.flows import due, value
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations
from regulars.value.ledger import api as ledger

pytestmark = pytest.mark.django_db

D = timedelta(days=1)
BASE = rule("base", points())


@pytest.fixture
def plain() -> World:
    return world(programme([BASE, rule("growth", points(unit="growth"))]))


def test_an_order_earns_and_explains(plain: World) -> None:
    m = plain.member("13800000001")
    receipt = plain.one(order(m, "A1", 12_350, 99, at=START + D))
    # 124.49 yuan, one point a yuan, floored once: 124
    assert receipt.earned == {"points": 124, "growth": 124}
    assert receipt.balances["points"]["available"] == 124
    assert [(o.rule, bool(o.effects)) for o in receipt.outcomes] == [("base", True), ("growth", True)]
    assert receipt.tier == {"main": "normal"}
    plain.clean()


def test_same_order_again_answers_the_first_receipt(plain: World) -> None:
    m = plain.member("13800000001")
    first = plain.one(order(m, "A1", 10_000, at=START + D))
    again = plain.one(order(m, "A1", 10_000, at=START + D))
    assert again.duplicate and again.activity_id == first.activity_id and again.earned == first.earned
    assert plain.balance(m) == (100, 0, 0, 0)
    other = plain.post(order(m, "A1", 20_000, at=START + D), now=START + D)[0]
    assert isinstance(other, Refusal) and (other.code, other.status) == ("idempotency_conflict", 409)
    assert plain.balance(m) == (100, 0, 0, 0)


def test_same_order_for_another_member_is_a_conflict(plain: World) -> None:
    m, n = plain.member("13800000001"), plain.member("13800000002")
    plain.one(order(m, "A1", 10_000, at=START + D))
    other = plain.post(order(n, "A1", 10_000, at=START + D), now=START + D)[0]
    assert isinstance(other, Refusal) and other.status == 409
    assert plain.balance(n) == (0, 0, 0, 0)


def test_partial_refunds_add_up_to_the_whole(plain: World) -> None:
    m = plain.member("13800000001")
    # 3 pieces for 100.00 and one line of 0.50: 100 points; shares by largest remainder of 10000:50 → 100·(10000/10050)
    # = 99.50 and 0.497: floors 99 and 0, the missing point goes to the larger remainder (.5025 over .4975): 100, 0
    lines = (LineIn(sku="a", amount=10_000, quantity=Decimal(3)), LineIn(sku="b", amount=50))
    plain.one(order(m, "A1", at=START + D, lines=lines))
    assert plain.balance(m) == (100, 0, 0, 0)
    plain.one(refund(m, "R1", "A1", START + 2 * D, [(1, Decimal(1))]))
    assert plain.balance(m) == (67, 0, 0, 0)  # a third of 100, floored: 33 go
    plain.one(refund(m, "R2", "A1", START + 3 * D, [(1, Decimal(1))]))
    assert plain.balance(m) == (34, 0, 0, 0)  # two thirds: 66 gone in all
    plain.one(refund(m, "R3", "A1", START + 4 * D))
    assert plain.balance(m) == (0, 0, 0, 0)
    assert plain.balance(m, "growth") == (0, 0, 0, 0)
    too_much = plain.post(refund(m, "R4", "A1", START + 5 * D), now=START + 5 * D)[0]
    assert isinstance(too_much, Refusal) and too_much.code == "refund_exceeds_order"
    plain.clean()


def test_burn_refund_debt_and_its_settling(plain: World) -> None:
    m = plain.member("13800000001")
    plain.one(order(m, "A1", 10_000, at=START + D))
    plain.one(burn(m, "b1", 80, START + 2 * D))
    assert plain.balance(m) == (20, 0, 0, 0)
    poor = plain.post(burn(m, "b2", 21, START + 2 * D), now=START + 2 * D)[0]
    assert isinstance(poor, Refusal) and poor.code == "insufficient_balance"
    receipt = plain.one(refund(m, "R1", "A1", START + 3 * D))
    assert plain.balance(m) == (0, 0, 0, 80)  # 100 to take: 20 there, 80 spent
    assert receipt.earned["points"] == -100
    plain.one(order(m, "A2", 5_000, at=START + 4 * D))
    assert plain.balance(m) == (0, 0, 0, 30)
    plain.one(order(m, "A3", 5_000, at=START + 5 * D))
    assert plain.balance(m) == (20, 0, 0, 0)
    plain.clean()


def test_points_that_paid_come_back_with_the_refund(plain: World) -> None:
    m = plain.member("13800000001")
    plain.one(order(m, "A1", 10_000, at=START + D))
    plain.one(burn(m, "b1", 60, START + 2 * D, of="A2"))
    plain.one(order(m, "A2", 2_000, 2_000, at=START + 2 * D))
    assert plain.balance(m) == (80, 0, 0, 0)  # 100 − 60 + 40
    plain.one(refund(m, "R1", "A2", START + 3 * D, [(1, None)]))
    assert plain.balance(m) == (90, 0, 0, 0)  # half: +30 back, −20 earned
    plain.one(refund(m, "R2", "A2", START + 4 * D))
    assert plain.balance(m) == (100, 0, 0, 0)
    plain.clean()


def test_a_refund_before_its_order_waits(plain: World) -> None:
    m = plain.member("13800000001")
    waiting = plain.one(refund(m, "R1", "A1", START + 3 * D))
    assert waiting.status == "waiting" and plain.balance(m) == (0, 0, 0, 0)
    plain.one(order(m, "A1", 10_000, at=START + D))
    assert plain.balance(m) == (0, 0, 0, 0)
    plain.one(order(m, "A2", 10_000, at=START + 4 * D))
    assert plain.balance(m) == (100, 0, 0, 0)
    plain.clean()


def test_pending_points_become_active_on_delivery() -> None:
    w = world(programme([rule("base", points(pending={"until": "delivered"}))]))
    m = w.member("13800000001")
    w.one(order(m, "A1", 10_000, at=START + D))
    assert w.balance(m) == (0, 100, 0, 0)
    w.one(
        ActivityIn(type="order_delivered", member=MemberRef(id=m), occurred_at=START + 2 * D, delivery="A1")
    )
    assert w.balance(m) == (100, 0, 0, 0)
    w.clean()


def test_points_expire_and_tiers_step_down_as_due_work(plain: World) -> None:
    m = plain.member("13800000001")
    r = plain.one(order(m, "A1", 600_000, at=START + D))
    assert r.tier == {"main": "gold"}
    brand = organisations.get_brand(brand_id=plain.scope.brand_id)
    # earned on 2 January 2024 (Shanghai): gone on 1 February 2025
    due.settle_members(brand=brand, member_ids=[m], now=datetime(2025, 1, 31, 15, 59, tzinfo=UTC))
    assert plain.balance(m) == (6000, 0, 0, 0)
    assert due.settle(datetime(2025, 1, 31, 16, 0, tzinfo=UTC)) == 1
    assert plain.balance(m) == (0, 0, 0, 0)
    assert plain.balance(m, "growth") == (6000, 0, 0, 0)
    assert due.settle(datetime(2025, 1, 31, 16, 0, tzinfo=UTC)) == 0
    # gold from 2 January 2024 for 12 months, then 30 days of grace: silver from 1 February 2025
    later = plain.one(order(m, "A2", 100, at=datetime(2025, 2, 1, 1, tzinfo=UTC)))
    assert later.tier == {"main": "silver"}
    plain.clean()


def test_a_late_order_repairs() -> None:
    first = rule(
        "first", points("fixed", amount=50), condition={"field": "order.is_first", "op": "eq", "value": True}
    )
    w = world(programme([BASE, first]))
    m = w.member("13800000001")
    w.one(order(m, "A2", 10_000, at=START + 10 * D))
    assert w.balance(m) == (150, 0, 0, 0)
    late = w.one(order(m, "A1", 20_000, at=START + 5 * D), now=START + 11 * D)
    # A1 is the first order now: 200 + 50; A2 keeps its 100
    assert late.earned["points"] == 250
    assert w.balance(m) == (350, 0, 0, 0)
    w.clean()
    # and a burn in between, spent from the lot that expires first
    w.one(burn(m, "b", 120, START + 12 * D))
    w.one(order(m, "A0", 10_000, at=START + 2 * D), now=START + 13 * D)
    assert w.balance(m) == (330, 0, 0, 0)
    w.clean()


def test_bad_items_do_not_lose_the_others(plain: World) -> None:
    m = plain.member("13800000001")
    now = START + 9 * D
    answers = plain.post(
        order(m, "A1", 10_000, at=START + D),
        order(m, "A2", 10_000, at=START + D, store="nowhere"),
        order(m, "A3", 10_000, at=now + D),
        order(m, "A4", 10_000, at=START + 2 * D, store="S1"),
        now=now,
    )
    first, no_store, in_future, last = answers
    assert isinstance(first, Receipt) and isinstance(last, Receipt)
    assert isinstance(no_store, Refusal) and no_store.errors[0].field == "store"
    assert isinstance(in_future, Refusal) and in_future.errors[0].code == "in_future"
    assert plain.balance(m) == (200, 0, 0, 0)


def test_pending_points_are_activated_or_cancelled_by_hand() -> None:
    w = world(programme([rule("base", points(pending={"until": "days", "days": 30}))]))
    m = w.member("13800000001")
    w.one(order(m, "A1", 10_000, at=START + D))
    w.one(order(m, "A2", 5_000, at=START + 2 * D))
    assert w.balance(m) == (0, 150, 0, 0)
    first, second = sorted(
        ledger.list_lots(brand_id=w.scope.brand_id, member_id=m), key=lambda lot: lot.earned_at
    )
    ask = {"scope": w.scope, "member_id": m, "comment": "called", "now": START + 3 * D}
    value.end_pending(lot_id=first.id, cancel=False, key="k1", **ask)
    assert w.balance(m) == (100, 50, 0, 0)
    value.end_pending(lot_id=second.id, cancel=True, key="k2", **ask)
    assert w.balance(m) == (100, 0, 0, 0)
    assert value.end_pending(lot_id=second.id, cancel=True, key="k2", **ask).duplicate
    with pytest.raises(Refusal) as refused:
        value.end_pending(lot_id=first.id, cancel=True, key="k3", **ask)
    assert refused.value.code == "lot_not_pending"
    # what was cancelled is not taken back again by the refund; the rest is
    w.one(refund(m, "R2", "A2", START + 4 * D))
    assert w.balance(m) == (100, 0, 0, 0)
    w.one(refund(m, "R1", "A1", START + 4 * D))
    assert w.balance(m) == (0, 0, 0, 0)
    w.clean()


def test_value_that_comes_back_too_late_ends_as_it_comes(plain: World) -> None:
    m = plain.member("13800000001")
    plain.one(order(m, "A1", 10_000, at=START + D))  # gone on 1 February 2025, Shanghai
    held = value.hold(
        scope=plain.scope,
        member=MemberRef(id=m),
        unit="points",
        amount=60,
        expires_in_seconds=20 * 86_400,
        key="h",
        now=datetime(2025, 1, 20, tzinfo=UTC),
    )
    later = datetime(2025, 2, 5, tzinfo=UTC)
    due.settle(later)
    assert plain.balance(m) == (0, 0, 60, 0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE membership SET status = 'frozen' WHERE member_id = %s", [m])
    released = held.hold.expires_at + timedelta(seconds=1)
    assert due.release_holds(released) == 1 and due.release_holds(released) == 0
    assert plain.balance(m) == (0, 0, 0, 0)
    between = ledger.get_balances_as_of(
        brand_id=plain.scope.brand_id, member_id=m, at=datetime(2025, 2, 6, tzinfo=UTC)
    )
    assert (between["points"].available, between["points"].held) == (0, 60)
    plain.clean()
