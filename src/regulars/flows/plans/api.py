"""Door of the plan flow: bought, tried, renewed, changed, paused, handed on, given back; and what a plan gives."""

from __future__ import annotations

from regulars.flows.plans.buying import OPEN_FOR, SUBJECT, begin_trial, buy
from regulars.flows.plans.changing import (
    change,
    pause,
    quote_change,
    quote_refund,
    refund,
    resume,
    set_renewal,
    transfer,
)
from regulars.flows.plans.entitling import (
    active_plan_benefits,
    benefits_of,
    person_hashes,
    tag_of,
    together,
    with_plan,
)
from regulars.flows.plans.renewing import renew_due, waiting_payment, waiting_purchase
from regulars.flows.plans.taking import take

__all__ = [
    "OPEN_FOR", "SUBJECT", "active_plan_benefits", "begin_trial", "benefits_of", "buy", "change", "pause",
    "person_hashes", "quote_change", "quote_refund", "refund", "renew_due", "resume", "set_renewal", "tag_of", "take",
    "together", "transfer", "waiting_payment", "waiting_purchase", "with_plan",
]  # fmt: skip
