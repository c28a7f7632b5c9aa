"""Wallets, locks, uses and their return, through the door on a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.coupons.given import MARCH, code_of, issue, one, open_brand, put

from regulars.kit.ids import new_id
from regulars.platform.organisations.types import Scope
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import CouponUse

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def scope() -> Scope:
    return open_brand()


def wallet(scope: Scope, member: UUID, **more: Any) -> list[UUID]:
    now = more.pop("now", MARCH)
    held = coupons.wallet(brand_id=scope.brand_id, member_id=member, now=now, **more)
    return [one.coupon.id for one in held]


def lock(scope: Scope, member: UUID, id_: UUID, by: str, now: Any = MARCH) -> Any:
    return coupons.lock_for_use(
        brand_id=scope.brand_id, member_id=member, coupon_ids=[id_], lock=by, until=now + HOUR, now=now
    )


def use(scope: Scope, member: UUID, id_: UUID, order: str = "O1", now: Any = MARCH, **more: Any) -> Any:
    uses = [CouponUse(id_, order, 1000)]
    return coupons.use(brand_id=scope.brand_id, member_id=member, uses=uses, now=now, **more)


def back(scope: Scope, member: UUID, id_: UUID, now: Any = MARCH, **more: Any) -> Any:
    return coupons.give_back(brand_id=scope.brand_id, member_id=member, coupon_ids=[id_], now=now, **more)[0]


def topics() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT topic FROM outbox ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_a_use_and_its_return_leave_everything_as_it_was(scope: Scope) -> None:
    put(scope)
    ann = new_id()
    id_ = one(scope, ann)
    before = coupons.get_coupon(brand_id=scope.brand_id, member_id=ann, coupon_id=id_)
    assert wallet(scope, ann) == [id_]
    lock(scope, ann, id_, "quote-1")
    assert wallet(scope, ann) == []
    assert wallet(scope, ann, lock="quote-1") == [id_]
    assert code_of(lambda: use(scope, ann, id_)) == "coupon_locked"
    (used,) = use(scope, ann, id_, lock="quote-1")
    assert (used.coupon.state, used.coupon.order, used.coupon.amount) == ("used", "O1", 1000)
    assert code_of(lambda: use(scope, ann, id_)) == "coupon_used"
    (figures,) = coupons.tallies(brand_id=scope.brand_id, made=[used.definition], now=MARCH).values()
    assert (figures.issued, figures.used) == (1, 1)
    assert back(scope, ann, id_, order="O2").coupon.state == "used"  # another order's return
    assert back(scope, ann, id_, order="O1") == before
    assert back(scope, ann, id_, order="O1") == before
    (figures,) = coupons.tallies(brand_id=scope.brand_id, made=[used.definition], now=MARCH).values()
    assert (figures.issued, figures.used) == (1, 0)
    assert topics() == ["coupon.claimed", "coupon.used", "coupon.given_back"]


def test_time_begins_and_ends_by_business_days(scope: Scope) -> None:
    """Claimed on 10 March with 30 days: the last day is 8 April, in Shanghai."""
    put(scope)
    ann = new_id()
    id_ = one(scope, ann)
    last = MARCH.replace(month=4, day=8, hour=23, minute=59)
    assert wallet(scope, ann, now=last) == [id_]
    assert wallet(scope, ann, now=last + timedelta(minutes=1)) == []
    assert code_of(lambda: use(scope, ann, id_, now=last + timedelta(minutes=1))) == "coupon_expired"
    put(scope, "later", validity={"kind": "fixed", "from": "2026-04-01", "to": "2026-04-30"})
    (outcome,) = issue(scope, ann, definition="later")
    assert code_of(lambda: use(scope, ann, outcome.coupon_id)) == "coupon_not_started"
    assert use(scope, ann, outcome.coupon_id, now=MARCH.replace(month=4, day=1, hour=0))


def test_what_comes_back_too_late_is_expired_or_has_its_grace(scope: Scope) -> None:
    put(scope)
    put(scope, "kind", grace_days=7)
    ann = new_id()
    plain, kind = one(scope, ann), one(scope, ann, definition="kind")
    for id_ in (plain, kind):
        use(scope, ann, id_)
    late = MARCH + timedelta(days=60)  # 9 May; seven days more end with 16 May
    assert back(scope, ann, plain, now=late).coupon.state == "expired"
    again = back(scope, ann, kind, now=late).coupon
    assert (again.state, again.expires_at) == ("claimed", MARCH.replace(month=5, day=17, hour=0))


def test_returned_orders_may_keep_their_coupon(scope: Scope) -> None:
    put(scope)
    ann = new_id()
    id_ = one(scope, ann)
    use(scope, ann, id_)
    assert back(scope, ann, id_, usable_again=False).coupon.state == "returned"
    assert code_of(lambda: use(scope, ann, id_)) == "coupon_returned"


def test_due_work_ends_coupons_and_lets_go_of_locks(scope: Scope) -> None:
    put(scope)
    ann, bob = new_id(), new_id()
    first, second = one(scope, ann), one(scope, bob)
    lock(scope, bob, second, "quote")
    assert coupons.expire_due(MARCH + timedelta(days=29)) == 0
    assert coupons.release_due(MARCH + timedelta(minutes=59)) == 0
    assert use(scope, bob, second, now=MARCH + HOUR)  # nobody waits for the worker
    lock(scope, ann, first, "quote")
    assert coupons.release_due(MARCH + HOUR) == 1
    assert coupons.expire_due(MARCH + timedelta(days=31)) == 1
    assert coupons.expire_due(MARCH + timedelta(days=31)) == 0
    states = coupons.count_states(brand_id=scope.brand_id, member_id=ann, now=MARCH)
    assert states == {"expired": 1}
    assert topics().count("coupon.expired") == 1


def test_void_and_paused(scope: Scope) -> None:
    put(scope, limits={"total": 2, "per_member": 1})
    ann = new_id()
    id_ = one(scope, ann)
    assert [o.result for o in issue(scope, ann, key="again")] == ["coupon_member_limit"]
    coupons.void(brand_id=scope.brand_id, member_id=ann, coupon_ids=[id_], now=MARCH)
    assert code_of(lambda: use(scope, ann, id_)) == "coupon_void"
    second = one(scope, ann, key="again")  # a void one counts no more
    coupons.set_state(scope=scope, key="tea", state="paused", now=MARCH)
    assert code_of(lambda: use(scope, ann, second)) == "coupon_paused"
    assert wallet(scope, ann) == []
    coupons.set_state(scope=scope, key="tea", state="ended", now=MARCH)
    assert [o.result for o in issue(scope, new_id())] == ["coupon_not_open"]
    assert use(scope, ann, second)
    assert (
        code_of(lambda: coupons.void(brand_id=scope.brand_id, member_id=ann, coupon_ids=[second], now=MARCH))
        == "coupon_used"
    )


def test_nobody_uses_another_s_coupon(scope: Scope) -> None:
    put(scope)
    id_ = one(scope, new_id())
    assert code_of(lambda: use(scope, new_id(), id_)) == "not_found"
