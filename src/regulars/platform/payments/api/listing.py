"""Payments as staff, integrations and members read them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from regulars.kit import paging
from regulars.kit.errors import not_found
from regulars.kit.paging import Page
from regulars.platform.organisations.types import Scope
from regulars.platform.payments import models, store
from regulars.platform.payments.types import PAYMENT, NoticeRow, Payment, Refund


def locate(*, scope: Scope, payment_id: UUID) -> UUID:
    """Whose payment of the scope's brand an id is. Raises `not_found`."""
    key = models.PaymentKey.objects.filter(
        id=payment_id, payment_id=payment_id, brand_id=scope.brand_id
    ).first()
    if key is None:
        raise not_found(PAYMENT)
    return key.member_id


def find_member(*, number: str) -> UUID | None:
    """Whose payment or refund a provider's number is."""
    key = store.find_key(number)
    return None if key is None else key.member_id


def get_payment(*, scope: Scope, member_id: UUID, payment_id: UUID) -> Payment:
    """A payment of the scope's brand. Raises `not_found`."""
    row = store.rows_of(brand_id=scope.brand_id, member_id=member_id).filter(id=payment_id).first()
    if row is None:
        raise not_found(PAYMENT)
    return store.payment_of(row)


def payments_of(*, member_id: UUID, payment_ids: Sequence[UUID]) -> dict[UUID, Payment]:
    """These payments of a member by id."""
    rows = store.rows_of(brand_id=None, member_id=member_id).filter(id__in=list(payment_ids))
    return {row.id: store.payment_of(row) for row in rows}


def list_payments(
    *,
    scope: Scope,
    member_id: UUID | None = None,
    state: str | None = None,
    provider: str | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[Payment]:
    """The brand's payments, newest first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    rows = models.Payment.objects.filter(brand_id=scope.brand_id).order_by("-id")
    if member_id is not None:
        rows = rows.filter(member_id=member_id)
    if state is not None:
        rows = rows.filter(state=state)
    if provider is not None:
        rows = rows.filter(provider=provider)
    after = paging.decode_id(cursor)
    if after is not None:
        rows = rows.filter(id__lt=after)
    found = [store.payment_of(row) for row in rows[: limit + 1]]
    return paging.cut(found, limit, lambda payment: [payment.id])


def list_refunds(*, member_id: UUID, payment_ids: Sequence[UUID]) -> list[Refund]:
    """The refunds of these payments, oldest first."""
    return store.refunds_of(member_id=member_id, payment_ids=payment_ids)


def list_notices(*, scope: Scope, payment: Payment, limit: int = 100) -> list[NoticeRow]:
    """What the provider called back with about a payment, oldest first; bodies for `payments.manage` only."""
    rows = models.PaymentNotice.objects.filter(brand_id=scope.brand_id, payment_id=payment.id).order_by("id")
    clear = scope.allows("payments.manage")
    return [store.notice_of(row, provider=payment.provider, clear=clear) for row in rows[:limit]]
