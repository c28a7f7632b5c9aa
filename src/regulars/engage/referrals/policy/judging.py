"""Whether a friend counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from regulars.engage.referrals.types import Caps, Settings


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What is known of a friend and her recruiter.

    `phones` and `devices` are the other members seen with the friend's phone numbers and on her devices; `chain`
    everybody above the recruiter and below the friend.
    """

    recruiter_id: UUID
    recruiter_active: bool
    phones: Set[UUID]
    devices: Mapping[UUID, Set[UUID]]  # device → others seen on it
    chain: Set[UUID]


def judge(seen: Suspicion, settings: Settings) -> str:
    """The reason why a friend does not count; empty when she does."""
    if not seen.recruiter_active:
        return "recruiter_not_active"
    if seen.recruiter_id in seen.phones:
        return "self_referral"
    on_devices = {one for others in seen.devices.values() for one in others}
    if seen.recruiter_id in on_devices:
        return "same_device"
    if (seen.phones | on_devices) & seen.chain:
        return "ring"
    if seen.phones:
        return "known_phone"
    if any(len(others) >= settings.accounts_per_device for others in seen.devices.values()):
        return "device_used"
    return ""


def over_cap(caps: Caps, day: int, month: int, ever: int) -> str:
    """Which cap is reached by what has qualified in the day, the month and ever; empty when there is room."""
    if caps.ever is not None and ever >= caps.ever:
        return "cap_ever"
    if caps.month is not None and month >= caps.month:
        return "cap_month"
    if caps.day is not None and day >= caps.day:
        return "cap_day"
    return ""


def enough(settings: Settings, net: int) -> bool:
    """Whether an order of which `net` is left counts."""
    return net >= max(1, settings.least_amount)


def window_end(settings: Settings, ordered_at: datetime) -> datetime:
    return ordered_at + timedelta(days=settings.window_days)


def first_check(settings: Settings, joined_at: datetime) -> datetime | None:
    """When a friend who has not ordered lapses."""
    return joined_at + timedelta(days=settings.order_within_days) if settings.order_within_days else None
