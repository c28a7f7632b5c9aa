"""Stages of a member's life in a brand's programme, the rules that tell them apart, and the KOC score's parts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from regulars.conditions import api as conditions
from regulars.kit.text import Text

Stage = Literal["prospect", "new", "growing", "mature", "slipping", "dormant", "lost", "won_back"]

# In the order of a life; charts and matrices keep it.
STAGES: dict[str, Text] = {one.value: one.label for one in conditions.STAGES}


@dataclass(frozen=True, slots=True)
class StageRules:
    """A brand's thresholds. Days are business days of the calendar, counted from the last day she bought.

    A *purchase* is a day with at least one order that was not given back whole. `slipping_factor` times her own
    usual gap (from `rhythm_purchases` purchases on) makes her slip earlier than `slipping_days`, never earlier than
    `slipping_least_days`; 0 leaves her rhythm out.
    """

    growing_purchases: int = 2
    mature_purchases: int = 6
    mature_days: int = 60
    slipping_days: int = 45
    slipping_factor: float = 3.0
    slipping_least_days: int = 14
    rhythm_purchases: int = 4
    dormant_days: int = 90
    lost_days: int = 180
    won_back_days: int = 30

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


# What each threshold means, for forms and refusals.
RULE_NAMES: dict[str, Text] = {
    "growing_purchases": Text("成长：购买次数达到", "Growing: purchases from"),
    "mature_purchases": Text("成熟：购买次数达到", "Mature: purchases from"),
    "mature_days": Text("成熟：首购至今满（天）", "Mature: days since the first purchase from"),
    "slipping_days": Text("滑落：超过多少天未购", "Slipping: no purchase for more than (days)"),
    "slipping_factor": Text(
        "滑落：超过本人平均间隔的倍数（0 为不用）", "Slipping: times her own usual gap (0: off)"
    ),
    "slipping_least_days": Text("滑落：最少天数", "Slipping: never before (days)"),
    "rhythm_purchases": Text("本人间隔：至少购买次数", "Her own gap: needs purchases"),
    "dormant_days": Text("沉睡：超过多少天未购", "Dormant: no purchase for more than (days)"),
    "lost_days": Text("流失：超过多少天未购", "Lost: no purchase for more than (days)"),
    "won_back_days": Text("召回：沉睡后再购起（天）", "Won back: days after buying again"),
}


@dataclass(frozen=True, slots=True)
class KocWeights:
    """How much each part weighs in the KOC score; they add up to 100."""

    frequency: int = 35
    influence: int = 35
    quality: int = 30

    def to_json(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RulesVersion:
    """The rules a brand set, when and by whom; version 0 are the defaults that hold until it sets any."""

    version: int
    rules: StageRules
    weights: KocWeights
    at: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class StageChange:
    """One move of one member, `from_stage` empty for where she began."""

    id: UUID
    member_id: UUID
    from_stage: str
    to_stage: str
    on: date
    rules_version: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The stage a member is in and the first day of it."""

    member_id: UUID
    stage: str
    since: date


@dataclass(frozen=True, slots=True)
class KocStanding:
    """A member's KOC score with its parts (each 0 to 100; None: nothing known of anybody) and what they rest on."""

    member_id: UUID
    score: int
    frequency: int | None
    influence: int | None
    quality: int | None
    as_of: datetime
    inputs: dict[str, Any] = field(default_factory=dict)
