"""A checkout whose points are too many of an hour: it is refused, nothing is used, and somebody gets to see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.checkout.world import line

from regulars.kit import clock
from regulars.value.reviews import api as reviews

if TYPE_CHECKING:
    from tests.checkout.world import Till

ONE_BURN = {"key": "burns", "of": "burns", "per": "member", "limit": 1, "minutes": 60}


def test_the_case_stays_though_the_checkout_does_not(till: Till) -> None:
    till.give("points", 1000)
    till.coupon("five", {"kind": "amount", "amount": 500})
    reviews.put_watch(
        scope=till.scope, rules={"velocity": [ONE_BURN], "self_dealing": False}, now=clock.now()
    )
    assert till.commit(till.quote(line("cup", 4000), points=200, coupons=[]))["payable"] == 3800
    quote: Any = till.quote(line("cup", 4000), points=300)
    asked = {"token": quote["token"], "number": "A2"}
    problem = till.call.refused("POST", "/checkouts", asked, Idempotency_Key="a2")
    assert problem["code"] == "held_for_review"
    (case,) = reviews.list_cases(scope=till.scope).items
    assert (case.kind, case.rule, str(case.member_id)) == ("burn", "burns", till.member)
    assert case.detail == {"type": "burn", "unit": "points", "amount": 300, "subject": "A2"}
    assert till.balances() == {"points": 838, "growth": 38}
    assert till.quote(line("cup", 4000))["price"]["payable"] == 3500  # the coupon is there still
    till.is_sound()
