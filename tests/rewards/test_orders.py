"""Redemption orders through their door: what they take, what they give back, what time does to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from regulars.flows import due
from regulars.flows.mall import api as flow
from regulars.kit.errors import Refusal
from regulars.messaging import api as messaging
from regulars.value.rewards import api as rewards

if TYPE_CHECKING:
    from tests.rewards.given import Mall

SHANGHAI = ZoneInfo("Asia/Shanghai")


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.code


def test_a_reward_costs_its_price_and_a_piece(mall: Mall) -> None:
    ann = mall.member(250)
    mall.reward(stock=3)
    order = mall.redeem(ann).order
    assert (order.state, order.points, order.cash, order.quantity) == ("placed", 100, 0, 1)
    assert mall.balance(ann) == (150, 0, 0, 0)
    assert mall.left() == 2
    assert len(order.code) == 8
    assert rewards.order_of_code(scope=mall.scope, code=f"{order.code[:4]} {order.code[4:].lower()}") == (
        ann,
        order.id,
    )
    mall.books_balance()


def test_the_same_key_is_the_same_order(mall: Mall) -> None:
    ann = mall.member(250)
    mall.reward(stock=3)
    first = mall.redeem(ann, key="one")
    again = mall.redeem(ann, key="one")
    assert again.repeated and again.order.id == first.order.id
    assert mall.balance(ann) == (150, 0, 0, 0) and mall.left() == 2
    with pytest.raises(Refusal) as refused:
        mall.redeem(ann, key="one", note="another")
    assert code_of(refused) == "idempotency_conflict" and refused.value.status == 409


def test_cancelling_gives_back_with_the_first_expiry(mall: Mall) -> None:
    """60 points earned 80 days ago end with April of next year's… first month; 100 more were earned 10 days ago.

    13 May 2026 − 80 days = 22 February: 12 months later, rounded up to the month: 1 March 2027.
    13 May 2026 − 10 days = 3 May: 1 June 2027. A mug takes the 60 and 40 of the 100; cancelled, both are whole again.
    """
    ann = mall.member()
    mall.earn(ann, 60, mall.now - timedelta(days=80))
    mall.earn(ann, 100, mall.now - timedelta(days=10))
    first = (datetime(2027, 3, 1, tzinfo=SHANGHAI), datetime(2027, 6, 1, tzinfo=SHANGHAI))
    assert mall.lots(ann) == [(60, 60, first[0]), (100, 100, first[1])]
    mall.reward(stock=1)
    order = mall.redeem(ann).order
    assert mall.lots(ann) == [(100, 60, first[1])]
    later = mall.now + timedelta(days=3)
    done = flow.cancel(
        scope=mall.scope, member_id=ann, redemption_id=order.id, key="c", now=later, reason="changed her mind"
    )
    assert done.order.state == "cancelled"
    assert mall.lots(ann) == [(60, 60, first[0]), (100, 100, first[1])]
    assert mall.balance(ann) == (160, 0, 0, 0) and mall.left() == 1
    again = flow.cancel(
        scope=mall.scope, member_id=ann, redemption_id=order.id, key="c", now=later, reason="changed her mind"
    )
    assert again.repeated and mall.left() == 1
    with pytest.raises(Refusal) as refused:
        flow.cancel(scope=mall.scope, member_id=ann, redemption_id=order.id, key="d", now=later)
    assert code_of(refused) == "redemption_state"
    [told] = messaging.list_inbox(scope=mall.scope, member_id=ann).items
    assert told.template == "redemption_cancelled"
    mall.books_balance()


def test_what_is_refused_changes_nothing(mall: Mall) -> None:
    ann = mall.member(150)
    mall.reward(stock=0)
    with pytest.raises(Refusal) as refused:
        mall.redeem(ann)
    assert code_of(refused) == "sold_out"
    mall.reward("dear", stock=5, price={"unit": "points", "points": 151})
    with pytest.raises(Refusal) as refused:
        mall.redeem(ann, "dear")
    assert code_of(refused) == "too_few_points"
    assert refused.value.data["missing"] == 1
    mall.reward("soon", starts_at="2026-05-14T00:00:00+08:00")
    with pytest.raises(Refusal) as refused:
        mall.redeem(ann, "soon")
    assert code_of(refused) == "not_started"
    mall.reward("draft", state="draft")
    with pytest.raises(Refusal) as refused:
        mall.redeem(ann, "draft")
    assert code_of(refused) == "not_on_offer"
    mall.reward("gold", condition={"field": "membership.tier", "op": "in", "value": ["gold"]})
    with pytest.raises(Refusal) as refused:
        mall.redeem(ann, "gold")
    assert code_of(refused) == "not_eligible"
    assert mall.balance(ann) == (150, 0, 0, 0) and mall.left("dear") == 5
    assert rewards.list_orders(scope=mall.scope).items == []


def test_limits_count_calendar_periods_and_what_stands(mall: Mall) -> None:
    """Two a month: the third waits for the first of June in Shanghai; a cancelled one makes room."""
    ann = mall.member(1000)
    mall.reward(limit={"count": 2, "period": "month"})
    first = mall.redeem(ann).order
    mall.redeem(ann)
    with pytest.raises(Refusal) as refused:
        mall.redeem(ann)
    assert code_of(refused) == "limit_reached"
    flow.cancel(scope=mall.scope, member_id=ann, redemption_id=first.id, key="c", now=mall.now)
    mall.redeem(ann)
    june = datetime(2026, 6, 1, 0, 0, tzinfo=SHANGHAI)
    with pytest.raises(Refusal):
        mall.redeem(ann, now=june - timedelta(seconds=1))
    assert mall.redeem(ann, now=june).order.state == "placed"
    assert mall.balance(ann)[0] == 1000 - 300


def test_released_by_the_day(mall: Mall) -> None:
    """Two a day from 13:00: at noon not yet, then two, then none, and two again tomorrow."""
    ann = mall.member(1000)
    mall.reward(stock=10, release={"count": 2, "at": "13:00"})
    with pytest.raises(Refusal) as refused:
        mall.redeem(ann)
    assert code_of(refused) == "not_released"
    one = mall.now + timedelta(hours=1)
    orders = [mall.redeem(ann, now=one).order for _ in range(2)]
    with pytest.raises(Refusal) as refused:
        mall.redeem(ann, now=one)
    assert code_of(refused) == "released_gone"
    flow.cancel(scope=mall.scope, member_id=ann, redemption_id=orders[0].id, key="c", now=one)
    mall.redeem(ann, now=one)
    tomorrow = one + timedelta(days=1)
    assert mall.redeem(ann, now=tomorrow).order.state == "placed"
    assert mall.left() == 10 - 3


def test_points_and_cash(mall: Mall) -> None:
    """100 points and 9.90: held while the payment is awaited, spent when it comes, both back when it is cancelled."""
    ann = mall.member(250)
    mall.reward(stock=1, price={"unit": "points", "points": 100, "cash": 990})
    done = mall.redeem(ann)
    order = done.order
    assert (order.state, order.cash) == ("awaiting_payment", 990)
    assert done.payment is not None and (done.payment.amount, done.payment.state) == (990, "pending")
    assert mall.balance(ann) == (150, 0, 100, 0) and mall.left() == 0
    paid = mall.pay(order)
    assert paid.state == "paid" and paid.burn_id is not None
    assert mall.balance(ann) == (150, 0, 0, 0)
    assert mall.pay(order) == paid
    flow.cancel(scope=mall.scope, member_id=ann, redemption_id=order.id, key="c", now=mall.now)
    assert mall.balance(ann) == (250, 0, 0, 0) and mall.left() == 1
    assert mall.money_back(paid) == 990
    mall.books_balance()


def test_a_payment_that_failed_is_tried_again(mall: Mall) -> None:
    from regulars.flows import payments as paying
    from regulars.platform.payments.types import PaymentStatus

    ann = mall.member(250)
    mall.reward(stock=1, price={"unit": "points", "points": 100, "cash": 990})
    done = mall.redeem(ann)
    assert done.payment is not None
    paying._note(done.payment, PaymentStatus("failed", code="no_funds"), mall.now)
    given = {"scope": mall.scope, "member_id": ann, "redemption_id": done.order.id}
    second = flow.start_payment(now=mall.now, **given)
    assert second.payment is not None and second.payment.id != done.payment.id
    assert flow.start_payment(now=mall.now, **given).payment == second.payment
    assert mall.pay(second.order).state == "paid"
    with pytest.raises(Refusal) as refused:
        flow.start_payment(now=mall.now, **given)
    assert code_of(refused) == "redemption_state"


def test_unpaid_orders_end_by_themselves(mall: Mall) -> None:
    ann = mall.member(250)
    mall.reward(stock=1, price={"unit": "points", "points": 100, "cash": 990})
    order = mall.redeem(ann).order
    assert flow.settle_orders(mall.now + timedelta(minutes=14)) == 0
    late = mall.now + timedelta(minutes=15)
    assert flow.settle_orders(late) == 1
    assert flow.settle_orders(late) == 0
    assert mall.balance(ann) == (250, 0, 0, 0) and mall.left() == 1
    payment = flow.payment_of(order)
    assert payment is not None and payment.state == "closed"
    mall.books_balance()


def test_money_that_comes_too_late_goes_back(mall: Mall) -> None:
    """The order ended while the provider could not be asked; the notice of the payment comes afterwards."""
    ann = mall.member(250)
    mall.reward(stock=1, price={"unit": "points", "points": 100, "cash": 990})
    order = mall.redeem(ann).order
    from regulars.flows.mall import due as mall_due

    late = mall.now + timedelta(minutes=15)
    original, mall_due.paying.let_go = mall_due.paying.let_go, lambda *given: None
    try:
        assert flow.settle_orders(late) == 1
    finally:
        mall_due.paying.let_go = original
    ended = mall.pay(order, late)
    assert ended.state == "expired" and mall.money_back(order) == 990
    assert mall.balance(ann) == (250, 0, 0, 0) and mall.left() == 1
    mall.books_balance()


def test_a_worker_that_stood_still_ends_the_hold_once(mall: Mall) -> None:
    """The hold ends by itself after an hour and a quarter; the order afterwards finds it ended."""
    ann = mall.member(250)
    mall.reward(stock=1, price={"unit": "points", "points": 100, "cash": 990})
    mall.redeem(ann)
    late = mall.now + timedelta(hours=2)
    assert due.release_holds(late) == 1
    assert flow.settle_orders(late) == 1
    assert mall.balance(ann) == (250, 0, 0, 0) and mall.left() == 1
    mall.books_balance()


def test_unclaimed_comes_back_or_is_forfeit(mall: Mall) -> None:
    """Waits 7 days: till the end of 20 May in Shanghai. The piece is there again either way."""
    ann = mall.member(500)
    mall.reward(stock=1, claim_days=7)
    mall.reward("strict", stock=1, claim_days=7, unclaimed="forfeit")
    first, second = mall.redeem(ann).order, mall.redeem(ann, "strict").order
    end = datetime(2026, 5, 21, tzinfo=SHANGHAI)
    assert (first.claim_by, second.claim_by) == (end, end)
    assert flow.settle_orders(end - timedelta(seconds=1)) == 0
    assert flow.settle_orders(end) == 2
    assert mall.balance(ann) == (400, 0, 0, 0)
    assert (mall.left(), mall.left("strict")) == (1, 1)
    mall.books_balance()


def test_shipping(mall: Mall) -> None:
    from tests.rewards.given import HOME

    ann = mall.member(500)
    mall.reward(fulfilment="ship")
    with pytest.raises(Refusal) as refused:
        mall.redeem(ann)
    assert refused.value.errors[0].field == "address"
    order = mall.redeem(ann, address=HOME).order
    kept = rewards.address_of(scope=mall.scope, member_id=ann, redemption_id=order.id)
    assert kept == HOME
    shipped = flow.ship(
        scope=mall.scope,
        member_id=ann,
        redemption_id=order.id,
        carrier="顺丰",
        tracking="SF1",
        key="s",
        now=mall.now,
    )
    assert (shipped.order.state, shipped.order.tracking) == ("shipped", "SF1")
    [told] = messaging.list_inbox(scope=mall.scope, member_id=ann).items
    assert "SF1" in told.body
    with pytest.raises(Refusal) as refused:
        flow.cancel(scope=mall.scope, member_id=ann, redemption_id=order.id, key="c", now=mall.now)
    assert code_of(refused) == "redemption_state"
    assert flow.settle_orders(mall.now + timedelta(days=14)) == 1
    done = rewards.get_order(scope=mall.scope, member_id=ann, redemption_id=order.id)
    assert done.state == "completed"


def test_verified_at_a_store_and_taken_back(mall: Mall) -> None:
    ann = mall.member(500)
    mall.reward(stores=["S1"], undo_minutes=30)
    order = mall.redeem(ann, store="S1").order

    def verify(store: str, key: str, after: int = 0) -> object:
        at = mall.now + timedelta(minutes=after)
        return flow.verify(
            scope=mall.scope, member_id=ann, redemption_id=order.id, store=store, key=key, now=at
        )

    with pytest.raises(Refusal) as refused:
        verify("S2", "v0")
    assert refused.value.errors[0].code == "wrong_store"
    verify("S1", "v1")
    with pytest.raises(Refusal) as refused:
        verify("S1", "v2")
    assert code_of(refused) == "already_verified"
    undone = flow.undo_verification(
        scope=mall.scope, member_id=ann, redemption_id=order.id, key="u", now=mall.now + timedelta(minutes=29)
    )
    assert undone.order.state == "placed" and undone.order.store_id is None
    verify("S1", "v3", 60)
    with pytest.raises(Refusal) as refused:
        flow.undo_verification(
            scope=mall.scope,
            member_id=ann,
            redemption_id=order.id,
            key="u2",
            now=mall.now + timedelta(minutes=90),
        )
    assert code_of(refused) == "undo_too_late"
    assert flow.settle_orders(mall.now + timedelta(minutes=90)) == 1


def test_a_code_is_hers_alone_and_once_seen_stays(mall: Mall) -> None:
    ann, bob = mall.member(500), mall.member(500)
    mall.reward("film", kind="virtual_code")
    made = rewards.import_codes(scope=mall.scope, key="film", codes=["AAA", "BBB", "AAA"], now=mall.now)
    assert (made.added, made.duplicates) == (2, 1)
    again = rewards.import_codes(scope=mall.scope, key="film", codes=["BBB"], now=mall.now)
    assert (again.added, again.duplicates) == (0, 1)
    assert mall.left("film") == 2
    order = mall.redeem(ann, "film").order
    other = mall.redeem(bob, "film").order
    with pytest.raises(Refusal) as refused:
        mall.redeem(ann, "film")
    assert code_of(refused) == "sold_out"
    for scope in (mall.scope, mall.as_member(bob)):
        with pytest.raises(Refusal) as refused:
            flow.show_codes(scope=scope, member_id=ann, redemption_id=order.id, now=mall.now)
        assert code_of(refused) == "codes_for_owner"
    # bob never looked: he may cancel, and his code is free for ann
    flow.cancel(scope=mall.scope, member_id=bob, redemption_id=other.id, key="c", now=mall.now)
    second = mall.redeem(ann, "film").order
    seen = [
        flow.show_codes(scope=mall.as_member(ann), member_id=ann, redemption_id=id_, now=mall.now)
        for id_ in (order.id, second.id)
    ]
    assert sorted(code for codes in seen for code in codes) == ["AAA", "BBB"]
    with pytest.raises(Refusal) as refused:
        flow.cancel(scope=mall.scope, member_id=ann, redemption_id=order.id, key="d", now=mall.now)
    assert code_of(refused) == "code_shown"
    assert mall.balance(ann) == (300, 0, 0, 0) and mall.balance(bob) == (500, 0, 0, 0)
    mall.books_balance()


def test_stock_is_changed_without_losing_what_is_taken(mall: Mall) -> None:
    ann = mall.member(1000)
    mall.reward(stock=100)
    orders = [mall.redeem(ann).order for _ in range(5)]
    assert mall.left() == 95
    rewards.set_stock(scope=mall.scope, key="mug", stock_total=5, now=mall.now)
    assert mall.left() == 0
    with pytest.raises(Refusal) as refused:
        rewards.set_stock(scope=mall.scope, key="mug", stock_total=4, now=mall.now)
    assert code_of(refused) == "stock_below_taken"
    flow.cancel(scope=mall.scope, member_id=ann, redemption_id=orders[0].id, key="c", now=mall.now)
    assert mall.left() == 1
    rewards.set_stock(scope=mall.scope, key="mug", stock_total=1000, now=mall.now)
    assert mall.left() == 996
    rewards.set_stock(scope=mall.scope, key="mug", stock_total=None, now=mall.now)
    assert mall.left() is None
    rewards.set_stock(scope=mall.scope, key="mug", stock_total=7, now=mall.now)
    assert mall.left() == 7


def test_definitions_come_back_as_they_went(mall: Mall) -> None:
    mall.reward(
        limit={"count": 2, "period": "month"},
        condition={"field": "membership.tier", "op": "in", "value": ["gold"]},
        release={"count": 2, "at": "13:00"},
        starts_at="2026-05-14T00:00:00+08:00",
        stores=["S2", "S1"],
    )
    [kept] = rewards.export_definitions(brand_id=mall.scope.brand_id)
    assert kept["stores"] == ["S1", "S2"] and kept["state"] == "active"
    rewards.apply_definition(scope=mall.scope, definition=kept, now=mall.now)
    assert rewards.export_definitions(brand_id=mall.scope.brand_id) == [kept]


def test_every_wrong_field_is_said_at_once(mall: Mall) -> None:
    with pytest.raises(Refusal) as refused:
        rewards.apply_definition(
            scope=mall.scope,
            definition={
                "key": "Bad Key",
                "name": "",
                "kind": "goods",
                "price": {"unit": "growth", "points": 1},
                "stores": ["S9"],
                "condition": {"field": "order.amount", "op": "gt", "value": 1},
                "fulfilment": "instant",
                "more": 1,
            },
            now=mall.now,
        )
    fields = {error.field for error in refused.value.errors}
    assert {"key", "name", "price.unit", "stores[0]", "fulfilment", "more"} <= fields
    assert any(field.startswith("condition") for field in fields)


def test_a_coupon_is_issued_with_the_order(mall: Mall) -> None:
    from regulars.value.coupons import api as coupons

    ann = mall.member(500)
    coupons.apply_definition(
        scope=mall.scope,
        definition={
            "key": "ten-off",
            "name": {"zh": "减 10 元", "en": "10 off"},
            "state": "active",
            "offer": {"kind": "amount", "amount": 1000},
            "validity": {"kind": "after_claim", "days": 30},
        },
        now=mall.now,
    )
    mall.reward("ticket", kind="coupon", coupon="ten-off")
    order = mall.redeem(ann, "ticket").order
    assert order.state == "completed" and order.coupon_id is not None
    held = coupons.get_coupon(brand_id=mall.scope.brand_id, member_id=ann, coupon_id=order.coupon_id)
    assert held.definition.key == "ten-off" and held.coupon.state == "claimed"
    assert mall.balance(ann) == (400, 0, 0, 0)
    with pytest.raises(Refusal) as refused:
        flow.cancel(scope=mall.scope, member_id=ann, redemption_id=order.id, key="c", now=mall.now)
    assert code_of(refused) == "redemption_state"
