"""A member's usable coupons as pricing reads them: issued coupons with their compiled offers."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.flows.coupons import api as acts
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.programme.pricing.types import Offer, Refused, WalletCoupon
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import Programme
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import Definition, Usable

_log = logging.getLogger(__name__)
_MOST = 5_000
_compiled: dict[tuple[UUID, int, str, int, datetime | None], Offer | None] = {}


@dataclass(frozen=True, slots=True)
class Wallet:
    """What pricing reads, and each coupon as it was found: its definition says which budgets a use takes from."""

    coupons: tuple[WalletCoupon, ...] = ()
    held: Mapping[UUID, Usable] = field(default_factory=dict)

    def budgets_of(self, coupon: UUID) -> tuple[str, ...]:
        return self.held[coupon].definition.budgets


def wallet_of(*, programme: Programme, usable: Sequence[Usable]) -> Wallet:
    """What a member can use now. A coupon whose offer the programme cannot read any more is left out."""
    found = [(one, offer_of(programme, one.definition)) for one in usable]
    return Wallet(
        tuple(
            WalletCoupon(id=one.id, offer=offer, expires_at=one.expires_at, code=one.code)
            for one, offer in found
            if offer is not None
        ),
        {one.id: one for one in usable},
    )


def offer_of(programme: Programme, definition: Definition) -> Offer | None:
    """A definition's offer, compiled once for each revision of it and version of the programme; None if unreadable."""
    key = (
        programme.brand_id,
        programme.version,
        definition.key,
        definition.revision,
        definition.updated_at,
    )
    if key not in _compiled:
        if len(_compiled) >= _MOST:
            _compiled.clear()
        try:
            _compiled[key] = rules.read_offer(
                programme,
                definition.offer,
                key=definition.key,
                name=definition.name,
                budget=definition.budgets[0] if definition.budgets else None,
            )
        except Refusal as refusal:
            _log.warning("coupon %s cannot be read: %s", definition.key, refusal)
            _compiled[key] = None
    return _compiled[key]


def bring_codes(*, scope: Scope, member_id: UUID, codes: Sequence[str], now: datetime) -> tuple[Refused, ...]:
    """Codes that the member presents become coupons of hers. Returns those that cannot, and why."""
    missed = []
    for code in dict.fromkeys(codes):
        try:
            row = coupons.find_code(brand_id=scope.brand_id, code=code)
            if row.state == "bound" and row.holder_id == member_id:
                continue
            with transaction.atomic():
                acts.claim_code(scope=scope, member_id=member_id, code=code, key=f"checkout:{code}", now=now)
        except Refusal as refusal:
            missed.append(
                Refused(f"code:{code}", Text(code, code), refusal.code, refusal.data, refusal.message)
            )
    return tuple(missed)
