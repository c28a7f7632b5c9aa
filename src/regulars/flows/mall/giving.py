"""What an order hands out at once, and what it gives back when it ends without effect."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from regulars.facts.members import api as members
from regulars.flows import value
from regulars.flows.mall import telling
from regulars.kit.errors import Refusal
from regulars.platform.organisations.types import Scope
from regulars.value.coupons import api as coupons
from regulars.value.rewards import api as rewards
from regulars.value.rewards.policy import orders as policy
from regulars.value.rewards.types import Redemption


def give_at_once(scope: Scope, order: Redemption, now: datetime) -> Redemption:
    """Coupons are issued now, and the order is done; codes are bound already and wait to be looked at.

    Raises what the coupon's definition refuses (409).
    """
    if order.kind != "coupon":
        return order
    reward = rewards.get_rewards(scope=scope, ids=[order.reward_id], now=now)[order.reward_id]
    definition = coupons.get_definition(brand_id=scope.brand_id, key=reward.terms.coupon)
    persons = members.person_keys(member_ids=[order.member_id])
    for number in range(order.quantity):
        [outcome] = coupons.issue(
            brand_id=scope.brand_id,
            definition=definition.key,
            member_ids=[order.member_id],
            now=now,
            source=f"mall:{order.id}",
            key=f"mall:{order.id}:{number}",
            persons=persons,
        )
        if outcome.result not in ("issued", "repeated"):
            raise coupons.refusal(outcome.result, definition)
        order = replace(order, coupon_id=order.coupon_id or outcome.coupon_id)
    done = policy.give(order, now)
    rewards.save_order(order=done)
    telling.announce(scope, done, "redemption.completed", now)
    return done


def spend(scope: Scope, order: Redemption, payment_id: UUID, now: datetime) -> Redemption:
    """The cash part came: what was held is spent. Raises `redemption_state` for an order that waits for none."""
    paid = replace(policy.pay(order, now), payment_id=payment_id)
    if order.hold_id is None:
        return paid
    ended = value.end_hold(
        scope=replace(scope, store_ids=None),
        member_id=order.member_id,
        hold_id=order.hold_id,
        capture=True,
        key=f"mall:{order.id}:paid",
        now=now,
    )
    return replace(paid, burn_id=ended.receipt.activity_id)


def give_back(scope: Scope, order: Redemption, now: datetime, *, reason: str, value_too: bool = True) -> None:
    """Value to the lots it came from with their expiry, stock to its slots, unseen codes to the directory."""
    everywhere = replace(scope, store_ids=None)
    if value_too and order.burn_id is not None:
        value.return_burn(
            scope=everywhere,
            member_id=order.member_id,
            burn_id=order.burn_id,
            key=f"mall:{order.id}:back",
            now=now,
            reason=reason,
        )
    elif value_too and order.hold_id is not None:
        _release(everywhere, order, order.hold_id, now)
    rewards.give_back_stock(order=order)
    if order.kind == "virtual_code":
        rewards.free_codes(order=order)


def _release(scope: Scope, order: Redemption, hold_id: UUID, now: datetime) -> None:
    try:
        value.end_hold(
            scope=scope,
            member_id=order.member_id,
            hold_id=hold_id,
            capture=False,
            key=f"mall:{order.id}:back",
            now=now,
        )
    except Refusal as refusal:
        if refusal.code != "hold_ended":  # it ended by itself before we came
            raise
