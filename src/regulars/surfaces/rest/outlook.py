"""Value, churn and intent for integrations: what the models found, members by score, one member's outlook."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router

from regulars.audience.member_facts import api as member_facts
from regulars.facts.members import api as members
from regulars.kit.paging import DEFAULT_LIMIT, MAX_LIMIT
from regulars.surfaces import outlook_views as views
from regulars.surfaces.access import language
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of

router = Router(tags=["Value and churn"])
Score = Literal["value_12", "value_36", "alive", "churn_30", "churn_60", "churn_90", "intent_7", "intent_30"]
Bound = Annotated[Decimal | None, Query(ge=0, le=10**15)]


@router.get("/insight/value", response=views.ValueOut, **needs("insight.read"))
def get_value(request: HttpRequest) -> Any:
    """The last run of value: what it came to, and its back-test beside the same as last year."""
    return views.value_of(scope_of(request).brand_id, language(request))


@router.get("/insight/churn", response=views.ChurnOut, **needs("insight.read"))
def get_churn(request: HttpRequest) -> Any:
    """The last run of churn and intent: by horizon beside the simple rule, reasons, categories due."""
    return views.churn_of(scope_of(request).brand_id, language(request))


@router.get("/insight/outlooks", response=views.OutlooksOut, **needs("insight.read"))
def list_outlooks(
    request: HttpRequest,
    score: Score = "value_12",
    order: Literal["high", "low"] = "high",
    at_least: Bound = None,
    at_most: Bound = None,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> Any:
    """Members in the order of a score, with all that is expected of them."""
    scope, said = scope_of(request), language(request)
    page = member_facts.ranked(
        brand_id=scope.brand_id,
        score=score,
        highest_first=order == "high",
        at_least=at_least,
        at_most=at_most,
        cursor=cursor,
        limit=limit,
    )
    codes = members.codes_of(brand_id=scope.brand_id, member_ids=[one.member_id for one in page.items])
    told = views.told_at(scope.brand_id)
    return views.OutlooksOut(
        items=[views.outlook_of(one, told=told, code=codes[one.member_id], said=said) for one in page.items],
        next_cursor=page.next_cursor,
    )


@router.get("/members/{member}/outlook", response=views.OutlookOut, **needs("insight.read"))
def get_outlook(request: HttpRequest, member: finding.MemberPath) -> Any:
    """What one member will be worth, whether she will buy, and why she may not."""
    scope = scope_of(request)
    member_id = finding.member_id(scope, member)
    known = member_facts.read(brand_id=scope.brand_id, member_id=member_id)
    assert known is not None
    codes = members.codes_of(brand_id=scope.brand_id, member_ids=[member_id])
    return views.outlook_of(
        known,
        told=views.told_at(scope.brand_id),
        code=codes[member_id],
        said=language(request),
        profiled=members.profiling_is_on(brand_id=scope.brand_id, member_id=member_id),
    )
