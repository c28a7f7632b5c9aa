"""A programme with benefits, for the benefit tests."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations.types import Actor, Scope
from regulars.programme.rules.types import Benefit, MemberDays, Programme

SHANGHAI = "Asia/Shanghai"
GOLD = {"main": "gold"}
SILVER = {"main": "silver"}


def benefit(key: str, **settings: Any) -> Benefit:
    given: dict[str, Any] = {
        "kind": "service",
        "scheme": "main",
        "tiers": frozenset({"gold", "diamond"}),
        "name": Text("免费停车", "Free parking"),
        "description": Text("", ""),
    }
    return Benefit(key=key, **(given | settings))


LOUNGE = benefit("lounge", name=Text("贵宾室", "Lounge"), quota=2, period="month")
PARKING = benefit("parking")  # no quota
UPGRADE = benefit("upgrade", name=Text("升舱", "Room upgrade"), tiers=frozenset({"silver", "gold"}), quota=1)
DOUBLE = benefit(
    "double", kind="multiplier", unit="points", factor=Fraction(2), name=Text("双倍积分", "Double points")
)


def programme(*benefits: Benefit, tz: str = SHANGHAI) -> Programme:
    return Programme(
        brand_id=new_id(),
        version=1,
        timezone=tz,
        currency="CNY",
        units={},
        rules=(),
        schemes=(),
        benefits=benefits or (LOUNGE, PARKING, UPGRADE, DOUBLE),
        member_days=MemberDays(),
        effective_from=datetime(2020, 1, 1, tzinfo=UTC),
        fields_used=frozenset(),
        rules_of={},
        windows={},
        streaks=frozenset(),
    )


def scope_of(brand_id: UUID | None = None, stores: frozenset[UUID] | None = None) -> Scope:
    clerk = Actor("staff", new_id(), "店员小李")
    return Scope(new_id(), brand_id or new_id(), clerk, frozenset({"benefits.use"}), stores)
