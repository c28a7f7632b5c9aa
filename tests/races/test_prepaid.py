"""The last session at many tills, a refund against a spend, gifts that cross, one card claimed by many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from tests.prepaid.world import UNITS
from tests.races.world import Rush, codes, open_rush

from regulars.flows import lots
from regulars.flows.prepaid import api as flows
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid

pytestmark = pytest.mark.race

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def shop(transactional_db: None) -> Rush:
    rush, now = open_rush(UNITS[2:]), clock.now()
    name = {"zh": "x", "en": "x"}
    for kind, key, definition in (
        ("ladder", "spring", {"name": name, "rungs": [{"pay": 10_000, "bonus": 1_000}]}),
        ("package", "spa", {"name": name, "sessions": 10, "price": 10_000, "transferable": True}),
        ("settings", "settings", {"transfer": {"enabled": True}}),
    ):
        prepaid.put_definition(
            scope=rush.scope, kind=kind, key=key, state="active", definition=definition, now=now
        )
    return rush


def clean(rush: Rush) -> None:
    rush.books_balance()
    claimed = ledger.contra_total(brand_id=rush.scope.brand_id, unit="gift", contra="claimed")
    assert prepaid.claimed_total(brand_id=rush.scope.brand_id) == claimed


def test_ten_sessions_at_200_tills(shop: Rush, at_once: AtOnce) -> None:
    her = shop.member()
    package = flows.buy_package(
        scope=shop.scope, member_id=her, package="spa", method="card", key="p", now=clock.now()
    )

    def use(n: int) -> Any:
        return flows.use_package(
            scope=shop.scope, member_id=her, package_id=package.id, key=f"u{n}", now=clock.now()
        )

    outcomes = at_once([lambda n=n: use(n) for n in range(200)])
    assert codes(outcomes) == {"done": 10, "insufficient_balance": 190}
    assert shop.balance(her, "sessions") == (0, 0, 0, 0)
    assert len(prepaid.list_uses(member_id=her, package_id=package.id)) == 10
    clean(shop)


def test_the_last_session_under_one_key_is_one_use(shop: Rush, at_once: AtOnce) -> None:
    her = shop.member()
    package = flows.buy_package(
        scope=shop.scope, member_id=her, package="spa", method="card", key="p", now=clock.now()
    )

    def use() -> Any:
        return flows.use_package(
            scope=shop.scope, member_id=her, package_id=package.id, sessions=10, key="same", now=clock.now()
        )

    outcomes = at_once([use] * 200)
    assert codes(outcomes) == {"done": 200}
    assert len({use.id for use in outcomes}) == 1
    clean(shop)


def test_a_refund_against_a_spend(shop: Rush, at_once: AtOnce) -> None:
    """100 yuan with 10: refunds of 30 and spends of 30 meet; what is left is what neither took, and never below 0."""
    her = shop.member()
    row = flows.top_up(
        scope=shop.scope,
        member_id=her,
        ladder="spring",
        amount=10_000,
        method="card",
        key="t",
        now=clock.now(),
    )

    def refund(n: int) -> Any:
        return flows.refund_top_up(
            scope=shop.scope, member_id=her, top_up_id=row.id, amount=3_000, key=f"r{n}", now=clock.now()
        )

    def spend(n: int) -> Any:
        return lots.burn_from(
            scope=shop.scope, member_id=her, unit="principal", amount=3_000, key=f"s{n}", now=clock.now()
        )

    acts = [lambda n=n: (refund if n % 2 else spend)(n) for n in range(100)]
    outcomes = codes(at_once(acts))
    assert outcomes["done"] == 3
    left = prepaid.get_top_up(brand_id=shop.scope.brand_id, member_id=her, top_up_id=row.id)
    refunds = left.refunded // 3_000
    assert shop.balance(her, "principal") == (1_000, 0, 0, 0)
    assert shop.balance(her, "bonus") == (1_000 - 300 * refunds, 0, 0, 0)
    clean(shop)


def test_gifts_that_cross_do_not_wait_for_each_other_for_ever(shop: Rush, at_once: AtOnce) -> None:
    """1 each, 100 times there and 100 times back: whatever the order, all is as it was."""
    her, him = shop.member(500), shop.member(500)

    def give(giver: UUID, receiver: UUID, n: int) -> Any:
        return flows.transfer(
            scope=shop.scope,
            member_id=giver,
            to=receiver,
            unit="points",
            amount=1,
            key=f"g{n}",
            now=clock.now(),
        )

    acts = [lambda n=n: give(*((her, him) if n % 2 else (him, her)), n) for n in range(200)]
    assert codes(at_once(acts)) == {"done": 200}
    assert (shop.balance(her), shop.balance(him)) == ((500, 0, 0, 0), (500, 0, 0, 0))
    clean(shop)


def test_one_card_claimed_by_many(shop: Rush, at_once: AtOnce) -> None:
    them = [shop.member() for _ in range(20)]
    now = clock.now()
    flows.create_batch(scope=shop.scope, code="b", name=Text("x", "x"), face=5_000, count=1, now=now)
    (card,) = flows.hand_out(scope=shop.scope, code="b", now=now)[1]
    flows.sell_cards(scope=shop.scope, numbers=[card.number], method="card", key="s", now=now)

    def claim(n: int) -> Any:
        return flows.claim_card(
            scope=shop.scope,
            member_id=them[n % 20],
            number=card.number,
            pin=card.pin,
            key=f"c{n}",
            now=clock.now(),
        )

    assert codes(at_once([lambda n=n: claim(n) for n in range(200)])) == {"done": 1, "card_not_active": 199}
    assert sum(shop.balance(member, "gift")[0] for member in them) == 5_000
    clean(shop)


def test_a_batch_is_handed_out_once(shop: Rush, at_once: AtOnce) -> None:
    flows.create_batch(scope=shop.scope, code="b", name=Text("x", "x"), face=5_000, count=3, now=clock.now())
    outcomes = at_once([lambda: flows.hand_out(scope=shop.scope, code="b", now=clock.now())] * 50)
    assert codes(outcomes) == {"done": 1, "handed_out": 49}
