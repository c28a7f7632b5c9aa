"""The cash part of an order: its payment is made with the order, and what becomes of it becomes of the order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from regulars.flows import payments as money
from regulars.flows.mall import giving, telling
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Scope
from regulars.platform.payments import api as payments
from regulars.platform.payments.types import OPEN, Change, Channel, NewPayment, Payment
from regulars.value.rewards import api as rewards
from regulars.value.rewards.types import Redemption

SUBJECT = "redemption"


@dataclass(frozen=True, slots=True)
class Payer:
    """How she wants to pay: the provider's first channel, if she does not say."""

    channel: Channel | None = None
    return_url: str = ""
    payer: str = ""
    ip: str = ""


def ask(scope: Scope, order: Redemption, payer: Payer, now: datetime) -> Redemption:
    """The payment of an order, to be opened after the commit. Raises `no_payment_account` (409)."""
    account = payments.default_account(brand_id=scope.brand_id)
    provider = payments.provider_of(code=account.provider)
    brand = organisations.get_brand(brand_id=scope.brand_id)
    first: Channel = next(one for one in provider.channels if one != "agreement")
    made = payments.add_payment(
        scope=scope,
        account=account,
        given=NewPayment(
            member_id=order.member_id,
            subject_type=SUBJECT,
            subject_id=order.id,
            amount=order.cash,
            currency=brand.currency,
            description=order.name.zh,
            channel=first if payer.channel is None else payer.channel,
            expires_at=order.pay_by or now,
            return_url=payer.return_url,
            payer=payer.payer,
            payer_ip=payer.ip,
        ),
        now=now,
    )
    return replace(order, payment_id=made.id)


def payment_of(order: Redemption) -> Payment | None:
    """The payment of an order, as it stands."""
    if order.payment_id is None:
        return None
    return payments.payments_of(member_id=order.member_id, payment_ids=[order.payment_id]).get(
        order.payment_id
    )


def opened(scope: Scope, order: Redemption, now: datetime) -> Payment | None:
    """Its payment with what the payer has to do, known to the provider. After the commit."""
    payment = payment_of(order)
    if payment is None or order.state != "awaiting_payment":
        return payment
    return money.open_payment(scope=scope, payment=payment, now=now)


def let_go(scope: Scope, order: Redemption, now: datetime) -> None:
    """Take no more money for an order that has ended. What cannot be closed now expires; what is paid after all goes
    back. After the commit."""
    payment = payment_of(order)
    if payment is None or payment.state not in OPEN or scope.test_mode:
        return
    try:
        money.close(payment=payment, now=now)
    except Refusal:
        return


def pay_back(scope: Scope, order: Redemption, reason: str, now: datetime) -> None:
    """Begin to pay the cash part back, in the caller's transaction; due work sends it to the provider."""
    payment = payment_of(order) if order.paid_at is not None else None
    if payment is not None and payment.left > 0:
        money.begin_refund(
            scope=scope,
            payment=payment,
            amount=payment.left,
            reason=reason or "cancelled",
            key=f"mall:{order.id}",
            now=now,
        )


def take(change: Change, now: datetime) -> None:
    """Paid: what is held is spent and what is given at once is given; the money goes back where that can no longer be.
    A payment that failed leaves the order waiting for another one until its time is over."""
    if change.kind != "paid":
        return
    payment = change.payment
    scope = Scope(payment.organisation_id, payment.brand_id, SYSTEM, frozenset())
    try:
        with transaction.atomic():
            order = rewards.get_order(
                scope=scope, member_id=payment.member_id, redemption_id=payment.subject_id, lock=True
            )
            paid = giving.spend(scope, order, payment.id, now)
            rewards.save_order(order=paid)
            telling.announce(scope, paid, "redemption.paid", now)
            giving.give_at_once(scope, paid, now)
    except Refusal:
        money.begin_refund(
            scope=scope,
            payment=payment,
            amount=payment.left,
            reason="order no longer open",
            key=f"stale:{payment.id}",
            now=now,
        )


money.takes(SUBJECT, take)
