"""Referrals where they touch other rooms: coming by somebody, orders and refunds, rewards, the programme's settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from regulars.engage.referrals import api as referrals
from regulars.engage.referrals.types import Settings
from regulars.flows import rewarding
from regulars.flows.referrals.following import follow, follow_brand
from regulars.flows.referrals.joining import device_of, joined, named, seen, senders, tried
from regulars.flows.referrals.settling import review, settle
from regulars.kit.errors import ErrorList
from regulars.platform.due import api as due
from regulars.platform.organisations.types import Scope


def put_settings(*, scope: Scope, definition: Mapping[str, Any], now: datetime) -> Settings:
    """Change the programme. Raises `invalid_input` naming every wrong field, those of rewards among them."""
    errors = ErrorList()
    settings = referrals.check_settings(definition=definition, errors=errors)
    for side in ("recruiter", "friend"):
        given = definition.get("rewards")
        if isinstance(given, Mapping):
            rewarding.read_rewards(
                given.get(side), brand_id=scope.brand_id, field=f"rewards.{side}", errors=errors
            )
    errors.refuse()
    return referrals.put_settings(scope=scope, settings=settings, now=now)


def register() -> None:
    """Tell the worker."""
    due.register("referrals.follow", follow, every_seconds=1)
    due.register("referrals.settle", settle, every_seconds=5)
    due.register("referrals.thaw", thaw, every_seconds=60)


def thaw(now: datetime) -> int:
    """Commission whose return window is over."""
    return referrals.thaw_due(now=now)


__all__ = [
    "device_of",
    "follow",
    "follow_brand",
    "joined",
    "named",
    "put_settings",
    "register",
    "review",
    "seen",
    "senders",
    "settle",
    "thaw",
    "tried",
]
