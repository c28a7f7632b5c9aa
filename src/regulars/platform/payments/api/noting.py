"""What becomes of payments: added, opened, paid, failed, closed, paid back. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.kit.errors import ErrorList, conflict
from regulars.kit.ids import new_id
from regulars.platform.due import api as due
from regulars.platform.organisations.types import Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.platform.payments import models, policy, registry, store
from regulars.platform.payments.api.asking import answer_of
from regulars.platform.payments.types import (
    OPEN,
    Account,
    BadNotice,
    Change,
    Delivery,
    NewPayment,
    NoticeResult,
    Opened,
    Payment,
    PaymentStatus,
    ProviderError,
    RawNotice,
    ReadNotice,
    Refund,
    RefundState,
)

# A payment that nobody has opened after this long is opened by due work, in case whoever made it died.
_OPEN_AFTER = timedelta(seconds=20)
_LEASE = timedelta(seconds=60)
_KEPT_HEADERS = ("content-type", "user-agent", "wechatpay-", "x-simulator-", "x-")
_NOT_KEPT = ("authorization", "cookie", "forwarded")


def add_payment(*, scope: Scope, account: Account, given: NewPayment, now: datetime) -> Payment:
    """A payment in state `created`, to be opened after the commit; due work opens what nobody does.

    Raises `payment_not_supported` for a channel or currency that the provider does not take.
    """
    provider = registry.get(account.provider)
    errors = ErrorList()
    if not 0 < given.amount <= policy.MOST:
        errors.add("amount", "out_of_range", "金额须大于 0", "The amount must be above 0")
    policy.check_return_url(errors, given.return_url)
    errors.refuse()
    if given.channel not in provider.channels:
        raise policy.not_supported(given.channel, provider)
    if provider.currencies and given.currency not in provider.currencies:
        raise policy.not_supported(given.currency, provider)
    id_ = new_id()
    row = models.Payment(
        member_id=given.member_id,
        id=id_,
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        account_id=account.id,
        provider=account.provider,
        subject_type=given.subject_type,
        subject_id=given.subject_id,
        amount=given.amount,
        currency=given.currency,
        state="created",
        description=given.description[:120],
        channel=given.channel,
        return_url=given.return_url,
        sealed=store.seal(
            {"payer": given.payer, "ip": given.payer_ip, "agreement": given.agreement},
            table="payment",
            owner=id_,
        ),
        created_at=now,
        expires_at=given.expires_at,
        next_check_at=now if given.agreement else now + _OPEN_AFTER,
    )
    models.Payment.objects.bulk_create([row])
    _key(id_, row)
    return store.payment_of(row)


def note_opened(
    *, member_id: UUID, payment_id: UUID, opened: Opened | ProviderError, now: datetime
) -> tuple[Payment, Change | None]:
    """The provider knows a payment, or refused it: then it has failed, unless the same may work later."""
    row = store.read_payment(member_id=member_id, payment_id=payment_id, lock=True)
    if row.state != "created":
        return store.payment_of(row), None
    row.attempts += 1
    row.next_check_at = policy.next_check(row.attempts, now)
    if isinstance(opened, ProviderError):
        if opened.again and now < row.expires_at:
            row.code = opened.code[:100]
            store.save(row, "attempts", "next_check_at", "code")
            return store.payment_of(row), None
        store.save(row, "attempts")
        return _end(row, "failed", opened.code, now)
    row.state, row.code, row.attempts = "pending", "", 0
    row.next_check_at = policy.next_check(0, now)
    row.reference = opened.reference
    row.action = {
        "kind": opened.action.kind,
        "url": opened.action.url,
        "values": dict(opened.action.values),
    }
    store.save(row, "state", "code", "reference", "action", "attempts", "next_check_at")
    return store.payment_of(row), None


def note_status(
    *, member_id: UUID, payment_id: UUID, status: PaymentStatus, now: datetime
) -> tuple[NoticeResult, Change | None]:
    """What a provider says of a payment. A wrong amount or currency changes nothing and is said in the outbox."""
    row = store.read_payment(member_id=member_id, payment_id=payment_id, lock=True)
    result, kind = policy.judge(store.payment_of(row), status)
    if kind is None:
        if result in ("wrong_amount", "wrong_currency"):
            _tell(row, "payment.refused", {"result": result, "told": status.amount}, now)
        if row.state in OPEN:
            row.attempts += 1
            row.next_check_at = policy.next_check(row.attempts, now)
            store.save(row, "attempts", "next_check_at")
        elif row.next_check_at is not None:
            row.next_check_at = None
            store.save(row, "next_check_at")
        return result, None
    if status.reference:
        row.reference = status.reference
        store.save(row, "reference")
    if kind == "paid":
        row.paid_at = status.paid_at or now
        store.save(row, "paid_at")
    _, change = _end(row, kind, status.code, now, status.agreement)
    return result, change


def note_silence(*, member_id: UUID, payment_id: UUID, now: datetime) -> None:
    """The provider could not be asked: later."""
    row = store.read_payment(member_id=member_id, payment_id=payment_id, lock=True)
    if row.state in OPEN:
        row.attempts += 1
        row.next_check_at = policy.next_check(row.attempts, now)
        store.save(row, "attempts", "next_check_at")


def add_refund(
    *, scope: Scope, payment: Payment, amount: int, reason: str, key: str, now: datetime
) -> tuple[Refund, bool]:
    """Set money aside to be paid back, to be asked of the provider after the commit; True if it is new.

    The same key is the same refund. Raises `not_refundable`, `idempotency_conflict` (409).
    """
    row = store.read_payment(member_id=payment.member_id, payment_id=payment.id, lock=True)
    known = models.PaymentRefund.objects.filter(
        member_id=row.member_id, payment_id=row.id, key=key[:200]
    ).first()
    if known is not None:
        if known.amount != amount:
            raise conflict(
                "idempotency_conflict",
                "该幂等键已用于另一个请求",
                "This idempotency key was used for another request",
                key=key,
            )
        return store.refund_of(known), False
    policy.check_refund(store.payment_of(row), amount)
    refund = models.PaymentRefund(
        member_id=row.member_id,
        id=new_id(),
        brand_id=row.brand_id,
        payment_id=row.id,
        amount=amount,
        currency=row.currency,
        state="pending",
        reason=reason[:200],
        key=key[:200],
        created_at=now,
        next_check_at=now + _OPEN_AFTER,
    )
    models.PaymentRefund.objects.bulk_create([refund])
    _key(refund.id, row)
    row.refunding += amount
    row.state = "refunding"
    store.save(row, "refunding", "state")
    return store.refund_of(refund), True


def note_refund(
    *, member_id: UUID, refund_id: UUID, told: RefundState | ProviderError, now: datetime
) -> Change | None:
    """What a provider says of a refund. One that it refuses for good has failed, and the money counts as kept."""
    first = store.read_refund(member_id=member_id, refund_id=refund_id)
    row = store.read_payment(member_id=member_id, payment_id=first.payment_id, lock=True)
    refund = store.read_refund(member_id=member_id, refund_id=refund_id, lock=True)
    if refund.state != "pending":
        return None
    rows = models.PaymentRefund.objects.filter(member_id=member_id, id=refund_id)
    if isinstance(told, ProviderError):
        told = RefundState("pending" if told.again else "failed", code=told.code)
    if told.amount is not None and told.amount != refund.amount and told.state == "succeeded":
        _tell(row, "payment.refused", {"result": "wrong_amount", "told": told.amount}, now)
        told = RefundState("pending", code="wrong_amount")
    if told.state in ("pending", "unknown"):
        # "unknown": the asking may have been lost, so it is made again under the same number
        attempts = refund.attempts + 1
        rows.update(attempts=attempts, code=told.code[:100], next_check_at=policy.next_check(attempts, now))
        return None
    refund.state, refund.ended_at, refund.code = told.state, now, told.code[:100]
    refund.reference = told.reference or refund.reference
    rows.update(
        state=refund.state, ended_at=now, code=refund.code, reference=refund.reference, next_check_at=None
    )
    before = row.state
    row.refunding -= refund.amount
    if told.state == "succeeded":
        row.refunded += refund.amount
    row.state = policy.state_after_refunds(amount=row.amount, refunded=row.refunded, refunding=row.refunding)
    store.save(row, "refunded", "refunding", "state")
    kind = "refunded" if told.state == "succeeded" else "refund_failed"
    _tell(row, f"payment.{kind}", {"refund_id": str(refund.id), "refund": refund.amount}, now)
    return Change(
        store.payment_of(row),
        "refunded" if told.state == "succeeded" else "refund_failed",
        before,  # type: ignore[arg-type]
        refund=store.refund_of(refund),
    )


def take_notice(
    *, account: Account, raw: RawNotice, read: ReadNotice, member_id: UUID | None, now: datetime
) -> Delivery:
    """Believe a callback whose signature was right, once. `member_id` is whose payment its number is (`locate`)."""
    key = store.find_key(read.refund_number or read.number)
    payment_id, change, detail = None, None, ""
    result: NoticeResult = "unknown_payment"
    row = None
    if key is not None and member_id == key.member_id and key.brand_id == account.brand_id:
        row = store.read_payment(member_id=member_id, payment_id=key.payment_id, lock=True)
        if row.account_id != account.id or row.id.hex != read.number.replace("-", "").lower():
            row = None
    if row is not None:
        payment_id = row.id
        accepted = models.PaymentNotice.objects.filter(
            account_id=account.id, notice_id=read.id[:200], result="accepted"
        )
        if accepted.exists():
            result = "duplicate"
        elif read.refund is not None and key is not None:
            change = note_refund(member_id=row.member_id, refund_id=key.id, told=read.refund, now=now)
            result = "accepted" if change else "ignored"
            if read.refund.state == "pending":
                models.PaymentRefund.objects.filter(
                    member_id=row.member_id, id=key.id, state="pending"
                ).update(next_check_at=now)
        elif read.payment is not None:
            result, change = note_status(
                member_id=row.member_id, payment_id=row.id, status=read.payment, now=now
            )
            if result in ("wrong_amount", "wrong_currency"):
                detail = f"{read.payment.amount} {read.payment.currency}".strip()
    _keep(account, raw, payment_id, read.id, result, detail, now)
    return Delivery(answer_of(account, result), result, change)


def refuse_notice(*, account: Account, raw: RawNotice, bad: BadNotice, now: datetime) -> Delivery:
    """Keep a callback that is not believed."""
    _keep(account, raw, None, "", bad.result, str(bad), now)
    return Delivery(answer_of(account, bad.result), bad.result)


def due_payments(*, now: datetime, limit: int) -> list[Payment]:
    """Payments whose provider should be asked now, taken for a minute so that two workers share them."""
    keys = due.claim(
        table="payment",
        key=["member_id", "id"],
        now=now,
        limit=limit,
        due="next_check_at",
        lease_seconds=_LEASE.total_seconds(),
    )
    return [store.payment_of(store.read_payment(member_id=m, payment_id=p)) for m, p in sorted(keys)]


def due_refunds(*, now: datetime, limit: int) -> list[tuple[Payment, Refund]]:
    """Refunds whose provider should be asked now, taken for a minute."""
    keys = due.claim(
        table="payment_refund",
        key=["member_id", "id"],
        now=now,
        limit=limit,
        due="next_check_at",
        lease_seconds=_LEASE.total_seconds(),
    )
    found = []
    for member_id, refund_id in sorted(keys):
        refund = store.read_refund(member_id=member_id, refund_id=refund_id)
        payment = store.read_payment(member_id=member_id, payment_id=refund.payment_id)
        found.append((store.payment_of(payment), store.refund_of(refund)))
    return found


def _end(
    row: models.Payment, kind: policy.Kind, code: str, now: datetime, agreement: str = ""
) -> tuple[Payment, Change | None]:
    before = row.state
    row.state, row.code, row.ended_at, row.next_check_at = kind, code[:100], now, None
    store.save(row, "state", "code", "ended_at", "next_check_at")
    _tell(row, f"payment.{kind}", {"code": code} if code else {}, now)
    payment = store.payment_of(row)
    return payment, Change(payment, kind, before, agreement=agreement)  # type: ignore[arg-type]


def _key(id_: UUID, row: models.Payment) -> None:
    models.PaymentKey.objects.bulk_create(
        [models.PaymentKey(id=id_, member_id=row.member_id, brand_id=row.brand_id, payment_id=row.id)]
    )


def _tell(row: models.Payment, topic: str, more: Mapping[str, Any], now: datetime) -> None:
    outbox.append(
        [
            Event(
                id=new_id(),
                organisation_id=row.organisation_id,
                brand_id=row.brand_id,
                topic=topic,
                payload={
                    "payment_id": str(row.id),
                    "subject_type": row.subject_type,
                    "subject_id": str(row.subject_id),
                    "amount": row.amount,
                    "currency": row.currency,
                    "provider": row.provider,
                    "state": row.state,
                    **more,
                },
                occurred_at=now,
                recorded_at=now,
                member_id=row.member_id,
            )
        ]
    )


def _keep(
    account: Account,
    raw: RawNotice,
    payment_id: UUID | None,
    notice_id: str,
    result: NoticeResult,
    detail: str,
    now: datetime,
) -> None:
    headers = {
        name: value[:1000]
        for name, value in raw.headers.items()
        if name.startswith(_KEPT_HEADERS) and not any(word in name for word in _NOT_KEPT)
    }
    store.add_notice(
        id_=new_id(),
        account=account,
        payment_id=payment_id,
        notice_id=notice_id,
        result=result,
        detail=detail,
        headers=headers,
        body=raw.body,
        now=now,
    )
