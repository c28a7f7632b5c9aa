"""What is given beside what was bought: value of a unit as a lot, or a coupon."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from regulars.flows.coupons import api as coupon_flow
from regulars.flows.lots import Part
from regulars.platform.organisations.types import Scope
from regulars.value.coupons import api as coupons
from regulars.value.prepaid.policy.topups import ends_after
from regulars.value.prepaid.types import Grant


def part_of(grant: Grant, *, ref: str, now: datetime, timezone: str) -> Part:
    """A grant of value as a part of a credit."""
    return Part(grant.unit, grant.amount, ends_after(grant.days, now, timezone), ref)


def issue_coupon(scope: Scope, member_id: UUID, coupon: str, key: str, now: datetime) -> None:
    """Inside the flow's transaction, the member locked. Raises what refuses the coupon, so that nothing is given."""
    (outcome,) = coupon_flow.issue_now(
        scope=scope, definition=coupon, member_ids=[member_id], key=key, now=now
    )
    if outcome.result not in ("issued", "repeated"):
        raise coupons.refusal(outcome.result, coupons.get_definition(brand_id=scope.brand_id, key=coupon))
