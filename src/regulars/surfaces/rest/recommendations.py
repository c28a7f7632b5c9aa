"""What members are recommended, what goes together, and what of it may be shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from regulars.flows import recommending
from regulars.insight.recommend.types import Gate, Product, Shop, Suggested
from regulars.kit import clock
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import In, Line, ListOut, Word

router = Router(tags=["Recommendations"])
Few = Annotated[int, Query(ge=1, le=20)]
Sku = Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class ProductOut(Schema):
    """A product as the newest order line names it. `price`: what one piece cost last, in minor units."""

    sku: str
    name: str
    category: str
    price: int | None

    @classmethod
    def of(cls, product: Product) -> ProductOut:
        return cls(sku=product.sku, name=product.name, category=product.category, price=product.price)


class SuggestedOut(Schema):
    """One thing of a list. `probability` that she takes it within four weeks; null for things she never had."""

    product: ProductOut
    probability: float | None
    times: int = Field(description="On how many days she bought it")
    last_on: date | None
    interval_days: int | None
    due_on: date | None
    because: ProductOut | None = Field(description="What she has that speaks for it most")

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


class RecommendationsOut(Schema):
    """A member's lists, the best first. `as_of` is null, and the lists are empty, for whoever has none."""

    as_of: datetime | None
    buy_again: list[SuggestedOut]
    discover: list[SuggestedOut]
    due: list[SuggestedOut]


class AlsoBoughtOut(Schema):
    """Bought on one day, on so many `days`: `lift` times as often as by chance, `share` of the days with the first."""

    product: ProductOut
    days: int
    lift: float
    share: float


class GateIO(In):
    """A product or a whole category that only these tiers are shown."""

    tiers: Annotated[list[Word], Field(max_length=50)]
    sku: Line = ""
    category: Line = ""


class ShopIO(In):
    """What is left out of every recommendation; what is not sent stays as it is."""

    not_sold: Annotated[list[Line], Field(max_length=20_000)] | None = None
    not_sold_categories: Annotated[list[Line], Field(max_length=1000)] | None = None
    gates: Annotated[list[GateIO], Field(max_length=200)] | None = None
    stale_days: int | None = Field(None, description="What nobody bought for so many days is taken for gone")

    @classmethod
    def of(cls, shop: Shop) -> ShopIO:
        return cls(
            not_sold=sorted(shop.not_sold),
            not_sold_categories=sorted(shop.not_sold_categories),
            gates=[GateIO(tiers=list(g.tiers), sku=g.sku, category=g.category) for g in shop.gates],
            stale_days=shop.stale_days,
        )


@router.get("/members/{member}/recommendations", response=RecommendationsOut, **needs("insight.read"))
def get_recommendations(request: HttpRequest, member: finding.MemberPath, limit: Few = 10) -> Any:
    """What she may buy again, discover, and is due for; reckoned every night. Empty while profiling is off."""
    scope = scope_of(request)
    found = recommending.for_member(scope=scope, member_id=finding.member_id(scope, member), limit=limit)
    return RecommendationsOut(
        as_of=found.as_of,
        buy_again=[SuggestedOut.of(one) for one in found.buy_again],
        discover=[SuggestedOut.of(one) for one in found.discover],
        due=[SuggestedOut.of(one) for one in found.due],
    )


@router.get("/recommendations/also-bought", response=ListOut[AlsoBoughtOut], **needs("insight.read"))
def list_also_bought(request: HttpRequest, sku: Sku, limit: Few = 10) -> Any:
    """What goes together with a product, the surest first."""
    found = recommending.also_bought(scope=scope_of(request), sku=sku, limit=limit)
    return ListOut(
        items=[
            AlsoBoughtOut(product=ProductOut.of(product), days=days, lift=lift, share=share)
            for product, days, lift, share in found
        ]
    )


@router.get("/recommendations/shop", response=ShopIO, **needs("insight.read"))
def get_shop(request: HttpRequest) -> Any:
    """What is left out of every recommendation."""
    return ShopIO.of(recommending.get_shop(brand_id=scope_of(request).brand_id))


@router.put("/recommendations/shop", response=ShopIO, **needs("insight.run"))
def put_shop(request: HttpRequest, given: ShopIO) -> Any:
    """Say what is not sold now (out of stock, taken out), and what is for some tiers only. Holds at once."""
    return ShopIO.of(
        recommending.put_shop(
            scope=scope_of(request),
            now=clock.now(),
            not_sold=given.not_sold,
            not_sold_categories=given.not_sold_categories,
            gates=None
            if given.gates is None
            else [Gate(tuple(gate.tiers), gate.sku, gate.category) for gate in given.gates],
            stale_days=given.stale_days,
        )
    )
