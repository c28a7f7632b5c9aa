"""The door of benefits: what a member may use, using it 核销, undoing it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.kit import paging
from regulars.kit.errors import conflict, not_found
from regulars.kit.ids import new_id
from regulars.kit.paging import Page
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.types import Benefit, Programme
from regulars.value.benefits import policy, store
from regulars.value.benefits.types import USE, Allowance, BenefitUseRow, UseReceipt


def list_for(
    *, scope: Scope, programme: Programme, member_id: UUID, tiers: Mapping[str, str], now: datetime
) -> list[Allowance]:
    """The benefits that the member's tiers (scheme → tier) give now, each with what is left of its quota."""
    given = policy.list_given(programme.benefits, tiers)
    used = _used(scope, programme.timezone, member_id, given, now)
    return [policy.allowance(b, used.get(b.key, 0), at=now, tz=programme.timezone) for b in given]


def use(
    *,
    scope: Scope,
    programme: Programme,
    member_id: UUID,
    tiers: Mapping[str, str],
    benefit: str,
    key: str,
    now: datetime,
    store_id: UUID | None = None,
) -> UseReceipt:
    """Use a benefit once, at a store or not. Uses beyond the quota are impossible, however many come at once.

    `key` is the idempotency key: with the same benefit and store it answers the first use again; with others it is
    refused (`idempotency_conflict`, 409). Refuses as `policy.usable` does, `benefit_used_up` when nothing is left in
    the period, and stores that the actor may not act for.
    """
    scope.require_store(store_id)
    with transaction.atomic(), connection.cursor() as cursor:
        before = store.by_key(cursor, brand_id=scope.brand_id, member_id=member_id, key=key)
        if before is None:
            asked = policy.usable(programme.benefits, benefit, tiers)
            period = policy.period_of(asked, now, programme.timezone)
            id_ = new_id()
            while True:
                row = store.take(
                    cursor,
                    id_=id_,
                    brand_id=scope.brand_id,
                    member_id=member_id,
                    benefit=benefit,
                    period=period,
                    quota=asked.quota,
                    key=key,
                    store_id=store_id,
                    actor=scope.actor.label,
                    now=now,
                )
                if row is not None:
                    return UseReceipt(row, _remaining(scope, programme, row, now))
                before = store.by_key(cursor, brand_id=scope.brand_id, member_id=member_id, key=key)
                if before is not None:
                    break
                taken = store.count_used(
                    cursor, brand_id=scope.brand_id, member_id=member_id, periods=[(benefit, period)]
                ).get((benefit, period), 0)
                if asked.quota is not None and taken >= asked.quota:
                    raise policy.used_up(asked, now, programme.timezone)
                # another took the slot at the same moment: the next one
        if (before.benefit, before.store_id) != (benefit, store_id):
            raise conflict(
                "idempotency_conflict",
                "该幂等键已用于另一个请求",
                "This idempotency key was used for another request",
                key=key,
            )
        return UseReceipt(before, _remaining(scope, programme, before, now), repeated=True)


def undo(*, scope: Scope, programme: Programme, member_id: UUID, use_id: UUID, now: datetime) -> UseReceipt:
    """Take a use back: it counts no more. Undoing twice is undoing once.

    Refuses a use that the brand's member does not have (`not_found`), and a store's use to whom may not act for it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        row = store.lock_use(cursor, brand_id=scope.brand_id, member_id=member_id, use_id=use_id)
        if row is None:
            raise not_found(USE)
        scope.require_store(row.store_id)
        if row.undone_at is None:
            store.set_undone(cursor, member_id=member_id, use_id=use_id, now=now)
        after = store.lock_use(cursor, brand_id=scope.brand_id, member_id=member_id, use_id=use_id) or row
        return UseReceipt(after, _remaining(scope, programme, after, now), repeated=row.undone_at is not None)


def list_uses(
    *,
    scope: Scope,
    member_id: UUID,
    benefit: str | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[BenefitUseRow]:
    """A page of a member's uses, newest first, undone ones included."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    after = paging.decode(cursor, parts=2)
    with connection.cursor() as db:
        rows = store.list_uses(
            db,
            brand_id=scope.brand_id,
            member_id=member_id,
            benefit=benefit,
            before=(str(after[0]), str(after[1])) if after else None,
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda row: [row.used_at.isoformat(), row.id])


def _used(scope: Scope, tz: str, member_id: UUID, given: list[Benefit], now: datetime) -> dict[str, int]:
    periods = [(b.key, policy.period_of(b, now, tz)) for b in given]
    if not periods:
        return {}
    with connection.cursor() as cursor:
        counts = store.count_used(cursor, brand_id=scope.brand_id, member_id=member_id, periods=periods)
    return {benefit: n for (benefit, _), n in counts.items()}


def _remaining(scope: Scope, programme: Programme, row: BenefitUseRow, now: datetime) -> int | None:
    """What is left of the quota in the period of the use; None without one, or if the benefit is no more."""
    benefit = next((b for b in programme.benefits if b.key == row.benefit), None)
    if benefit is None or benefit.quota is None:
        return None
    with connection.cursor() as cursor:
        counts = store.count_used(
            cursor, brand_id=scope.brand_id, member_id=row.member_id, periods=[(row.benefit, row.period)]
        )
    return max(0, benefit.quota - counts.get((row.benefit, row.period), 0))
