"""The door of benefits: what a member may use, using it 核销, undoing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from regulars.kit import paging
from regulars.kit.asks import Ask
from regulars.kit.errors import ErrorList, conflict, not_found
from regulars.kit.ids import digest, new_id
from regulars.kit.paging import Page
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.types import Benefit, Programme
from regulars.value.benefits import policy, store
from regulars.value.benefits.types import (
    BENEFIT,
    USE,
    Allowance,
    BenefitUseRow,
    GrantRow,
    NewGrant,
    NewUse,
    UseReceipt,
)

MAX_GRANT = 100


def list_for(
    *, scope: Scope, programme: Programme, member_id: UUID, tiers: Mapping[str, str], now: datetime
) -> list[Allowance]:
    """The benefits that the member's tiers (scheme → tier) and grants give now, each with what is left of it."""
    given = policy.list_given(programme.benefits, tiers)
    used = _used(scope, programme.timezone, member_id, given, now)
    extra: dict[str, int] = {}
    with connection.cursor() as cursor:
        for grant in store.open_grants(cursor, brand_id=scope.brand_id, member_id=member_id, now=now):
            if grant.used < grant.uses:
                extra[grant.benefit] = extra.get(grant.benefit, 0) + grant.uses - grant.used
    return _allowances(programme, given, used, extra, now)


def _allowances(
    programme: Programme,
    given: list[Benefit],
    used: Mapping[str, int],
    extra: Mapping[str, int],
    now: datetime,
) -> list[Allowance]:
    tz = programme.timezone
    found = [policy.allowance(b, used.get(b.key, 0), at=now, tz=tz, extra=extra.get(b.key, 0)) for b in given]
    return found + [
        policy.allowance(b, 0, at=now, tz=tz, extra=extra[b.key], given=False)
        for b in programme.benefits
        if b.key in extra and b not in given
    ]


def ask_uses(
    *, brand_id: UUID, programme: Programme, member_ids: Sequence[UUID], now: datetime
) -> tuple[Ask[dict[UUID, dict[str, int]]], Ask[dict[UUID, dict[str, int]]]]:
    """What members used of the programme's benefits in the periods of `now`, and what grants add: to be asked together
    with other rooms' questions. `quotas_left` reckons with the answers.
    """
    periods = [
        (b.key, policy.period_of(b, now, programme.timezone))
        for b in programme.benefits
        if b.quota is not None
    ]
    return (
        store.ask_used(brand_id=brand_id, member_ids=member_ids, periods=periods),
        store.ask_granted(brand_id=brand_id, member_ids=member_ids, now=now),
    )


def quotas_left(
    *,
    programme: Programme,
    tiers: Mapping[str, str],
    used: Mapping[str, int],
    granted: Mapping[str, int],
    now: datetime,
) -> dict[str, int]:
    """What is left of each benefit that has a quota, by key, for a member of whom this is known. Pure."""
    given = policy.list_given(programme.benefits, tiers)
    found = _allowances(programme, given, used, granted, now)
    return {a.benefit.key: a.remaining for a in found if a.remaining is not None}


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
    """Use a benefit once, at a store or not. Uses beyond quota and grants are impossible, however many come at once.

    The quota goes first, then grants, the one that ends first at the front.

    `key` is the idempotency key: with the same benefit and store it answers the first use again; with others it is
    refused (`idempotency_conflict`, 409). Refuses as `policy.usable` does, `benefit_used_up` when nothing is left in
    the period, and stores that the actor may not act for.
    """
    scope.require_store(store_id)
    with transaction.atomic(), connection.cursor() as cursor:
        before = store.by_key(cursor, brand_id=scope.brand_id, member_id=member_id, key=key)
        if before is None:
            grants = store.open_grants(
                cursor, brand_id=scope.brand_id, member_id=member_id, now=now, benefit=benefit, lock=True
            )
            asked = policy.usable(programme.benefits, benefit, tiers, granted=bool(grants))
            places: list[tuple[str, int | None]] = [(grant.period, grant.uses) for grant in grants]
            if policy.is_given(asked, tiers):
                places.insert(0, (policy.period_of(asked, now, programme.timezone), asked.quota))
            id_ = new_id()
            while before is None:
                if not places:
                    raise policy.used_up(asked, now, programme.timezone)
                period, quota = places[0]
                row = store.take(
                    cursor,
                    id_=id_,
                    brand_id=scope.brand_id,
                    member_id=member_id,
                    benefit=benefit,
                    period=period,
                    quota=quota,
                    key=key,
                    store_id=store_id,
                    actor=scope.actor.label,
                    now=now,
                )
                if row is not None:
                    return UseReceipt(row, _remaining(scope, programme, row, now))
                before = store.by_key(cursor, brand_id=scope.brand_id, member_id=member_id, key=key)
                taken = store.count_used(
                    cursor, brand_id=scope.brand_id, member_id=member_id, periods=[(benefit, period)]
                ).get((benefit, period), 0)
                if quota is not None and taken >= quota:
                    places.pop(0)
                # else another took the slot at the same moment: the next one
        if (before.benefit, before.store_id) != (benefit, store_id):
            raise conflict(
                "idempotency_conflict",
                "该幂等键已用于另一个请求",
                "This idempotency key was used for another request",
                key=key,
            )
        return UseReceipt(before, _remaining(scope, programme, before, now), repeated=True)


