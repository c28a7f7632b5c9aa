"""What is done with a subscription: renewal turned on and off, changed, paused, handed on, given back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.flows import payments as paying
from regulars.flows.plans import entitling, telling
from regulars.flows.plans.buying import (
    OPEN_FOR,
    ask_for_payment,
    let_go,
    on_sale,
    opened,
    outcome_of,
    payment_of,
    require_active,
    with_due,
)
from regulars.flows.plans.taking import fingerprint
from regulars.flows.plans.types import Outcome
from regulars.kit.errors import conflict
from regulars.kit.ids import new_id
from regulars.platform.organisations.types import Brand, Scope
from regulars.platform.payments import api as payments
from regulars.platform.payments.types import OPEN, Channel, Payment, Refund
from regulars.value.plans import api as plans
from regulars.value.plans.types import Plan, PlanOrder, RefundPlan, Subscription


def quote_change(
    *, scope: Scope, member_id: UUID, subscription_id: UUID, plan: str, period: str, now: datetime
) -> Outcome:
    """What `change` would mean now; nothing is done."""
    brand = entitling.brand_of(scope)
    held = _held(brand, member_id, subscription_id)
    then = on_sale(brand, plan, now)
    plans.check_period(then.terms, period)
    _changeable(held, plan, period)
    today = plans.today_of(now, brand.timezone)
    return Outcome(held, change=plans.plan_change(held=held, then=then.terms, period=period, today=today))


def change(
    *,
    scope: Scope,
    member_id: UUID,
    subscription_id: UUID,
    plan: str,
    period: str,
    key: str,
    now: datetime,
    account: str | None = None,
    channel: Channel | None = None,
    return_url: str = "",
    payer: str = "",
    payer_ip: str = "",
) -> Outcome:
    """Go over to another plan or period: an upgrade at once, when the difference is paid; anything else at the next
    renewal. Raises what `buy` raises, `wrong_subscription_state`, `no_change`, `lifetime` (409)."""
    body = json.dumps([plan, period, account, channel])
    brand = entitling.brand_of(scope)
    stale: Payment | None = None
    order: PlanOrder | None = None
    with paying.locked(scope.brand_id, member_id) as cursor:
        before = plans.claim_act(brand_id=brand.id, member_id=member_id, kind="change", key=key, body=body)
        if before is not None:
            if before.data.get("order"):
                return outcome_of(scope, member_id, UUID(str(before.data["order"])), repeated=True)
            return Outcome(_held(brand, member_id, subscription_id), repeated=True)
        require_active(cursor, scope, member_id)
        held = _held(brand, member_id, subscription_id, lock=True)
        then = on_sale(brand, plan, now)
        plans.check_period(then.terms, period)
        _changeable(held, plan, period)
        today = plans.today_of(now, brand.timezone)
        reckoned = plans.plan_change(held=held, then=then.terms, period=period, today=today)
        waiting = plans.open_order(member_id=member_id, subscription_id=held.id)
        if waiting is not None:
            plans.end_order(order=waiting, state="void")
            stale = payment_of(waiting)
        if reckoned.now:
            order = plans.add_order(
                held_id=held.id,
                member_id=member_id,
                brand_id=brand.id,
                kind="change",
                plan=plan,
                period=period,
                amount=reckoned.due,
                currency=held.currency,
                data={
                    "held": fingerprint(held),
                    "worth": reckoned.worth,
                    "credit": reckoned.credit,
                    "starts_on": reckoned.starts_on.isoformat(),
                    "ends_on": reckoned.ends_on.isoformat() if reckoned.ends_on else None,
                    "anchor_day": reckoned.anchor_day,
                },
                now=now,
            )
            made = ask_for_payment(
                scope=scope,
                order=order,
                target=payments.default_account(brand_id=brand.id, key=account or held.account or None),
                description=f"{brand.name.zh} {then.terms.name.zh}",
                channel=channel,
                return_url=return_url,
                payer=payer,
                payer_ip=payer_ip,
                expires_at=now + OPEN_FOR,
                now=now,
            )
            order = plans.set_payment(order=order, payment_id=made.id)
        else:
            held = replace(held, next_plan=plan, next_period=period)
            plans.save(held=held)
            telling.announce(
                brand=brand,
                held=held,
                topic="change_planned",
                now=now,
                more={"next_plan": plan, "next_period": period},
            )
        data = {"plan": plan, "period": period, "due": reckoned.due, "credit": reckoned.credit}
        _done(scope, held, "change", {**data, "order": str(order.id) if order else ""}, now, key, body)
    let_go(scope, stale, now)
    if order is None:
        return Outcome(held, change=reckoned)
    return replace(opened(scope, outcome_of(scope, member_id, order.id), now), change=reckoned)


def set_renewal(
    *, scope: Scope, member_id: UUID, subscription_id: UUID, on: bool, key: str, now: datetime
) -> Outcome:
    """Turn automatic renewal on or off. Off while a renewal is being tried ends the plan now.

    Raises `renewal_not_offered`, `wrong_subscription_state` (409).
    """
    kind = "renewal_on" if on else "renewal_off"
    brand = entitling.brand_of(scope)
    stale: Payment | None = None
    with paying.locked(scope.brand_id, member_id):
        if plans.claim_act(brand_id=brand.id, member_id=member_id, kind=kind, key=key, body="") is not None:
            return Outcome(_held(brand, member_id, subscription_id), repeated=True)
        held = _held(brand, member_id, subscription_id, lock=True)
        plan = plans.find_plan(brand_id=brand.id, key=held.plan, now=now)
        if not held.is_live or held.ends_on is None:
            raise plans.wrong_state(held)
        if on and (plan is None or plan.terms.auto_renew == "never"):
            raise conflict(
                "renewal_not_offered", "该计划不支持自动续费", "This plan does not renew by itself"
            )
        if held.state == "past_due" and not on:
            held, stale = finish(brand, held, "renewal_off", now)
        else:
            held = replace(held, auto_renew=on)
            if held.state != "past_due":
                held = with_due(held, plan, brand, now)
            plans.save(held=held)
            telling.announce(brand=brand, held=held, topic=kind, now=now)
        _done(scope, held, kind, {}, now, key, "")
    let_go(scope, stale, now)
    return Outcome(held)


def pause(*, scope: Scope, member_id: UUID, subscription_id: UUID, key: str, now: datetime) -> Outcome:
    """Let the plan rest from today: no benefits, and the end moves by as many days.

    Raises `pause_not_offered`, `pauses_used_up`, `wrong_subscription_state` (409).
    """
    brand = entitling.brand_of(scope)
    with paying.locked(scope.brand_id, member_id):
        if (
            plans.claim_act(brand_id=brand.id, member_id=member_id, kind="pause", key=key, body="")
            is not None
        ):
            return Outcome(_held(brand, member_id, subscription_id), repeated=True)
        held = _held(brand, member_id, subscription_id, lock=True)
        plan = plans.get_plan(brand_id=brand.id, key=held.plan, now=now)
        today = plans.today_of(now, brand.timezone)
        plans.check_pause(held, plan.terms, today)
        held = with_due(
            replace(held, state="paused", paused_on=today, pauses=held.pauses + 1), plan, brand, now
        )
        plans.save(held=held)
        _done(scope, held, "pause", {"on": today.isoformat()}, now, key, "")
        _told(brand, held, plan, "paused", now)
    return Outcome(held)


def resume(*, scope: Scope, member_id: UUID, subscription_id: UUID, key: str, now: datetime) -> Outcome:
    """End a pause today. Raises `wrong_subscription_state` (409)."""
    brand = entitling.brand_of(scope)
    with paying.locked(scope.brand_id, member_id):
        if (
            plans.claim_act(brand_id=brand.id, member_id=member_id, kind="resume", key=key, body="")
            is not None
        ):
            return Outcome(_held(brand, member_id, subscription_id), repeated=True)
        held = _held(brand, member_id, subscription_id, lock=True)
        if held.state != "paused":
            raise plans.wrong_state(held)
        held = resumed(brand, held, now)
        _done(scope, held, "resume", {"ends_on": str(held.ends_on)}, now, key, "")
    return Outcome(held)


def transfer(
    *, scope: Scope, member_id: UUID, subscription_id: UUID, to: UUID, key: str, now: datetime
) -> Outcome:
    """Hand the rest of the current period to another member, who has no plan; it does not renew, and money that was
    paid stays the first member's matter. Raises `not_transferable`, `already_subscribed`, `same_member` (409)."""
    brand = entitling.brand_of(scope)
    stale: Payment | None = None
    with paying.locked(scope.brand_id, member_id, to) as cursor:
        before = plans.claim_act(
            brand_id=brand.id, member_id=member_id, kind="transfer", key=key, body=str(to)
        )
        if before is not None:
            made = plans.get_subscription(
                brand_id=brand.id, member_id=to, subscription_id=UUID(str(before.data["to_subscription"]))
            )
            return Outcome(made, repeated=True)
        held = _held(brand, member_id, subscription_id, lock=True)
        plan = plans.get_plan(brand_id=brand.id, key=held.plan, now=now)
        if not plan.terms.transferable:
            raise conflict("not_transferable", "该计划不可转让", "This plan cannot be handed on")
        if to == member_id:
            raise conflict("same_member", "不能转让给自己", "It cannot be handed to the same member")
        if held.state != "active":
            raise plans.wrong_state(held)
        require_active(cursor, scope, to)
        if plans.find_live(brand_id=brand.id, member_id=to, lock=True) is not None:
            raise conflict("already_subscribed", "对方已是付费会员", "That member has a plan already")
        today = plans.today_of(now, brand.timezone)
        _, stale = finish(brand, held, "transferred", now, state="cancelled")
        made = replace(
            held,
            id=new_id(),
            member_id=to,
            auto_renew=False,
            has_agreement=False,
            starts_on=max(held.starts_on, today),
            next_plan="",
            next_period="",
            created_at=now,
        )
        made = with_due(made, plan, brand, now)
        plans.begin(held=made)
        plans.add_period(held=made, kind="transferred", paid=0, payment_id=None, now=now)
        more = {"to": str(to), "to_subscription": str(made.id)}
        _done(scope, held, "transfer", more, now, key, str(to))
        plans.act(
            scope=scope,
            member_id=to,
            subscription_id=made.id,
            kind="transferred",
            data={"from": str(member_id)},
            now=now,
        )
        _told(brand, made, plan, "transferred", now)
    let_go(scope, stale, now)
    return Outcome(made)


