"""Value, churn and intent: what the models found and how good they are, members by score, one member's outlook."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router

from regulars.audience.member_facts import api as member_facts
from regulars.facts.members import api as members
from regulars.flows.insight import terms as value_terms
from regulars.kit import clock
from regulars.surfaces import outlook_views as views
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, member_id_of, needs
from regulars.surfaces.console.shapes.shared import Shape

router = Router(tags=["Value and churn"])
ValueScore = Literal["value_12", "value_36", "alive"]
ChurnScore = Literal["churn_30", "churn_60", "churn_90", "intent_7", "intent_30"]
Bound = Annotated[Decimal | None, Query(ge=0, le=10**15)]


class TermsIO(Shape):
    """What value is reckoned with: the share of money that is margin, and the discount a year."""

    margin: float = Field(gt=0, le=1)
    discount: float = Field(ge=0, le=1)


@router.get("/insight/value", response=views.ValueOut, **needs("insight.read"))
def get_value(request: HttpRequest) -> Any:
    """The last run of value: what it came to, and its back-test beside the same as last year."""
    return views.value_of(scope_of(request).brand_id, language(request))


@router.get("/insight/value/members", response=views.OutlooksOut, **needs("insight.read"))
def list_by_value(
    request: HttpRequest,
    score: ValueScore = "value_12",
    order: Literal["high", "low"] = "high",
    at_least: Bound = None,
    at_most: Bound = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Members by their value."""
    return _listed(request, score, order, at_least, at_most, cursor, limit)


@router.get("/insight/value/terms", response=TermsIO, **needs("insight.read"))
def get_terms(request: HttpRequest) -> Any:
    """What the next run reckons with."""
    terms = value_terms.terms_of(scope_of(request).brand_id)
    return TermsIO(margin=terms.margin, discount=terms.discount)


@router.put("/insight/value/terms", response=TermsIO, **needs("insight.run"))
def put_terms(request: HttpRequest, given: TermsIO) -> Any:
    """Reckon with these from the next run on."""
    scope = scope_of(request)
    value_terms.put_terms(scope=scope, margin=given.margin, discount=given.discount, now=clock.now())
    return given


@router.get("/insight/churn", response=views.ChurnOut, **needs("insight.read"))
def get_churn(request: HttpRequest) -> Any:
    """The last run of churn and intent: by horizon beside the simple rule, reasons, categories due."""
    return views.churn_of(scope_of(request).brand_id, language(request))


@router.get("/insight/churn/members", response=views.OutlooksOut, **needs("insight.read"))
def list_by_churn(
    request: HttpRequest,
    score: ChurnScore = "churn_30",
    order: Literal["high", "low"] = "high",
    at_least: Bound = None,
    at_most: Bound = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Members by a chance, with the reasons why they may stay away."""
    return _listed(request, score, order, at_least, at_most, cursor, limit)


@router.get("/members/{code}/outlook", response=views.OutlookOut, **needs("insight.read"))
def get_outlook(request: HttpRequest, code: Code) -> Any:
    """What one member will be worth, whether she will buy, and why she may not."""
    scope = scope_of(request)
    member_id = member_id_of(scope, code)
    known = member_facts.read(brand_id=scope.brand_id, member_id=member_id)
    assert known is not None
    return views.outlook_of(
        known,
        told=views.told_at(scope.brand_id),
        code=code,
        said=language(request),
        profiled=members.profiling_is_on(brand_id=scope.brand_id, member_id=member_id),
    )


def _listed(
    request: HttpRequest,
    score: str,
    order: str,
    at_least: Decimal | None,
    at_most: Decimal | None,
    cursor: str | None,
    limit: int,
) -> views.OutlooksOut:
    scope, said = scope_of(request), language(request)
    scope.require_store(None)
    page = member_facts.ranked(
        brand_id=scope.brand_id,
        score=score,
        highest_first=order == "high",
        at_least=at_least,
        at_most=at_most,
        cursor=cursor,
        limit=limit,
    )
    names = members.names_of(scope=scope, member_ids=[one.member_id for one in page.items])
    told = views.told_at(scope.brand_id)
    return views.OutlooksOut(
        items=[
            views.outlook_of(
                one, told=told, code=names[one.member_id][0], name=names[one.member_id][1], said=said
            )
            for one in page.items
        ],
        next_cursor=page.next_cursor,
    )
