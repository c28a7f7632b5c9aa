"""Redeeming a reward and what becomes of the order: each act one transaction under the member's lock.

Locks are taken in this order: her membership, her order, value (through the intake), stock by pool and slot, codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.facts.activity import api as activities
from regulars.facts.activity.types import MemberRef
from regulars.flows import standing, value
from regulars.flows.mall import giving, paying, telling
from regulars.flows.mall.offers import offers_of
from regulars.flows.mall.paying import Payer
from regulars.kit.errors import ErrorList, Refusal, conflict, invalid_field
from regulars.kit.ids import digest, new_id
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.platform.payments.types import FINAL, Payment
from regulars.value.rewards import api as rewards
from regulars.value.rewards.policy import offers as offer_policy
from regulars.value.rewards.policy import orders as policy
from regulars.value.rewards.types import Address, Redemption, Reward

NOBODY = Payer()


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The answer to an act on an order. `repeated`: it had been done before, nothing was done again. `payment` is that
    of an order's cash part, with what the payer has to do."""

    order: Redemption
    repeated: bool = False
    payment: Payment | None = None


def redeem(
    *,
    scope: Scope,
    member_id: UUID,
    reward: str,
    key: str,
    now: datetime,
    quantity: int = 1,
    store: str | None = None,
    address: Address | None = None,
    note: str = "",
    payer: Payer = NOBODY,
) -> Redeemed:
    """Place an order for a reward: value, limit, stock, codes and coupons in one transaction.

    With a cash part the value is held and the stock kept until `pay_by`; its payment spends it. Refuses as
    `rewards.types.WHY_NOT` says (409), `invalid_input` for a store that does not hand it out or an address that is
    missing, and another order under the same key (`idempotency_conflict`).
    """
    body = digest(reward, str(quantity), store or "", repr(address), note)
    done = _place(scope, member_id, reward, key, body, quantity, store, address, note, payer, now)
    if done.order.payment_id is None:
        return done
    return replace(done, payment=paying.opened(scope, done.order, now))


def _place(
    scope: Scope,
    member_id: UUID,
    reward: str,
    key: str,
    body: UUID,
    quantity: int,
    store: str | None,
    address: Address | None,
    note: str,
    payer: Payer,
    now: datetime,
) -> Redeemed:
    with transaction.atomic():
        her = standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
        before = rewards.find_order(scope=scope, member_id=member_id, key=key)
        if before is not None:
            if before.body_hash != body:
                raise activities.key_conflict(before.id)
            return Redeemed(before, repeated=True)
        found = rewards.get_reward(scope=scope, key=reward, now=now)
        _check(scope, found, quantity, store, address, note)
        (offer,) = offers_of(scope=scope, her=her, rewards_=[found], quantity=quantity)
        if offer.why_not:
            raise offer_policy.refusal(offer.why_not)
        order = _new_order(scope, her.row.member_id, found, quantity, store, key, body, note, now)
        order = _take_value(scope, order, store, now)
        order = _take_goods(scope, order, found, now)
        if order.cash:
            order = paying.ask(_of_all_stores(scope), order, payer, now)
        order = rewards.add_order(scope=scope, order=order, address=address)
        telling.record_placed(scope, order, now)
        if order.state != "awaiting_payment":
            order = giving.give_at_once(scope, order, now)
        return Redeemed(order)


def start_payment(
    *, scope: Scope, member_id: UUID, redemption_id: UUID, now: datetime, payer: Payer = NOBODY
) -> Redeemed:
    """The payment of an order that awaits it; another one where the first failed or was closed.

    Raises `redemption_state` (409) for an order that awaits none, or no longer.
    """
    with transaction.atomic():
        standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
        order = rewards.get_order(scope=scope, member_id=member_id, redemption_id=redemption_id, lock=True)
        policy.check_payable(order, now)
        known = paying.payment_of(order)
        if known is None or known.state in FINAL:
            order = paying.ask(_of_all_stores(scope), order, payer, now)
            rewards.save_order(order=order)
    return Redeemed(order, payment=paying.opened(scope, order, now))


def ship(
    *,
    scope: Scope,
    member_id: UUID,
    redemption_id: UUID,
    carrier: str,
    tracking: str,
    key: str,
    now: datetime,
) -> Redeemed:
    """Sent off; shipping again corrects carrier and number. The member is told."""
    errors = ErrorList()
    if not 1 <= len(carrier.strip()) <= 60:
        errors.add("carrier", "bad_text", "承运商须为 1–60 个字", "1 to 60 characters")
    if not 1 <= len(tracking.strip()) <= 60:
        errors.add("tracking", "bad_text", "运单号须为 1–60 个字", "1 to 60 characters")
    errors.refuse()

    def act(order: Redemption) -> Redemption:
        return policy.ship(order, carrier.strip(), tracking.strip(), now)

    done = _move(scope, member_id, redemption_id, "ship", key, now, act, (carrier.strip(), tracking.strip()))
    if not done.repeated:
        telling.tell(scope, done.order, "shipped", now)
    return done


