"""What a payment means to a plan, in the transaction that writes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from regulars.flows import payments as paying
from regulars.flows.plans import entitling, telling
from regulars.flows.plans.buying import SUBJECT, with_due
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.platform.payments import api as payments
from regulars.platform.payments.types import Change
from regulars.value.plans import api as plans
from regulars.value.plans.types import PeriodKind, PlanOrder, Subscription


def take(change: Change, now: datetime) -> None:
    """Paid: what was ordered comes true, or the money goes back if it no longer can. Failed or closed: a purchase or
    change is let go; a renewal is tried again when its day comes."""
    if change.kind not in ("paid", "failed", "closed"):
        return
    brand = organisations.get_brand(brand_id=change.payment.brand_id)
    order = plans.get_order(member_id=change.payment.member_id, order_id=change.payment.subject_id, lock=True)
    if change.kind != "paid":
        if order.state == "open":
            plans.end_order(order=order, state="void")
        return
    if order.state != "open" or not _fulfil(brand, order, change, now):
        if order.state == "open":
            plans.end_order(order=order, state="void")
        paying.begin_refund(
            scope=entitling.system_scope(brand),
            payment=change.payment,
            amount=change.payment.left,
            reason="order no longer open",
            key=f"stale:{order.id}",
            now=now,
        )
        return
    plans.end_order(order=order, state="done")


def _fulfil(brand: Brand, order: PlanOrder, change: Change, now: datetime) -> bool:
    if order.kind == "buy":
        return _bought(brand, order, change, now)
    held = plans.get_subscription(
        brand_id=brand.id, member_id=order.member_id, subscription_id=order.subscription_id, lock=True
    )
    if order.kind == "renew":
        return _renewed(brand, held, order, change, now)
    return _changed(brand, held, order, change, now)


def _bought(brand: Brand, order: PlanOrder, change: Change, now: datetime) -> bool:
    live = plans.find_live(brand_id=brand.id, member_id=order.member_id, lock=True)
    if live is not None and (live.id != order.subscription_id or live.state != "trial"):
        return False
    today = plans.today_of(now, brand.timezone)
    account = payments.find_account(account_id=change.payment.account_id)
    held = Subscription(
        id=order.subscription_id,
        member_id=order.member_id,
        brand_id=brand.id,
        plan=order.plan,
        period=order.period,
        state="active",
        auto_renew=bool(order.data.get("auto_renew")) and order.period != "lifetime",
        worth=order.amount,
        currency=order.currency,
        starts_on=today,
        ends_on=plans.period_end(today, order.period, today.day),
        anchor_day=today.day,
        next_plan="",
        next_period="",
        retries=0,
        pauses=0,
        pause_days=0,
        paused_on=None,
        account=account.key if account else "",
        has_agreement=live is not None and live.has_agreement,
        due_at=None,
        created_at=live.created_at if live else now,
        ended_at=None,
        end_reason="",
    )
    if live is not None:
        plans.close_period(held=live, on=today)
    return _write(brand, held, order, change, "bought", live is None, now)


def _renewed(brand: Brand, held: Subscription, order: PlanOrder, change: Change, now: datetime) -> bool:
    """The next period begins where the last one ended, whenever it was paid; if it would be over by now, today."""
    if not held.is_live or held.ends_on is None or held.state == "paused":
        return False
    start = held.ends_on
    same = order.period == held.period and held.state != "trial"
    anchor = held.anchor_day if same else start.day
    today, ends = plans.today_of(now, brand.timezone), plans.period_end(start, order.period, anchor)
    if ends is not None and ends <= today:
        start, anchor = today, today.day
    plans.close_period(held=held, on=start)
    after = replace(
        held,
        plan=order.plan,
        period=order.period,
        state="active",
        worth=order.amount,
        starts_on=start,
        ends_on=plans.period_end(start, order.period, anchor),
        anchor_day=anchor,
        next_plan="",
        next_period="",
        retries=0,
        pauses=0,
        pause_days=0,
    )
    return _write(brand, after, order, change, "renewed", False, now)


def _changed(brand: Brand, held: Subscription, order: PlanOrder, change: Change, now: datetime) -> bool:
    """The change as it was agreed to, if nothing else happened to the subscription meanwhile."""
    if order.data.get("held") != fingerprint(held):
        return False
    start = date.fromisoformat(str(order.data["starts_on"]))
    ends = order.data["ends_on"]
    plans.close_period(held=held, on=start)
    after = replace(
        held,
        plan=order.plan,
        period=order.period,
        state="active",
        worth=int(order.data["worth"]),
        starts_on=start,
        ends_on=date.fromisoformat(str(ends)) if ends else None,
        anchor_day=int(order.data["anchor_day"]),
        auto_renew=held.auto_renew and order.period != "lifetime",
        next_plan="",
        next_period="",
    )
    return _write(brand, after, order, change, "changed", False, now)


def fingerprint(held: Subscription) -> list[Any]:
    """What of a subscription a change was reckoned from."""
    ends = held.ends_on.isoformat() if held.ends_on else None
    return [held.plan, held.period, held.state, held.worth, held.starts_on.isoformat(), ends]


def _write(
    brand: Brand,
    held: Subscription,
    order: PlanOrder,
    change: Change,
    kind: PeriodKind,
    new: bool,
    now: datetime,
) -> bool:
    plan = plans.find_plan(brand_id=brand.id, key=held.plan, now=now)
    if change.agreement and not held.has_agreement:
        held = replace(held, has_agreement=True)
    held = with_due(held, plan, brand, now)
    if new:
        plans.begin(held=held, agreement=change.agreement if held.auto_renew else "")
    else:
        plans.save(held=held)
        if change.agreement:
            plans.set_agreement(held=held, agreement=change.agreement)
    plans.add_period(held=held, kind=kind, paid=order.amount, payment_id=change.payment.id, now=now)
    plans.act(
        scope=entitling.system_scope(brand),
        member_id=held.member_id,
        subscription_id=held.id,
        kind=kind,
        data={"plan": held.plan, "period": held.period, "paid": order.amount, "worth": held.worth},
        now=now,
    )
    entitling.set_tags(
        brand=brand, member_id=held.member_id, held=held, terms=plan.terms if plan else None, now=now
    )
    telling.announce(
        brand=brand,
        held=held,
        topic=kind,
        now=now,
        more={"paid": order.amount, "currency": held.currency, "payment_id": str(change.payment.id)},
    )
    return True


paying.takes(SUBJECT, take)
