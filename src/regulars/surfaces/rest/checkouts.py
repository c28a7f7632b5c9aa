"""The till: quote a cart, commit the quote, take goods back, cancel, reopen."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from regulars.kit.errors import invalid_field
from regulars.surfaces import checkout_acts as acts
from regulars.surfaces.checkout_shapes import (
    CommitAsked,
    QuoteAsked,
    ReturnAsked,
    UndoAsked,
    answers,
    asks,
)
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, Word
from regulars.surfaces.rest.value import Key

router = Router(tags=["Checkout"])

_EXAMPLE = {
    "member": {"code": "M7K2P9QWXZ"},
    "cart": {
        "store": "S1",
        "lines": [
            {"sku": "LATTE-L", "name": "拿铁 大杯", "category": "coffee", "quantity": 2, "price": 3200}
        ],
    },
    "wish": {"coupons": "best", "points": "max"},
}


@router.post("/quotes", **needs("checkout.quote", asks(QuoteAsked, _EXAMPLE), answers("QuoteShown", 200)))
def make_quote(request: HttpRequest) -> HttpResponse:
    """What a cart costs: tier prices, promotions, the best coupons, points and stored value, line by line; what is
    refused, and why; what the order would earn. Nothing is used until the token is committed.
    """
    return acts.quote(request)


@router.post("/checkouts", **needs("checkout.commit", asks(CommitAsked), answers("CheckoutShown", 200, 201)))
def commit_quote(request: HttpRequest, idempotency_key: Key) -> HttpResponse:
    """Turn a quote into an order: coupons, quotas, budgets, points and stored value are used, all or nothing.

    409 `quote_changed` brings a fresh quote in `data.quote`; 409 `quote_expired` asks for a new one.
    """
    return acts.commit(request, idempotency_key)


@router.get("/checkouts", **needs("checkout.read", answers("CheckoutPage", 200)))
def find_checkouts(
    request: HttpRequest,
    member: Annotated[str | None, Query(max_length=300, description="of this member")] = None,
    source: Word = "till",
    number: Annotated[Word | None, Query(description="the one of this order number")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> HttpResponse:
    """The checkouts of a member, newest first, or the one of an order number."""
    if number is not None:
        return acts.find(request, source, number)
    if member is None:
        raise invalid_field("member", "required", "须提供 member 或 number", "give member or number")
    return acts.list_of_member(request, finding.member_id(scope_of(request), member), cursor, limit)


@router.get("/checkouts/{checkout_id}", **needs("checkout.read", answers("CheckoutShown", 200)))
def get_checkout(request: HttpRequest, checkout_id: UUID) -> HttpResponse:
    """One checkout with its price line by line, and what came back of it."""
    return acts.get(request, checkout_id)


@router.post(
    "/checkouts/{checkout_id}/returns",
    **needs("checkout.return", asks(ReturnAsked), answers("ReturnShown", 200, 201)),
)
def return_goods(request: HttpRequest, checkout_id: UUID, idempotency_key: Key) -> HttpResponse:
    """Take goods back, whole lines or parts: money, points to their source lots, stored value, coupons and uses by
    rule. Any number of partial returns add up to the whole exactly.
    """
    return acts.return_goods(request, checkout_id, idempotency_key)


@router.post(
    "/checkouts/{checkout_id}/cancel",
    **needs("checkout.return", asks(UndoAsked), answers("ReturnShown", 200, 201)),
)
def cancel_checkout(request: HttpRequest, checkout_id: UUID, idempotency_key: Key) -> HttpResponse:
    """Undo the whole checkout: everything it used comes back."""
    return acts.undo(request, checkout_id, idempotency_key, reopen=False)


@router.post(
    "/checkouts/{checkout_id}/reopen",
    **needs("checkout.return", asks(UndoAsked), answers("ReturnShown", 200, 201)),
)
def reopen_checkout(request: HttpRequest, checkout_id: UUID, idempotency_key: Key) -> HttpResponse:
    """Undo the whole checkout so that its order number can be committed again with a changed cart."""
    return acts.undo(request, checkout_id, idempotency_key, reopen=True)