def verify(
    *, scope: Scope, member_id: UUID, redemption_id: UUID, store: str, key: str, now: datetime
) -> Redeemed:
    """Handed out at a store. Refuses a store that is not one of the reward's, or not the actor's."""
    store_id = _store_id(scope, store)
    scope.require_store(store_id)

    def act(order: Redemption) -> Redemption:
        found = rewards.get_rewards(scope=scope, ids=[order.reward_id], now=now)[order.reward_id]
        if found.terms.stores and store not in found.terms.stores:
            raise _wrong_store()
        return replace(policy.verify(order, now, scope.actor.label), store_id=store_id)

    return _move(scope, member_id, redemption_id, "verify", key, now, act, (store,))


def undo_verification(
    *, scope: Scope, member_id: UUID, redemption_id: UUID, key: str, now: datetime
) -> Redeemed:
    """It was not handed out after all. Raises `undo_too_late` (409) after the window."""

    def act(order: Redemption) -> Redemption:
        scope.require_store(order.store_id)
        found = rewards.get_rewards(scope=scope, ids=[order.reward_id], now=now)[order.reward_id]
        undone = policy.undo(order, now)
        brand = organisations.get_brand(brand_id=scope.brand_id)
        if undone.claim_by is None or undone.claim_by <= now:  # a day at least to come again
            undone = replace(undone, claim_by=policy.claim_end(now, 1, brand.timezone))
        assert found.id == undone.reward_id
        return replace(undone, due_at=policy.due_of(undone))

    return _move(scope, member_id, redemption_id, "undo", key, now, act, ())


def complete(*, scope: Scope, member_id: UUID, redemption_id: UUID, key: str, now: datetime) -> Redeemed:
    """It has arrived; said twice it has arrived once."""

    def act(order: Redemption) -> Redemption:
        return order if order.state == "completed" else policy.complete(order, now)

    return _move(scope, member_id, redemption_id, "complete", key, now, act, ())


def cancel(
    *, scope: Scope, member_id: UUID, redemption_id: UUID, key: str, now: datetime, reason: str = ""
) -> Redeemed:
    """Take an order back: value to the lots it came from with their expiry, stock and codes, the cash part.

    Raises `redemption_state` or `code_shown` (409) for what was sent, handed out or shown already.
    """
    if len(reason) > 200:
        raise invalid_field("reason", "too_long", "最长 200 字", "at most 200 characters")

    def act(order: Redemption) -> Redemption:
        ended = policy.cancel(order, now, reason)
        giving.give_back(scope, order, now, reason="cancelled")
        paying.pay_back(_of_all_stores(scope), order, reason, now)
        return ended

    done = _move(scope, member_id, redemption_id, "cancel", key, now, act, (reason,))
    if not done.repeated and scope.actor.kind != "member":
        telling.tell(scope, done.order, "cancelled", now)
    paying.let_go(scope, done.order, now)
    return done


def show_codes(*, scope: Scope, member_id: UUID, redemption_id: UUID, now: datetime) -> list[str]:
    """The virtual codes of an order, to its owner alone; from now on it cannot be cancelled.

    Raises `not_found` for an order without codes, `codes_for_owner` (403) for anybody else than the member.
    """
    if scope.actor.kind != "member" or scope.actor.id != member_id:
        raise Refusal(
            "codes_for_owner", Text("卡密只能由会员本人查看", "Only the member may see her codes"), status=403
        )
    with transaction.atomic():
        standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
        order = rewards.get_order(scope=scope, member_id=member_id, redemption_id=redemption_id, lock=True)
        if order.kind != "virtual_code":
            raise conflict("no_codes", "该订单没有卡密", "This order has no codes")
        shown = policy.show(order, now)
        if shown != order:
            rewards.save_order(order=shown)
            telling.announce(scope, shown, "redemption.completed", now)
        return rewards.codes_of(order=shown)


def _check(
    scope: Scope, reward: Reward, quantity: int, store: str | None, address: Address | None, note: str
) -> None:
    errors = ErrorList()
    terms = reward.terms
    if not 1 <= quantity <= terms.most_per_order:
        most = terms.most_per_order
        errors.add("quantity", "out_of_range", f"一次 1 到 {most} 件", f"1 to {most} at once")
    if terms.fulfilment == "ship" and address is None:
        errors.add("address", "required", "请填写收货地址", "An address is needed")
    if address is not None:
        for name, most in (("name", 60), ("phone", 30), ("region", 100), ("street", 200)):
            if not 1 <= len(getattr(address, name).strip()) <= most:
                errors.add(f"address.{name}", "bad_text", f"须为 1–{most} 个字", f"1 to {most} characters")
    if len(note) > 200:
        errors.add("note", "too_long", "最长 200 字", "at most 200 characters")
    errors.refuse()
    scope.require_store(_store_id(scope, store) if store is not None else None)
    if store is not None and terms.stores and store not in terms.stores:
        raise _wrong_store()


