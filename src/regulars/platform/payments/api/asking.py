"""What is asked of providers. No lock is held meanwhile."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings

from regulars.platform.payments import accounts, registry, store
from regulars.platform.payments.models import PaymentAccount
from regulars.platform.payments.types import (
    Account,
    BadNotice,
    Gateway,
    NoticeAnswer,
    NoticeResult,
    Opened,
    Payment,
    PaymentRequest,
    PaymentStatus,
    Provider,
    RawNotice,
    ReadNotice,
    Refund,
    RefundRequest,
    RefundState,
)


def provider_of(*, code: str) -> Provider:
    """Raises `invalid_input` for one that is not installed."""
    return registry.get(code)


def ask_open(*, payment: Payment, now: datetime) -> Opened:
    """Have the provider know of a payment; asking twice is asking once. Raises `ProviderError`."""
    row = store.read_payment(member_id=payment.member_id, payment_id=payment.id)
    payer = store.unseal(row.sealed, table="payment", owner=row.id)
    own = payment.return_url.startswith("/")
    return _gateway(payment.account_id).create(
        PaymentRequest(
            number=payment.number,
            amount=payment.amount,
            currency=payment.currency,
            description=payment.description,
            channel=payment.channel,
            notify_url=notify_url(payment.account_id, payment.provider),
            expires_at=payment.expires_at,
            return_url=f"{settings.PUBLIC_URL}{payment.return_url}" if own else payment.return_url,
            payer=payer.get("payer", ""),
            payer_ip=payer.get("ip", ""),
            agreement=payer.get("agreement", ""),
        ),
        now=now,
    )


def ask_status(*, payment: Payment, now: datetime) -> PaymentStatus:
    """Raises `ProviderError`."""
    return _gateway(payment.account_id).query(payment.number, now=now)


def ask_close(*, payment: Payment, now: datetime) -> PaymentStatus:
    """Have the provider take no more money for a payment; says `paid` if it was too late. Raises `ProviderError`."""
    return _gateway(payment.account_id).close(payment.number, now=now)


def ask_refund(*, payment: Payment, refund: Refund, now: datetime) -> RefundState:
    """Raises `ProviderError`."""
    return _gateway(payment.account_id).refund(
        RefundRequest(
            number=refund.id.hex,
            payment_number=payment.number,
            payment_reference=payment.reference,
            amount=refund.amount,
            total=payment.amount,
            currency=payment.currency,
            reason=refund.reason,
            notify_url=notify_url(payment.account_id, payment.provider),
        ),
        now=now,
    )


def ask_refund_status(*, payment: Payment, refund: Refund, now: datetime) -> RefundState:
    """Raises `ProviderError`."""
    return _gateway(payment.account_id).query_refund(refund.id.hex, payment.number, now=now)


def read_notice(*, account: Account, raw: RawNotice, now: datetime) -> ReadNotice | BadNotice:
    """What a callback says, if its signature is right."""
    try:
        return accounts.connect(account).verify_notice(raw, now=now)
    except BadNotice as bad:
        return bad


def answer_of(account: Account, result: NoticeResult) -> NoticeAnswer:
    return accounts.connect(account).answer(result)


def notify_url(account_id: UUID, provider: str) -> str:
    """Where a provider calls back."""
    return f"{settings.PUBLIC_URL}/pay/notice/{provider}/{account_id}"


def _gateway(account_id: UUID) -> Gateway:
    return accounts.connect(store.account_of(PaymentAccount.objects.get(id=account_id)))
