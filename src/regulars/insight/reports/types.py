"""A report is a few tables with typed columns: the same for the page's charts, the PDF and the Excel file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from regulars.kit.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir

# Runs an expression where the tables are and gives its rows.
Ask = Callable[["ir.Table"], list[dict[str, Any]]]

# month: the first day of it, as a date. money: minor units. share: from 0 to 1. ratio: times.
# mixed: each cell is a pair of one of the others and its value.
Kind = Literal["text", "month", "date", "count", "money", "share", "days", "number", "ratio", "mixed"]

REPORTS: dict[str, Text] = {
    "retention": Text("留存", "Retention"),
    "intervals": Text("复购间隔", "Repurchase interval"),
    "baskets": Text("客单与频次", "Order value and frequency"),
    "drift": Text("品类偏好变化", "Category drift"),
    "funnel": Text("购买漏斗", "Purchase funnel"),
    "traits": Text("高价值特征", "High-value traits"),
    "reasons": Text("流失原因", "Churn reasons"),
    "programme": Text("会员体系回报", "Programme return"),
    "recruitment": Text("拉新", "Recruitment"),
}
# No figure is made of fewer members than this: neither a share, nor a trait (profiles stay anonymous).
LEAST_GROUP = 10


@dataclass(frozen=True, slots=True)
class Period:
    """Business days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def to_json(self) -> dict[str, str]:
        return {"first": self.first.isoformat(), "last": self.last.isoformat()}


@dataclass(frozen=True, slots=True)
class Column:
    """`code`: the product category that the column stands for, whose name `named` gives it."""

    key: str
    name: Text
    kind: Kind = "count"
    code: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`message` says what is to be seen in figures; `note` how it was reckoned. None in a row: nothing to say yet.

    `told`: the code of the product category that stands in the message as `{category}`. A column `category_code` has
    the code of the category that the row's `category` or `value` names.
    """

    key: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    message: Text = field(default_factory=lambda: Text("", ""))
    note: Text = field(default_factory=lambda: Text("", ""))
    told: str = ""

    def column(self, key: str) -> list[Any]:
        place = [one.key for one in self.columns].index(key)
        return [row[place] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Report:
    """One report over a period. `lack` says why there is nothing to see; `figures` are its single numbers."""

    name: str
    period: Period
    tables: tuple[Table, ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)
    lack: Text | None = None
    rows: int = 0

    def table(self, key: str) -> Table:
        return next(one for one in self.tables if one.key == key)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the operator states so that a return can be reckoned; None is not stated, and nothing is made of it.

    `margin_permille`: gross margin of sales. `extra_permille`: the part of members' sales that would not be there
    without the programme. `point_cost`: what 100 spent points cost, in minor units.
    """

    margin_permille: int | None = None
    extra_permille: int | None = None
    point_cost: int | None = None

    def to_json(self) -> dict[str, int | None]:
        return {
            "margin_permille": self.margin_permille,
            "extra_permille": self.extra_permille,
            "point_cost": self.point_cost,
        }


# What operators enter per month: sales of everybody, and costs that Regulars cannot know.
FIGURES: dict[str, Text] = {
    "total_sales": Text("全部销售额（含非会员）", "Sales of everybody, members or not"),
    "benefit_cost": Text("权益成本", "Cost of benefits"),
    "other_cost": Text("其他运营成本", "Other cost of the programme"),
    "recruitment": Text("拉新费用", "Cost of recruitment"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One entered amount (minor units) of a month; `channel` for recruitment, else empty."""

    kind: str
    channel: str
    month: date
    amount: int
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked over: its period, what is known today, and what the brand entered and set.

    `units` are the codes of points. `names` gives words for codes, by what they are (channel, store, recruiter).
    """

    period: Period
    until: date
    units: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    assumptions: Assumptions = Assumptions()
    dormant_days: int = 90
    activation_days: int = 30
    names: Mapping[str, Mapping[str, Text]] = field(default_factory=dict)


METRICS: dict[str, tuple[Text, Kind]] = {
    "sales": (Text("会员销售额", "Sales to members"), "money"),
    "orders": (Text("订单数", "Orders"), "count"),
    "buyers": (Text("购买会员数", "Members who bought"), "count"),
    "joined": (Text("新入会", "New members"), "count"),
    "order_value": (Text("客单价", "Order value"), "money"),
    "repurchase": (Text("复购率", "Repurchase rate"), "share"),
}


@dataclass(frozen=True, slots=True)
class Goal:
    """A metric that shall reach `target` over its period. Money in minor units, shares in permille."""

    id: UUID
    name: str
    metric: str
    target: int
    period: Period
    by: str
    created_at: datetime
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class GoalStanding:
    """Where a goal stands: the same number of days before it (`baseline`), so far, and where it goes."""

    goal: Goal
    baseline: int | None
    current: int | None
    forecast: int | None
    elapsed: float
    on_track: bool | None
