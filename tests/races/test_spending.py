"""One balance, many hands: nobody spends what is not there, and nobody is told so wrongly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.races.world import Rush, codes

from regulars.facts.activity.types import MemberRef
from regulars.flows import value
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.organisations.types import Actor, Scope

pytestmark = pytest.mark.race

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


def test_200_parallel_burns_of_one_balance(rush: Rush, at_once: AtOnce) -> None:
    """1 000 points at 7 each: 142 times 7 are 994, so 142 succeed, 58 are refused and 6 points are left."""
    ann = rush.member(1000)
    outcomes = at_once([lambda n=n: rush.burn(ann, 7, f"b{n}") for n in range(200)])
    assert codes(outcomes) == {"done": 142, "insufficient_balance": 58}
    assert rush.balance(ann) == (6, 0, 0, 0)
    rush.books_balance()


def test_receipts_of_parallel_burns_say_what_each_left(rush: Rush, at_once: AtOnce) -> None:
    """993, 986, … 713: no two of 41 burns of 7 leave the same behind."""
    ann = rush.member(1000)
    outcomes = at_once([lambda n=n: rush.burn(ann, 7, f"b{n}") for n in range(41)])
    left = sorted(o.balances["points"]["available"] for o in outcomes)
    assert left == [1000 - 7 * n for n in range(41, 0, -1)]


@pytest.mark.parametrize("address", ["/members/{member}/burns", "/activities"])
def test_200_parallel_burns_over_http(rush: Rush, at_once: AtOnce, address: str) -> None:
    """The same through tills: one address a transaction each, the other joins what waits together."""
    ann = rush.member(1000)
    now = clock.now().isoformat()

    def burn(n: int) -> int:
        if address == "/activities":
            body: dict[str, Any] = {
                "type": "burn",
                "member": {"id": str(ann)},
                "occurred_at": now,
                "burn": {"unit": "points", "amount": 7},
            }
        else:
            body = {"unit": "points", "amount": 7}
        return rush.caller()("POST", address.format(member=ann), body, Idempotency_Key=f"b{n}").status

    outcomes = at_once([lambda n=n: burn(n) for n in range(200)])
    assert Counter(outcomes) == {201: 142, 409: 58}
    assert rush.balance(ann) == (6, 0, 0, 0)
    rush.books_balance()


def test_the_same_burn_50_times_is_one_burn(rush: Rush, at_once: AtOnce) -> None:
    ann = rush.member(1000)
    outcomes = at_once([lambda: rush.burn(ann, 600, "the same")] * 50)
    assert codes(outcomes) == {"done": 50}
    assert len({o.activity_id for o in outcomes}) == 1
    assert sum(not o.duplicate for o in outcomes) == 1
    assert rush.balance(ann) == (400, 0, 0, 0)
    rush.books_balance()


def test_refund_against_burn(rush: Rush, at_once: AtOnce) -> None:
    """100 points, 80 of them are spent while the order that gave them comes back: either the burn was first and 80
    are owed, or the refund was first and nothing could be spent. Never both, never less.
    """
    members = [rush.member(100) for _ in range(20)]
    calls: list[Callable[[], Any]] = []
    for place, member in enumerate(members):
        number = f"start-{place + 1}"
        calls.append(lambda m=member, p=place: rush.burn(m, 80, f"b{p}"))
        calls.append(lambda m=member, p=place, n=number: rush.post(rush.refund(m, f"R{p}", n)))
    outcomes = at_once(calls)
    for place, member in enumerate(members):
        burned, refunded = outcomes[2 * place : 2 * place + 2]
        assert not isinstance(refunded, Exception), refunded
        if isinstance(burned, Refusal):
            assert burned.code == "insufficient_balance"
            assert rush.balance(member) == (0, 0, 0, 0)
        else:
            assert rush.balance(member) == (0, 0, 0, 80)
    rush.books_balance()


def test_50_parallel_holds_and_their_captures(rush: Rush, at_once: AtOnce) -> None:
    """1 000 points in holds of 30: 33 get one, 10 points are left. Then each is captured, released and captured
    again at once: one of the three wins.
    """
    ann = rush.member(1000)

    def hold(n: int) -> Any:
        return value.hold(
            scope=rush.scope, member=MemberRef(id=ann), unit="points", amount=30, expires_in_seconds=600,
            key=f"h{n}", now=clock.now(),
        )  # fmt: skip

    outcomes = at_once([lambda n=n: hold(n) for n in range(50)])
    assert codes(outcomes) == {"done": 33, "insufficient_balance": 17}
    assert rush.balance(ann) == (10, 0, 990, 0)
    rush.books_balance()

    held = [o.hold.id for o in outcomes if not isinstance(o, Refusal)]

    def end(hold_id: Any, capture: bool, key: str) -> Any:
        return value.end_hold(
            scope=rush.scope, member_id=ann, hold_id=hold_id, capture=capture, key=key, now=clock.now()
        )

    calls = [
        lambda h=h, c=c, k=k: end(h, c, f"{k}:{h}")
        for h in held
        for c, k in ((True, "1"), (False, "2"), (True, "3"))
    ]
    ended = at_once(calls)
    assert codes(ended) == {"done": 33, "hold_ended": 66}
    captured = sum(not isinstance(o, Refusal) and o.hold.state == "captured" for o in ended)
    assert rush.balance(ann) == (1000 - 30 * captured, 0, 0, 0)
    rush.books_balance()


def test_one_hold_captured_50_times_at_once(rush: Rush, at_once: AtOnce) -> None:
    ann = rush.member(1000)
    held = value.hold(
        scope=rush.scope, member=MemberRef(id=ann), unit="points", amount=500, expires_in_seconds=600, key="h",
        now=clock.now(),
    ).hold.id  # fmt: skip

    def capture(key: str) -> Any:
        return value.end_hold(
            scope=rush.scope, member_id=ann, hold_id=held, capture=True, amount=200, key=key, now=clock.now()
        )

    outcomes = at_once([lambda n=n: capture(f"c{n // 5}") for n in range(50)])
    # ten keys, five times each: those of the winning key are all told that it is done
    assert codes(outcomes) == {"done": 5, "hold_ended": 45}
    assert rush.balance(ann) == (800, 0, 0, 0)
    rush.books_balance()


def test_20_people_approve_one_adjustment(rush: Rush, at_once: AtOnce) -> None:
    ann = rush.member(100)
    asked = value.adjust(
        scope=rush.scope, member_id=ann, unit="points", amount=500_000, reason="goodwill", comment="",
        key="a", now=clock.now(),
    )  # fmt: skip

    def decide(n: int) -> Any:
        person = Scope(
            rush.scope.organisation_id,
            rush.scope.brand_id,
            Actor("staff", new_id(), f"P{n}"),
            rush.scope.permissions,
        )
        return value.decide_adjustment(
            scope=person, member_id=ann, adjustment_id=asked.id, approve=True, now=clock.now()
        )

    outcomes = at_once([lambda n=n: decide(n) for n in range(20)])
    assert codes(outcomes) == {"done": 1, "adjustment_decided": 19}
    assert rush.balance(ann) == (500_100, 0, 0, 0)
    rush.books_balance()


def test_many_refunds_of_one_order_take_it_back_once(rush: Rush, at_once: AtOnce) -> None:
    ann = rush.member()
    at = clock.now() - timedelta(hours=1)
    rush.post(rush.order(ann, "N1", 10_000, at=at))
    outcomes = at_once([lambda n=n: rush.post(rush.refund(ann, f"R{n}", "N1")) for n in range(30)])
    assert codes(outcomes) == {"done": 1, "refund_exceeds_order": 29}
    assert rush.balance(ann) == (0, 0, 0, 0)
    rush.books_balance()
