"""Gifts of value between members: whether, how much, how often. Pure."""

from __future__ import annotations

from uuid import UUID

from regulars.kit.errors import Refusal, conflict, invalid_field
from regulars.kit.text import Text
from regulars.value.prepaid.types import TransferRule


def check(
    rule: TransferRule,
    *,
    sender: UUID,
    receiver: UUID,
    unit: str,
    amount: int,
    given_today: int,
    times_today: int,
) -> None:
    """Raises `transfers_off`, `invalid_input`, `transfer_limit` (409)."""
    if not rule.enabled or unit not in rule.units:
        raise Refusal(
            "transfers_off",
            Text("暂不支持转赠", "This cannot be given to others"),
            status=409,
            data={"unit": unit},
        )
    if sender == receiver:
        raise to_herself()
    if amount < rule.least:
        raise invalid_field(
            "amount", "too_little", f"至少转赠 {rule.least}", f"must be at least {rule.least}"
        )
    if rule.times_per_day is not None and times_today >= rule.times_per_day:
        raise _limit("times_per_day", rule.times_per_day, 0)
    if rule.per_day is not None and given_today + amount > rule.per_day:
        raise _limit("per_day", rule.per_day, max(0, rule.per_day - given_today))


def to_herself() -> Refusal:
    return invalid_field("to", "same_member", "不能转赠给自己", "must be another member")


def _limit(which: str, limit: int, left: int) -> Refusal:
    return conflict(
        "transfer_limit",
        f"今天还可转赠 {left}",
        f"{left} can still be given today",
        which=which,
        limit=limit,
        left=left,
    )
