"""What comes from outside: activities go to the intake, refunds of what a till sold through the checkout.

A refund of a checkout's order gives back what the checkout used: points, stored value, coupons, uses, budgets.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.facts.activity.types import ActivityIn
from regulars.flows.checkout import api as checkout
from regulars.flows.intake import api as intake
from regulars.flows.intake.api import Result
from regulars.platform.organisations.types import Scope


def post(
    *, scope: Scope, activities: Sequence[ActivityIn], now: datetime, brief: bool = False
) -> list[Result]:
    """`intake.post` for callers outside; each refund of a checkout is a transaction of its own, after the others."""
    sold = checkout.sold_by_checkout(scope=scope, activities=activities)
    if not sold:
        return intake.post(scope=scope, activities=activities, now=now, brief=brief)
    others = [given for place, given in enumerate(activities) if place not in sold]
    answers = iter(intake.post(scope=scope, activities=others, now=now, brief=brief))
    results: list[Result | None] = [
        None if place in sold else next(answers) for place in range(len(activities))
    ]
    for place, checkout_id in sold.items():
        results[place] = checkout.refund(
            scope=scope, checkout_id=checkout_id, activity=activities[place], now=now
        )
    return [result for result in results if result is not None]


def post_one(*, scope: Scope, activity: ActivityIn, now: datetime) -> Result:
    """`intake.post_one` for callers outside. Must not be called inside a transaction."""
    sold = (
        checkout.sold_by_checkout(scope=scope, activities=[activity]) if activity.refund is not None else {}
    )
    if sold:
        return checkout.refund(scope=scope, checkout_id=sold[0], activity=activity, now=now)
    return intake.post_one(scope=scope, activity=activity, now=now)
