"""The transaction of commits: quotes of different members, committed together or one alone.

Keys claimed → members locked → the prices made again in the world as it stands, or known to hold → coupons, budgets and
quotas taken → value burnt and the orders posted through the intake → the checkouts kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction

from regulars.facts.activity import api as activities
from regulars.facts.activity import store as activity_store
from regulars.facts.activity.store import KeyClaim
from regulars.facts.activity.types import ActivityIn, BurnIn, MemberRef, Receipt
from regulars.facts.members import states
from regulars.flows.checkout.carts import order_of
from regulars.flows.checkout.events import announce
from regulars.flows.checkout.moves import Moves, budget_subject, own_key
from regulars.flows.checkout.quotes import (
    Reckoned,
    fingerprint,
    price,
    read_cart,
    world_digest,
)
from regulars.flows.checkout.token import Ticket
from regulars.flows.checkout.types import Committed
from regulars.flows.checkout.wallets import bring_codes
from regulars.flows.checkout.world import Visit, World, brand_of, look
from regulars.flows.intake import api as intake
from regulars.flows.intake.planned import be_connected, planned
from regulars.flows.intake.prepare import order_key_of
from regulars.kit.errors import Refusal, conflict
from regulars.kit.ids import digest, new_id
from regulars.platform.organisations.types import Scope
from regulars.programme.pricing.types import Priced, Refused
from regulars.value.benefits import api as benefits
from regulars.value.benefits.types import NewUse
from regulars.value.budgets import api as budgets
from regulars.value.budgets.types import Take
from regulars.value.checkouts import api as checkouts
from regulars.value.checkouts.types import CheckoutRow
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import UseRow
from regulars.value.plans import api as plans
from regulars.value.plans.types import SCHEME as PLAN
from regulars.value.plans.types import NewSaving

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Asked:
    """A quote to be committed under a number."""

    scope: Scope
    ticket: Ticket
    token: str
    number: str
    key: str
    now: datetime

    @property
    def checkout_id(self) -> UUID:
        return order_key_of(self.scope.brand_id, self.ticket.cart.source, self.number)


class Changed(Exception):
    """The price is not what it was."""


class Apart(Exception):
    """One of several checkouts cannot be committed with the others: nothing stands, and each is tried alone."""


Answer = Committed | Exception


def commit_together(batch: Sequence[Asked]) -> list[Answer]:
    """Commit quotes of different members in one transaction: each answered, or an exception says why not.

    Raises what keeps a transaction from standing; then nothing of any is done.
    """
    work = _Work(batch)
    be_connected(connection)
    try:
        with transaction.atomic(), planned(connection) as cursor:
            work.run(cursor)
    except (Changed, Refusal) as why:
        if len(batch) > 1:
            raise Apart from why
        return [why]
    return [work.answers[place] for place in range(len(batch))]


@dataclass(slots=True)
class _Sale:
    """One checkout on its way."""

    asked: Asked
    claim: KeyClaim
    place: int
    reckoned: Reckoned
    revision: int = 1
    moves: Moves = field(default_factory=lambda: Moves(""))
    burns: list[tuple[str, int]] = field(default_factory=list)

    @property
    def member_id(self) -> UUID:
        return self.asked.ticket.member_id

    @property
    def id(self) -> UUID:
        return self.claim.activity_id

    @property
    def store_id(self) -> UUID | None:
        return self.reckoned.store.id if self.reckoned.store else None

    def own_key(self, what: str) -> str:
        return own_key(self.id, self.revision, what)


class _Work:
    """One transaction. Who cannot be committed is answered and left out before anything is written; what is refused
    later undoes all, by an exception.
    """

    def __init__(self, batch: Sequence[Asked]) -> None:
        self.batch = batch
        self.scope = batch[0].scope
        self.brand = brand_of(self.scope)
        self.now = max([asked.now for asked in batch])
        self.answers: dict[int, Answer] = {}
        self.sales: list[_Sale] = []

    def run(self, cursor: Any) -> None:
        claimed = self._claim(cursor)
        if claimed:
            self._price(cursor, claimed)
        if len(self.answers) == 1 == len(self.batch):
            (answer,) = self.answers.values()
            if isinstance(answer, Exception):
                raise answer
        if self.sales:
            self._use_coupons()
            self._take_budgets()
            self._post()
            self._use_quotas()
            self._note_savings()
            self._keep()
        kept = {sale.place for sale in self.sales}
        activity_store.release_keys(
            cursor, keys=[claim.key_hash for place, claim in claimed if place not in kept]
        )

    def _claim(self, cursor: Any) -> list[tuple[int, KeyClaim]]:
        """Claim the keys. What was committed before is answered with that."""
        brand_id, claims = self.brand.id, []
        for place, asked in enumerate(self.batch):
            hashed = activity_store.key_hash(brand_id, "checkout", asked.key)
            body = digest(asked.token, asked.number)
            claims.append((place, KeyClaim(hashed, asked.ticket.member_id, asked.checkout_id, body)))
        if len({claim.key_hash for _, claim in claims}) < len(claims):
            raise Apart  # two callers of one key
        taken = activity_store.claim_keys(cursor, brand_id=brand_id, claims=[claim for _, claim in claims])
        for place, claim in claims:
            first = taken.get(claim.key_hash)
            if first is None:
                continue
            if first.body_hash != claim.body_hash or first.member_id != claim.member_id:
                self.answers[place] = activities.key_conflict(first.activity_id)
            else:
                self.answers[place] = _repeated(self.scope, claim.member_id, first.activity_id)
        return [(place, claim) for place, claim in claims if place not in self.answers]

    def _price(self, cursor: Any, claimed: Sequence[tuple[int, KeyClaim]]) -> None:
        """Lock the members and make the prices again, in the world as it is now."""
        rows = states.lock(
            cursor, brand_id=self.brand.id, member_ids={claim.member_id for _, claim in claimed}
        )
        visits: list[tuple[int, KeyClaim, Visit]] = []
        missed: tuple[Refused, ...] = ()
        for place, claim in claimed:
            asked = self.batch[place]
            ticket = asked.ticket
            try:
                ticket.require_fresh(asked.now)
                if ticket.wish.codes:  # then it is alone
                    missed = bring_codes(
                        scope=self.scope, member_id=ticket.member_id, codes=ticket.wish.codes, now=self.now
                    )
                cart, store = read_cart(self.scope, self.brand, ticket.cart, ticket.quoted_at)
                self.scope.require_store(store.id if store else None)
            except Refusal as refusal:
                self.answers[place] = refusal
            else:
                visits.append((place, claim, Visit(ticket.member_id, cart, store)))
        worlds = look(
            cursor,
            scope=self.scope,
            brand=self.brand,
            visits=[visit for _, _, visit in visits],
            now=self.now,
            locked=rows,
        )
        keys = [(claim.member_id, claim.activity_id) for _, claim, _ in visits]
        revisions = checkouts.revisions(keys=keys)
        for (place, claim, visit), world in zip(visits, worlds, strict=True):
            asked = self.batch[place]
            revision = revisions[claim.member_id, claim.activity_id]
            if isinstance(world, Refusal):
                self.answers[place] = world
                continue
            reckoned = _reckon(world, visit, asked.ticket, missed)
            if reckoned is None:
                self.answers[place] = Changed()
            elif revision is None:
                self.answers[place] = number_taken(asked.number)
            else:
                number = asked.number if revision == 1 else f"{asked.number}~{revision}"
                self.sales.append(_Sale(asked, claim, place, reckoned, revision, Moves(number=number)))

    def _use_coupons(self) -> None:
        rows = [
            UseRow(
                sale.reckoned.world.wallet.held[applied.coupon],
                sale.moves.number,
                applied.amount,
                sale.store_id,
                sale.asked.ticket.cart.channel or "",
            )
            for sale in self.sales
            for applied in sale.reckoned.priced.applied
            if applied.coupon is not None
        ]
        if not coupons.use_rows(
            brand_id=self.brand.id, rows=rows, now=self.now, actor=self.scope.actor.label
        ):
            raise Changed

    def _take_budgets(self) -> None:
        takes = []
        for sale in self.sales:
            subject = budget_subject(sale.id, sale.revision)
            for applied in sale.reckoned.priced.applied:
                keys: tuple[str, ...] = (applied.budget,) if applied.budget else ()
                if applied.coupon is not None:
                    keys = sale.reckoned.world.wallet.budgets_of(applied.coupon)
                amount = applied.amount + applied.cashback
                takes += [Take(key, amount, subject, sale.store_id) for key in keys]
        if takes and budgets.take(brand_id=self.brand.id, takes=takes, now=self.now):
            raise Changed

    def _post(self) -> None:
        """Burn the tenders and post the orders, all or nothing; what came of it goes into each one's `moves`."""
        given: list[ActivityIn] = []
        for sale in self.sales:
            given += _activities(sale, self.now)
        results = iter(intake.post(scope=self.scope, activities=given, now=self.now, internal=True))
        for sale in self.sales:
            for unit, amount in sale.burns:
                sale.moves.burns[unit] = (_receipt(next(results), sale).activity_id, amount)
            order = _receipt(next(results), sale)
            sale.moves.order = order.activity_id
            sale.moves.earned = dict(order.earned)

    def _use_quotas(self) -> None:
        uses = [
            (
                sale,
                NewUse(
                    id=new_id(),
                    member_id=sale.member_id,
                    benefit=applied.quota,
                    key=sale.own_key(applied.ref),
                    store_id=sale.store_id,
                    programme=sale.reckoned.world.programme,
                    tiers=sale.reckoned.world.tiers,
                ),
            )
            for sale in self.sales
            for applied in sale.reckoned.priced.applied
            if applied.quota is not None
        ]
        used = benefits.use_rows(scope=self.scope, uses=[use for _, use in uses], now=self.now)
        for sale, use in uses:
            sale.moves.uses.setdefault(use.benefit, []).append(used[use.id])

    def _note_savings(self) -> None:
        """What benefits of a member's paid plan took off is told to her as saved."""
        savings: list[NewSaving] = []
        for sale in self.sales:
            priced, programme = sale.reckoned.priced, sale.reckoned.world.programme
            of_plan = {b.key for b in programme.benefits if b.scheme == PLAN}
            for applied in priced.applied:
                if applied.coupon is None and applied.key in of_plan and applied.amount:
                    sale.moves.savings[applied.ref] = applied.key
                    savings.append(
                        NewSaving(
                            member_id=sale.member_id,
                            benefit=applied.key,
                            amount=applied.amount,
                            currency=priced.currency,
                            source=sale.own_key(applied.ref),
                            at=self.now,
                        )
                    )
        if savings:
            with connection.cursor() as cursor:
                plans.record_saving(cursor, brand_id=self.brand.id, savings=savings)

    def _keep(self) -> None:
        rows = []
        for sale in self.sales:
            priced, cart = sale.reckoned.priced, sale.asked.ticket.cart
            row = CheckoutRow(
                id=sale.id,
                member_id=sale.member_id,
                brand_id=self.brand.id,
                source=cart.source,
                number=sale.asked.number,
                revision=sale.revision,
                state="committed",
                store_id=sale.store_id,
                channel=cart.channel or "",
                actor=self.scope.actor.label,
                currency=priced.currency,
                listed=priced.list,
                payable=priced.payable,
                order_id=sale.moves.order,
                cart=_encode(cart).decode(),
                priced=_encode(priced).decode(),
                moves=_encode(sale.moves).decode(),
                returned="{}",
                committed_at=self.now,
            )
            rows.append(row)
            self.answers[sale.place] = Committed(row, priced, sale.moves.earned)
        if not checkouts.save_checkouts(rows=rows):
            raise number_taken(rows[0].number)
        announce(
            self.scope, [(row, {"payable": row.payable}) for row in rows], "checkout.committed", self.now
        )


