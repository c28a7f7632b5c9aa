"""Budgets as other rooms see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

BudgetKind = Literal["amount", "count"]
BudgetPeriod = Literal["ever", "month", "day"]
BudgetState = Literal["draft", "active", "paused", "ended"]

BUDGET = Text("预算", "Budget")
KINDS: dict[str, Text] = {"amount": Text("金额", "money"), "count": Text("次数", "uses")}
PERIODS: dict[str, Text] = {
    "ever": Text("全程", "ever"),
    "month": Text("每月", "a month"),
    "day": Text("每天", "a day"),
}
STATES: dict[str, Text] = {
    "draft": Text("草稿", "draft"),
    "active": Text("启用", "active"),
    "paused": Text("暂停", "paused"),
    "ended": Text("结束", "ended"),
}


@dataclass(frozen=True, slots=True)
class Budget:
    """`amount` is in minor units for kind `amount`, in uses for `count`; per `period`, and per store if `per_store`."""

    key: str
    name: Text
    kind: BudgetKind
    amount: int
    period: BudgetPeriod = "ever"
    per_store: bool = False
    alert_percent: int = 80
    state: BudgetState = "active"
    updated_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """The canonical definition, as programme as code carries it."""
        return {
            "key": self.key,
            "name": self.name.to_json(),
            "kind": self.kind,
            "amount": self.amount,
            "period": self.period,
            "per_store": self.per_store,
            "alert_percent": self.alert_percent,
            "state": self.state,
        }


@dataclass(frozen=True, slots=True)
class Take:
    """Something taken from a budget: `amount` as the budget counts (a budget of uses counts 1 by itself)."""

    key: str
    amount: int
    subject: str
    store_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What a budget has now for a store. `left` is 0 when it is not active."""

    budget: Budget
    period: str
    taken: int
    left: int


@dataclass(frozen=True, slots=True)
class Use:
    """How far one period and place of a budget is; `store_id` is None for the whole brand (or acts without a store)."""

    store_id: UUID | None
    period: str
    taken: int
    left: int
    alerted: bool


@dataclass(frozen=True, slots=True)
class TakeRow:
    """One entry of a budget's history."""

    subject: str
    key: str
    store_id: UUID | None
    period: str
    amount: int
    given_back: int
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class AlertRow:
    """`level` is `alert` (passed its percent) or `used_up`."""

    key: str
    level: str
    store_id: UUID | None
    period: str
    taken: int
    whole: int
    at: datetime