def use_rows(*, scope: Scope, uses: Sequence[NewUse], now: datetime) -> dict[UUID, UUID]:
    """Use benefits of many members in the caller's transaction: by the id of each, that of the use that stands for it.

    What a tier gives and has a free slot is taken by one statement; every other goes by `use`, and is refused as that
    refuses. Repeated keys are no repeats here: what was used under one before is that use.
    """
    rows: dict[UUID, tuple[NewUse, str, int]] = {}
    named: set[tuple[UUID, str]] = set()
    for one in uses:
        benefit = next((b for b in one.programme.benefits if b.key == one.benefit), None)
        if benefit is None or benefit.quota is None or (one.member_id, one.benefit) in named:
            continue
        if policy.is_given(benefit, one.tiers) and not policy.is_automatic(benefit):
            named.add((one.member_id, one.benefit))
            period = policy.period_of(benefit, now, one.programme.timezone)
            rows[one.id] = (one, period, benefit.quota)
    taken: set[UUID] = set()
    if rows:
        with connection.cursor() as cursor:
            taken = store.take_rows(
                cursor, brand_id=scope.brand_id, rows=list(rows.values()), actor=scope.actor.label, now=now
            )
    found = {}
    for one in uses:
        if one.id in taken:
            found[one.id] = one.id
            continue
        receipt = use(
            scope=scope,
            programme=one.programme,
            member_id=one.member_id,
            tiers=one.tiers,
            benefit=one.benefit,
            key=one.key,
            now=now,
            store_id=one.store_id,
        )
        found[one.id] = receipt.use.id
    return found


def is_key_used(*, scope: Scope, member_id: UUID, key: str) -> bool:
    """Whether a use was made under this idempotency key."""
    with connection.cursor() as cursor:
        return store.by_key(cursor, brand_id=scope.brand_id, member_id=member_id, key=key) is not None


