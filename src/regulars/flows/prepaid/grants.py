"""What is given beside what was bought: value of a unit as a lot, or a coupon by whoever issues coupons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from regulars.flows.lots import Part
from regulars.kit.errors import conflict
from regulars.platform.organisations.types import Scope
from regulars.value.prepaid.policy.topups import ends_after
from regulars.value.prepaid.types import Grant

# Called inside the flow's transaction, the member locked; raises what refuses the coupon.
Issue = Callable[[Scope, UUID, str, str, datetime], None]
_issuers: list[Issue] = []


def issue_coupons_with(issue: Issue) -> None:
    """Name who issues coupons: (scope, member, coupon definition's key, idempotency key, now)."""
    _issuers[:] = [issue]


def part_of(grant: Grant, *, ref: str, now: datetime, timezone: str) -> Part:
    """A grant of value as a part of a credit."""
    return Part(grant.unit, grant.amount, ends_after(grant.days, now, timezone), ref)


def issue_coupon(scope: Scope, member_id: UUID, coupon: str, key: str, now: datetime) -> None:
    """Raises `no_coupons` (409) where nobody issues any."""
    if not _issuers:
        raise conflict("no_coupons", "尚未启用优惠券", "Nobody issues coupons here", coupon=coupon)
    _issuers[0](scope, member_id, coupon, key, now)
