"""What the world knows of a member when a price is made: her state, balances, coupons, quotas and budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from regulars.facts.members import api as members
from regulars.facts.members import states
from regulars.facts.members.states import MembershipRow
from regulars.flows.checkout.wallets import Wallet, wallet_of
from regulars.flows.intake.load import PERSONAL
from regulars.flows.intake.progress import load_state
from regulars.flows.plans import api as plans
from regulars.kit.errors import Refusal, not_found
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope, Store
from regulars.programme.pricing.types import Cart, Given
from regulars.programme.rules.api import offer_facts
from regulars.programme.rules.types import MemberState, Programme
from regulars.programme.versions import api as versions
from regulars.value.benefits import api as benefits
from regulars.value.budgets import api as budgets
from regulars.value.ledger import api as ledger

_MEMBER = Text("会员", "Member")


@dataclass(frozen=True, slots=True)
class World:
    """All that a price reads. For a guest `row` and `state` are None and the wallet is empty."""

    brand: Brand
    programme: Programme
    row: MembershipRow | None
    state: MemberState | None
    given: Given
    wallet: Wallet

    @property
    def tiers(self) -> Mapping[str, str]:
        return self.given.tiers


def brand_of(scope: Scope) -> Brand:
    return organisations.get_brand(brand_id=scope.brand_id)


def stores_of(scope: Scope, code: str | None) -> Mapping[str, Store]:
    return organisations.stores_of(brand_id=scope.brand_id, codes={code}) if code is not None else {}


def look(
    *,
    scope: Scope,
    brand: Brand,
    cart: Cart,
    store: Store | None,
    member_id: UUID | None,
    now: datetime,
    lock: bool = False,
) -> World:
    """Read the world. With `lock` the membership stays locked until the transaction ends, so that it stays so.

    The programme is the one in force when the cart was quoted (`cart.at`). Raises `not_found`,
    `membership_not_active` (409).
    """
    programme = versions.in_force(brand_id=brand.id, now=now).at(cart.at)
    store_facts = {"store.region": store.region or None, "store.tags": store.tags} if store else {}
    if member_id is None:
        given = Given(facts=store_facts, budgets=_budgets(programme, Wallet(), brand, store, now))
        return World(brand, programme, None, None, given, Wallet())
    row = _membership(brand, member_id, lock=lock)
    state = _state(programme, brand, row)
    tiers = {key: standing.tier for key, standing in state.tiers.items()}
    for scheme in programme.schemes:
        tiers.setdefault(scheme.key, scheme.tiers[0].code)
    # what her plan gives is of the scheme `plan`: its prices and shipping are offers like those of tiers
    entitled = plans.with_plan(scope=scope, member_id=member_id, programme=programme, tiers=tiers, now=now)
    programme, tiers = entitled.programme, dict(entitled.tiers)
    balances = ledger.get_balances(brand_id=brand.id, member_ids=[member_id]).get(member_id, {})
    wallet = wallet_of(programme=programme, member_id=member_id, now=now)
    shelf = programme.shelf
    used = shelf.fields_used.union(*[coupon.offer.fields_used for coupon in wallet.coupons])
    given = Given(
        facts=offer_facts(
            programme, state, at=cart.at, fields=used, amount=sum(line.amount for line in cart.lines)
        )
        | store_facts,
        balances={unit: account.available for unit, account in balances.items()},
        tiers=tiers,
        quotas=_quotas(scope, programme, member_id, tiers, now),
        budgets=_budgets(programme, wallet, brand, store, now),
        first_order=state.orders == 0,
    )
    return World(brand, programme, row, state, given, wallet)


def _membership(brand: Brand, member_id: UUID, *, lock: bool) -> MembershipRow:
    with connection.cursor() as cursor:
        if lock:
            row = states.lock(cursor, brand_id=brand.id, member_ids=[member_id]).get(member_id)
        else:
            row = states.read(cursor, brand_id=brand.id, member_id=member_id)
    if row is None:
        raise not_found(_MEMBER)
    if row.status != "active":
        raise Refusal(
            "membership_not_active",
            Text("会员资格未生效，不能结算", "The membership is not active"),
            status=409,
            data={"status": row.status},
        )
    return row


def _state(programme: Programme, brand: Brand, row: MembershipRow) -> MemberState:
    fields = programme.fields_used | programme.shelf.fields_used
    personal = (
        None
        if fields.isdisjoint(PERSONAL)
        else members.personal_facts(member_ids=[row.member_id]).get(row.member_id)
    )
    codes: Mapping[UUID, str] = (
        {s.id: code for code, s in organisations.stores_of(brand_id=brand.id).items()}
        if "membership.store" in fields
        else {}
    )
    return load_state(row, personal, codes)


def _quotas(
    scope: Scope, programme: Programme, member_id: UUID, tiers: Mapping[str, str], now: datetime
) -> dict[str, int]:
    shelf = programme.shelf
    wanted = {offer.quota for offer in (*shelf.benefits, *shelf.prices) if offer.quota}
    if not wanted:
        return {}
    allowed = benefits.list_for(scope=scope, programme=programme, member_id=member_id, tiers=tiers, now=now)
    left = {a.benefit.key: a.remaining for a in allowed if a.remaining is not None}
    return {key: left.get(key, 0) for key in wanted}


def _budgets(
    programme: Programme, wallet: Wallet, brand: Brand, store: Store | None, now: datetime
) -> dict[str, int]:
    """What budgets leave to offers, by the key that the offer names. A coupon may take from several at once: then the
    least of them counts. A budget of uses that has some left sets no limit to an order's money.
    """
    shelf = programme.shelf
    single = {o.budget: (o.budget,) for o in (*shelf.promotions, *shelf.prices, *shelf.benefits) if o.budget}
    several = [(c.offer.budget, wallet.budgets_of(c.id)) for c in wallet.coupons if c.offer.budget]
    keys = sorted({*single, *(key for _, named in several for key in named)})
    if not keys:
        return {}
    found = budgets.left(brand_id=brand.id, keys=keys, store_id=store.id if store else None, now=now)
    left: dict[str, int] = {}
    for first, named in [*single.items(), *several]:
        for key in named:
            rest = found[key].left if key in found else 0
            if rest == 0 or (key in found and found[key].budget.kind == "amount"):
                left[first] = min(rest, left.get(first, rest))
    return left
