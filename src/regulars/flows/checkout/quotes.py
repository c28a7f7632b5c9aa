"""Quoting: one answer to "what can she use, and what does she pay". Nothing is used, nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db import connection, transaction

from regulars.facts.members import api as members
from regulars.flows.checkout.carts import act_of_order, cart_of, order_of, wish_of
from regulars.flows.checkout.token import Ticket, keep, seal
from regulars.flows.checkout.types import CartIn, Quote, QuoteIn, WishIn
from regulars.flows.checkout.wallets import bring_codes
from regulars.flows.checkout.world import Visit, World, brand_of, look, look_as_guest, stores_of
from regulars.flows.intake.planned import planned
from regulars.kit.errors import Refusal
from regulars.kit.ids import digest
from regulars.platform.organisations.types import Brand, Scope, Store
from regulars.programme.pricing import api as pricing
from regulars.programme.pricing.types import Cart, Priced, Refused
from regulars.programme.rules.api import decide
from regulars.value.plans.types import SCHEME as PLAN

_NAMELESS = "Q"  # the number of an order that is not yet one


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A price with what it was made of."""

    world: World
    cart: Cart
    store: Store | None
    priced: Priced


def quote(*, scope: Scope, asked: QuoteIn, now: datetime) -> Quote:
    """Price a cart for a member, or for a guest. Raises `invalid_input` naming fields, `member_not_found`,
    `membership_not_active`.
    """
    member_id, ref = None, asked.member
    if ref is not None and ref.id is not None and ref.code is None and ref.identity is None:
        member_id = ref.id  # found, or not, with all else
    elif ref is not None:
        (found,) = members.resolve(organisation_id=scope.organisation_id, brand_id=scope.brand_id, refs=[ref])
        if isinstance(found, Refusal):
            raise found
        member_id = found
    return quote_of(
        reckon(scope=scope, member_id=member_id, cart=asked.cart, wish=asked.wish, at=now, now=now),
        asked.cart,
        asked.wish,
        now,
    )


def reckon(
    *, scope: Scope, member_id: UUID | None, cart: CartIn, wish: WishIn, at: datetime, now: datetime
) -> Reckoned:
    """The price of a cart quoted at `at` in the world as it is now. Nothing is locked or kept."""
    if member_id is None or not wish.codes:
        return _reckon(scope, member_id, cart, wish, at, now)
    with transaction.atomic():  # codes are claimed to see what they are worth, and then they are not
        reckoned = _reckon(scope, member_id, cart, wish, at, now)
        transaction.set_rollback(True)
    return reckoned


def _reckon(
    scope: Scope, member_id: UUID | None, cart: CartIn, wish: WishIn, at: datetime, now: datetime
) -> Reckoned:
    brand = brand_of(scope)
    asked, store = read_cart(scope, brand, cart, at)
    if member_id is None:
        return price(look_as_guest(brand=brand, cart=asked, store=store, now=now), asked, store, wish)
    missed = bring_codes(scope=scope, member_id=member_id, codes=wish.codes, now=now)
    with planned(connection) as cursor:
        (world,) = look(cursor, scope=scope, brand=brand, visits=[Visit(member_id, asked, store)], now=now)
    if isinstance(world, Refusal):
        raise world
    return price(world, asked, store, wish, missed)


def read_cart(scope: Scope, brand: Brand, cart: CartIn, at: datetime) -> tuple[Cart, Store | None]:
    """The cart as pricing knows it, and its store. Raises the refusal that names every wrong field."""
    stores = stores_of(scope, cart.store)
    return cart_of(cart, brand=brand, stores=stores, at=at), stores.get(cart.store) if cart.store else None


def price(
    world: World, cart: Cart, store: Store | None, wish: WishIn, missed: tuple[Refused, ...] = ()
) -> Reckoned:
    """The price in a world that was looked at; `missed` are codes that could not be had."""
    priced = pricing.price(world.programme.shelf, cart, world.wallet.coupons, wish_of(wish), world.given)
    if missed:
        priced = msgspec.structs.replace(priced, refused=priced.refused + missed)
    return Reckoned(world, cart, store, priced)


def quote_of(reckoned: Reckoned, cart: CartIn, wish: WishIn, now: datetime) -> Quote:
    """What the caller is answered, with the token that commits it."""
    world, priced = reckoned.world, reckoned.priced
    minutes = world.programme.shelf.checkout.quote_minutes
    ends = now + timedelta(minutes=minutes)
    token = None
    member_id = world.row.member_id if world.row else None
    if member_id is not None:
        ticket = Ticket(
            brand_id=world.brand.id,
            member_id=member_id,
            cart=cart,
            wish=wish,
            digest=fingerprint(priced),
            quoted_at=now,
            expires_at=ends,
            world=world_digest(world),
            kept=keep(priced),
        )
        token = seal(ticket)
    units = {priced.points_unit, *priced.units, *priced.cashback}
    earns = _earns(reckoned, cart)
    return Quote(
        member_id=member_id,
        priced=priced,
        quoted_at=now,
        expires_at=ends,
        token=token,
        earns=earns,
        names={
            code: unit.name for code, unit in world.programme.units.items() if code in units or code in earns
        },
        balances={unit: amount for unit, amount in world.given.balances.items() if unit in units},
    )


def _earns(reckoned: Reckoned, cart: CartIn) -> Mapping[str, int]:
    """What this order would earn, by unit, its cashback included."""
    world = reckoned.world
    if world.state is None:
        return {}
    order = order_of(cart, reckoned.cart, reckoned.priced, _NAMELESS)
    facts = {
        "store.region": reckoned.store.region or None if reckoned.store else None,
        "store.tags": reckoned.store.tags if reckoned.store else (),
    }
    act = act_of_order(order, reckoned.cart, facts if reckoned.store else {}, reckoned.cart.at)
    earned: dict[str, int] = {}
    for earn in decide(world.programme, world.state, act).earns:
        earned[earn.unit] = earned.get(earn.unit, 0) + earn.amount
    for unit, amount in reckoned.priced.cashback.items():
        earned[unit] = earned.get(unit, 0) + amount
    return earned


def world_digest(world: World) -> str:
    """What names all that a price is made of beside cart and wish; empty where that cannot be told.

    A published programme never changes, so its version names its shelf; a coupon's definition is named by its key and
    marks. What a paid plan brings is in no version.
    """
    state, given = world.state, world.given
    if state is None or PLAN in world.tiers:
        return ""
    parts = (
        world.brand.timezone,
        world.programme.version,
        [
            (one.id, one.definition.key, one.definition.revision, one.definition.updated_at, one.expires_at)
            for one in world.wallet.held.values()
        ],
        {key: value for key, value in given.facts.items() if key not in _OF_HISTORY},
        (state.streaks, state.recent),
        (given.balances, given.tiers, given.quotas, given.budgets, given.first_order, given.excluded),
    )
    try:
        return digest(_told.encode(parts).decode()).hex
    except TypeError:
        return ""


_OF_HISTORY = frozenset({"streak", "window"})  # facts that are functions of the streaks and of what is recent
_told = msgspec.json.Encoder(order="deterministic")


def fingerprint(priced: Priced) -> str:
    """What must not have changed between quote and commit: every amount, and everything that is used."""
    parts = (
        priced.currency,
        priced.lines,
        priced.shipping,
        [(a.ref, a.amount, a.cashback, a.unit, a.lines) for a in priced.applied],
        priced.points,
        priced.points_unit,
        sorted(priced.stored.items()),
        priced.payable,
    )
    return digest(msgspec.json.encode(parts).decode()).hex
