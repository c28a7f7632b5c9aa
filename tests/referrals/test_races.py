"""Many at once: one friend under two recruiters, the last place under a cap, one code for one link, two workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.referrals.given import (
    brand,
    buys,
    code_of,
    joins,
    member,
    next_phone,
    points,
    programme,
    row_of,
    tick,
)
from tests.rest.shop import Shop

from regulars.engage.referrals import api as referrals
from regulars.facts.members.types import Enrolment, IdentityIn
from regulars.flows import enrol
from regulars.flows.enrol import Enrolee
from regulars.flows.referrals import api as flow
from regulars.flows.referrals.types import Came
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.value.ledger import api as ledger

pytestmark = pytest.mark.race
Together = Callable[[list[Callable[[], Any]]], list[Any]]


def test_one_friend_under_two_recruiters_at_once(shop: Shop, together: Together) -> None:
    programme(shop)
    recruiters = [member(shop) for _ in range(2)]
    codes = [code_of(shop, one) for one in recruiters]
    phone = next_phone()

    def join(code: str) -> Any:
        row = Enrolment(identities=(IdentityIn("phone", phone),), recruiter=code)
        [answer] = enrol.enrol(scope=shop.scope, rows=[row], now=clock.now(), came=[Came()])
        return answer

    answers = together([lambda code=code: join(code) for code in codes * 4])
    joined = [one for one in answers if isinstance(one, Enrolee)]
    assert len(joined) == 1
    assert {one.code for one in answers if isinstance(one, Refusal)} == {"already_member"}
    [row] = referrals.list_referrals(brand_id=shop.scope.brand_id).items
    assert row.member_id == joined[0].enrolled.member_id


def test_the_last_place_under_a_cap_is_taken_once(shop: Shop, noon: Any, together: Together) -> None:
    programme(shop, caps={"ever": 3}, window_days=7)
    ann = member(shop)
    friends = [joins(shop, ann) for _ in range(8)]
    for n, one in enumerate(friends):
        buys(shop, one, f"N{n}")
    while flow.follow(clock.now()):
        pass
    tick(shop)
    noon.move(days=8)
    # eight workers; each claims what the others have not
    import regulars.flows.referrals.settling as settling

    settling.BATCH, before = 1, settling.BATCH
    try:
        for _ in range(3):
            outcomes = together([lambda: flow.settle(clock.now()) for _ in range(8)])
            assert all(isinstance(one, int) for one in outcomes), outcomes
    finally:
        settling.BATCH = before
    states = [row_of(shop, one) for one in friends]
    assert sorted(row.state for row in states) == ["qualified"] * 3 + ["refused"] * 5
    assert {row.reason for row in states} == {"", "cap_ever"}
    assert points(shop, ann) == 600
    assert ledger.reconcile_books() == []


def test_a_link_asked_for_at_once_is_one_link(shop: Shop, together: Together) -> None:
    ann = member(shop)
    links = together(
        [
            lambda: referrals.get_link(
                brand=brand(shop), member_id=ann, kind="reward", content="mug", now=clock.now()
            )
        ]
        * 8
    )
    assert len({one.code for one in links}) == 1


def test_two_workers_follow_the_same_orders_once(shop: Shop, noon: Any, together: Together) -> None:
    programme(shop)
    while flow.follow(clock.now()):
        pass
    ann = member(shop)
    ben = joins(shop, ann)
    for n in range(20):
        buys(shop, ben, f"N{n}")
    together([lambda: [flow.follow(clock.now()) for _ in range(5)] for _ in range(4)])
    rows = referrals.share_report(brand=brand(shop), since=shop.now, until=noon.at, member_id=ann)
    noon.move(seconds=1)
    rows = referrals.share_report(brand=brand(shop), since=shop.now, until=noon.at, member_id=ann)
    assert [(row.joins, row.orders) for row in rows] == [(1, 20)]
    assert row_of(shop, ben).state == "waiting"
