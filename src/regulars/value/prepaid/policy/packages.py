"""Packages of sessions: when they end, where they are good, what a refund gives, how a freeze moves the end. Pure."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from regulars.kit.errors import Refusal, conflict
from regulars.kit.text import Text
from regulars.value.prepaid.policy.topups import ends_after
from regulars.value.prepaid.types import PackageRow, PackageTerms

_DAY = timedelta(days=1)


def first_end(terms: PackageTerms, now: datetime, timezone: str) -> datetime | None:
    """When a package ends that is bought now and not begun."""
    return ends_after(terms.days if terms.counts_from == "purchase" else terms.begin_within, now, timezone)


def end_once_begun(terms: PackageTerms, now: datetime, timezone: str) -> datetime | None:
    """When a package ends whose days count from a first use now."""
    return ends_after(terms.days, now, timezone)


def check_usable(row: PackageRow, terms: PackageTerms, *, store: str | None, service: str) -> None:
    """Raises `package_not_active`, `wrong_store`, `wrong_service` (all 409)."""
    if row.state != "active":
        raise not_active(row.state)
    if terms.stores and store not in terms.stores:
        raise conflict("wrong_store", "本店不可使用该次卡", "The package is not good at this store")
    if terms.services and service not in terms.services:
        raise conflict(
            "wrong_service",
            "该次卡不适用于此项目",
            "The package is not good for this service",
            services=sorted(terms.services),
        )


def plan_refund(terms: PackageTerms, *, price: int, sessions: int, left: int) -> int:
    """Money for `left` unused of `sessions`: the whole price if none was used. Raises `not_refundable` (409)."""
    if left <= 0 or terms.refund == "none":
        raise not_refundable()
    if left == sessions:
        return price
    if terms.refund == "list_price":
        return max(0, price - (sessions - left) * terms.list_price)
    return price * left // sessions


def worth(price: int, sessions: int, left: int) -> int:
    """What `left` of `sessions` cost, rounded down: the price that a package has for whom it is handed on to."""
    return price * left // sessions


def check_freeze(row: PackageRow, terms: PackageTerms, days: int) -> None:
    """Raises `package_not_active`, `freeze_limit` (409)."""
    if row.state != "active":
        raise not_active(row.state)
    room = terms.freeze_days - row.frozen_days
    if not 0 < days <= room:
        raise conflict(
            "freeze_limit", f"还可冻结 {room} 天", f"It can be frozen for {room} more days", left=max(0, room)
        )


def days_frozen(since: datetime, until: datetime, now: datetime) -> int:
    """Days of a freeze that ends now: those begun count whole, at least one, at most those that were asked for."""
    asked = round((until - since) / _DAY)
    return max(1, min(asked, math.ceil((now - since) / _DAY)))


def not_active(state: str) -> Refusal:
    names = {"frozen": Text("已冻结", "frozen"), "transferred": Text("已转让", "transferred")}
    return Refusal(
        "package_not_active",
        Text("次卡{state}", "The package is {state}").format(
            state=names.get(state, Text("已退款", "refunded"))
        ),
        status=409,
        data={"state": state},
    )


def not_refundable() -> Refusal:
    return conflict("not_refundable", "按约定不可退款", "By its terms it cannot be refunded")
