"""One member's activities, one after the other: decide, move value, count, judge tiers. Pure.

The same fold serves live posting (state and lots loaded from the database), batches, and the replay of a whole
history in memory; that is why they agree. It changes what it carries and reports what is to be written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from regulars.conditions.api import from_plain, to_plain
from regulars.facts.activity.records import Stored, StoredEarn
from regulars.flows.intake import moves, spending
from regulars.flows.intake.decided import (
    as_recorded,
    cashback,
    net_change,
    pending_word,
    plain,
    step_word,
    told,
)
from regulars.flows.intake.orders import is_whole, plan_refund, take_parts, unknown_order
from regulars.flows.intake.types import Event, HoldRecord, OrderRecord
from regulars.flows.outside import Budgets, Outside, effects_of, outside_of
from regulars.kit.errors import Refusal
from regulars.kit.ids import derive
from regulars.kit.periods import add_months_at
from regulars.programme.rules.api import apply, apply_refund, decide
from regulars.programme.rules.types import (
    Decision,
    ExtendExpiryEffect,
    MemberState,
    Programme,
    TierScheme,
    TierStepEffect,
)
from regulars.value.ledger.types import Cause
from regulars.value.ledger.wallet import Wallet
from regulars.value.tiers import policy as tiers
from regulars.value.tiers.types import TierMove


@dataclass(slots=True)
class Fold:
    """What is carried from one activity to the next. `programme_at` gives the version in force at an instant.

    `forced`: what is recorded happened, so burns and holds of a replay are never refused.
    """

    state: MemberState
    wallet: Wallet
    programme_at: Callable[[datetime], Programme]
    orders: dict[UUID, OrderRecord] = field(default_factory=dict)
    holds: dict[UUID, HoldRecord] = field(default_factory=dict)
    waiting: dict[UUID, Event] = field(default_factory=dict)
    moves: list[tuple[TierMove, UUID | None]] = field(default_factory=list)
    late_results: dict[UUID, Stored] = field(default_factory=dict)
    tags_changed: bool = False
    waiting_added: int = 0
    budgets: Budgets | None = None
    outside: list[Outside] = field(default_factory=list)
    withheld: dict[UUID, list[dict[str, Any]]] = field(default_factory=dict)
    current: UUID | None = None
    known: Mapping[str, Any] | None = None  # facts, scores and segments that rules ask for, as they are now

    def apply(self, event: Event) -> Stored:
        """Take one activity; its effects are in the wallet, the state and the result. Raises `Refusal`."""
        programme = self.programme_at(event.occurred_at)
        self.current = event.id
        self.advance(programme, event.occurred_at)
        stored = Stored(version=programme.version)
        entries = self.wallet.entries
        first = len(entries)
        waits = _APPLY.get(event.type, Fold._act)(self, programme, event, stored)
        stored.earned = net_change(entries[first:])
        if not waits:
            stored.balances = self.wallet.balances()
            stored.tier = {key: standing.tier for key, standing in self.state.tiers.items()}
        return stored

    def advance(self, programme: Programme, to: datetime) -> None:
        """What fell due up to `to`: tier judgements; and, where lots are loaded, activation and expiry."""
        state = self.state
        for scheme in programme.schemes:
            standing = self.standing_of(scheme)
            due = tiers.next_due(scheme, standing)
            if due is not None and due <= to:
                for move in tiers.judge_due(
                    scheme, standing, at=to, tz=programme.timezone, joined_at=state.joined_at
                ):
                    self.moved(move, None)
        if self.wallet.lots is not None:
            self.wallet.advance(to, inactive_from(programme, state.last_at))

    def next_due(self, programme: Programme) -> datetime | None:
        """When the next tier judgement falls due."""
        dues = [tiers.next_due(scheme, self.standing_of(scheme)) for scheme in programme.schemes]
        return min((due for due in dues if due is not None), default=None)

    def standing_of(self, scheme: TierScheme) -> Any:
        standing = self.state.tiers.get(scheme.key)
        if standing is None:
            standing = tiers.enter(scheme, self.state.joined_at, "UTC")
            self.state.tiers[scheme.key] = standing
        return standing

    def moved(self, move: TierMove | None, activity_id: UUID | None) -> None:
        if move is not None:
            self.moves.append((move, activity_id))

    # Activities that rules decide: orders, deliveries, check-ins, declared types.

    def _act(self, programme: Programme, event: Event, stored: Stored) -> bool:
        state, act = self.state, event.act
        visits = state.visits
        if event.type == "order_delivered":
            self._deliver(programme, event, stored)
        if programme.budgets and not event.recorded:
            state.budgets = event.rooms
            if event.rooms is None and self.budgets is not None:
                state.budgets = self.budgets.at(event.store_id)
        if self.known is not None or event.known:
            # decided again, an act is decided by what was known of her when it was decided first
            known = event.known or to_plain(self.known or {})
            state.facts.update(from_plain(known))
            stored.known = dict(known)
        decision = as_recorded(event.recorded) if event.recorded else decide(programme, state, act)
        tags_before = frozenset(state.tags) if decision.tags else None
        apply(programme, state, act, decision)
        if tags_before is not None and tags_before != state.tags:
            self.tags_changed = True
        cause = Cause(event.id, decision.version, event.occurred_at)
        stored.version = decision.version
        metrics: dict[str, int] = {f"activity:{event.type}": 1}
        if event.type == "order":
            metrics["orders"] = 1
            metrics["spend"] = act.amount
        if state.visits != visits:
            metrics["visits"] = state.visits - visits
        earns, order = decision.earns, event.given.order
        if order is not None and order.cashback and event.recorded is None:
            earns += cashback(programme, order, event.occurred_at)
        if event.held:
            stored.notes.append({"code": "held_for_review", "rule": event.held})
            if event.recorded is None:
                earns = tuple(msgspec.structs.replace(earn, pending_until="review") for earn in earns)
        lot_ids: dict[tuple[Any, ...], UUID] = {}
        for earn in earns:
            alike = (earn.unit, earn.pending_until, earn.expires_at)
            lot_id = lot_ids.get(alike)
            if lot_id is None:
                lot_id = lot_ids[alike] = derive(event.id, earn.unit, str(len(lot_ids)))
            lot = self.wallet.earn(
                lot_id=lot_id,
                unit=earn.unit,
                amount=earn.amount,
                rule=earn.rule,
                cause=cause,
                expires_at=earn.expires_at,
                pending=earn.pending_until is not None,
                active_at=earn.pending_until if isinstance(earn.pending_until, datetime) else None,
            )
            stored.earns.append(
                StoredEarn(
                    earn.rule,
                    earn.unit,
                    earn.amount,
                    lot.id,
                    earn.shares,
                    pending_word(earn),
                    earn.expires_at,
                )
            )
            metric = f"unit:{earn.unit}"
            metrics[metric] = metrics.get(metric, 0) + earn.amount
        stored.told = [told(o) for o in decision.outcomes]
        for o in decision.outcomes:
            if o.detail:
                stored.details[o.rule] = plain(o.detail)
        self._touch(programme, event.occurred_at)
        self.judge(programme, event, metrics, event.occurred_at)
        for step in decision.tier_steps:
            self.step(programme, event, step, stored)
        for tag in decision.tags:
            stored.effects.append({"kind": "tag", "tag": tag.tag, "remove": tag.remove})
        for extension in decision.extensions:
            self.extend(programme, extension, cause, stored)
        if decision.grants or decision.budgets:
            self._give(programme, event, decision, stored)
        if event.type == "order":
            self._order_came(programme, event, stored)
        return False

    def _give(self, programme: Programme, event: Event, decision: Decision, stored: Stored) -> None:
        """Note what other rooms are to give; an activity that happened before keeps what it was given."""
        if event.recorded:
            effects = outside_of(event.recorded)
        else:
            effects = tuple(effects_of(decision, programme, event.id, event.occurred_at, self.state.budgets))
            if self.budgets is not None and event.rooms is None:
                self.budgets.use(event.store_id, decision.budgets)
            if event.held:  # gifts wait with the value; what a budget pays for is set aside already
                self.withheld[event.id] = [one for one in effects if one["kind"] != "budget"]
                effects = tuple(one for one in effects if one["kind"] == "budget")
        stored.effects += effects
        self.outside.append(Outside("give", event.id, event.id, event.member_id, event.store_id, effects))

    def judge(self, programme: Programme, event: Event, metrics: Mapping[str, int], at: datetime) -> None:
        for scheme in programme.schemes:
            standing = self.standing_of(scheme)
            tiers.record(scheme, standing, metrics, at=at, tz=programme.timezone)
            move = tiers.rise(
                scheme, standing, at=event.occurred_at, tz=programme.timezone, joined_at=self.state.joined_at
            )
            self.moved(move, event.id)

    def _touch(self, programme: Programme, at: datetime) -> None:
        """Units that end by inactivity start their wait anew."""
        for unit in programme.units.values():
            if unit.expiry.kind == "inactivity_months":
                account = self.wallet.account(unit.code)
                account.next_expiry_at = add_months_at(at, unit.expiry.n, programme.timezone)
                account.changed = True

    def step(self, programme: Programme, event: Event, step: TierStepEffect, stored: Stored) -> bool:
        """Steps up a scheme; False where she stays: at its top, or locked."""
        scheme = spending.scheme_of(programme, step.scheme)
        move = tiers.step(
            scheme,
            self.standing_of(scheme),
            at=event.occurred_at,
            tz=programme.timezone,
            joined_at=self.state.joined_at,
            steps=step.steps,
            tier=step.tier,
        )
        self.moved(move, event.id)
        stored.effects.append({"kind": "tier_step", "scheme": step.scheme} | step_word(step))
        return move is not None

    def extend(
        self, programme: Programme, extension: ExtendExpiryEffect, cause: Cause, stored: Stored
    ) -> bool:
        """Everything of a unit that would expire expires later; False where there is nothing."""
        until = {
            lot.id: add_months_at(lot.expires_at, extension.months, programme.timezone)
            for lot in self.wallet.lots or ()
            if lot.unit == extension.unit and lot.expires_at and lot.state != "closed"
        }
        self.wallet.extend(unit=extension.unit, until=until, cause=cause)
        stored.effects.append({"kind": "extend", "unit": extension.unit, "months": extension.months})
        return bool(until)

    # Orders and what comes after them.

    def _order_came(self, programme: Programme, event: Event, stored: Stored) -> None:
        order = event.given.order
        assert order is not None and event.order_key is not None
        before = self.orders.get(event.order_key)
        record = OrderRecord(
            key=event.order_key,
            activity_id=event.id,
            number=order.number,
            occurred_at=event.occurred_at,
            amounts=tuple(line.amount for line in order.lines),
            quantities=tuple(line.quantity for line in order.lines),
            earns=tuple(stored.earns),
            effects=outside_of(stored) if stored.effects else (),
        )
        self.orders[event.order_key] = record
        if before is not None:
            record.burns = before.burns
            record.delivered_at = before.delivered_at
            record.changed = True
            if before.delivered_at is not None:
                self.waiting_added -= 1
            waiting = [self.waiting.pop(id_) for id_ in before.waiting if id_ in self.waiting]
            for refund in waiting:
                at = max(refund.occurred_at, event.occurred_at)
                result = Stored(version=programme.version)
                first = len(self.wallet.entries)
                try:
                    self._take_back(programme, refund, record, result, at)
                except Refusal as refusal:
                    result.notes.append({"code": "refund_refused", "reason": refusal.code})
                result.earned = net_change(self.wallet.entries[first:])
                result.balances = self.wallet.balances()
                result.tier = {key: standing.tier for key, standing in self.state.tiers.items()}
                self.late_results[refund.id] = result
        if order.delivered or record.delivered_at:
            self._activate(record, Cause(event.id, programme.version, event.occurred_at), stored)

    def _deliver(self, programme: Programme, event: Event, stored: Stored) -> None:
        assert event.order_key is not None
        record = self.order_of(event)
        if not record.known and record.delivered_at is None:
            self.waiting_added += 1
        record.delivered_at = record.delivered_at or event.occurred_at
        record.changed = True
        if record.known:
            self._activate(record, Cause(event.id, programme.version, event.occurred_at), stored)
        else:
            stored.notes.append({"code": "order_not_here_yet", "order": event.subject})

    def _activate(self, order: OrderRecord, cause: Cause, stored: Stored) -> None:
        wanted = {earn.lot for earn in order.earns if earn.pending == "delivered"}
        if not wanted:
            return
        by_unit: dict[str, int] = {}
        for lot in self.wallet.lots or ():
            if lot.id in wanted and lot.state == "pending":
                by_unit[lot.unit] = by_unit.get(lot.unit, 0) + lot.remaining
                self.wallet.activate(lot, cause)
        for unit, amount in by_unit.items():
            stored.notes.append({"code": "activated", "unit": unit, "amount": amount})

    def order_of(self, event: Event) -> OrderRecord:
        """The order that an event is about; one that has not come yet gets its place kept."""
        assert event.order_key is not None
        record = self.orders.get(event.order_key)
        if record is None:
            record = unknown_order(event.order_key, event.subject, event.occurred_at)
            self.orders[event.order_key] = record
        return record

    def _refund(self, programme: Programme, event: Event, stored: Stored) -> bool:
        record = self.order_of(event)
        if not record.known:
            record.waiting.append(event.id)
            record.changed = True
            self.waiting[event.id] = event
            event.waiting = True
            self.waiting_added += 1
            stored.notes.append({"code": "waiting_for_order", "order": event.subject})
            return True
        self._take_back(programme, event, record, stored, event.occurred_at)
        return False

    def _take_back(
        self, programme: Programme, event: Event, record: OrderRecord, stored: Stored, at: datetime
    ) -> None:
        refund = event.given.refund
        assert refund is not None
        if at < record.occurred_at:
            at = record.occurred_at
        plan = plan_refund(record, refund)
        record.refunded = dict(plan.refunded)
        record.changed = True
        cause = Cause(event.id, programme.version, at)
        metrics = {"spend": -plan.amount}
        for index, amount in plan.claws:
            earn = record.earns[index]
            record.clawed[index] = record.clawed.get(index, 0) + amount
            unit = programme.units.get(earn.unit)
            mode = unit.claw_back if unit else "balance"
            taken, owed = self.wallet.claw_back(lot_id=earn.lot, amount=amount, mode=mode, cause=cause)
            stored.clawed.append((earn.lot, taken, owed))
            metric = f"unit:{earn.unit}"
            metrics[metric] = metrics.get(metric, 0) - amount
            note = {"code": "clawed_back", "unit": earn.unit, "rule": earn.rule, "amount": amount}
            stored.notes.append(note | {"taken": taken, "debt": owed})
        for burn, amount in plan.returns:
            parts = take_parts(burn, amount)
            burn.returned += amount
            self.wallet.give_back(unit=burn.unit, parts=parts, cause=cause, contra=burn.contra)
            stored.notes.append({"code": "given_back", "unit": burn.unit, "amount": amount})
        stored.notes.append({"code": "refunded", "amount": plan.amount})
        if record.effects and is_whole(record):
            gone = tuple(one for one in record.effects if one.get("void", True))
            assert self.current is not None
            self.outside.append(
                Outside("take_back", self.current, record.activity_id, event.member_id, None, gone)
            )
            if any(one["kind"] != "budget" for one in gone):
                stored.notes.append({"code": "gifts_taken_back", "order": record.number})
        apply_refund(self.state, amount=plan.amount, occurred_at=at)
        self._touch(programme, at)
        for scheme in programme.schemes:
            standing = self.standing_of(scheme)
            tiers.record(scheme, standing, metrics, at=record.occurred_at, tz=programme.timezone)
            self.moved(tiers.after_refund(scheme, standing, at=at, tz=programme.timezone), event.id)

    def count(self, event: Event) -> None:
        """An act that no rule decides still moves the member's clock."""
        state = self.state
        state.last_at = max(state.last_at or event.occurred_at, event.occurred_at)