def _reckon(world: World, visit: Visit, ticket: Ticket, missed: tuple[Refused, ...]) -> Reckoned | None:
    """The price in the world as it is now, if it is the one that was quoted. It is made again unless all that it is
    made of is what it was.
    """
    if not missed and not ticket.wish.codes:
        kept = ticket.price_in(world_digest(world))
        if kept is not None:
            return Reckoned(world, visit.cart, visit.store, kept)
    reckoned = price(world, visit.cart, visit.store, ticket.wish, missed)
    return reckoned if fingerprint(reckoned.priced) == ticket.digest else None


def _repeated(scope: Scope, member_id: UUID, checkout_id: UUID) -> Committed:
    row = checkouts.get_checkout(brand_id=scope.brand_id, member_id=member_id, checkout_id=checkout_id)
    moves = msgspec.json.decode(row.moves, type=Moves)
    return Committed(row, msgspec.json.decode(row.priced, type=Priced), moves.earned, repeated=True)


def _activities(sale: _Sale, now: datetime) -> list[ActivityIn]:
    """The burns of the tenders, and then the order."""
    priced, ticket = sale.reckoned.priced, sale.asked.ticket
    wanted = {priced.points_unit: priced.points} | dict(priced.stored)
    sale.burns = [(unit, amount) for unit, amount in wanted.items() if amount]
    common: dict[str, Any] = {
        "member": MemberRef(id=ticket.member_id),
        "occurred_at": now,
        "source": ticket.cart.source,
        "store": ticket.cart.store,
        "channel": ticket.cart.channel,
    }
    reason = f"checkout {sale.moves.number}"[:200]
    burns = [
        ActivityIn(
            type="burn",
            key=sale.own_key(unit),
            burn=BurnIn(unit=unit, amount=amount, reason=reason),
            **common,
        )
        for unit, amount in sale.burns
    ]
    order = order_of(ticket.cart, sale.reckoned.cart, priced, sale.moves.number)
    return [*burns, ActivityIn(type="order", order=order, **common)]


def _receipt(result: Receipt | Refusal, sale: _Sale) -> Receipt:
    if isinstance(result, Refusal):
        if result.code == "insufficient_balance":
            raise Changed from None
        raise result
    if result.duplicate:
        raise number_taken(sale.moves.number)
    return result


def number_taken(number: str) -> Refusal:
    return conflict(
        "number_taken",
        f"订单号 {number} 已经用过",
        f"The order number {number} is taken already",
        number=number,
    )
