"""Subscriptions with their periods, orders and acts: read, and written for the flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from regulars.kit import paging
from regulars.kit.asks import Ask
from regulars.kit.errors import conflict, not_found
from regulars.kit.ids import digest, new_id
from regulars.kit.paging import Page
from regulars.kit.sql import plain_array
from regulars.platform.organisations.types import Scope
from regulars.value.plans import models, store
from regulars.value.plans.types import (
    LIVE,
    SUBSCRIPTION,
    Act,
    OrderKind,
    OrderState,
    PeriodKind,
    PlanOrder,
    Subscription,
    SubscriptionPeriod,
)


def find_live(*, brand_id: UUID, member_id: UUID, lock: bool = False) -> Subscription | None:
    """The member's subscription that has not ended, if she has one."""
    rows = models.Subscription.objects.filter(brand_id=brand_id, member_id=member_id, state__in=sorted(LIVE))
    row = (rows.select_for_update(no_key=True) if lock else rows).first()
    return None if row is None else store.subscription_of(row)


_ASK_LIVE = """
    SELECT json_agg(member_id)::text FROM subscription
     WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND state = ANY(%s::text[])
"""
_members = msgspec.json.Decoder(list[UUID])


def ask_subscribed(*, brand_id: UUID, member_ids: Iterable[UUID]) -> Ask[frozenset[UUID]]:
    """Those of the members who have a subscription that has not ended, to be asked with other rooms' questions."""
    return Ask(
        _ASK_LIVE,
        (plain_array(member_ids), brand_id, plain_array(sorted(LIVE))),
        lambda text: frozenset(_members.decode(text) if text else ()),
    )


def get_subscription(
    *, brand_id: UUID, member_id: UUID, subscription_id: UUID, lock: bool = False
) -> Subscription:
    """Raises `not_found`."""
    row = store.read(brand_id=brand_id, member_id=member_id, subscription_id=subscription_id, lock=lock)
    if row is None:
        raise not_found(SUBSCRIPTION)
    return store.subscription_of(row)


def list_of_member(*, brand_id: UUID, member_id: UUID) -> list[Subscription]:
    """Newest first."""
    rows = models.Subscription.objects.filter(brand_id=brand_id, member_id=member_id).order_by("-id")
    return [store.subscription_of(row) for row in rows[:100]]


