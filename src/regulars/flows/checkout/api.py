"""Door of the checkout: quote, commit, take back, cancel, reopen; find what was sold."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from regulars.facts.activity import api as activities
from regulars.flows.checkout.commits import QuoteChanged, commit
from regulars.flows.checkout.quotes import quote
from regulars.flows.checkout.refunds import refund, sold_by_checkout
from regulars.flows.checkout.returns import UNDO_WINDOW, take_back, undo
from regulars.flows.intake.prepare import order_key_of
from regulars.kit.errors import not_found
from regulars.platform.organisations.types import Scope
from regulars.value.checkouts import api as checkouts
from regulars.value.checkouts.types import CHECKOUT, CheckoutRow

__all__ = [
    "UNDO_WINDOW",
    "QuoteChanged",
    "commit",
    "find",
    "get",
    "quote",
    "recent",
    "refund",
    "sold_by_checkout",
    "take_back",
    "undo",
]


def get(*, scope: Scope, checkout_id: UUID) -> CheckoutRow:
    """One checkout of the brand. Raises `not_found`; a store's clerk sees only her store's."""
    member_id = activities.member_of_key(key=checkout_id)
    if member_id is None:
        raise not_found(CHECKOUT)
    row = checkouts.get_checkout(brand_id=scope.brand_id, member_id=member_id, checkout_id=checkout_id)
    scope.require_store(row.store_id)
    return row


def find(*, scope: Scope, source: str, number: str) -> CheckoutRow | None:
    """The checkout of an order number."""
    checkout_id = order_key_of(scope.brand_id, source, number)
    member_id = activities.member_of_key(key=checkout_id)
    if member_id is None:
        return None
    row = checkouts.find_checkout(brand_id=scope.brand_id, member_id=member_id, checkout_id=checkout_id)
    if row is not None:
        scope.require_store(row.store_id)
    return row


def recent(*, scope: Scope, store_id: UUID, now: datetime, limit: int = 50) -> list[CheckoutRow]:
    """What a store sold within the last day, newest first: where the till undoes."""
    scope.require_store(store_id)
    return checkouts.recent_of_store(
        brand_id=scope.brand_id, store_id=store_id, since=now - timedelta(days=1), limit=limit
    )