def _wrong_store() -> Refusal:
    return invalid_field(
        "store", "wrong_store", "该门店不能兑换此商品", "This store does not hand out the reward"
    )


def _store_id(scope: Scope, code: str) -> UUID:
    found = organisations.stores_of(brand_id=scope.brand_id, codes=[code]).get(code)
    if found is None:
        raise invalid_field("store", "unknown_store", f"没有门店 {code}", f"There is no store {code}")
    return found.id


def _new_order(
    scope: Scope,
    member_id: UUID,
    reward: Reward,
    quantity: int,
    store: str | None,
    key: str,
    body: UUID,
    note: str,
    now: datetime,
) -> Redemption:
    terms, brand = reward.terms, organisations.get_brand(brand_id=scope.brand_id)
    cash = terms.cash * quantity
    order = Redemption(
        id=new_id(),
        member_id=member_id,
        brand_id=scope.brand_id,
        reward_id=reward.id,
        reward_key=terms.key,
        name=terms.name,
        kind=terms.kind,
        fulfilment=terms.fulfilment,
        state=policy.placed_state(cash=cash),
        quantity=quantity,
        unit=terms.unit,
        points=terms.price * quantity,
        cash=cash,
        key=key,
        body_hash=body,
        code="",
        stock=(),
        hold_id=None,
        burn_id=None,
        payment_id=None,
        coupon_id=None,
        has_address=False,
        carrier="",
        tracking="",
        store_id=_store_id(scope, store) if store else None,
        note=note,
        reason="",
        actor=scope.actor.label,
        undo_minutes=terms.undo_minutes,
        unclaimed=terms.unclaimed,
        placed_at=now,
        pay_by=now + policy.PAY_WITHIN if cash else None,
        claim_by=policy.claim_end(now, terms.claim_days, brand.timezone)
        if terms.fulfilment == "store"
        else None,
        paid_at=None,
        shipped_at=None,
        verified_at=None,
        verified_by="",
        shown_at=None,
        ended_at=None,
        due_at=None,
    )
    return replace(order, due_at=policy.due_of(order))


def _take_value(scope: Scope, order: Redemption, store: str | None, now: datetime) -> Redemption:
    """Spend the value, or hold it while the cash part is awaited."""
    if not order.points:
        return order
    if order.state == "awaiting_payment":
        held = value.hold(
            scope=_of_all_stores(scope),
            member=MemberRef(id=order.member_id),
            unit=order.unit,
            amount=order.points,
            expires_in_seconds=int((policy.PAY_WITHIN + policy.HOLD_BEYOND).total_seconds()),
            key=f"mall:{order.id}",
            now=now,
            subject=f"redemption:{order.id}",
        )
        return replace(order, hold_id=held.hold.id)
    receipt = value.burn(
        scope=scope if store else _of_all_stores(scope),
        member=MemberRef(id=order.member_id),
        unit=order.unit,
        amount=order.points,
        key=f"mall:{order.id}",
        now=now,
        source="mall",
        store=store,
        reason=order.name.zh,
    )
    return replace(order, burn_id=receipt.activity_id)


def _take_goods(scope: Scope, order: Redemption, reward: Reward, now: datetime) -> Redemption:
    timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
    parts = rewards.take_stock(reward=reward, quantity=order.quantity, now=now, timezone=timezone)
    if order.kind == "virtual_code":
        rewards.bind_codes(order=order, now=now)
    return replace(order, stock=parts)


def _move(
    scope: Scope,
    member_id: UUID,
    redemption_id: UUID,
    verb: str,
    key: str,
    now: datetime,
    act: Any,
    body: Sequence[str],
) -> Redeemed:
    """One act on an order under its key; the same key again answers the order as it is now."""
    with transaction.atomic():
        standing.of_member(scope=scope, member_id=member_id, now=now, lock=True)
        order = rewards.get_order(scope=scope, member_id=member_id, redemption_id=redemption_id, lock=True)
        first = activities.claim(
            brand_id=scope.brand_id,
            kind=f"redemption.{verb}",
            key=key,
            member_id=member_id,
            subject_id=redemption_id,
            body=[str(redemption_id), *body],
        )
        if first is not None:
            return Redeemed(order, repeated=True)
        if verb in ("ship", "cancel", "complete"):
            scope.require_store(order.store_id)
        moved = act(order)
        if moved != order:
            rewards.save_order(order=moved)
            telling.record(scope, order, moved, verb, now)
        return Redeemed(moved)


def _of_all_stores(scope: Scope) -> Scope:
    """An order belongs to no store; whether the actor may touch it was asked before."""
    return replace(scope, store_ids=None)
