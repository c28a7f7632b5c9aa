"""Schemes that the tier tests share. Amounts are fen."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from regulars.kit.text import Text
from regulars.programme.rules.types import Qualification, Tier, TierScheme

SHANGHAI = "Asia/Shanghai"

BASIC = Tier("basic", Text("普通会员", "Basic"), 0)
SILVER = Tier("silver", Text("银卡", "Silver"), 1, (Qualification("spend", 1_000_00),))
GOLD = Tier(
    "gold",
    Text("金卡", "Gold"),
    2,
    (Qualification("spend", 5_000_00),),
    keep=(Qualification("spend", 3_000_00),),
)
DIAMOND = Tier("diamond", Text("钻石卡", "Diamond"), 3, (Qualification("spend", 20_000_00),))


def scheme(*tiers: Tier, **settings: Any) -> TierScheme:
    return TierScheme("main", Text("会员等级", "Tiers"), tiers or (BASIC, SILVER, GOLD, DIAMOND), **settings)


def local(text: str, tz: str = SHANGHAI) -> datetime:
    """`2025-03-01 09:30` in the business time zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz))