def list_subscriptions(
    *,
    scope: Scope,
    plan: str | None = None,
    state: str | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[Subscription]:
    """The brand's subscriptions, newest first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    rows = models.Subscription.objects.filter(brand_id=scope.brand_id).order_by("-id")
    if plan is not None:
        rows = rows.filter(plan=plan)
    if state is not None:
        rows = rows.filter(state=state)
    after = paging.decode_id(cursor)
    if after is not None:
        rows = rows.filter(id__lt=after)
    found = [store.subscription_of(row) for row in rows[: limit + 1]]
    return paging.cut(found, limit, lambda held: [held.id])


def list_periods(*, member_id: UUID, subscription_ids: Sequence[UUID]) -> list[SubscriptionPeriod]:
    """Oldest first."""
    return store.periods_of(member_id=member_id, subscription_ids=subscription_ids)


def list_acts(*, brand_id: UUID, member_id: UUID, subscription_id: UUID) -> list[Act]:
    """What was done to a subscription, newest first (200 at most)."""
    rows = models.SubscriptionAct.objects.filter(
        brand_id=brand_id, member_id=member_id, subscription_id=subscription_id
    ).order_by("-id")
    return [store.act_of(row) for row in rows[:200]]


# -- written by the flow -------------------------------------------------------------------------------------------


def begin(*, held: Subscription, agreement: str = "") -> None:
    """A new subscription. A second live one of a member in a brand cannot be."""
    store.add(held, agreement)


def save(*, held: Subscription) -> None:
    """Write a locked subscription as it now is."""
    store.save(held)


def set_agreement(*, held: Subscription, agreement: str) -> Subscription:
    """What renewals may be charged with from now on; empty: nothing."""
    store.set_agreement(member_id=held.member_id, subscription_id=held.id, agreement=agreement)
    return replace(held, has_agreement=bool(agreement))


def agreement_of(*, held: Subscription) -> str:
    """For the provider, and for nobody else."""
    row = store.read(brand_id=held.brand_id, member_id=held.member_id, subscription_id=held.id)
    return "" if row is None else store.agreement_of(row)


def claim_due(*, now: datetime, limit: int) -> list[tuple[UUID, UUID, UUID]]:
    """(brand, member, subscription) whose time has come, taken for a minute so that two workers share them."""
    return store.claim_due(now=now, limit=limit)


def add_period(
    *, held: Subscription, kind: PeriodKind, paid: int, payment_id: UUID | None, now: datetime
) -> SubscriptionPeriod:
    """The subscription's current period, as history."""
    made = SubscriptionPeriod(
        id=new_id(),
        member_id=held.member_id,
        subscription_id=held.id,
        plan=held.plan,
        period=held.period,
        kind=kind,
        starts_on=held.starts_on,
        ends_on=held.ends_on,
        paid=paid,
        worth=held.worth,
        currency=held.currency,
        payment_id=payment_id,
        closed_on=None,
        created_at=now,
    )
    store.add_period(made, held.brand_id)
    return made


def close_period(*, held: Subscription, on: date, ends_on: date | None = None) -> None:
    """The current period is over on a day; or, with `ends_on` alone moved, it goes on until then."""
    rows = models.SubscriptionPeriod.objects.filter(
        member_id=held.member_id, subscription_id=held.id, closed_on=None
    )
    if ends_on is not None:
        rows.update(ends_on=ends_on)
    else:
        rows.update(closed_on=on)


def add_order(
    *,
    held_id: UUID,
    member_id: UUID,
    brand_id: UUID,
    kind: OrderKind,
    plan: str,
    period: str,
    amount: int,
    currency: str,
    data: Mapping[str, Any],
    now: datetime,
) -> PlanOrder:
    """Something to be paid for. There is one open order of a subscription at most."""
    order = PlanOrder(
        id=new_id(),
        member_id=member_id,
        brand_id=brand_id,
        subscription_id=held_id,
        kind=kind,
        state="open",
        plan=plan,
        period=period,  # type: ignore[arg-type]
        amount=amount,
        currency=currency,
        payment_id=None,
        data=dict(data),
        created_at=now,
    )
    store.add_order(order)
    return order


def open_order(*, member_id: UUID, subscription_id: UUID) -> PlanOrder | None:
    """What of a subscription waits for its payment."""
    row = models.PlanOrder.objects.filter(
        member_id=member_id, subscription_id=subscription_id, state="open"
    ).first()
    return None if row is None else store.order_of(row)


def open_purchase(*, brand_id: UUID, member_id: UUID, lock: bool = True) -> PlanOrder | None:
    """The purchase of a member that waits for its payment."""
    rows = models.PlanOrder.objects.filter(
        member_id=member_id, brand_id=brand_id, state="open", kind="buy"
    ).order_by("-id")
    row = (rows.select_for_update(no_key=True) if lock else rows).first()
    return None if row is None else store.order_of(row)


def get_order(*, member_id: UUID, order_id: UUID, lock: bool = False) -> PlanOrder:
    """Raises `not_found`."""
    rows = models.PlanOrder.objects.filter(member_id=member_id, id=order_id)
    row = (rows.select_for_update(no_key=True) if lock else rows).first()
    if row is None:
        raise not_found(SUBSCRIPTION)
    return store.order_of(row)


def set_payment(*, order: PlanOrder, payment_id: UUID) -> PlanOrder:
    models.PlanOrder.objects.filter(member_id=order.member_id, id=order.id).update(payment_id=payment_id)
    return replace(order, payment_id=payment_id)


def end_order(*, order: PlanOrder, state: OrderState) -> None:
    models.PlanOrder.objects.filter(member_id=order.member_id, id=order.id).update(state=state)


def claim_trial(*, brand_id: UUID, hashes: Iterable[UUID], plan: str, now: datetime) -> bool:
    """Mark a natural person as having had her trial in the brand; False if she had it before."""
    return store.claim_trial(brand_id=brand_id, hashes=hashes, plan=plan, now=now)


def had_trial(*, brand_id: UUID, hashes: Iterable[UUID]) -> bool:
    return store.had_trial(brand_id=brand_id, hashes=hashes)


def claim_act(*, brand_id: UUID, member_id: UUID, kind: str, key: str, body: str) -> Act | None:
    """The act of an idempotency key, if it was used before. Raises `idempotency_conflict` (409) for another request."""
    row = models.SubscriptionAct.objects.filter(brand_id=brand_id, member_id=member_id, key=key).first()
    if row is None:
        return None
    if row.kind != kind or row.digest != digest(kind, body):
        raise conflict(
            "idempotency_conflict",
            "该幂等键已用于另一个请求",
            "This idempotency key was used for another request",
            key=key,
        )
    return store.act_of(row)


def act(
    *,
    scope: Scope,
    member_id: UUID,
    subscription_id: UUID | None,
    kind: str,
    data: Mapping[str, Any],
    now: datetime,
    key: str = "",
    body: str = "",
) -> Act:
    """Keep what was done, in the transaction that does it."""
    row = models.SubscriptionAct(
        member_id=member_id,
        id=new_id(),
        brand_id=scope.brand_id,
        subscription_id=subscription_id,
        kind=kind,
        key=key,
        digest=digest(kind, body) if key else None,
        actor=scope.actor.label,
        data=dict(data),
        at=now,
    )
    models.SubscriptionAct.objects.bulk_create([row])
    return store.act_of(row)
