"""Stored value bought online: many notices, many presses and a close at the same moment are one purchase or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from tests.payments.test_notices import body_of, post, put
from tests.rest.shop import Shop, open_shop

from regulars.flows import payments as paying
from regulars.flows.prepaid import api as flow
from regulars.flows.prepaid.api import Purchase
from regulars.kit import clock
from regulars.platform.payments.accounts import simulators
from regulars.surfaces import rates
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
Together = Callable[[list[Callable[[], Any]]], list[Any]]
LADDER = {"name": {"zh": "充值", "en": "Top-up"}, "rungs": [{"pay": 20_000, "bonus": 2_000}]}


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    shop = open_shop()
    prepaid.put_definition(
        scope=shop.scope, kind="ladder", key="usual", state="active", definition=LADDER, now=shop.now
    )
    put(shop)
    rates.forget()
    return shop


def begin(shop: Shop, member: UUID, key: str) -> Purchase:
    return flow.begin_purchase(
        scope=shop.scope,
        member_id=member,
        kind="ladder",
        what="usual",
        amount=20_000,
        key=key,
        now=clock.now(),
    )


def has(shop: Shop, member: UUID) -> dict[str, int]:
    found = ledger.get_balances(brand_id=shop.scope.brand_id, member_ids=[member]).get(member, {})
    return {unit: one.available for unit, one in found.items() if one.available}


def test_many_presses_and_notices_are_one_top_up(shop: Shop, at_once: Together) -> None:
    member = UUID(shop.enrol("13800138000"))
    begun = at_once([lambda n=n: begin(shop, member, f"press-{n % 4}") for n in range(40)])
    assert {one.order.id for one in begun} == {begun[0].order.id}
    payment = begun[0].payment
    assert payment is not None and has(shop, member) == {}
    bodies = [body_of(payment, id=f"SIMN{n % 5}") for n in range(50)]
    answers = at_once([lambda body=body: post(payment.account_id, body).status_code for body in bodies])
    assert answers == [200] * 50
    assert has(shop, member) == {"principal": 20_000, "bonus": 2_000}


def test_paying_against_closing_is_hers_or_nothing(shop: Shop, at_once: Together) -> None:
    for n in range(6):
        member = UUID(shop.enrol(f"1380013800{n}"))
        payment = begin(shop, member, "press-one").payment
        assert payment is not None
        gateway, now = simulators()[payment.account_id], clock.now()

        def press(gateway: Any = gateway, payment: Any = payment, now: Any = now) -> str:
            row = gateway.press(payment.number, outcome="paid", now=now)
            return row.state if row else ""

        def close(payment: Any = payment, now: Any = now) -> str:
            return paying.close(payment=payment, now=now).state

        at_once([press, close, press, close])
        state = paying.check(payment=payment, now=now).state
        order = flow.latest_purchase(scope=shop.scope, member_id=member)
        assert order is not None
        if state == "paid":
            assert (order.order.state, has(shop, member)) == ("done", {"principal": 20_000, "bonus": 2_000})
        else:
            assert (order.order.state, has(shop, member)) == ("void", {})