def _counted(
    move: Callable[[Fold, Programme, Event, Stored], bool],
) -> Callable[[Fold, Programme, Event, Stored], bool]:
    def counted(fold: Fold, programme: Programme, event: Event, stored: Stored) -> bool:
        waits = move(fold, programme, event, stored)
        fold.count(event)
        return waits

    return counted


_APPLY: dict[str, Callable[[Fold, Programme, Event, Stored], bool]] = {
    "refund": Fold._refund,
    "burn": spending.burn,
    "burn_return": spending.burn_return,
    "adjust": spending.adjust,
    "hold": spending.hold,
    "capture": spending.end_hold,
    "release": spending.end_hold,
    "lot_activate": spending.end_pending,
    "lot_cancel": spending.end_pending,
    "credit": _counted(moves.credit),
    "lot_expiry": _counted(moves.move_expiry),
    "reward": _counted(moves.reward),
    "reward_back": _counted(moves.take_reward_back),
    "tier_place": spending.place,
    "tier_unlock": spending.place,
}


def inactive_from(programme: Programme, last_at: datetime | None) -> dict[str, datetime]:
    """When each unit that ends by inactivity ends, for a member last seen at `last_at`."""
    if last_at is None:
        return {}
    return {
        unit.code: add_months_at(last_at, unit.expiry.n, programme.timezone)
        for unit in programme.units.values()
        if unit.expiry.kind == "inactivity_months"
    }
