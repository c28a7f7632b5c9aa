"""Packages and stored value bought by the member herself: paid at a provider, hers when it is paid.

What a payment means is decided in the transaction that writes it: the purchase comes true once, or, where it no longer
can, the money goes back. A payment that fails, expires or is closed leaves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from regulars.facts.activity import api as activities
from regulars.flows import payments as paying
from regulars.flows.prepaid import ground
from regulars.flows.prepaid.packages import buy_package
from regulars.flows.prepaid.topups import top_up
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations.types import SYSTEM, Brand, Scope
from regulars.platform.payments import api as payments
from regulars.platform.payments.types import OPEN, Change, Channel, NewPayment, Payment
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.policy import topups
from regulars.value.prepaid.store import orders
from regulars.value.prepaid.types import OrderRow

SUBJECT = "prepaid"
# How long a purchase waits to be paid.
OPEN_FOR = timedelta(minutes=30)
Kind = Literal["package", "ladder"]


@dataclass(frozen=True, slots=True)
class Payer:
    """How she wants to pay: a page of the provider's, if she does not say."""

    channel: Channel | None = None
    return_url: str = ""
    payer: str = ""
    ip: str = ""


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order with its payment, as they stand."""

    order: OrderRow
    payment: Payment | None


class _Rehearsed(Exception):
    """Ends a rehearsal, so that nothing of it stays."""


def begin_purchase(
    *,
    scope: Scope,
    member_id: UUID,
    kind: Kind,
    what: str,
    amount: int,
    key: str,
    now: datetime,
    payer: Payer | None = None,
    account: str | None = None,
) -> Purchase:
    """Begin to buy a package, or stored value by a ladder: it is hers when its payment is paid.

    `amount` is the price she was shown. Asking again for the same gives the payment that waits; asking for something
    else lets the first one go. Raises `price_changed`, what `buy_package` and `top_up` refuse, `no_payment_account`,
    `payment_not_supported`, `idempotency_conflict`.
    """
    brand = ground.brand_of(scope)
    stale: Payment | None = None
    with paying.locked(brand.id, member_id):
        ground.lock(scope, member_id)
        waiting = orders.find_open(brand_id=brand.id, member_id=member_id)
        same = waiting if waiting is not None and _is_same(waiting, kind, what, amount, now) else None
        id_ = same.id if same else new_id()
        first = activities.claim(
            brand_id=brand.id, kind="prepaid_order", key=f"{member_id.hex}:{key}", member_id=member_id,
            subject_id=id_, body=[kind, what, str(amount)],
        )  # fmt: skip
        if first is None and same is None:
            name, terms = _shown(brand, kind, what, amount)
            order = OrderRow(
                member_id,
                id_,
                brand.id,
                kind,
                what,
                amount,
                brand.currency,
                "open",
                terms,
                None,
                None,
                now,
                None,
            )
            _rehearse(brand, order, now)
            if waiting is not None:
                orders.end(member_id=member_id, order_id=waiting.id, state="void", now=now)
                stale = payment_of(waiting)
            orders.add(order)
            made = _ask(scope, brand, order, name, payer or Payer(), account, now)
            orders.set_payment(member_id=member_id, order_id=id_, payment_id=made.id)
    _let_go(scope, stale, now)
    order = orders.get(member_id=member_id, order_id=first or id_)
    payment = payment_of(order)
    if payment is not None and payment.state == "created":
        payment = paying.open_payment(scope=scope, payment=payment, now=now)
    return Purchase(order, payment)


def latest_purchase(*, scope: Scope, member_id: UUID) -> Purchase | None:
    """What she began to buy last: it waits for its payment, is hers, or was let go."""
    order = orders.find_latest(brand_id=scope.brand_id, member_id=member_id)
    return None if order is None else Purchase(order, payment_of(order))


def payment_of(order: OrderRow) -> Payment | None:
    if order.payment_id is None:
        return None
    found = payments.payments_of(member_id=order.member_id, payment_ids=[order.payment_id])
    return found.get(order.payment_id)


def take(change: Change, now: datetime) -> None:
    """Paid: what was ordered is hers, once; the money goes back where that can no longer be. Failed or closed: the
    order is let go."""
    if change.kind not in ("paid", "failed", "closed"):
        return
    payment = change.payment
    order = orders.get(member_id=payment.member_id, order_id=payment.subject_id, lock=True)
    if change.kind != "paid":
        orders.end(member_id=order.member_id, order_id=order.id, state="void", now=now)
        return
    scope = Scope(payment.organisation_id, payment.brand_id, SYSTEM, frozenset())
    if order.state == "open":
        try:
            with transaction.atomic():
                result = _fulfil(ground.brand_of(scope), order, payment.number, now)
                orders.end(
                    member_id=order.member_id, order_id=order.id, state="done", now=now, result_id=result
                )
            return
        except Refusal:
            orders.end(member_id=order.member_id, order_id=order.id, state="void", now=now)
    paying.begin_refund(
        scope=scope, payment=payment, amount=payment.left, reason="order no longer open", key=f"stale:{order.id}",
        now=now,
    )  # fmt: skip


def _shown(brand: Brand, kind: Kind, what: str, amount: int) -> tuple[Text, Mapping[str, Any]]:
    """Its name, and the terms that must be the same when it is paid. Raises `price_changed`, `not_for_sale`."""
    if kind == "package":
        package = prepaid.get_package_terms(brand_id=brand.id, key=what)
        if package.price != amount:
            raise _changed(package.price)
        return package.name, {"sessions": package.sessions, "days": package.days}
    ladder = prepaid.get_ladder(brand_id=brand.id, key=what)
    rung = topups.choose_rung(ladder, amount)
    also = [[grant.unit or grant.coupon, grant.amount] for grant in rung.grants]
    return ladder.name, {"bonus": rung.bonus, "also": also}


def _rehearse(brand: Brand, order: OrderRow, now: datetime) -> None:
    """Do it and take it all back: she is told now of what would refuse it once she has paid."""
    try:
        with transaction.atomic():
            _fulfil(brand, order, "", now)
            raise _Rehearsed
    except _Rehearsed:
        return


def _fulfil(brand: Brand, order: OrderRow, reference: str, now: datetime) -> UUID:
    """What was ordered, on the terms that were shown. Raises what refuses it."""
    _, terms = _shown(brand, order.kind, order.key, order.amount)
    if dict(terms) != dict(order.terms):
        raise _changed(order.amount)
    scope = Scope(brand.organisation_id, brand.id, SYSTEM, frozenset())
    key = f"order:{order.id}"
    if order.kind == "package":
        return buy_package(
            scope=scope, member_id=order.member_id, package=order.key, method="online", key=key, now=now,
            reference=reference,
        ).id  # fmt: skip
    return top_up(
        scope=scope, member_id=order.member_id, ladder=order.key, amount=order.amount, method="online", key=key,
        now=now, reference=reference,
    ).id  # fmt: skip


def _ask(
    scope: Scope, brand: Brand, order: OrderRow, name: Text, payer: Payer, account: str | None, now: datetime
) -> Payment:
    target = payments.default_account(brand_id=brand.id, key=account)
    channels: list[Channel] = [
        one for one in payments.provider_of(code=target.provider).channels if one != "agreement"
    ]
    page = next((one for one in ("page", "h5", "native") if one in channels), channels[0])
    return payments.add_payment(
        scope=scope,
        account=target,
        given=NewPayment(
            member_id=order.member_id,
            subject_type=SUBJECT,
            subject_id=order.id,
            amount=order.amount,
            currency=order.currency,
            description=f"{brand.name.zh} {name.zh}",
            channel=payer.channel or page,
            expires_at=now + OPEN_FOR,
            return_url=payer.return_url,
            payer=payer.payer,
            payer_ip=payer.ip,
        ),
        now=now,
    )


def _is_same(waiting: OrderRow, kind: Kind, what: str, amount: int, now: datetime) -> bool:
    """Whether what waits is what she asks for, and can still be paid."""
    if (waiting.kind, waiting.key, waiting.amount) != (kind, what, amount):
        return False
    payment = payment_of(waiting)
    return payment is not None and payment.state in OPEN and now < payment.expires_at


def _let_go(scope: Scope, payment: Payment | None, now: datetime) -> None:
    """Close the payment of an order that was let go. What cannot be closed now expires; what is paid after all goes
    back."""
    if payment is not None and payment.state in OPEN and not scope.test_mode:
        try:
            paying.close(payment=payment, now=now)
        except Refusal:
            return


def _changed(price: int) -> Refusal:
    return Refusal(
        "price_changed",
        Text("价格或内容已变更，请重新确认", "The price or what it gives has changed; please look again"),
        status=409,
        data={"price": price},
    )


paying.takes(SUBJECT, take)
