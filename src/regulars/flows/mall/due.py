"""What time does to orders: payments that did not come, rewards that nobody picked up, what can be undone no more."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from regulars.flows import standing
from regulars.flows.mall import giving, paying, telling
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Scope
from regulars.value.rewards import api as rewards
from regulars.value.rewards.policy import orders as policy

_log = logging.getLogger(__name__)
BATCH = 200
_AGAIN = timedelta(hours=1)


def settle_orders(now: datetime) -> int:
    """End what is due, each order in a transaction of its own; returns how many changed. Two workers are safe: the
    second finds the order changed already."""
    changed = 0
    for brand_id, member_id, redemption_id in rewards.list_due(now=now, limit=BATCH):
        brand = organisations.get_brand(brand_id=brand_id)
        scope = Scope(brand.organisation_id, brand.id, SYSTEM, frozenset())
        try:
            changed += _settle(scope, member_id, redemption_id, now)
        except Refusal as refusal:  # one order's trouble does not stop the others
            _log.error("order %s could not be settled: %s", redemption_id, refusal)
            _postpone(scope, member_id, redemption_id, now)
    return changed


def _postpone(scope: Scope, member_id: UUID, redemption_id: UUID, now: datetime) -> None:
    with transaction.atomic():
        order = rewards.get_order(scope=scope, member_id=member_id, redemption_id=redemption_id, lock=True)
        rewards.save_order(order=replace(order, due_at=now + _AGAIN))


def _settle(scope: Scope, member_id: UUID, redemption_id: UUID, now: datetime) -> int:
    with transaction.atomic():
        standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
        order = rewards.get_order(scope=scope, member_id=member_id, redemption_id=redemption_id, lock=True)
        if order.due_at is None or order.due_at > now:
            return 0
        if order.state in ("shipped", "verified"):
            after = policy.complete(order, now)
        else:
            after = policy.expire(order, now)
            back = policy.gives_back(order)
            giving.give_back(scope, order, now, reason="expired", value_too=back)
            if back:
                paying.pay_back(scope, order, "expired", now)
        rewards.save_order(order=after)
        telling.announce(scope, after, f"redemption.{after.state}", now)
        if after.state == "expired":
            telling.tell(scope, after, "expired", now)
    if after.state == "expired":
        paying.let_go(scope, after, now)
    return 1
