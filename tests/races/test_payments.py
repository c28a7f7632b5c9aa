"""Payments and plans under race: one notice fifty times, paying against closing, two upgrades, two workers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.payments.test_notices import body_of, bought, now_of, post, put, results
from tests.rest.shop import Shop, open_shop

from regulars.flows import payments as paying
from regulars.flows.plans import api as plan_flow
from regulars.kit import clock
from regulars.platform.payments import api as payments
from regulars.platform.payments.accounts import simulators
from regulars.surfaces import rates
from regulars.value.plans import api as plans

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
Together = Callable[[list[Callable[[], Any]]], list[Any]]
PRIME = {"key": "prime", "state": "active", "name": "Prime", "prices": {"month": 3000, "year": 30000}}
BLACK = {"key": "black", "state": "active", "name": "Black", "prices": {"month": 9000}}
GOLD = {"key": "gold", "state": "active", "name": "Gold", "prices": {"month": 6000}}


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    shop = open_shop()
    for definition in (PRIME, BLACK, GOLD):
        plans.apply_definition(scope=shop.scope, definition=definition, now=shop.now)
    put(shop)
    rates.forget()
    return shop


def periods(shop: Shop, member_id: UUID) -> list[Any]:
    held = plans.list_of_member(brand_id=shop.scope.brand_id, member_id=member_id)
    return plans.list_periods(member_id=member_id, subscription_ids=[one.id for one in held])


def test_one_notice_fifty_times_has_one_effect(shop: Shop, together: Together) -> None:
    payment = bought(shop)
    body = body_of(payment)
    answers = together([lambda: post(payment.account_id, body).status_code] * 50)
    assert answers == [200] * 50
    assert now_of(shop, payment).state == "paid"
    assert sorted(results(shop, payment)) == ["accepted"] + ["duplicate"] * 49
    assert len(periods(shop, payment.member_id)) == 1


def test_fifty_notices_of_different_ids_pay_once(shop: Shop, together: Together) -> None:
    payment = bought(shop)
    bodies = [body_of(payment, id=f"SIMN{n}") for n in range(50)]
    answers = together([lambda body=body: post(payment.account_id, body).status_code for body in bodies])
    assert answers == [200] * 50
    assert sorted(results(shop, payment)) == ["accepted"] + ["ignored"] * 49
    assert len(periods(shop, payment.member_id)) == 1


def test_paying_against_closing_ends_one_way(shop: Shop, together: Together) -> None:
    for n in range(8):
        payment = bought(shop, f"1380013800{n}")
        gateway = simulators()[payment.account_id]
        now = clock.now()

        def press(gateway: Any = gateway, payment: Any = payment, now: Any = now) -> str:
            row = gateway.press(payment.number, outcome="paid", now=now)
            return row.state if row else ""

        def close(payment: Any = payment, now: Any = now) -> str:
            return paying.close(payment=payment, now=now).state

        together([press, close, press, close])
        paying.check(payment=payment, now=now)
        at_provider = gateway.query(payment.number, now=now).state
        after = now_of(shop, payment)
        assert after.state == at_provider
        assert len(periods(shop, payment.member_id)) == (1 if after.state == "paid" else 0)


def test_a_notice_against_the_query_that_catches_it(shop: Shop, together: Together) -> None:
    payment = bought(shop)
    simulators()[payment.account_id].press(payment.number, outcome="paid", now=clock.now())
    calls: list[Callable[[], Any]] = [lambda: post(payment.account_id, body_of(payment)).status_code] * 10
    calls += [lambda: paying.check(payment=payment, now=clock.now()).state] * 10
    outcomes = together(calls)
    assert outcomes == [200] * 10 + ["paid"] * 10
    assert len(periods(shop, payment.member_id)) == 1


def test_two_upgrades_at_once_are_paid_for_once(shop: Shop, together: Together) -> None:
    put(shop, outcome="paid")
    payment = bought(shop)
    paying.check(payment=payment, now=clock.now())
    held = plans.find_live(brand_id=shop.scope.brand_id, member_id=payment.member_id)
    assert held is not None

    def go(plan: str, n: int) -> Any:
        return plan_flow.change(
            scope=shop.scope, member_id=held.member_id, subscription_id=held.id, plan=plan, period="month",
            key=f"{plan}{n}", now=clock.now(),
        )  # fmt: skip

    together([lambda n=n, p=p: go(p, n) for n in range(10) for p in ("black", "gold")])
    for one in payments.list_payments(scope=shop.scope, limit=200).items:
        if one.state in ("created", "pending"):
            paying.check(payment=one, now=clock.now())
    paying.settle_due(clock.now() + timedelta(minutes=1))
    after = plans.find_live(brand_id=shop.scope.brand_id, member_id=held.member_id)
    assert after is not None
    # whoever came first: money kept = what the periods say was paid, the rest went back or was never taken
    kept = sum(
        one.amount - one.refunded - one.refunding
        for one in payments.list_payments(scope=shop.scope, limit=200).items
        if one.paid_at is not None
    )
    said = periods(shop, held.member_id)
    assert kept == sum(one.paid for one in said)
    # 3000 + the difference to 6000 or 9000 on the first day: the worth is the plan's whole price
    assert after.worth == kept and kept in (6000, 9000)


def test_twenty_purchases_at_once_make_one_subscription(shop: Shop, together: Together) -> None:
    put(shop, outcome="paid")
    member = UUID(shop.enrol("13800138000"))

    def go(n: int) -> Any:
        return plan_flow.buy(
            scope=shop.scope, member_id=member, plan="prime", period="month" if n % 2 else "year", key=str(n),
            now=clock.now(),
        )  # fmt: skip

    together([lambda n=n: go(n) for n in range(20)])
    now = clock.now() + timedelta(minutes=1)
    for _ in range(3):
        paying.settle_due(now)
        now += timedelta(minutes=2)
    found = payments.list_payments(scope=shop.scope, limit=200).items
    kept = [one for one in found if one.state == "paid"]
    assert len(kept) == 1
    assert len(plans.list_of_member(brand_id=shop.scope.brand_id, member_id=member)) == 1
    assert {one.state for one in found} <= {"paid", "closed", "refunded", "refunding"}


def test_two_workers_renew_each_subscription_once(shop: Shop, together: Together) -> None:
    put(shop, outcome="paid")
    members = []
    for n in range(12):
        payment = bought(shop, f"139001390{n:02}")
        paying.check(payment=payment, now=clock.now())
        members.append(payment.member_id)
    later = clock.now() + timedelta(days=40)

    def work() -> None:
        for _ in range(3):
            plan_flow.renew_due(later)
            paying.settle_due(later)

    assert together([work] * 4) == [None] * 4
    for _ in range(3):
        plan_flow.renew_due(later)
        paying.settle_due(later + timedelta(seconds=10))
    for member_id in members:
        kinds = [one.kind for one in periods(shop, member_id)]
        assert kinds == ["bought", "renewed"]
    assert len(payments.list_payments(scope=shop.scope, limit=200).items) == 24


def test_refunds_at_once_never_exceed_what_was_paid(shop: Shop, together: Together) -> None:
    put(shop, outcome="paid")
    payment = bought(shop)
    payment = paying.check(payment=payment, now=clock.now())

    def back(n: int) -> Any:
        return paying.refund(
            scope=shop.scope, payment=payment, amount=700, reason="", key=f"r{n}", now=clock.now()
        )

    outcomes = together([lambda n=n: back(n) for n in range(20)])
    good = [one for one in outcomes if isinstance(one, tuple)]
    assert len(good) == 4  # 4 × 700 = 2800 of 3000
    after = now_of(shop, payment)
    assert (after.refunded, after.refunding, after.state) == (2800, 0, "partly_refunded")
