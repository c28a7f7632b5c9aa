"""Several workers at the same due work, beside posting: each thing happens once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.races.world import Rush, codes

from regulars.facts.activity.types import MemberRef
from regulars.flows import due, value
from regulars.kit import clock
from regulars.value.ledger import api as ledger

pytestmark = pytest.mark.race

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


def test_points_expire_once_with_many_workers(rush: Rush, at_once: AtOnce) -> None:
    members = [rush.member(100) for _ in range(40)]
    later = clock.now() + timedelta(days=800)

    def work() -> int:
        return sum(due.settle(later) for _ in range(4))

    outcomes = at_once([work] * 8)
    codes(outcomes)
    due.settle(later)
    brand = rush.scope.brand_id
    for member in members:
        assert rush.balance(member) == (0, 0, 0, 0)
        entries = ledger.list_entries(brand_id=brand, member_id=member, unit="points").items
        assert [e.kind for e in entries].count("expire") == 1
    rush.books_balance()


def test_workers_and_tills_at_once(rush: Rush, at_once: AtOnce) -> None:
    """Tiers and points fall due while the same members buy: what they buy now is there afterwards."""
    members = [rush.member(1200) for _ in range(20)]  # 1 200 yuan: silver, 400 days ago, so due for judgement
    calls: list[Callable[[], Any]] = [lambda: due.settle(clock.now())] * 10
    calls += [
        lambda m=m, n=n: rush.post(rush.order(m, f"N{n}-{m}", 10_000)) for n in range(3) for m in members
    ]
    calls += [lambda: due.settle(clock.now())] * 10
    codes(at_once(calls))
    while due.settle(clock.now()):
        pass
    for member in members:
        assert rush.balance(member) == (1500, 0, 0, 0)
        moves = rush.caller().get(f"/members/{member}/tiers/history")["items"]
        assert [m["tier"] for m in moves][::-1] == ["normal", "silver", "normal"]
    rush.books_balance()


def test_forgotten_holds_end_once_while_their_members_buy(rush: Rush, at_once: AtOnce) -> None:
    """Workers that let go of holds in the order of their end, batches that lock members in the order of their keys."""
    members = [rush.member(1000) for _ in range(12)]
    now = clock.now()
    for n in range(3):
        for place, member in enumerate(members if n % 2 else members[::-1]):
            value.hold(
                scope=rush.scope, member=MemberRef(id=member), unit="points", amount=100,
                expires_in_seconds=1 + place, key=f"h{n}-{member}", now=now,
            )  # fmt: skip
    later = now + timedelta(seconds=60)

    def buy(n: int) -> Any:
        return [
            rush.batch(*[rush.order(m, f"N{n}-{r}-{m}", 1_000, at=now) for m in members]) for r in range(5)
        ]

    calls: list[Callable[[], Any]] = []
    for n in range(6):
        calls += [lambda: [due.release_holds(later) for _ in range(3)], lambda n=n: buy(n)]
    outcomes = at_once(calls)
    codes(outcomes)
    assert sum(sum(o) for o in outcomes[::2]) == 36
    for member in members:
        assert rush.balance(member) == (1000 + 6 * 5 * 10, 0, 0, 0)
    rush.books_balance()


def test_a_hold_let_go_by_its_end_or_captured_by_its_till(rush: Rush, at_once: AtOnce) -> None:
    members = [rush.member(100) for _ in range(15)]
    now = clock.now()
    held = {
        m: value.hold(
            scope=rush.scope, member=MemberRef(id=m), unit="points", amount=60, expires_in_seconds=1, key=f"h{m}",
            now=now,
        ).hold.id
        for m in members
    }  # fmt: skip
    later = now + timedelta(seconds=5)

    def capture(member: Any) -> Any:
        return value.end_hold(
            scope=rush.scope,
            member_id=member,
            hold_id=held[member],
            capture=True,
            key=f"c{member}",
            now=later,
        )

    calls: list[Callable[[], Any]] = []
    for place, member in enumerate(members):
        calls.append(lambda m=member: capture(m))
        if place % 3 == 0:
            calls.append(lambda: due.release_holds(later))
    codes(at_once(calls))
    due.release_holds(later)
    holds = ledger.get_holds(ids=list(held.items()))
    for member in members:
        state = holds[held[member]].state
        assert rush.balance(member) == ((40, 0, 0, 0) if state == "captured" else (100, 0, 0, 0))
    rush.books_balance()
