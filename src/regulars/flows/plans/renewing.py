"""Due work on subscriptions: reminders, renewals and their retries, ends, pauses that are over.

Each run takes a batch whose time has come (those another worker took are passed over), locks each member, looks again
and does the one next thing; what is done moves `due_at`, so a second run or worker finds nothing left to do.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from regulars.facts.members import states
from regulars.flows import payments as paying
from regulars.flows.plans import entitling, telling
from regulars.flows.plans.buying import ask_for_payment, let_go, payment_of, with_due
from regulars.flows.plans.changing import finish, resumed
from regulars.kit.errors import Refusal
from regulars.kit.periods import start_of_day
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope
from regulars.platform.payments import api as payments
from regulars.platform.payments.types import OPEN, Payment
from regulars.value.plans import api as plans
from regulars.value.plans.types import Plan, Subscription

BATCH = 100
_TRY_AGAIN = timedelta(days=1)


def renew_due(now: datetime) -> int:
    """Do what subscriptions need now; gives how many were looked at."""
    taken = plans.claim_due(now=now, limit=BATCH)
    for brand_id, member_id, subscription_id in taken:
        brand = organisations.get_brand(brand_id=brand_id)
        with paying.locked(brand_id, member_id):
            held = plans.get_subscription(
                brand_id=brand_id, member_id=member_id, subscription_id=subscription_id, lock=True
            )
            stale, fresh = _do(brand, held, now)
        scope = entitling.system_scope(brand)
        let_go(scope, stale, now)
        if fresh is not None:
            paying.open_payment(scope=scope, payment=fresh, now=now)
    return len(taken)


def waiting_payment(*, held: Subscription) -> Payment | None:
    """The payment that a subscription waits for, if one is open."""
    order = plans.open_order(member_id=held.member_id, subscription_id=held.id)
    payment = payment_of(order)
    return payment if payment is not None and payment.state in OPEN else None


def waiting_purchase(*, scope: Scope, member_id: UUID) -> Payment | None:
    """The payment of a purchase that was begun and waits, if there is one."""
    payment = payment_of(plans.open_purchase(brand_id=scope.brand_id, member_id=member_id, lock=False))
    return payment if payment is not None and payment.state in OPEN else None


def _do(brand: Brand, held: Subscription, now: datetime) -> tuple[Payment | None, Payment | None]:
    """(a payment to be let go, a payment to be opened) after the commit."""
    plan = plans.find_plan(brand_id=brand.id, key=held.plan, now=now)
    if not held.is_live or plan is None:
        plans.save(held=replace(held, due_at=None))
        return None, None
    step = plans.next_step(held, plan.terms, brand.timezone, now)
    if step.kind == "resume":
        resumed(brand, held, now)
        return None, None
    if step.kind in ("end", "end_trial"):
        reason = (
            "trial_over" if step.kind == "end_trial" else "unpaid" if held.state == "past_due" else "over"
        )
        return _end(brand, held, plan, reason, now), None
    if step.kind in ("renew", "retry"):
        if not _is_member(held):
            return _end(brand, held, plan, "not_a_member", now), None
        return _renew(brand, held, plan, step.kind == "retry", now)
    if step.kind == "remind":
        _remind(brand, held, plan, step.days_left, now)
    plans.save(held=with_due(held, plan, brand, now))
    return None, None


def _is_member(held: Subscription) -> bool:
    """Whoever has left, or was frozen, is not charged again."""
    with connection.cursor() as cursor:
        row = states.read(cursor, brand_id=held.brand_id, member_id=held.member_id)
    return row is not None and row.status == "active"


def _remind(brand: Brand, held: Subscription, plan: Plan, days: int, now: datetime) -> None:
    then, period = _next(brand, held, plan, now)
    renews = held.auto_renew and then is not None and (held.state != "trial" or held.has_agreement)
    assert held.ends_on is not None
    left = (held.ends_on - plans.today_of(now, brand.timezone)).days
    telling.tell(
        brand=brand,
        held=held,
        terms=plan.terms,
        kind="plan_renewing" if renews else "plan_ending",
        key=f"{held.ends_on}:{days}",
        price=then.terms.prices[period] if then else 0,
        days=left,
        now=now,
    )


def _renew(
    brand: Brand, held: Subscription, plan: Plan, retry: bool, now: datetime
) -> tuple[Payment | None, Payment | None]:
    """Begin a renewal: charge by the agreement where there is one, else ask her to pay. A retry charges again; while
    a payment of hers waits, she is asked again."""
    then, period = _next(brand, held, plan, now)
    if then is None:
        return _end(brand, held, plan, "plan_over", now), None
    assert held.ends_on is not None
    after = replace(held, state="past_due", retries=held.retries + 1 if retry else 0)
    waiting = plans.open_order(member_id=held.member_id, subscription_id=held.id)
    fresh, stale = None, None
    if waiting is not None and waiting.kind != "renew":
        plans.end_order(order=waiting, state="void")
        stale, waiting = payment_of(waiting), None
    if waiting is None:
        fresh = _ask(brand, held, then, period, now)
    after = with_due(after, plan, brand, now)
    if after.due_at is not None and after.due_at <= now:
        # the worker was away: the tries it missed are not made up for in one go
        after = replace(after, due_at=now + _TRY_AGAIN)
    plans.save(held=after)
    if not retry:
        entitling.set_tags(brand=brand, member_id=held.member_id, held=after, terms=plan.terms, now=now)
        telling.announce(brand=brand, held=after, topic="past_due", now=now)
    if retry or fresh is None or fresh.channel != "agreement":
        telling.tell(
            brand=brand,
            held=held,
            terms=plan.terms,
            kind="plan_payment_due",
            key=f"{held.ends_on}:{after.retries}",
            price=then.terms.prices[period],
            days=0,
            now=now,
        )
    return stale, fresh


def _ask(brand: Brand, held: Subscription, then: Plan, period: str, now: datetime) -> Payment | None:
    """The order of a renewal and its payment; None where no account takes it (she is asked at the next retry)."""
    assert held.ends_on is not None
    scope = entitling.system_scope(brand)
    try:
        account = payments.default_account(brand_id=brand.id, key=held.account or None)
        provider = payments.provider_of(code=account.provider)
    except Refusal:
        return None
    agreement = plans.agreement_of(held=held) if provider.can_charge else ""
    order = plans.add_order(
        held_id=held.id,
        member_id=held.member_id,
        brand_id=brand.id,
        kind="renew",
        plan=then.key,
        period=period,
        amount=then.terms.prices[period],
        currency=held.currency,
        data={"of": held.ends_on.isoformat()},
        now=now,
    )
    days = (then.terms.retry_days or (0,))[-1] + 1
    made = ask_for_payment(
        scope=scope,
        order=order,
        target=account,
        description=f"{brand.name.zh} {then.terms.name.zh}",
        expires_at=max(
            start_of_day(held.ends_on + timedelta(days=days), brand.timezone), now + timedelta(hours=1)
        ),
        agreement=agreement,
        now=now,
    )
    plans.set_payment(order=order, payment_id=made.id)
    return made


def _next(brand: Brand, held: Subscription, plan: Plan, now: datetime) -> tuple[Plan | None, str]:
    """What a renewal goes over to; None when that is sold no more."""
    period = held.next_period or held.period
    then: Plan | None = plan
    if held.next_plan and held.next_plan != plan.key:
        then = plans.find_plan(brand_id=brand.id, key=held.next_plan, now=now)
    if then is None or then.state in ("ended", "draft") or period not in then.terms.prices:
        return None, period
    return then, period


def _end(brand: Brand, held: Subscription, plan: Plan, reason: str, now: datetime) -> Payment | None:
    after, stale = finish(brand, held, reason, now)
    telling.tell(
        brand=brand,
        held=after,
        terms=plan.terms,
        kind="plan_ended",
        key=str(held.ends_on),
        price=0,
        days=0,
        now=now,
    )
    return stale
