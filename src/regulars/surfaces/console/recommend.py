"""Recommendations: how good they are, who is shown what, what is left out, and a member to try it on."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from regulars.facts.members import api as members
from regulars.flows import recommending
from regulars.insight.recommend import api as recommend
from regulars.insight.runs import api as runs
from regulars.kit import clock
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, member_id_of, needs
from regulars.surfaces.console.shapes.recommend import (
    AlsoBoughtOut,
    EvaluationOut,
    MemberListsOut,
    ProductOut,
    RecommendOut,
    ShopIO,
    SuggestedOut,
    counts,
)

router = Router(tags=["Recommendations"])
Words = Annotated[str, Query(max_length=64, pattern=r"^[^\x00]*$")]


@router.get("/insight/recommend", response=RecommendOut, **needs("insight.read"))
def get_recommend(request: HttpRequest) -> Any:
    """The last run: period, freshness, coverage, what is shown most, and recall and NDCG beside the baselines."""
    scope, said = scope_of(request), language(request)
    run = runs.latest(brand_id=scope.brand_id, kind="recommend")
    shop = ShopIO.of(recommending.get_shop(brand_id=scope.brand_id))
    if run is None:
        return RecommendOut(
            state="none", problem="", as_of=None, finished_at=None, period_from=None, period_to=None, rows=0,
            members=0, catalogue=0, pairs=0, purchases=0, lists={}, products={}, most_shown={}, evaluation=None,
            shop=shop,
        )  # fmt: skip
    metrics = run.metrics
    evaluated = metrics.get("evaluation")
    return RecommendOut(
        state=run.state,
        problem=run.problem.in_language(said),
        as_of=run.as_of,
        finished_at=run.finished_at,
        period_from=run.period_from,
        period_to=run.period_to,
        rows=run.rows,
        members=metrics.get("members", 0),
        catalogue=metrics.get("catalogue", 0),
        pairs=metrics.get("pairs", 0),
        purchases=metrics.get("purchases", 0),
        lists=counts(metrics.get("lists")),
        products=counts(metrics.get("products")),
        most_shown=run.charts.get("most_shown", {}),
        evaluation=EvaluationOut(**evaluated, evaluated_at=metrics["evaluated_at"]) if evaluated else None,
        shop=shop,
    )


@router.get("/insight/recommend/members/{code}", response=MemberListsOut, **needs("insight.read"))
def get_member_lists(request: HttpRequest, code: Code) -> Any:
    """What a member is shown now, and why."""
    scope = scope_of(request)
    member_id = member_id_of(scope, code)
    found = recommending.for_member(scope=scope, member_id=member_id)
    on = members.profiling_is_on(brand_id=scope.brand_id, member_id=member_id)
    return MemberListsOut(
        member=code,
        state="off" if not on else "shown" if found.as_of else "none",
        as_of=found.as_of,
        buy_again=[SuggestedOut.of(one) for one in found.buy_again],
        discover=[SuggestedOut.of(one) for one in found.discover],
        due=[SuggestedOut.of(one) for one in found.due],
    )


@router.get("/insight/recommend/products", response=list[ProductOut], **needs("insight.read"))
def find_products(request: HttpRequest, q: Words = "") -> Any:
    """Products by number or part of a name, the most-bought first (20 at most)."""
    return [
        ProductOut.of(one) for one in recommend.find_products(brand_id=scope_of(request).brand_id, query=q)
    ]


@router.get("/insight/recommend/also-bought", response=list[AlsoBoughtOut], **needs("insight.read"))
def list_also_bought(request: HttpRequest, sku: Words) -> Any:
    """What goes together with a product, the surest first."""
    return [
        AlsoBoughtOut(product=ProductOut.of(product), days=days, lift=lift, share=share)
        for product, days, lift, share in recommending.also_bought(scope=scope_of(request), sku=sku)
    ]


@router.put("/insight/recommend/shop", response=ShopIO, **needs("insight.run"))
def put_shop(request: HttpRequest, given: ShopIO) -> Any:
    """What is not sold now and what is for some tiers only; holds at once."""
    return ShopIO.of(
        recommending.put_shop(
            scope=scope_of(request),
            now=clock.now(),
            not_sold=given.not_sold,
            not_sold_categories=given.not_sold_categories,
            gates=given.to_gates(),
            stale_days=given.stale_days,
        )
    )
