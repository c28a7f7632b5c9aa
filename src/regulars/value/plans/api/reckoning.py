"""What the policies decide, for the flow."""

from __future__ import annotations

from datetime import date, datetime

from regulars.value.plans.policy.calendar import end_of as period_end
from regulars.value.plans.policy.course import (
    check_pause,
    next_due,
    next_step,
    paused_days,
    resume_by,
    today_of,
    wrong_state,
)
from regulars.value.plans.policy.course import is_entitled as _is_entitled
from regulars.value.plans.policy.money import check_period, plan_refund, split_refund
from regulars.value.plans.policy.money import plan_change as _plan_change
from regulars.value.plans.types import ChangePlan, Subscription, Terms

__all__ = [
    "check_pause",
    "check_period",
    "is_entitled",
    "next_due",
    "next_step",
    "paused_days",
    "period_end",
    "plan_change",
    "plan_refund",
    "resume_by",
    "split_refund",
    "today_of",
    "wrong_state",
]


def is_entitled(*, held: Subscription, terms: Terms, tz: str, now: datetime) -> bool:
    """Whether she has the plan's benefits now."""
    return _is_entitled(held, terms, today_of(now, tz))


def plan_change(*, held: Subscription, then: Terms, period: str, today: date) -> ChangePlan:
    """What going over to another plan or period today means."""
    return _plan_change(held, then, period, today)
