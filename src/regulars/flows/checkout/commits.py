"""Committing a quote: everything it promised is used, or nothing, and 409 with a fresh quote if the world changed.

`together` has the transaction, which commits that come at once share.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import connection, transaction

from regulars.flows import suspicion
from regulars.flows.checkout.quotes import quote_of, reckon
from regulars.flows.checkout.together import Asked, Changed, commit_together
from regulars.flows.checkout.token import unseal
from regulars.flows.checkout.types import Committed, Quote
from regulars.flows.grouping import Groups
from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope

_MOST_TOGETHER = 64
MAX_NUMBER = 56  # a reopened order's number gets a suffix


class QuoteChanged(Refusal):
    """The world changed since the quote: `quote` is what holds now."""

    def __init__(self, quote: Quote) -> None:
        super().__init__(
            "quote_changed",
            Text(
                "报价之后情况有变化，请按新报价确认", "Something changed since the quote; here is a fresh one"
            ),
            status=409,
        )
        self.quote = quote


def commit(*, scope: Scope, token: str, number: str, key: str, now: datetime) -> Committed:
    """Turn a quote into an order under its number. Those that come at once share a transaction.

    Raises `not_a_quote` (422), `quote_expired`, `quote_changed` (a `QuoteChanged`), `number_taken` (409), and what
    the intake refuses. The same key again answers the first result; with another body `idempotency_conflict`.
    """
    if not 1 <= len(number) <= MAX_NUMBER or not number.isprintable():
        raise invalid_field(
            "number",
            "bad_number",
            f"须为 1–{MAX_NUMBER} 个可见字符",
            f"1 to {MAX_NUMBER} printable characters",
        )
    asked = Asked(scope, unseal(token, brand_id=scope.brand_id), token, number, key, now)
    ticket = asked.ticket
    try:
        if ticket.wish.codes or connection.in_atomic_block:
            return _alone(asked)
        return _groups.do(scope=scope, asked=asked)
    except Changed:  # what was used on the way is given back by now
        fresh = reckon(
            scope=scope, member_id=ticket.member_id, cart=ticket.cart, wish=ticket.wish, at=now, now=now
        )
        raise QuoteChanged(quote_of(fresh, ticket.cart, ticket.wish, now)) from None
    except suspicion.HeldForReview as held:  # nothing of the checkout stands, but somebody shall look at it
        case = replace(held.case, detail={**held.case.detail, "subject": number})
        with transaction.atomic():
            suspicion.open_cases(scope=scope, cases=[case])
        raise


def _alone(asked: Asked) -> Committed:
    (answer,) = commit_together([asked])
    if isinstance(answer, Exception):
        raise answer
    return answer


_groups: Groups[Asked, Committed] = Groups(
    commit_together, most=_MOST_TOGETHER, apart=lambda asked: asked.ticket.member_id
)
