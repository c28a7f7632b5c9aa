"""Committing a quote: one transaction in which everything it promised is used, or nothing.

Member locked → the price made again in the world as it stands → the same as quoted, or 409 with a fresh quote →
coupons, quotas and budgets taken → value burnt and the order posted through the intake → the checkout kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction

from regulars.facts.activity import api as activities
from regulars.facts.activity.types import ActivityIn, BurnIn, MemberRef, Receipt
from regulars.flows.checkout.carts import order_of
from regulars.flows.checkout.moves import Moves, budget_subject, own_key
from regulars.flows.checkout.quotes import Reckoned, fingerprint, quote_of, reckon
from regulars.flows.checkout.token import Ticket, unseal
from regulars.flows.checkout.types import Committed, Quote
from regulars.flows.intake import api as intake
from regulars.flows.intake.prepare import order_key_of
from regulars.kit.errors import Refusal, conflict, invalid_field
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.programme.pricing.types import Priced
from regulars.value.benefits import api as benefits
from regulars.value.budgets import api as budgets
from regulars.value.budgets.types import Take
from regulars.value.checkouts import api as checkouts
from regulars.value.checkouts.types import CheckoutRow
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import CouponUse
from regulars.value.plans import api as plans
from regulars.value.plans.types import SCHEME as PLAN
from regulars.value.plans.types import NewSaving

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
    """Turn a quote into an order under its number.

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
    ticket = unseal(token, brand_id=scope.brand_id)
    checkout_id = order_key_of(scope.brand_id, ticket.cart.source, number)
    try:
        return _transact(scope, ticket, token, number, checkout_id, key, now)
    except _Changed:  # what was used on the way is given back by now
        fresh = reckon(
            scope=scope, member_id=ticket.member_id, cart=ticket.cart, wish=ticket.wish, at=now, now=now
        )
        raise QuoteChanged(quote_of(fresh, ticket.cart, ticket.wish, now)) from None


class _Changed(Exception):
    """The price is not what it was."""


def _transact(
    scope: Scope, ticket: Ticket, token: str, number: str, checkout_id: UUID, key: str, now: datetime
) -> Committed:
    with transaction.atomic():
        first = activities.claim(
            brand_id=scope.brand_id,
            kind="checkout",
            key=key,
            member_id=ticket.member_id,
            subject_id=checkout_id,
            body=[token, number],
        )
        if first is not None:
            return _repeated(scope, ticket.member_id, first)
        ticket.require_fresh(now)
        reckoned = reckon(
            scope=scope,
            member_id=ticket.member_id,
            cart=ticket.cart,
            wish=ticket.wish,
            at=ticket.quoted_at,
            now=now,
            lock=True,
        )
        if fingerprint(reckoned.priced) != ticket.digest:
            raise _Changed
        return _commit(scope, ticket, reckoned, number, checkout_id, now)


def _repeated(scope: Scope, member_id: UUID, checkout_id: UUID) -> Committed:
    row = checkouts.get_checkout(brand_id=scope.brand_id, member_id=member_id, checkout_id=checkout_id)
    moves = msgspec.json.decode(row.moves, type=Moves)
    return Committed(row, msgspec.json.decode(row.priced, type=Priced), moves.earned, repeated=True)


def _commit(
    scope: Scope, ticket: Ticket, reckoned: Reckoned, number: str, checkout_id: UUID, now: datetime
) -> Committed:
    priced, member_id = reckoned.priced, ticket.member_id
    store_id = reckoned.store.id if reckoned.store else None
    scope.require_store(store_id)
    revision = _revision(scope, member_id, checkout_id, number)
    moves = Moves(number=number if revision == 1 else f"{number}~{revision}")
    _use_coupons(scope, ticket, reckoned, moves, now)
    _take_budgets(scope, reckoned, budget_subject(checkout_id, revision), now)
    _post(scope, ticket, reckoned, moves, checkout_id, revision, now)
    _use_quotas(scope, reckoned, moves, checkout_id, revision, now)
    _note_savings(scope, reckoned, moves, checkout_id, revision, now)
    row = CheckoutRow(
        id=checkout_id,
        member_id=member_id,
        brand_id=scope.brand_id,
        source=ticket.cart.source,
        number=number,
        revision=revision,
        state="committed",
        store_id=store_id,
        channel=ticket.cart.channel or "",
        actor=scope.actor.label,
        currency=priced.currency,
        listed=priced.list,
        payable=priced.payable,
        order_id=moves.order,
        cart=msgspec.json.encode(ticket.cart).decode(),
        priced=msgspec.json.encode(priced).decode(),
        moves=msgspec.json.encode(moves).decode(),
        returned="{}",
        committed_at=now,
    )
    if not checkouts.save_checkout(row=row):
        raise number_taken(number)
    announce(scope, row, "checkout.committed", {"payable": row.payable}, now)
    return Committed(row, priced, moves.earned)


def _revision(scope: Scope, member_id: UUID, checkout_id: UUID, number: str) -> int:
    before = checkouts.find_checkout(
        brand_id=scope.brand_id, member_id=member_id, checkout_id=checkout_id, lock=True
    )
    if before is None:
        return 1
    if before.state != "reopened":
        raise number_taken(number)
    return before.revision + 1


