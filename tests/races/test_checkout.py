"""Many tills at once: one coupon, one balance, one budget, one code; commit against cancel and against what ends.

Nothing is used twice, nothing is left half used, and every refused till holds a fresh quote or a plain reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from tests.checkout.world import line

from regulars.facts.activity.types import ActivityIn, MemberRef, RefundIn, RefundLineIn
from regulars.flows import coupon_codes, posting, value
from regulars.flows.checkout import api as checkout
from regulars.flows.checkout.types import CartIn, CartLineIn, Quote, QuoteIn, ReturnLineIn, WishIn
from regulars.flows.coupons import api as coupons
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as held

if TYPE_CHECKING:
    from tests.checkout.world import Till

pytestmark = pytest.mark.race

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]
CUP = CartIn(lines=(CartLineIn(sku="cup", price=8000),), store="S1")


@pytest.fixture
def till(transactional_db: None) -> Till:
    from tests.checkout.world import open_till
    from tests.rest.conftest import Clock

    return open_till(Clock())


def quote(till: Till, member: str | None = None, cart: CartIn = CUP, **wish: Any) -> Quote:
    asked = QuoteIn(cart=cart, member=MemberRef(id=UUID(member or till.member)), wish=WishIn(**wish))
    return checkout.quote(scope=till.scope, asked=asked, now=clock.now())


def commit(till: Till, made: Quote, number: str) -> Any:
    assert made.token is not None
    return checkout.commit(
        scope=till.scope, token=made.token, number=number, key=f"key {number}", now=clock.now()
    )


def said(outcomes: list[Any]) -> Counter[str]:
    found: Counter[str] = Counter()
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, Refusal):
            raise outcome
        found[outcome.code if isinstance(outcome, Refusal) else "done"] += 1
    return found


def test_one_quote_at_two_hundred_tills(till: Till, at_once: AtOnce) -> None:
    """Each with a number of its own: one uses the coupon and the points, the others are told what is left."""
    till.coupon("five", {"kind": "amount", "amount": 500})
    till.give("points", 1000)
    made = quote(till, points=1000)
    outcomes = at_once([lambda n=n: commit(till, made, f"A{n}") for n in range(200)])
    assert said(outcomes) == {"done": 1, "quote_changed": 199}
    assert till.balances() == {"points": 65, "growth": 65}  # 80 − 5 − 10 = 65.00
    till.is_sound()


def test_the_same_commit_sent_two_hundred_times(till: Till, at_once: AtOnce) -> None:
    made = quote(till)
    outcomes = at_once([lambda: commit(till, made, "A") for _ in range(200)])
    assert said(outcomes) == {"done": 200}
    assert sum(not outcome.repeated for outcome in outcomes) == 1
    assert till.balances() == {"points": 80, "growth": 80}
    till.is_sound()


def test_the_last_of_a_budget(till: Till, at_once: AtOnce) -> None:
    """200 members, a coupon of 5.00 each, a budget of 37.50: seven use it, and 2.50 stay."""
    budgets.apply_definition(
        scope=till.scope,
        definition={
            "key": "pot",
            "name": {"zh": "预算", "en": "Pot"},
            "kind": "amount",
            "amount": 3750,
        },
        now=clock.now(),
    )
    phones = [f"139{n:08d}" for n in range(200)]
    given = {"members": [{"identities": [{"type": "phone", "value": phone}]} for phone in phones]}
    members = [item["enrolled"]["member_id"] for item in till.call.post("/members/batch", given)["items"]]
    till.coupon("five", {"kind": "amount", "amount": 500}, member=members[0], budgets=["pot"])
    coupons.issue_now(
        scope=till.scope,
        definition="five",
        member_ids=[UUID(m) for m in members[1:]],
        key="all",
        now=clock.now(),
    )
    quotes = [quote(till, member) for member in members]
    assert {q.priced.payable for q in quotes} == {7500}
    outcomes = at_once([lambda q=q, n=n: commit(till, q, f"A{n}") for n, q in enumerate(quotes)])
    assert said(outcomes) == {"done": 7, "quote_changed": 193}
    left = budgets.left(brand_id=till.scope.brand_id, keys=["pot"], now=clock.now())["pot"]
    assert (left.taken, left.left) == (3500, 250)
    fresh = {o.quote.priced.payable for o in outcomes if isinstance(o, checkout.QuoteChanged)}
    assert fresh == {8000}  # half a coupon is none
    till.is_sound()


def test_one_code_at_fifty_tills(till: Till, at_once: AtOnce) -> None:
    """One unclaimed code, shown by fifty members: it becomes the coupon of one of them, used once."""
    coupons.put_definition(
        scope=till.scope,
        definition={
            "key": "ten",
            "name": {"zh": "十元", "en": "Ten"},
            "state": "active",
            "offer": {"kind": "amount", "amount": 1000},
            "validity": {"kind": "after_claim", "days": 30},
            "claim": {"channels": ["code"]},
        },
        now=clock.now(),
    )
    batch, _ = coupon_codes.make_codes(
        scope=till.scope, definition="ten", count=1, key="one", now=clock.now()
    )
    (row,) = held.each_code(brand_id=till.scope.brand_id, batch_id=batch.id)
    phones = [f"137{n:08d}" for n in range(50)]
    given = {"members": [{"identities": [{"type": "phone", "value": phone}]} for phone in phones]}
    members = [item["enrolled"]["member_id"] for item in till.call.post("/members/batch", given)["items"]]
    quotes = [quote(till, member, codes=(row.code,)) for member in members]
    assert {q.priced.payable for q in quotes} == {7000}
    outcomes = at_once([lambda q=q, n=n: commit(till, q, f"A{n}") for n, q in enumerate(quotes)])
    assert said(outcomes) == {"done": 1, "quote_changed": 49}
    till.is_sound()


def test_commit_against_cancel_and_a_spend_elsewhere(till: Till, at_once: AtOnce) -> None:
    """Undo and commit of one number, and burns beside them: whatever wins, the books balance."""
    till.give("points", 1000)
    first = commit(till, quote(till, points=500), "A")
    again = quote(till, points=500)

    def reopen(n: int) -> Any:
        return checkout.undo(
            scope=till.scope,
            checkout_id=first.row.id,
            reopen=True,
            reason="",
            key=f"r{n}",
            now=clock.now(),
        )

    def spend(n: int) -> Any:
        return value.burn(
            scope=till.scope,
            member=MemberRef(id=UUID(till.member)),
            unit="points",
            amount=10,
            key=f"b{n}",
            now=clock.now(),
        )

    calls: list[Callable[[], Any]] = []
    for n in range(60):
        calls += [
            lambda n=n: reopen(n),
            lambda n=n: checkout.commit(
                scope=till.scope, token=str(again.token), number="A", key=f"c{n}", now=clock.now()
            ),
            lambda n=n: spend(n),
        ]
    outcomes = at_once(calls)
    found = said(outcomes)
    assert found["done"] >= 2
    assert set(found) <= {
        "done",
        "checkout_closed",
        "number_taken",
        "quote_changed",
        "insufficient_balance",
    }
    till.is_sound()


def test_a_coupon_voided_while_it_is_used(till: Till, at_once: AtOnce) -> None:
    """Used or void, never both."""
    for n in range(20):
        coupon = till.coupon(f"c{n}", {"kind": "amount", "amount": 500})
        made = quote(till)
        outcomes = at_once(
            [
                lambda made=made, n=n: commit(till, made, f"A{n}"),
                lambda coupon=coupon, n=n: coupons.void(
                    scope=till.scope,
                    member_id=UUID(till.member),
                    coupon_id=UUID(coupon),
                    key=f"v{n}",
                    comment="race",
                    now=clock.now(),
                ),
            ]
        )
        found = said(outcomes)
        assert found["done"] == 1, found
    till.is_sound()


def test_a_coupon_that_ends_while_it_is_used(till: Till, at_once: AtOnce) -> None:
    """Used or expired, never both: due work sweeps while tills commit at the last moment."""
    coupon = till.coupon(
        "five", {"kind": "amount", "amount": 500}, validity={"kind": "after_claim", "days": 1}
    )
    made = quote(till)
    assert made.priced.payable == 7500
    ends = held.get_coupon(
        brand_id=till.scope.brand_id, member_id=UUID(till.member), coupon_id=UUID(coupon)
    ).coupon.expires_at
    assert ends is not None and made.token is not None
    token = made.token
    calls: list[Callable[[], Any]] = [
        lambda n=n: checkout.commit(
            scope=till.scope, token=token, number=f"E{n}", key=f"e{n}", now=clock.now()
        )
        for n in range(100)
    ]
    calls += [lambda: held.expire_due(ends) for _ in range(100)]
    outcomes = at_once(calls)
    found = said([o for o in outcomes if not isinstance(o, int)])
    swept = sum(o for o in outcomes if isinstance(o, int))
    after = held.get_coupon(
        brand_id=till.scope.brand_id, member_id=UUID(till.member), coupon_id=UUID(coupon)
    ).coupon.state
    assert (found["done"], swept, after) in {(1, 0, "used"), (0, 1, "expired")}
    assert found["quote_changed"] == 100 - found["done"]
    till.is_sound()


def test_quotes_change_nothing(till: Till, at_once: AtOnce) -> None:
    till.give("points", 1000)
    till.coupon("five", {"kind": "amount", "amount": 500})
    before = till.balances()
    asked = {"member": {"id": till.member}, "cart": {"lines": [line("cup", 8000)]}, "wish": {"points": "max"}}

    def ask() -> Any:
        from tests.rest.shop import Caller

        return Caller(till.call.token).post("/quotes", asked)["price"]["payable"]

    assert set(at_once([ask for _ in range(50)])) == {8000 - 500 - 1000}
    assert till.balances() == before


def test_returns_and_refunds_of_the_same_goods(till: Till, at_once: AtOnce) -> None:
    """Five pieces, forty returns at the till and forty refunds of an ERP, twenty numbers of each told at both doors:
    five come back, and with them exactly what was used.
    """
    till.coupon("five", {"kind": "amount", "amount": 500})
    till.give("points", 1000)
    cart = CartIn(lines=(CartLineIn(sku="cup", price=2000, quantity=Decimal(5)),), store="S1")
    done = commit(till, quote(till, cart=cart, points=1000), "A")
    till.clock.move(minutes=5)
    at = clock.now()

    def back(number: str) -> Any:
        return checkout.take_back(
            scope=till.scope,
            checkout_id=done.row.id,
            number=number,
            lines=[ReturnLineIn(line=1, quantity=Decimal(1))],
            reason="",
            key=number,
            now=clock.now(),
        )

    def refund(number: str) -> Any:
        given = ActivityIn(
            type="refund",
            member=MemberRef(id=UUID(till.member)),
            occurred_at=at,
            source="till",
            refund=RefundIn(number=number, order="A", lines=(RefundLineIn(line=1, quantity=Decimal(1)),)),
        )
        result = posting.post_one(scope=till.scope, activity=given, now=clock.now())
        if isinstance(result, Refusal):
            raise result
        return result

    calls: list[Callable[[], Any]] = []
    for n in range(40):
        calls += [lambda n=n: back(f"R{n}"), lambda n=n: refund(f"R{n % 20}")]
    found = said(at_once(calls))
    assert set(found) <= {"done", "invalid_input", "checkout_closed", "refund_exceeds_order", "number_taken"}
    assert found["done"] >= 5  # a number told twice is answered twice
    assert till.balances() == {"points": 1000}
    row = checkout.get(scope=till.scope, checkout_id=done.row.id)
    assert row.state == "returned"
    till.is_sound()
