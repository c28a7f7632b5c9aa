"""A rule's budget under two hundred tills: given out to the last point, never one more; a coupon for each firing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from tests.coupons.given import definition as coupon_definition
from tests.races.world import Rush
from tests.stories.world import PROGRAMME

from regulars.facts.activity.types import Receipt
from regulars.kit import clock
from regulars.kit.ids import new_id
from regulars.platform.organisations.types import Actor, Scope
from regulars.programme.versions import api as versions
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons

pytestmark = pytest.mark.race

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


def publish(rush: Rush, *rules: dict[str, Any]) -> None:
    definition = copy.deepcopy(PROGRAMME)
    definition["rules"] = list(rules)
    now, scope = clock.now(), rush.scope
    draft = versions.create_draft(scope=scope, now=now)
    number = draft.summary.number
    versions.save_draft(scope=scope, number=number, definition=definition, revision=draft.revision, now=now)
    versions.submit(scope=scope, number=number, now=now)
    other = Scope(scope.organisation_id, scope.brand_id, Actor("staff", new_id(), "Bob"), scope.permissions)
    versions.review(scope=other, number=number, approve=True, now=now)
    versions.publish(scope=scope, number=number, now=now)


def test_200_orders_share_a_budget_of_money(rush: Rush, at_once: AtOnce) -> None:
    """Each order would earn 7 points worth 1 fen each; 1 000 are there: 142 times 7, once 6, and 57 times nothing."""
    budgets.apply_definition(
        scope=rush.scope, definition={"key": "pot", "name": "pot", "amount": 1000}, now=clock.now()
    )
    effect = {"type": "points", "unit": "points", "mode": "fixed", "amount": 7}
    publish(rush, {"key": "r", "name": "r", "trigger": "order", "effects": [effect], "budget": "pot"})
    members = [rush.member() for _ in range(200)]
    outcomes = at_once(
        [lambda m=m, n=n: rush.post(rush.order(m, f"N{n}", 100)) for n, m in enumerate(members)]
    )
    assert [o for o in outcomes if not isinstance(o, Receipt)] == []
    earned = sorted(o.earned.get("points", 0) for o in outcomes)
    assert sum(earned) <= 1000
    left = budgets.left(brand_id=rush.scope.brand_id, keys=["pot"], now=clock.now())["pot"]
    assert (left.taken, left.left) == (sum(earned), 1000 - sum(earned))
    # who lost a race twice is told that it is used up although a rest smaller than a firing may be there
    assert left.left < 7 * 4
    assert set(earned) <= {0, 1, 2, 3, 4, 5, 6, 7}
    rush.books_balance()


def test_200_orders_share_a_budget_of_uses(rush: Rush, at_once: AtOnce) -> None:
    """Twenty coupons are paid for; 200 orders come: twenty coupons at most are issued, one a firing."""
    budgets.apply_definition(
        scope=rush.scope,
        definition={"key": "pot", "name": "pot", "kind": "count", "amount": 20},
        now=clock.now(),
    )
    coupons.apply_definition(scope=rush.scope, definition=coupon_definition("tea"), now=clock.now())
    effect = {"type": "coupon", "definition": "tea"}
    publish(rush, {"key": "r", "name": "r", "trigger": "order", "effects": [effect], "budget": "pot"})
    members = [rush.member() for _ in range(200)]
    outcomes = at_once(
        [lambda m=m, n=n: rush.post(rush.order(m, f"N{n}", 100)) for n, m in enumerate(members)]
    )
    assert [o for o in outcomes if not isinstance(o, Receipt)] == []
    given = sum(not o.outcomes[0].reason for o in outcomes)
    taken = budgets.left(brand_id=rush.scope.brand_id, keys=["pot"], now=clock.now())["pot"].taken
    issued = sum(len(coupons.list_coupons(brand_id=rush.scope.brand_id, member_id=m).items) for m in members)
    assert given == taken == issued
    assert 18 <= given <= 20
