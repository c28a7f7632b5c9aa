"""Rules that give coupons and uses of benefits and take from budgets: posted, refunded, told late, replayed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.coupons.given import definition as coupon_definition
from tests.intake.world import START, World, name, order, points, programme, refund, rule, world

from regulars.facts.activity import store as activity_store
from regulars.facts.activity.types import Receipt
from regulars.facts.members import states
from regulars.flows.intake.fold import Fold
from regulars.flows.intake.load import event_of
from regulars.flows.intake.progress import fresh_state
from regulars.flows.intake.repair import replay
from regulars.flows.outside import outside_of
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations
from regulars.programme.versions import api as versions
from regulars.value.benefits import api as benefits
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons
from regulars.value.ledger.wallet import Wallet

pytestmark = pytest.mark.django_db

LOUNGE = {
    "key": "lounge", "name": name("Lounge"), "kind": "service", "scheme": "main", "tiers": ["gold"],
    "quota": 1, "period": "year",
}  # fmt: skip
COUPON = {"type": "coupon", "definition": "tea"}
USES = {"type": "benefit", "benefit": "lounge", "uses": 2, "days": 10}


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def opened(*rules: dict[str, Any], budget: dict[str, Any] | None = None, **coupon: Any) -> World:
    w = world(programme(rules, benefits=[LOUNGE]))
    coupons.apply_definition(scope=w.scope, definition=coupon_definition("tea", **coupon), now=START)
    if budget is not None:
        given = {"key": "pot", "name": "pot", "amount": 100} | budget
        budgets.apply_definition(scope=w.scope, definition=given, now=START)
    return w


def wallet(w: World, member: UUID) -> list[tuple[str, str]]:
    """(definition, state) of every coupon of hers."""
    found = coupons.list_coupons(brand_id=w.scope.brand_id, member_id=member).items
    return sorted((one.coupon.definition, one.coupon.state) for one in found)


def extra(w: World, member: UUID, now: datetime) -> int | None:
    """Uses of the lounge that she has left."""
    live = versions.in_force(brand_id=w.scope.brand_id, now=now).live
    found = benefits.list_for(
        scope=w.scope, programme=live, member_id=member, tiers={"main": "normal"}, now=now
    )
    return next((one.remaining for one in found), None)


def left(w: World) -> int:
    return budgets.left(brand_id=w.scope.brand_id, keys=["pot"], now=at(50))["pot"].left


def use(w: World, member: UUID, key: str, now: datetime) -> Any:
    live = versions.in_force(brand_id=w.scope.brand_id, now=now).live
    return benefits.use(
        scope=w.scope, programme=live, member_id=member, tiers={"main": "normal"}, benefit="lounge", key=key,
        now=now,
    )  # fmt: skip


def test_a_rule_gives_a_coupon_and_uses_of_a_benefit() -> None:
    w = opened(rule("gift", COUPON | {"count": 2}, USES))
    ann = w.member("13800000001")
    receipt = w.one(order(ann, "N1", 1000, at=at(1)))
    (outcome,) = receipt.outcomes
    assert [(e["kind"], e.get("definition") or e.get("benefit")) for e in outcome.effects] == [
        ("coupon", "tea"), ("benefit", "lounge"),
    ]  # fmt: skip
    assert wallet(w, ann) == [("tea", "claimed"), ("tea", "claimed")]
    assert extra(w, ann, at(1)) == 2
    assert use(w, ann, "u1", at(2)).remaining == 1
    assert use(w, ann, "u2", at(3)).remaining == 0
    with pytest.raises(Refusal, match="benefit_used_up"):
        use(w, ann, "u3", at(3))
    # the brand's day is UTC+8: the 12th of January there is the last of the ten days
    assert extra(w, ann, at(12)) is None
    again = w.one(order(ann, "N1", 1000, at=at(1)), now=at(4))
    assert again.duplicate
    assert len(wallet(w, ann)) == 2


def test_a_full_refund_takes_back_what_was_not_used() -> None:
    w = opened(rule("gift", COUPON, USES), rule("kept", COUPON | {"void_on_refund": False}))
    ann = w.member("13800000001")
    w.one(order(ann, "N1", 1000, 500, at=at(1)))
    use(w, ann, "u1", at(2))
    w.one(refund(ann, "R1", "N1", at(3), [(1, None)]))
    assert wallet(w, ann) == [("tea", "claimed"), ("tea", "claimed")]  # half of it is still bought
    last = w.one(refund(ann, "R2", "N1", at(4)))
    assert {"code": "gifts_taken_back", "order": "N1"} in last.notes
    assert wallet(w, ann) == [("tea", "claimed"), ("tea", "void")]
    assert extra(w, ann, at(4)) is None
    with pytest.raises(Refusal, match="benefit_not_given"):
        use(w, ann, "u2", at(4))


def test_a_refund_that_waited_for_its_order_takes_back_at_once() -> None:
    w = opened(rule("gift", COUPON, budget="pot"), budget={"kind": "count"})
    ann = w.member("13800000001")
    w.one(refund(ann, "R1", "N1", at(3)))
    w.one(order(ann, "N1", 1000, at=at(1)), now=at(4))
    assert wallet(w, ann) == [("tea", "void")]
    assert left(w) == 100


def test_a_coupon_that_cannot_be_issued_is_noted_and_the_order_stands() -> None:
    w = opened(rule("base", points()), rule("gift", COUPON), limits={"total": 1})
    ann, bob = w.member("13800000001"), w.member("13800000002")
    w.one(order(ann, "N1", 1000, at=at(1)))
    receipt = w.one(order(bob, "N2", 1000, at=at(1)))
    assert [dict(n) for n in receipt.notes] == [
        {"code": "coupon_not_issued", "rule": "gift", "definition": "tea", "reason": "coupon_sold_out"}
    ]
    assert (w.balance(bob)[0], wallet(w, bob)) == (10, [])
    # her refund has nothing to take back and does not stumble over it
    w.one(refund(bob, "R2", "N2", at(2)))
    assert w.balance(bob)[0] == 0


def test_a_budget_stops_hard_and_is_given_back() -> None:
    w = opened(rule("base", points(), budget="pot"), budget={"kind": "amount"})
    ann, bob = w.member("13800000001"), w.member("13800000002")
    assert w.one(order(ann, "N1", 7_000, at=at(1))).earned == {"points": 70}
    assert left(w) == 30
    assert w.one(order(bob, "N2", 5_000, at=at(1))).earned == {"points": 30}
    third = w.one(order(bob, "N3", 5_000, at=at(1)))
    assert [(o.rule, o.reason) for o in third.outcomes] == [("base", "budget_used_up")]
    # a batch shares what is left as well
    w.one(refund(ann, "R1", "N1", at(2)))
    assert left(w) == 70
    batch = w.post(*(order(bob, f"B{n}", 4_000, at=at(3) + timedelta(hours=n)) for n in range(3)), now=at(4))
    assert [r.earned for r in batch if isinstance(r, Receipt)] == [{"points": 40}, {"points": 30}, {}]
    assert left(w) == 0
    w.clean()


def test_a_budget_per_store_stops_there_only() -> None:
    w = opened(rule("gift", points("fixed", amount=5), budget="pot"),
               budget={"kind": "count", "amount": 1, "per_store": True})  # fmt: skip
    ann = w.member("13800000001")
    got = [
        w.one(order(ann, f"N{n}", 100, at=at(1 + n), store=store)).earned.get("points", 0)
        for n, store in enumerate(["S1", "S1", "S2", None])
    ]
    assert got == [5, 0, 5, 5]


def test_what_comes_late_gives_no_coupon_twice_and_takes_back_what_fell_away() -> None:
    """The first order of a member brings a coupon; an earlier one that is told later takes its place."""
    w = opened(
        rule("gift", COUPON, condition={"field": "order.is_first", "op": "eq", "value": True}, budget="pot"),
        budget={"kind": "count"},
    )
    ann = w.member("13800000001")
    w.one(order(ann, "N2", 1000, at=at(5)))
    assert (wallet(w, ann), left(w)) == ([("tea", "claimed")], 99)
    w.one(order(ann, "N1", 1000, at=at(1)), now=at(6))
    assert (wallet(w, ann), left(w)) == ([("tea", "claimed"), ("tea", "void")], 99)
    # and one that changes nothing changes nothing
    w.one(order(ann, "N3", 1000, at=at(3)), now=at(7))
    assert (wallet(w, ann), left(w)) == ([("tea", "claimed"), ("tea", "void")], 99)
    w.clean()


def test_a_replay_says_what_was_posted() -> None:
    """In memory, decided anew from the start: the same effects, though the budget is used up by now."""
    w = opened(
        rule("base", points(), budget="pot"),
        rule("gift", COUPON, USES, caps=[{"period": "ever", "times": 2}]),
        budget={"kind": "amount"},
    )
    ann = w.member("13800000001")
    for n in range(4):
        w.one(order(ann, f"N{n}", 4_000, at=at(1 + n)))
    brand = organisations.get_brand(brand_id=w.scope.brand_id)
    history = versions.in_force(brand_id=brand.id, now=at(50))
    with connection.cursor() as cursor:
        row = states.lock(cursor, brand_id=brand.id, member_ids=[ann])[ann]
        rows = activity_store.history(cursor, brand_id=brand.id, member_ids=[ann])[ann]
    for decided_until in (START, None):
        fold = Fold(fresh_state(row, None, {}), Wallet({}, []), history.at)
        events = [event_of(brand, r) for r in rows]
        answers = replay(fold, events, decided_until=decided_until)
        for event in events:
            answer, recorded = answers[event.id], event.recorded
            assert not isinstance(answer, Refusal) and recorded is not None
            assert outside_of(answer) == outside_of(recorded)
            assert answer.earned == recorded.earned
        assert fold.wallet.account("points").available == w.balance(ann)[0] == 100
