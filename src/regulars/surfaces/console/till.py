"""The till's page: quote a cart, commit it, find what the store sold today, take goods back, undo."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router

from regulars.facts.members import api as members
from regulars.flows.checkout import api as checkout
from regulars.kit import clock
from regulars.surfaces import checkout_acts as acts
from regulars.surfaces.access import scope_of
from regulars.surfaces.checkout_shapes import (
    CommitAsked,
    MemberNamed,
    QuoteAsked,
    RecentShown,
    ReturnAsked,
    UndoAsked,
    answer,
    answers,
    asks,
    show_row,
)
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, member_id_of, needs, store_id_of

router = Router(tags=["Till"])
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=100)]


@router.post("/till/quotes", **needs("checkout.quote", **asks(QuoteAsked), **answers("QuoteShown", 200)))
def make_quote(request: HttpRequest) -> HttpResponse:
    """Price the cart for the member at the till, or for a guest."""
    return acts.quote(request)


@router.post(
    "/till/checkouts", **needs("checkout.commit", **asks(CommitAsked), **answers("CheckoutShown", 200, 201))
)
def commit_quote(request: HttpRequest, idempotency_key: Key) -> HttpResponse:
    """Commit the quote on the screen. 409 `quote_changed` brings a fresh one in `data.quote`."""
    return acts.commit(request, idempotency_key)


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
    return acts.list_of_member(request, member_id_of(scope_of(request), code), cursor, limit)


@router.get("/till/checkouts/{checkout_id}", **needs("checkout.read", **answers("CheckoutShown", 200)))
def get_checkout(request: HttpRequest, checkout_id: UUID) -> HttpResponse:
    """One checkout, line by line, with what came back of it."""
    return acts.get(request, checkout_id)


@router.post(
    "/till/checkouts/{checkout_id}/returns",
    **needs("checkout.return", **asks(ReturnAsked), **answers("ReturnShown", 200, 201)),
)
def return_goods(request: HttpRequest, checkout_id: UUID, idempotency_key: Key) -> HttpResponse:
    """Take goods back, whole lines or parts."""
    return acts.return_goods(request, checkout_id, idempotency_key)


@router.post(
    "/till/checkouts/{checkout_id}/cancel",
    **needs("checkout.return", **asks(UndoAsked), **answers("ReturnShown", 200, 201)),
)
def cancel_checkout(request: HttpRequest, checkout_id: UUID, idempotency_key: Key) -> HttpResponse:
    """Undo a checkout within the window: everything it used comes back."""
    return acts.undo(request, checkout_id, idempotency_key, reopen=False)


@router.post(
    "/till/checkouts/{checkout_id}/reopen",
    **needs("checkout.return", **asks(UndoAsked), **answers("ReturnShown", 200, 201)),
)
def reopen_checkout(request: HttpRequest, checkout_id: UUID, idempotency_key: Key) -> HttpResponse:
    """Undo a checkout so that its number can be committed again."""
    return acts.undo(request, checkout_id, idempotency_key, reopen=True)