def _use_coupons(scope: Scope, ticket: Ticket, reckoned: Reckoned, moves: Moves, now: datetime) -> None:
    uses = [
        CouponUse(applied.coupon, moves.number, applied.amount)
        for applied in reckoned.priced.applied
        if applied.coupon is not None
    ]
    if not uses:
        return
    try:
        coupons.use(
            brand_id=scope.brand_id,
            member_id=ticket.member_id,
            uses=uses,
            now=now,
            store_id=reckoned.store.id if reckoned.store else None,
            channel=ticket.cart.channel or "",
            actor=scope.actor.label,
        )
    except Refusal:
        raise _Changed from None


def _take_budgets(scope: Scope, reckoned: Reckoned, subject: str, now: datetime) -> None:
    store_id = reckoned.store.id if reckoned.store else None
    takes = []
    for applied in reckoned.priced.applied:
        keys: tuple[str, ...] = (applied.budget,) if applied.budget else ()
        if applied.coupon is not None:
            keys = reckoned.world.wallet.budgets_of(applied.coupon)
        takes += [Take(key, applied.amount + applied.cashback, subject, store_id) for key in keys]
    if budgets.take(brand_id=scope.brand_id, takes=takes, now=now):
        raise _Changed


def _post(
    scope: Scope,
    ticket: Ticket,
    reckoned: Reckoned,
    moves: Moves,
    checkout_id: UUID,
    revision: int,
    now: datetime,
) -> None:
    """Burn the tenders and post the order, all or nothing; what came of it goes into `moves`."""
    priced = reckoned.priced
    wanted = {priced.points_unit: priced.points} | dict(priced.stored)
    burns = [(unit, amount) for unit, amount in wanted.items() if amount]
    common: dict[str, Any] = {
        "member": MemberRef(id=ticket.member_id),
        "occurred_at": now,
        "source": ticket.cart.source,
        "store": ticket.cart.store,
        "channel": ticket.cart.channel,
    }
    given = [
        ActivityIn(
            type="burn",
            key=own_key(checkout_id, revision, unit),
            burn=BurnIn(unit=unit, amount=amount, reason=f"checkout {moves.number}"[:200]),
            **common,
        )
        for unit, amount in burns
    ]
    order = order_of(ticket.cart, reckoned.cart, priced, moves.number)
    given.append(ActivityIn(type="order", order=order, **common))
    receipts: list[Receipt] = []
    for result in intake.post(scope=scope, activities=given, now=now, internal=True):
        if isinstance(result, Refusal):
            if result.code == "insufficient_balance":
                raise _Changed from None
            raise result
        if result.duplicate:
            raise number_taken(moves.number)
        receipts.append(result)
    for (unit, amount), receipt in zip(burns, receipts, strict=False):
        moves.burns[unit] = (receipt.activity_id, amount)
    moves.order = receipts[-1].activity_id
    moves.earned = dict(receipts[-1].earned)


def _use_quotas(
    scope: Scope, reckoned: Reckoned, moves: Moves, checkout_id: UUID, revision: int, now: datetime
) -> None:
    world = reckoned.world
    for applied in reckoned.priced.applied:
        if applied.quota is None:
            continue
        receipt = benefits.use(
            scope=scope,
            programme=world.programme,
            member_id=reckoned_member(reckoned),
            tiers=world.tiers,
            benefit=applied.quota,
            key=own_key(checkout_id, revision, applied.ref),
            now=now,
            store_id=reckoned.store.id if reckoned.store else None,
        )
        moves.uses.setdefault(applied.quota, []).append(receipt.use.id)


def _note_savings(
    scope: Scope, reckoned: Reckoned, moves: Moves, checkout_id: UUID, revision: int, now: datetime
) -> None:
    """What benefits of her paid plan took off is told to her as saved."""
    of_plan = {b.key for b in reckoned.world.programme.benefits if b.scheme == PLAN}
    saved = [a for a in reckoned.priced.applied if a.coupon is None and a.key in of_plan and a.amount]
    if not saved:
        return
    moves.savings = {applied.ref: applied.key for applied in saved}
    savings = [
        NewSaving(
            member_id=reckoned_member(reckoned),
            benefit=applied.key,
            amount=applied.amount,
            currency=reckoned.priced.currency,
            source=own_key(checkout_id, revision, applied.ref),
            at=now,
        )
        for applied in saved
    ]
    with connection.cursor() as cursor:
        plans.record_saving(cursor, brand_id=scope.brand_id, savings=savings)


def reckoned_member(reckoned: Reckoned) -> UUID:
    assert reckoned.world.row is not None
    return reckoned.world.row.member_id


def announce(scope: Scope, row: CheckoutRow, topic: str, more: dict[str, Any], now: datetime) -> None:
    payload = {"checkout_id": str(row.id), "number": row.number, "source": row.source, **more}
    outbox.append(
        [
            Event(
                id=new_id(),
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                topic=topic,
                payload=payload,
                occurred_at=now,
                recorded_at=now,
                member_id=row.member_id,
            )
        ]
    )


def number_taken(number: str) -> Refusal:
    return conflict(
        "number_taken",
        f"订单号 {number} 已经用过",
        f"The order number {number} is taken already",
        number=number,
    )
