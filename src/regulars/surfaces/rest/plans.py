"""Paid membership: plans, members' subscriptions, and the payments for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from regulars.flows import payments as paying
from regulars.flows.plans import api as plan_flow
from regulars.flows.plans.types import Outcome
from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.platform.payments import api as payments
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.plan_shapes import (
    BuyGiven,
    ChangeGiven,
    LeaveGiven,
    OutcomeOut,
    PaymentOut,
    PeriodName,
    PeriodOut,
    PlanGiven,
    PlanOut,
    PlanStateGiven,
    RefundGiven,
    RenewalGiven,
    SavingsOut,
    SubscriptionOut,
    TransferGiven,
    TrialGiven,
    outcome_out,
    payment_out,
    period_out,
    plan_out,
    savings_out,
    subscription_out,
)
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut, Word
from regulars.surfaces.rest.value import Key
from regulars.value.plans import api as plans
from regulars.value.plans.types import Plan

router = Router(tags=["Plans"])
_HELD = "/members/{member}/subscriptions/{subscription_id}"
_MADE: dict[str, Any] = {"response": {201: OutcomeOut, 200: OutcomeOut}}


@router.get("/plans", response=ListOut[PlanOut], **needs("subscriptions.read"))
def list_plans(request: HttpRequest) -> Any:
    """Every plan of the brand with its state, by key."""
    scope, now = scope_of(request), clock.now()
    currency = organisations.get_brand(brand_id=scope.brand_id).currency
    return {"items": [plan_out(one, currency) for one in plans.list_plans(brand_id=scope.brand_id, now=now)]}


@router.get("/plans/{plan}", response=PlanOut, **needs("subscriptions.read"))
def get_plan(request: HttpRequest, plan: Word) -> Any:
    """One plan."""
    scope = scope_of(request)
    found = plans.get_plan(brand_id=scope.brand_id, key=plan, now=clock.now())
    return _plan(scope, found)


@router.put("/plans/{plan}", response=PlanOut, **needs("plans.write"))
def put_plan(request: HttpRequest, plan: Word, given: PlanGiven) -> Any:
    """Make a plan or change it. What subscribers have runs on; renewals follow the plan as it then is."""
    scope = scope_of(request)
    definition = {**given.definition, "key": plan}
    return _plan(scope, plans.apply_definition(scope=scope, definition=definition, now=clock.now()))


@router.post("/plans/{plan}/state", response=PlanOut, **needs("plans.write"))
def set_plan_state(request: HttpRequest, plan: Word, given: PlanStateGiven) -> Any:
    """Put a plan on sale, take it off, end it: then nobody's is renewed."""
    scope = scope_of(request)
    return _plan(scope, plans.set_state(scope=scope, key=plan, state=given.state, now=clock.now()))


