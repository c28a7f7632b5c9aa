"""Payments and what they are for: what a provider says of a payment is written together with what it means.

A flow that sells something says once, by `takes(subject_type, taker)`, what is to happen when a payment of its kind is
paid, fails, is closed or paid back; the taker runs in the transaction that writes the payment, under the lock of the
payer's membership. Providers are asked between transactions, never inside one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.members import states
from regulars.kit.errors import not_found
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.platform.payments import api as payments
from regulars.platform.payments.types import (
    ACCOUNT,
    OPEN,
    BadNotice,
    Change,
    NoticeAnswer,
    Payment,
    PaymentStatus,
    ProviderError,
    RawNotice,
    Refund,
)

Taker = Callable[[Change, datetime], None]
BATCH = 50
_takers: dict[str, Taker] = {}


def takes(subject_type: str, taker: Taker) -> None:
    """Have `taker` told what happens to payments for such subjects. It may write, and must not refuse."""
    _takers[subject_type] = taker


@contextlib.contextmanager
def locked(brand_id: UUID, *member_ids: UUID) -> Iterator[Any]:
    """A transaction that holds these members' memberships, the lock that comes before all of a member's others."""
    with transaction.atomic(), connection.cursor() as cursor:
        states.lock(cursor, brand_id=brand_id, member_ids=sorted(set(member_ids)))
        yield cursor


def open_payment(*, scope: Scope, payment: Payment, now: datetime) -> Payment:
    """Have the provider know of a payment that was just made; gives it with what the payer has to do.

    A provider that cannot be reached is asked again by due work. In test mode no provider is asked.
    """
    if scope.test_mode or payment.state != "created":
        return payment
    return _open(payment, now)


def take_notice(*, provider: str, account_id: UUID, raw: RawNotice, now: datetime) -> NoticeAnswer:
    """A provider calls back. Believed once, whatever comes how often; gives what the provider wants to hear.

    Raises `not_found` for an address that is none, `payment_provider` (502) when the account's settings do not work.
    """
    account = payments.find_account(account_id=account_id)
    if account is None or account.provider != provider:
        raise not_found(ACCOUNT)
    try:
        read = payments.read_notice(account=account, raw=raw, now=now)
        if isinstance(read, BadNotice):
            return payments.refuse_notice(account=account, raw=raw, bad=read, now=now).answer
        member_id = payments.find_member(number=read.refund_number or read.number)
        with locked(account.brand_id, *([member_id] if member_id else [])):
            delivery = payments.take_notice(account=account, raw=raw, read=read, member_id=member_id, now=now)
            _tell(delivery.change, now)
    except ProviderError as error:
        raise payments.provider_refusal(payments.provider_of(code=provider), error) from error
    return delivery.answer


def call_back_here(*, account_id: UUID, now: datetime) -> int:
    """Have what the simulated provider calls back for an account taken by the door that it would come to, while there
    is no web server; gives how many callbacks there were.
    """

    def taken(url: str, headers: Mapping[str, str], body: bytes) -> int:
        raw = RawNotice({name.lower(): value for name, value in headers.items()}, body)
        return take_notice(provider="simulator", account_id=account_id, raw=raw, now=now).status

    return payments.run_simulator(now=now, account_id=account_id, post=taken)


def check(*, payment: Payment, now: datetime) -> Payment:
    """Ask the provider how a payment stands, and believe it. Raises `payment_provider` (502)."""
    try:
        if payment.state == "created":
            return _open(payment, now)
        return _note(payment, payments.ask_status(payment=payment, now=now), now)
    except ProviderError as error:
        raise payments.provider_refusal(payments.provider_of(code=payment.provider), error) from error


def close(*, payment: Payment, now: datetime) -> Payment:
    """Take no more money for a payment. If it was paid meanwhile, it is paid: see the state of what is given.

    Raises `payment_provider` (502).
    """
    if payment.state not in OPEN:
        return payment
    try:
        return _note(payment, payments.ask_close(payment=payment, now=now), now)
    except ProviderError as error:
        raise payments.provider_refusal(payments.provider_of(code=payment.provider), error) from error


def refund(
    *, scope: Scope, payment: Payment, amount: int, reason: str, key: str, now: datetime
) -> tuple[Payment, Refund]:
    """Pay some of a payment back. Raises `not_refundable`, `idempotency_conflict` (409)."""
    with locked(payment.brand_id, payment.member_id):
        made, new = begin_refund(scope=scope, payment=payment, amount=amount, reason=reason, key=key, now=now)
    if new and not scope.test_mode:
        send_refund(payment=payment, refund=made, now=now)
    after = payments.get_payment(scope=scope, member_id=payment.member_id, payment_id=payment.id)
    (found,) = [
        one
        for one in payments.list_refunds(member_id=payment.member_id, payment_ids=[payment.id])
        if one.id == made.id
    ]
    return after, found


def begin_refund(
    *, scope: Scope, payment: Payment, amount: int, reason: str, key: str, now: datetime
) -> tuple[Refund, bool]:
    """Set the money aside in the caller's transaction, audited; `send_refund` after the commit. Due work sends what
    nobody did."""
    made, new = payments.add_refund(
        scope=scope, payment=payment, amount=amount, reason=reason, key=key, now=now
    )
    if new:
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=payment.brand_id,
            actor=scope.actor,
            action="payment.refund",
            subject_type="payment",
            subject_id=payment.id,
            after={"amount": amount, "currency": payment.currency, "reason": reason},
            now=now,
        )
    return made, new


def send_refund(*, payment: Payment, refund: Refund, now: datetime) -> None:
    """Ask the provider for a refund that was begun; what it says is written, silence is for due work."""
    told: Any
    try:
        told = payments.ask_refund(payment=payment, refund=refund, now=now)
    except ProviderError as error:
        told = error
    with locked(payment.brand_id, payment.member_id):
        _tell(payments.note_refund(member_id=refund.member_id, refund_id=refund.id, told=told, now=now), now)


def settle_due(now: datetime) -> int:
    """Due work: open what nobody opened, ask after what no notice came for, close what expired, and the same for
    refunds. Gives how many. An account whose provider does not answer is not waited for again in the same run."""
    done, silent = 0, set[UUID]()
    for payment in payments.due_payments(now=now, limit=BATCH):
        done += 1
        if payment.account_id in silent or not _settle(payment, now):
            silent.add(payment.account_id)
            with locked(payment.brand_id, payment.member_id):
                payments.note_silence(member_id=payment.member_id, payment_id=payment.id, now=now)
    for payment, refund_ in payments.due_refunds(now=now, limit=BATCH):
        done += 1
        if payment.account_id not in silent:
            _settle_refund(payment, refund_, now)
    return done


def _settle(payment: Payment, now: datetime) -> bool:
    """Open it, ask after it, or, when its time is over, close it: at the provider first. False: it did not answer."""
    try:
        if payment.state not in OPEN:
            _note(payment, PaymentStatus("unknown"), now)
        elif now >= payment.expires_at + payments.EXPIRY_GRACE:
            _note(payment, payments.ask_close(payment=payment, now=now), now)
        elif payment.state == "created":
            return _open(payment, now).code != "unreachable"
        else:
            _note(payment, payments.ask_status(payment=payment, now=now), now)
    except ProviderError:
        return False
    return True


def _settle_refund(payment: Payment, refund_: Refund, now: datetime) -> None:
    told: Any
    try:
        told = payments.ask_refund_status(payment=payment, refund=refund_, now=now)
        if told.state == "unknown":
            told = payments.ask_refund(payment=payment, refund=refund_, now=now)
    except ProviderError as error:
        told = error
    with locked(payment.brand_id, payment.member_id):
        _tell(
            payments.note_refund(member_id=refund_.member_id, refund_id=refund_.id, told=told, now=now), now
        )


def _open(payment: Payment, now: datetime) -> Payment:
    opened: Any
    try:
        opened = payments.ask_open(payment=payment, now=now)
    except ProviderError as error:
        opened = error
    with locked(payment.brand_id, payment.member_id):
        after, change = payments.note_opened(
            member_id=payment.member_id, payment_id=payment.id, opened=opened, now=now
        )
        _tell(change, now)
    return after


def _note(payment: Payment, status: PaymentStatus, now: datetime) -> Payment:
    with locked(payment.brand_id, payment.member_id):
        _, change = payments.note_status(
            member_id=payment.member_id, payment_id=payment.id, status=status, now=now
        )
        _tell(change, now)
    found = payments.payments_of(member_id=payment.member_id, payment_ids=[payment.id])
    return found[payment.id]


def _tell(change: Change | None, now: datetime) -> None:
    if change is not None:
        _takers[change.payment.subject_type](change, now)
