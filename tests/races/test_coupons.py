"""The last coupon, the last of a budget, one code at fifty tills, a gift taken twice: each goes to exactly as many as
there are, and nobody is refused while some is left."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from tests.races.world import Rush, codes

from regulars.flows.coupons import api as flow
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import NewStore
from regulars.value.budgets import api as budgets
from regulars.value.budgets.types import Take
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import CouponUse

pytestmark = pytest.mark.race

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


def put(rush: Rush, key: str = "tea", **settings: Any) -> None:
    given: dict[str, Any] = {
        "key": key,
        "name": {"zh": "十元券", "en": "Ten off"},
        "state": "active",
        "offer": {"kind": "amount", "amount": 1000},
        "validity": {"kind": "after_claim", "days": 30},
        "claim": {"channels": ["portal", "code", "issue"]},
        "transferable": True,
    }
    flow.put_definition(scope=rush.scope, definition=given | settings, now=clock.now())


def members(rush: Rush, count: int) -> list[UUID]:
    return [rush.member() for _ in range(count)]


def claim(rush: Rush, member: UUID, key: str) -> Any:
    return flow.claim(scope=rush.scope, member_id=member, definition="tea", key=key, now=clock.now())


def one(rush: Rush, member: UUID, key: str = "k") -> UUID:
    return claim(rush, member, key).held.coupon.id


def states(rush: Rush) -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, count(*) FROM coupon WHERE brand_id = %s GROUP BY 1", [rush.scope.brand_id]
        )
        return Counter(dict(cursor.fetchall()))


def test_the_last_coupons_of_a_total_and_of_a_day(rush: Rush, at_once: AtOnce) -> None:
    """137 in all, 100 a day, 200 who want one: 100 have one, and the day is over for the others."""
    put(rush, limits={"total": 137, "per_day": 100, "per_member": 1, "per_person": 1})
    people = members(rush, 200)
    outcomes = at_once([lambda m=m: claim(rush, m, f"c{m}") for m in people])
    assert codes(outcomes) == {"done": 100, "coupon_sold_out_today": 100}
    put(rush, limits={"total": 137, "per_member": 1, "per_person": 1})
    rest = [m for m, o in zip(people, outcomes, strict=True) if isinstance(o, Refusal)]
    outcomes = at_once([lambda m=m: claim(rush, m, f"d{m}") for m in rest])
    assert codes(outcomes) == {"done": 37, "coupon_sold_out": 63}
    (made,) = coupons.list_definitions(brand_id=rush.scope.brand_id)
    figures = coupons.tallies(brand_id=rush.scope.brand_id, made=[made], now=clock.now())["tea"]
    assert (figures.issued, figures.left, states(rush)["claimed"]) == (137, 0, 137)


def test_one_member_two_hundred_times(rush: Rush, at_once: AtOnce) -> None:
    put(rush, limits={"per_member": 3})
    ann = rush.member()
    outcomes = at_once([lambda n=n: claim(rush, ann, f"c{n}") for n in range(200)])
    assert codes(outcomes) == {"done": 3, "coupon_member_limit": 197}
    assert states(rush) == {"claimed": 3}


def test_the_same_claim_200_times_is_one_coupon(rush: Rush, at_once: AtOnce) -> None:
    put(rush)
    ann = rush.member()
    outcomes = at_once([lambda: claim(rush, ann, "the same")] * 200)
    assert codes(outcomes) == {"done": 200}
    assert sum(not o.repeated for o in outcomes) == 1
    assert states(rush) == {"claimed": 1}


def test_the_last_of_a_budget(rush: Rush, at_once: AtOnce) -> None:
    """10 000 at amounts of 1 to 99 from 200 tills: nothing is passed, and what is refused really was too much."""
    brand_id = rush.scope.brand_id
    given = {"key": "b", "name": {"zh": "预算", "en": "Budget"}, "kind": "amount", "amount": 5_000}
    budgets.apply_definition(scope=rush.scope, definition=given, now=clock.now())
    amounts = [random.Random(n).randint(1, 99) for n in range(200)]
    assert sum(amounts) > 9_000

    def take(n: int) -> list[Refusal]:
        with transaction.atomic():
            return budgets.take(brand_id=brand_id, takes=[Take("b", amounts[n], f"o{n}")], now=clock.now())

    outcomes = at_once([lambda n=n: take(n) for n in range(200)])
    assert all(isinstance(o, list) for o in outcomes), [o for o in outcomes if not isinstance(o, list)][:1]
    taken = sum(a for a, o in zip(amounts, outcomes, strict=True) if not o)
    found = budgets.left(brand_id=brand_id, keys=["b"], now=clock.now())["b"]
    assert (found.taken, found.left) == (taken, 5_000 - taken)
    assert all(r.code == "budget_used_up" for o in outcomes for r in o)
    # whoever was refused wanted more than is left now: nothing came back meanwhile
    assert min(a for a, o in zip(amounts, outcomes, strict=True) if o) > found.left
    # and all of it comes back while others take
    outcomes = at_once(
        [
            lambda n=n: (
                budgets.give_back(brand_id=brand_id, subject=f"o{n}", now=clock.now()) if n % 2 else take(n)
            )
            for n in range(200)
        ]
    )
    assert not any(isinstance(o, Exception) for o in outcomes)
    for n in range(200):
        budgets.give_back(brand_id=brand_id, subject=f"o{n}", now=clock.now())
    found = budgets.left(brand_id=brand_id, keys=["b"], now=clock.now())["b"]
    assert (found.taken, found.left) == (0, 5_000)


def test_two_budgets_in_either_order(rush: Rush, at_once: AtOnce) -> None:
    """Two hundred take from two budgets, named in either order, until the smaller is used up: 50 uses of 20 000."""
    brand_id = rush.scope.brand_id
    for key, kind, amount in (("money", "amount", 20_000), ("uses", "count", 50)):
        given = {"key": key, "name": {"zh": "预算", "en": key}, "kind": kind, "amount": amount}
        budgets.apply_definition(scope=rush.scope, definition=given, now=clock.now())

    def take(n: int) -> int:
        takes = [Take("money", 7, f"o{n}"), Take("uses", 7, f"o{n}")]
        with transaction.atomic():
            return len(budgets.take(brand_id=brand_id, takes=takes[:: 1 if n % 2 else -1], now=clock.now()))

    outcomes = at_once([lambda n=n: take(n) for n in range(200)])
    assert Counter(outcomes) == {0: 50, 1: 150}
    found = budgets.left(brand_id=brand_id, keys=["money", "uses"], now=clock.now())
    assert (found["money"].taken, found["uses"].taken) == (350, 50)


def test_the_same_code_at_fifty_tills(rush: Rush, at_once: AtOnce) -> None:
    put(rush)
    organisations.put_stores(
        brand_id=rush.scope.brand_id,
        stores=[NewStore(f"S{n}", Text(f"{n}店", f"Store {n}")) for n in range(50)],
        now=clock.now(),
    )
    stores = [store.id for store in organisations.stores_of(brand_id=rush.scope.brand_id).values()]
    ann = rush.member()
    shown = coupons.show_code(
        brand_id=rush.scope.brand_id, member_id=ann, coupon_id=one(rush, ann), now=clock.now()
    )
    code = shown.coupon.code or ""
    outcomes = at_once(
        [
            lambda n=n: flow.verify(
                scope=rush.scope, store_id=stores[n], key=f"till {n}", now=clock.now(), code=code
            )
            for n in range(50)
        ]
    )
    assert codes(outcomes) == {"done": 1, "coupon_used": 49}
    (used,) = [o.held.coupon for o in outcomes if not isinstance(o, Refusal)]
    assert used.store_id in stores


def test_one_free_code_and_two_hundred_who_bring_it(rush: Rush, at_once: AtOnce) -> None:
    put(rush)
    batch = coupons.make_codes(scope=rush.scope, definition="tea", count=1, now=clock.now())
    (row,) = coupons.each_code(brand_id=rush.scope.brand_id, batch_id=batch.id)
    people = members(rush, 50)
    outcomes = at_once(
        [
            lambda n=n: flow.claim_code(
                scope=rush.scope, member_id=people[n % 50], code=row.code, key=f"k{n}", now=clock.now()
            )
            for n in range(200)
        ]
    )
    assert codes(outcomes) == {"done": 1, "code_used": 199}
    assert states(rush) == {"claimed": 1}


def test_a_gift_is_accepted_once(rush: Rush, at_once: AtOnce) -> None:
    """Fifty want it, the giver wants it back, and a till wants to use it, all at once: one of them has it."""
    put(rush)
    ann, people = rush.member(), members(rush, 49)
    id_ = one(rush, ann)
    gift, _ = flow.offer_gift(
        scope=rush.scope, member_id=ann, coupon_id=id_, message="", key="gift-1", now=clock.now()
    )
    calls: list[Callable[[], Any]] = [
        lambda m=m: flow.accept_gift(scope=rush.scope, member_id=m, token=gift.token, now=clock.now())
        for m in people
    ]
    calls.append(lambda: flow.cancel_gift(scope=rush.scope, member_id=ann, coupon_id=id_, now=clock.now()))
    random.Random(7).shuffle(calls)
    found = codes(at_once(calls))
    assert found == {"done": 1, "gift_gone": 49}
    assert sum(states(rush)[state] for state in ("claimed", "locked")) == 1
    # whoever has it accepts again as often as she likes
    assert states(rush)["gifted"] <= 1


def test_a_use_against_its_expiry(rush: Rush, at_once: AtOnce) -> None:
    """Forty coupons at their last instant: the worker ends them while tills use them. Each is used or expired."""
    put(rush)
    people = members(rush, 40)
    ids = {m: one(rush, m, f"k{m}") for m in people}
    ends = coupons.get_coupon(
        brand_id=rush.scope.brand_id, member_id=people[0], coupon_id=ids[people[0]]
    ).coupon.expires_at
    assert ends is not None

    def use(member: UUID) -> Any:
        return coupons.use(
            brand_id=rush.scope.brand_id,
            member_id=member,
            uses=[CouponUse(ids[member], "o")],
            now=ends - timedelta(seconds=1),
        )

    calls: list[Callable[[], Any]] = [lambda m=m: use(m) for m in people]
    calls += [lambda: coupons.expire_due(ends)] * 10
    random.Random(3).shuffle(calls)
    outcomes = at_once(calls)
    refused = [o for o in outcomes if isinstance(o, Refusal)]
    assert not [o for o in outcomes if isinstance(o, Exception) and not isinstance(o, Refusal)]
    assert {o.code for o in refused} <= {"coupon_expired"}
    ended = sum(o for o in outcomes if isinstance(o, int))
    assert ended + sum(isinstance(o, list) for o in outcomes) <= 40
    while coupons.expire_due(ends):
        pass
    found = states(rush)
    assert found["used"] + found["expired"] == 40


def test_two_workers_at_one_bulk_issue(rush: Rush, at_once: AtOnce) -> None:
    put(rush, limits={"total": 30, "per_member": 1})
    people = members(rush, 60)
    job, _ = flow.start_issue(scope=rush.scope, definition="tea", segment={}, key="spring", now=clock.now())
    calls: list[Callable[[], Any]] = [lambda: flow.run_portion(now=clock.now(), size=7)] * 20
    calls += [lambda m=m: claim(rush, m, f"c{m}") for m in people[:30]]
    outcomes = at_once(calls)
    assert not [o for o in outcomes if isinstance(o, Exception) and not isinstance(o, Refusal)]
    while flow.run_portion(now=clock.now(), issue_id=job.id):
        pass
    done = coupons.get_issue(brand_id=rush.scope.brand_id, issue_id=job.id)
    claimed = sum(isinstance(o, flow.Acted) for o in outcomes)
    assert (done.state, done.seen, done.issued + claimed) == ("done", 60, 30)
    assert states(rush) == {"claimed": 30}
