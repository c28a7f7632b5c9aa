"""Rewards: given once for each key, paid for by a budget, taken back exactly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from tests.coupons.given import definition as coupon_definition
from tests.races.world import Rush

from regulars.facts.activity import api as activities
from regulars.facts.members import api as members
from regulars.facts.members.types import Tag
from regulars.flows import rewarding
from regulars.flows.rewarding import Gift, Reward
from regulars.kit import clock
from regulars.kit.errors import ErrorList
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons
from regulars.value.gifts import api as kept
from regulars.value.ledger import api as ledger

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


def points(amount: int, unit: str = "points") -> Reward:
    return Reward("points", unit, amount)


def give(rush: Rush, *gifts: Gift) -> list[rewarding.Given]:
    brand = organisations.get_brand(brand_id=rush.scope.brand_id)
    return rewarding.give(brand=brand, gifts=gifts, now=clock.now())


def back(rush: Rush, *pairs: tuple[UUID, str]) -> int:
    brand = organisations.get_brand(brand_id=rush.scope.brand_id)
    return rewarding.take_back(brand=brand, gifts=pairs, reason="refund", now=clock.now())


def tags_of(rush: Rush, member: UUID) -> list[str]:
    return sorted(members.get_card(scope=rush.scope, member_id=member).tags)


def test_a_gift_is_given_once_and_goes_back_once(rush: Rush) -> None:
    coupons.apply_definition(
        scope=rush.scope, definition=coupon_definition("tea", worth=1000), now=clock.now()
    )
    members.put_tag(scope=rush.scope, tag=Tag("keen", Text("热心", "Keen"), ""), now=clock.now())
    member = rush.member()
    gift = Gift(
        member,
        "mission:m:1",
        "mission:m",
        (points(50), Reward("coupon", "tea", 2), Reward("tag", "keen")),
        title=Text("新手任务", "First steps"),
    )
    (first,) = give(rush, gift)
    assert (first.state, first.repeated, first.refused) == ("given", False, ())
    assert first.cost == 50 + 2 * 1000  # a point is one minor unit where the till takes none
    (again,) = give(rush, gift)
    assert (again.state, again.repeated, again.cost) == ("given", True, first.cost)
    assert rush.balance(member) == (50, 0, 0, 0)
    assert len(coupons.list_coupons(brand_id=rush.scope.brand_id, member_id=member).items) == 2
    assert tags_of(rush, member) == ["keen"]
    (said,) = activities.list_activities(
        brand_id=rush.scope.brand_id, member_id=member, types=["reward"]
    ).items
    assert said.source == "regulars" and b"First steps" in said.body

    assert back(rush, (member, "mission:m:1")) == 1
    assert back(rush, (member, "mission:m:1")) == 0
    assert rush.balance(member) == (0, 0, 0, 0)
    states = {
        held.coupon.state
        for held in coupons.list_coupons(brand_id=rush.scope.brand_id, member_id=member).items
    }
    assert states == {"void"}
    assert tags_of(rush, member) == []
    (tally,) = kept.tally(brand_id=rush.scope.brand_id, sources=["mission:m"]).values()
    assert (tally.gifts, tally.cost, tally.back, tally.back_cost) == (1, 2050, 1, 2050)
    rush.books_balance()


def test_what_was_spent_of_a_reward_becomes_a_debt(rush: Rush) -> None:
    """50 given, 30 spent: 20 are there to take, 30 are owed, and the next reward of 40 settles them first."""
    member = rush.member()
    give(rush, Gift(member, "a", "mission:m", (points(50),)))
    rush.burn(member, 30, "spend")
    assert back(rush, (member, "a")) == 1
    assert rush.balance(member) == (0, 0, 0, 30)
    give(rush, Gift(member, "b", "mission:m", (points(40),)))
    assert rush.balance(member) == (10, 0, 0, 0)
    rush.books_balance()


def test_a_tag_that_was_there_stays(rush: Rush) -> None:
    members.put_tag(scope=rush.scope, tag=Tag("keen", Text("热心", "Keen"), ""), now=clock.now())
    member = rush.member()
    members.tag_members(scope=rush.scope, member_ids=[member], add=["keen"], now=clock.now())
    give(rush, Gift(member, "a", "mission:m", (Reward("tag", "keen"),)))
    back(rush, (member, "a"))
    assert tags_of(rush, member) == ["keen"]


def test_growth_that_is_given_counts_for_tiers(rush: Rush) -> None:
    """Silver needs a spend in this programme; growth is kept as a unit and goes back as it came."""
    member = rush.member()
    give(rush, Gift(member, "g", "mission:m", (points(70, "growth"),)))
    assert rush.balance(member, "growth")[0] == 70
    back(rush, (member, "g"))
    assert rush.balance(member, "growth")[0] == 0
    rush.books_balance()


def test_a_late_order_leaves_rewards_as_they_are(rush: Rush) -> None:
    member = rush.member()
    rush.post(rush.order(member, "one", 10000))
    give(rush, Gift(member, "a", "mission:m", (points(50),)))
    before = rush.balance(member)[0]
    rush.post(rush.order(member, "late", 5000, at=rush.opened + timedelta(days=200)))
    assert rush.balance(member)[0] == before + 50  # 50 yuan at a point each
    assert back(rush, (member, "a")) == 1
    assert rush.balance(member)[0] == before
    rush.books_balance()


def test_many_at_once_in_one_call(rush: Rush) -> None:
    everyone = [rush.member() for _ in range(12)]
    gifts = [Gift(m, f"k{n}", "campaign:c", (points(n + 1),)) for n, m in enumerate(everyone)]
    assert {g.state for g in give(rush, *gifts, *gifts)} == {"given"}
    assert [rush.balance(m)[0] for m in everyone] == list(range(1, 13))
    assert back(rush, *[(m, f"k{n}") for n, m in enumerate(everyone)]) == 12
    assert ledger.reconcile_books() == []


def test_a_budget_pays_or_nothing_is_given(rush: Rush) -> None:
    """100 minor units for gifts of 30 points: three are paid for, the fourth and fifth get nothing, not even a row."""
    budgets.apply_definition(
        scope=rush.scope, definition={"key": "pot", "name": "pot", "amount": 100}, now=clock.now()
    )
    everyone = [rush.member() for _ in range(5)]
    found = give(rush, *[Gift(m, "k", "campaign:c", (points(30),), budget="pot") for m in everyone])
    assert [g.state for g in found] == ["given"] * 3 + ["refused"] * 2
    assert found[3].refused == ((-1, "budget_used_up"),)
    left = budgets.left(brand_id=rush.scope.brand_id, keys=["pot"], now=clock.now())["pot"]
    assert (left.taken, left.left) == (90, 10)
    assert back(rush, (everyone[0], "k")) == 1
    (late,) = give(rush, Gift(everyone[4], "k", "campaign:c", (points(30),), budget="pot"))
    assert late.state == "given"
    rush.books_balance()


def test_what_cannot_be_given_is_said(rush: Rush) -> None:
    coupons.apply_definition(
        scope=rush.scope, definition=coupon_definition("few", limits={"total": 1}), now=clock.now()
    )
    first, second = rush.member(), rush.member()
    gifts = [Gift(m, "k", "campaign:c", (points(5), Reward("coupon", "few"))) for m in (first, second)]
    found = give(rush, *gifts)
    assert [g.state for g in found] == ["given", "partly"]
    assert found[1].refused[0][0] == 1
    assert rush.balance(second)[0] == 5
    nobody = UUID(int=7)
    (unknown,) = give(rush, Gift(nobody, "k", "campaign:c", (points(5),)))
    assert unknown.refused == ((-1, "member_not_found"),)


def test_rewards_are_read_strictly(rush: Rush) -> None:
    errors = ErrorList()
    given = [
        {"kind": "points", "unit": "points", "amount": 0},
        {"kind": "points", "unit": "gold", "amount": 5},
        {"kind": "coupon", "definition": "none"},
        {"kind": "wish"},
        {"kind": "tag", "tag": "none", "more": 1},
        "x",
        {"kind": "points", "unit": "points", "amount": 5},
        {"kind": ["points"]},
        {"kind": {"points": 1}},
    ]
    found = rewarding.read_rewards(given, brand_id=rush.scope.brand_id, field="rewards", errors=errors)
    assert [reward.to_json() for reward in found] == [{"kind": "points", "unit": "points", "amount": 5}]
    assert [(e.field, e.code) for e in errors.errors] == [
        ("rewards[0].amount", "out_of_range"),
        ("rewards[1].unit", "unknown"),
        ("rewards[2].definition", "unknown"),
        ("rewards[3].kind", "unknown_choice"),
        ("rewards[4].more", "unknown_field"),
        ("rewards[4].tag", "unknown"),
        ("rewards[5].kind", "unknown_choice"),
        ("rewards[7].kind", "unknown_choice"),
        ("rewards[8].kind", "unknown_choice"),
    ]
    assert rewarding.rewards_of([reward.to_json() for reward in found]) == found
    assert rewarding.describe(found[0], "zh", brand_id=rush.scope.brand_id) == "5 points"


@pytest.mark.race
def test_forty_ask_for_the_same_gift(rush: Rush, at_once: AtOnce) -> None:
    member = rush.member()
    gift = Gift(member, "k", "mission:m", (points(50),))
    outcomes = at_once([lambda: give(rush, gift)[0] for _ in range(40)])
    assert [o for o in outcomes if isinstance(o, Exception)] == []
    assert sum(not o.repeated for o in outcomes) == 1
    assert rush.balance(member)[0] == 50
    outcomes = at_once([lambda: back(rush, (member, "k")) for _ in range(40)])
    assert sum(outcomes) == 1
    assert rush.balance(member)[0] == 0
    rush.books_balance()


@pytest.mark.race
def test_forty_members_race_for_a_budget_of_uses(rush: Rush, at_once: AtOnce) -> None:
    budgets.apply_definition(
        scope=rush.scope,
        definition={"key": "pot", "name": "pot", "kind": "count", "amount": 10},
        now=clock.now(),
    )
    everyone = [rush.member() for _ in range(40)]
    outcomes = at_once(
        [lambda m=m: give(rush, Gift(m, "k", "c:c", (points(5),), budget="pot"))[0] for m in everyone]
    )
    assert [o for o in outcomes if isinstance(o, Exception)] == []
    given = sum(o.state == "given" for o in outcomes)
    left = budgets.left(brand_id=rush.scope.brand_id, keys=["pot"], now=clock.now())["pot"]
    assert given == left.taken <= 10
    assert given >= 9  # whoever loses the race four times over is told that it is used up
    assert sum(rush.balance(m)[0] for m in everyone) == given * 5
    rush.books_balance()


def test_a_transaction_that_fails_gives_nothing(rush: Rush) -> None:
    member = rush.member()
    with pytest.raises(RuntimeError), transaction.atomic():
        give(rush, Gift(member, "k", "mission:m", (points(50),)))
        raise RuntimeError
    assert rush.balance(member)[0] == 0
    assert give(rush, Gift(member, "k", "mission:m", (points(50),)))[0].repeated is False
