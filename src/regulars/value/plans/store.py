"""Every query of plans and subscriptions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.kit.ids import new_ids
from regulars.kit.sql import plain_array
from regulars.platform.due import api as due
from regulars.platform.privacy import api as privacy
from regulars.value.plans import models
from regulars.value.plans.policy import parse
from regulars.value.plans.types import (
    Act,
    NewSaving,
    Plan,
    PlanOrder,
    Subscription,
    SubscriptionPeriod,
    Terms,
)

# Columns that a change may write; the keys and the agreement are not among them.
_WRITTEN = (
    "plan", "period", "state", "auto_renew", "worth", "starts_on", "ends_on", "anchor_day", "next_plan", "next_period",
    "retries", "pauses", "pause_days", "paused_on", "account", "due_at", "ended_at", "end_reason",
)  # fmt: skip
_PLAIN = tuple(f.name for f in fields(Subscription) if f.name != "has_agreement")
_PERIOD = tuple(f.name for f in fields(SubscriptionPeriod))
_ORDER = tuple(f.name for f in fields(PlanOrder))


def plan_of(row: models.Plan, benefits: Mapping[str, str]) -> Plan:
    """A benefit the programme no longer has is left out of the terms; the definition still names it.

    `benefits` are the programme's: key → kind.
    """
    given = dict(row.definition)
    shared = [key for key in given["programme_benefits"] if benefits.get(key, "multiplier") != "multiplier"]
    given["programme_benefits"] = shared
    terms = _terms(json.dumps({"key": row.key, **given}, sort_keys=True), tuple(shared))
    return Plan(
        brand_id=row.brand_id,
        key=row.key,
        state=row.state,  # type: ignore[arg-type]
        terms=terms,
        definition=row.definition,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


@lru_cache(maxsize=2000)
def _terms(definition: str, shared: tuple[str, ...]) -> Terms:
    """Read once: checkouts ask for a plan's terms with every cart."""
    terms, _ = parse.parse(json.loads(definition), benefits=dict.fromkeys(shared, "service"))
    return terms


# -- subscriptions -------------------------------------------------------------------------------------------------


def subscription_of(row: models.Subscription) -> Subscription:
    values = {name: getattr(row, name) for name in _PLAIN}
    return Subscription(**values, has_agreement=row.agreement is not None)


def read(
    *, brand_id: UUID, member_id: UUID, subscription_id: UUID, lock: bool = False
) -> models.Subscription | None:
    rows = models.Subscription.objects.filter(brand_id=brand_id, member_id=member_id, id=subscription_id)
    return (rows.select_for_update(no_key=True) if lock else rows).first()


def add(held: Subscription, agreement: str) -> None:
    values = {name: getattr(held, name) for name in _PLAIN}
    sealed = _seal(held.id, agreement) if agreement else None
    models.Subscription.objects.bulk_create([models.Subscription(**values, agreement=sealed)])


def save(held: Subscription) -> None:
    models.Subscription.objects.filter(member_id=held.member_id, id=held.id).update(
        **{name: getattr(held, name) for name in _WRITTEN}
    )


def set_agreement(*, member_id: UUID, subscription_id: UUID, agreement: str) -> None:
    models.Subscription.objects.filter(member_id=member_id, id=subscription_id).update(
        agreement=_seal(subscription_id, agreement) if agreement else None
    )


def agreement_of(row: models.Subscription) -> str:
    if row.agreement is None:
        return ""
    return privacy.decrypt(sealed=row.agreement, table="subscription", field="agreement", owner=row.id)


def claim_due(*, now: datetime, limit: int) -> list[tuple[UUID, UUID, UUID]]:
    """(brand, member, subscription) whose time has come, taken for a minute."""
    keys = due.claim(
        table="subscription",
        key=["brand_id", "member_id", "id"],
        now=now,
        limit=limit,
        due="due_at",
        lease_seconds=60,
    )
    return sorted((brand, member, id_) for brand, member, id_ in keys)


# -- periods, orders, acts -----------------------------------------------------------------------------------------


def period_of(row: models.SubscriptionPeriod) -> SubscriptionPeriod:
    return SubscriptionPeriod(**{name: getattr(row, name) for name in _PERIOD})


def add_period(period: SubscriptionPeriod, brand_id: UUID) -> None:
    values = {name: getattr(period, name) for name in _PERIOD}
    models.SubscriptionPeriod.objects.bulk_create([models.SubscriptionPeriod(**values, brand_id=brand_id)])


