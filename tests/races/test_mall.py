"""Two hundred hands at the last pieces: never more than there are, never one fewer than could be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from tests.races.world import codes

from regulars.flows.mall import api as flow
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.value.rewards import api as rewards

if TYPE_CHECKING:
    from tests.rewards.given import Mall

pytestmark = pytest.mark.race

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def mall(transactional_db: None) -> Mall:
    from tests.rewards.given import open_mall

    return open_mall(clock.now())


def tries(mall: Mall, members: list[UUID], reward: str = "mug") -> list[Callable[[], Any]]:
    return [lambda m=m, n=n: mall.redeem(m, reward, key=f"r{n}") for n, m in enumerate(members)]


def test_the_last_stock(mall: Mall, at_once: AtOnce) -> None:
    """200 members, 37 mugs: 37 orders, and every refused member has her points."""
    members = [mall.member(100) for _ in range(200)]
    mall.reward(stock=37)
    outcomes = at_once(tries(mall, members))
    assert codes(outcomes) == {"done": 37, "sold_out": 163}
    assert mall.left() == 0
    spent = sum(100 - mall.balance(m)[0] for m in members)
    assert spent == 3700
    mall.books_balance()


def test_stock_in_many_slots_is_found_to_the_last_piece(mall: Mall, at_once: AtOnce) -> None:
    """Sold down to 3 pieces in whatever slots they lie."""
    rich = mall.member(1_000_000)
    mall.reward(stock=128, most_per_order=100)
    mall.redeem(rich, quantity=100)
    mall.redeem(rich, quantity=25)
    members = [mall.member(100) for _ in range(40)]
    assert codes(at_once(tries(mall, members))) == {"done": 3, "sold_out": 37}
    assert mall.left() == 0
    mall.books_balance()


def test_the_last_of_the_day(mall: Mall, at_once: AtOnce) -> None:
    members = [mall.member(100) for _ in range(60)]
    mall.reward(stock=1000, release={"count": 20, "at": "00:00"})
    assert codes(at_once(tries(mall, members))) == {"done": 20, "released_gone": 40}
    assert mall.left() == 980
    mall.books_balance()


def test_each_code_goes_to_one(mall: Mall, at_once: AtOnce) -> None:
    members = [mall.member(100) for _ in range(100)]
    mall.reward("film", kind="virtual_code")
    rewards.import_codes(scope=mall.scope, key="film", codes=[f"C{n}" for n in range(40)], now=mall.now)
    outcomes = at_once(tries(mall, members, "film"))
    assert codes(outcomes) == {"done": 40, "sold_out": 60}
    seen: list[str] = []
    for member, outcome in zip(members, outcomes, strict=True):
        if not isinstance(outcome, Refusal):
            seen += flow.show_codes(
                scope=mall.as_member(member), member_id=member, redemption_id=outcome.order.id, now=mall.now
            )
    assert sorted(seen) == sorted(f"C{n}" for n in range(40))
    mall.books_balance()


def test_a_members_limit(mall: Mall, at_once: AtOnce) -> None:
    """One member from 50 devices: three a month, however fast."""
    ann = mall.member(10_000)
    mall.reward(stock=100, limit={"count": 3, "period": "month"})
    assert codes(at_once(tries(mall, [ann] * 50))) == {"done": 3, "limit_reached": 47}
    assert mall.balance(ann) == (9_700, 0, 0, 0) and mall.left() == 97
    mall.books_balance()


def test_one_key_from_fifty_devices(mall: Mall, at_once: AtOnce) -> None:
    ann = mall.member(10_000)
    mall.reward(stock=100)
    outcomes = at_once([lambda: mall.redeem(ann, key="one")] * 50)
    assert codes(outcomes) == {"done": 50}
    assert len({o.order.id for o in outcomes}) == 1 and sum(not o.repeated for o in outcomes) == 1
    assert mall.balance(ann) == (9_900, 0, 0, 0) and mall.left() == 99


def test_cancelled_or_shipped_never_both(mall: Mall, at_once: AtOnce) -> None:
    from tests.rewards.given import HOME

    members = [mall.member(100) for _ in range(25)]
    mall.reward(stock=25, fulfilment="ship")
    orders = {m: mall.redeem(m, address=HOME).order for m in members}
    calls: list[Callable[[], Any]] = []
    for m, order in orders.items():
        given = {"scope": mall.scope, "member_id": m, "redemption_id": order.id, "now": mall.now}
        calls.append(lambda g=given, m=m: flow.cancel(key=f"c{m}", **g))
        calls.append(lambda g=given, m=m: flow.ship(carrier="SF", tracking="1", key=f"s{m}", **g))
    outcomes = at_once(calls)
    assert codes(outcomes) == {"done": 25, "redemption_state": 25}
    back = 0
    for m, order in orders.items():
        state = rewards.get_order(scope=mall.scope, member_id=m, redemption_id=order.id).state
        assert mall.balance(m)[0] == (100 if state == "cancelled" else 0)
        back += state == "cancelled"
    assert mall.left() == back
    mall.books_balance()


def test_paid_or_lapsed_never_both(mall: Mall, at_once: AtOnce) -> None:
    """The payment comes at the moment in which its time is over, with two workers at it."""
    members = [mall.member(100) for _ in range(20)]
    mall.reward(stock=20, price={"unit": "points", "points": 100, "cash": 100})
    orders = {m: mall.redeem(m).order for m in members}
    late = max(o.pay_by for o in orders.values() if o.pay_by)
    calls: list[Callable[[], Any]] = [lambda: flow.settle_orders(late)] * 2
    calls += [lambda o=o: mall.pay(o, late) for o in orders.values()]
    codes(at_once(calls))
    flow.settle_orders(late)
    back = 0
    for m, order in orders.items():
        state = rewards.get_order(scope=mall.scope, member_id=m, redemption_id=order.id).state
        assert state in ("paid", "expired")
        assert mall.balance(m) == ((0, 0, 0, 0) if state == "paid" else (100, 0, 0, 0))
        payment = flow.payment_of(order)
        assert payment is not None
        if payment.state not in ("closed", "failed"):  # paid: the money stays only where the order does
            assert mall.money_back(order) == (0 if state == "paid" else 100)
        back += state == "expired"
    assert mall.left() == back
    mall.books_balance()


def test_one_code_at_fifty_tills(mall: Mall, at_once: AtOnce) -> None:
    """It is handed out once; the other tills are told that it was."""
    ann = mall.member(100)
    mall.reward(stock=1)
    order = mall.redeem(ann).order

    def verify(till: int) -> Any:
        member, id_ = rewards.order_of_code(scope=mall.scope, code=order.code)
        return flow.verify(
            scope=mall.scope,
            member_id=member,
            redemption_id=id_,
            store="S1",
            key=f"till-{till}",
            now=mall.now,
        )

    outcomes = at_once([lambda n=n: verify(n) for n in range(50)])
    assert codes(outcomes) == {"done": 1, "already_verified": 49}