def quote_refund(*, scope: Scope, member_id: UUID, subscription_id: UUID, now: datetime) -> Outcome:
    """What `refund` would give back now; nothing is done."""
    brand = entitling.brand_of(scope)
    held = _held(brand, member_id, subscription_id)
    return Outcome(held, refund=_reckon_refund(brand, held, now)[0])


def refund(
    *, scope: Scope, member_id: UUID, subscription_id: UUID, reason: str, key: str, now: datetime
) -> Outcome:
    """End the plan today and pay back what its refund rule gives, to the payments it came from, newest first.

    Raises `wrong_subscription_state` (409).
    """
    brand = entitling.brand_of(scope)
    begun: list[tuple[Payment, Refund]] = []
    with paying.locked(scope.brand_id, member_id):
        before = plans.claim_act(brand_id=brand.id, member_id=member_id, kind="refund", key=key, body=reason)
        if before is not None:
            return Outcome(_held(brand, member_id, subscription_id), repeated=True)
        held = _held(brand, member_id, subscription_id, lock=True)
        if not held.is_live:
            raise plans.wrong_state(held)
        if held.state == "paused":
            held = resumed(brand, held, now)
        reckoned, paid = _reckon_refund(brand, held, now)
        parts = plans.split_refund(reckoned.amount, [payment.left for payment in paid])
        for payment, part in zip(paid, parts, strict=True):
            if part:
                made, _ = paying.begin_refund(
                    scope=scope,
                    payment=payment,
                    amount=part,
                    reason=reason or "subscription refund",
                    key=f"{held.id}:{payment.id}",
                    now=now,
                )
                begun.append((payment, made))
        held, stale = finish(brand, held, "refunded", now, state="cancelled")
        data = {"amount": reckoned.amount, "unused_days": reckoned.unused_days, "reason": reason}
        _done(scope, held, "refund", data, now, key, reason)
    let_go(scope, stale, now)
    if not scope.test_mode:
        for payment, made in begun:
            paying.send_refund(payment=payment, refund=made, now=now)
    return Outcome(held, refunds=tuple(made for _, made in begun), refund=reckoned)


