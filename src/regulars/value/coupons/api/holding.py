"""What members hold: their wallets; coupons locked, used, given back, voided, ended when their time is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.kit import paging
from regulars.kit.asks import Ask
from regulars.kit.paging import Page
from regulars.platform.organisations import api as organisations
from regulars.platform.outbox import api as outbox
from regulars.value.coupons import events
from regulars.value.coupons.policy import usable
from regulars.value.coupons.store import codes, counting, definitions, giving, holding
from regulars.value.coupons.types import Coupon, CouponUse, Definition, Held, Usable, UseRow

BATCH = 2000


def wallet(*, brand_id: UUID, member_id: UUID, now: datetime, lock: str | None = None) -> list[Held]:
    """What she can use now, soonest-expiring first (500 at most); with `lock`, also what that holds already.

    Scope, thresholds and hours of the offers are not looked at: `programme.pricing` does that with the cart.
    """
    with connection.cursor() as cursor:
        found = holding.usable(cursor, brand_id=brand_id, member_id=member_id, now=now, lock=lock)
        return [
            held
            for held in _with_definitions(cursor, brand_id, found)
            if usable.why_not(held.coupon, held.definition, now, lock) is None
        ]


def ask_usable(*, brand_id: UUID, member_ids: Iterable[UUID], now: datetime) -> Ask[list[holding.Marked]]:
    """What `wallet` gives of many members, to be asked together with other rooms' questions; `usables` reads it."""
    return holding.ask_usable(brand_id=brand_id, member_ids=member_ids, now=now)


def usables(*, brand_id: UUID, marked: Sequence[Any]) -> dict[UUID, list[Usable]]:
    """By member, soonest-expiring first, with the definitions as they were when it was asked."""
    wanted = {(row[2], row[5], row[6]) for row in marked}
    known = definitions.known(brand_id, wanted)
    found: dict[UUID, list[Usable]] = {}
    for member_id, id_, key, expires_at, code, revision, updated_at in marked:
        definition = known[key, revision, updated_at]
        found.setdefault(member_id, []).append(Usable(member_id, id_, definition, expires_at, code or ""))
    for mine in found.values():
        mine.sort(key=lambda one: (one.expires_at is None, one.expires_at or _EPOCH, one.id))
    return found


