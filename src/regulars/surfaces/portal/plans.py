"""The member's plan: what is on sale, buying and trying it, hers with what it saved, receipts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Router
from ninja.responses import Status
from pydantic import Field

from regulars.flows import payments as paying
from regulars.flows.plans import api as plan_flow
from regulars.flows.plans.types import Outcome
from regulars.kit import clock
from regulars.kit.errors import not_found
from regulars.kit.text import Language, Text
from regulars.platform.payments import api as payments
from regulars.platform.payments.types import Payment
from regulars.programme.rules.types import Benefit
from regulars.surfaces import access
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.plan_views import (
    OutcomeView,
    PaymentView,
    outcome_view,
    payment_view,
    period_view,
    plan_view,
    savings_view,
    subscription_view,
)
from regulars.surfaces.portal import standing
from regulars.surfaces.portal.guard import SignedIn, member_of
from regulars.surfaces.portal.plan_shapes import (
    BuyGiven,
    ChangeGiven,
    KeyGiven,
    MyPlanOut,
    PlansOut,
    RenewalGiven,
    TrialGiven,
)
from regulars.value.benefits import api as benefits
from regulars.value.plans import api as plans
from regulars.value.plans.types import SCHEME, Subscription

mine = Router(auth=SignedIn(), tags=["plan"])
PlanKey = Annotated[str, Field(max_length=40)]


@mine.get("/plans", response=PlansOut)
def list_plans(request: HttpRequest, slug: Path[str]) -> Any:
    """Plans on sale with what they give; whether she may still try one."""
    member, said, now = member_of(request), access.language(request), clock.now()
    brand = member.brand
    programme = standing.live(brand, now)
    found = plans.list_plans(brand_id=brand.id, now=now, on_sale=True)
    hashes = plan_flow.person_hashes(brand=brand, member_id=member.member_id)
    live = plans.find_live(brand_id=brand.id, member_id=member.member_id)
    tried = live is not None or plans.had_trial(brand_id=brand.id, hashes=hashes)
    return PlansOut(
        plans=[
            plan_view(
                one,
                plan_flow.benefits_of(one, programme) if programme else one.terms.own,
                brand.currency,
                said,
            )
            for one in found
        ],
        can_try=not tried,
        current=live.plan if live else None,
        can_pay=any(one.state == "active" for one in payments.list_accounts(scope=member.scope)),
    )


@mine.get("/plan", response=MyPlanOut)
def get_plan(request: HttpRequest, slug: Path[str]) -> Any:
    """Her plan with its benefits, what it has saved her, what waits to be paid, and her receipts."""
    member, said, now = member_of(request), access.language(request), clock.now()
    return _mine(member, said, now)


@mine.post("/plan", response={201: OutcomeView})
def buy(request: HttpRequest, slug: Path[str], given: BuyGiven) -> Any:
    """Begin to buy a plan: `payment.action` says where to pay. She has it when it is paid."""
    member = member_of(request)
    outcome = plan_flow.buy(
        scope=member.scope,
        member_id=member.member_id,
        plan=given.plan,
        period=given.period,
        auto_renew=given.auto_renew,
        channel=given.channel,
        return_url=_back(member),
        payer_ip=access.client_ip(request),
        key=given.key,
        now=clock.now(),
    )
    return Status(201, _told(member, outcome, access.language(request)))


@mine.post("/plan/trial", response={201: OutcomeView})
def begin_trial(request: HttpRequest, slug: Path[str], given: TrialGiven) -> Any:
    """Try a plan, once."""
    member = member_of(request)
    outcome = plan_flow.begin_trial(
        scope=member.scope, member_id=member.member_id, plan=given.plan, key=given.key, now=clock.now()
    )
    return Status(201, _told(member, outcome, access.language(request)))


@mine.get("/plan/change", response=OutcomeView)
def quote_change(request: HttpRequest, slug: Path[str], plan: PlanKey, period: PlanKey) -> Any:
    """What going over to another plan or period would cost now."""
    return _act(request, plan_flow.quote_change, plan=plan, period=period)


@mine.post("/plan/change", response=OutcomeView)
def change(request: HttpRequest, slug: Path[str], given: ChangeGiven) -> Any:
    """Upgrade now, or go over at the next renewal."""
    return _act(
        request,
        plan_flow.change,
        plan=given.plan,
        period=given.period,
        channel=given.channel,
        return_url=_back(member_of(request)),
        payer_ip=access.client_ip(request),
        key=given.key,
    )


@mine.post("/plan/renewal", response=OutcomeView)
def set_renewal(request: HttpRequest, slug: Path[str], given: RenewalGiven) -> Any:
    """Turn automatic renewal on or off."""
    return _act(request, plan_flow.set_renewal, on=given.on, key=given.key)


@mine.post("/plan/pause", response=OutcomeView)
def pause(request: HttpRequest, slug: Path[str], given: KeyGiven) -> Any:
    """Let the plan rest."""
    return _act(request, plan_flow.pause, key=given.key)


@mine.post("/plan/resume", response=OutcomeView)
def resume(request: HttpRequest, slug: Path[str], given: KeyGiven) -> Any:
    """Go on after a pause."""
    return _act(request, plan_flow.resume, key=given.key)


@mine.get("/plan/refund", response=OutcomeView)
def quote_refund(request: HttpRequest, slug: Path[str]) -> Any:
    """What leaving now would give back."""
    return _act(request, plan_flow.quote_refund)


@mine.post("/plan/refund", response=OutcomeView)
def leave(request: HttpRequest, slug: Path[str], given: KeyGiven) -> Any:
    """End the plan today and get back what its rule gives."""
    return _act(request, plan_flow.refund, reason="by the member", key=given.key)


@mine.get("/payments/{payment_id}", response=PaymentView)
def get_payment(request: HttpRequest, slug: Path[str], payment_id: Path[UUID]) -> Any:
    """One of her payments, as it stands here."""
    member, said = member_of(request), access.language(request)
    return _payment(_own(member, payment_id), said)


@mine.post("/payments/{payment_id}/check", response=PaymentView)
def check_payment(request: HttpRequest, slug: Path[str], payment_id: Path[UUID]) -> Any:
    """Ask the provider, for a page that waits: nothing has to be waited for longer than the payment itself."""
    member, said = member_of(request), access.language(request)
    found = _own(member, payment_id)
    if found.state in ("created", "pending"):
        found = paying.check(payment=found, now=clock.now())
    return _payment(found, said)


@mine.post("/payments/{payment_id}/close", response=PaymentView)
def close_payment(request: HttpRequest, slug: Path[str], payment_id: Path[UUID]) -> Any:
    """She does not want to pay after all."""
    member, said = member_of(request), access.language(request)
    return _payment(paying.close(payment=_own(member, payment_id), now=clock.now()), said)


def _mine(member: MemberAccess, said: Language, now: datetime) -> MyPlanOut:
    brand = member.brand
    programme = standing.live(brand, now)
    every = {one.key: one for one in plans.list_plans(brand_id=brand.id, now=now)}
    held = plans.list_of_member(brand_id=brand.id, member_id=member.member_id)
    live = next((one for one in held if one.is_live), None)
    plan = every.get(live.plan) if live else None
    waiting = plan_flow.waiting_payment(held=live) if live else None
    if live is None:
        waiting = plan_flow.waiting_purchase(scope=member.scope, member_id=member.member_id)
    mine_: tuple[Benefit, ...] = ()
    remaining: dict[str, int | None] = {}
    if live is not None and plan is not None:
        mine_ = plan_flow.benefits_of(plan, programme) if programme else plan.terms.own
        if programme is not None:
            given = plan_flow.with_plan(
                scope=member.scope, member_id=member.member_id, programme=programme, tiers={}, now=now
            )
            left = benefits.list_for(
                scope=member.scope,
                programme=given.programme,
                member_id=member.member_id,
                tiers=given.tiers,
                now=now,
            )
            remaining = {one.benefit.key: one.remaining for one in left if one.benefit.scheme == SCHEME}
    periods = plans.list_periods(member_id=member.member_id, subscription_ids=[one.id for one in held])
    savings = plans.get_savings(
        brand_id=brand.id,
        member_id=member.member_id,
        held=live,
        currency=brand.currency,
        timezone=brand.timezone,
    )
    return MyPlanOut(
        subscription=subscription_view(live, plan, said, waits_for_payment=waiting is not None)
        if live
        else None,
        plan=plan_view(plan, mine_, brand.currency, said, remaining) if plan else None,
        savings=savings_view(savings, said),
        payment=_payment(waiting, said) if waiting else None,
        receipts=[period_view(one, every.get(one.plan), said) for one in reversed(periods)][:100],
    )


def _act(request: HttpRequest, act: Callable[..., Outcome], **given: Any) -> OutcomeView:
    """Do it, or reckon it, with the plan that she has."""
    member = member_of(request)
    outcome = act(
        scope=member.scope,
        member_id=member.member_id,
        subscription_id=_live(member).id,
        now=clock.now(),
        **given,
    )
    return _told(member, outcome, access.language(request))


def _told(member: MemberAccess, outcome: Outcome, said: Language) -> OutcomeView:
    held = outcome.subscription
    plan = (
        plans.find_plan(brand_id=member.brand.id, key=held.plan, now=clock.now())
        if held is not None
        else None
    )
    return outcome_view(outcome, plan, _names(), said)


def _payment(payment: Payment, said: Language) -> PaymentView:
    refunds = payments.list_refunds(member_id=payment.member_id, payment_ids=[payment.id])
    return payment_view(payment, _names(), said, refunds)


def _own(member: MemberAccess, payment_id: UUID) -> Payment:
    return payments.get_payment(scope=member.scope, member_id=member.member_id, payment_id=payment_id)


def _live(member: MemberAccess) -> Subscription:
    found = plans.find_live(brand_id=member.brand.id, member_id=member.member_id)
    if found is None:
        raise not_found(Text("付费会员", "Subscription"))
    return found


def _names() -> dict[str, Text]:
    return {one.code: one.name for one in payments.list_providers()}


def _back(member: MemberAccess) -> str:
    return f"/h/{member.brand.slug}/plan"
