"""The till: quote a cart, commit the quote, take goods back, cancel, reopen."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from regulars.flows.checkout import api as checkout
from regulars.flows.checkout.types import QuoteIn
from regulars.kit import clock
from regulars.kit.errors import invalid_field
from regulars.platform.organisations.types import Scope
from regulars.surfaces.checkout_shapes import (
    CheckoutPage,
    CommitAsked,
    QuoteAsked,
    ReturnAsked,
    UndoAsked,
    answer,
    answers,
    asks,
    commit_asked,
    member_of,
    quote_asked,
    return_asked,
    show_committed,
    show_quote,
    show_returned,
    show_row,
    show_whole,
    undo_asked,
    with_quote,
)
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, Word
from regulars.surfaces.rest.value import Key
from regulars.value.checkouts import api as checkouts

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
    scope = scope_of(request)
    asked = quote_asked(request.body)
    quote = checkout.quote(
        scope=scope,
        asked=QuoteIn(cart=asked.cart, member=member_of(scope, asked.member, clock.now()), wish=asked.wish),
        now=clock.now(),
    )
    return answer(show_quote(quote), 200)


@router.post("/checkouts", **needs("checkout.commit", asks(CommitAsked), answers("CheckoutShown", 200, 201)))
def commit_quote(request: HttpRequest, idempotency_key: Key) -> HttpResponse:
    """Turn a quote into an order: coupons, quotas, budgets, points and stored value are used, all or nothing.

    409 `quote_changed` brings a fresh quote in `data.quote`; 409 `quote_expired` asks for a new one.
    """
    scope = scope_of(request)
    asked = commit_asked(request.body)
    try:
        done = checkout.commit(
            scope=scope, token=asked.token, number=asked.number, key=idempotency_key, now=clock.now()
        )
    except checkout.QuoteChanged as changed:
        raise with_quote(changed) from None
    return answer(show_committed(done, _store(scope, done.row.store_id)), 200 if done.repeated else 201)


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
    scope = scope_of(request)
    if number is not None:
        row = checkout.find(scope=scope, source=source, number=number)
        rows = [] if row is None else [row]
        return answer(CheckoutPage(tuple(show_row(r, _store(scope, r.store_id)) for r in rows)), 200)
    if member is None:
        raise invalid_field("member", "required", "须提供 member 或 number", "give member or number")
    page = checkouts.list_checkouts(
        brand_id=scope.brand_id, member_id=finding.member_id(scope, member), cursor=cursor, limit=limit
    )
    items = tuple(show_row(row, _store(scope, row.store_id)) for row in page.items)
    return answer(CheckoutPage(items, page.next_cursor), 200)


@router.get("/checkouts/{checkout_id}", **needs("checkout.read", answers("CheckoutShown", 200)))
def get_checkout(request: HttpRequest, checkout_id: UUID) -> HttpResponse:
    """One checkout with its price line by line, and what came back of it."""
    scope = scope_of(request)
    row = checkout.get(scope=scope, checkout_id=checkout_id)
    return answer(show_whole(row, _store(scope, row.store_id)), 200)


@router.post(
    "/checkouts/{checkout_id}/returns",
    **needs("checkout.return", asks(ReturnAsked), answers("ReturnShown", 200, 201)),
)
def return_goods(request: HttpRequest, checkout_id: UUID, idempotency_key: Key) -> HttpResponse:
    """Take goods back, whole lines or parts: money, points to their source lots, stored value, coupons and uses by
    rule. Any number of partial returns add up to the whole exactly.
    """
    scope = scope_of(request)
    asked = return_asked(request.body)
    back = checkout.take_back(
        scope=scope,
        checkout_id=checkout_id,
        number=asked.number,
        lines=asked.lines,
        reason=asked.reason,
        key=idempotency_key,
        now=clock.now(),
    )
    return _returned(scope, back)


@router.post(
    "/checkouts/{checkout_id}/cancel",
    **needs("checkout.return", asks(UndoAsked), answers("ReturnShown", 200, 201)),
)
def cancel_checkout(request: HttpRequest, checkout_id: UUID, idempotency_key: Key) -> HttpResponse:
    """Undo the whole checkout: everything it used comes back."""
    return _undone(request, checkout_id, idempotency_key, "cancel")


@router.post(
    "/checkouts/{checkout_id}/reopen",
    **needs("checkout.return", asks(UndoAsked), answers("ReturnShown", 200, 201)),
)
def reopen_checkout(request: HttpRequest, checkout_id: UUID, idempotency_key: Key) -> HttpResponse:
    """Undo the whole checkout so that its order number can be committed again with a changed cart."""
    return _undone(request, checkout_id, idempotency_key, "reopen")


def _undone(request: HttpRequest, checkout_id: UUID, key: str, kind: str) -> HttpResponse:
    scope = scope_of(request)
    asked = undo_asked(request.body)
    back = checkout.undo(
        scope=scope,
        checkout_id=checkout_id,
        reopen=kind == "reopen",
        reason=asked.reason,
        key=key,
        now=clock.now(),
    )
    return _returned(scope, back)


def _returned(scope: Scope, back: Any) -> HttpResponse:
    return answer(show_returned(back, _store(scope, back.row.store_id)), 200 if back.repeated else 201)


def _store(scope: Scope, store_id: UUID | None) -> str | None:
    return finding.store_codes(scope).get(store_id) if store_id else None