def undo(*, scope: Scope, programme: Programme, member_id: UUID, use_id: UUID, now: datetime) -> UseReceipt:
    """Take a use back: it counts no more. Undoing twice is undoing once.

    It can be undone for the benefit's `undo_minutes` (`undo_too_late`, 409); by whoever may review, later too. Refuses
    a use that the brand's member does not have (`not_found`), and a store's use to whom may not act for it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        row = store.lock_use(cursor, brand_id=scope.brand_id, member_id=member_id, use_id=use_id)
        if row is None:
            raise not_found(USE)
        scope.require_store(row.store_id)
        if row.undone_at is None:
            benefit = next((b for b in programme.benefits if b.key == row.benefit), None)
            if benefit is not None and not scope.allows("ledger.approve"):
                policy.check_undo(row.used_at, benefit.undo_minutes, now)
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
    after = paging.decode_at(cursor)
    with connection.cursor() as db:
        rows = store.list_uses(
            db,
            brand_id=scope.brand_id,
            member_id=member_id,
            benefit=benefit,
            before=after,
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda row: [row.used_at.isoformat(), row.id])


def grant(
    *,
    scope: Scope,
    programme: Programme,
    member_id: UUID,
    benefit: str,
    uses: int,
    until: datetime,
    reason: str,
    key: str,
    now: datetime,
) -> GrantRow:
    """Give a member more uses of a benefit by hand; the same `key` gives them once. Raises `invalid_input`."""
    errors = ErrorList()
    found = next((b for b in programme.benefits if b.key == benefit), None)
    if found is None:
        raise not_found(BENEFIT)
    if found.quota is None:
        errors.add(
            "benefit", "no_quota", "该权益没有次数限制，无需加送", "The benefit has no quota to add to"
        )
    if not 1 <= uses <= MAX_GRANT:
        errors.add("uses", "out_of_range", f"1 到 {MAX_GRANT}", f"must be 1 to {MAX_GRANT}")
    if until.tzinfo is None or not now < until <= now + timedelta(days=3660):
        errors.add("until", "not_future", "必须是将来的时间（十年内）", "must lie in the next ten years")
    if not reason.strip() or len(reason) > 500:
        errors.add("reason", "required", "请说明原因，最长 500 字", "say why, in at most 500 characters")
    errors.refuse()
    new = NewGrant(
        member_id,
        digest("benefit-grant", str(scope.brand_id), member_id.hex, key),
        benefit,
        uses,
        "staff",
        until,
        reason,
        scope.actor.label,
    )
    with transaction.atomic(), connection.cursor() as cursor:
        store.add_grants(cursor, brand_id=scope.brand_id, grants=[new], now=now)
        row = next(
            g
            for g in store.list_grants(cursor, brand_id=scope.brand_id, member_id=member_id, limit=1000)
            if g.id == new.id
        )
        if (row.benefit, row.uses, row.until) != (benefit, uses, until):
            raise conflict(
                "idempotency_conflict",
                "该幂等键已用于另一个请求",
                "This idempotency key was used for another request",
                key=key,
            )
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="benefit.grant",
            subject_type="member",
            subject_id=member_id,
            after={"benefit": benefit, "uses": uses, "until": until.isoformat(), "reason": reason},
            now=now,
        )
    return row


def grant_rows(*, brand_id: UUID, grants: Sequence[NewGrant], now: datetime) -> None:
    """Grants under ids of the caller's, in the caller's transaction; again is harmless."""
    if grants:
        with connection.cursor() as cursor:
            store.add_grants(cursor, brand_id=brand_id, grants=grants, now=now)


def end_grants(*, brand_id: UUID, ids: Sequence[tuple[UUID, UUID]], now: datetime) -> int:
    """End grants (member, grant): what was used stands, the rest is gone. Returns how many had not ended."""
    if not ids:
        return 0
    with connection.cursor() as cursor:
        return store.end_grants(cursor, brand_id=brand_id, ids=ids, now=now)


def list_grants(*, scope: Scope, member_id: UUID, limit: int = 100) -> list[GrantRow]:
    """A member's grants, newest first, those that are over included."""
    with connection.cursor() as cursor:
        return store.list_grants(cursor, brand_id=scope.brand_id, member_id=member_id, limit=limit)


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
        if row.period.startswith("grant:"):
            grants = store.open_grants(
                cursor, brand_id=scope.brand_id, member_id=row.member_id, now=now, benefit=row.benefit
            )
            return sum(max(0, one.uses - one.used) for one in grants)
        counts = store.count_used(
            cursor, brand_id=scope.brand_id, member_id=row.member_id, periods=[(row.benefit, row.period)]
        )
    return max(0, benefit.quota - counts.get((row.benefit, row.period), 0))
