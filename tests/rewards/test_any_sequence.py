"""Whatever is done to orders in whatever order: pieces and points are where the orders say that they are."""

from __future__ import annotations

import contextlib
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from regulars.flows.mall import api as flow
from regulars.kit.errors import Refusal
from regulars.value.rewards import api as rewards

if TYPE_CHECKING:
    from tests.rewards.given import Mall

STOCK, POINTS = 12, 2_000
GONE = ("cancelled", "expired")


@pytest.mark.parametrize("seed", range(12))
def test_pieces_and_points_add_up_after_every_step(mall: Mall, seed: int) -> None:
    """Stock = left + pieces of orders that stand; balance = what she had − points of orders that stand, held ones
    apart; both never below zero; cash comes back with every paid order that is cancelled."""
    dice = random.Random(seed)
    members = [mall.member(POINTS) for _ in range(3)]
    mall.reward("plain", stock=STOCK, most_per_order=3, claim_days=3)
    mall.reward("cash", stock=STOCK, price={"unit": "points", "points": 70, "cash": 30}, claim_days=3)
    now = mall.now
    orders: list[Any] = []

    def redeem() -> None:
        key = dice.choice(("plain", "cash"))
        quantity = dice.randint(1, 3) if key == "plain" else 1
        orders.append(mall.redeem(dice.choice(members), key, quantity=quantity, now=now).order)

    def act(door: Any, **more: Any) -> None:
        order = dice.choice(orders)
        door(
            scope=mall.scope,
            member_id=order.member_id,
            redemption_id=order.id,
            key=f"a{dice.random()}",
            now=now,
            **more,
        )

    steps = [
        redeem,
        redeem,
        redeem,
        lambda: mall.pay(dice.choice([o for o in orders if o.cash]), now),
        lambda: act(flow.cancel),
        lambda: act(flow.verify, store="S1"),
        lambda: act(flow.undo_verification),
        lambda: flow.settle_orders(now),
    ]
    for _ in range(40):
        now += timedelta(minutes=dice.choice((1, 5, 20, 600)))
        with contextlib.suppress(Refusal, IndexError):
            dice.choice(steps)()
        check(mall, members, orders)
    now += timedelta(days=30)
    while flow.settle_orders(now):
        pass
    check(mall, members, orders)
    mall.books_balance()


def check(mall: Mall, members: list[Any], orders: list[Any]) -> None:
    fresh = [rewards.get_order(scope=mall.scope, member_id=o.member_id, redemption_id=o.id) for o in orders]
    for key in ("plain", "cash"):
        standing = sum(o.quantity for o in fresh if o.reward_key == key and o.state not in GONE)
        assert mall.left(key) == STOCK - standing
    for member in members:
        mine = [o for o in fresh if o.member_id == member]
        held = sum(o.points for o in mine if o.state == "awaiting_payment")
        spent = sum(o.points for o in mine if o.state not in (*GONE, "awaiting_payment"))
        assert mall.balance(member) == (POINTS - spent - held, 0, held, 0)
    for order in fresh:
        if order.cash and order.state in GONE:
            payment = flow.payment_of(order)
            assert payment is not None
            assert mall.money_back(order) == (order.cash if payment.paid_at else 0)
