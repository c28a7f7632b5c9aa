"""Paid membership in the console: plans, who has them, and what is done for a member."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from regulars.facts.members import api as members
from regulars.flows.plans import api as plan_flow
from regulars.flows.plans.types import Outcome
from regulars.kit import clock, money
from regulars.kit.errors import Refusal, not_found
from regulars.kit.text import Language, Text
from regulars.platform.organisations.types import Brand, Scope
from regulars.platform.payments import api as payments
from regulars.platform.payments.types import PAYMENT_STATES
from regulars.programme.rules.types import Programme
from regulars.programme.versions import api as versions
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, brand_of, member_id_of, needs
from regulars.surfaces.console.shapes.members import KeyIn
from regulars.surfaces.console.shapes.plans import (
    ActOut,
    BuyIn,
    ChangeIn,
    LeaveIn,
    MemberPlanOut,
    PlanChoicesOut,
    PlanDefinitionIn,
    PlanOut,
    PlanStateIn,
    RenewalIn,
    SubscriberOut,
    TransferIn,
    TrialIn,
)
from regulars.surfaces.console.shapes.shared import ChoiceOut, PageOut
from regulars.surfaces.plan_views import (
    OutcomeView,
    PeriodName,
    outcome_view,
    payment_view,
    period_view,
    plan_view,
    savings_view,
    subscription_view,
)
from regulars.value.plans import api as plans
from regulars.value.plans.types import PERIODS, PLAN_STATES, STATES, Plan, PlanStats, Subscription

router = Router(tags=["Plans"])
_KINDS = ["price_discount", "free_shipping", "birthday_pack", "priority", "service", "product"]


@router.get("/plans", response=list[PlanOut], **needs("subscriptions.read"))
def list_plans(request: HttpRequest) -> Any:
    """Every plan with how many have it, by key."""
    scope, said, now = scope_of(request), language(request), clock.now()
    brand, programme = brand_of(scope), _programme(scope, now)
    counts = plans.count_by_plan(brand_id=brand.id)
    found = plans.list_plans(brand_id=brand.id, now=now)
    return [_plan(one, counts.get(one.key), programme, brand, said) for one in found]


@router.get("/plans/choices", response=PlanChoicesOut, **needs("subscriptions.read"))
def get_choices(request: HttpRequest) -> Any:
    """What the editor and the filters offer."""
    scope, said, now = scope_of(request), language(request), clock.now()
    programme = _programme(scope, now)

    def of(words: dict[str, Text]) -> list[ChoiceOut]:
        return [ChoiceOut(value=code, label=text.in_language(said)) for code, text in words.items()]

    return PlanChoicesOut(
        periods=of(PERIODS),
        states=of(PLAN_STATES),
        subscription_states=of(STATES),
        benefit_kinds=_KINDS,
        benefits=[
            ChoiceOut(value=one.key, label=one.name.in_language(said))
            for one in (programme.benefits if programme else ())
            if one.kind != "multiplier"
        ],
        payment_states=of(PAYMENT_STATES),
        providers=of({one.code: one.name for one in payments.list_providers()}),
    )


@router.get("/plans/{key}", response=PlanOut, **needs("subscriptions.read"))
def get_plan(request: HttpRequest, key: Code) -> Any:
    """One plan."""
    scope, said, now = scope_of(request), language(request), clock.now()
    return _one(scope, plans.get_plan(brand_id=scope.brand_id, key=key, now=now), said, now)


@router.put("/plans/{key}", response=PlanOut, **needs("plans.write"))
def put_plan(request: HttpRequest, key: Code, given: PlanDefinitionIn) -> Any:
    """Make a plan or change it; mistakes come back by field."""
    scope, said, now = scope_of(request), language(request), clock.now()
    made = plans.apply_definition(scope=scope, definition={**given.definition, "key": key}, now=now)
    return _one(scope, made, said, now)


@router.post("/plans/{key}/state", response=PlanOut, **needs("plans.write"))
def set_state(request: HttpRequest, key: Code, given: PlanStateIn) -> Any:
    """Put on sale, take off, end."""
    scope, said, now = scope_of(request), language(request), clock.now()
    return _one(scope, plans.set_state(scope=scope, key=key, state=given.state, now=now), said, now)


@router.get("/subscribers", response=PageOut[SubscriberOut], **needs("subscriptions.read"))
def list_subscribers(
    request: HttpRequest,
    plan: Annotated[str | None, Query(max_length=40)] = None,
    state: Annotated[str | None, Query(max_length=20)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Who has or had a plan, newest first."""
    scope, said, now = scope_of(request), language(request), clock.now()
    page = plans.list_subscriptions(
        scope=scope, plan=plan or None, state=state or None, cursor=cursor, limit=limit
    )
    every = {one.key: one for one in plans.list_plans(brand_id=scope.brand_id, now=now)}
    people = members.names_of(scope=scope, member_ids={one.member_id for one in page.items})

    def out(held: Subscription) -> SubscriberOut:
        code, name = people.get(held.member_id, ("", ""))
        return SubscriberOut(
            code=code, name=name, subscription=subscription_view(held, every.get(held.plan), said)
        )

    return PageOut[SubscriberOut](items=[out(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/members/{code}/plan", response=MemberPlanOut, **needs("subscriptions.read"))
def get_member_plan(request: HttpRequest, code: Code) -> Any:
    """A member's plan, past and present, and the plans she could have."""
    scope, said, now = scope_of(request), language(request), clock.now()
    brand, member_id = brand_of(scope), member_id_of(scope, code)
    programme = _programme(scope, now)
    every = {one.key: one for one in plans.list_plans(brand_id=brand.id, now=now)}
    held = plans.list_of_member(brand_id=brand.id, member_id=member_id)
    live = next((one for one in held if one.is_live), None)
    waiting = (
        plan_flow.waiting_payment(held=live)
        if live
        else plan_flow.waiting_purchase(scope=scope, member_id=member_id)
    )
    periods = plans.list_periods(member_id=member_id, subscription_ids=[one.id for one in held])
    shown = live or (held[0] if held else None)
    acts = plans.list_acts(brand_id=brand.id, member_id=member_id, subscription_id=shown.id) if shown else []
    savings = plans.get_savings(
        brand_id=brand.id, member_id=member_id, held=live, currency=brand.currency, timezone=brand.timezone
    )
    return MemberPlanOut(
        subscription=subscription_view(
            live, every.get(live.plan), said, waits_for_payment=waiting is not None
        )
        if live
        else None,
        savings=savings_view(savings, said),
        payment=payment_view(waiting, _names(), said) if waiting else None,
        receipts=[period_view(one, every.get(one.plan), said) for one in reversed(periods)][:100],
        past=[subscription_view(one, every.get(one.plan), said) for one in held if not one.is_live],
        acts=[ActOut(kind=one.kind, actor=one.actor, at=one.at, data=dict(one.data)) for one in acts],
        plans=[
            plan_view(one, _benefits(one, programme), brand.currency, said)
            for one in every.values()
            if one.state == "active"
        ],
    )


@router.post("/members/{code}/plan", response={201: OutcomeView}, **needs("subscriptions.write"))
def buy(request: HttpRequest, code: Code, given: BuyIn) -> Any:
    """Begin to buy a plan for a member: she scans or opens what `payment.action` says."""
    scope, now = scope_of(request), clock.now()
    outcome = plan_flow.buy(
        scope=scope,
        member_id=member_id_of(scope, code),
        plan=given.plan,
        period=given.period,
        auto_renew=given.auto_renew,
        account=given.account,
        channel=given.channel,
        key=given.key,
        now=now,
    )
    return Status(201, _told(scope, outcome, language(request), now))


@router.post("/members/{code}/plan/trial", response={201: OutcomeView}, **needs("subscriptions.write"))
def begin_trial(request: HttpRequest, code: Code, given: TrialIn) -> Any:
    """Let a member try a plan, once."""
    scope, now = scope_of(request), clock.now()
    outcome = plan_flow.begin_trial(
        scope=scope, member_id=member_id_of(scope, code), plan=given.plan, key=given.key, now=now
    )
    return Status(201, _told(scope, outcome, language(request), now))


@router.get("/members/{code}/plan/change", response=OutcomeView, **needs("subscriptions.read"))
def quote_change(
    request: HttpRequest,
    code: Code,
    plan: Annotated[str, Query(max_length=40)],
    period: Annotated[PeriodName, Query()],
) -> Any:
    """What going over would cost now."""
    return _act(request, code, plan_flow.quote_change, plan=plan, period=period)


@router.post("/members/{code}/plan/change", response=OutcomeView, **needs("subscriptions.write"))
def change(request: HttpRequest, code: Code, given: ChangeIn) -> Any:
    """Upgrade now, or go over at the next renewal."""
    return _act(
        request,
        code,
        plan_flow.change,
        plan=given.plan,
        period=given.period,
        channel=given.channel,
        key=given.key,
    )


@router.post("/members/{code}/plan/renewal", response=OutcomeView, **needs("subscriptions.write"))
def set_renewal(request: HttpRequest, code: Code, given: RenewalIn) -> Any:
    """Turn automatic renewal on or off."""
    return _act(request, code, plan_flow.set_renewal, on=given.on, key=given.key)


@router.post("/members/{code}/plan/pause", response=OutcomeView, **needs("subscriptions.write"))
def pause(request: HttpRequest, code: Code, given: KeyIn) -> Any:
    """Let the plan rest."""
    return _act(request, code, plan_flow.pause, key=given.key)


@router.post("/members/{code}/plan/resume", response=OutcomeView, **needs("subscriptions.write"))
def resume(request: HttpRequest, code: Code, given: KeyIn) -> Any:
    """End a pause."""
    return _act(request, code, plan_flow.resume, key=given.key)


@router.post("/members/{code}/plan/transfer", response=OutcomeView, **needs("subscriptions.write"))
def transfer(request: HttpRequest, code: Code, given: TransferIn) -> Any:
    """Hand the rest of the period to another member."""
    return _act(
        request, code, plan_flow.transfer, to=member_id_of(scope_of(request), given.to), key=given.key
    )


@router.get("/members/{code}/plan/refund", response=OutcomeView, **needs("subscriptions.read"))
def quote_refund(request: HttpRequest, code: Code) -> Any:
    """What leaving now would give back."""
    return _act(request, code, plan_flow.quote_refund)


@router.post("/members/{code}/plan/refund", response=OutcomeView, **needs("payments.refund"))
def leave(request: HttpRequest, code: Code, given: LeaveIn) -> Any:
    """End the plan today and pay back what its rule gives."""
    return _act(request, code, plan_flow.refund, reason=given.reason, key=given.key)


def _one(scope: Scope, plan: Plan, said: Language, now: datetime) -> PlanOut:
    counts = plans.count_by_plan(brand_id=scope.brand_id)
    return _plan(plan, counts.get(plan.key), _programme(scope, now), brand_of(scope), said)


def _plan(
    plan: Plan, stats: PlanStats | None, programme: Programme | None, brand: Brand, said: Language
) -> PlanOut:
    by_state = dict(stats.by_state) if stats else {}
    live = sum(n for state, n in by_state.items() if state not in ("cancelled", "ended"))
    worth = stats.worth if stats else 0
    return PlanOut(
        plan=plan_view(plan, _benefits(plan, programme), brand.currency, said),
        definition={"key": plan.key, "state": plan.state, **plan.definition},
        subscribers=live,
        by_state=by_state,
        worth=worth,
        worth_shown=money.show(worth, brand.currency),
    )


def _benefits(plan: Plan, programme: Programme | None) -> Any:
    return plan_flow.benefits_of(plan, programme) if programme else plan.terms.own


def _programme(scope: Scope, now: datetime) -> Programme | None:
    try:
        return versions.in_force(brand_id=scope.brand_id, now=now).live
    except Refusal as refusal:
        if refusal.code == "no_programme":
            return None
        raise


def _live(scope: Scope, code: str) -> tuple[UUID, UUID]:
    member_id = member_id_of(scope, code)
    found = plans.find_live(brand_id=scope.brand_id, member_id=member_id)
    if found is None:
        raise not_found(Text("付费会员", "Subscription"))
    return member_id, found.id


def _act(request: HttpRequest, code: str, act: Callable[..., Outcome], **given: Any) -> OutcomeView:
    """Do it, or reckon it, with the plan that the member of a code has."""
    scope, now = scope_of(request), clock.now()
    member_id, held = _live(scope, code)
    outcome = act(scope=scope, member_id=member_id, subscription_id=held, now=now, **given)
    return _told(scope, outcome, language(request), now)


def _told(scope: Scope, outcome: Outcome, said: Language, now: datetime) -> OutcomeView:
    held = outcome.subscription
    plan = plans.find_plan(brand_id=scope.brand_id, key=held.plan, now=now) if held is not None else None
    return outcome_view(outcome, plan, _names(), said)


def _names() -> dict[str, Text]:
    return {one.code: one.name for one in payments.list_providers()}
