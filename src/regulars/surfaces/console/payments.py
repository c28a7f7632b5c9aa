"""Payments in the console: the list, one with what its provider called back, refunds; the brand's accounts."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from regulars.facts.members import api as members
from regulars.flows import payments as paying
from regulars.kit import clock
from regulars.kit.errors import Refusal, not_found
from regulars.kit.text import Language, Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.platform.payments import api as payments
from regulars.platform.payments.types import CHANNELS, NOTICE_RESULTS, PAYMENT, Account, Payment
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console import pictures
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, member_id_of, needs, uuid_of
from regulars.surfaces.console.shapes.members import KeyIn
from regulars.surfaces.console.shapes.plans import (
    AccountIn,
    AccountOut,
    CheckedOut,
    NoticeOut,
    PaymentOut,
    ProviderOut,
    RefundIn,
    SettingOut,
)
from regulars.surfaces.console.shapes.shared import ChoiceOut, PageOut, TextIO
from regulars.surfaces.plan_views import payment_view

router = Router(tags=["Payments"])


@router.get("/payments", response=PageOut[PaymentOut], **needs("payments.read"))
def list_payments(
    request: HttpRequest,
    state: Annotated[str | None, Query(max_length=20)] = None,
    provider: Annotated[str | None, Query(max_length=40)] = None,
    member: Annotated[str | None, Query(max_length=64)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """The brand's payments, newest first; `member` is a code."""
    scope, said = scope_of(request), language(request)
    page = payments.list_payments(
        scope=scope,
        member_id=member_id_of(scope, member) if member else None,
        state=state or None,
        provider=provider or None,
        cursor=cursor,
        limit=limit,
    )
    people = members.names_of(scope=scope, member_ids={one.member_id for one in page.items})
    names = _names()

    def out(payment: Payment) -> PaymentOut:
        code, name = people.get(payment.member_id, ("", ""))
        return PaymentOut(code=code, name=name, payment=payment_view(payment, names, said))

    return PageOut[PaymentOut](items=[out(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/payments/{payment_id}", response=PaymentOut, **needs("payments.read"))
def get_payment(request: HttpRequest, payment_id: Code) -> Any:
    """One payment with its refunds and every callback about it."""
    scope = scope_of(request)
    return _one(scope, _found(scope, payment_id), language(request))


@router.get("/payments/{payment_id}/qr.svg", include_in_schema=False, **needs("payments.read"))
def get_payment_qr(request: HttpRequest, payment_id: Code) -> HttpResponse:
    """What the member scans to pay, as a QR code. 404 when there is nothing to scan any more."""
    found = _found(scope_of(request), payment_id)
    if not found.action.url or found.state not in ("created", "pending"):
        raise not_found(PAYMENT)
    return pictures.qr(found.action.url, name=f"{found.number}.svg")


@router.post("/payments/{payment_id}/check", response=PaymentOut, **needs("payments.refund"))
def check_payment(request: HttpRequest, payment_id: Code) -> Any:
    """Ask the provider how it stands, and believe it. 502 when it does not answer."""
    scope = scope_of(request)
    found = paying.check(payment=_found(scope, payment_id), now=clock.now())
    return _one(scope, found, language(request))


@router.post("/payments/{payment_id}/close", response=PaymentOut, **needs("payments.refund"))
def close_payment(request: HttpRequest, payment_id: Code, given: KeyIn) -> Any:
    """Take no more money for it. It may turn out to be paid: see its state."""
    scope, now = scope_of(request), clock.now()
    found = _found(scope, payment_id)
    after = paying.close(payment=found, now=now)
    if after.state != found.state:
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="payment.close",
            subject_type="payment",
            subject_id=found.id,
            before={"state": found.state},
            after={"state": after.state},
            now=now,
        )
    return _one(scope, after, language(request))


@router.post("/payments/{payment_id}/refunds", response=PaymentOut, **needs("payments.refund"))
def refund_payment(request: HttpRequest, payment_id: Code, given: RefundIn) -> Any:
    """Pay some of it back; what it paid for stays as it is."""
    scope = scope_of(request)
    after, _ = paying.refund(
        scope=scope,
        payment=_found(scope, payment_id),
        amount=given.amount,
        reason=given.reason,
        key=given.key,
        now=clock.now(),
    )
    return _one(scope, after, language(request))


@router.get("/payment-providers", response=list[ProviderOut], **needs("payments.manage"))
def list_providers(request: HttpRequest) -> Any:
    """Every provider that is installed, with its settings form."""
    said = language(request)
    return [
        ProviderOut(
            code=one.code,
            name=one.name.in_language(said),
            settings=[
                SettingOut(
                    key=field.key,
                    name=field.name.in_language(said),
                    help=field.help.in_language(said),
                    secret=field.secret,
                    required=field.required,
                    multiline=field.multiline,
                    choices=[
                        ChoiceOut(value=value, label=label.in_language(said))
                        for value, label in field.choices
                    ],
                )
                for field in one.settings
            ],
            channels=[ChoiceOut(value=c, label=CHANNELS[c].in_language(said)) for c in one.channels],
            currencies=sorted(one.currencies),
            can_charge=one.can_charge,
        )
        for one in payments.list_providers()
    ]


@router.get("/payment-accounts", response=list[AccountOut], **needs("payments.manage"))
def list_accounts(request: HttpRequest) -> Any:
    """The brand's accounts. Secrets are never shown, only that they are set."""
    said = language(request)
    return [_account(one, said) for one in payments.list_accounts(scope=scope_of(request))]


@router.put("/payment-accounts/{key}", response=AccountOut, **needs("payments.manage"))
def put_account(request: HttpRequest, key: Code, given: AccountIn) -> Any:
    """Make an account or change it."""
    made = payments.put_account(
        scope=scope_of(request),
        key=key,
        provider=given.provider,
        name=given.name.to_text(),
        values=given.settings,
        is_default=given.is_default,
        state=given.state,
        now=clock.now(),
    )
    return _account(made, language(request))


@router.post("/payment-accounts/{key}/check", response=CheckedOut, **needs("payments.manage"))
def check_account(request: HttpRequest, key: Code) -> Any:
    """Ask the provider something harmless: do the settings work?"""
    try:
        payments.check_account(scope=scope_of(request), key=key, now=clock.now())
    except Refusal as refusal:
        if refusal.code != "payment_provider":
            raise
        said = refusal.message.in_language(language(request))
        return CheckedOut(works=False, message=f"{said} {refusal.data['message']}".strip())
    return CheckedOut(works=True)


def _found(scope: Scope, text: str) -> Payment:
    payment_id: UUID = uuid_of(text, PAYMENT)
    member_id = payments.locate(scope=scope, payment_id=payment_id)
    return payments.get_payment(scope=scope, member_id=member_id, payment_id=payment_id)


def _one(scope: Scope, payment: Payment, said: Language) -> PaymentOut:
    people = members.names_of(scope=scope, member_ids=[payment.member_id])
    code, name = people.get(payment.member_id, ("", ""))
    refunds = payments.list_refunds(member_id=payment.member_id, payment_ids=[payment.id])
    return PaymentOut(
        code=code,
        name=name,
        payment=payment_view(payment, _names(), said, refunds),
        notices=[
            NoticeOut(
                id=one.id,
                notice_id=one.notice_id,
                result=one.result,
                result_name=NOTICE_RESULTS[one.result].in_language(said),
                detail=one.detail,
                headers=dict(one.headers),
                body=one.body,
                at=one.received_at,
            )
            for one in payments.list_notices(scope=scope, payment=payment)
        ],
    )


def _account(account: Account, said: Language) -> AccountOut:
    return AccountOut(
        key=account.key,
        provider=account.provider,
        provider_name=_names()
        .get(account.provider, Text(account.provider, account.provider))
        .in_language(said),
        name=TextIO.of(account.name),
        state=account.state,
        settings=dict(account.settings),
        secrets_set=list(account.secrets),
        is_default=account.is_default,
        simulated=account.provider == "simulator",
        notice_url=payments.notify_url(account.id, account.provider),
        created_at=account.created_at,
        updated_at=account.updated_at,
    )


def _names() -> dict[str, Text]:
    return {one.code: one.name for one in payments.list_providers()}
