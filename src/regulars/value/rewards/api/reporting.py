"""What is redeemed, what lies still, and what to do about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from regulars.platform.organisations.types import Scope
from regulars.value.rewards.api.catalogue import list_rewards
from regulars.value.rewards.policy import advice
from regulars.value.rewards.store import orders
from regulars.value.rewards.types import Reward, Turnover

_NOTHING = (0, 0, 0, 0, 0, 0, 0, None, 0)


def report(*, scope: Scope, since: datetime, until: datetime, now: datetime) -> list[Turnover]:
    """Every reward with what it turned over in [since, until) and what to do about it, most pieces first."""
    with connection.cursor() as cursor:
        figures = orders.turnover(
            cursor,
            brand_id=scope.brand_id,
            since=since,
            until=until,
            recent_since=now - timedelta(days=advice.RECENT_DAYS),
            now=now,
        )
    rows = [_turnover(r, figures.get(r.id, _NOTHING), now) for r in list_rewards(scope=scope, now=now)]
    return sorted(rows, key=lambda row: (-row.quantity, row.reward.terms.sort, row.reward.terms.key))


def _turnover(reward: Reward, figures: tuple[Any, ...], now: datetime) -> Turnover:
    quantity, orders_, members, points, cash, cancelled, recent, last_at, ever = figures
    taken = reward.stock - reward.left if reward.stock is not None and reward.left is not None else ever
    since = reward.on_offer_since or reward.created_at
    days = advice.days_left(reward.left, recent, (now - since).days)
    return Turnover(
        reward=reward,
        quantity=quantity,
        orders=orders_,
        members=members,
        points=points,
        cash=cash,
        cancelled=cancelled,
        recent=recent,
        last_at=last_at,
        sell_through=advice.sell_through(taken, reward.stock),
        days_left=days,
        advice=advice.advise(reward, recent=recent, last_at=last_at, days=days, now=now),
    )
