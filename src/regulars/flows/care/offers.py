"""What of the brand's own coupons and benefits a ready-made plan gives: proposed here, chosen by the operator."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations
from regulars.programme.versions import api as versions
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import AfterClaim, Definition

Size = Literal["small", "pack"]
_PACK_DAYS = 30


def proposed(*, brand_id: UUID, size: Size, now: datetime) -> list[dict[str, Any]]:
    """Rewards as JSON: `small` is the coupon that takes off least, `pack` the one that takes off most and one use of a
    benefit that is counted. Empty, or only a part of a pack, where the brand has nothing of the kind yet."""
    found = _coupons(brand_id, now)
    if size == "small":
        return [_one(found[0])] if found else []
    benefit = _benefit(brand_id, now)
    more = [{"kind": "benefit", "benefit": benefit, "uses": 1, "days": _PACK_DAYS}] if benefit else []
    return [*([_one(found[-1])] if found else []), *more]


def _one(definition: Definition) -> dict[str, Any]:
    return {"kind": "coupon", "definition": definition.key, "count": 1}


def _coupons(brand_id: UUID, now: datetime) -> list[Definition]:
    """Coupons that can be given now, by what they take off, without those whose codes may run out. As a plan goes on,
    those without a last day come first; then those whose worth is stated, for it is counted as a cost; then those that
    are there to be given out.
    """
    timezone = organisations.get_brand(brand_id=brand_id).timezone
    can = [
        one
        for one in coupons.list_definitions(brand_id=brand_id)
        if one.codes == "none"
        and coupons.why_not_claimable(one, "issue", now=now, tz=timezone, tiers={}) is None
    ]
    for suits in (
        lambda one: isinstance(one.validity, AfterClaim) and one.validity.not_after is None,
        lambda one: one.worth > 0,
        lambda one: _worth(one) > 0,
        lambda one: "issue" in one.channels,
    ):
        can = [one for one in can if suits(one)] or can
    return sorted(can, key=lambda one: (_worth(one), one.key))


def _worth(definition: Definition) -> int:
    """Minor units: as the brand states it, else what its offer takes off at most, else nought."""
    if definition.worth:
        return definition.worth
    for name in ("amount", "cap"):
        value = definition.offer.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return 0


def _benefit(brand_id: UUID, now: datetime) -> str | None:
    try:
        live = versions.in_force(brand_id=brand_id, now=now).live
    except Refusal:  # a brand that has published nothing yet
        return None
    return next((one.key for one in live.benefits if one.quota is not None), None)
