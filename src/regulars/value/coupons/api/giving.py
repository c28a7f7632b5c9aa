"""Gifts 转赠: a coupon offered under a code, taken by whoever is first; and bulk issues as they go on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.kit.errors import Refusal, conflict, not_found
from regulars.kit.ids import digest, new_id
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.value.coupons import events
from regulars.value.coupons.policy import coding, usable
from regulars.value.coupons.store import codes, definitions, giving, holding
from regulars.value.coupons.types import Coupon, Gift, Held, IssueJob

_GIFT = Text("转赠", "Gift")
_ISSUE = Text("发放任务", "Bulk issue")


def offer_gift(
    *, brand_id: UUID, member_id: UUID, coupon_id: UUID, now: datetime, message: str = ""
) -> tuple[Gift, Held]:
    """Offer a coupon to whoever brings the gift's `token`. It stays hers, held, until it is taken or the time is over.

    Raises `coupon_not_transferable` and why it cannot be used (a coupon whose time has not come may be given).
    """
    with transaction.atomic(), connection.cursor() as cursor:
        coupon = holding.lock(cursor, brand_id=brand_id, member_id=member_id, ids=[coupon_id]).get(coupon_id)
        if coupon is None:
            raise usable.no_such_coupon()
        made = definitions.read(cursor, brand_id=brand_id, keys=[coupon.definition])[coupon.definition]
        why = usable.why_not(coupon, made, now)
        if why not in (None, "coupon_not_started"):
            raise usable.refusal(str(why), made)
        if not made.transferable:
            raise usable.refusal("coupon_not_transferable", made)
        (token,) = coding.make(1)
        until = now + timedelta(hours=made.gift_hours)
        if coupon.expires_at is not None:
            until = min(until, coupon.expires_at)
        gift = Gift(
            token_hash=coding.gift_hash(brand_id, token),
            definition=made.key,
            giver_id=member_id,
            coupon_id=coupon_id,
            state="offered",
            message=message,
            offered_at=now,
            expires_at=until,
            taker_id=None,
            taken_id=None,
            ended_at=None,
            token=token,
        )
        giving.add(cursor, brand_id=brand_id, gift=gift)
        lock = f"{usable.GIFT}{gift.token_hash}"
        holding.set_locked(cursor, member_id=member_id, ids=[coupon_id], lock=lock, until=until)
        after = holding.lock(cursor, brand_id=brand_id, member_id=member_id, ids=[coupon_id])[coupon_id]
        return gift, Held(after, made)


def find_gift(*, brand_id: UUID, token: str) -> Gift:
    """A gift by its code. Raises `not_found`."""
    with connection.cursor() as cursor:
        found = giving.find(cursor, brand_id=brand_id, token_hash=coding.gift_hash(brand_id, token))
    if found is None:
        raise not_found(_GIFT)
    return found


def list_gifts(*, brand_id: UUID, hashes: list[UUID]) -> dict[UUID, Gift]:
    """Gifts by their hashes, as coupons' locks name them."""
    with connection.cursor() as cursor:
        return giving.find_many(cursor, brand_id=brand_id, hashes=hashes)


def gift_hash_of(coupon: Coupon) -> UUID | None:
    """The gift that holds a coupon, or by which it was given away."""
    if coupon.lock is None or not coupon.lock.startswith(usable.GIFT):
        return None
    return UUID(coupon.lock.removeprefix(usable.GIFT))


