"""What the public API and the till's page do alike with a checkout: read the body, ask the flow, show the answer."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from regulars.flows.checkout import api as checkout
from regulars.flows.checkout.types import QuoteIn, Returned
from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.surfaces.access import scope_of
from regulars.surfaces.checkout_shapes import (
    CheckoutPage,
    answer,
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
from regulars.value.checkouts import api as checkouts


def quote(request: HttpRequest) -> HttpResponse:
    """Price the cart of the body."""
    scope, now = scope_of(request), clock.now()
    asked = quote_asked(request.body)
    ref = member_of(scope, asked.member, now)
    made = checkout.quote(scope=scope, asked=QuoteIn(cart=asked.cart, member=ref, wish=asked.wish), now=now)
    return answer(show_quote(made), 200)


def commit(request: HttpRequest, key: str) -> HttpResponse:
    """Commit the quote of the body. 409 `quote_changed` brings a fresh one in `data.quote`."""
    scope = scope_of(request)
    asked = commit_asked(request.body)
    try:
        done = checkout.commit(scope=scope, token=asked.token, number=asked.number, key=key, now=clock.now())
    except checkout.QuoteChanged as changed:
        raise with_quote(changed) from None
    return answer(show_committed(done, _store(scope, done.row.store_id)), 200 if done.repeated else 201)


def get(request: HttpRequest, checkout_id: UUID) -> HttpResponse:
    """One checkout, line by line."""
    scope = scope_of(request)
    row = checkout.get(scope=scope, checkout_id=checkout_id)
    return answer(show_whole(row, _store(scope, row.store_id)), 200)


def find(request: HttpRequest, source: str, number: str) -> HttpResponse:
    """The checkout of an order number, as a page of one or none."""
    scope = scope_of(request)
    row = checkout.find(scope=scope, source=source, number=number)
    rows = [] if row is None else [row]
    return answer(CheckoutPage(tuple(show_row(r, _store(scope, r.store_id)) for r in rows)), 200)


def list_of_member(request: HttpRequest, member_id: UUID, cursor: str | None, limit: int) -> HttpResponse:
    """A member's checkouts, newest first."""
    scope = scope_of(request)
    page = checkouts.list_checkouts(brand_id=scope.brand_id, member_id=member_id, cursor=cursor, limit=limit)
    items = tuple(show_row(row, _store(scope, row.store_id)) for row in page.items)
    return answer(CheckoutPage(items, page.next_cursor), 200)


def return_goods(request: HttpRequest, checkout_id: UUID, key: str) -> HttpResponse:
    """Take back what the body names."""
    scope = scope_of(request)
    asked = return_asked(request.body)
    back = checkout.take_back(
        scope=scope,
        checkout_id=checkout_id,
        number=asked.number,
        lines=asked.lines,
        reason=asked.reason,
        key=key,
        now=clock.now(),
    )
    return _returned(scope, back)


def undo(request: HttpRequest, checkout_id: UUID, key: str, *, reopen: bool) -> HttpResponse:
    """Cancel the whole, or reopen its number."""
    scope = scope_of(request)
    asked = undo_asked(request.body)
    back = checkout.undo(
        scope=scope, checkout_id=checkout_id, reopen=reopen, reason=asked.reason, key=key, now=clock.now()
    )
    return _returned(scope, back)


def _returned(scope: Scope, back: Returned) -> HttpResponse:
    return answer(show_returned(back, _store(scope, back.row.store_id)), 200 if back.repeated else 201)


def _store(scope: Scope, store_id: UUID | None) -> str | None:
    """The code of a store, from memory."""
    if store_id is None:
        return None
    stores = organisations.stores_of(brand_id=scope.brand_id)
    return next((code for code, store in stores.items() if store.id == store_id), None)
