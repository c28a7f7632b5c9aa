"""When a coupon can be used, when one can be had, and what is said when not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from regulars.kit.errors import Refusal, conflict, not_found
from regulars.kit.periods import period_key, start_of_day, zone
from regulars.kit.text import Text
from regulars.value.coupons.types import (
    COUPON,
    Coupon,
    Definition,
    FixedDates,
)

# Why a coupon cannot be used now, or was not issued (C6): code → what people read. `{name}` is the coupon's.
REASONS: dict[str, Text] = {
    "coupon_not_started": Text("“{name}”尚未到可用时间", "“{name}” cannot be used yet"),
    "coupon_expired": Text("“{name}”已过期", "“{name}” has expired"),
    "coupon_used": Text("“{name}”已使用", "“{name}” was used already"),
    "coupon_locked": Text("“{name}”正被另一笔订单占用", "“{name}” is held by another order"),
    "coupon_being_given": Text(
        "“{name}”正在转赠，取消转赠后可用", "“{name}” is being given away; cancel that first"
    ),
    "coupon_returned": Text("“{name}”随订单退货，不再可用", "“{name}” ended with its returned order"),
    "coupon_void": Text("“{name}”已作废", "“{name}” is void"),
    "coupon_gifted": Text("“{name}”已转赠他人", "“{name}” was given away"),
    "coupon_paused": Text("“{name}”已暂停使用", "“{name}” is paused"),
    "coupon_not_open": Text("“{name}”不在发放中", "“{name}” is not being given out"),
    "coupon_not_claimable": Text("“{name}”不能以此方式领取", "“{name}” cannot be had in this way"),
    "coupon_claim_not_begun": Text("“{name}”尚未开始领取", "“{name}” cannot be claimed yet"),
    "coupon_claim_over": Text("“{name}”领取已结束", "The time to claim “{name}” is over"),
    "coupon_not_your_tier": Text("当前等级不能领取“{name}”", "“{name}” is for other tiers"),
    "coupon_sold_out": Text("“{name}”已领完", "All of “{name}” are taken"),
    "coupon_sold_out_today": Text("“{name}”今天已领完", "All of today's “{name}” are taken"),
    "coupon_member_limit": Text(
        "“{name}”已达每人领取上限", "She has had as many of “{name}” as a member may"
    ),
    "coupon_person_limit": Text(
        "“{name}”已达同一自然人领取上限", "This person has had as many of “{name}” as one may"
    ),
    "coupon_no_codes": Text("“{name}”的券码已发完", "There are no codes left for “{name}”"),
    "coupon_not_transferable": Text("“{name}”不可转赠", "“{name}” cannot be given away"),
}
_BY_STATE = {
    "used": "coupon_used",
    "locked": "coupon_locked",
    "returned": "coupon_returned",
    "expired": "coupon_expired",
    "void": "coupon_void",
    "gifted": "coupon_gifted",
}
GIFT = "gift:"


def window(definition: Definition, claimed_at: datetime, tz: str) -> tuple[datetime, datetime | None]:
    """From when (included) and until when (not) a coupon claimed at an instant can be used."""
    validity, today = definition.validity, claimed_at.astimezone(zone(tz)).date()
    if isinstance(validity, FixedDates):
        starts = claimed_at if validity.first is None else max(claimed_at, _start(validity.first, tz))
        return starts, _start(validity.last + timedelta(days=1), tz)
    first = today + timedelta(days=validity.delay_days)
    starts = _start(first, tz) if validity.delay_days else claimed_at
    ends = [
        *([_start(first + timedelta(days=validity.days), tz)] if validity.days else []),
        *([_start(validity.not_after + timedelta(days=1), tz)] if validity.not_after else []),
    ]
    if validity.not_before:
        starts = max(starts, _start(validity.not_before, tz))
    return starts, min(ends) if ends else None


def why_not(
    coupon: Coupon, definition: Definition | None, now: datetime, lock: str | None = None
) -> str | None:
    """The code of why a coupon cannot be used now; None if it can. `lock` is the holder that asks."""
    if coupon.state == "locked":
        held = coupon.locked_until is None or coupon.locked_until > now
        if held and (lock is None or coupon.lock != lock):
            being_given = (coupon.lock or "").startswith(GIFT)
            return "coupon_being_given" if being_given else "coupon_locked"
    elif coupon.state != "claimed":
        return _BY_STATE[coupon.state]
    if coupon.expires_at is not None and coupon.expires_at <= now:
        return "coupon_expired"
    if coupon.starts_at > now:
        return "coupon_not_started"
    if definition is None or definition.state in ("paused", "draft"):
        return "coupon_paused"
    return None


def why_not_claimable(
    definition: Definition, channel: str, *, now: datetime, tz: str, tiers: Mapping[str, str]
) -> str | None:
    """The code of why a coupon cannot be had now through a channel, limits aside."""
    if definition.state != "active":
        return "coupon_not_open"
    today = now.astimezone(zone(tz)).date()
    if isinstance(definition.validity, FixedDates) and today > definition.validity.last:
        return "coupon_claim_over"
    if channel == "issue":
        return None
    if channel not in definition.channels:
        return "coupon_not_claimable"
    if definition.claim_from and today < definition.claim_from:
        return "coupon_claim_not_begun"
    if definition.claim_to and today > definition.claim_to:
        return "coupon_claim_over"
    if definition.tiers and not definition.tiers & set(tiers.values()):
        return "coupon_not_your_tier"
    return None


def refusal(code: str, definition: Definition | None, key: str = "", **data: object) -> Refusal:
    """The refusal of a reason code, with the coupon's name in it."""
    name = definition.name if definition else Text(key, key)
    said = REASONS[code].format(name=name)
    return conflict(code, said.zh, said.en, definition=definition.key if definition else key, **data)


def no_such_coupon() -> Refusal:
    return not_found(COUPON)


def no_such_code() -> Refusal:
    """One answer for a code that never was, is somebody else's brand's, or is mistyped."""
    return not_found(Text("券码", "Code"))


def code_taken() -> Refusal:
    return conflict("code_used", "该券码已被使用", "This code was used already")


def after_return(
    coupon: Coupon, definition: Definition | None, now: datetime, tz: str
) -> tuple[str, datetime | None]:
    """The state and expiry of a used coupon that comes back: usable again, with the grace days if that is longer."""
    expires = coupon.expires_at
    if expires is not None and definition is not None and definition.grace_days:
        today = now.astimezone(zone(tz)).date()
        expires = max(expires, _start(today + timedelta(days=definition.grace_days + 1), tz))
    return ("expired" if expires is not None and expires <= now else "claimed"), expires


def day_of(now: datetime, tz: str) -> str:
    return period_key(now.astimezone(zone(tz)), "day")


def _start(day: date, tz: str) -> datetime:
    return start_of_day(day, tz).astimezone(UTC)
