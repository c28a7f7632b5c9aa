"""What an order hands out at once, and what it gives back when it ends without effect."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from regulars.flows import value
from regulars.kit.errors import Refusal
from regulars.platform.organisations.types import Scope
from regulars.value.rewards import api as rewards
from regulars.value.rewards.types import Redemption


def give_at_once(scope: Scope, order: Redemption, now: datetime) -> Redemption:
    """Coupons are issued now; codes are bound already and wait to be looked at."""
    return order


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
