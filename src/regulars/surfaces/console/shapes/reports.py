"""What operators enter for reports, and goals."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from regulars.surfaces.console.shapes.shared import ChoiceOut, Shape

FigureKind = Literal["total_sales", "benefit_cost", "other_cost", "recruitment"]
Metric = Literal["sales", "orders", "buyers", "joined", "order_value", "repurchase"]


class AssumptionsIO(Shape):
    """Permille of sales, permille of sales, minor units for 100 points; null: not stated."""

    margin_permille: int | None = None
    extra_permille: int | None = None
    point_cost: int | None = None


class EnteredFigureIn(Shape):
    """An amount (minor units) of a month; null takes it back. Recruitment names its channel."""

    kind: FigureKind
    month: date
    amount: int | None
    channel: str = ""


class EnteredFigureOut(Shape):
    kind: str
    month: date
    channel: str
    amount: int
    by: str
    at: datetime | None


class EnteredOut(Shape):
    """What was entered, what is assumed, and words for both."""

    currency: str
    assumptions: AssumptionsIO
    figures: list[EnteredFigureOut]
    kinds: list[ChoiceOut]
    channels: list[ChoiceOut]


class ReportGoalIn(Shape):
    """Money in minor units, shares in permille."""

    name: str
    metric: Metric
    target: int
    first: date
    last: date
