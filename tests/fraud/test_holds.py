"""Too much in a while, and staff who serve themselves: held, looked at by somebody else, let go or cancelled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.coupons.given import definition as coupon_definition
from tests.intake.world import START, World, burn, order, points, programme, refund, rule, world
from tests.stories.world import staff

from regulars.facts.activity.types import ActivityIn, MemberRef, Receipt
from regulars.flows import reviews as review_flow
from regulars.flows import suspicion, value
from regulars.kit.errors import Refusal
from regulars.platform.organisations.types import Scope
from regulars.value.coupons import api as coupons
from regulars.value.reviews import api as reviews

pytestmark = pytest.mark.django_db

NOON = START + timedelta(days=9, hours=12)
THREE_AN_HOUR = {"key": "fast", "of": "activities", "per": "member", "limit": 3, "minutes": 60}
ONE_BURN = {"key": "burns", "of": "burns", "per": "member", "limit": 1, "minutes": 60}


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def watched(*velocity: dict[str, Any], self_dealing: bool = False, rules: Any = ()) -> World:
    w = world(programme(rules or [rule("base", points())]))
    reviews.put_watch(
        scope=w.scope, rules={"velocity": list(velocity), "self_dealing": self_dealing}, now=START
    )
    return w


def queue(w: World) -> list[Any]:
    return reviews.list_cases(scope=w.scope).items


def decide(w: World, release: bool, now: datetime, by: Scope | None = None) -> Any:
    (case,) = queue(w)
    return review_flow.decide_case(
        scope=by or staff(w.scope, "Rita"), case_id=case.id, release=release, comment="seen", now=now
    )


def test_the_fourth_order_of_an_hour_is_taken_and_its_points_wait() -> None:
    w = watched(THREE_AN_HOUR)
    ann = w.member("13800000001")
    for n in range(3):
        w.one(order(ann, f"N{n}", 1000, at=at(n)))
    fourth = w.one(order(ann, "N3", 1000, at=at(3)))
    assert {"code": "held_for_review", "rule": "fast"} in fourth.notes
    assert fourth.outcomes[0].effects[0]["pending_until"] == "review"
    assert w.balance(ann) == (30, 10, 0, 0)
    (case,) = queue(w)
    assert (case.kind, case.rule, case.activity_id) == ("earn", "fast", fourth.activity_id)
    assert case.detail["earned"] == {"points": 10}
    # asked again it is the same order, and no second case
    assert w.one(order(ann, "N3", 1000, at=at(3)), now=at(4)).duplicate
    assert len(queue(w)) == 1
    done = decide(w, True, at(10))
    assert (done.state, done.decided_by, done.comment) == ("released", "Rita", "seen")
    assert w.balance(ann) == (40, 0, 0, 0)
    assert queue(w) == []
    # counted anew after the release; in the next window anyway
    assert w.one(order(ann, "N4", 1000, at=at(11))).notes == ()
    w.clean()


def test_confirmed_it_is_cancelled_and_a_refund_takes_nothing_twice() -> None:
    w = watched(THREE_AN_HOUR | {"limit": 1})
    ann = w.member("13800000001")
    w.one(order(ann, "N0", 1000, at=at(0)))
    w.one(order(ann, "N1", 1000, at=at(1)))
    decide(w, False, at(5))
    assert w.balance(ann) == (10, 0, 0, 0)
    w.one(refund(ann, "R1", "N1", at(30)))
    assert w.balance(ann) == (10, 0, 0, 0)
    w.clean()


def test_gifts_wait_with_the_points() -> None:
    w = watched(
        THREE_AN_HOUR | {"limit": 1}, rules=[rule("gift", points(), {"type": "coupon", "definition": "tea"})]
    )
    coupons.apply_definition(scope=w.scope, definition=coupon_definition("tea"), now=START)
    ann = w.member("13800000001")

    def mine() -> int:
        return len(coupons.list_coupons(brand_id=w.scope.brand_id, member_id=ann).items)

    w.one(order(ann, "N0", 1000, at=at(0)))
    w.one(order(ann, "N1", 1000, at=at(1)))
    assert mine() == 1
    decide(w, True, at(5))
    assert mine() == 2
    with pytest.raises(Refusal, match="case_decided"):
        review_flow.decide_case(
            scope=staff(w.scope, "Rita"),
            case_id=reviews.list_cases(scope=w.scope, state="released").items[0].id,
            release=True,
            comment="again",
            now=at(6),
        )
    assert mine() == 2


def test_late_data_keeps_what_is_held_held() -> None:
    w = watched(THREE_AN_HOUR | {"limit": 1})
    ann = w.member("13800000001")
    w.one(order(ann, "N0", 1000, at=at(10)))
    w.one(order(ann, "N1", 1000, at=at(11)))
    assert w.balance(ann) == (10, 10, 0, 0)
    w.one(order(ann, "OLD", 5000, at=at(-3000)), now=at(20))
    assert w.balance(ann) == (60, 10, 0, 0)
    decide(w, True, at(30))
    assert w.balance(ann) == (70, 0, 0, 0)
    w.one(order(ann, "OLDER", 1000, at=at(-4000)), now=at(40))
    assert w.balance(ann) == (80, 0, 0, 0)
    w.clean()


def test_a_burn_too_many_is_refused_and_nothing_is_spent() -> None:
    w = watched(ONE_BURN)
    ann = w.member("13800000001")
    w.one(order(ann, "N0", 10_000, at=at(0)))
    w.one(burn(ann, "b1", 10, at(1)))
    with pytest.raises(Refusal) as raised:
        w.one(burn(ann, "b2", 10, at(2)))
    assert (raised.value.code, raised.value.status) == ("held_for_review", 409)
    assert w.balance(ann) == (90, 0, 0, 0)
    (case,) = queue(w)
    assert (case.kind, case.activity_id, case.detail) == (
        "burn", None, {"type": "burn", "unit": "points", "amount": 10},
    )  # fmt: skip
    decide(w, True, at(3))
    # the very same burn goes through now
    assert isinstance(w.post(burn(ann, "b2", 10, at(2)), now=at(4))[0], Receipt)


def test_device_and_store_are_counted_across_members() -> None:
    w = watched(
        {"key": "till", "of": "activities", "per": "device", "limit": 2, "minutes": 10},
        {"key": "shop", "of": "activities", "per": "store", "limit": 3, "minutes": 10, "enabled": False},
    )
    members = [w.member(f"1380000000{n}") for n in range(4)]
    notes = [
        w.one(order(m, f"N{n}", 100, at=at(n), store="S1", device="till-7")).notes
        for n, m in enumerate(members[:3])
    ]
    assert [bool(n) for n in notes] == [False, False, True]
    assert w.one(order(members[3], "N9", 100, at=at(4), store="S1")).notes == ()  # no device told


def test_what_happened_long_ago_is_history_and_not_haste() -> None:
    w = watched(THREE_AN_HOUR | {"limit": 1})
    ann = w.member("13800000001")
    batch = [order(ann, f"N{n}", 100, at=START + timedelta(minutes=n)) for n in range(5)]
    assert [r.notes for r in w.post(*batch, now=NOON) if isinstance(r, Receipt)] == [()] * 5


def test_a_batch_counts_each_of_its_activities() -> None:
    w = watched(THREE_AN_HOUR)
    ann = w.member("13800000001")
    posted = w.post(*(order(ann, f"N{n}", 1000, at=at(n)) for n in range(5)), now=at(6))
    assert [bool(r.notes) for r in posted if isinstance(r, Receipt)] == [False, False, False, True, True]
    assert w.balance(ann) == (30, 20, 0, 0)


def test_staff_do_not_serve_themselves() -> None:
    w = watched(self_dealing=True)
    sam, rita = staff(w.scope, "Sam"), staff(w.scope, "Rita")
    assert sam.actor.id is not None
    review_flow.link_staff(scope=rita, staff_id=sam.actor.id, phone="138 0000 0001", now=START)
    me, other = w.member("13800000001"), w.member("13800000002")

    def serve(scope: Scope, member: UUID, number: str, minutes: int) -> Any:
        return World(scope).post(order(member, number, 1000, at=at(minutes)), now=at(minutes))[0]

    assert serve(sam, other, "N0", 0).notes == ()
    assert serve(rita, me, "N1", 1).notes == ()
    held = serve(sam, me, "N2", 2)
    assert {"code": "held_for_review", "rule": "self_dealing"} in held.notes
    assert w.balance(me) == (10, 10, 0, 0)
    with pytest.raises(Refusal, match="own_case"):
        decide(w, True, at(3), by=sam)
    decide(w, False, at(4), by=rita)
    # nor by hand
    with pytest.raises(Refusal, match="held_for_review"):
        value.adjust(
            scope=sam,
            member_id=me,
            unit="points",
            amount=50,
            reason="goodwill",
            comment="",
            key="k",
            now=at(5),
        )
    with pytest.raises(Refusal, match="held_for_review"):
        suspicion.check_use(scope=sam, member_id=me, benefit="x", store_id=None, device="", now=at(6))
    assert w.balance(me) == (10, 0, 0, 0)
    # unlinked she is a customer like any other
    review_flow.link_staff(scope=rita, staff_id=sam.actor.id, phone=None, now=at(7))
    assert serve(sam, me, "N3", 8).notes == ()


def test_verifications_are_counted() -> None:
    w = watched({"key": "uses", "of": "verifications", "per": "store", "limit": 1, "minutes": 5})
    ann, bob = w.member("13800000001"), w.member("13800000002")
    shop = ann  # any id: a store of its own
    given = {"scope": w.scope, "benefit": "lounge", "store_id": shop, "device": "", "now": NOON}
    suspicion.check_use(member_id=ann, **given)
    with pytest.raises(Refusal, match="held_for_review"):
        suspicion.check_use(member_id=bob, **given)
    assert [c.kind for c in queue(w)] == ["verification"]


def test_wrong_rules_are_told() -> None:
    w = watched()
    bad = {
        "velocity": [THREE_AN_HOUR, THREE_AN_HOUR, {"key": "X", "of": "dreams", "limit": 0, "more": 1}],
        "odd": 1,
    }
    with pytest.raises(Refusal) as raised:
        reviews.put_watch(scope=w.scope, rules=bad, now=START)
    assert {e.field: e.code for e in raised.value.errors} == {
        "odd": "unknown_field",
        "velocity[1].key": "duplicate",
        "velocity[2].more": "unknown_field",
        "velocity[2].key": "bad_code",
        "velocity[2].of": "unknown_choice",
        "velocity[2].per": "unknown_choice",
        "velocity[2].limit": "out_of_range",
        "velocity[2].minutes": "out_of_range",
    }
    assert reviews.get_watch(brand_id=w.scope.brand_id).velocity == ()


def test_counters_are_swept_when_their_window_is_over() -> None:
    w = watched(THREE_AN_HOUR)
    w.one(
        ActivityIn(type="checkin", member=MemberRef(id=w.member("13800000001")), occurred_at=at(0), key="c")
    )
    assert reviews.sweep(at(1)) == 0
    assert reviews.sweep(at(120)) == 1