def accept_gift(*, brand_id: UUID, taker_id: UUID, token: str, now: datetime) -> Held:
    """Take a gift: the giver's coupon ends as `gifted`, the taker has one with the same dates. Again is the same.

    In a transaction that has locked both members' memberships (see `find_gift`), in the order of their ids. Raises
    `gift_gone` (409) when it was taken by another, cancelled or is over, `gift_own` for one's own.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        hash_ = coding.gift_hash(brand_id, token)
        seen = giving.find(cursor, brand_id=brand_id, token_hash=hash_)
        if seen is None:
            raise not_found(_GIFT)
        given = holding.lock(cursor, brand_id=brand_id, member_id=seen.giver_id, ids=[seen.coupon_id])
        gift = giving.find(cursor, brand_id=brand_id, token_hash=hash_, locked=True)
        coupon = given.get(seen.coupon_id)
        if gift is None or coupon is None:
            raise not_found(_GIFT)
        made = definitions.read(cursor, brand_id=brand_id, keys=[coupon.definition])[coupon.definition]
        if gift.state == "accepted" and gift.taker_id == taker_id and gift.taken_id:
            mine = holding.lock(cursor, brand_id=brand_id, member_id=taker_id, ids=[gift.taken_id])
            return Held(mine[gift.taken_id], made)
        _require_open(gift, coupon, taker_id, now)
        if made.state in ("paused", "draft"):
            raise usable.refusal("coupon_paused", made)
        new = digest("coupon-gift", str(coupon.id), str(gift.token_hash))
        holding.set_ended(cursor, member_id=coupon.member_id, ids=[coupon.id], state="gifted", now=now)
        holding.set_code(cursor, member_id=coupon.member_id, coupon_id=coupon.id, code=None)
        holding.insert(
            cursor,
            brand_id=brand_id,
            definition=coupon.definition,
            rows=[(taker_id, new, f"{usable.GIFT}{coupon.id}", coupon.code, coupon.persons)],
            claimed_at=now,
            starts_at=coupon.starts_at,
            expires_at=coupon.expires_at,
        )
        if coupon.code is not None:
            bound = codes.lock(cursor, brand_id=brand_id, hashes=[coding.code_hash(brand_id, coupon.code)])
            if bound is not None:
                codes.bind(cursor, rows=[(bound[0], taker_id, new)], now=now)
        giving.end(
            cursor, token_hash=gift.token_hash, state="accepted", now=now, taker_id=taker_id, taken_id=new
        )
        events.say(brand_id=brand_id, what="gifted", coupons=[coupon], now=now, taker=str(taker_id))
        taken = holding.lock(cursor, brand_id=brand_id, member_id=taker_id, ids=[new])[new]
        events.say(brand_id=brand_id, what="claimed", coupons=[taken], now=now, source=taken.source)
        return Held(taken, made)


def cancel_gift(*, brand_id: UUID, member_id: UUID, coupon_id: UUID, now: datetime) -> Held:
    """The giver keeps her coupon after all. Raises `gift_gone` when somebody was faster; again is harmless."""
    with transaction.atomic(), connection.cursor() as cursor:
        coupon = holding.lock(cursor, brand_id=brand_id, member_id=member_id, ids=[coupon_id]).get(coupon_id)
        if coupon is None:
            raise usable.no_such_coupon()
        hash_ = gift_hash_of(coupon)
        if coupon.state == "gifted":
            raise _gone()
        if coupon.state == "locked" and hash_ is not None:
            giving.end(cursor, token_hash=hash_, state="cancelled", now=now)
            holding.set_claimed(cursor, member_id=member_id, ids=[coupon_id])
            coupon = holding.lock(cursor, brand_id=brand_id, member_id=member_id, ids=[coupon_id])[coupon_id]
        made = definitions.read(cursor, brand_id=brand_id, keys=[coupon.definition])[coupon.definition]
        return Held(coupon, made)


def add_issue(
    *, scope: Scope, definition: str, key: str, segment: Mapping[str, Any], total: int, now: datetime
) -> tuple[IssueJob, bool]:
    """Queue a bulk issue to a segment (the caller's JSON); returns it and whether it is new.

    Raises `idempotency_conflict` (409) when the key was used for another.
    """
    job = IssueJob(
        id=new_id(),
        brand_id=scope.brand_id,
        definition=definition,
        key=key,
        state="queued",
        segment=dict(segment),
        total=total,
        seen=0,
        issued=0,
        repeated=0,
        refused={},
        after=None,
        actor_kind=scope.actor.kind,
        actor_id=scope.actor.id,
        actor_label=scope.actor.label,
        problem="",
        created_at=now,
        ended_at=None,
    )
    with transaction.atomic(), connection.cursor() as cursor:
        if giving.add_issue(cursor, job=job):
            return job, True
        first = giving.find_issue(cursor, brand_id=scope.brand_id, key=key)
    if first is None or (first.definition, dict(first.segment)) != (definition, dict(segment)):
        raise conflict(
            "idempotency_conflict",
            "该幂等键已用于另一个请求",
            "This idempotency key was used for another request",
            key=key,
        )
    return first, False


def get_issue(*, brand_id: UUID, issue_id: UUID) -> IssueJob:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        found = giving.find_issue(cursor, brand_id=brand_id, issue_id=issue_id)
    if found is None:
        raise not_found(_ISSUE)
    return found


def list_issues(*, brand_id: UUID, definition: str | None = None, limit: int = 50) -> list[IssueJob]:
    """Bulk issues, newest first."""
    with connection.cursor() as cursor:
        return giving.list_issues(cursor, brand_id=brand_id, definition=definition, limit=limit)


def take_issue(*, issue_id: UUID | None = None) -> IssueJob | None:
    """A bulk issue with work left that nobody is at, held until the caller's transaction ends."""
    with connection.cursor() as cursor:
        return giving.take_issue(cursor, issue_id=issue_id)


def move_issue(*, job: IssueJob) -> None:
    """Write how far a bulk issue has come, in the transaction that did it."""
    with connection.cursor() as cursor:
        giving.move_issue(
            cursor,
            issue_id=job.id,
            state=job.state,
            seen=job.seen,
            issued=job.issued,
            repeated=job.repeated,
            refused=job.refused,
            after=job.after,
            problem=job.problem,
            ended_at=job.ended_at,
        )


def cancel_issue(*, brand_id: UUID, issue_id: UUID, now: datetime) -> IssueJob:
    """Stop a bulk issue after the portion under way; what was issued stays."""
    with connection.cursor() as cursor:
        giving.cancel_issue(cursor, brand_id=brand_id, issue_id=issue_id, now=now)
    return get_issue(brand_id=brand_id, issue_id=issue_id)


def with_figures(job: IssueJob, **changes: Any) -> IssueJob:
    return dataclasses.replace(job, **changes)


def _require_open(gift: Gift, coupon: Coupon, taker_id: UUID, now: datetime) -> None:
    if taker_id == gift.giver_id:
        raise conflict("gift_own", "不能领取自己转赠的券", "This is your own gift")
    if gift.state != "offered" or coupon.state != "locked" or gift.expires_at <= now:
        raise _gone()


def _gone() -> Refusal:
    return conflict(
        "gift_gone", "这份转赠已被领取、撤回或过期", "This gift was taken, called back or is over"
    )