def use_rows(*, brand_id: UUID, rows: Sequence[UseRow], now: datetime, actor: str) -> bool:
    """Use coupons of many members, all or none: False if one could not be used any more, and then the caller's
    transaction must not stand. Members are locked; budgets are the flow's, as with `use`.
    """
    if not rows:
        return True
    with connection.cursor() as cursor:
        uses = [
            (row.coupon.member_id, row.coupon.id, row.order, row.amount, row.store_id, row.channel)
            for row in rows
        ]
        if holding.use(cursor, brand_id=brand_id, uses=uses, actor=actor, now=now) < len(uses):
            return False
        counting.count(cursor, Counter(counting.used(brand_id, row.coupon.definition.key) for row in rows))
    events.say_used(brand_id=brand_id, rows=rows, now=now)
    return True


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def list_coupons(
    *,
    brand_id: UUID,
    member_id: UUID,
    states: Sequence[str] = (),
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[Held]:
    """A page of a member's coupons in these states (all if none), newest claimed first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    after = paging.decode_at(cursor)
    with connection.cursor() as db:
        rows = holding.of_member(
            db,
            brand_id=brand_id,
            member_id=member_id,
            states=states,
            before=after,
            limit=limit + 1,
        )
        page = paging.cut(rows, limit, lambda c: [c.claimed_at.isoformat(), c.id])
        return Page(_with_definitions(db, brand_id, page.items), page.next_cursor)


def count_states(*, brand_id: UUID, member_id: UUID, now: datetime) -> dict[str, int]:
    """How many coupons a member has in each state."""
    with connection.cursor() as cursor:
        return holding.counts_of_member(cursor, brand_id=brand_id, member_id=member_id, now=now)


def had_by_member(*, brand_id: UUID, member_id: UUID, keys: Iterable[str]) -> dict[str, int]:
    """How many coupons a member has had, void ones aside, by definition."""
    with connection.cursor() as cursor:
        return holding.had(cursor, brand_id=brand_id, member_id=member_id, keys=keys)


def get_coupon(*, brand_id: UUID, member_id: UUID, coupon_id: UUID, for_update: bool = False) -> Held:
    """One coupon of a member; `for_update` holds it until the transaction ends. Raises `not_found`."""
    with connection.cursor() as cursor:
        return _lock(cursor, brand_id, member_id, [coupon_id], hold=for_update)[0]


def lock_for_use(
    *, brand_id: UUID, member_id: UUID, coupon_ids: Iterable[UUID], lock: str, until: datetime, now: datetime
) -> list[Held]:
    """Hold coupons for an order until an instant, all or none; what `lock` holds already is held on.

    Raises the reason codes of `REASONS` (409) and `not_found`. In the caller's transaction, members locked first.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        held = _usable(cursor, brand_id, member_id, coupon_ids, now, lock)
        ids = [one.coupon.id for one in held]
        holding.set_locked(cursor, member_id=member_id, ids=ids, lock=lock, until=until)
        return _lock(cursor, brand_id, member_id, ids)


def unlock(*, brand_id: UUID, member_id: UUID, lock: str, coupon_ids: Iterable[UUID]) -> None:
    """Let go of what `lock` holds; harmless for what it does not."""
    with transaction.atomic(), connection.cursor() as cursor:
        rows = holding.lock(cursor, brand_id=brand_id, member_id=member_id, ids=coupon_ids)
        mine = [c.id for c in rows.values() if c.state == "locked" and c.lock == lock]
        holding.set_claimed(cursor, member_id=member_id, ids=mine)


def use(
    *,
    brand_id: UUID,
    member_id: UUID,
    uses: Sequence[CouponUse],
    now: datetime,
    lock: str | None = None,
    store_id: UUID | None = None,
    channel: str = "",
    actor: str = "",
) -> list[Held]:
    """Use coupons, all or none. `lock` is the holder's own, if they were locked before.

    Raises the reason codes of `REASONS` (409) and `not_found`. Budgets are the flow's: see `Definition.budgets`.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        held = _usable(cursor, brand_id, member_id, [one.coupon_id for one in uses], now, lock)
        holding.set_used(
            cursor,
            member_id=member_id,
            uses=[(one.coupon_id, one.order, one.amount) for one in uses],
            store_id=store_id,
            channel=channel,
            actor=actor,
            now=now,
        )
        uses_of = Counter(counting.used(brand_id, one.coupon.definition) for one in held)
        counting.count(cursor, uses_of)
        after = [
            _used(one, what, now, store_id, channel, actor) for one, what in zip(held, uses, strict=True)
        ]
        events.say(brand_id=brand_id, what="used", coupons=[one.coupon for one in after], now=now)
        return after


def give_back(
    *,
    brand_id: UUID,
    member_id: UUID,
    coupon_ids: Iterable[UUID],
    now: datetime,
    order: str | None = None,
    usable_again: bool = True,
    undo: bool = False,
) -> list[Held]:
    """Take uses back. Coupons that are not used (for `order`, if given) are left as they are: again is harmless.

    A coupon becomes `claimed` again, with its definition's grace days if its time is nearly over, or `expired` when
    it is over; with `usable_again` False it ends as `returned`. `undo` restores it exactly as it was, no grace.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        brand = organisations.get_brand(brand_id=brand_id)
        ids = list(coupon_ids)
        back = [
            one
            for one in _lock(cursor, brand_id, member_id, ids)
            if one.coupon.state == "used" and order in (None, one.coupon.order)
        ]
        for one in back:
            state, expires = "returned", one.coupon.expires_at
            if usable_again:
                definition = None if undo else one.definition
                state, expires = usable.after_return(one.coupon, definition, now, brand.timezone)
            holding.set_back(
                cursor,
                member_id=member_id,
                coupon_id=one.coupon.id,
                state=state,
                expires_at=expires,
                now=now,
            )
        if usable_again:
            for key in sorted({one.coupon.definition for one in back}):
                count = sum(one.coupon.definition == key for one in back)
                counting.give_back(cursor, counter=counting.used(brand_id, key), amount=count)
        what = "given_back" if usable_again else "returned"
        events.say(brand_id=brand_id, what=what, coupons=[one.coupon for one in back], now=now)
        return _lock(cursor, brand_id, member_id, ids)


def void(
    *, brand_id: UUID, member_id: UUID, coupon_ids: Iterable[UUID], now: datetime, strict: bool = True
) -> list[Held]:
    """Make coupons worthless that were not used; a void coupon counts in no limit any more.

    Raises `coupon_used` and so on for one that cannot be voided; without `strict` such are left as they are.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        brand = organisations.get_brand(brand_id=brand_id)
        ids = list(coupon_ids)
        held = _lock(cursor, brand_id, member_id, ids)
        open_ = [one for one in held if one.coupon.state in ("claimed", "locked")]
        if strict and len(open_) < len(held):
            worst = next(one for one in held if one not in open_)
            code = usable.why_not(worst.coupon, worst.definition, now) or "coupon_used"
            raise usable.refusal(code, worst.definition)
        holding.set_ended(
            cursor, member_id=member_id, ids=[one.coupon.id for one in open_], state="void", now=now
        )
        for one in open_:
            _uncount(cursor, brand_id, one, brand.timezone)
            if one.coupon.code:
                codes.rebind(cursor, brand_id=brand_id, code=one.coupon.code, state="void")
            if one.coupon.lock and one.coupon.lock.startswith(usable.GIFT):
                hash_ = UUID(one.coupon.lock.removeprefix(usable.GIFT))
                giving.end(cursor, token_hash=hash_, state="cancelled", now=now)
        events.say(brand_id=brand_id, what="voided", coupons=[one.coupon for one in open_], now=now)
        return _lock(cursor, brand_id, member_id, ids)


def expire_due(now: datetime) -> int:
    """Due work: end a batch of coupons whose time is over, and announce each. Two workers share the batches."""
    with transaction.atomic(), connection.cursor() as cursor:
        ended = holding.expire(cursor, now=now, limit=BATCH)
        brands = {
            brand_id: organisations.get_brand(brand_id=brand_id) for brand_id in {row[2] for row in ended}
        }
        outbox.append(
            [
                events.of(brands[brand_id], "expired", member_id, id_, key, at, now)
                for member_id, id_, brand_id, key, at in ended
            ]
        )
        return len(ended)


def release_due(now: datetime) -> int:
    """Due work: let go of a batch of coupons that nobody holds any more; gifts not taken in time end."""
    with transaction.atomic(), connection.cursor() as cursor:
        freed = holding.release(cursor, now=now, limit=BATCH)
        for _, _, lock in freed:
            if lock.startswith(usable.GIFT):
                hash_ = UUID(lock.removeprefix(usable.GIFT))
                giving.end(cursor, token_hash=hash_, state="expired", now=now)
        return len(freed)


def _usable(
    cursor: Any, brand_id: UUID, member_id: UUID, ids: Iterable[UUID], now: datetime, lock: str | None
) -> list[Held]:
    held = _lock(cursor, brand_id, member_id, list(ids))
    for one in held:
        code = usable.why_not(one.coupon, one.definition, now, lock)
        if code is not None:
            raise usable.refusal(code, one.definition, coupon=str(one.coupon.id))
    return held


def _used(
    held: Held, use_: CouponUse, now: datetime, store_id: UUID | None, channel: str, actor: str
) -> Held:
    """The coupon as `set_used` has left it."""
    coupon = replace(
        held.coupon,
        state="used",
        lock=None,
        locked_until=None,
        used_at=now,
        order=use_.order,
        store_id=store_id,
        channel=channel,
        actor=actor,
        amount=use_.amount,
    )
    return Held(coupon, held.definition)


def _lock(
    cursor: Any, brand_id: UUID, member_id: UUID, ids: Sequence[UUID], *, hold: bool = True
) -> list[Held]:
    """These coupons in the order asked for. Raises `not_found` if one is not hers."""
    found = holding.lock(cursor, brand_id=brand_id, member_id=member_id, ids=ids, hold=hold)
    if any(id_ not in found for id_ in ids):
        raise usable.no_such_coupon()
    return _with_definitions(cursor, brand_id, [found[id_] for id_ in ids])


def _with_definitions(cursor: Any, brand_id: UUID, coupons: Sequence[Coupon]) -> list[Held]:
    keys = {coupon.definition for coupon in coupons}
    known: dict[str, Definition] = definitions.read(cursor, brand_id=brand_id, keys=keys) if keys else {}
    return [Held(coupon, known[coupon.definition]) for coupon in coupons]


def _uncount(cursor: Any, brand_id: UUID, one: Held, tz: str) -> None:
    """Take a coupon out of every count it was in."""
    key, limits = one.definition.key, one.definition.limits
    counting.give_back(cursor, counter=counting.issued(brand_id, key), amount=1)
    if limits.per_day is not None:
        day = usable.day_of(one.coupon.claimed_at, tz)
        counting.give_back(cursor, counter=counting.issued_on(brand_id, key, day), amount=1)
    if limits.per_member is not None:
        counting.give_back_member(cursor, brand_id=brand_id, definition=key, members=[one.coupon.member_id])
    counting.give_back_persons(cursor, hashes=one.coupon.persons)
