"""Gifts as other rooms see them: rewards of missions, campaigns, draws, care … and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

RewardKind = Literal[
    "points", "coupon", "benefit", "tag", "tier_step", "extend_expiry", "badge", "draw_chance", "mission"
]
KINDS: dict[str, Text] = {
    "points": Text("积分", "Points"),
    "coupon": Text("优惠券", "Coupon"),
    "benefit": Text("权益次数", "Uses of a benefit"),
    "tag": Text("标签", "Tag"),
    "tier_step": Text("升级", "Tier step"),
    "extend_expiry": Text("延长有效期", "Longer expiry"),
    "badge": Text("徽章", "Badge"),
    "draw_chance": Text("抽奖机会", "Draw chances"),
    "mission": Text("任务", "Mission"),
}
GiftState = Literal["given", "partly", "refused", "taken_back"]
STATES: dict[str, Text] = {
    "given": Text("已发放", "given"),
    "partly": Text("部分发放", "partly given"),
    "refused": Text("未发放", "not given"),
    "taken_back": Text("已收回", "taken back"),
}


@dataclass(frozen=True, slots=True)
class Reward:
    """One thing that is promised. `code` is the unit's, coupon definition's, benefit's, tag's, tier scheme's, badge's,
    draw's or mission's; `amount` is points, coupons, uses, tiers up, months or chances. Uses of a benefit last `days`
    days.
    """

    kind: RewardKind
    code: str
    amount: int = 1
    days: int = 30

    def to_json(self) -> dict[str, Any]:
        """The canonical form, as definitions keep it."""
        match self.kind:
            case "points":
                return {"kind": "points", "unit": self.code, "amount": self.amount}
            case "coupon":
                return {"kind": "coupon", "definition": self.code, "count": self.amount}
            case "benefit":
                return {"kind": "benefit", "benefit": self.code, "uses": self.amount, "days": self.days}
            case "draw_chance":
                return {"kind": "draw_chance", "draw": self.code, "count": self.amount}
            case "tier_step":
                return {"kind": "tier_step", "scheme": self.code, "steps": self.amount}
            case "extend_expiry":
                return {"kind": "extend_expiry", "unit": self.code, "months": self.amount}
            case _:
                return {"kind": self.kind, self.kind: self.code}


@dataclass(frozen=True, slots=True)
class Gift:
    """Rewards that a member shall get once for `key` (one of hers). `source` is who gives: `mission:<code>`,
    `campaign:<code>` …; `title` says so to her. A `budget` that is named pays, or nothing is given.
    """

    member_id: UUID
    key: str
    source: str
    rewards: tuple[Reward, ...]
    title: Text = field(default_factory=lambda: Text("", ""))
    budget: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What became of a gift. `repeated`: it was given before, nothing was given again. `refused[i]` is the place of a
    reward with the code of why it was not given; of a gift refused whole the place is -1. `cost` in minor units.
    """

    member_id: UUID
    key: str
    state: GiftState
    repeated: bool = False
    refused: tuple[tuple[int, str], ...] = ()
    cost: int = 0


@dataclass(slots=True)
class GiftRow:
    """A gift as it is kept. `given` holds, by kind, what it takes to take it back: lots, coupons, grants …"""

    member_id: UUID
    brand_id: UUID
    key: str
    source: str
    state: GiftState
    rewards: list[dict[str, Any]]
    given: dict[str, Any]
    refused: list[list[Any]]
    budget: str
    cost: int
    given_at: datetime
    taken_back_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a source gave: gifts, their cost in minor units, and how many and how much of it went back."""

    gifts: int = 0
    cost: int = 0
    back: int = 0
    back_cost: int = 0
