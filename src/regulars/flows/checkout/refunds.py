"""Refunds of a checkout's order that come as activities, as an ERP sends them: they give back what a return does.

The goods are the refund's: the lines and quantities it names, or all that is left. A refund and a return of the same
number are one: whichever comes second is answered with the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from django.db import connection, transaction

from regulars.facts.activity import store as activity_store
from regulars.facts.activity.records import decode_stored, receipt
from regulars.facts.activity.types import ActivityIn, Receipt, RefundIn
from regulars.flows.checkout.moves import Moves
from regulars.flows.checkout.returns import give_back, gone_of, is_same, lock, refund_id
from regulars.flows.intake import api as intake
from regulars.flows.intake.api import Result
from regulars.flows.intake.prepare import order_key_of
from regulars.kit.errors import Refusal
from regulars.platform.organisations.types import Scope
from regulars.programme.pricing import api as pricing
from regulars.programme.pricing.types import Priced
from regulars.value.checkouts import api as checkouts
from regulars.value.checkouts.types import CheckoutRow

_OPEN = ("committed", "partly_returned")


def sold_by_checkout(*, scope: Scope, activities: Sequence[ActivityIn]) -> dict[int, UUID]:
    """Which of the activities are refunds of an order that a checkout posted: place → checkout."""
    keys: dict[int, list[UUID]] = {}
    for place, given in enumerate(activities):
        if given.refund is not None:
            numbers = [
                given.refund.order,
                given.refund.order.rpartition("~")[0],
            ]  # a reopened one has a suffix
            keys[place] = [order_key_of(scope.brand_id, given.source, number) for number in numbers if number]
    if not keys:
        return {}
    with connection.cursor() as cursor:
        claims = activity_store.find_keys(cursor, keys=[key for mine in keys.values() for key in mine])
    owners = {key: claim.member_id for key, claim in claims.items()}
    there = {key for _, key in checkouts.which_exist(keys=[(member, key) for key, member in owners.items()])}
    found = {place: [key for key in mine if key in there] for place, mine in keys.items()}
    return {place: mine[0] for place, mine in found.items() if mine}


def refund(*, scope: Scope, checkout_id: UUID, activity: ActivityIn, now: datetime) -> Result:
    """Post a refund of a checkout's order and give back what the checkout used for what comes back, or neither."""
    try:
        with transaction.atomic():
            return _refund(scope, lock(scope, checkout_id), activity, now)
    except Refusal as refusal:
        return refusal


def _refund(scope: Scope, row: CheckoutRow, activity: ActivityIn, now: datetime) -> Receipt:
    assert activity.refund is not None
    asked, moves = activity.refund, msgspec.json.decode(row.moves, type=Moves)
    came = checkouts.find_return(member_id=row.member_id, checkout_id=row.id, number=asked.number)
    if came is not None and came.id != refund_id(row, asked.number):
        lines = None if asked.lines is None else {str(line.line): line.quantity for line in asked.lines}
        first = _first_receipt(scope, activity.source, asked.number)
        if first is not None and is_same(came, lines):  # the till took it back
            return first
    if asked.order == row.number:  # a checkout that was reopened is the order that stands
        activity = msgspec.structs.replace(
            activity, refund=msgspec.structs.replace(asked, order=moves.number)
        )
    (result,) = intake.post(scope=scope, activities=[activity], now=now)
    if isinstance(result, Refusal):
        raise result
    of_this = activity.refund is not None and activity.refund.order == moves.number
    if result.duplicate or result.member_id != row.member_id or not of_this or row.state not in _OPEN:
        return result
    priced = msgspec.json.decode(row.priced, type=Priced)
    gone = gone_of(row)
    plan = pricing.plan_return(priced, gone, _wanted(priced, gone, asked))
    if plan.lines:
        back_id = refund_id(row, asked.number)
        give_back(scope, row, priced, plan, "return", back_id, asked.number, asked.reason, now, refund=result)
    return result


def _wanted(priced: Priced, gone: dict[str, Decimal], asked: RefundIn) -> dict[str, Decimal] | None:
    """The quantities that come back, of what is left here."""
    if asked.lines is None:
        return None
    left = {line.line: line.quantity - gone.get(line.line, Decimal(0)) for line in priced.lines}
    wanted: dict[str, Decimal] = {}
    for one in asked.lines:
        line = str(one.line)
        rest = left.get(line, Decimal(0)) - wanted.get(line, Decimal(0))
        quantity = rest if one.quantity is None else min(one.quantity, rest)
        if quantity > 0:
            wanted[line] = wanted.get(line, Decimal(0)) + quantity
    return wanted


def _first_receipt(scope: Scope, source: str, number: str) -> Receipt | None:
    """What was answered to the refund of this number."""
    key = activity_store.key_hash(scope.brand_id, "refund", source, number)
    with connection.cursor() as cursor:
        claim = activity_store.find_keys(cursor, keys=[key]).get(key)
        if claim is None:
            return None
        found = activity_store.first_receipts(cursor, ids=[(claim.member_id, claim.activity_id)])
    if claim.activity_id not in found:
        return None
    member_id, status, raw = found[claim.activity_id]
    return receipt(
        activity_id=claim.activity_id,
        member_id=member_id,
        status=status,
        stored=decode_stored(raw),
        duplicate=True,
    )