# -- shared with due work ------------------------------------------------------------------------------------------


def finish(
    brand: Brand, held: Subscription, reason: str, now: datetime, *, state: str = "ended"
) -> tuple[Subscription, Payment | None]:
    """End a locked subscription now; gives the payment that must be let go after the commit, if one waits."""
    waiting = plans.open_order(member_id=held.member_id, subscription_id=held.id)
    stale = payment_of(waiting)
    if waiting is not None:
        plans.end_order(order=waiting, state="void")
    today = plans.today_of(now, brand.timezone)
    plans.close_period(held=held, on=min(today, held.ends_on) if held.ends_on else today)
    after = replace(
        held,
        state="cancelled" if state == "cancelled" else "ended",
        due_at=None,
        ended_at=now,
        end_reason=reason,
        paused_on=None,
    )
    plans.save(held=after)
    plans.set_agreement(held=after, agreement="")
    entitling.set_tags(brand=brand, member_id=held.member_id, held=None, terms=None, now=now)
    topic = "cancelled" if state == "cancelled" else "ended"
    telling.announce(brand=brand, held=after, topic=topic, now=now, more={"reason": reason})
    return replace(after, has_agreement=False), stale


def resumed(brand: Brand, held: Subscription, now: datetime) -> Subscription:
    """A locked, paused subscription goes on: the end lies as many days later as it rested."""
    plan = plans.get_plan(brand_id=brand.id, key=held.plan, now=now)
    assert held.ends_on is not None
    days = plans.paused_days(held, plan.terms, plans.today_of(now, brand.timezone))
    ends = held.ends_on.fromordinal(held.ends_on.toordinal() + days)
    starts = held.starts_on.fromordinal(held.starts_on.toordinal() + days)
    after = replace(
        held,
        state="active",
        paused_on=None,
        pause_days=held.pause_days + days,
        starts_on=starts,
        ends_on=ends,
        anchor_day=ends.day if days else held.anchor_day,
    )
    after = with_due(after, plan, brand, now)
    plans.save(held=after)
    plans.close_period(held=after, on=ends, ends_on=ends)
    _told(brand, after, plan, "resumed", now)
    return after


