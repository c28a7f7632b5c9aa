"""Draws: published odds, stock, chances, and the log by which anybody can check them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

DRAW = Text("抽奖", "Draw")
DrawState = Literal["draft", "active", "paused", "ended"]
DRAW_STATES: dict[str, Text] = {
    "draft": Text("草稿", "draft"),
    "active": Text("进行中", "active"),
    "paused": Text("已暂停", "paused"),
    "ended": Text("已结束", "ended"),
}
WHYS: dict[str, Text] = {
    "odds": Text("按概率", "by the odds"),
    "guaranteed": Text("保底", "guaranteed"),
    "used_up": Text("奖品已发完，改发替补奖品", "used up, another was given"),
}


@dataclass(frozen=True, slots=True)
class DrawPrize:
    """One outcome. `odds` of all prizes add up to 1. `stock` None: any number. Where it is used up, `instead` is given:
    a prize without a stock. A prize without rewards is no win.
    """

    key: str
    name: Text
    odds: Fraction
    rewards: tuple[Mapping[str, Any], ...] = ()
    stock: int | None = None
    instead: str = ""

    @property
    def wins(self) -> bool:
        return bool(self.rewards)


@dataclass(frozen=True, slots=True)
class DrawDefinition:
    """`free_a_day` draws a business day are free; others are paid for with chances that were given, or with `price` of
    `unit`. After `pity_after` draws in a row that won nothing the next wins `pity_prize` (0: no such rule).
    """

    key: str
    name: Text
    description: Text
    prizes: tuple[DrawPrize, ...]
    free_a_day: int = 0
    unit: str = ""
    price: int = 0
    most_a_day: int = 10
    starts_on: date | None = None
    ends_on: date | None = None
    pity_after: int = 0
    pity_prize: str = ""
    budget: str = ""

    def prize(self, key: str) -> DrawPrize:
        return next(prize for prize in self.prizes if prize.key == key)

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name.to_json(),
            "description": self.description.to_json(),
            "prizes": [
                {
                    "key": prize.key,
                    "name": prize.name.to_json(),
                    "odds": f"{prize.odds.numerator}/{prize.odds.denominator}",
                    "rewards": [dict(one) for one in prize.rewards],
                    "stock": prize.stock,
                    "instead": prize.instead,
                }
                for prize in self.prizes
            ],
            "free_a_day": self.free_a_day,
            "unit": self.unit,
            "price": self.price,
            "most_a_day": self.most_a_day,
            "starts_on": self.starts_on.isoformat() if self.starts_on else None,
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
            "pity_after": self.pity_after,
            "pity_prize": self.pity_prize,
            "budget": self.budget,
        }


@dataclass(frozen=True, slots=True)
class Draw:
    key: str
    state: DrawState
    definition: DrawDefinition
    live: int
    revision: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Seed:
    """A server seed: its hash is public from `published_at` on, `seed` only after it was revealed."""

    number: int
    hash: str
    state: Literal["next", "current", "revealed"]
    published_at: datetime
    used_from: datetime | None
    revealed_at: datetime | None
    seed: str = ""


@dataclass(frozen=True, slots=True)
class Seat:
    """A member at a draw."""

    client_seed: str
    nonce: int = 0
    misses: int = 0
    plays: int = 0


@dataclass(frozen=True, slots=True)
class Chances:
    """How many draws a member has: free ones today, given ones, and how many more today allows."""

    free: int
    given: int
    left_today: int


@dataclass(frozen=True, slots=True)
class Play:
    """One draw as it is kept."""

    member_id: UUID
    id: UUID
    key: str
    version: int
    seed: int
    client_seed: str
    nonce: int
    number: str
    drawn: str
    prize: str
    why: str
    paid_by: str
    cost: int
    refused: str
    day: date
    drawn_at: datetime


@dataclass(frozen=True, slots=True)
class ChanceGrant:
    """Chances that a member shall be given for `key`."""

    member_id: UUID
    draw: str
    key: str
    count: int
    source: str


@dataclass(frozen=True, slots=True)
class Stock:
    """What of a prize is left and was given."""

    taken: int
    left: int | None
