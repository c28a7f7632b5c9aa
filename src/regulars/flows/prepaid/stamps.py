"""Stamp cards: a full one is exchanged for what it promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.activity import api as activities
from regulars.facts.activity.types import Receipt
from regulars.flows import lots
from regulars.flows.prepaid import grants, ground
from regulars.kit.ids import new_id
from regulars.kit.periods import start_of_day, zone
from regulars.platform.organisations.types import Scope
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.policy import topups
from regulars.value.prepaid.store import purchases
from regulars.value.prepaid.types import StampCard


@dataclass(frozen=True, slots=True)
class Redeemed:
    """`repeated`: it had been done before under this key, nothing was done again."""

    card: StampCard
    receipt: Receipt | None
    repeated: bool = False


def redeem_stamp_card(
    *, scope: Scope, member_id: UUID, card: str, key: str, now: datetime, store_code: str | None = None
) -> Redeemed:
    """Burn the stamps and give the reward, together or not at all.

    Raises `not_for_sale`, `limit_reached`, `insufficient_balance` (409), and what refuses the coupon.
    """
    brand = ground.brand_of(scope)
    if scope.actor.kind != "member":
        ground.store_of(scope, store_code)
    found = prepaid.get_stamp_card(brand_id=brand.id, key=card)
    if found.state != "active" or (scope.actor.kind == "member" and not found.by_member):
        raise topups.not_for_sale("state")
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id)
        id_ = new_id()
        first = activities.claim(
            brand_id=brand.id, kind="stamp_card", key=key, member_id=member_id, subject_id=id_, body=[card]
        )
        if first is not None:
            return Redeemed(found, None, repeated=True)
        if found.per_day is not None:
            today = start_of_day(now.astimezone(zone(brand.timezone)).date(), brand.timezone)
            done = purchases.count_exchanges(
                cursor, brand_id=brand.id, member_id=member_id, card=card, since=today
            )
            if done >= found.per_day:
                raise topups.limit_reached("per_day", found.per_day)
        receipt, _ = lots.burn_from(
            scope=scope, member_id=member_id, unit=found.unit, amount=found.stamps, key=f"stamp_card:{id_}", now=now,
            store=store_code, reason=card,
        )  # fmt: skip
        if found.reward.coupon:
            grants.issue_coupon(scope, member_id, found.reward.coupon, f"stamp_card:{id_}", now)
        else:
            part = grants.part_of(found.reward, ref=f"stamp_card:{card}", now=now, timezone=brand.timezone)
            lots.credit(scope=scope, member_id=member_id, parts=[part], key=f"stamp_card:{id_}", now=now)
        purchases.add_exchange(
            cursor,
            brand_id=brand.id,
            member_id=member_id,
            id_=id_,
            card=card,
            actor=scope.actor.label,
            now=now,
        )
        ground.record(scope, "stamp_card.redeem", member_id, now, {"card": card, "stamps": found.stamps})
        return Redeemed(found, receipt)
