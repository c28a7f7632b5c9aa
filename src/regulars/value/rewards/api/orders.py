"""Redemption orders: kept, found, listed; stock and codes taken for them. What moves value is the flow's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from uuid import UUID

from django.db import connection

from regulars.kit import paging
from regulars.kit.errors import not_found
from regulars.kit.ids import new_code
from regulars.kit.paging import Page
from regulars.platform.organisations.types import Scope
from regulars.platform.privacy import api as privacy
from regulars.value.rewards.policy import offers
from regulars.value.rewards.store import orders as store
from regulars.value.rewards.store import stock
from regulars.value.rewards.types import REDEMPTION, Address, Redemption, Reward, StockPart

_CODE_LENGTH = 8


def count_taken(
    *, scope: Scope, member_id: UUID, rewards: Sequence[Reward], now: datetime, timezone: str
) -> dict[UUID, int]:
    """What she had of each reward with a limit in the limit's present period."""
    since = [
        (reward.id, offers.limit_since(reward.terms.limit, now, timezone))
        for reward in rewards
        if reward.terms.limit
    ]
    with connection.cursor() as cursor:
        return store.taken(cursor, brand_id=scope.brand_id, member_id=member_id, since=since)


def take_stock(*, reward: Reward, quantity: int, now: datetime, timezone: str) -> tuple[StockPart, ...]:
    """Take pieces for an order, in the caller's transaction, which holds her membership. Raises `sold_out` and
    `released_gone` (409) when they are gone by now."""
    parts: list[StockPart] = []
    with connection.cursor() as cursor:
        if reward.stock is not None and reward.terms.kind != "virtual_code":
            taken = stock.take(cursor, reward_id=reward.id, pool="all", count=quantity)
            if taken is None:
                raise offers.sold_out()
            parts += taken
        if reward.terms.release:
            pool = offers.release_pool(now, timezone)
            if reward.released_left is None:
                stock.open_pool(cursor, reward_id=reward.id, pool=pool, total=reward.terms.release.count)
            taken = stock.take(cursor, reward_id=reward.id, pool=pool, count=quantity)
            if taken is None:
                raise offers.released_gone()
            parts += taken
    return tuple(parts)


def give_back_stock(*, order: Redemption) -> None:
    """What an order had taken is there again."""
    with connection.cursor() as cursor:
        stock.give_back(cursor, reward_id=order.reward_id, parts=order.stock)


def bind_codes(*, order: Redemption, now: datetime) -> None:
    """Virtual codes for an order, each for this one alone. Raises `sold_out` (409)."""
    with connection.cursor() as cursor:
        if not stock.take_codes(
            cursor, reward_id=order.reward_id, redemption_id=order.id, count=order.quantity, now=now
        ):
            raise offers.sold_out()


def free_codes(*, order: Redemption) -> None:
    """Codes that nobody saw go back."""
    with connection.cursor() as cursor:
        stock.free_codes(cursor, redemption_id=order.id)


def codes_of(*, order: Redemption) -> list[str]:
    """The virtual codes of an order in clear: for its owner alone."""
    with connection.cursor() as cursor:
        return [
            privacy.decrypt(sealed=sealed, table="reward_code", field="code", owner=id_)
            for id_, sealed in stock.codes_of(cursor, redemption_id=order.id)
        ]


def add_order(*, scope: Scope, order: Redemption, address: Address | None) -> Redemption:
    """Keep a new order, under a fresh pick-up code."""
    text = json.dumps(asdict(address), ensure_ascii=False) if address else None
    with connection.cursor() as cursor:
        while True:
            order = replace(order, code=new_code(_CODE_LENGTH))
            if store.claim_code(
                cursor,
                hash_=_hash(scope, order.code),
                brand_id=scope.brand_id,
                member_id=order.member_id,
                redemption_id=order.id,
            ):
                break
        store.insert(cursor, order, text)
    return replace(order, has_address=address is not None)


def save_order(*, order: Redemption) -> None:
    """Write what may change of an order; its row is locked by the caller."""
    with connection.cursor() as cursor:
        store.save(cursor, order)


def get_order(*, scope: Scope, member_id: UUID, redemption_id: UUID, lock: bool = False) -> Redemption:
    """One order of a member of the scope's brand. Raises `not_found`."""
    with connection.cursor() as cursor:
        found = store.get(
            cursor, brand_id=scope.brand_id, member_id=member_id, redemption_id=redemption_id, lock=lock
        )
    if found is None:
        raise not_found(REDEMPTION)
    return found


def find_order(*, scope: Scope, member_id: UUID, key: str) -> Redemption | None:
    """The order that was placed under an idempotency key."""
    with connection.cursor() as cursor:
        return store.by_key(cursor, brand_id=scope.brand_id, member_id=member_id, key=key)


def order_of_code(*, scope: Scope, code: str) -> tuple[UUID, UUID]:
    """(member, order) of a pick-up code as typed or scanned. Raises `not_found`."""
    clean = "".join(code.upper().split()).replace("-", "")
    with connection.cursor() as cursor:
        found = store.find_code(cursor, brand_id=scope.brand_id, hash_=_hash(scope, clean))
    if found is None:
        raise not_found(REDEMPTION)
    return found


def address_of(*, scope: Scope, member_id: UUID, redemption_id: UUID) -> Address | None:
    """Where it is sent. Personal data: for the member, and for staff who may read such."""
    with connection.cursor() as cursor:
        text = store.address_of(
            cursor, brand_id=scope.brand_id, member_id=member_id, redemption_id=redemption_id
        )
    return Address(**json.loads(text)) if text else None


def list_orders(
    *,
    scope: Scope,
    member_id: UUID | None = None,
    reward_id: UUID | None = None,
    states: Sequence[str] | None = None,
    fulfilment: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[Redemption]:
    """Orders, newest first: a member's, or the brand's."""
    limit = max(1, min(limit, paging.MAX_PORTION))
    after = paging.decode_at(cursor)
    with connection.cursor() as db:
        rows = store.page(
            db,
            brand_id=scope.brand_id,
            member_id=member_id,
            reward_id=reward_id,
            states=states,
            fulfilment=fulfilment,
            since=since,
            until=until,
            after=after,
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda row: [row.placed_at.isoformat(), row.id])


def count_by_state(*, scope: Scope) -> dict[str, int]:
    """How many orders the brand has in each state."""
    with connection.cursor() as cursor:
        return store.count_by_state(cursor, brand_id=scope.brand_id)


def list_due(*, now: datetime, limit: int) -> list[tuple[UUID, UUID, UUID]]:
    """(brand, member, order) of orders that time itself changes by now."""
    with connection.cursor() as cursor:
        return store.due(cursor, now=now, limit=limit)


def _hash(scope: Scope, code: str) -> UUID:
    return privacy.blind_index(value=code, purpose="redemption_code", organisation_id=scope.organisation_id)
