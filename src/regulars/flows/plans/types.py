"""What the plan flow hands out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from regulars.platform.payments.types import Payment, Refund
from regulars.programme.pricing.types import Offer
from regulars.programme.rules.types import Benefit, Programme
from regulars.value.plans.types import ChangePlan, Plan, RefundPlan, Subscription


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request. `payment` is what has to be paid for it to come true; `repeated`: it had been asked
    before, nothing was done again."""

    subscription: Subscription | None = None
    payment: Payment | None = None
    refunds: tuple[Refund, ...] = ()
    change: ChangePlan | None = None
    refund: RefundPlan | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a member's plan gives her now. Its benefits are of the scheme `plan`, their tier is the plan's key;
    `offers` are those of them that lower prices, as `pricing` reckons with them."""

    subscription: Subscription
    plan: Plan
    benefits: tuple[Benefit, ...]
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A programme and a member's tiers with her plan among them: what `benefits.use` and quotes take as they are."""

    programme: Programme
    tiers: Mapping[str, str]
