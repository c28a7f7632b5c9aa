"""Door of the intake: post activities."""

from __future__ import annotations

from datetime import datetime

from regulars.facts.activity.records import Stored
from regulars.facts.activity.types import ActivityIn
from regulars.flows.intake.coalesce import Coalescer
from regulars.flows.intake.post import BATCH, Result, post
from regulars.flows.intake.types import INTERNAL_TYPES, SYSTEM_TYPES
from regulars.flows.outside import as_decided
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.types import Grant

__all__ = ["BATCH", "INTERNAL_TYPES", "SYSTEM_TYPES", "Result", "grants_of", "post", "post_one"]

_coalescer = Coalescer()


def post_one(*, scope: Scope, activity: ActivityIn, now: datetime) -> Result:
    """`post` for a single activity in a process with many callers: concurrent ones share a transaction.

    Must not be called inside a transaction. A leading caller's thread does the writing of those who wait.
    """
    return _coalescer.post(scope=scope, activity=activity, now=now)


def grants_of(*, stored: Stored) -> tuple[Grant, ...]:
    """What a stored activity had other rooms give: coupons, uses of benefits."""
    return as_decided(stored.effects)[0]
