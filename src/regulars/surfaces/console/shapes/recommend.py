"""Shapes of recommendations in the console."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Field
from pydantic import StringConstraints

from regulars.insight.recommend.types import Gate, Product, Shop, Suggested
from regulars.surfaces.console.shapes.shared import Shape

Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class ProductOut(Shape):
    """A product as order lines name it; `price` of one piece in minor units."""

    sku: str
    name: str
    category: str
    price: int | None = None
    last_sold: date | None = None
    buyers: int = 0

    @classmethod
    def of(cls, one: Product) -> ProductOut:
        return cls(
            sku=one.sku, name=one.name, category=one.category, price=one.price, last_sold=one.last_sold,
            buyers=one.buyers,
        )  # fmt: skip


class SuggestedOut(Shape):
    """One thing of a list and why; `probability` within four weeks, null for things she never had."""

    product: ProductOut
    probability: float | None
    times: int
    last_on: date | None
    interval_days: int | None
    due_on: date | None
    because: ProductOut | None

    @classmethod
    def of(cls, one: Suggested) -> SuggestedOut:
        return cls(
            product=ProductOut.of(one.product),
            probability=one.score if one.times else None,
            times=one.times,
            last_on=one.last_on,
            interval_days=one.interval_days,
            due_on=one.due_on,
            because=ProductOut.of(one.because) if one.because else None,
        )


class MemberListsOut(Shape):
    """A member's lists. `state`: shown, off (she switched profiling off), or none."""

    member: str
    state: str
    as_of: datetime | None
    buy_again: list[SuggestedOut]
    discover: list[SuggestedOut]
    due: list[SuggestedOut]


class AccuracyOut(Shape):
    members: int
    recall: float
    ndcg: float


class EvaluationOut(Shape):
    """By question (again, next_visit, all, new) and by list (model, own, popular): on the four weeks held out."""

    at: int
    evaluated_at: datetime
    questions: dict[str, dict[str, AccuracyOut]]
    members: int
    covered: dict[str, int]


class ShownOut(Shape):
    sku: str
    name: str
    members: int


class GateIO(Shape):
    tiers: Annotated[list[Word], Field(max_length=50)]
    sku: Line = ""
    category: Line = ""


class ShopIO(Shape):
    """What is left out of every recommendation."""

    not_sold: Annotated[list[Line], Field(max_length=20_000)] = []
    not_sold_categories: Annotated[list[Line], Field(max_length=1000)] = []
    gates: Annotated[list[GateIO], Field(max_length=200)] = []
    stale_days: int = 56

    @classmethod
    def of(cls, shop: Shop) -> ShopIO:
        return cls(
            not_sold=sorted(shop.not_sold),
            not_sold_categories=sorted(shop.not_sold_categories),
            gates=[GateIO(tiers=list(g.tiers), sku=g.sku, category=g.category) for g in shop.gates],
            stale_days=shop.stale_days,
        )

    def to_gates(self) -> list[Gate]:
        return [Gate(tuple(gate.tiers), gate.sku, gate.category) for gate in self.gates]


class RecommendOut(Shape):
    """The state of recommendations: never run, lacking data, or done; what was shown to how many, how good it was."""

    state: str
    problem: str
    as_of: datetime | None
    finished_at: datetime | None
    period_from: date | None
    period_to: date | None
    rows: int
    members: int
    catalogue: int
    pairs: int
    purchases: int
    lists: dict[str, int]
    products: dict[str, int]
    most_shown: dict[str, list[ShownOut]]
    evaluation: EvaluationOut | None
    shop: ShopIO


class AlsoBoughtOut(Shape):
    product: ProductOut
    days: int
    lift: float
    share: float


def counts(given: Any) -> dict[str, int]:
    return {str(key): int(value) for key, value in (given or {}).items()}
