"""What the world knows of a member when a price is made: her state, balances, coupons, quotas and budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from regulars.facts.activity.types import MemberRef
from regulars.facts.members import api as members
from regulars.facts.members import states
from regulars.facts.members.states import MembershipRow, PersonalFacts
from regulars.flows import known as beside
from regulars.flows.checkout.wallets import Wallet, wallet_of
from regulars.flows.intake.load import PERSONAL
from regulars.flows.intake.progress import load_state
from regulars.flows.plans import api as plans
from regulars.kit.asks import Ask, together
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope, Store
from regulars.programme.pricing.types import Cart, Given
from regulars.programme.rules.api import offer_facts
from regulars.programme.rules.types import MemberState, Programme
from regulars.programme.versions import api as versions
from regulars.value.benefits import api as benefits
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import Usable
from regulars.value.ledger import store as ledger_store
from regulars.value.ledger.types import Account
from regulars.value.plans import api as subscriptions


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


class Visit(NamedTuple):
    """A member with her cart, at a store or not."""

    member_id: UUID
    cart: Cart
    store: Store | None


def look_as_guest(*, brand: Brand, cart: Cart, store: Store | None, now: datetime) -> World:
    """What holds for somebody who is no member. The programme is the one in force when the cart was quoted."""
    programme = versions.in_force(brand_id=brand.id, now=now).at(cart.at)
    given = Given(facts=_store_facts(store), budgets=_budgets(programme, Wallet(), brand, store, now))
    return World(brand, programme, None, None, given, Wallet())


def look(
    cursor: Any,
    *,
    scope: Scope,
    brand: Brand,
    visits: Sequence[Visit],
    now: datetime,
    locked: Mapping[UUID, MembershipRow] | None = None,
) -> list[World | Refusal]:
    """The world of each visit, all by one statement. With `locked`, the members' rows that the caller's transaction
    holds, it stays so until that ends. `cursor` is a planned one.

    The programme is the one in force when a cart was quoted. Refusals: `member_not_found` (404), `member_left` and
    `membership_not_active` (409).
    """
    known = versions.last_known(brand_id=brand.id, now=now)
    mark, history = known or (None, versions.in_force(brand_id=brand.id, now=now))
    seen: dict[int, World | Refusal] = {}
    places: dict[int, list[int]] = {}
    for place, visit in enumerate(visits):
        places.setdefault(history.at(visit.cart.at).version, []).append(place)
    for mine in places.values():  # nearly always one
        programme = history.at(visits[mine[0]].cart.at)
        found = _ask(cursor, brand, programme, [visits[place].member_id for place in mine], now, locked)
        if known is not None and found.mark != mark:  # something was published since
            versions.in_force(brand_id=brand.id, now=now)
            return look(cursor, scope=scope, brand=brand, visits=visits, now=now, locked=locked)
        for place in mine:
            visit = visits[place]
            row = found.rows.get(visit.member_id)
            refusal = _may_not_buy(scope, visit.member_id, row)
            seen[place] = refusal or _world(scope, brand, programme, visit, found, now)
    return [seen[place] for place in range(len(visits))]


class _Found(NamedTuple):
    """What one statement answered, by member."""

    mark: UUID | None
    rows: Mapping[UUID, MembershipRow]
    accounts: Mapping[UUID, Mapping[str, Account]]
    coupons: Mapping[UUID, Sequence[Usable]]
    subscribed: frozenset[UUID]
    used: Mapping[UUID, Mapping[str, int]]
    granted: Mapping[UUID, Mapping[str, int]]
    personal: Mapping[UUID, PersonalFacts]


def _ask(
    cursor: Any,
    brand: Brand,
    programme: Programme,
    ids: Sequence[UUID],
    now: datetime,
    locked: Mapping[UUID, MembershipRow] | None,
) -> _Found:
    asks: dict[str, Ask[Any]] = {
        "mark": versions.ask_mark(brand_id=brand.id),
        "accounts": ledger_store.ask_accounts(brand_id=brand.id, member_ids=ids),
        "coupons": coupons.ask_usable(brand_id=brand.id, member_ids=ids, now=now),
        "subscribed": subscriptions.ask_subscribed(brand_id=brand.id, member_ids=ids),
    }
    if locked is None:
        asks["rows"] = states.ask(brand_id=brand.id, member_ids=ids)
    if _counted(programme):
        asks["used"], asks["granted"] = benefits.ask_uses(
            brand_id=brand.id, programme=programme, member_ids=ids, now=now
        )
    if not _fields(programme).isdisjoint(PERSONAL):
        asks["personal"] = states.ask_personal(member_ids=ids)
    answers = dict(zip(asks, together(cursor, list(asks.values())), strict=True))
    return _Found(
        answers["mark"],
        answers["rows"] if locked is None else locked,
        answers["accounts"],
        coupons.usables(brand_id=brand.id, marked=answers["coupons"]),
        answers["subscribed"],
        answers.get("used", {}),
        answers.get("granted", {}),
        answers.get("personal", {}),
    )


def _world(
    scope: Scope, brand: Brand, programme: Programme, visit: Visit, found: _Found, now: datetime
) -> World:
    member_id, cart, store = visit.member_id, visit.cart, visit.store
    row = found.rows[member_id]
    state = load_state(row, found.personal.get(member_id), _store_codes(programme, brand))
    tiers: Mapping[str, str] = {key: standing.tier for key, standing in state.tiers.items()}
    tiers = {scheme.key: scheme.tiers[0].code for scheme in programme.schemes} | dict(tiers)
    if member_id in found.subscribed:
        # what her plan gives is of the scheme `plan`: its prices and shipping are offers like those of tiers
        entitled = plans.with_plan(
            scope=scope, member_id=member_id, programme=programme, tiers=tiers, now=now
        )
        programme, tiers = entitled.programme, dict(entitled.tiers)
    wallet = wallet_of(programme=programme, usable=found.coupons.get(member_id, ()))
    used = programme.shelf.fields_used.union(*[coupon.offer.fields_used for coupon in wallet.coupons])
    state.facts.update(beside.of_member(brand=brand, member_id=member_id, fields=used, now=now))
    facts = offer_facts(
        programme, state, at=cart.at, fields=used, amount=sum([line.amount for line in cart.lines])
    )
    given = Given(
        facts=facts | _store_facts(store),
        balances={unit: account.available for unit, account in found.accounts.get(member_id, {}).items()},
        tiers=tiers,
        quotas=_quotas(scope, programme, member_id, tiers, found, now),
        budgets=_budgets(programme, wallet, brand, store, now),
        first_order=state.orders == 0,
    )
    return World(brand, programme, row, state, given, wallet)


def _may_not_buy(scope: Scope, member_id: UUID, row: MembershipRow | None) -> Refusal | None:
    if row is not None and row.status == "active":
        return None
    (answer,) = members.resolve(
        organisation_id=scope.organisation_id, brand_id=scope.brand_id, refs=[MemberRef(id=member_id)]
    )
    if isinstance(answer, Refusal):
        return answer
    return Refusal(
        "membership_not_active",
        Text("会员资格未生效，不能结算", "The membership is not active"),
        status=409,
        data={"status": row.status if row is not None else ""},
    )


def _fields(programme: Programme) -> frozenset[str]:
    return programme.fields_used | programme.shelf.fields_used


def _store_facts(store: Store | None) -> dict[str, Any]:
    return {"store.region": store.region or None, "store.tags": store.tags} if store else {}


def _store_codes(programme: Programme, brand: Brand) -> Mapping[UUID, str]:
    if "membership.store" not in _fields(programme):
        return {}
    return {s.id: code for code, s in organisations.stores_of(brand_id=brand.id).items()}


def _counted(programme: Programme) -> set[str]:
    """The benefits that lower prices so many times and no more."""
    shelf = programme.shelf
    return {offer.quota for offer in (*shelf.benefits, *shelf.prices) if offer.quota}


def _quotas(
    scope: Scope,
    programme: Programme,
    member_id: UUID,
    tiers: Mapping[str, str],
    found: _Found,
    now: datetime,
) -> dict[str, int]:
    wanted = _counted(programme)
    if not wanted:
        return {}
    if member_id in found.subscribed:  # a plan brings benefits of its own
        allowed = benefits.list_for(
            scope=scope, programme=programme, member_id=member_id, tiers=tiers, now=now
        )
        left = {a.benefit.key: a.remaining for a in allowed if a.remaining is not None}
    else:
        used, granted = found.used.get(member_id, {}), found.granted.get(member_id, {})
        left = benefits.quotas_left(programme=programme, tiers=tiers, used=used, granted=granted, now=now)
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
