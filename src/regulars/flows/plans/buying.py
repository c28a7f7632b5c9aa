"""Getting a plan: bought, or tried once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.facts.members import states
from regulars.flows import payments as paying
from regulars.flows.plans import entitling, telling
from regulars.flows.plans.types import Outcome
from regulars.kit.errors import Refusal, conflict
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand, Scope
from regulars.platform.payments import api as payments
from regulars.platform.payments.types import OPEN, Account, Channel, NewPayment, Payment
from regulars.value.plans import api as plans
from regulars.value.plans.types import Plan, PlanOrder, Subscription

SUBJECT = "plan"
# How long a purchase waits to be paid.
OPEN_FOR = timedelta(minutes=30)


def buy(
    *,
    scope: Scope,
    member_id: UUID,
    plan: str,
    period: str,
    key: str,
    now: datetime,
    auto_renew: bool | None = None,
    account: str | None = None,
    channel: Channel | None = None,
    return_url: str = "",
    payer: str = "",
    payer_ip: str = "",
) -> Outcome:
    """Begin to buy a plan; she has it when the payment is paid. Somebody on trial goes over at once.

    Asking again for the same gives the payment that waits; asking for another lets the first one go. Raises
    `not_found`, `plan_not_on_sale`, `already_subscribed`, `membership_not_active` (409), `period_not_sold`,
    `no_payment_account`, `payment_not_supported`, `idempotency_conflict`.
    """
    body = json.dumps([plan, period, auto_renew, account, channel])
    brand = entitling.brand_of(scope)
    stale: Payment | None = None
    with paying.locked(scope.brand_id, member_id) as cursor:
        repeated = plans.claim_act(
            brand_id=scope.brand_id, member_id=member_id, kind="buy", key=key, body=body
        )
        if repeated is not None:
            return outcome_of(scope, member_id, UUID(repeated.data["order"]), repeated=True)
        require_active(cursor, scope, member_id)
        wanted = on_sale(brand, plan, now)
        plans.check_period(wanted.terms, period)
        live = plans.find_live(brand_id=brand.id, member_id=member_id, lock=True)
        if live is not None and live.state != "trial":
            raise conflict(
                "already_subscribed",
                "已是付费会员，请变更或续费现有计划",
                "She has a plan already; change or renew that one",
                subscription=str(live.id),
                plan=live.plan,
            )
        renew = wanted.terms.auto_renew == "on" if auto_renew is None else auto_renew
        price = wanted.terms.prices[period]
        data = {"auto_renew": renew and wanted.terms.auto_renew != "never"}
        waiting = plans.open_purchase(brand_id=brand.id, member_id=member_id)
        order, stale = _same_or_void(waiting, plan, period, price, data, now)
        if order is None:
            order = plans.add_order(
                held_id=live.id if live else new_id(),
                member_id=member_id,
                brand_id=brand.id,
                kind="buy",
                plan=plan,
                period=period,
                amount=price,
                currency=brand.currency,
                data=data,
                now=now,
            )
            made = ask_for_payment(
                scope=scope,
                order=order,
                target=payments.default_account(brand_id=brand.id, key=account),
                description=f"{brand.name.zh} {wanted.terms.name.zh}",
                channel=channel,
                return_url=return_url,
                payer=payer,
                payer_ip=payer_ip,
                expires_at=now + OPEN_FOR,
                now=now,
            )
            order = plans.set_payment(order=order, payment_id=made.id)
        plans.act(
            scope=scope,
            member_id=member_id,
            subscription_id=order.subscription_id,
            kind="buy",
            data={"order": str(order.id), "plan": plan, "period": period, "amount": price},
            key=key,
            body=body,
            now=now,
        )
    let_go(scope, stale, now)
    return opened(scope, outcome_of(scope, member_id, order.id), now)


def begin_trial(
    *, scope: Scope, member_id: UUID, plan: str, key: str, now: datetime, period: str = ""
) -> Outcome:
    """Try a plan without paying, once in a natural person's life in a brand.

    `period` is what a renewal would be by (default: the shortest sold). Raises `no_trial`, `trial_used` and what
    `buy` raises (409).
    """
    brand = entitling.brand_of(scope)
    with paying.locked(scope.brand_id, member_id) as cursor:
        body = json.dumps([plan, period])
        repeated = plans.claim_act(
            brand_id=scope.brand_id, member_id=member_id, kind="trial", key=key, body=body
        )
        if repeated is not None and repeated.subscription_id is not None:
            held = plans.get_subscription(
                brand_id=brand.id, member_id=member_id, subscription_id=repeated.subscription_id
            )
            return Outcome(held, repeated=True)
        require_active(cursor, scope, member_id)
        wanted = on_sale(brand, plan, now)
        period = period or next(iter(wanted.terms.prices))
        plans.check_period(wanted.terms, period)
        if not wanted.terms.trial_days:
            raise conflict("no_trial", "该计划不提供试用", "This plan has no trial")
        if plans.find_live(brand_id=brand.id, member_id=member_id, lock=True) is not None:
            raise conflict("already_subscribed", "已是付费会员", "She has a plan already")
        hashes = entitling.person_hashes(brand=brand, member_id=member_id)
        if not plans.claim_trial(brand_id=brand.id, hashes=hashes, plan=plan, now=now):
            raise conflict("trial_used", "每人只能试用一次", "A trial is offered once to each person")
        today = plans.today_of(now, brand.timezone)
        held = Subscription(
            id=new_id(),
            member_id=member_id,
            brand_id=brand.id,
            plan=plan,
            period=period,  # type: ignore[arg-type]
            state="trial",
            auto_renew=False,
            worth=0,
            currency=brand.currency,
            starts_on=today,
            ends_on=today + timedelta(days=wanted.terms.trial_days),
            anchor_day=today.day,
            next_plan="",
            next_period="",
            retries=0,
            pauses=0,
            pause_days=0,
            paused_on=None,
            account="",
            has_agreement=False,
            due_at=None,
            created_at=now,
            ended_at=None,
            end_reason="",
        )
        held = with_due(held, wanted, brand, now)
        plans.begin(held=held)
        plans.add_period(held=held, kind="trial", paid=0, payment_id=None, now=now)
        plans.act(
            scope=scope,
            member_id=member_id,
            subscription_id=held.id,
            kind="trial",
            data={"plan": plan},
            key=key,
            body=body,
            now=now,
        )
        entitling.set_tags(brand=brand, member_id=member_id, held=held, terms=wanted.terms, now=now)
        telling.announce(brand=brand, held=held, topic="trial_began", now=now)
        telling.audited(
            scope=scope, held=held, action="trial", now=now, after={"days": wanted.terms.trial_days}
        )
    return Outcome(held)


# -- shared with changes and renewals ------------------------------------------------------------------------------


def require_active(cursor: Any, scope: Scope, member_id: UUID) -> None:
    """Raises `not_found` for who is no member, `membership_not_active` (409) for one frozen or closed."""
    row = states.read(cursor, brand_id=scope.brand_id, member_id=member_id)
    if row is None:
        raise Refusal("member_not_found", Text("找不到该会员", "No such member"), status=404)
    if row.status != "active":
        raise conflict(
            "membership_not_active", "会员资格未生效", "The membership is not active", status=row.status
        )


def on_sale(brand: Brand, plan: str, now: datetime) -> Plan:
    """Raises `not_found`, `plan_not_on_sale` (409)."""
    found = plans.get_plan(brand_id=brand.id, key=plan, now=now)
    if found.state != "active":
        raise conflict("plan_not_on_sale", "该计划未在售卖", "This plan is not on sale", state=found.state)
    return found


def with_due(held: Subscription, plan: Plan | None, brand: Brand, now: datetime) -> Subscription:
    """With the instant at which due work looks at it next."""
    if plan is None:
        return replace(held, due_at=now if held.is_live else None)
    return replace(held, due_at=plans.next_due(held, plan.terms, brand.timezone, now))


def ask_for_payment(
    *,
    scope: Scope,
    order: PlanOrder,
    target: Account,
    description: str,
    expires_at: datetime,
    now: datetime,
    channel: Channel | None = None,
    return_url: str = "",
    payer: str = "",
    payer_ip: str = "",
    agreement: str = "",
) -> Payment:
    """The payment of an order, to be opened after the commit."""
    provider = payments.provider_of(code=target.provider)
    interactive = [one for one in provider.channels if one != "agreement"]
    return payments.add_payment(
        scope=scope,
        account=target,
        given=NewPayment(
            member_id=order.member_id,
            subject_type=SUBJECT,
            subject_id=order.id,
            amount=order.amount,
            currency=order.currency,
            description=description,
            channel="agreement" if agreement else channel or _first(interactive),
            expires_at=expires_at,
            return_url=return_url,
            payer=payer,
            payer_ip=payer_ip,
            agreement=agreement,
        ),
        now=now,
    )


def let_go(scope: Scope, payment: Payment | None, now: datetime) -> None:
    """Close a payment whose order was let go. What cannot be closed now expires; what is paid after all goes back."""
    if payment is not None and payment.state in OPEN and not scope.test_mode:
        try:
            paying.close(payment=payment, now=now)
        except Refusal:
            return


def opened(scope: Scope, outcome: Outcome, now: datetime) -> Outcome:
    """With its payment known to the provider."""
    if outcome.payment is None or outcome.payment.state != "created":
        return outcome
    payment = paying.open_payment(scope=scope, payment=outcome.payment, now=now)
    return replace(outcome, payment=payment)


def outcome_of(scope: Scope, member_id: UUID, order_id: UUID, *, repeated: bool = False) -> Outcome:
    """An order as it now stands."""
    order = plans.get_order(member_id=member_id, order_id=order_id)
    held = next(
        (
            one
            for one in plans.list_of_member(brand_id=scope.brand_id, member_id=member_id)
            if one.id == order.subscription_id
        ),
        None,
    )
    return Outcome(held, payment_of(order), repeated=repeated)


def payment_of(order: PlanOrder | None) -> Payment | None:
    if order is None or order.payment_id is None:
        return None
    found = payments.payments_of(member_id=order.member_id, payment_ids=[order.payment_id])
    return found.get(order.payment_id)


def _same_or_void(
    waiting: PlanOrder | None, plan: str, period: str, amount: int, data: dict[str, Any], now: datetime
) -> tuple[PlanOrder | None, Payment | None]:
    """The purchase that waits, if it is the same; else nothing, and the payment to be let go."""
    if waiting is None:
        return None, None
    payment = payment_of(waiting)
    same = (waiting.plan, waiting.period, waiting.amount, dict(waiting.data)) == (plan, period, amount, data)
    if same and payment is not None and payment.state in OPEN and now < payment.expires_at:
        return waiting, None
    plans.end_order(order=waiting, state="void")
    return None, payment


def _first(channels: Sequence[Channel]) -> Channel:
    """A page where there is one: it works in every browser without an app around it."""
    return next((one for one in ("page", "h5", "native") if one in channels), channels[0])