@router.get("/subscriptions", response=PageOut[SubscriptionOut], **needs("subscriptions.read"))
def list_subscriptions(
    request: HttpRequest,
    plan: Annotated[Word | None, Query(description="only of this plan")] = None,
    state: Annotated[Word | None, Query(description="only in this state")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """The brand's subscriptions, newest first."""
    page = plans.list_subscriptions(
        scope=scope_of(request), plan=plan, state=state, cursor=cursor, limit=limit
    )
    return page.map(subscription_out)


@router.get(
    "/members/{member}/subscriptions", response=ListOut[SubscriptionOut], **needs("subscriptions.read")
)
def list_of_member(request: HttpRequest, member: finding.MemberPath) -> Any:
    """A member's subscriptions, newest first; one at most is live."""
    scope = scope_of(request)
    found = plans.list_of_member(brand_id=scope.brand_id, member_id=finding.member_id(scope, member))
    return {"items": [subscription_out(one) for one in found]}


@router.post("/members/{member}/subscriptions", **_MADE, **needs("subscriptions.write"))
def buy(request: HttpRequest, member: finding.MemberPath, given: BuyGiven, idempotency_key: Key) -> Any:
    """Begin to buy a plan. `payment.action` says what the payer does; when it is paid, she has the plan.

    409 `already_subscribed`, `plan_not_on_sale`, `no_payment_account`.
    """
    scope = scope_of(request)
    return _made(
        plan_flow.buy(
            scope=scope,
            member_id=finding.member_id(scope, member),
            plan=given.plan,
            period=given.period,
            auto_renew=given.auto_renew,
            account=given.account,
            channel=given.channel,
            return_url=given.return_url,
            payer=given.payer,
            payer_ip=given.payer_ip,
            key=idempotency_key,
            now=clock.now(),
        )
    )


@router.post("/members/{member}/trials", **_MADE, **needs("subscriptions.write"))
def begin_trial(
    request: HttpRequest, member: finding.MemberPath, given: TrialGiven, idempotency_key: Key
) -> Any:
    """Begin a plan's trial: once for each natural person in the brand. 409 `trial_used`, `no_trial`."""
    scope = scope_of(request)
    return _made(
        plan_flow.begin_trial(
            scope=scope,
            member_id=finding.member_id(scope, member),
            plan=given.plan,
            period=given.period or "",
            key=idempotency_key,
            now=clock.now(),
        )
    )


@router.get(f"{_HELD}/periods", response=ListOut[PeriodOut], **needs("subscriptions.read"))
def list_periods(request: HttpRequest, member: finding.MemberPath, subscription_id: UUID) -> Any:
    """The periods of a subscription, oldest first, with what was paid for each."""
    scope = scope_of(request)
    held = plans.get_subscription(
        brand_id=scope.brand_id,
        member_id=finding.member_id(scope, member),
        subscription_id=subscription_id,
    )
    found = plans.list_periods(member_id=held.member_id, subscription_ids=[held.id])
    return {"items": [period_out(one) for one in found]}


@router.get(f"{_HELD}/change", response=OutcomeOut, **needs("subscriptions.read"))
def quote_change(
    request: HttpRequest,
    member: finding.MemberPath,
    subscription_id: UUID,
    plan: Annotated[Word, Query()],
    period: Annotated[PeriodName, Query()],
) -> Any:
    """What going over to another plan or period would cost now; nothing is done."""
    return outcome_out(
        _act(request, member, subscription_id, plan_flow.quote_change, plan=plan, period=period)
    )


@router.post(f"{_HELD}/change", **_MADE, **needs("subscriptions.write"))
def change(
    request: HttpRequest,
    member: finding.MemberPath,
    subscription_id: UUID,
    given: ChangeGiven,
    idempotency_key: Key,
) -> Any:
    """Upgrade at once, paying for the days left; go down at the next renewal. 409 `no_change`, `lifetime`."""
    return _made(
        _act(
            request,
            member,
            subscription_id,
            plan_flow.change,
            plan=given.plan,
            period=given.period,
            account=given.account,
            channel=given.channel,
            return_url=given.return_url,
            payer=given.payer,
            payer_ip=given.payer_ip,
            key=idempotency_key,
        )
    )


@router.post(f"{_HELD}/renewal", **_MADE, **needs("subscriptions.write"))
def set_renewal(
    request: HttpRequest,
    member: finding.MemberPath,
    subscription_id: UUID,
    given: RenewalGiven,
    idempotency_key: Key,
) -> Any:
    """Turn automatic renewal on or off."""
    return _made(
        _act(request, member, subscription_id, plan_flow.set_renewal, on=given.on, key=idempotency_key)
    )


@router.post(f"{_HELD}/pause", **_MADE, **needs("subscriptions.write"))
def pause(
    request: HttpRequest, member: finding.MemberPath, subscription_id: UUID, idempotency_key: Key
) -> Any:
    """Let the plan rest; its end moves by the days it rests. 409 `pause_not_offered`, `pauses_used_up`."""
    return _made(_act(request, member, subscription_id, plan_flow.pause, key=idempotency_key))


@router.post(f"{_HELD}/resume", **_MADE, **needs("subscriptions.write"))
def resume(
    request: HttpRequest, member: finding.MemberPath, subscription_id: UUID, idempotency_key: Key
) -> Any:
    """End a pause."""
    return _made(_act(request, member, subscription_id, plan_flow.resume, key=idempotency_key))


@router.post(f"{_HELD}/transfer", **_MADE, **needs("subscriptions.write"))
def transfer(
    request: HttpRequest,
    member: finding.MemberPath,
    subscription_id: UUID,
    given: TransferGiven,
    idempotency_key: Key,
) -> Any:
    """Hand the rest of the period to another member. 409 `not_transferable`, `already_subscribed`."""
    return _made(
        _act(
            request,
            member,
            subscription_id,
            plan_flow.transfer,
            to=finding.member_id(scope_of(request), given.to),
            key=idempotency_key,
        )
    )


@router.get(f"{_HELD}/refund", response=OutcomeOut, **needs("subscriptions.read"))
def quote_refund(request: HttpRequest, member: finding.MemberPath, subscription_id: UUID) -> Any:
    """What leaving now would give back; nothing is done."""
    return outcome_out(_act(request, member, subscription_id, plan_flow.quote_refund))


@router.post(f"{_HELD}/refund", **_MADE, **needs("payments.refund"))
def refund_subscription(
    request: HttpRequest,
    member: finding.MemberPath,
    subscription_id: UUID,
    given: LeaveGiven,
    idempotency_key: Key,
) -> Any:
    """End the plan today and pay back what its rule gives."""
    return _made(
        _act(request, member, subscription_id, plan_flow.refund, reason=given.reason, key=idempotency_key)
    )


@router.get("/members/{member}/savings", response=SavingsOut, **needs("subscriptions.read"))
def get_savings(request: HttpRequest, member: finding.MemberPath) -> Any:
    """What plans have saved a member so far."""
    scope = scope_of(request)
    brand = organisations.get_brand(brand_id=scope.brand_id)
    member_id = finding.member_id(scope, member)
    return savings_out(
        plans.get_savings(
            brand_id=brand.id,
            member_id=member_id,
            held=plans.find_live(brand_id=brand.id, member_id=member_id),
            currency=brand.currency,
            timezone=brand.timezone,
        )
    )


@router.get("/payments/{payment_id}", response=PaymentOut, **needs("payments.read"))
def get_payment(request: HttpRequest, payment_id: UUID) -> Any:
    """One payment with its refunds, as it stands here; the provider is not asked."""
    scope = scope_of(request)
    member_id = payments.locate(scope=scope, payment_id=payment_id)
    found = payments.get_payment(scope=scope, member_id=member_id, payment_id=payment_id)
    return payment_out(found, payments.list_refunds(member_id=member_id, payment_ids=[payment_id]))


@router.post("/payments/{payment_id}/close", response=PaymentOut, **needs("payments.refund"))
def close_payment(request: HttpRequest, payment_id: UUID, idempotency_key: Key) -> Any:
    """Take no more money for a payment; closing again is harmless. It may turn out to be paid: see its state.

    502 `payment_provider` when the provider cannot be asked.
    """
    scope = scope_of(request)
    member_id = payments.locate(scope=scope, payment_id=payment_id)
    found = payments.get_payment(scope=scope, member_id=member_id, payment_id=payment_id)
    if not scope.test_mode:
        found = paying.close(payment=found, now=clock.now())
    return payment_out(found, payments.list_refunds(member_id=member_id, payment_ids=[payment_id]))


@router.post("/payments/{payment_id}/refunds", response=PaymentOut, **needs("payments.refund"))
def refund_payment(request: HttpRequest, payment_id: UUID, given: RefundGiven, idempotency_key: Key) -> Any:
    """Pay some of a payment back; what it paid for stays. 409 `not_refundable`."""
    scope = scope_of(request)
    member_id = payments.locate(scope=scope, payment_id=payment_id)
    found = payments.get_payment(scope=scope, member_id=member_id, payment_id=payment_id)
    after, _ = paying.refund(
        scope=scope,
        payment=found,
        amount=given.amount,
        reason=given.reason,
        key=idempotency_key,
        now=clock.now(),
    )
    return payment_out(after, payments.list_refunds(member_id=member_id, payment_ids=[payment_id]))


def _plan(scope: Scope, plan: Plan) -> PlanOut:
    return plan_out(plan, organisations.get_brand(brand_id=scope.brand_id).currency)


def _act(
    request: HttpRequest, member: str, subscription_id: UUID, act: Callable[..., Outcome], **given: Any
) -> Outcome:
    """Do it, or reckon it, with a subscription of a member's."""
    scope = scope_of(request)
    return act(
        scope=scope,
        member_id=finding.member_id(scope, member),
        subscription_id=subscription_id,
        now=clock.now(),
        **given,
    )


def _made(outcome: Outcome) -> Any:
    return Status(200 if outcome.repeated else 201, outcome_out(outcome))
