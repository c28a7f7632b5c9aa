"""Every query of payments, refunds, accounts and notices, and what is sealed in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from regulars.kit.errors import not_found
from regulars.kit.text import Text
from regulars.platform.payments import models
from regulars.platform.payments.types import (
    PAYMENT,
    Account,
    Action,
    NoticeRow,
    Payment,
    Refund,
)
from regulars.platform.privacy import api as privacy


def seal(values: Mapping[str, Any], *, table: str, owner: UUID) -> bytes:
    return privacy.encrypt(text=json.dumps(values), table=table, field="sealed", owner=owner)


def unseal(sealed: bytes | memoryview, *, table: str, owner: UUID) -> dict[str, Any]:
    opened = privacy.decrypt(sealed=sealed, table=table, field="sealed", owner=owner)
    found: dict[str, Any] = json.loads(opened)
    return found


# -- accounts ------------------------------------------------------------------------------------------------------


def account_of(row: models.PaymentAccount) -> Account:
    return Account(
        id=row.id,
        organisation_id=row.organisation_id,
        brand_id=row.brand_id,
        key=row.key,
        provider=row.provider,
        name=Text.from_json(row.name),
        state="paused" if row.state == "paused" else "active",
        settings=dict(row.settings),
        secrets=tuple(row.secret_keys),
        is_default=row.is_default,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def values_of(row: models.PaymentAccount) -> dict[str, str]:
    """Settings and opened secrets together: for the provider, and for nobody else."""
    return {**row.settings, **unseal(row.secrets, table="payment_account", owner=row.id)}


# -- payments ------------------------------------------------------------------------------------------------------


def payment_of(row: models.Payment) -> Payment:
    action = row.action or {}
    return Payment(
        id=row.id,
        member_id=row.member_id,
        organisation_id=row.organisation_id,
        brand_id=row.brand_id,
        account_id=row.account_id,
        provider=row.provider,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        amount=row.amount,
        currency=row.currency,
        state=row.state,  # type: ignore[arg-type]
        refunded=row.refunded,
        refunding=row.refunding,
        description=row.description,
        channel=row.channel,  # type: ignore[arg-type]
        action=Action(action.get("kind", "none"), action.get("url", ""), dict(action.get("values", {}))),
        return_url=row.return_url,
        payer_ip="",
        reference=row.reference,
        code=row.code,
        attempts=row.attempts,
        created_at=row.created_at,
        expires_at=row.expires_at,
        paid_at=row.paid_at,
        ended_at=row.ended_at,
        has_agreement=row.channel == "agreement",
    )


def rows_of(*, brand_id: UUID | None, member_id: UUID) -> QuerySet[models.Payment]:
    rows = models.Payment.objects.filter(member_id=member_id)
    return rows if brand_id is None else rows.filter(brand_id=brand_id)


def read_payment(*, member_id: UUID, payment_id: UUID, lock: bool = False) -> models.Payment:
    """Raises `not_found`."""
    rows = models.Payment.objects.filter(member_id=member_id, id=payment_id)
    row = (rows.select_for_update(no_key=True) if lock else rows).first()
    if row is None:
        raise not_found(PAYMENT)
    return row


def find_key(number: str) -> models.PaymentKey | None:
    """Whose payment or refund a number is."""
    try:
        id_ = UUID(hex=number)
    except ValueError:
        return None
    return models.PaymentKey.objects.filter(id=id_).first()


def save(row: models.Payment, *fields: str) -> None:
    """Write some columns of a locked payment."""
    models.Payment.objects.filter(member_id=row.member_id, id=row.id).update(
        **{field: getattr(row, field) for field in fields}
    )


# -- refunds -------------------------------------------------------------------------------------------------------


def refund_of(row: models.PaymentRefund) -> Refund:
    return Refund(
        id=row.id,
        member_id=row.member_id,
        payment_id=row.payment_id,
        amount=row.amount,
        currency=row.currency,
        state=row.state,  # type: ignore[arg-type]
        reason=row.reason,
        reference=row.reference,
        code=row.code,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def read_refund(*, member_id: UUID, refund_id: UUID, lock: bool = False) -> models.PaymentRefund:
    """Raises `not_found`."""
    rows = models.PaymentRefund.objects.filter(member_id=member_id, id=refund_id)
    row = (rows.select_for_update(no_key=True) if lock else rows).first()
    if row is None:
        raise not_found(Text("退款", "Refund"))
    return row


def refunds_of(*, member_id: UUID, payment_ids: Sequence[UUID]) -> list[Refund]:
    rows = models.PaymentRefund.objects.filter(member_id=member_id, payment_id__in=payment_ids).order_by("id")
    return [refund_of(row) for row in rows]


# -- notices -------------------------------------------------------------------------------------------------------

_NOTICE = """
    INSERT INTO payment_notice
      (id, account_id, brand_id, payment_id, notice_id, result, detail, headers, body, received_at)
    VALUES (%(id)s, %(account)s, %(brand)s, %(payment)s, %(notice)s, %(result)s, %(detail)s, %(headers)s, %(body)s,
            %(now)s)
    ON CONFLICT (account_id, notice_id) WHERE result = 'accepted' DO NOTHING
    RETURNING id
"""


def add_notice(
    *,
    id_: UUID,
    account: Account,
    payment_id: UUID | None,
    notice_id: str,
    result: str,
    detail: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> bool:
    """Keep a callback; False if one of that id was accepted before and this one claims to be accepted as well."""
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTICE,
            {
                "id": id_,
                "account": account.id,
                "brand": account.brand_id,
                "payment": payment_id,
                "notice": notice_id[:200],
                "result": result,
                "detail": detail[:500],
                "headers": json.dumps(dict(headers)),
                "body": privacy.encrypt(
                    text=body.decode("utf-8", "replace"), table="payment_notice", field="body", owner=id_
                ),
                "now": now,
            },
        )
        return cursor.fetchone() is not None


def notice_of(row: models.PaymentNotice, *, provider: str, clear: bool) -> NoticeRow:
    body = ""
    if clear:
        body = privacy.decrypt(sealed=row.body, table="payment_notice", field="body", owner=row.id)
    return NoticeRow(
        id=row.id,
        account_id=row.account_id,
        provider=provider,
        payment_id=row.payment_id,
        notice_id=row.notice_id,
        result=row.result,  # type: ignore[arg-type]
        detail=row.detail,
        headers=dict(row.headers),
        body=body,
        received_at=row.received_at,
    )
