"""The till's page: quote a cart, commit it, find what the store sold today, take goods back, undo."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router

from regulars.facts.activity.types import MemberRef
from regulars.facts.members import api as members
from regulars.flows.checkout import api as checkout
from regulars.flows.checkout.types import QuoteIn
from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.surfaces.access import scope_of
from regulars.surfaces.checkout_shapes import (
    CheckoutPage,
    CommitAsked,
    MemberNamed,
    QuoteAsked,
    RecentShown,
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
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, member_id_of, needs, store_id_of
from regulars.value.checkouts import api as checkouts

router = Router(tags=["Till"])
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=100)]


@router.post("/till/quotes", **needs("checkout.quote", **asks(QuoteAsked), **answers("QuoteShown", 200)))
def make_quote(request: HttpRequest) -> HttpResponse:
    """Price the cart for the member at the till, or for a guest."""
    scope = scope_of(request)
    asked = quote_asked(request.body)
    ref: MemberRef | None = member_of(scope, asked.member, clock.now())
    quote = checkout.quote(
        scope=scope, asked=QuoteIn(cart=asked.cart, member=ref, wish=asked.wish), now=clock.now()
    )
    return answer(show_quote(quote), 200)


@router.post(
    "/till/checkouts", **needs("checkout.commit", **asks(CommitAsked), **answers("CheckoutShown", 200, 201))
)
def commit_quote(request: HttpRequest, idempotency_key: Key) -> HttpResponse:
    """Commit the quote on the screen. 409 `quote_changed` brings a fresh one in `data.quote`."""
    scope = scope_of(request)
    asked = commit_asked(request.body)
    try:
        done = checkout.commit(
            scope=scope, token=asked.token, number=asked.number, key=idempotency_key, now=clock.now()
        )
    except checkout.QuoteChanged as changed:
        raise with_quote(changed) from None
    return answer(show_committed(done, _store(scope, done.row.store_id)), 200 if done.repeated else 201)


@router.get("/till/recent", **needs("checkout.read", **answers("RecentShown", 200)))
def list_recent(request: HttpRequest, store: Annotated[str, Query(max_length=64)]) -> HttpResponse:
    """What a store sold within the last day, newest first."""
    scope = scope_of(request)
    store_id = store_id_of(scope, store)
    rows = checkout.recent(scope=scope, store_id=store_id, now=clock.now()) if store_id else []
    named = members.names_of(scope=scope, member_ids={row.member_id for row in rows})
    shown = RecentShown(
        items=tuple(show_row(row, store) for row in rows),
        members={str(id_): MemberNamed(code, name) for id_, (code, name) in named.items()},
    )
    return answer(shown, 200)


@router.get("/members/{code}/checkouts", **needs("checkout.read", **answers("CheckoutPage", 200)))
def list_of_member(
    request: HttpRequest, code: Code, cursor: Cursor = None, limit: Limit = PAGE
) -> HttpResponse:
    """A member's checkouts, newest first."""
    scope = scope_of(request)
    page = checkouts.list_checkouts(
        brand_id=scope.brand_id, member_id=member_id_of(scope, code), cursor=cursor, limit=limit
    )
    stores = _stores(scope)
    items = tuple(show_row(row, stores.get(row.store_id)) for row in page.items)
    return answer(CheckoutPage(items, page.next_cursor), 200)


@router.get("/till/checkouts/{checkout_id}", **needs("checkout.read", **answers("CheckoutShown", 200)))
def get_checkout(request: HttpRequest, checkout_id: UUID) -> HttpResponse:
    """One checkout, line by line, with what came back of it."""
    scope = scope_of(request)
    row = checkout.get(scope=scope, checkout_id=checkout_id)
    return answer(show_whole(row, _store(scope, row.store_id)), 200)


@router.post(
    "/till/checkouts/{checkout_id}/returns",
    **needs("checkout.return", **asks(ReturnAsked), **answers("ReturnShown", 200, 201)),
)
def return_goods(request: HttpRequest, checkout_id: UUID, idempotency_key: Key) -> HttpResponse:
    """Take goods back, whole lines or parts."""
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
    "/till/checkouts/{checkout_id}/cancel",
    **needs("checkout.return", **asks(UndoAsked), **answers("ReturnShown", 200, 201)),
)
def cancel_checkout(request: HttpRequest, checkout_id: UUID, idempotency_key: Key) -> HttpResponse:
    """Undo a checkout within the window: everything it used comes back."""
    return _undone(request, checkout_id, idempotency_key, reopen=False)


@router.post(
    "/till/checkouts/{checkout_id}/reopen",
    **needs("checkout.return", **asks(UndoAsked), **answers("ReturnShown", 200, 201)),
)
def reopen_checkout(request: HttpRequest, checkout_id: UUID, idempotency_key: Key) -> HttpResponse:
    """Undo a checkout so that its number can be committed again."""
    return _undone(request, checkout_id, idempotency_key, reopen=True)


def _undone(request: HttpRequest, checkout_id: UUID, key: str, *, reopen: bool) -> HttpResponse:
    scope = scope_of(request)
    asked = undo_asked(request.body)
    back = checkout.undo(
        scope=scope, checkout_id=checkout_id, reopen=reopen, reason=asked.reason, key=key, now=clock.now()
    )
    return _returned(scope, back)


def _returned(scope: Scope, back: Any) -> HttpResponse:
    return answer(show_returned(back, _store(scope, back.row.store_id)), 200 if back.repeated else 201)


def _stores(scope: Scope) -> dict[Any, str]:
    return {store.id: code for code, store in organisations.stores_of(brand_id=scope.brand_id).items()}


def _store(scope: Scope, store_id: UUID | None) -> str | None:
    return _stores(scope).get(store_id) if store_id else None