def _held(brand: Brand, member_id: UUID, subscription_id: UUID, *, lock: bool = False) -> Subscription:
    return plans.get_subscription(
        brand_id=brand.id, member_id=member_id, subscription_id=subscription_id, lock=lock
    )


def _changeable(held: Subscription, plan: str, period: str) -> None:
    if held.state not in ("active", "trial"):
        raise plans.wrong_state(held)
    planned = (held.next_plan or held.plan, held.next_period or held.period)
    if held.state == "active" and (plan, period) == planned:
        raise conflict("no_change", "与当前计划相同", "This is what she has")


def _reckon_refund(brand: Brand, held: Subscription, now: datetime) -> tuple[RefundPlan, list[Payment]]:
    plan = plans.get_plan(brand_id=brand.id, key=held.plan, now=now)
    paid = _payments_of_run(held)
    savings = plans.get_savings(
        brand_id=brand.id,
        member_id=held.member_id,
        held=held,
        currency=held.currency,
        timezone=brand.timezone,
    )
    reckoned = plans.plan_refund(
        plan.terms.refund,
        held,
        paid=sum(payment.left for payment in paid),
        savings=savings.in_period,
        today=plans.today_of(now, brand.timezone),
    )
    return reckoned, paid


def _payments_of_run(held: Subscription) -> list[Payment]:
    """What was paid for the current period: since it was bought or renewed, changes in it included; oldest first."""
    run: list[UUID] = []
    for period in plans.list_periods(member_id=held.member_id, subscription_ids=[held.id]):
        if period.kind in ("bought", "renewed"):
            run = []
        if period.payment_id is not None:
            run.append(period.payment_id)
    found = payments.payments_of(member_id=held.member_id, payment_ids=run)
    return [found[id_] for id_ in run if id_ in found and found[id_].state not in OPEN]


def _done(
    scope: Scope,
    held: Subscription,
    kind: str,
    data: Mapping[str, Any],
    now: datetime,
    key: str,
    body: str,
) -> None:
    plans.act(
        scope=scope,
        member_id=held.member_id,
        subscription_id=held.id,
        kind=kind,
        data=data,
        key=key,
        body=body,
        now=now,
    )
    telling.audited(scope=scope, held=held, action=kind, now=now, after=data)


def _told(brand: Brand, held: Subscription, plan: Plan, topic: str, now: datetime) -> None:
    entitling.set_tags(brand=brand, member_id=held.member_id, held=held, terms=plan.terms, now=now)
    telling.announce(brand=brand, held=held, topic=topic, now=now)
