"""Bodies and answers of the member's plan."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from regulars.surfaces.plan_views import (
    PaymentView,
    PeriodName,
    PeriodView,
    PlanView,
    SavingsView,
    SubscriptionView,
)
from regulars.surfaces.portal.shapes import Given

# Made by the page for each press of a button, so that a second press is the same act.
Key = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\x20-\x7e]+$")]
PlanName = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00]*$")]


class KeyGiven(Given):
    key: Key


class BuyGiven(KeyGiven):
    plan: PlanName
    period: PeriodName
    auto_renew: bool | None = None
    channel: Literal["native", "h5", "page"] | None = None


class TrialGiven(KeyGiven):
    plan: PlanName


class ChangeGiven(KeyGiven):
    plan: PlanName
    period: PeriodName
    channel: Literal["native", "h5", "page"] | None = None


class RenewalGiven(KeyGiven):
    on: bool


class PlansOut(Schema):
    """`can_try`: she has no plan and never had a trial. `can_pay`: the brand can take money."""

    plans: list[PlanView]
    can_try: bool
    can_pay: bool
    current: str | None


class MyPlanOut(Schema):
    """`payment` is what waits to be paid: a purchase, an upgrade, a renewal."""

    subscription: SubscriptionView | None
    plan: PlanView | None
    savings: SavingsView
    payment: PaymentView | None
    receipts: list[PeriodView]
