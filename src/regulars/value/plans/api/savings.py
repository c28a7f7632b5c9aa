"""What plans saved their members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from regulars.kit.periods import start_of_day
from regulars.value.plans import store
from regulars.value.plans.types import NewSaving, Savings, Subscription


def record_saving(cursor: Any, *, brand_id: UUID, savings: Sequence[NewSaving]) -> int:
    """Keep what benefits of plans took off prices, in the caller's transaction; gives how many were new.

    A `source` (order and line) counts once, so that a repeated commit saves nothing twice; a return is a source of its
    own with a negative amount.
    """
    return store.add_savings(cursor, brand_id=brand_id, savings=savings)


def get_savings(
    *, brand_id: UUID, member_id: UUID, held: Subscription | None, currency: str, timezone: str
) -> Savings:
    """What a member saved so far, in all and in the current period of `held`."""
    since = start_of_day(held.starts_on, timezone) if held else None
    total, in_period, by_benefit, times = store.sum_savings(
        brand_id=brand_id, member_id=member_id, subscription_id=held.id if held else None, since=since
    )
    return Savings(total, in_period, by_benefit, currency, times)