def periods_of(*, member_id: UUID, subscription_ids: Sequence[UUID]) -> list[SubscriptionPeriod]:
    """Oldest first."""
    rows = models.SubscriptionPeriod.objects.filter(
        member_id=member_id, subscription_id__in=subscription_ids
    ).order_by("id")
    return [period_of(row) for row in rows]


def order_of(row: models.PlanOrder) -> PlanOrder:
    return PlanOrder(**{name: getattr(row, name) for name in _ORDER})


def add_order(order: PlanOrder) -> None:
    models.PlanOrder.objects.bulk_create(
        [models.PlanOrder(**{name: getattr(order, name) for name in _ORDER})]
    )


def act_of(row: models.SubscriptionAct) -> Act:
    return Act(row.id, row.member_id, row.subscription_id, row.kind, row.actor, row.data, row.at)


# -- trials --------------------------------------------------------------------------------------------------------


def claim_trial(*, brand_id: UUID, hashes: Iterable[UUID], plan: str, now: datetime) -> bool:
    """Mark a person as having had her trial; False if any of her hashes was marked before. Taken in key order, so
    that two enrolments of one person wait for each other."""
    wanted = sorted(set(hashes))
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO plan_trial_key (key_hash, brand_id, plan, used_at)
               SELECT h, %s, %s, %s FROM unnest(%s::uuid[]) AS h ORDER BY h
               ON CONFLICT DO NOTHING""",
            [brand_id, plan, now, plain_array(wanted)],
        )
        return int(cursor.rowcount) == len(wanted)


def had_trial(*, brand_id: UUID, hashes: Iterable[UUID]) -> bool:
    return models.TrialKey.objects.filter(brand_id=brand_id, key_hash__in=list(hashes)).exists()


# -- savings -------------------------------------------------------------------------------------------------------


def add_savings(cursor: Any, *, brand_id: UUID, savings: Sequence[NewSaving]) -> int:
    """Write savings of members with a live subscription, each source once; gives how many were new."""
    if not savings:
        return 0
    ids = new_ids(len(savings))
    values = ",".join(["(%s::uuid,%s::uuid,%s,%s::bigint,%s,%s,%s::timestamptz)"] * len(savings))
    given: list[Any] = []
    for id_, one in zip(ids, savings, strict=True):
        given += [one.member_id, id_, one.benefit, one.amount, one.currency, one.source, one.at]
    cursor.execute(
        f"""
        INSERT INTO plan_saving
          (member_id, id, brand_id, subscription_id, plan, benefit, amount, currency, source, at)
        SELECT v.member_id, v.id, %s, s.id, coalesce(s.plan, ''), v.benefit, v.amount, v.currency, v.source, v.at
          FROM (VALUES {values}) AS v(member_id, id, benefit, amount, currency, source, at)
          LEFT JOIN subscription s ON s.member_id = v.member_id AND s.brand_id = %s
               AND s.state IN ('trial', 'active', 'paused', 'past_due')
         ORDER BY v.member_id, v.source, v.benefit
        ON CONFLICT (member_id, brand_id, source, benefit) DO NOTHING
        """,
        [brand_id, *given, brand_id],
    )
    return int(cursor.rowcount)


def sum_savings(
    *, brand_id: UUID, member_id: UUID, subscription_id: UUID | None, since: datetime | None
) -> tuple[int, int, dict[str, int], int]:
    """(in all, since an instant in one subscription, by benefit, number of sources)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT benefit, sum(amount), count(*) FILTER (WHERE amount > 0),
                      coalesce(sum(amount) FILTER (WHERE subscription_id = %s AND at >= %s), 0)
                 FROM plan_saving WHERE member_id = %s AND brand_id = %s GROUP BY benefit ORDER BY benefit""",
            [subscription_id, since, member_id, brand_id],
        )
        rows = cursor.fetchall()
    by_benefit = {benefit: int(total) for benefit, total, _, _ in rows}
    return (
        sum(by_benefit.values()),
        sum(int(row[3]) for row in rows),
        by_benefit,
        sum(int(row[2]) for row in rows),
    )


def _seal(owner: UUID, agreement: str) -> bytes:
    return privacy.encrypt(text=agreement, table="subscription", field="agreement", owner=owner)
